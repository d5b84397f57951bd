"""C++ of lanes: several runs that go through the time loop together.

Every run keeps a context of its own, as if it were alone, with its synapses, events, recordings and constants. Only
what neurons have lies side by side, element by element of all runs, and the loops over all neurons take the runs
together: there a vector register holds one neuron of many runs. Everything else is done run after run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.expr import (
    At,
    Draw,
    Expr,
    InputEntry,
    MatrixEntry,
    TimedCall,
    UserCall,
    Var,
    Within,
    walk,
)
from ...core.kernels import Array, Kernel
from ...core.precision import SINGLE
from .emit_draws import buffered, counted
from .emit_synapses import is_synapses
from .expressions import NOTHING, Scope, cpp, identifier

if TYPE_CHECKING:
    from .emit import Emitter

#: Loops over all neurons.
_LOOPS = ("held", "update", "operation", "threshold")
#: Loops over those neurons that had an event just now.
_OF_EVENTS = ("reset", "events")
_ONE = "[_l]"


@dataclass(frozen=True)
class LaneEmitter:
    """What the template asks for about lanes."""

    emitter: Emitter

    @cached_property
    def strided(self) -> frozenset[str]:
        """Arrays that have the runs side by side."""
        return frozenset(a.id for a in self.arrays)

    @cached_property
    def arrays(self) -> tuple[Array, ...]:
        """What neurons have; nothing where runs go alone."""
        if self.emitter.lanes < 2:
            return ()
        neurons = {p.id for p in self.emitter.model.populations if not is_synapses(p)}
        return tuple(a for a in self.emitter.fixed_arrays if a.population in neurons)

    def stored(self, dtype: str) -> str:
        """C++ type of their elements: of one width, so that registers have as many of each."""
        real = {"float64": "double", "float32": "float"}
        return real.get(dtype) or ("int32_t" if self._narrow else "int64_t")

    @cached_property
    def _narrow(self) -> bool:
        """Whether real numbers have four bytes rather than eight."""
        return any(a.dtype == SINGLE for a in self.arrays)

    def has(self, id: str) -> bool:
        """Whether an array has the runs side by side."""
        return id in self.strided

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """Lists of events, whose lengths are added up over the runs."""
        return tuple(name for name, _ in self.emitter.event_lists)

    def needed(self, kernel: Kernel) -> str:
        """The list of events without which a kernel has nothing to do, if there is one."""
        return self.emitter.events(kernel.population, kernel.event) if kernel.kind in _OF_EVENTS else ""

    def after(self, kernel: Kernel) -> Kernel:
        """Of a threshold, what is done with the neurons that it finds, run after run."""
        return replace(kernel, kind="reset", condition=None, draws=())

    # -- kernels that take the runs together --------------------------------------------------------------

    def together(self, kernel: Kernel) -> bool:
        """Whether a kernel's loop takes one neuron of all runs at a time."""
        population = self.emitter.model.population(kernel.population)
        if kernel.kind not in _LOOPS or kernel.single or is_synapses(population) or kernel.matrices:
            return False
        filled = {d.stream for d in (*buffered(kernel), *counted(kernel))}
        return all(self._fits(n, filled) for e in self._looped(kernel) for n in walk(e))

    def _fits(self, node: Expr, filled: set[int]) -> bool:
        """Whether a part of an expression asks nothing of its own run that only the run's context has."""
        if isinstance(node, Draw):
            return node.stream in filled
        if isinstance(node, MatrixEntry):
            return cpp(node, NOTHING) in self.emitter.setup.common
        return not isinstance(node, At | Within | InputEntry | TimedCall | UserCall)

    def _looped(self, kernel: Kernel) -> list[Expr]:
        """What is evaluated in the loop; statements of a threshold are for those neurons that it finds."""
        if kernel.kind == "threshold":
            return [] if kernel.condition is None else [kernel.condition]
        return [s.expr for s in kernel.body]

    def draws(self) -> list[tuple[Draw, str, str, int]]:
        """Random numbers that are laid side by side: draw, member, C++ type, and the number of neurons."""
        found = []
        for kernel in filter(self.together, self.emitter.kernels.kernels):
            size = self.emitter.model.population(kernel.population).size
            for draw in buffered(kernel):
                found.append((draw, f"draw{draw.stream}", f"sf_ahead<SF_{draw.distribution.upper()}>", size))
            for draw in counted(kernel):
                found.append((draw, f"draw{draw.stream}", "int64_t", size))
        return found

    def scope(self, kernel: Kernel) -> Scope:
        """Names as the loop has them."""
        scope = replace(self.emitter.scope(kernel), element="_n", lane=_ONE)
        population = self.emitter.model.population(kernel.population)
        arrays = {v.name for v in population.variables if v.stored and not v.shared}
        arrays |= {"lastspike", "not_refractory"} if population.refracts else set()
        shared = {v.name for v in population.variables if v.stored and v.shared}
        scalars = {s.target for s in kernel.scalars}
        variables = dict(scope.variables)
        for name, (_, dtype) in scope.variables.items():
            if name in arrays:
                variables[name] = (f"{identifier(name)}[_n]", dtype)
            elif name in scalars or name in shared:
                variables[name] = (f"{identifier(name)}{_ONE}", dtype)
        params = {slot: (f"{text}{_ONE}", number) for slot, (text, number) in scope.params.items()}
        return replace(scope, variables=variables, params=params)

    def declarations(self, kernel: Kernel) -> list[str]:
        """Local names for what the loop reads and writes, of all runs."""
        e = self.emitter
        population = e.model.population(kernel.population)
        looped = [n for x in self._looped(kernel) for n in walk(x)]
        names = {n.name for n in looped if isinstance(n, Var)}
        targets = {s.target for s in kernel.body if not s.local} if kernel.kind != "threshold" else set()
        own = "_clock" if kernel.clock == population.clock else f"_g->clock_{identifier(population.clock)}"
        lines = e.clock_lines(names, own, population.single)
        lines += [line.replace("_c->", "_g->") for line in e.pointers(population, names, targets)]
        for name, c, member in e.constants_of(looped, population.single):
            lines.append(f"const {c}* __restrict__ {name} = _g->{_laid(member, c)};")
        for draw in buffered(kernel):
            name = f"draw{draw.stream}"
            lines.append(f"const double* __restrict__ _{name} = _g->{name}.at(_clock.tick());")
        for draw in counted(kernel):
            lines.append(f"int64_t* __restrict__ _draw{draw.stream} = _g->draw{draw.stream};")
        scope = e.scope(kernel)
        for s in kernel.scalars:
            lines.append(f"{scope.ctype(s.target)} {scope.variables[s.target][0]}[LANES];")
        return lines

    def prologue(self, kernel: Kernel) -> list[str]:
        """What is computed for each run before the loop."""
        e = self.emitter
        numbers = counted(kernel)
        if not kernel.scalars and not numbers:
            return []
        alone = replace(kernel, body=(), condition=None, draws=())
        needed = [n for s in kernel.scalars for n in walk(s.expr)] + [n for d in numbers for n in walk(d)]
        population = e.model.population(kernel.population)
        names = {n.name for n in needed if isinstance(n, Var)}
        own = "_clock" if kernel.clock == population.clock else f"_c->clock_{identifier(population.clock)}"
        lines = e.functions.lines([s.expr for s in kernel.scalars])
        lines += e.clock_lines(names, own, population.single)
        lines += e.pointers(population, names, set(), e.shared_values(alone)) + e.constant_lines(
            needed, population.single
        )
        scope = e.scope(alone)
        for s in kernel.scalars:
            target, dtype = scope.variables[s.target]
            lines.append(f"const {scope.ctype(s.target)} _{target}_here = {cpp(s.expr, scope)};")
            lines.append(f"{target}[_l] = _{target}_here;")
            scope = replace(scope, variables={**scope.variables, s.target: (f"_{target}_here", dtype)})
        for draw in numbers:
            args = "".join(f"{cpp(arg, scope)}, " for arg in draw.args)
            name = f"draw{draw.stream}"
            made = f"_c->{name}.{draw.distribution}({args}_c->seed, {draw.stream}u, _clock.tick())"
            lines.append(f"sf_lay(_{name} + _l, LANES, {made}, N);")
        return lines

    def body(self, kernel: Kernel) -> list[str]:
        """What the loop does for neuron ``i`` of run ``_l``, whose elements have the number ``_n``."""
        return self.emitter.statements(kernel.body, self.scope(kernel))

    def condition(self, kernel: Kernel) -> str:
        """Of a threshold, what it asks."""
        assert kernel.condition is not None
        return cpp(kernel.condition, self.scope(kernel))

    # -- a run ----------------------------------------------------------------------------------------------

    @cached_property
    def constants(self) -> list[tuple[str, str, str]]:
        """Of each number that a run has of its own and loops over neurons read: member, type, and whence it is."""
        e = self.emitter
        found: dict[str, tuple[str, str]] = {}
        for kernel in filter(self.together, e.kernels.kernels):
            nodes = [n for x in self._looped(kernel) for n in walk(x)]
            single = e.model.population(kernel.population).single
            found |= {_laid(m, c): (c, m) for _, c, m in e.constants_of(nodes, single)}
        return [(name, c, member) for name, (c, member) in sorted(found.items())]

    def grid_slots(self) -> list[int]:
        """Inputs that have to be the same in all runs: durations and time steps."""
        return [n for n, item in enumerate(self.emitter.inputs) if item.kind in ("dt", "duration")]


def _laid(member: str, c: str) -> str:
    """Where a number of all runs lies, in the precision in which it is read."""
    return f"{member}_single" if c == "float" else member


__all__ = ["LaneEmitter"]
