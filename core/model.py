"""The Model: what a script declared, as frozen data without live objects and without parameter values.

Its canonical text (`Model.dump`) is what a person reads, what golden tests compare and what is hashed; the
hash is known before any lowering, so a build that exists is found without symbolic work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .connections import Connect, Pairs
from .context import REFRACTORY, SPECIAL
from .equations import DIFFERENTIAL, PARAMETER, SUBEXPRESSION
from .expr import At, Element, Expr, InputEntry, Param, TimedCall, walk
from .infer import Type
from .parts import (
    Callback,
    Event,
    Input,
    Operation,
    Population,
    Probe,
    Span,
    TimedInput,
    UserFunction,
    Variable,
)
from .program import SLOTS, ApplyArgs, Assign, Insert, Run, Seed, Step
from .synapsenames import SYNAPTIC, full_name, seen_from_synapses

FORMAT = 1
_ALWAYS = frozenset(SPECIAL) | frozenset(REFRACTORY)
#: Raised whenever the meaning of a Model changes such that the same Model gives other numbers.
NUMERICS = 2


class ModelError(ValueError):
    """A Model that contradicts itself."""


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
    "SLOTS",
    "SUBEXPRESSION",
    "ApplyArgs",
    "Assign",
    "Callback",
    "Event",
    "Input",
    "Insert",
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
