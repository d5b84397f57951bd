"""What the code of synapses has to do with neurons, to tell whether the order of synapses matters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .equations import DIFFERENTIAL, EVENT_DRIVEN, Equations
from .expr import Expr, Name, names, transform
from .independence import Neurons, check_independent
from .statements import Stmt
from .synapsenames import full_name

if TYPE_CHECKING:
    from .synapses import Synapses


def check_order(synapses: Synapses, statements: Iterable[Stmt], what: str) -> None:
    """Refuse statements whose outcome depends on which synapse comes first; see `check_independent`.

    Raises
    ------
    ExpressionError
        Naming the statement.
    """
    full = {name: full_name(reference) for name, reference in synapses.references.items()}

    def rewrite(node: Expr) -> Expr | None:
        return Name(full[node.id]) if isinstance(node, Name) and node.id in full else None

    block = [Stmt(full.get(s.target, s.target), transform(s.expr, rewrite)) for s in statements]
    neurons = _neurons(synapses)
    own = synapses.equations
    reads = {
        e.name: _keys(neurons, {full.get(n, n) for n in closure(own, e.expr)})
        for e in own.ordered
        if e.expr is not None
    }
    before = {e.name: reads[e.name] for e in own.of_kind(DIFFERENTIAL) if EVENT_DRIVEN in e.flags}
    inner = {name: keys for name, keys in reads.items() if name in own.subexpr_names}
    check_independent(
        block,
        Neurons(neurons.key, {**neurons.read, **inner}),
        {*synapses.variable_types, *neurons.key},
        what,
        before,
    )


def closure(equations: Equations, expr: Expr) -> set[str]:
    """Names in an expression and in the subexpressions that it uses."""
    found: set[str] = set()
    waiting = set(names(expr))
    while waiting:
        name = waiting.pop()
        found.add(name)
        inner = equations[name].expr if name in equations.subexpr_names else None
        if inner is not None:
            waiting |= names(inner) - found
    return found


def _keys(neurons: Neurons, found: Iterable[str]) -> set[str]:
    return set().union(*(neurons.read.get(name, ()) for name in found))


def _neurons(synapses: Synapses) -> Neurons:
    source, target = synapses.source, synapses.target
    common = range(max(source._rows.start, target._rows.start), min(source._rows.stop, target._rows.stop))
    same = source._root is target._root and (len(common) > 0 or source._root is source is target)
    key, read = {}, {}
    for reference in set(synapses.references.values()):
        key[full_name(reference)] = reference.variable if same else full_name(reference)
    for reference in set(synapses.references.values()):
        equations = synapses.end(reference.side)._root.equations
        found = {reference.variable}
        if reference.variable in equations.subexpr_names:
            expr = equations[reference.variable].expr
            found = closure(equations, expr) if expr is not None else found
        sides = {f"{name}_{reference.side}" for name in found}
        read[full_name(reference)] = {key[name] for name in sides if name in key}
    return Neurons(key, read)


__all__ = ["check_order", "closure"]
