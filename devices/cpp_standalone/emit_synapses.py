"""C++ of synapses: names of what they keep, the code of their pathways, and how they are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.connections import ENDS, INDEX, Connect, Ends, Pathway
from ...core.context import REFRACTORY
from ...core.expr import Draw, Expr, Param, UserCall, Var, walk
from ...core.kernels import ConnectKernel, Kernel
from ...core.model import Model, Population, Span, Variable
from .expressions import C_TYPES, Scope, cpp, identifier

if TYPE_CHECKING:
    from .emit import Emitter

#: Of one source's (or target's) draws, the element and their number: every element has a block of its own.
_MANY = "sf_many"


def is_synapses(population: Population) -> bool:
    """Whether a population is one of synapses."""
    return population.ends is not None


def structure(id: str) -> str:
    """Name of what holds the ends of synapses."""
    return f"{identifier(id)}_synapses"


def pathway_name(id: str, pathway: str) -> str:
    """Name of what holds the events on their way."""
    return f"{identifier(id)}__{identifier(pathway)}_pathway"


@dataclass(frozen=True)
class SynapseEmitter:
    """What the template asks for about synapses."""

    emitter: Emitter

    @property
    def model(self) -> Model:
        return self.emitter.model

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        return tuple(p for p in self.model.populations if is_synapses(p))

    def structure(self, p: Population) -> str:
        return structure(p.id)

    def pathway(self, p: Population, path: Pathway | str) -> str:
        return pathway_name(p.id, path if isinstance(path, str) else path.name)

    def values(self, p: Population) -> list[tuple[str, str]]:
        """Member and C type of every variable that each synapse has."""
        return [
            (identifier(f"{p.id}.{v.name}"), C_TYPES[v.stored_as])
            for v in p.variables
            if v.stored and not v.shared and v.kind != ENDS
        ]

    def ends(self, p: Population) -> Ends:
        assert p.ends is not None
        return p.ends

    def span(self, p: Population, side: str) -> Span:
        return self.model.span(self.ends(p).end(side))

    def size(self, p: Population, side: str) -> str:
        """Number of neurons at one end."""
        span = self.span(p, side)
        return self.count(self.model.population(span.population)) if span.size < 0 else str(span.size)

    def count(self, p: Population) -> str:
        """Number of elements of a population."""
        return f"_c->{structure(p.id)}.count()" if is_synapses(p) else str(p.size)

    def key(self, p: Population, path: Pathway) -> str:
        """The neurons whose events a pathway waits for, synapse by synapse."""
        return f"{structure(p.id)}.{path.side}"

    def own_delays(self, p: Population, path: Pathway) -> bool:
        """Whether each synapse has a delay of its own."""
        return not p.variable(path.delay).shared

    def direct(self, p: Population, path: Pathway) -> bool:
        """Whether synapses are kept in the order of this pathway, while a run goes on."""
        ends = self.ends(p)
        if not ends.direct or path.side != "pre":
            return False
        return path.name == ends.direct or not (
            self.own_delays(p, path) or self.own_delays(p, ends.pathway(ends.direct))
        )

    def delay_member(self, p: Population, path: Pathway) -> str:
        return identifier(f"{p.id}.{path.delay}")

    def events(self, p: Population, path: Pathway) -> str:
        """The list of neurons that have the event."""
        return self.emitter.events(self.span(p, path.side).population, path.event)

    def counts_ends(self, p: Population) -> bool:
        """Whether some code asks how many synapses a neuron has."""
        wanted = {"N_incoming", "N_outgoing"}
        kernels = [e for k in self.emitter.kernels.kernels if k.population == p.id for e in k.expressions()]
        assigned = [e for a in self.emitter.kernels.assigns if a.population == p.id for e in a.expressions()]
        return any(isinstance(n, Var) and n.name in wanted for e in (*kernels, *assigned) for n in walk(e))

    def numbered(self, p: Population) -> bool:
        """Whether a monitor asks for synapses by number."""
        return any(self.model.span(m.source).population == p.id for m in self.model.probes)

    def pair_counters(self, p: Population) -> list[tuple[str, str]]:
        """Member and C type of what counts the synapses of a pair."""
        index = self.ends(p).pair_index
        return [(identifier(f"{p.id}.{index}"), "int32_t")] if index else []

    # -- names --------------------------------------------------------------------------------------------

    def variables(
        self, p: Population, pre: str = "_i[_s]", post: str = "_j[_s]"
    ) -> dict[str, tuple[str, str]]:
        """C++ and kind of number of every name that strings for synapses can use."""
        names = {
            "i": (pre, "int"),
            "j": (post, "int"),
            "N": ("N", "int"),
            "N_pre": (f"(int64_t){self.size(p, 'pre')}", "int"),
            "N_post": (f"(int64_t){self.size(p, 'post')}", "int"),
            "N_incoming": (f"_incoming[{post}]", "int"),
            "N_outgoing": (f"_outgoing[{pre}]", "int"),
        }
        for v in p.variables:
            if v.stored and v.kind != ENDS:
                names[v.name] = (f"{identifier(v.name)}[{'0' if v.shared else '_s'}]", v.dtype)
        return {**self._references(p, {"pre": pre, "post": post}), **names}

    def _references(self, p: Population, index: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        found = {}
        for side in INDEX:
            neurons = not is_synapses(self.model.population(self.span(p, side).population))
            place = self.emitter.at(index[side]) if neurons else index[side]
            for v in self._neuron_variables(p, side):
                name = f"{v.name}_{side}"
                found[name] = (f"{identifier(name)}[{'0' if v.shared else place}]", v.dtype)
        return found

    def double_references(self, p: Population) -> set[str]:
        """Names of the neurons' variables that are in double precision."""
        return {f"{v.name}_{side}" for side in INDEX for v in self._neuron_variables(p, side) if not v.single}

    def _neuron_variables(self, p: Population, side: str) -> list[Variable]:
        neurons = self.model.population(self.span(p, side).population)
        special = REFRACTORY if neurons.refracts else {}
        extra = [Variable(n, "special", t.dtype, t.dim) for n, t in special.items()]
        return [v for v in (*neurons.variables, *extra) if v.stored]

    def pointers(self, p: Population, names: set[str], targets: set[str]) -> list[str]:
        """Local names for the arrays that some code reads and writes."""
        s = f"_c->{structure(p.id)}"
        members = {"_i": "pre", "_j": "post"}
        lines = [
            f"const int32_t* __restrict__ {end} = {s}.{members[end]}.data;"
            for end in self._ends_needed(names | targets)
        ]
        lines += [f"const int32_t* _incoming = {s}.incoming.data;"] if "N_incoming" in names else []
        lines += [f"const int32_t* _outgoing = {s}.outgoing.data;"] if "N_outgoing" in names else []
        for v in p.variables:
            if v.stored and v.kind != ENDS and v.name in names | targets:
                const = "const " if v.name not in targets else ""
                member = identifier(f"{p.id}.{v.name}")
                data = member if v.shared else f"{member}.data"
                lines.append(
                    f"{const}{C_TYPES[v.stored_as]}* __restrict__ {identifier(v.name)} = _c->{data};"
                )
        return lines + self.neuron_pointers(p, names, targets)

    def _ends_needed(self, names: set[str]) -> list[str]:
        """Which of the lists of neurons at both ends some code has to look into."""
        pre = names & {"i", "N_outgoing"} or any(n.endswith("_pre") for n in names)
        post = names & {"j", "N_incoming"} or any(n.endswith("_post") for n in names)
        return ["_i"] * bool(pre) + ["_j"] * bool(post)

    def streamed(self, kernel: Kernel) -> list[str]:
        """Arrays that a pathway reads range by range, which lie anywhere in memory."""
        p = self.model.population(kernel.population)
        if not self.direct(p, self.ends(p).pathway(kernel.event)):
            return ["_list"]
        names = {n.name for e in kernel.expressions() for n in walk(e) if isinstance(n, Var)}
        names |= {s.target for s in kernel.body if not s.local}
        own = [v.name for v in p.variables if v.stored and not v.shared and v.kind != ENDS]
        return self._ends_needed(names) + [identifier(name) for name in own if name in names]

    def neuron_pointers(self, p: Population, names: set[str], targets: set[str]) -> list[str]:
        """Of the neurons at both ends, which may be the same: these pointers may meet."""
        lines = []
        own = {v.name for v in p.variables if v.stored}
        for side in INDEX:
            span = self.span(p, side)
            for v in self._neuron_variables(p, side):
                name = f"{v.name}_{side}"
                if name in own or name not in names | targets:
                    continue
                const = "const " if name not in targets else ""
                dynamic = is_synapses(self.model.population(span.population)) and not v.shared
                data = self.emitter.member(span.population, v.name) if dynamic else ""
                member = data or f"_c->{identifier(f'{span.population}.{v.name}')}"
                start = str(span.start) if dynamic else self.emitter.at(str(span.start))
                first = f" + {start}" if span.start and not v.shared else ""
                dtype = v.stored_as
                strided = self.emitter.side.has(f"{span.population}.{v.name}")
                ctype = self.emitter.side.stored(dtype) if strided else C_TYPES[dtype]
                lines.append(f"{const}{ctype}* {identifier(name)} = {member}{first};")
        return lines

    def number_line(self, p: Population, nodes: Iterable[Expr]) -> list[str]:
        """Random numbers belong to the number of a synapse, wherever it is kept."""
        if not any(isinstance(n, Draw | UserCall) for n in nodes):
            return []
        return [f"const int64_t _n = sf_number(_c->{structure(p.id)}, _s);"]

    def summed_target(self, kernel: Kernel) -> tuple[str, str, str]:
        """Of a sum: C++ of the element of a synapse's target and of target ``_k``, and how many there are."""
        p = self.model.population(kernel.population)
        side = kernel.event.rpartition("_")[2]
        references = self._references(p, {"pre": "_i[_s]", "post": "_j[_s]"})
        neurons = not is_synapses(self.model.population(self.span(p, side).population))
        element = f"{identifier(kernel.event)}[{self.emitter.at('_k') if neurons else '_k'}]"
        return references[kernel.event][0], element, self.size(p, side)

    # -- construction ---------------------------------------------------------------------------------------

    def connect_population(self, connect: ConnectKernel) -> Population:
        return self.model.population(connect.step.synapses)

    def by_rule(self, connect: ConnectKernel) -> bool:
        """Whether synapses are made by a rule rather than from pairs."""
        return isinstance(connect.step, Connect)

    def _connect_scope(self, connect: ConnectKernel) -> Scope:
        p = self.connect_population(connect)
        variables = self.variables(p, "i", "j")
        if isinstance(connect.step, Connect) and connect.step.variable:
            variables[connect.step.variable] = (identifier(connect.step.variable), "int")
        params = {}
        for node in self._connect_nodes(connect):
            if isinstance(node, Param):
                params[node.slot] = self.emitter.input_param(node.slot)
        return Scope(
            variables,
            params,
            buffered=frozenset(d.stream for d in self.row_draws(connect)),
            step="(uint64_t)_row",
            timed="given",
            indexed=self.emitter.functions.indexed,
            element="_m",
            elements_in_all=_MANY,
            strided=self.emitter.side.strided,
        )

    def _connect_nodes(self, connect: ConnectKernel) -> list[Expr]:
        return [n for e in connect.expressions() for n in walk(e)]

    def row_draws(self, connect: ConnectKernel) -> tuple[Draw, ...]:
        """Random numbers of the condition, filled in for a whole range at once."""
        step = connect.step
        if not isinstance(step, Connect) or step.sample or not step.variable:
            return ()
        inner = [e for e in (step.condition, step.count, step.index) if e is not None]
        found = {n for e in inner for n in walk(e) if isinstance(n, Draw) and not n.args}
        return tuple(d for d in connect.draws if d in found)

    def connect_declarations(self, connect: ConnectKernel) -> list[str]:
        p = self.connect_population(connect)
        nodes = self._connect_nodes(connect)
        names = {n.name for n in nodes if isinstance(n, Var)}
        return self.emitter.functions.lines(nodes) + self.neuron_pointers(p, names, set())

    def connect_cpp(self, connect: ConnectKernel, expr: Expr, element: str = "_m") -> str:
        return cpp(expr, replace(self._connect_scope(connect), element=element, buffered=frozenset()))

    def connect_inner(self, connect: ConnectKernel, expr: Expr) -> str:
        """An expression within the range."""
        return cpp(expr, self._connect_scope(connect))


__all__ = ["SynapseEmitter", "is_synapses", "pathway_name", "structure"]
