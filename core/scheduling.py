"""What happens in a time step, in order, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from .declared import SCHEDULE, Declared, places
from .equations import DIFFERENTIAL
from .group import Group

if TYPE_CHECKING:
    from .network import Network


class Entry(NamedTuple):
    """One thing that happens, of which object, on which clock, where in the time step, and whether it does."""

    what: str
    owner: str
    dt: str
    when: str
    order: int
    active: str


class SchedulingSummary:
    """What happens in a time step, in order; printed as a table, and shown as one in notebooks.

    Parameters
    ----------
    objects : iterable of Declared
        All that run.
    schedule : tuple of str
        Places of a time step, in order.
    """

    _HEAD = ("object", "part of", "dt", "when", "order", "active")

    def __init__(self, objects: Iterable[Declared], schedule: tuple[str, ...] = SCHEDULE) -> None:
        found = [entry for obj in objects for entry in _entries(obj)]
        self.entries = sorted(found, key=lambda entry: (schedule.index(entry.when), entry.order))

    def _rows(self) -> list[tuple[str, ...]]:
        return [tuple(map(str, entry)) for entry in self.entries]

    def __str__(self) -> str:
        rows = [self._HEAD, *self._rows()]
        wide = [max(len(row[column]) for row in rows) for column in range(len(self._HEAD))]
        lines = ["  ".join(f"{text:{w}}" for text, w in zip(row, wide, strict=True)).rstrip() for row in rows]
        return "\n".join([lines[0], "-" * (sum(wide) + 2 * len(wide) - 2), *lines[1:]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{text}</th>" for text in self._HEAD)
        body = "".join(f"<tr>{''.join(f'<td>{escape(t)}</td>' for t in row)}</tr>" for row in self._rows())
        return f"<table><thead><tr>{head}</tr></thead>{body}</table>"


def _entries(obj: Declared) -> list[Entry]:
    dt, active = str(obj.clock.dt), "yes" if obj.active else "no"
    if not isinstance(obj, Group):
        return [Entry(obj.name, ", ".join(o.name for o in obj._needs), dt, obj.when, obj.order, active)]
    found = []
    if obj.equations.of_kind(DIFFERENTIAL):
        found.append(Entry(f"{obj.name}_stateupdater", obj.name, dt, "groups", obj.order, active))
    for event in obj.own_events():
        name = f"{obj.name}_{event.name}"
        found.append(Entry(f"{name}_thresholder", obj.name, dt, event.check.when, event.check.order, active))
        if event.run is not None:
            found.append(Entry(f"{name}_resetter", obj.name, dt, event.run.when, event.run.order, active))
    return found


def scheduling_summary(net: Network | None = None) -> SchedulingSummary:
    """What happens in a time step, in order.

    Parameters
    ----------
    net : Network, optional
        Whose; by default of all objects that ``run()`` would find where this is called.
    """
    from .network import collect, magic_network
    from .running import with_contained

    objects = sorted(collect(1), key=_number) if net is None else net.objects
    network = magic_network if net is None else net
    return SchedulingSummary(with_contained(objects), places(network.schedule))


def _number(obj: Declared) -> int:
    return obj._number


__all__ = ["SchedulingSummary", "scheduling_summary"]
