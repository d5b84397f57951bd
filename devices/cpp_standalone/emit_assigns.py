"""C++ of assignments: values that a script gives to variables before and between runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.expr import Element, Expr, Param, Var, walk
from ...core.kernels import AssignKernel
from ...core.model import ApplyArgs, Assign, Run
from .emit_synapses import is_synapses
from .expressions import C_TYPES, KINDS, Scope, cpp

if TYPE_CHECKING:
    from .emit import Emitter


@dataclass(frozen=True)
class AssignEmitter:
    """What the template asks for about assignments."""

    emitter: Emitter

    def time_before(self, assign: int) -> str:
        """C++ of the time at which an assignment happens: that which the group's network has reached."""
        step = [s for s in self.emitter.model.program if isinstance(s, Assign)][assign]
        population, network = self.emitter.model.source(step.population).id, 0
        for earlier in self.emitter.model.program:
            if earlier is step:
                break
            if isinstance(earlier, Run) and population in earlier.objects:
                network = earlier.network
        return f"_c->times[{network}]"

    def scope(self, assign: AssignKernel) -> Scope:
        p = self.emitter.model.population(assign.population)
        first = self.rows(assign)[0]
        index = "_s" if is_synapses(p) else "i"
        element = "_k" if assign.indices else f"i - {first}" if first else index
        params, elements = {}, {}
        for node in _nodes(assign):
            if isinstance(node, Param):
                params[node.slot] = self.emitter.input_param(node.slot)
            if isinstance(node, Element):
                item = self.emitter.inputs[self.emitter.slot[node.input]]
                elements[node.input] = (f"_value[_count == 1 ? 0 : {element}]", KINDS[item.dtype])
        return Scope(
            self.emitter.variables(p),
            params,
            elements,
            timed="given",
            indexed=self.emitter.functions.indexed,
            slots=self.emitter.slot,
            before=frozenset(assign.overwritten()),
            element=index,
            strided=self.emitter.side.strided,
        )

    def declarations(self, assign: AssignKernel, number: int) -> list[str]:
        p = self.emitter.model.population(assign.population)
        nodes = list(_nodes(assign))
        names = {n.name for n in nodes if isinstance(n, Var)} | {assign.variable}
        lines = self.emitter.copies(assign) + self.emitter.functions.lines(nodes)
        if "t" in names:
            lines.append(f"const double t = {self.time_before(number)};")
        if "dt" in names or "t_in_timesteps" in names:
            run = next(r for r in self.emitter.runs if p.id in r.objects)
            slot = self.emitter.slot[dict(run.clocks)[p.clock]]
            lines.append(f"const double dt = sf_scalar<double>(_c, {slot});")
        if "t_in_timesteps" in names:
            lines.append(f"const int64_t t_in_timesteps = sf_timestep({self.time_before(number)}, dt);")
        lines += self.emitter.pointers(p, names, {assign.variable})
        for id in sorted({n.input for n in nodes if isinstance(n, Element)}):
            c = C_TYPES[self.emitter.inputs[self.emitter.slot[id]].dtype]
            lines.append(f"const {c}* _value = (const {c}*)_c->inputs[{self.emitter.slot[id]}].data;")
            lines.append(f"const int64_t _count = _c->inputs[{self.emitter.slot[id]}].count;")
        return lines

    def target(self, assign: AssignKernel) -> str:
        return self.scope(assign).variables[assign.variable][0]

    def value(self, assign: AssignKernel) -> str:
        return cpp(assign.expr, self.scope(assign))

    def where(self, assign: AssignKernel) -> str:
        return "" if assign.where is None else cpp(assign.where, self.scope(assign))

    def rows(self, assign: AssignKernel) -> tuple[int, int]:
        """Where an assignment's loop begins and ends; a shared variable has a single element."""
        p = self.emitter.model.population(assign.population)
        shared = {v.name for v in p.variables if v.shared}
        return (0, 1) if assign.variable in shared else self.emitter.rows(assign)

    def given_values(self, assign: AssignKernel) -> str:
        """Of an assignment to all synapses, the slot of the values, whose number has to be that of synapses."""
        if not is_synapses(self.emitter.model.population(assign.population)) or assign.indices:
            return ""
        found = [n.input for n in _nodes(assign) if isinstance(n, Element)]
        return (
            str(self.emitter.slot[found[0]])
            if found and self.emitter.inputs[self.emitter.slot[found[0]]].size < 0
            else ""
        )

    def replaced_by(self, number: int) -> str:
        """Of an assignment, the slot of the run argument that comes after it; none where it comes later itself."""
        assigns = 0
        for step in self.emitter.model.program:
            if isinstance(step, ApplyArgs):
                return ""
            if isinstance(step, Assign):
                if assigns == number:
                    return str(self.emitter.slot.get(f"{step.population}.{step.variable}:override", ""))
                assigns += 1
        return ""


def _nodes(assign: AssignKernel) -> Iterable[Expr]:
    yield from walk(assign.expr)
    if assign.where is not None:
        yield from walk(assign.where)
