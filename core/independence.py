"""Whether code for several synapses of one neuron means the same in any order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .expr import Binary, Call, Draw, Expr, ExpressionError, Lit, Name, Unary, names
from .statements import Stmt

_GROUPS = {"+": "+", "-": "+", "*": "*", "/": "*"}


class Neurons(NamedTuple):
    """What the names of statements have to do with variables of neurons.

    Parameters
    ----------
    key : mapping
        Of each name of such a variable what it is called; the same for names that may mean the same value, as
        ``v_pre`` and ``v_post`` do where a group is connected to itself.
    read : mapping
        Of each name the ``key`` of all that its value depends on, as that of a subexpression does.
    """

    key: Mapping[str, str]
    read: Mapping[str, Collection[str]]


def check_independent(
    block: Iterable[Stmt],
    neurons: Neurons,
    variables: Collection[str],
    what: str,
    before: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> None:
    """Refuse statements whose outcome depends on which synapse comes first.

    A variable of a neuron may be summed into or multiplied by something that does not depend on it, or set to
    what is the same for all synapses of the neuron; what is changed like that must not be read elsewhere.

    Parameters
    ----------
    block : iterable of Stmt
        The statements, with one name for each variable of the neurons at one end.
    neurons : Neurons
        Which names stand for variables of neurons, or depend on them.
    variables : collection of str
        Everything that may differ between synapses; other names stand for constants.
    what : str
        What messages call the code.
    before : mapping
        Event-driven variables, whose equations are solved first, each with the ``key`` of what it depends on.

    Raises
    ------
    ExpressionError
        Naming the statement.
    """
    statements = list(block)
    changed = {neurons.key[s.target]: s.target for s in statements if s.target in neurons.key}
    different = {*variables, *(s.target for s in statements)}
    for name, keys in before.items():
        for key in sorted(changed.keys() & set(keys)):
            raise ExpressionError(
                f"The equation of {name!r} reads {changed[key]!r}, which synapses that come first have changed. "
                f"{_REMEDY}"
            )
    for s in statements:
        rest, operation = _accumulated(s) if s.target in neurons.key else (s.expr, "")
        read = sorted(n for n in _read(rest) if changed.keys() & set(neurons.read.get(n, ())))
        if read:
            raise ExpressionError(
                _message(s, f"reads {read[0]!r}, which synapses that come first have changed")
            )
        if s.target in neurons.key and not operation and not _same_for_all(rest, different):
            raise ExpressionError(_message(s, f"leaves {s.target!r} with the value of the last synapse"))
    _check_operations(statements, neurons.key, what)


def _check_operations(statements: list[Stmt], key: Mapping[str, str], what: str) -> None:
    """Sums commute with sums, products with products; values that are set do not, unless they are the same."""
    kinds: dict[str, set[str]] = {}
    for s in statements:
        if s.target in key:
            operation = _accumulated(s)[1] or f"= in {s.target}"
            kinds.setdefault(key[s.target], set()).add(operation)
    for target, found in kinds.items():
        if len(found) > 1:
            targets = sorted({s.target for s in statements if key.get(s.target) == target})
            raise ExpressionError(
                f"{what} changes {' and '.join(map(repr, targets))} in different ways (sums, products, values), so "
                "that the order of synapses matters. " + _REMEDY
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
    return names(expr)


def _same_for_all(expr: Expr, variables: Collection[str]) -> bool:
    """Whether a value is the same for all synapses."""
    if isinstance(expr, Draw | Call):
        return False
    if isinstance(expr, Unary | Binary):
        return all(_same_for_all(child, variables) for child in expr.children())
    return isinstance(expr, Lit) or (isinstance(expr, Name) and (expr.id == "t" or expr.id not in variables))


__all__ = ["Neurons", "check_independent"]
