"""Small rewritings of expressions that integrators and lowering need: sums, products, linear parts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Mapping

from .expr import Binary, Call, Expr, Lit, Unary, transform, walk

Atom = Callable[[Expr], Hashable | None]

ZERO, ONE = Lit(0.0), Lit(1.0)


def is_number(expr: Expr, value: float) -> bool:
    """Whether an expression is that very number."""
    return isinstance(expr, Lit) and not isinstance(expr.value, bool) and expr.value == value


def add(left: Expr, right: Expr) -> Expr:
    """``left + right`` without adding zeros."""
    if is_number(left, 0):
        return right
    if is_number(right, 0):
        return left
    return Binary("+", left, right)


def sub(left: Expr, right: Expr) -> Expr:
    """``left - right`` without subtracting zeros."""
    if is_number(right, 0):
        return left
    return neg(right) if is_number(left, 0) else Binary("-", left, right)


def neg(expr: Expr) -> Expr:
    """``-expr``."""
    return expr.operand if isinstance(expr, Unary) and expr.op == "-" else Unary("-", expr)


def mul(left: Expr, right: Expr) -> Expr:
    """``left * right`` without multiplying by zeros and ones."""
    if is_number(left, 0) or is_number(right, 0):
        return ZERO
    if is_number(left, 1):
        return right
    if is_number(right, 1):
        return left
    return Binary("*", left, right)


def div(left: Expr, right: Expr) -> Expr:
    """``left / right``."""
    return ZERO if is_number(left, 0) else left if is_number(right, 1) else Binary("/", left, right)


def total(terms: list[Expr]) -> Expr:
    """Sum of several terms."""
    result: Expr = ZERO
    for term in terms:
        result = add(result, term)
    return result


def select(condition: Expr, yes: Expr, no: Expr) -> Expr:
    """``yes`` where the condition holds, else ``no``; both are evaluated, so that it vectorises."""
    return Call("select", (condition, yes, no))


def linear_parts(expr: Expr, atom: Atom) -> Mapping[Hashable, Expr] | None:
    """Write an expression as a sum of atoms times coefficients.

    Parameters
    ----------
    expr : Expr
        Any expression.
    atom : callable
        Gives a key for the nodes in which the expression is to be linear, ``None`` for all others.

    Returns
    -------
    mapping or None
        Coefficient of each atom and, under ``None``, what is left; no coefficient contains an atom.
        ``None`` when the expression is not linear in the atoms as it is written.
    """
    key = atom(expr)
    if key is not None:
        return {key: ONE}
    if not any(atom(node) is not None for node in walk(expr)):
        return {None: expr}
    if isinstance(expr, Unary) and expr.op in "+-":
        parts = linear_parts(expr.operand, atom)
        if parts is None or expr.op == "+":
            return parts
        return {k: neg(v) for k, v in parts.items()}
    if isinstance(expr, Binary):
        return _linear_binary(expr, atom)
    if isinstance(expr, Call) and expr.function == "select":
        return _linear_select(expr, atom)
    return None


def _linear_binary(expr: Binary, atom: Atom) -> Mapping[Hashable, Expr] | None:
    left, right = linear_parts(expr.left, atom), linear_parts(expr.right, atom)
    if left is None or right is None:
        return None
    if expr.op in "+-":
        join = add if expr.op == "+" else sub
        keys = dict.fromkeys((*left, *right))
        return {k: join(left.get(k, ZERO), right.get(k, ZERO)) for k in keys}
    if expr.op == "*" and set(right) == {None}:
        return {k: mul(v, expr.right) for k, v in left.items()}
    if expr.op == "*" and set(left) == {None}:
        return {k: mul(expr.left, v) for k, v in right.items()}
    if expr.op == "/" and set(right) == {None}:
        return {k: div(v, expr.right) for k, v in left.items()}
    return None


def _linear_select(expr: Call, atom: Atom) -> Mapping[Hashable, Expr] | None:
    condition, yes, no = expr.args
    chosen, other = linear_parts(yes, atom), linear_parts(no, atom)
    if chosen is None or other is None or any(atom(n) is not None for n in walk(condition)):
        return None
    keys = dict.fromkeys((*chosen, *other))
    return {k: select(condition, chosen.get(k, ZERO), other.get(k, ZERO)) for k in keys}


def fold(expr: Expr) -> Expr:
    """Calculate with literals: ``10 * 0.001`` is ``0.01``, ``x ** -1`` has a literal for its exponent."""
    return transform(expr, _folded)


def _folded(node: Expr) -> Expr | None:
    if isinstance(node, Unary) and node.op in "+-":
        operand = fold(node.operand)
        if isinstance(operand, Lit):
            return Lit(-operand.value if node.op == "-" else operand.value)
        return Unary("-", operand) if node.op == "-" else operand
    if not isinstance(node, Binary) or node.op not in ("+", "-", "*", "/", "**"):
        return None
    left, right = fold(node.left), fold(node.right)
    if isinstance(left, Lit) and isinstance(right, Lit):
        value = _calculated(node.op, left.value, right.value)
        if value is not None:
            return Lit(value)
    simple = {"*": mul, "/": div}.get(node.op)
    return Binary(node.op, left, right) if simple is None else simple(left, right)


_OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}


def _calculated(op: str, left: float, right: float) -> float | None:
    """The value of an operation with literals, unless only the run can tell or it does not fit."""
    if (op == "/" and not right) or (op == "**" and (left <= 0 or abs(right) > 64)):
        return None
    value: float = _OPERATIONS[op](left, right)
    return None if isinstance(value, int) and abs(value) >= 2**53 else value
