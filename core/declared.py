"""What all objects that a script declares have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .clock import Clock, check_time
from .session import Session, current_session

#: The places of a time step, in order (Brian 2's default schedule), each with a place before and after.
SCHEDULE = tuple(
    f"{prefix}{slot}"
    for slot in ("start", "groups", "thresholds", "synapses", "resets", "end")
    for prefix in ("before_", "", "after_")
)


class Declared:
    """An object of a script: it has a name, a session, a clock and a place in the time step."""

    _kind = "object"

    def __init__(self, name: str | None, clock: Clock | None, dt: Any, when: str, order: int) -> None:
        if clock is not None and dt is not None:
            raise ValueError(f"{self._kind}: give either dt or clock, not both.")
        if when not in SCHEDULE:
            raise ValueError(
                f"{self._kind}: when={when!r} is no place of a time step: {', '.join(SCHEDULE)}."
            )
        step = None if dt is None else check_time(dt, f"dt of {name or self._kind}")
        self._session: Session = current_session()
        self._scope = self._session.scope
        self.name, self._named, self._number = self._session.register(self, self._kind, name)
        self._clock = clock if step is None else Clock(step, name=f"{self.name}_clock")
        self.when = when
        self.order = int(order)

    @property
    def clock(self) -> Clock:
        """The clock that drives the object."""
        return self._clock or self._session.defaultclock

    @property
    def session(self) -> Session:
        """The session that the object was declared in."""
        return self._session

    def external_names(self) -> set[str]:
        """Names that the object's strings take from the script."""
        return set()

    @property
    def sources(self) -> tuple[Declared, ...]:
        """Objects that must be part of whatever runs this one."""
        return ()

    @property
    def contained(self) -> tuple[Declared, ...]:
        """Objects that run along with this one without being named."""
        return ()

    def intrinsic_constants(self) -> Mapping[str, Any]:
        """Constants that come with the object itself rather than from a namespace."""
        return {}

    def own_namespace(self) -> Mapping[str, Any] | None:
        """The explicit namespace of the object, if it was given one."""
        return None

    def check(self, constants: Mapping[str, Any]) -> None:
        """Check units and types, given what the external names stand for."""
