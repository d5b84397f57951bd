"""What ``run()`` means: objects are collected and checked, and a run is added to the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .clock import check_time
from .context import with_floats
from .declared import Declared, places
from .expr import ExpressionError
from .namespace import NamespaceError, Resolved, look_up
from .notices import tell_names
from .report import Report
from .session import RunEntry, Session
from .spikegenerator import SpikeGeneratorGroup
from .units import DimensionMismatchError


class MagicError(RuntimeError):
    """``run()`` cannot tell which objects are meant."""


def declare_run(
    session: Session,
    objects: Iterable[Declared],
    duration: Any,
    namespace: Mapping[str, Any],
    network: str,
    report: Report,
    profile: bool = False,
) -> None:
    """Check everything and add a run to the session's program."""
    seconds = check_time(duration, "the duration of run()", zero=True)
    chosen = _with_sources(objects)
    _check_names(session, chosen)
    _check_networks(chosen, network)
    for obj in chosen:
        obj.before_run(namespace)
    start = session.device.time(session, network)
    constants = _checked_names(chosen, namespace)
    tell_names(chosen, namespace)
    clocks = {id(obj.clock): obj.clock for obj in chosen}
    for clock in clocks.values():
        clock.check_grid(start)
    generators = [obj for obj in chosen if isinstance(obj, SpikeGeneratorGroup)]
    for generator in generators:
        generator.tell_late(start)
    entry = RunEntry(
        tuple(chosen),
        seconds,
        tuple((c, c.dt_) for c in clocks.values()),
        constants,
        network,
        report,
        {obj.name: obj.spikes for obj in generators},
        frozenset(obj.name for obj in chosen if not obj.active),
        profile,
        places(session.schedules.get(network, ())),
    )
    session.device.check_run(session, entry)
    for obj in chosen:
        obj._network, obj._life.ran = network, True
    for clock in clocks.values():
        clock._network, clock._used = network, clock.dt_
    session.record(entry)
    session.device.after_run(session, entry)
    for obj in chosen:
        obj.after_run()


def _checked_names(
    chosen: Sequence[Declared], namespace: Mapping[str, Any]
) -> dict[str, Mapping[str, Resolved]]:
    """What the names of each object stand for, after all checks of its strings."""
    constants: dict[str, Mapping[str, Resolved]] = {}
    problems: list[Exception] = []
    for obj in chosen:
        found, unresolved = look_up(
            obj.external_names(), {**namespace, **obj.own_namespace()}, obj.variable_names()
        )
        if unresolved:
            problems.append(NamespaceError(f"{obj.name}: " + "\n".join(unresolved)))
        found.update(obj.intrinsic_constants())
        try:
            obj.check(found)
            constants[obj.name] = with_floats(found, obj.check)
        except (DimensionMismatchError, ExpressionError) as error:
            problems.append(error)
    active = [obj for obj in chosen if obj.active]
    problems += [problem for obj in active for problem in obj.conflicts(active)]
    if problems:
        raise type(problems[0])("\n".join(str(p) for p in problems))
    return constants


def with_contained(objects: Iterable[Declared]) -> list[Declared]:
    return list(dict.fromkeys(obj for each in list(objects) for obj in (each, *each._contained)))


def _with_sources(objects: Iterable[Declared]) -> list[Declared]:
    chosen = with_contained(objects)
    if not chosen:
        raise MagicError("The network is empty; add groups and monitors before running it.")
    for obj in chosen:
        for source in obj._needs:
            if source not in chosen:
                raise ValueError(
                    f"{obj.name!r} {obj._relation} {source.name!r}, which is not part of what runs; add the "
                    "group to the network too."
                )
    return sorted(chosen, key=lambda obj: obj._number)


def _check_networks(chosen: Iterable[Declared], network: str) -> None:
    """Refuse objects that another network has run: they go by its time."""
    taken = [obj.name for obj in chosen if obj._network not in (None, network)]
    if taken:
        raise RuntimeError(
            f"{', '.join(map(repr, taken))} cannot run here: another network has run it already, and an object goes by "
            "the time of one network. Add objects to that network and remove them from it; to leave one out for a "
            "while, set its attribute active to False."
        )


def _check_names(session: Session, chosen: list[Declared]) -> None:
    """Refuse objects of other sessions, and names that stand for two objects of the program."""
    foreign = [obj.name for obj in chosen if obj.session is not session]
    if foreign:
        raise ValueError(
            f"{', '.join(map(repr, foreign))} cannot run here: declared in another session, such as that of an "
            "experiment."
        )
    known = {obj.name: obj for e in session.program if isinstance(e, RunEntry) for obj in e.objects}
    for obj in chosen:
        if known.setdefault(obj.name, obj) is not obj:
            raise ValueError(
                f"Two objects named {obj.name!r} would run in one program; choose another name, or call "
                "device.reinit() first to begin a new program."
            )
