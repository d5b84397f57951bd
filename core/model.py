"""The Model: what a script declared, as frozen data without live objects and without parameter values.

Its canonical text (`Model.dump`) is what a person reads, what golden tests compare and what is hashed; the
hash is known before any lowering, so a build that exists is found without symbolic work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .connections import Connect, Ends, Pairs
from .context import REFRACTORY, SPECIAL
from .dimensions import Dimension
from .equations import DIFFERENTIAL, HELD, PARAMETER, SUBEXPRESSION
from .expr import At, Element, Expr, InputEntry, Param, TimedCall, text, walk
from .infer import Type
from .statements import Stmt
from .synapsenames import SYNAPTIC, full_name, seen_from_synapses

FORMAT = 1
_ALWAYS = frozenset(SPECIAL) | frozenset(REFRACTORY)
#: Raised whenever the meaning of a Model changes such that the same Model gives other numbers.
NUMERICS = 2


#: How state of each kind of number is stored, on every device.
STATE_DTYPES = {"float": "float64", "int": "int32", "bool": "bool"}


class ModelError(ValueError):
    """A Model that contradicts itself."""


@dataclass(frozen=True)
class Variable:
    """One variable of a population, with its equation where it has one."""

    name: str
    kind: str
    dtype: str
    dim: Dimension
    expr: Expr | None = None
    flags: tuple[str, ...] = ()

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
        return f"{left}{right} : {self.dim.canonical()} {self.dtype}{flags}"


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


@dataclass(frozen=True)
class Assign:
    """Set a variable for all neurons, for those of an index input, or where a condition holds."""

    population: str  # or a span
    variable: str
    expr: Expr
    where: Expr | None = None
    indices: str = ""

    def dump(self) -> str:
        place = f"[{self.indices}]" if self.indices else f"[{text(self.where)}]" if self.where else ""
        return f"assign {self.population}.{self.variable}{place} = {text(self.expr)}"


@dataclass(frozen=True)
class ApplyArgs:
    """The point at which overrides of state variables take effect."""

    def dump(self) -> str:
        return "apply run arguments"


@dataclass(frozen=True)
class Seed:
    """From here on random numbers come from this entry of the input ``seed``."""

    index: int

    def dump(self) -> str:
        return f"seed {self.index}"


#: Places in a program at which a script may insert C++.
SLOTS = (
    "before_start",
    "after_start",
    "main",
    "before_network_run",
    "after_network_run",
    "before_end",
    "after_end",
)


@dataclass(frozen=True)
class Insert:
    """C++ of the script's own: here in the program for the slot ``main``, else at the place that the slot names."""

    slot: str
    code: str

    def dump(self) -> str:
        return f"insert {self.slot} {self.code!r}"


@dataclass(frozen=True)
class Run:
    """Advance the named objects for a duration.

    Time goes on from where it was left by the last run of the same ``network``, a number. ``bindings`` gives each
    slot that the objects read (constants and TimedArrays) its input for this run, ``clocks`` each clock its dt, and
    ``spikes`` each population whose spikes are given in advance the inputs with their indices, times and period.
    """

    duration: str
    objects: tuple[str, ...]
    clocks: tuple[tuple[str, str], ...]
    bindings: tuple[tuple[str, str], ...]
    spikes: tuple[tuple[str, str, str, str], ...] = ()
    network: int = 0

    def dump(self) -> str:
        network = f" of network {self.network}" if self.network else ""
        clocks = ", ".join(f"{clock}={dt}" for clock, dt in self.clocks)
        bound = ", ".join(f"{slot}={given}" for slot, given in self.bindings)
        spikes = "".join(f" spikes={id}[{', '.join(inputs)}]" for id, *inputs in self.spikes)
        return f"run {self.duration} of [{', '.join(self.objects)}] clocks=[{clocks}] with [{bound}]{spikes}{network}"


Step = Assign | Connect | Pairs | ApplyArgs | Seed | Insert | Run


