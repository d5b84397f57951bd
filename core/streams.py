"""The pass that gives each place which draws random numbers a stream of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from .events import SPIKE
from .expr import Call, Draw, Expr, UserCall, transform
from .functions import ALL_FUNCTIONS
from .kernels import AssignKernel, Kernel


def number_streams(
    kernels: list[Kernel], assigns: list[AssignKernel]
) -> tuple[list[Kernel], list[AssignKernel], set[int]]:
    """Give each place that draws random numbers a stream of its own.

    The stream follows from the place alone (object, kind of code, order in it), so that a group draws the same
    numbers whatever else the model contains, and whether a device sees the whole program or one run at a time.
    Returns the streams taken too.
    """
    taken: set[int] = set()

    def with_draws(kernel: Kernel) -> Kernel:
        draws: list[Draw] = []
        event = "" if kernel.event in ("", SPIKE) else f".{kernel.event}"
        rewrite = numbered(f"{kernel.owner}/{kernel.kind}{event}", draws, taken)
        kernel = kernel.map(lambda expr: transform(expr, rewrite))
        return replace(kernel, draws=tuple(d for d in draws if d.distribution and not d.args))

    made: dict[str, int] = {}
    new_assigns = []
    for assign in assigns:
        target = f"{assign.population}.{assign.variable}"
        rewrite = numbered(f"{target}={made.setdefault(target, 0)}", [], taken)
        made[target] += 1
        where = None if assign.where is None else transform(assign.where, rewrite)
        new_assigns.append(replace(assign, where=where, expr=transform(assign.expr, rewrite)))
    return [with_draws(kernel) for kernel in kernels], new_assigns, taken


def numbered(place: str, draws: list[Draw], taken: set[int]) -> Callable[[Expr], Expr | None]:
    """Gives draws and calls with state their streams; what it found is added to ``draws``, inner ones first."""

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, UserCall) and node.stateful:
            distribution = ""
        elif isinstance(node, Call) and node.function in ALL_FUNCTIONS:
            distribution = ALL_FUNCTIONS[node.function].draw
            if not distribution:
                return None
        else:
            return None
        args = tuple(transform(arg, rewrite) for arg in node.args)
        stream = stream_of(f"{place}/{len(draws)}", taken)
        draws.append(Draw(distribution, stream, args))
        return replace(node, args=args, stream=stream) if isinstance(node, UserCall) else draws[-1]

    return rewrite


def stream_of(place: str, taken: set[int]) -> int:
    """A 32-bit number for a place, other than those taken; it is noted as taken."""
    stream = int.from_bytes(hashlib.blake2b(place.encode(), digest_size=4).digest(), "little")
    while stream in taken:
        stream = (stream + 1) % 2**32
    taken.add(stream)
    return stream
