"""The objects of a Model: populations, probes, operations, what they read, all frozen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .connections import Ends
from .dimensions import Dimension
from .equations import DIFFERENTIAL, HELD, SUBEXPRESSION
from .expr import Expr, text
from .precision import stored_as
from .statements import Stmt


@dataclass(frozen=True)
class Variable:
    """One variable of a population, with its equation where it has one."""

    name: str
    kind: str
    dtype: str
    dim: Dimension
    expr: Expr | None = None
    flags: tuple[str, ...] = ()
    single: bool = False  # real numbers in single precision

    @property
    def stored_as(self) -> str:
        """NumPy's name of the type of its values."""
        return stored_as(self.dtype, self.single)

    @property
    def shared(self) -> bool:
        return "shared" in self.flags

    @property
    def constant(self) -> bool:
        return "constant" in self.flags

    @property
    def held(self) -> bool:
        """Whether it is a subexpression that is constant over dt: evaluated once per step."""
        return HELD in self.flags

    @property
    def stored(self) -> bool:
        """Whether it has values of its own, as a subexpression has not unless it is held."""
        return self.kind != SUBEXPRESSION or self.held

    def dump(self) -> str:
        left = f"d{self.name}/dt" if self.kind == DIFFERENTIAL else self.name
        right = "" if self.expr is None else f" = {text(self.expr)}"
        flags = f" ({', '.join(self.flags)})" if self.flags else ""
        dtype = self.stored_as if self.single else self.dtype
        return f"{left}{right} : {self.dim.canonical()} {dtype}{flags}"


@dataclass(frozen=True)
class Event:
    """What can happen to a neuron, when that is looked at, and what follows when.

    ``condition`` is ``None`` where the population has another source of events.
    """

    name: str
    condition: Expr | None
    when: str
    order: int
    code: tuple[Stmt, ...] = ()
    code_when: str = "resets"
    code_order: int = 0

    def expressions(self) -> Iterator[Expr]:
        """Every expression of the event."""
        if self.condition is not None:
            yield self.condition
        for statement in self.code:
            yield statement.expr

    def dump(self) -> Iterator[str]:
        condition = "" if self.condition is None else f" where {text(self.condition)}"
        yield f"  event {self.name} when={self.when} order={self.order}{condition}"
        for statement in self.code:
            yield f"    then when={self.code_when} order={self.code_order} {statement}"


@dataclass(frozen=True)
class Population:
    """A group of neurons with the same equations."""

    id: str
    size: int
    clock: str
    order: int
    method: str
    variables: tuple[Variable, ...]
    events: tuple[Event, ...] = ()
    refractory: Expr | None = None  # a time, or a condition that holds while refractory
    refractory_is_time: bool = True
    ends: Ends | None = None  # of synapses, which have no size before they have been made

    def variable(self, name: str) -> Variable:
        """The variable of that name."""
        return next(v for v in self.variables if v.name == name)

    def event(self, name: str) -> Event | None:
        """The event of that name, if there is one."""
        return next((e for e in self.events if e.name == name), None)

    def of_kind(self, kind: str) -> tuple[Variable, ...]:
        """Variables of one kind, in order."""
        return tuple(v for v in self.variables if v.kind == kind)

    @property
    def single(self) -> bool:
        """Whether its real numbers are calculated with in single precision."""
        return any(v.single for v in self.variables)

    @property
    def refracts(self) -> bool:
        return self.refractory is not None

    def expressions(self) -> Iterator[Expr]:
        """Every expression of the population."""
        for variable in self.variables:
            if variable.expr is not None:
                yield variable.expr
        for event in self.events:
            yield from event.expressions()
        if self.refractory is not None:
            yield self.refractory
        if self.ends is not None:
            yield from self.ends.expressions()

    def dump(self) -> Iterator[str]:
        size = self.size if self.ends is None else "synapses"
        yield f"population {self.id} size={size} clock={self.clock} order={self.order} {self.method}"
        for variable in self.variables:
            yield f"  {variable.dump()}"
        for event in self.events:
            yield from event.dump()
        if self.refractory is not None:
            kind = "for" if self.refractory_is_time else "while"
            yield f"  refractory {kind} {text(self.refractory)}"
        if self.ends is not None:
            yield from self.ends.dump()


