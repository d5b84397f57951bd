"""Which values a condition leaves to a variable at most, as far as that can be read off."""

from __future__ import annotations

from .algebra import ONE, add, sub
from .expr import Binary, Call, Compare, Expr, Lit, Logic, Unary, Var, depends_on

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
Bounds = tuple[list[Expr], list[Expr]]


def bounds(condition: Expr, variable: str, later: frozenset[str]) -> Bounds:
    """Lower and upper bounds (both included) of an integer variable where a condition holds.

    Parameters
    ----------
    condition : Expr
        A resolved condition.
    variable : str
        Name of the variable.
    later : frozenset of str
        Names that bounds cannot use, besides the variable.

    Returns
    -------
    lower, upper : list of Expr
        Expressions, to be rounded up and down to integers; the condition may leave out more than they do.
    """
    return _Bounds(variable, later | {variable}).of(condition)


class _Bounds:
    def __init__(self, variable: str, unknown: frozenset[str]) -> None:
        self.variable = Var(variable)
        self.unknown = unknown

    def of(self, condition: Expr) -> Bounds:
        if isinstance(condition, Logic) and condition.op == "and":
            first, second = self.of(condition.left), self.of(condition.right)
            return first[0] + second[0], first[1] + second[1]
        if isinstance(condition, Compare) and condition.op in _MIRRORED:
            if depends_on(condition.left, self.unknown):
                return self.compared(condition.left, condition.op, condition.right)
            return self.compared(condition.right, _MIRRORED[condition.op], condition.left)
        return [], []

    def compared(self, left: Expr, op: str, right: Expr) -> Bounds:
        """Bounds from ``left op right``, where ``left`` contains the variable."""
        if depends_on(right, self.unknown):
            return [], []
        if left == self.variable:
            low = [right] if op in (">", ">=", "==") else []
            high = [right] if op in ("<", "<=", "==") else []
            return low, high
        if isinstance(left, Call) and left.function == "abs" and op in ("<", "<="):
            first = self.compared(left.args[0], "<=", right)
            second = self.compared(left.args[0], ">=", Unary("-", right))
            return first[0] + second[0], first[1] + second[1]
        if isinstance(left, Binary):
            return self.binary(left, op, right)
        if isinstance(left, Unary) and left.op == "-":
            return self.compared(left.operand, _MIRRORED[op], Unary("-", right))
        return [], []

    def binary(self, left: Binary, op: str, right: Expr) -> Bounds:
        inside, other = left.left, left.right
        swapped = not depends_on(inside, self.unknown)
        if swapped:
            inside, other = other, inside
        if depends_on(other, self.unknown):
            return [], []
        if left.op == "+":
            return self.compared(inside, op, sub(right, other))
        if left.op == "-":
            if swapped:  # other - inside
                return self.compared(inside, _MIRRORED[op], sub(other, right))
            return self.compared(inside, op, add(right, other))
        if left.op == "//" and not swapped and _positive(other):
            low = (
                self.compared(inside, ">=", Binary("*", right, other))
                if op in (">", ">=", "==")
                else ([], [])
            )
            top = Binary("*", add(right, ONE), other)
            high = self.compared(inside, "<", top) if op in ("<", "<=", "==") else ([], [])
            return low[0] + high[0], low[1] + high[1]
        return [], []


def _positive(expr: Expr) -> bool:
    return isinstance(expr, Lit) and not isinstance(expr.value, bool) and expr.value > 0


__all__ = ["bounds"]
