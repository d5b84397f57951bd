"""C++ of functions of the script's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...core.expr import Expr, UserCall, walk
from ...core.model import UserFunction
from .expressions import C_TYPES

if TYPE_CHECKING:
    from .emit import Emitter


@dataclass(frozen=True)
class FunctionEmitter:
    """What the template asks for about functions."""

    emitter: Emitter

    @cached_property
    def indexed(self) -> dict[str, bool]:
        """Which functions take the index of the neuron."""
        return {f.id: f.indexed for f in self.emitter.model.functions}

    def lines(self, nodes: Iterable[Expr]) -> list[str]:
        """User functions see the arrays of this context, whatever ran in this thread before."""
        called = any(isinstance(n, UserCall) for e in nodes for n in walk(e))
        return ["bind_functions(_c);"] if called and self.arrays else []

    @cached_property
    def ordered(self) -> list[tuple[UserFunction, list[str], list[str]]]:
        """User functions after those that they call, each with its includes and the rest of its code."""
        known = {f.id: f for f in self.emitter.model.functions}
        order: dict[str, UserFunction] = {}

        def place(function: UserFunction) -> None:
            for _, id in function.needs:
                if id not in order:
                    place(known[id])
            order[function.id] = function

        for function in known.values():
            place(function)
        result = []
        for function in order.values():
            lines = function.code.splitlines()
            includes = [line for line in lines if line.lstrip().startswith("#include")]
            result.append((function, includes, [line for line in lines if line not in includes]))
        return result

    @cached_property
    def arrays(self) -> list[tuple[str, str, str, int, bool]]:
        """Function, name, C type, slot of the input and whether a single number, for all that functions read."""
        return [
            (f.id, name, C_TYPES[self.emitter.input_dtype(id)], self.emitter.slot[id], single)
            for f in self.emitter.model.functions
            for name, id, single in f.arrays
        ]


__all__ = ["FunctionEmitter"]
