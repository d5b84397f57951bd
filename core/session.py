"""The Session: the only mutable place. A script writes into it; everything after it is frozen."""

from __future__ import annotations

import re
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .namespace import Resolved
from .report import Report

if TYPE_CHECKING:
    from .clock import Clock
    from .connect import PairRule, Rule
    from .declared import Declared
    from .expr import Expr
    from .monitors import StateMonitor
    from .spikegenerator import Spikes


class SessionDevice(ABC):
    """What a Session needs of the device chosen by ``set_device``."""

    #: Whether the program is kept for later rather than done at once.
    deferred = True

    def check_run(self, session: Session, entry: RunEntry) -> None:  # noqa: B027
        """A ``run()`` is about to be declared; refuse one that cannot be."""

    @abstractmethod
    def after_run(self, session: Session, entry: RunEntry) -> None:
        """A ``run()`` has been declared."""

    def evaluate(
        self, session: Session, owner: Declared, expr: Expr, constants: Mapping[str, Resolved], rows: range
    ) -> NDArray[Any] | None:
        """Value of a resolved expression for some neurons now; ``None`` where that takes a simulation."""
        return None

    def after_assign(self, session: Session, entry: AssignEntry) -> None:  # noqa: B027
        """Values have been assigned; a device that holds state takes them now."""

    def after_connect(self, session: Session, entry: ConnectEntry) -> None:  # noqa: B027
        """Synapses have been made; a device that holds state makes them now."""

    def connections(
        self, session: Session, synapses: Declared
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Neurons at both ends of synapses as declared so far; ``None`` where that takes a simulation."""
        return None

    def after_seed(self, session: Session, entry: SeedEntry) -> None:  # noqa: B027
        """``seed()`` has been called."""

    def after_activity(self, obj: Declared) -> None:  # noqa: B027
        """An object has been switched on or off, perhaps within a run."""

    def stop(self) -> None:
        """End the current run after this time step."""
        raise RuntimeError("stop() ends a run from within a network operation, which this device has not.")

    def store(self, objects: Sequence[Declared], network: str, name: str, filename: Any) -> None:
        """Keep the state of objects and the time of their network under a name."""
        raise NotImplementedError(_NO_STATE)

    def restore(
        self, objects: Sequence[Declared], network: str, name: str, filename: Any, random_state: bool
    ) -> None:
        """Bring back what `store` has kept."""
        raise NotImplementedError(_NO_STATE)

    def record_now(self, monitor: StateMonitor) -> None:
        """Record what a monitor is about, as it is now."""
        raise NotImplementedError(
            f"{monitor.name}.record_single_timestep() needs the state in this process, which a standalone program has "
            "not: record with when='end', or call set_device('runtime')."
        )

    def time(self, session: Session, network: str) -> float:
        """Time reached by a network, in seconds."""
        return sum(e.duration for e in session.program if isinstance(e, RunEntry) and e.network == network)

    def profile(self, session: Session, network: str) -> Sequence[tuple[str, float]] | None:
        """Names and seconds of what the last run of a network did; ``None`` without a profile."""
        return None

    def clock_time(self, session: Session, clock: Clock) -> float:
        """Time of a clock, in seconds: that of the network which it has driven last."""
        return self.time(session, clock._network)

    @abstractmethod
    def read(self, session: Session, owner: Declared, variable: str) -> NDArray[Any] | None:
        """Values of a variable after the run, in base SI units; ``None`` when there has been no run."""

    @abstractmethod
    def why_unavailable(self) -> str:
        """What a user can do to be able to read values."""


_NO_STATE = (
    "store() and restore() keep the state of a simulation in this process, which a standalone program has not: call "
    "set_device('runtime'); or let the program begin anew, with other values, by device.run(run_args=…)."
)


class NoDevice(SessionDevice):
    """A session that only declares: for tests, and until a device is set."""

    def after_run(self, session: Session, entry: RunEntry) -> None:
        return

    def read(self, session: Session, owner: Declared, variable: str) -> NDArray[Any] | None:
        return None

    def why_unavailable(self) -> str:
        return "no device has been set; call set_device('cpp_standalone') before the model"


# -- the program: what the script asked for, in order --------------------------------------------------


@dataclass(frozen=True)
class AssignEntry:
    """``group.variable[where] = value``: ``value`` an array in base units or a string.

    It is about those neurons of the group that ``rows`` names; indices count from the first of them.
    """

    target: Declared
    variable: str
    value: NDArray[Any] | str
    where: str | NDArray[np.int64] | None
    constants: Mapping[str, Resolved]
    rows: range


@dataclass(frozen=True)
class ConnectEntry:
    """``synapses.connect(…)``; ``number`` counts those of the same synapses."""

    target: Declared
    rule: Rule | PairRule
    constants: Mapping[str, Resolved]
    number: int


@dataclass(frozen=True)
class ApplyEntry:
    """``device.apply_run_args()``."""


@dataclass(frozen=True)
class InsertEntry:
    """``device.insert_code(slot, code)``."""

    slot: str
    code: str


@dataclass(frozen=True)
class SeedEntry:
    """``seed(value)``; ``None`` for a random one.

    ``afresh`` where nothing has been declared since the scope began: then everything is drawn as if nothing had been
    before, so that a notebook's cell that begins with ``start_scope()`` and ``seed(3)`` does the same every time.
    """

    value: int | None
    afresh: bool = False


@dataclass(frozen=True)
class RunEntry:
    """``run(duration)`` of some objects, with what their names stood for at that moment."""

    objects: tuple[Declared, ...]
    duration: float
    clocks: tuple[tuple[Clock, float], ...]
    constants: Mapping[str, Mapping[str, Resolved]]  # per object
    network: str = ""
    report: Report = field(default_factory=Report)
    spikes: Mapping[str, Spikes] = field(default_factory=dict)  # of objects that are given theirs
    inactive: frozenset[str] = frozenset()  # names of objects that do nothing
    profile: bool = False
    schedule: tuple[str, ...] = ()  # places of a time step in another order than usual


Entry = AssignEntry | ConnectEntry | ApplyEntry | SeedEntry | InsertEntry | RunEntry


@dataclass
class Session:
    """Objects declared so far, their names, the program and the device."""

    device: SessionDevice = field(default_factory=NoDevice)
    program: list[Entry] = field(default_factory=list)
    scope: int = 0
    _names: dict[str, weakref.ref[Any]] = field(default_factory=dict)
    _defaultclock: Clock | None = None
    schedules: dict[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # slots by network, where not as usual
    _count: int = 0
    _in_scope: int = 0  # objects declared in the present scope
    _declared: dict[str, int] = field(default_factory=dict)
    _networks: int = 0

    @property
    def defaultclock(self) -> Clock:
        """The clock of every object that has none of its own."""
        if self._defaultclock is None:
            from .clock import Clock
            from .dimensions import TIME
            from .units import Quantity

            self._defaultclock = Clock(Quantity.with_dimensions(1e-4, TIME), name="defaultclock")
        return self._defaultclock

    def record(self, entry: Entry) -> None:
        """Add to the program, if the device wants one."""
        if self.device.deferred:
            self.program.append(entry)

    @property
    def ran(self) -> bool:
        """Whether the program contains a run."""
        return any(isinstance(entry, RunEntry) for entry in self.program)

    def register(self, obj: Any, kind: str, name: str | None) -> tuple[str, bool, int]:
        """Give an object its name.

        A chosen name may be that of another object as long as the two do not run in one program.

        Returns
        -------
        name, whether the user chose it, and the object's place in the order of declaration.
        """
        if name is not None:
            check_name(name[:-1] if isinstance(name, str) and name.endswith("*") else name)
        explicit = name is not None and not name.endswith("*")
        if name is None or not explicit:
            stem = name[:-1] if name else kind
            name = stem
            number = 0
            while self._alive(name):
                number += 1
                name = f"{stem}_{number}"
        self._names[name] = weakref.ref(obj)
        self._count += 1
        self._in_scope += 1
        return name, explicit, self._count

    def next_network(self) -> str:
        """A key for a network, under which devices keep its time."""
        self._networks += 1
        return f"network {self._networks}"

    def place(self, kind: str) -> str:
        """A name by order of declaration, which nobody else gets: those of objects that are gone are given again."""
        number = self._declared.get(kind, 0)
        self._declared[kind] = number + 1
        return f"{kind}_{number}" if number else kind

    def draw_afresh(self) -> bool:
        """Begin to count places anew, if nothing has been declared in this scope; whether that is so."""
        if self._in_scope:
            return False
        self._declared.clear()
        return True

    def start_scope(self) -> None:
        """Let what has been declared so far be."""
        self.scope += 1
        self._in_scope = 0

    def _alive(self, name: str) -> bool:
        reference = self._names.get(name)
        return reference is not None and reference() is not None

    def reset(self) -> None:
        """Forget the program; objects declared before can no longer be run."""
        self.program.clear()
        self._names.clear()
        self._declared.clear()
        self._defaultclock = None
        self.start_scope()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_names": {}}  # weak references do not travel


def check_name(name: str) -> None:
    """Refuse what cannot be the name of an object."""
    if not isinstance(name, str):
        raise TypeError(f"{name!r:.60} cannot be the name of an object: give a string.")
    if "__" in name:  # C++ of a device writes a__b for variable b of a
        raise ValueError(f"{name!r} cannot be the name of an object: use single underscores.")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or name == "defaultclock":
        raise ValueError(
            f"{name!r} cannot be the name of an object: use letters, digits and underscores, begin with a letter, "
            "and leave 'defaultclock' to the clock."
        )


_default = Session()
_current: ContextVar[Session | None] = ContextVar("spikefarm_session", default=None)


def current_session() -> Session:
    """The session that declarations go to."""
    return _current.get() or _default


@contextmanager
def use_session(session: Session) -> Iterator[Session]:
    """Make another session the current one, in this thread, for the duration of a ``with`` block."""
    token = _current.set(session)
    try:
        yield session
    finally:
        _current.reset(token)


def seed(seed: int | None = None) -> None:
    """Set the seed of the random numbers drawn from here on in the simulation.

    Parameters
    ----------
    seed : int, optional
        A number from 0 to 2**64 - 1. Without it, each run draws a seed of its own (and records it).
    """
    if seed is not None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise TypeError(f"seed() takes an integer or None, not {seed!r}.")
        if not 0 <= seed < 2**64:
            raise ValueError(f"seed({seed}): a seed lies between 0 and 2**64 - 1.")
        seed = int(seed)
    session = current_session()
    entry = SeedEntry(seed, session.draw_afresh())
    session.record(entry)
    session.device.after_seed(session, entry)


def start_scope() -> None:
    """Let the magic ``run`` forget the objects declared so far."""
    current_session().start_scope()
