"""Which random numbers are drawn for a whole population before its loop."""

from __future__ import annotations

from ...core.expr import Binary, Const, Draw, Lit, Param, Unary, Var, walk
from ...core.kernels import Kernel


def buffered(kernel: Kernel) -> tuple[Draw, ...]:
    """Draws that are made for all neurons before the loop; others are made where they are used."""
    many = kernel.kind in ("held", "update", "threshold", "operation") and not kernel.single
    return kernel.draws if many else ()


def counted(kernel: Kernel) -> tuple[Draw, ...]:
    """Poisson and binomial draws whose parameters are the same for all neurons."""
    if kernel.kind not in ("held", "update", "threshold", "operation") or kernel.single:
        return ()
    known = {"dt", *(s.target for s in kernel.scalars)}
    found: dict[Draw, None] = {}
    for expr in (*(s.expr for s in kernel.body), *([] if kernel.condition is None else [kernel.condition])):
        for node in walk(expr):
            if (
                isinstance(node, Draw)
                and node.distribution in ("binomial", "poisson")
                and _alike(node, known)
            ):
                found[node] = None
    return tuple(found)


def _alike(draw: Draw, known: set[str]) -> bool:
    nodes = [n for arg in draw.args for n in walk(arg)]
    return all(
        isinstance(n, Lit | Const | Param | Binary | Unary) or (isinstance(n, Var) and n.name in known)
        for n in nodes
    )