@dataclass(frozen=True)
class Model:
    """A whole simulation without the values of its inputs."""

    populations: tuple[Population, ...]
    probes: tuple[Probe, ...]
    inputs: tuple[Input, ...]
    timed: tuple[TimedInput, ...]
    program: tuple[Step, ...]
    callbacks: tuple[Callback, ...] = ()
    functions: tuple[UserFunction, ...] = ()
    operations: tuple[Operation, ...] = ()
    spans: tuple[Span, ...] = ()

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """Ids of everything that a run can advance."""
        return tuple(self._objects)

    @property
    def networks(self) -> int:
        """Number of networks, each of which has a time of its own."""
        return 1 + max((step.network for step in self.program if isinstance(step, Run)), default=0)

    def population(self, id: str) -> Population:
        """The population of that id."""
        return next(p for p in self.populations if p.id == id)

    def span(self, id: str) -> Span:
        """The rows that an id stands for: a span's own, or all of a population."""
        if id in self._spans:
            return self._spans[id]
        return Span(id, id, 0, self.population(id).size)  # of synapses, 0 to PER_SYNAPSE

    def source(self, id: str) -> Population:
        """The population that an id stands for, itself or as that which a span is of."""
        return self.population(self.span(id).population)

    @cached_property
    def _spans(self) -> dict[str, Span]:
        return {s.id: s for s in self.spans}

    def probe(self, id: str) -> Probe:
        """The probe of that id."""
        return next(p for p in self.probes if p.id == id)

    @cached_property
    def _text(self) -> str:
        lines = [f"model format={FORMAT}"]
        for population in self.populations:
            lines += population.dump()
        lines += [span.dump() for span in self.spans]
        lines += [probe.dump() for probe in self.probes]
        lines += [callback.dump() for callback in self.callbacks]
        lines += [line for operation in self.operations for line in operation.dump()]
        lines += [item.dump() for item in self.inputs]
        lines += [array.dump() for array in self.timed]
        for function in self.functions:
            lines += function.dump()
        lines += [step.dump() for step in self.program]
        return "\n".join(lines) + "\n"

    def dump(self) -> str:
        """Canonical text: equal for equal models, in any process and session."""
        return self._text

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical text, as 64 hexadecimal digits."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def verify(self) -> None:
        """Check that every name points at something.

        Raises
        ------
        ModelError
            Listing every contradiction.
        """
        problems = [*self._dangling_spans(), *self._dangling_links()]
        if not problems:  # else nothing that names a span can be followed
            problems = [*self._doubles(), *self._dangling_probes(), *self._dangling_inputs()]
            problems += [*self._dangling_operations(), *self._dangling_ends()]
            problems += self._dangling_steps()
        if problems:
            raise ModelError("The model contradicts itself:\n" + "\n".join(problems))

    def _dangling_steps(self) -> Iterator[str]:
        for step in self.program:
            if isinstance(step, Assign):
                yield from self._dangling_assign(step)
            elif isinstance(step, Run):
                yield from self._dangling_run(step)

    @cached_property
    def _input_ids(self) -> frozenset[str]:
        return frozenset(i.id for i in self.inputs)

    @cached_property
    def _objects(self) -> dict[str, Population | Probe | Callback | Operation]:
        objects: dict[str, Population | Probe | Callback | Operation] = {p.id: p for p in self.populations}
        objects |= {p.id: p for p in self.probes} | {c.id: c for c in self.callbacks}
        return objects | {o.id: o for o in self.operations}

    def _doubles(self) -> Iterator[str]:
        if len(self._objects) != sum(
            len(kind) for kind in (self.populations, self.probes, self.callbacks, self.operations)
        ):
            yield "two objects share an id"
        if len(self._input_ids) != len(self.inputs):
            yield "two inputs share an id"
        if len(self._spans) != len(self.spans) or set(self._spans) & set(self._objects):
            yield "a span shares its id with another span or an object"

    def _dangling_spans(self) -> Iterator[str]:
        sizes = {p.id: p.size for p in self.populations}
        for span in self.spans:
            if span.population not in sizes:
                yield f"{span.id} is of {span.population}, which does not exist"
            elif not 0 <= span.start < span.stop <= sizes[span.population]:
                yield f"'{span.dump()}' lies outside the {sizes[span.population]} row(s)"

    def _dangling_links(self) -> Iterator[str]:
        arrays = {f"{p.id}.{v.name}" for p in self.populations for v in p.variables if v.stored}
        arrays |= {f"{p.id}.{name}" for p in self.populations if p.refracts for name in REFRACTORY}
        for p in self.populations:
            for node in (n for expr in p.expressions() for n in walk(expr)):
                if isinstance(node, At) and node.array not in arrays:
                    yield f"{p.id} reads {node.array}, which does not exist"
                if isinstance(node, InputEntry) and node.input not in self._input_ids:
                    yield f"{p.id} reads {node.input}, which does not exist"

    def _is_source(self, id: str) -> bool:
        return id in self._spans or any(p.id == id for p in self.populations)

    def type_of(self, population: Population, name: str) -> Type | None:
        """Type of what strings for a population can name, as far as the neurons at the ends of synapses go too."""
        own = {v.name: Type(v.dim, v.dtype) for v in population.variables}
        found = {**SPECIAL, **REFRACTORY, **(SYNAPTIC if population.ends else {}), **own}.get(name)
        if found is not None or population.ends is None:
            return found
        full = full_name(seen_from_synapses(name))
        variable, _, side = full.rpartition("_")
        return self.type_of(self.source(population.ends.end(side)), variable)

    def _dangling_probes(self) -> Iterator[str]:
        for probe in self.probes:
            if not self._is_source(probe.source):
                yield f"{probe.id} records from {probe.source}, which does not exist"
                continue
            source = self.source(probe.source)
            if probe.event and source.event(probe.event) is None:
                yield f"{probe.id} records {probe.event} of {probe.source}, which has no such event"
            for name in sorted(n for n in set(probe.variables) if self.type_of(source, n) is None):
                yield f"{probe.id} records {name}, which {probe.source} does not have"
            if probe.record not in self._input_ids | {"all", ""}:
                yield f"{probe.id} records the indices {probe.record}, which do not exist"
            if probe.window not in self._input_ids | {""}:
                yield f"{probe.id} keeps values for {probe.window}, which does not exist"

    def _dangling_operations(self) -> Iterator[str]:
        for operation in self.operations:
            if not self._is_source(operation.population):
                yield f"{operation.id} works on {operation.population}, which does not exist"
                continue
            known = {v.name for v in self.source(operation.population).variables} | _ALWAYS
            for target in sorted({s.target for s in operation.code if not s.local} - known):
                yield f"{operation.id} sets {target}, which {operation.population} does not have"

    def _dangling_inputs(self) -> Iterator[str]:
        for array in self.timed:
            for id in sorted({array.id, array.dt} - self._input_ids):
                yield f"'{array.dump()}' reads {id}, which does not exist"
        seeds = next((i.size for i in self.inputs if i.kind == "seed"), 0)
        for step in self.program:
            if isinstance(step, Seed) and step.index >= seeds:
                yield f"'{step.dump()}' takes an entry of the seeds, of which there are {seeds}"

    def _dangling_assign(self, step: Assign) -> Iterator[str]:
        target = {f"{p.id}.{v.name}" for p in self.populations for v in p.variables if v.stored}
        target |= {f"{p.id}.{name}" for p in self.populations if p.refracts for name in REFRACTORY}
        source = (
            self.span(step.population).population if self._is_source(step.population) else step.population
        )
        if f"{source}.{step.variable}" not in target:
            yield f"'{step.dump()}' sets {step.population}.{step.variable}, which does not exist"
        expressions = [step.expr] if step.where is None else [step.expr, step.where]
        wanted = {n.input for e in expressions for n in walk(e) if isinstance(n, Element)}
        wanted |= {step.indices} - {""} | slots(*expressions)
        for id in sorted(wanted - self._input_ids):
            yield f"'{step.dump()}' reads {id}, which does not exist"

    def _dangling_connect(self, step: Connect | Pairs) -> Iterator[str]:
        if not any(p.id == step.synapses and p.ends is not None for p in self.populations):
            yield f"'{step.dump()}' makes synapses {step.synapses}, which do not exist"
        wanted = slots(*step.expressions()) | ({step.i, step.j} if isinstance(step, Pairs) else set())
        for id in sorted(wanted - self._input_ids):
            yield f"'{step.dump()}' reads {id}, which does not exist"

    def _dangling_ends(self) -> Iterator[str]:
        for p in (p for p in self.populations if p.ends is not None):
            assert p.ends is not None
            for side in ("pre", "post"):
                if not self._is_source(p.ends.end(side)):
                    yield f"{p.id} connects {p.ends.end(side)}, which does not exist"
            for path in p.ends.pathways:
                if self._is_source(p.ends.end(path.side)) and not self.source(p.ends.end(path.side)).event(
                    path.event
                ):
                    yield f"{p.id}.{path.name} waits for {path.event} of {p.ends.end(path.side)}, which it has not"

    def _dangling_run(self, step: Run) -> Iterator[str]:
        inputs = {step.duration, *(dt for _, dt in step.clocks), *(given for _, given in step.bindings)}
        inputs |= {id for _, *given in step.spikes for id in given}
        for id in sorted(inputs - self._input_ids):
            yield f"'{step.dump()}' reads {id}, which does not exist"
        given = {id for id, *_ in step.spikes}
        for p in self.populations:
            if p.id in step.objects and p.id not in given and any(e.condition is None for e in p.events):
                yield f"{p.id} has spikes given in advance, which '{step.dump()}' does not give"
        for id in sorted(set(step.objects) - set(self._objects)):
            yield f"'{step.dump()}' advances {id}, which does not exist"
        bound, clocks = {slot for slot, _ in step.bindings}, {clock for clock, _ in step.clocks}
        for item in (self._objects[id] for id in step.objects if id in self._objects):
            if item.clock not in clocks:
                yield f"{item.id} has the clock {item.clock}, to which '{step.dump()}' gives no dt"
            wanted = slots(*item.expressions()) if isinstance(item, Population | Operation) else set()
            for slot in sorted(wanted - bound):
                yield f"{item.id} reads ${slot}, which '{step.dump()}' does not bind"


def slots(*expressions: Expr) -> set[str]:
    """Slots of constants and TimedArrays that expressions read."""
    nodes = [n for expr in expressions for n in walk(expr)]
    return {n.slot if isinstance(n, Param) else n.array for n in nodes if isinstance(n, Param | TimedCall)}


__all__ = [
    "DIFFERENTIAL",
    "NUMERICS",
    "PARAMETER",
    "STATE_DTYPES",
    "SUBEXPRESSION",
    "ApplyArgs",
    "Assign",
    "Callback",
    "Event",
    "Input",
    "Model",
    "ModelError",
    "Operation",
    "Population",
    "Probe",
    "Run",
    "Seed",
    "Span",
    "Step",
    "TimedInput",
    "UserFunction",
    "Variable",
    "slots",
]
