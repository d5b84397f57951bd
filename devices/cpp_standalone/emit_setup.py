"""C++ of what is computed once when a run starts: constants, and the propagators of linear equations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.expr import MatrixEntry, walk
from ...core.integrators import Propagator
from ...core.kernels import Kernel
from ...core.model import Run
from .emit_synapses import is_synapses
from .expressions import KINDS, NOTHING, Scope, cpp, identifier

if TYPE_CHECKING:
    from .emit import Emitter


@dataclass(frozen=True)
class SetupEmitter:
    """What the template asks for about the start of a run."""

    emitter: Emitter

    @cached_property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """For each propagator of the run, the entries of P and Q that some kernel reads."""
        used: dict[str, None] = {}
        for expr in self.emitter.all_expressions():
            for node in walk(expr):
                if isinstance(node, MatrixEntry):
                    used[cpp(node, NOTHING)] = None
        return {
            m.propagator.name: tuple(u for u in used if u.startswith(f"{identifier(m.propagator.name)}__"))
            for m in self.emitter.kernels.matrices
        }

    @cached_property
    def common(self) -> tuple[str, ...]:
        """Those that are the same for all neurons."""
        chosen = [m.propagator.name for m in self.emitter.kernels.matrices if not m.each]
        return tuple(entry for name in chosen for entry in self.entries[name])

    @cached_property
    def single(self) -> dict[str, int]:
        """Those of which each neuron has its own, and the number of neurons."""
        chosen = [m for m in self.emitter.kernels.matrices if m.each]
        return {
            entry: self.emitter.model.population(m.population).size
            for m in chosen
            for entry in self.entries[m.propagator.name]
        }

    def of_neuron(self, matrix: Propagator, scope: Scope, kernel: Kernel) -> list[str]:
        """A propagator for one neuron."""
        used = {
            cpp(n, NOTHING): n for e in kernel.expressions() for n in walk(e) if isinstance(n, MatrixEntry)
        }
        own = {text: n for text, n in used.items() if n.matrix.rsplit(".", 1)[0] == matrix.name}
        name = identifier(matrix.name)
        lines = self._propagator(matrix, scope, name, "_clock.dt")
        for text, n in own.items():
            which = n.matrix.rsplit(".", 1)[1]
            lines.append(f"const double {text} = {name}_{which}[{n.row * matrix.order + n.column}];")
        return lines

    def _propagator(self, matrix: Propagator, scope: Scope, name: str, dt: str) -> list[str]:
        d = matrix.order
        entries = ", ".join(cpp(e, scope) for e in matrix.entries)
        return [
            f"const double {name}_A[{d * d}] = {{{entries}}};",
            f"double {name}_P[{d * d}], {name}_Q[{d * d}];",
            f"sf_phi1<{d}>({name}_A, {dt}, {name}_P, {name}_Q);",
        ]

    def lines(self, run: Run) -> list[str]:
        """What is computed once when a run starts."""
        lines = self.emitter.functions.lines(list(self.emitter.all_expressions()))
        for m in self.emitter.kernels.matrices:
            if m.population in run.objects:
                scope, dt = self.scope(m.population)
                name = identifier(m.propagator.name)
                size = self.emitter.model.population(m.population).size
                lines.append(f"for (int64_t i = 0; i < {size}; ++i) {{" if m.each else "{")
                lines += [f"  {line}" for line in self._propagator(m.propagator, scope, name, dt)]
                for entry in self.entries[m.propagator.name]:
                    target = f"{entry}[i]" if m.each else entry
                    lines.append(f"  _c->{target} = {self._entry_value(entry, name, m.propagator.order)};")
                lines.append("}")
        for c in self.emitter.kernels.constants:
            if c.population in run.objects:
                scope, _ = self.scope(c.population)
                lines.append(f"_c->{c.name} = {cpp(c.expr, scope)};")
        return lines

    def _entry_value(self, entry: str, name: str, order: int) -> str:
        which, row, column = entry[len(name) + 2 :].split("_")
        return f"{name}_{which}[{int(row) * order + int(column)}]"

    def scope(self, population: str) -> tuple[Scope, str]:
        """Names at the start of a run, in the context of a population, and its time step."""
        p = self.emitter.model.population(population)
        clock = f"_c->clock_{identifier(p.clock)}"
        variables = {
            "i": ("i", "int"),
            "dt": (f"{clock}.dt", "float"),
            "N": (self.emitter.syn.count(p), "int"),
        }
        if is_synapses(p):
            sides = ("pre", "post")
            variables |= {
                f"N_{side}": (f"(int64_t){self.emitter.syn.size(p, side)}", "int") for side in sides
            }
        for v in p.variables:
            if v.stored and (v.shared or v.constant):
                index = "0" if v.shared else "i" if is_synapses(p) else self.emitter.at("i")
                variables[v.name] = (f"_c->{identifier(f'{p.id}.{v.name}')}[{index}]", v.dtype)
        params = {s: (f"_c->slot_{identifier(s)}", KINDS[d]) for s, d in self.emitter.constant_slots.items()}
        scope = Scope(
            variables,
            params,
            in_context=True,
            indexed=self.emitter.functions.indexed,
            strided=self.emitter.side.strided,
        )
        return scope, f"{clock}.dt"


__all__ = ["SetupEmitter"]
