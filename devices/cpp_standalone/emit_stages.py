"""C++ of loops in stages: a block of neurons goes through one loop after the other.

A loop in which functions are called many times holds their code as many times, which takes long to compile and
more registers than there are. In stages the calls are loops over arrays of arguments, and every function is
compiled once (`engine/blocks.h`); arithmetic and order of operations stay the same, and so do the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.expr import Call, UserCall, walk
from ...core.kernels import Kernel
from ...core.staging import Stages, make_stages
from ...core.statements import Stmt
from .emit_synapses import is_synapses
from .expressions import FUNCTIONS, Scope, identifier, in_precision

if TYPE_CHECKING:
    from .emit import Emitter

#: Functions that vectorise within a loop.
INLINE = frozenset(("exp", "expm1", "exprel", "log"))
#: Functions of the C library, one call of which keeps all of a loop from being vectorised.
_LIBRARY = frozenset("sin cos tan sinh cosh tanh arcsin arccos arctan log10 log1p".split())
#: How many calls a loop may have that vectorise within it.
_FEW = 2
#: From how many neurons on it matters how wide what they write is.
_MANY = 32


@dataclass(frozen=True)
class StageEmitter:
    """What the template asks for about loops in stages."""

    emitter: Emitter

    @cached_property
    def used(self) -> bool:
        """Whether any loop is cut into stages."""
        return any(self.loops(kernel) for kernel in self.emitter.kernels.kernels)

    def _stages(self, kernel: Kernel) -> Stages | None:
        """The stages of a loop over neurons; None where it stays one loop."""
        if kernel.kind not in ("held", "update", "operation") or kernel.single:
            return None
        population = self.emitter.model.population(kernel.population)
        if is_synapses(population):
            return None
        nodes = [n for s in kernel.body for n in walk(s.expr)]
        called = [n.function for n in nodes if isinstance(n, Call)]
        many = sum(name in INLINE for name in called) > _FEW or not _LIBRARY.isdisjoint(called)
        if kernel.matrices or any(isinstance(n, UserCall) for n in nodes):
            return None
        flags = self._flags(kernel)
        return make_stages(kernel.body, INLINE | _LIBRARY if many else (), flags) if many or flags else None

    def _flags(self, kernel: Kernel) -> frozenset[str]:
        """Truth values that a loop writes besides numbers, as a rule who is refractory."""
        population = self.emitter.model.population(kernel.population)
        if population.size < _MANY or self.emitter.lanes > 1:  # in lanes they are as wide as numbers
            return frozenset()
        stored = {v.name: v.dtype for v in population.variables} | dict.fromkeys(["not_refractory"], "bool")
        targets = {s.target: stored.get(s.target, "float") for s in kernel.body if not s.local}
        flags = frozenset(name for name, dtype in targets.items() if dtype == "bool")
        return flags if flags and set(targets.values()) - {"bool"} else frozenset()

    def _scope(self, kernel: Kernel, stages: Stages, together: bool) -> Scope:
        scope = self.emitter.side.scope(kernel) if together else self.emitter.scope(kernel)
        place = "_n - _first * LANES" if together else "i - _first"
        for s in _statements(stages):
            if s.local:
                text = f"{identifier(s.target)}[{place}]" if s.target in stages.crossing else ""
                scope = scope.with_local(s, text)
        return scope

    def arrays(self, kernel: Kernel) -> list[str]:
        """Declarations of what is kept from loop to loop."""
        stages = self._stages(kernel)
        assert stages is not None
        scope = self._scope(kernel, stages, together=False)
        wide = "int32_t" if self.emitter.model.population(kernel.population).single else "int64_t"
        types = {name: scope.ctype(name) for name in sorted(stages.crossing)}
        return [
            f"{wide if type_ == 'bool' else type_} {identifier(name)}[SF_BLOCK];"
            for name, type_ in types.items()
        ]

    def loops(self, kernel: Kernel, together: bool = False) -> list[tuple[list[str], list[str]]]:
        """Of each stage the lines for a neuron and the calls that follow; nothing where a loop is not in stages.

        The loop may be about one neuron of all runs ``together`` (`emit_lanes`).
        """
        stages = self._stages(kernel)
        if stages is None:
            return []
        scope = self._scope(kernel, stages, together)
        count = "(_last - _first) * LANES" if together else "_last - _first"
        return [
            (
                self.emitter.entry_lines(stage.body, scope.single)
                + self.emitter.statements(stage.body, scope, stages.crossing),
                [_call(s, count, scope) for s in stage.calls],
            )
            for stage in stages.loops
        ]


def _statements(stages: Stages) -> Iterable[Stmt]:
    for stage in stages.loops:
        yield from stage.body
        yield from stage.calls


def _call(statement: Stmt, count: str, scope: Scope) -> str:
    assert isinstance(statement.expr, Call)
    function = in_precision(FUNCTIONS[statement.expr.function], scope.ctype(statement.target))
    return f"sf_over<{function}>({identifier(statement.target)}, {count});"


__all__ = ["INLINE", "StageEmitter"]
