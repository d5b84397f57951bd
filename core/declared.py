"""What all objects that a script declares have in common."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .clock import Clock, DefaultClock, check_time
from .logs import get_logger
from .session import Session, current_session

_logger = get_logger("spikefarm.core.declared")

#: The slots of a time step, in order (Brian 2's default schedule); `SCHEDULE` has the places before and after each too.
SLOTS = ("start", "groups", "thresholds", "synapses", "resets", "end")


def places(slots: Iterable[str]) -> tuple[str, ...]:
    """Slots of a time step with the places before and after each."""
    return tuple(f"{prefix}{slot}" for slot in slots for prefix in ("before_", "", "after_"))


SCHEDULE = places(SLOTS)


@dataclass
class Life:
    """Outlives an object, to tell at its end that it was never run."""

    name: str
    what: str
    ran: bool = False

    def ended(self) -> None:
        if not self.ran:
            _logger.warning(
                f"{self.what} {self.name!r} is gone, and never was part of a run. Was it kept in a variable that run() "
                "sees, or put into the Network?",
                "unused_object",
                once=True,
            )


class Declared:
    """An object of a script: it has a name, a session, a clock and a place in the time step."""

    _kind = "object"
    #: How messages say what an object does with those that it needs.
    _relation = "works on"

    def __init__(self, name: str | None, clock: Any, dt: Any, when: str, order: int) -> None:
        what = type(self).__name__
        if clock is not None and dt is not None:
            raise ValueError(f"{what}: give either dt or clock, not both.")
        if not isinstance(clock, Clock | DefaultClock | None):
            raise TypeError(f"{what}: clock={clock!r:.60} must be a Clock.")
        if when not in SCHEDULE:
            raise ValueError(f"{what}: when={when!r} is no place of a time step: {', '.join(SCHEDULE)}.")
        if isinstance(order, bool) or not isinstance(order, int | np.integer):
            raise TypeError(f"{what}: order={order!r} must be an integer.")
        if dt is not None:
            check_time(dt, f"dt of {name or what}")
        self._session: Session = current_session()
        self._scope = self._session.scope
        self.name, self._named, self._number = self._session.register(self, self._kind, name)
        #: What the random numbers of its assignments and connections follow from.
        self._place = self.name if self._named else self._session.place(self._kind)
        self._clock: Clock | None = None if isinstance(clock, DefaultClock) else clock
        if dt is not None:
            self._clock = Clock(dt, name=f"{self.name}_clock")
        self.when = when
        self.order = int(order)
        self._active = True
        self._network: str | None = None  # the network that has run it
        self._life = Life(self.name, what)
        weakref.finalize(self, self._life.ended).atexit = False

    @property
    def active(self) -> bool:
        """Whether the object does anything when its network runs; setting it also sets what runs along with it.

        On the runtime device it may be set within a run, by a network operation.
        """
        return self._active

    @active.setter
    def active(self, value: bool) -> None:
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{self.name}.active = {value!r:.60}: give True or False.")
        for obj in (self, *self._contained):
            obj._active = bool(value)
            self._session.device.after_activity(obj)

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Called before each run that the object is part of, for classes of a script to override.

        Parameters
        ----------
        run_namespace : mapping
            What names in strings stand for.
        """

    def after_run(self) -> None:
        """Called after each run that the object is part of (in standalone mode: when it has been declared)."""

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
    def _needs(self) -> tuple[Declared, ...]:
        """Objects that must be part of whatever runs this one."""
        return ()

    @property
    def _contained(self) -> tuple[Declared, ...]:
        """Objects that run along with this one without being named."""
        return ()

    def variable_names(self) -> Collection[str]:
        """Names that the object's strings need not take from the script."""
        return ()

    def own_namespace(self) -> Mapping[str, Any]:
        """The explicit namespace of the object, whose names come before those of the script."""
        return {}

    @property
    def namespace_owner(self) -> Declared:
        """The object whose namespace this one's strings use."""
        return self

    def intrinsic_constants(self) -> Mapping[str, Any]:
        """Constants that come with the object itself rather than from a namespace."""
        return {}

    def check(self, constants: Mapping[str, Any]) -> None:
        """Check units and types, given what the external names stand for."""

    def conflicts(self, others: Sequence[Declared]) -> Iterator[Exception]:
        """What keeps the object from running together with others, and from running at all."""
        return iter(())