@dataclass(frozen=True)
class Span:
    """Consecutive rows of a population, those of a subgroup: from ``start`` up to, not including, ``stop``.

    Whatever works on a population (probes, operations, assignments) can name a span instead; see `Model.span`.
    """

    id: str
    population: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.stop - self.start

    def dump(self) -> str:
        return f"span {self.id} of {self.population} from {self.start} to {self.stop}"


@dataclass(frozen=True)
class Probe:
    """A monitor.

    ``kind`` is ``'events'`` (counts the events of each neuron and records variables, neuron and time among
    them, at each), ``'states'`` (records variables of some neurons at each step of its clock) or ``'rate'``
    (records the number of events per neuron and time in each step).
    """

    id: str
    kind: str
    source: str  # a population or a span
    clock: str
    when: str
    order: int
    variables: tuple[str, ...]
    record: str  # 'all', '' or the id of an input that holds indices
    event: str = ""  # of the source, for what records events
    window: str = ""  # id of an input: for how long values are kept

    def dump(self) -> str:
        window = f" window={self.window}" if self.window else ""
        source = f"{self.source}.{self.event}" if self.event else self.source
        return (
            f"probe {self.id} {self.kind} of {source} clock={self.clock} when={self.when} order={self.order} "
            f"variables=[{', '.join(self.variables)}] record={self.record or 'none'}{window}"
        )


@dataclass(frozen=True)
class Operation:
    """Statements executed for all neurons of a population at each tick of a clock.

    The first ``shared`` of them set what the neurons have in common, and are executed once.
    """

    id: str
    population: str  # or a span
    clock: str
    when: str
    order: int
    code: tuple[Stmt, ...]
    shared: int = 0

    def expressions(self) -> Iterator[Expr]:
        """Every expression of the statements."""
        for statement in self.code:
            yield statement.expr

    def dump(self) -> Iterator[str]:
        yield f"operation {self.id} on {self.population} clock={self.clock} when={self.when} order={self.order}"
        for k, statement in enumerate(self.code):
            yield f"  {'once ' if k < self.shared else ''}{statement}"


@dataclass(frozen=True)
class Callback:
    """A place of the time step at which Python is called."""

    id: str
    clock: str
    when: str
    order: int

    def dump(self) -> str:
        return f"callback {self.id} clock={self.clock} when={self.when} order={self.order}"


@dataclass(frozen=True)
class Input:
    """Something that the model reads but does not contain: see `devices.base.InputSpec`."""

    id: str
    name: str
    kind: str
    dtype: str
    size: int
    dim: Dimension

    def dump(self) -> str:
        return f"input {self.id} ({self.name}) {self.kind} {self.dtype}[{self.size}] {self.dim.canonical()}"


@dataclass(frozen=True)
class TimedInput:
    """A TimedArray: the inputs with its values and its dt, and its shape; read as ``values[t // dt]``."""

    id: str
    dt: str
    rows: int
    columns: int  # 0 for one dimension

    def dump(self) -> str:
        return f"timed {self.id} dt={self.dt} rows={self.rows} columns={self.columns}"


@dataclass(frozen=True)
class UserFunction:
    """A function of the script's own: its code is part of the model, the values that it reads are inputs.

    Parameters
    ----------
    id : str
        What expressions call it.
    name : str
        What its code calls it.
    code : str
        C++; empty where there is no implementation in C++.
    indexed : bool
        Whether it takes the neuron's index as a last argument.
    arrays : tuple of (name, input id, whether a single number)
        What the code reads.
    needs : tuple of (name, id)
        Functions that the code calls.
    """

    id: str
    name: str
    code: str
    indexed: bool = False
    arrays: tuple[tuple[str, str, bool], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()

    def dump(self) -> Iterator[str]:
        arrays = ", ".join(f"{n}={id}{'' if single else '[]'}" for n, id, single in self.arrays)
        needs = ", ".join(f"{n}={id}" for n, id in self.needs)
        index = " of the index" if self.indexed else ""
        yield f"function {self.id} {self.name}{index} reads=[{arrays}] needs=[{needs}]"
        for line in self.code.splitlines():
            yield f"  | {line}"
