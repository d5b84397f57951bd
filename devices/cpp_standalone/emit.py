"""Kernels as one C++ translation unit that implements the engine's C ABI."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ...core.connections import Connect, Pairs
from ...core.context import REFRACTORY, SPECIAL
from ...core.events import SPIKE
from ...core.expr import (
    Const,
    Draw,
    Expr,
    MatrixEntry,
    Param,
    TimedCall,
    Var,
    Within,
    walk,
)
from ...core.infer import unit_of
from ...core.kernels import Array, AssignKernel, Kernel, Kernels
from ...core.model import (
    ApplyArgs,
    Assign,
    Input,
    Insert,
    Model,
    Population,
    Run,
    Seed,
)
from ...core.precision import SINGLE
from ...core.statements import Stmt
from ..base import PROFILE, OutputSpec
from .emit_assigns import AssignEmitter
from .emit_draws import buffered, counted
from .emit_entries import ENTRY, output_specs
from .emit_functions import FunctionEmitter
from .emit_lanes import LaneEmitter
from .emit_records import RecordEmitter
from .emit_setup import SetupEmitter
from .emit_stages import StageEmitter
from .emit_synapses import SynapseEmitter, is_synapses, pathway_name, structure
from .expressions import C_TYPES, CTYPES, KINDS, Scope, cpp, entry_names, identifier, kind

TEMPLATES = Path(__file__).parent / "templates"

#: From how many neurons on threads are worth their while.
WORTH_THREADS = 1000


@lru_cache(maxsize=1)
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def emit_model(kernels: Kernels, profile: bool = False, threads: int = 0, lanes: int = 1) -> str:
    """C++ source of a lowered model.

    If told to, it measures how long kernels take, uses several threads, or takes several runs through the time
    loop side by side.
    """
    emitter = Emitter(kernels, profile, threads, lanes)
    text: str = _environment().get_template("model.cpp.j2").render(e=emitter, model=kernels.model)
    return text


def _needs_matrix(statement: Stmt) -> bool:
    return any(isinstance(n, MatrixEntry) for n in walk(statement.expr))


def _checked(node: Expr) -> bool:
    """Whether evaluating it may end the run with an error."""
    return isinstance(node, Within) or (isinstance(node, TimedCall) and len(node.args) > 1)


@dataclass(frozen=True)
class Emitter:
    """What the template asks for: names, types and lines of code."""

    kernels: Kernels
    profile: bool = False
    threads: int = 0
    lanes: int = 1
    #: Kernels that can fail, and say so.
    fallible = ("events", "states", "rate", "callback", "pathway")

    @cached_property
    def syn(self) -> SynapseEmitter:
        return SynapseEmitter(self)

    @cached_property
    def assigning(self) -> AssignEmitter:
        return AssignEmitter(self)

    @cached_property
    def functions(self) -> FunctionEmitter:
        return FunctionEmitter(self)

    @cached_property
    def records(self) -> RecordEmitter:
        return RecordEmitter(self)

    @cached_property
    def setup(self) -> SetupEmitter:
        return SetupEmitter(self)

    @cached_property
    def staging(self) -> StageEmitter:
        return StageEmitter(self)

    @cached_property
    def side(self) -> LaneEmitter:
        return LaneEmitter(self)

    @property
    def model(self) -> Model:
        return self.kernels.model

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        return self.model.inputs

    @cached_property
    def outputs(self) -> tuple[OutputSpec, ...]:
        return output_specs(self.model, self.kernels if self.profile else None)

    def parallel(self, kernel: Kernel) -> str:
        """What lets threads share the loop over the neurons of a kernel; nothing where that would not pay."""
        first, last = kernel.rows or (0, self.model.population(kernel.population).size)
        alone = self.threads < 2 or kernel.single or last - first < WORTH_THREADS
        if alone or any(_checked(n) for e in kernel.expressions() for n in walk(e)):
            return ""
        return f"#pragma omp parallel for schedule(static) num_threads({self.threads})"

    def watch(self, kernel: Kernel) -> str:
        """What measures the time of the block that it stands in."""
        place = self.kernels.kernels.index(kernel)
        return f"const sf_stopwatch _watch(_c->{identifier(PROFILE)}[{place}]);"

    @cached_property
    def slot(self) -> dict[str, int]:
        return {i.id: number for number, i in enumerate(self.inputs)}

    def entry_type(self, dtype: str) -> str:
        return ENTRY[dtype]

    def ctype(self, dtype: str) -> str:
        return C_TYPES[dtype]

    def unit(self, item: Input) -> str:
        return unit_of(item.dim)

    def id(self, name: str) -> str:
        return identifier(name)

    def broadcasts(self, item: Input) -> bool:
        return item.kind in ("override", "value", "seed")

    # -- members of the context -------------------------------------------------------------------------

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(s for s in self.model.program if isinstance(s, Run))

    def guard(self, kernel: Kernel) -> str:
        """The condition for a kernel of an object that Python may switch on and off."""
        return f"_c->active[{self.model.objects.index(kernel.owner)}]" if self.model.callbacks else ""

    def otherwise(self, kernel: Kernel) -> str:
        """What happens where such an object is off: nobody has its events."""
        if not self.model.callbacks or kernel.kind not in ("threshold", "generate"):
            return ""
        return f" else _c->{self.events(kernel.population, kernel.event)}_count = 0;"

    def idle(self, run: Run) -> list[str]:
        """Lists of events that nothing renews in a run."""
        return [
            self.events(p.id, e.name)
            for p in self.model.populations
            if p.id not in run.objects
            for e in p.events
        ]

    @cached_property
    def constant_slots(self) -> dict[str, str]:
        """Slots of constants and their types, which are the same in all runs."""
        timed = {t.id for t in self.model.timed}
        bindings = [binding for run in self.runs for binding in run.bindings]
        return {slot: self.input_dtype(given) for slot, given in bindings if given not in timed}

    def input_dtype(self, id: str) -> str:
        return self.inputs[self.slot[id]].dtype

    @cached_property
    def constant_kinds(self) -> dict[str, str]:
        """What is computed once per run: ``'float'``, ``'int'`` or ``'bool'``."""
        return {c.name: kind(c.expr, self.setup.scope(c.population)[0]) for c in self.kernels.constants}

    def constant_type(self, name: str) -> str:
        return CTYPES[self.constant_kinds[name]]

    @cached_property
    def timed_slots(self) -> tuple[str, ...]:
        """Slots of TimedArrays; assignments name the arrays themselves."""
        timed = {t.id for t in self.model.timed}
        return tuple(sorted({slot for run in self.runs for slot, given in run.bindings if given in timed}))

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(clock for run in self.runs for clock, _ in run.clocks))

    def all_expressions(self) -> Iterable[Expr]:
        """Every expression of kernels and constants."""
        for kernel in self.kernels.kernels:
            yield from kernel.expressions()
        for constant in self.kernels.constants:
            yield constant.expr

    @cached_property
    def buffers(self) -> tuple[tuple[Draw, str], ...]:
        """What is drawn for all neurons of a population at once, with their number."""
        return tuple(
            (d, self.syn.count(self.model.population(k.population)))
            for k in self.kernels.kernels
            for d in buffered(k)
        )

    @cached_property
    def buffers_alone(self) -> tuple[tuple[Draw, str], ...]:
        """Those of them that each run has to itself."""
        together = {draw.stream for draw, *_ in self.side.draws()} if self.lanes > 1 else set()
        return tuple((draw, size) for draw, size in self.buffers if draw.stream not in together)

    @cached_property
    def counts(self) -> tuple[tuple[Draw, str], ...]:
        """Whole numbers that are drawn for all neurons at once, with their number."""
        return tuple(
            (d, self.syn.count(self.model.population(k.population)))
            for k in self.kernels.kernels
            for d in counted(k)
        )

    @cached_property
    def fixed_arrays(self) -> tuple[Array, ...]:
        """Arrays whose size the model says."""
        return tuple(a for a in self.kernels.arrays if a.size >= 0)

    def member(self, owner: str, variable: str) -> str:
        """Where an array begins."""
        p = next((p for p in self.model.populations if p.id == owner), None)
        if p is None or p.ends is None:
            return f"_c->{identifier(f'{owner}.{variable}')}"
        if variable in ("i", "j"):
            return f"_c->{structure(owner)}.{'pre' if variable == 'i' else 'post'}.data"
        path, _, part = variable.rpartition(".")
        if part in ("pending", "due"):
            return f"_c->{pathway_name(owner, path)}.{part}.data"
        member = f"_c->{identifier(f'{owner}.{variable}')}"
        return member if p.variable(variable).shared else f"{member}.data"

    def buffer(self, output: OutputSpec) -> str:
        """Of an output without a fixed size, the buffer that it is read from."""
        for p in self.syn.populations:
            if output.id.startswith(f"{p.id}."):
                return self.member(p.id, output.id[len(p.id) + 1 :]).removesuffix(".data")
        return f"_c->{identifier(output.id)}"

    def of_synapses(self, output: OutputSpec) -> list[Population]:
        """The synapses whose output it is."""
        return [p for p in self.syn.populations if output.id.startswith(f"{p.id}.") and output.size < 0]

    @cached_property
    def overwritten(self) -> tuple[Array, ...]:
        """State arrays that some loop reads by index and writes to: it reads a copy made before."""
        loops: tuple[Kernel | AssignKernel, ...] = (*self.kernels.kernels, *self.kernels.assigns)
        ids = {id for loop in loops for id in loop.overwritten()}
        return tuple(a for a in self.kernels.arrays if a.id in ids)

    def copies(self, loop: Kernel | AssignKernel) -> list[str]:
        """What makes these copies."""
        arrays = [a for a in self.overwritten if a.id in loop.overwritten()]
        return [self._copy(identifier(a.id), a.size, a.id in self.side.strided) for a in arrays]

    def _copy(self, name: str, size: int, strided: bool) -> str:
        if strided:
            return f"for (int64_t _k = 0; _k < {size}; ++_k) _c->before_{name}[_k] = _c->{name}[_k * LANES];"
        return f"memcpy(_c->before_{name}, _c->{name}, {size} * sizeof *_c->{name});"

    @cached_property
    def checks_indices(self) -> bool:
        """Whether an index that can be anything is compared with the number of values before it is used."""
        expressions = [*self.all_expressions(), *(e for a in self.kernels.assigns for e in a.expressions())]
        return any(_checked(n) for e in expressions for n in walk(e))

    # -- one run, or several in lanes -------------------------------------------------------------------

    def each(self, function: str) -> str:
        """Call a function that may fail for the run, or for each of the runs that go together."""
        if self.lanes > 1:
            return f"{self.all_lanes}if ({function}(_c)) return fails(_c);"
        return f"if ({function}(_c)) return 1;"

    @property
    def all_lanes(self) -> str:
        """What makes a statement about ``_c`` one about all runs."""
        return "for (sf_context* _c : _c->gang->lane) " if self.lanes > 1 else ""

    def calls(self, kernel: Kernel) -> str:
        """The beginning of a kernel's call, up to its first argument."""
        return f"all_{self.function(kernel)}(_g" if self.lanes > 1 else f"{self.function(kernel)}(_c"

    @property
    def cancelled(self) -> str:
        return "any_cancelled(_g)" if self.lanes > 1 else "_c->cancelled"

    # -- functions --------------------------------------------------------------------------------------

    def callback_number(self, kernel: Kernel) -> int:
        return [c.id for c in self.model.callbacks].index(kernel.owner)

    def function(self, kernel: Kernel) -> str:
        named = kernel.kind in ("threshold", "reset", "pathway", "summed") and kernel.event != SPIKE
        event = f"_{kernel.event}" if named else ""
        once = "_once" if kernel.single else ""
        return f"{identifier(kernel.owner)}_{kernel.kind}{once}{event}"

    def events(self, population: str, event: str) -> str:
        """Name of the list of neurons that have an event; their number is in ``…_count``."""
        return (
            identifier(f"{population}.events:{event}")
            if event != SPIKE
            else f"{identifier(population)}_spike"
        )

    @cached_property
    def generators(self) -> tuple[str, ...]:
        """Populations whose spikes are given in advance."""
        return tuple(p.id for p in self.model.populations if any(e.condition is None for e in p.events))

    @cached_property
    def event_lists(self) -> tuple[tuple[str, int], ...]:
        """Every such list with its capacity."""
        return tuple((self.events(p.id, e.name), p.size) for p in self.model.populations for e in p.events)

    def scope(self, kernel: Kernel) -> Scope:
        population = self.model.population(kernel.population)
        kept = {name: (identifier(name), dtype) for name, dtype in self.shared_values(kernel).items()}
        scope = Scope(
            variables={**self.variables(population), **kept},
            params={slot: (self.param(slot), KINDS[dtype]) for slot, dtype in self.constant_slots.items()},
            constants=self.constant_kinds,
            buffered=frozenset(d.stream for d in (*buffered(kernel), *counted(kernel))),
            step="_clock.tick()",
            indexed=self.functions.indexed,
            element="_n" if is_synapses(population) else "i",
            slots=self.slot,
            before=frozenset(kernel.overwritten()),
            scattered=kernel.kind == "pathway",
            strided=self.side.strided,
            single=population.single,
            doubles=self._doubles(population),
            singles=self.singles,
        )
        for s in kernel.scalars:
            scope = scope.with_scalar(s)
        for s in kernel.body if kernel.kind not in ("states", "events") else ():
            if s.local:
                scope = scope.with_local(s)
        return scope

    def variables(self, population: Population) -> dict[str, tuple[str, str]]:
        special = {**SPECIAL, **REFRACTORY}
        variables = {name: (name, special[name].dtype) for name in ("t", "dt", "i", "N", "t_in_timesteps")}
        if is_synapses(population):
            return {**variables, **self.syn.variables(population)}
        if population.refracts:
            for name, type_ in REFRACTORY.items():
                variables[name] = (f"{name}[{self.at('i')}]", type_.dtype)
        for v in population.variables:
            index = "0" if v.shared else self.at("i")
            variables[v.name] = (f"{identifier(v.name)}[{index}]", v.dtype)
        return variables

    def at(self, index: str) -> str:
        """Where a neuron's element is; in lanes, between those of the other runs."""
        return f"{index} * LANES" if self.lanes > 1 else index

    @cached_property
    def singles(self) -> frozenset[str]:
        """Arrays in single precision."""
        return frozenset(a.id for a in self.kernels.arrays if a.dtype == SINGLE)

    def _doubles(self, population: Population) -> frozenset[str]:
        """Names that stand for real numbers in double precision: times, and variables of groups that are."""
        own = {v.name for v in population.variables if not v.single}
        others = self.syn.double_references(population) if is_synapses(population) else set()
        return frozenset({"t", "lastspike", *own, *others})

    def param(self, slot: str) -> str:
        return f"_p_{identifier(slot)}"

    def declarations(self, kernel: Kernel) -> list[str]:
        """Local names for what the kernel reads and writes."""
        population = self.model.population(kernel.population)
        nodes = [n for e in kernel.expressions() for n in walk(e)]
        names = {n.name for n in nodes if isinstance(n, Var)}
        targets = {s.target for s in kernel.body if not s.local}
        same = kernel.clock == population.clock or kernel.kind == "pathway"
        own = "_clock" if same else f"_c->clock_{identifier(population.clock)}"
        lines = (
            self.copies(kernel)
            + self.clock_lines(names, own, population.single)
            + self.functions.lines(nodes)
        )
        lines += self.pointers(population, names, targets | self._summed(kernel), self.shared_values(kernel))
        lines += self.constant_lines(nodes, population.single)
        for draw in buffered(kernel):
            name = f"draw{draw.stream}"
            lines.append(f"const double* __restrict__ _{name} = _c->{name}.at(_clock.tick());")
        scope = self.scope(kernel)
        for s in kernel.scalars:
            target = scope.variables[s.target][0]
            lines.append(f"const {scope.ctype(s.target)} {target} = {cpp(s.expr, scope)};")
        for draw in counted(kernel):
            args = "".join(f"{cpp(arg, scope)}, " for arg in draw.args)
            made = f"_c->draw{draw.stream}.{draw.distribution}({args}_c->seed, {draw.stream}u, _clock.tick())"
            lines.append(f"const int64_t* __restrict__ _draw{draw.stream} = {made};")
        return lines

    def _summed(self, kernel: Kernel) -> set[str]:
        return {kernel.event} if kernel.kind == "summed" else set()

    def pointers(
        self, population: Population, names: set[str], targets: set[str], values: Collection[str] = ()
    ) -> list[str]:
        """Names for arrays, or for what they hold where that is one value."""
        if is_synapses(population):
            return self.syn.pointers(population, names, targets)
        return [
            self._value(population, name)
            if name in values
            else self._pointer(population, name, const=name not in targets)
            for name in self._array_names(population)
            if name in names | targets
        ]

    def shared_values(self, kernel: Kernel) -> dict[str, str]:
        """Variables that all neurons share and a kernel only reads, and their kinds of numbers.

        They are read before the loop: within, in one branch of a selection, they would keep it from being vectorised.
        """
        population = self.model.population(kernel.population)
        targets = {s.target for s in kernel.body if not s.local}
        shared = () if is_synapses(population) else (v for v in population.variables if v.stored and v.shared)
        return {v.name: v.dtype for v in shared if v.name not in targets}

    def _value(self, population: Population, name: str) -> str:
        variable = population.variable(name)
        type_ = "float" if variable.single and variable.dtype == "float" else CTYPES[variable.dtype]
        return f"const {type_} {identifier(name)} = _c->{identifier(f'{population.id}.{name}')}[0];"

    def clock_lines(self, names: set[str], clock: str, single: bool = False) -> list[str]:
        lines = []
        if "t" in names:
            lines.append(f"const double t = {clock}.t;")
        if "dt" in names:
            real = "float" if single else "double"
            lines.append(f"const {real} dt = {'(float)' if single else ''}{clock}.dt;")
        if "t_in_timesteps" in names:
            lines.append(f"const int64_t t_in_timesteps = {clock}.step;")
        return lines

    def _array_names(self, population: Population) -> list[str]:
        names = [v.name for v in population.variables if v.stored]
        return names + (list(REFRACTORY) if population.refracts else [])

    def _pointer(self, population: Population, name: str, const: bool) -> str:
        array = next(a for a in self.kernels.arrays if a.population == population.id and a.variable == name)
        member = identifier(array.id)
        prefix = "const " if const else ""
        if array.id in self.side.strided:
            return f"{prefix}{self.side.stored(array.dtype)}* __restrict__ {identifier(name)} = _c->{member};"
        if array.dtype == "bool":  # loops with conditions on bytes vectorise, on bools they do not
            return f"{prefix}uint8_t* __restrict__ {identifier(name)} = ({prefix}uint8_t*)_c->{member};"
        return f"{prefix}{C_TYPES[array.dtype]}* __restrict__ {identifier(name)} = _c->{member};"

    def constants_of(self, nodes: Iterable[Expr], single: bool) -> list[tuple[str, str, str]]:
        """Of numbers that are the same for all neurons: local name, C++ type there, and member of the context."""
        nodes = list(nodes)
        slots = sorted({n.slot for n in nodes if isinstance(n, Param)})
        names = sorted({n.name for n in nodes if isinstance(n, Const)}, key=lambda k: int(k[1:]))
        entries = entry_names(nodes)
        found = [(self.param(s), C_TYPES[self.constant_slots[s]], f"slot_{identifier(s)}") for s in slots]
        found += [(f"_{name}", self.constant_type(name), name) for name in names]
        found += [(entry, "double", entry) for entry in entries if entry in self.setup.common]
        return [(name, "float" if single and c == "double" else c, member) for name, c, member in found]

    def constant_lines(self, nodes: list[Expr], single: bool = False) -> list[str]:
        lines = [
            f"const {c} {name} = {'(float)' if c == 'float' else ''}_c->{member};"
            for name, c, member in self.constants_of(nodes, single)
        ]
        entries = entry_names(nodes)
        each = [entry for entry in entries if entry in self.setup.single]
        lines += [f"const double* __restrict__ {entry}_each = _c->{entry};" for entry in each]
        return lines

    def body(self, kernel: Kernel) -> list[str]:
        """What the loop does for neuron ``i``."""
        scope = self.scope(kernel)
        population = self.model.population(kernel.population)
        nodes = [n for e in kernel.expressions() for n in walk(e)]
        lines = self.syn.number_line(population, nodes) if is_synapses(population) else []
        lines += self.entry_lines(kernel.body, population.single)
        matrices = [line for m in kernel.matrices for line in self.setup.of_neuron(m, scope, kernel)]
        if not matrices:
            return lines + self.statements(kernel.body, scope)
        first = next((n for n, s in enumerate(kernel.body) if _needs_matrix(s)), len(kernel.body))
        before, after = kernel.body[:first], kernel.body[first:]
        declared = {s.target for s in before if s.local}
        return [*lines, *self.statements(before, scope), *matrices, *self.statements(after, scope, declared)]

    def entry_lines(self, body: Iterable[Stmt], single: bool) -> list[str]:
        """What a neuron's own propagator says, where statements ask for it."""
        nodes = [n for s in body for n in walk(s.expr)]
        entries = entry_names(nodes)
        real = "float" if single else "double"
        return [f"const {real} {e} = ({real}){e}_each[i];" for e in entries if e in self.setup.single]

    def statements(self, body: Iterable[Stmt], scope: Scope, known: Iterable[str] = ()) -> list[str]:
        """Statements in order; locals are declared where they are first set."""
        lines, declared = [], set(known)
        for s in body:
            value = cpp(s.expr, scope)
            target = scope.variables[s.target][0]
            new = s.local and s.target not in declared
            lines.append(f"{scope.ctype(s.target)} {target} = {value};" if new else f"{target} = {value};")
            declared |= {s.target} if s.local else set()
        return lines

    def condition(self, kernel: Kernel) -> str:
        assert kernel.condition is not None
        return cpp(kernel.condition, self.scope(kernel))

    # -- a run --------------------------------------------------------------------------------------------

    def run_kernels(self, run: Run) -> list[tuple[Kernel, int]]:
        """What happens in a time step, with the number of the clock that says when."""
        numbers = {clock: n for n, (clock, _) in enumerate(run.clocks)}
        return [(k, numbers[k.clock]) for k in self.kernels.in_order(run)]

    # -- the program ----------------------------------------------------------------------------------------

    def inserted(self, slot: str) -> list[str]:
        """C++ of the script's own for a place of the program."""
        return [s.code for s in self.model.program if isinstance(s, Insert) and s.slot == slot]

    @cached_property
    def program(self) -> list[tuple[str, Any]]:
        """The steps of the program with what the template needs of each."""
        result: list[tuple[str, Any]] = []
        assigns = iter(range(len(self.kernels.assigns)))
        connects = iter(range(len(self.kernels.connects)))
        runs = iter(range(len(self.runs)))
        for step in self.model.program:
            if isinstance(step, Assign):
                result.append(("assign", next(assigns)))
            elif isinstance(step, Connect | Pairs):
                result.append(("connect", next(connects)))
            elif isinstance(step, ApplyArgs):
                result.append(("apply", None))
            elif isinstance(step, Seed):
                result.append(("seed", step.index))
            elif isinstance(step, Insert):
                if step.slot == "main":
                    result.append(("insert", step.code))
            else:
                result.append(("run", next(runs)))
        return result

    def input_param(self, slot: str) -> tuple[str, str]:
        """C++ of a single number among the inputs, and its kind."""
        item = self.inputs[self.slot[slot]]
        return f"sf_scalar<{C_TYPES[item.dtype]}>(_c, {self.slot[slot]})", KINDS[item.dtype]

    def rows(self, kernel: Kernel | AssignKernel) -> tuple[int, int]:
        """The neurons that a loop is about: the first, and the one after the last."""
        return kernel.rows or (0, self.model.population(kernel.population).size)
