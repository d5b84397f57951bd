"""From a Session to a Model: names numbered, values taken out, everything frozen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .binomial import BinomialFunction
from .declared import Declared
from .dimensions import DIMENSIONLESS, TIME
from .equations import DIFFERENTIAL, LINKED, PARAMETER, SUBEXPRESSION
from .events import GroupEvent
from .expr import Expr, Var
from .freeze_links import linked
from .freeze_program import STORED, objects_of, steps
from .freeze_synapses import synapse_population
from .group import Group
from .infer import Type
from .model import (
    Callback,
    Event,
    Input,
    Model,
    Operation,
    Population,
    Probe,
    Span,
    TimedInput,
    UserFunction,
    Variable,
)
from .monitors import EventRecorder, Monitor, StateMonitor
from .namespace import Constant, Resolved, parts
from .operations import NetworkOperation
from .precision import STATE_DTYPES
from .ratemonitor import PopulationRateMonitor
from .recent import RecentStateMonitor
from .regular import GroupCode
from .resolve import resolve
from .session import Entry, RunEntry, Session
from .spikegenerator import Spikes
from .statements import Stmt
from .synapses import Synapses
from .timedarray import TimedArray
from .userfunctions import Function, plain_array

SEED = "seed"


class FreezeError(RuntimeError):
    """The program of a session cannot be made a Model."""


@dataclass(frozen=True)
class Frozen:
    """A Model, the values of its inputs, and what the user calls its objects.

    Parameters
    ----------
    model : Model
        What is hashed and built.
    values : mapping from input id to array
        Values in base SI units; ``seed`` is absent and every override unset.
    seeds : tuple
        What each entry of the seed input was set to, ``None`` where it is drawn for each run.
    names : mapping
        From the user's names to the ids of the Model.
    timed : mapping
        From the input ids of TimedArrays to the objects themselves.
    networks : mapping
        From the session's keys of networks to their numbers.
    functions : mapping
        From the ids of functions to the script's own; they stay in this process.
    """

    model: Model
    values: Mapping[str, NDArray[Any]]
    seeds: tuple[int | None, ...]
    names: Mapping[str, str]
    timed: Mapping[str, TimedArray]
    networks: Mapping[str, int]
    functions: Mapping[str, Function] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "functions": {}}


def freeze(session: Session) -> Frozen:
    """Make a Model of the program of a session.

    Raises
    ------
    FreezeError
        If nothing is run.
    """
    if not session.ran:
        raise FreezeError("There is nothing to simulate: the script has not called run() yet.")
    return freeze_program(session.program)


def freeze_program(program: Iterable[Entry]) -> Frozen:
    """Make a Model of some entries of a program, of which one at least is a run."""
    return Freezer(tuple(program)).freeze()


def _canonical_ids(objects: list[Declared]) -> dict[str, str]:
    """Chosen names stay; the others are numbered by kind, so that they do not depend on the session."""
    taken = {obj.name for obj in objects if obj._named}
    ids = {}
    for obj in objects:
        number, candidate = 0, obj.name if obj._named else obj._kind
        while not obj._named and candidate in taken:
            number += 1
            candidate = f"{obj._kind}_{number}"
        taken.add(candidate)
        ids[obj.name] = candidate
    return ids


def _kind(value: Resolved) -> str:
    if isinstance(value, Constant):
        return "truth value" if value.dtype == "bool" else "number"
    if isinstance(value, Function):
        return f"function {id(value)}"
    return value.function if isinstance(value, BinomialFunction) else type(value).__name__


def _stored(values: list[Resolved]) -> str:
    """How a constant is stored that has these values in different runs: an integer if one of them must be."""
    constants = [v for v in values if isinstance(v, Constant)]
    kinds = {v.dtype for v in constants}
    whole = all(float(v.value).is_integer() for v in constants)
    return STORED["bool" if kinds == {"bool"} else "int" if "int" in kinds and whole else "float"]


def _called(code: str, names: tuple[str, ...]) -> str:
    """What a function is called in its code: as in the script or in Python, else the last one defined."""
    for name in names:
        if re.search(rf"\b{re.escape(name)}\s*\(", code):
            return name
    defined = re.findall(r"\b([A-Za-z_]\w*)\s*\([^;{}()]*\)\s*\{", code)
    return next((n for n in reversed(defined) if n not in ("if", "for", "while", "switch")), names[0])


@dataclass
class Freezer:
    """Collects what a Model consists of."""

    program: tuple[Entry, ...]
    inputs: dict[str, Input] = field(default_factory=dict)
    values: dict[str, NDArray[Any]] = field(default_factory=dict)
    timed: dict[str, TimedInput] = field(default_factory=dict)
    timed_objects: dict[str, TimedArray] = field(default_factory=dict)
    spikes: dict[Spikes, tuple[str, str, str]] = field(default_factory=dict)
    seeds: list[int | None] = field(default_factory=lambda: [None])
    functions: dict[str, UserFunction] = field(default_factory=dict)
    function_ids: dict[int, str] = field(default_factory=dict)
    function_objects: dict[str, Function] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)
    links: dict[tuple[str, str], str] = field(default_factory=dict)  # inputs with the indices of links
    first: dict[str, Mapping[str, Resolved]] = field(default_factory=dict)  # what names stand for at first
    networks: dict[str, int] = field(default_factory=dict)  # their numbers
    slots: dict[str, str] = field(default_factory=dict)  # how the constant of each slot is stored

    def freeze(self) -> Frozen:
        objects = objects_of(self.program)
        self.ids = _canonical_ids(objects)
        groups = [o for o in objects if isinstance(o, Group)]
        self.synapses = [o for o in groups if isinstance(o, Synapses)]
        owners = [o for o in objects if isinstance(o, Group | GroupCode)]
        first = self.first = self._first_constants(owners)
        populations = tuple(self._population(g, first[g.name]) for g in groups)
        probes = tuple(self._probe(o) for o in objects if isinstance(o, Monitor))
        callbacks = tuple(
            Callback(self.ids[o.name], self.clock_id(o), o.when, o.order)
            for o in objects
            if isinstance(o, NetworkOperation)
        )
        operations = tuple(self._operation(o, first[o.name]) for o in owners if isinstance(o, GroupCode))
        program = steps(self)
        self._overrides(populations)
        seed = Input(SEED, SEED, "seed", "uint64", len(self.seeds), DIMENSIONLESS)
        model = Model(
            populations,
            probes,
            (*self.inputs.values(), seed),
            tuple(self.timed.values()),
            program,
            callbacks,
            tuple(self.functions.values()),
            operations,
            tuple(self.spans.values()),
        )
        model.verify()
        return Frozen(
            model,
            self.values,
            tuple(self.seeds),
            dict(self.ids),
            self.timed_objects,
            dict(self.networks),
            self.function_objects,
        )

    def _first_constants(self, owners: Sequence[Declared]) -> dict[str, Mapping[str, Resolved]]:
        """What the names of each object stand for in its first run: for all runs the same kind of thing.

        Raises
        ------
        FreezeError
            If a name stands for different kinds of things in different runs.
        """
        first: dict[str, Mapping[str, Resolved]] = {}
        values: dict[str, list[Resolved]] = {}
        for entry in self.program:
            if isinstance(entry, RunEntry):
                for obj in (o for o in owners if o.name in entry.constants):
                    first.setdefault(obj.name, entry.constants[obj.name])
                    for name, value in entry.constants[obj.name].items():
                        values.setdefault(self._slot(obj, name), []).append(value)
        mixed = sorted(slot for slot, found in values.items() if len({_kind(v) for v in found}) > 1)
        if mixed:
            raise FreezeError(
                f"{', '.join(map(repr, mixed))}: a name stands for a number in one run and for a truth value, a "
                "TimedArray, a constant of nature or another function in another; give them different names."
            )
        self.slots = {slot: _stored(found) for slot, found in values.items()}
        return first

    # -- objects --------------------------------------------------------------------------------------

    def source(self, group: Group, rows: range) -> str:
        """Id of some rows of a group: the group's own where these are all, else that of a span."""
        population = self.ids[group.name]
        if rows == group._rows:
            return population
        span = Span(f"{population}[{rows.start}:{rows.stop}]", population, rows.start, rows.stop)
        self.spans[span.id] = span
        return span.id

    def _slot(self, obj: Declared, name: str) -> str:
        """Where an object's kernels read a constant: the script's names are shared, its own are not."""
        if name in obj.intrinsic_constants():
            return f"{self.ids[obj.name]}:{name.removeprefix('.')}"
        own = name.split(":")[0] in obj.own_namespace()
        return f"{self.ids[obj.namespace_owner.name]}.{name}" if own else name

    def resolved(self, obj: Declared, expr: Expr, constants: Mapping[str, Resolved], own: Any) -> Expr:
        def slot(name: str) -> str:
            value = constants.get(name)
            return self.function(name, value) if isinstance(value, Function) else self._slot(obj, name)

        return resolve(expr, own, constants, slot)

    def _population(self, group: Group, constants: Mapping[str, Resolved]) -> Population:
        if isinstance(group, Synapses):
            return synapse_population(self, group, constants)

        def made(expr: Expr | None) -> Expr | None:
            return None if expr is None else self.resolved(group, expr, constants, group.variable_types)

        variables = tuple(
            Variable(e.name, SUBEXPRESSION, e.dtype, e.dim, linked(self, group, e.name, Var("i")), (LINKED,))
            if LINKED in e.flags
            else Variable(
                e.name, e.kind, e.dtype, e.dim, made(e.expr), tuple(sorted(e.flags)), group.is_single(e.name)
            )
            for e in group.equations.ordered
        )
        is_time = group.refractory_expr is None or group.refractory_is_time(constants)
        return Population(
            id=self.ids[group.name],
            size=group.N,
            clock=self.clock_id(group),
            order=group.order,
            method=group.method or "auto",
            variables=variables,
            events=tuple(self._event(group, event, constants) for event in group.own_events()),
            refractory=made(group.refractory_expr),
            refractory_is_time=is_time,
        )

    def _event(self, group: Group, event: GroupEvent, constants: Mapping[str, Resolved]) -> Event:
        condition = event.condition
        if condition is not None:
            condition = self.resolved(group, condition, constants, group.variable_types)
        made = Event(event.name, condition, event.check.when, event.check.order)
        if event.run is None:
            return made
        code = self.code(group, group, group.checked_code(event, constants), constants)
        return replace(made, code=code, code_when=event.run.when, code_order=event.run.order)

    def _operation(self, obj: GroupCode, constants: Mapping[str, Resolved]) -> Operation:
        code = self.code(obj, obj.group, obj.checked_code(constants), constants)
        population = self.source(obj.group, obj.rows)
        return Operation(
            self.ids[obj.name], population, self.clock_id(obj), obj.when, obj.order, code, obj.leading
        )

    def code(
        self, obj: Declared, group: Group, block: Iterable[Stmt], constants: Mapping[str, Resolved]
    ) -> tuple[Stmt, ...]:
        """Checked statements with every name resolved."""
        own: dict[str, Type] = dict(group.variable_types)
        code = []
        for statement in block:
            code.append(statement.with_expr(self.resolved(obj, statement.expr, constants, own)))
            if statement.local:
                own[statement.target] = Type(DIMENSIONLESS, statement.dtype)
        return group.named_code(tuple(code))

    def clock_id(self, obj: Declared) -> str:
        clock = obj.clock
        if clock is obj.session.defaultclock:
            return "defaultclock"
        for other in objects_of(self.program):
            if other.clock is clock:
                return f"{self.ids[other.name]}.clock"
        raise AssertionError("an object that runs has a clock")

    def _probe(self, monitor: Declared) -> Probe:
        id = self.ids[monitor.name]
        if isinstance(monitor, EventRecorder):
            source, kind, record = monitor.source, "events", "all"
            event, variables = monitor.event, monitor.recorded_variables
        elif isinstance(monitor, PopulationRateMonitor):
            source, kind, record = monitor.source, "rate", "all"
            event, variables = monitor.event, ()
        else:
            assert isinstance(monitor, StateMonitor)
            source, kind, record = monitor.source, "states", "all"
            event, variables = "", monitor.record_variables
            if monitor.indices is not None:
                record = self.input(f"{id}.record", f"{id}.record", "index", monitor.indices)
        return Probe(
            id,
            kind,
            self.source(source._root, source._rows),
            self.clock_id(monitor),
            monitor.when,
            monitor.order,
            variables,
            record,
            event,
            self._window(monitor),
        )

    def _window(self, monitor: Declared) -> str:
        if not isinstance(monitor, RecentStateMonitor):
            return ""
        stem = f"{self.ids[monitor.name]}.duration"
        return self.input(stem, stem, "constant", monitor.duration_, TIME)

    def function(self, name: str, function: Function) -> str:
        """Id of a function, which becomes part of the model here with those that it depends on."""
        if id(function) in self.function_ids:
            return self.function_ids[id(function)]
        key, number = name, 1
        while key in self.functions:
            key = f"{name}@{number}"
            number += 1
        self.function_ids[id(function)] = key
        self.function_objects[key] = function
        self.functions[key] = UserFunction(key, name, "", function.auto_vectorise)
        given = function.implementations.for_cpp()
        if given is not None:
            arrays = []
            for variable, value in sorted(given.namespace.items()):
                array, dim = plain_array(value)
                kind, single = ("table", False) if array.ndim else ("constant", True)
                stem = f"{key}.{variable}"
                arrays.append((variable, self.input(stem, stem, kind, array, dim, str(array.dtype)), single))
            needs = tuple(
                (called, self.function(called, other))
                for called, other in sorted(given.dependencies.items())
                if isinstance(other, Function)
            )
            called = given.name or _called(given.code, (name, function.name))
            self.functions[key] = UserFunction(
                key, called, given.code, function.auto_vectorise, tuple(arrays), needs
            )
        return key

    # -- inputs ---------------------------------------------------------------------------------------

    def input(
        self,
        id: str,
        name: str,
        kind: str,
        value: Any,
        dim: Any = DIMENSIONLESS,
        dtype: str = "",
        size: int | None = None,
    ) -> str:
        """Add an input under the first free id of that stem; a single value may stand for ``size``."""
        stem, number = id, 1
        while id in self.inputs or id == SEED:
            id = f"{stem}@{number}"
            number += 1
        array = np.atleast_1d(np.asarray(value)).reshape(-1)
        dtype = dtype or str(array.dtype)
        self.inputs[id] = Input(id, name, kind, dtype, array.size if size is None else size, dim)
        self.values[id] = np.ascontiguousarray(array, dtype=dtype)
        return id

    def constant(self, stem: str, name: str, value: Constant, dtype: str) -> str:
        return self.input(stem, name, "constant", value.value, value.dim, dtype)

    def timed_array(self, stem: str, name: str, array: TimedArray) -> str:
        for id, known in self.timed_objects.items():
            if known is array:
                return id
        id = self.input(stem, name, "timed_array", array.values, array.dim)
        dt = self.input(f"{id}.dt", f"{name}.dt", "dt", array.dt, TIME)
        rows, columns = array.values.shape[0], array.values.shape[1] if array.values.ndim == 2 else 0
        self.timed[id] = TimedInput(id, dt, rows, columns)
        self.timed_objects[id] = array
        return id

    def bind(self, obj: Declared, constants: Mapping[str, Resolved], table: dict[str, str]) -> None:
        for name, value in constants.items():
            slot = self._slot(obj, name)
            if slot in table:
                continue
            own = name in obj.intrinsic_constants()
            user = f"{self.ids[obj.name]}{name}" if own else name
            if isinstance(value, Constant):
                table[slot] = self.constant(slot, user, value, self.slots[slot])
            elif isinstance(value, TimedArray):
                table[slot] = self.timed_array(slot, user, value)
            for part, constant in parts(value).items():
                if f"{slot}:{part}" not in table:
                    dtype = STORED[constant.dtype]
                    table[f"{slot}:{part}"] = self.constant(
                        f"{slot}.{part}", f"{user}.{part}", constant, dtype
                    )

    def _overrides(self, populations: Iterable[Population]) -> None:
        """Every variable with values of its own can be set by run arguments."""
        for p in populations:
            for v in p.variables:
                if v.kind in (DIFFERENTIAL, PARAMETER) and LINKED not in v.flags:
                    name = f"{p.id}.{v.name}"
                    size = 1 if v.shared else p.size
                    self.inputs[f"{name}:override"] = Input(
                        f"{name}:override", name, "override", STATE_DTYPES[v.dtype], size, v.dim
                    )

    def entry_slots(self, constants: Mapping[str, Resolved], id: str) -> Callable[[str], str]:
        """Inputs for the constants of a single statement of the script, by name."""
        table: dict[str, str] = {}
        for name, value in constants.items():
            if isinstance(value, Constant):
                stem = f"{id}{name}" if name.startswith(".") else name
                table[name] = self.constant(stem, stem, value, STORED[value.dtype])
            elif isinstance(value, TimedArray):
                table[name] = self.timed_array(name, name, value)
            for part, constant in parts(value).items():
                dtype = STORED[constant.dtype]
                table[f"{name}:{part}"] = self.constant(f"{name}.{part}", f"{name}.{part}", constant, dtype)

        def slot(name: str) -> str:
            value = constants.get(name)
            return self.function(name, value) if isinstance(value, Function) else table[name]

        return slot


__all__ = ["SEED", "FreezeError", "Frozen", "freeze"]
