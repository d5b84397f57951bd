"""Whether code for several synapses of one neuron means the same in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .expr import Binary, Call, Draw, Expr, ExpressionError, Lit, Name, Unary, Var, walk
from .statements import Stmt

_GROUPS = {"+": "+", "-": "+", "*": "*", "/": "*"}


def check_independent(
    block: Iterable[Stmt], neurons: Collection[str], variables: Collection[str], what: str
) -> None:
    """Refuse statements whose outcome depends on which synapse comes first.

    A variable of a neuron may be summed into or multiplied by something that does not depend on it, or set to
    what is the same for all synapses of the neuron; what is changed like that must not be read elsewhere.

    Parameters
    ----------
    block : iterable of Stmt
        The statements, with unresolved names.
    neurons : collection of str
        Names that stand for variables of neurons.
    variables : collection of str
        Everything that may differ between synapses; other names stand for constants.
    what : str
        What messages call the code.

    Raises
    ------
    ExpressionError
        Naming the statement.
    """
    statements = list(block)
    written_to = {s.target for s in statements if s.target in neurons}
    if not written_to:
        return
    operations: dict[str, set[str]] = {}
    for s in statements:
        rest, operation = _accumulated(s) if s.target in neurons else (s.expr, "")
        if s.target in neurons:
            operations.setdefault(s.target, set()).add(operation)
        read = sorted(written_to & _read(rest))
        if read:
            raise ExpressionError(
                _message(s, f"reads {read[0]!r}, which synapses that come first have changed")
            )
        if s.target in neurons and not operation and not _same_for_all(rest, variables):
            raise ExpressionError(_message(s, f"leaves {s.target!r} with the value of the last synapse"))
    for target, kinds in operations.items():
        if len(kinds) > 1:
            raise ExpressionError(
                f"{what} changes {target!r} in different ways (sums, products, values), so that the order of synapses "
                "matters. " + _REMEDY
            )


_REMEDY = (
    "Rewrite it so that each synapse adds to a variable of the neuron, or say Synapses(…, order_matters=True) to "
    "have synapses worked through by source, delay and number."
)


def _message(statement: Stmt, why: str) -> str:
    return f"{str(statement)!r} depends on the order of synapses: it {why}. {_REMEDY}"


def _accumulated(statement: Stmt) -> tuple[Expr, str]:
    """What is summed or multiplied into the target, with the operation; all of it where it is neither."""
    expr, target = statement.expr, Name(statement.target)
    if isinstance(expr, Binary) and expr.op in _GROUPS and expr.left == target:
        return expr.right, _GROUPS[expr.op]
    if isinstance(expr, Binary) and expr.op in "+*" and expr.right == target:
        return expr.left, _GROUPS[expr.op]
    return expr, ""


def _read(expr: Expr) -> set[str]:
    return {n.id if isinstance(n, Name) else n.name for n in walk(expr) if isinstance(n, Name | Var)}


def _same_for_all(expr: Expr, variables: Collection[str]) -> bool:
    """Whether a value is the same for all synapses."""
    if isinstance(expr, Draw | Call):
        return False
    if isinstance(expr, Unary | Binary):
        return all(_same_for_all(child, variables) for child in expr.children())
    return isinstance(expr, Lit) or (isinstance(expr, Name) and (expr.id == "t" or expr.id not in variables))


__all__ = ["check_independent"]
