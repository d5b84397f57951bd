"""Pathways of synapses: what happens at them when a neuron at one end has an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .dimensions import TIME
from .events import Placed
from .expr import ExpressionError
from .infer import unit_of
from .statements import Stmt, parse_block
from .synapticviews import SynapticView
from .units import DimensionMismatchError, get_dimensions

if TYPE_CHECKING:
    from .neurons import Neurons
    from .synapses import Synapses


class SynapticPathway(Placed):
    """A pathway as the script sees it, such as ``synapses.pre``: its code, delay and place in the time step."""

    def __init__(
        self,
        synapses: Synapses,
        name: str,
        side: str,
        event: str,
        code: tuple[Stmt, ...],
        delay: float | None,
    ) -> None:
        self.synapses = synapses
        self.name = name
        self.side = side
        self.event = event
        self.statements = code
        self.fixed = delay  # seconds; None where each synapse may have its own
        self.when, self.order = "synapses", -1 if side == "pre" else 1

    @property
    def variable(self) -> str:
        """Name of its delay among the variables of the synapses."""
        return f"{self.name}.delay"

    @property
    def source(self) -> Neurons:
        """The group whose events are meant."""
        return self.synapses.end(self.side)

    @property
    def target(self) -> Neurons:
        """The group at the other end."""
        return self.synapses.end("post" if self.side == "pre" else "pre")

    @property
    def code(self) -> str:
        """The statements."""
        return "\n".join(str(s) for s in self.statements)

    @property
    def delay(self) -> SynapticView:
        """The delays, to read and to set; of one value in common where ``Synapses(delay=…)`` gave it."""
        return SynapticView(self.synapses, self.variable)

    @delay.setter
    def delay(self, value: Any) -> None:
        self.delay.assign(slice(None), value, level=1)

    def __repr__(self) -> str:
        return f"<SynapticPathway {self.name!r} of {self.synapses.name!r} on {self.event!r} of {self.side}>"

    def _label(self) -> str:
        return repr(self)


def make_pathways(
    synapses: Synapses, on_pre: Any, on_post: Any, delay: Any, on_event: Any
) -> dict[str, SynapticPathway]:
    """Pathways by name from the arguments of ``Synapses``.

    Raises
    ------
    TypeError, ValueError, ExpressionError
        Naming the argument and what it should be.
    """
    given: dict[str, tuple[str, str]] = {}
    for side, code in (("pre", on_pre), ("post", on_post)):
        blocks = {side: code} if isinstance(code, str) else code
        if blocks is None:
            continue
        if not isinstance(blocks, Mapping) or not all(isinstance(c, str) for c in blocks.values()):
            raise TypeError(
                f"Synapses: on_{side}={code!r:.60} must be a string of statements or a dictionary from names to such."
            )
        for name, block in blocks.items():
            _check_name(name, given)
            given[name] = (side, block)
    delays = _by_name("delay", delay, given, "pre")
    events = dict.fromkeys(given, on_event) if isinstance(on_event, str) else on_event
    events = {**dict.fromkeys(given, "spike"), **_by_name("on_event", events, given, "pre")}
    return {
        name: SynapticPathway(synapses, name, side, events[name], _parsed(name, code), _delay(name, delays))
        for name, (side, code) in given.items()
    }


def _parsed(name: str, code: str) -> tuple[Stmt, ...]:
    try:
        return parse_block(code)
    except ExpressionError as error:
        raise type(error)(f"Synapses: the code of {name!r}: {error}") from None


def _check_name(name: Any, given: Mapping[str, Any]) -> None:
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_") or name.endswith("_"):
        raise ValueError(f"Synapses: {name!r} cannot be the name of a pathway; use letters and digits.")
    if name in given:
        raise ValueError(f"Synapses: two pathways are named {name!r}; give each a name of its own.")


def _by_name(what: str, value: Any, given: Mapping[str, Any], single: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        if single not in given:
            raise ValueError(
                f"Synapses: {what}={value!r:.60} is meant for the pathway {single!r}, but there are "
                f"{', '.join(given) or 'none'}; give a dictionary from names of pathways."
            )
        return {single: value}
    unknown = [name for name in value if name not in given]
    if unknown:
        raise ValueError(
            f"Synapses: {what} names {', '.join(map(repr, unknown))}, but the pathways are "
            f"{', '.join(given) or 'none'}."
        )
    return dict(value)


def _delay(name: str, delays: Mapping[str, Any]) -> float | None:
    if name not in delays:
        return None
    value = delays[name]
    shown = f"Synapses: delay={value!r:.60} of the pathway {name!r}"
    if isinstance(value, str):
        raise TypeError(
            f"{shown} is a string; set S.{name}.delay = {value!r:.40} after connect(), for each synapse its own."
        )
    if get_dimensions(value) != TIME:
        raise DimensionMismatchError(f"{shown} has units of {unit_of(get_dimensions(value))}; give a time.")
    if np.ndim(value):
        raise TypeError(f"{shown} is an array; set S.{name}.delay after connect(), for each synapse its own.")
    seconds = float(np.asarray(value))
    if not np.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{shown} must be finite and not negative.")
    return seconds


__all__ = ["SynapticPathway", "make_pathways"]
