"""Equations as LaTeX, which notebooks show."""

from __future__ import annotations

from collections.abc import Iterable

from .equations import DIFFERENTIAL, Equation
from .expr import Binary, Call, Compare, Expr, Lit, Logic, Name, Unary

_GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
    omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega""".split()
)
_NAMED = frozenset("sin cos tan arcsin arccos arctan sinh cosh tanh exp log".split())
_SIGNS = {
    "<=": r"\leq",
    ">=": r"\geq",
    "==": "=",
    "!=": r"\neq",
    "and": r"\wedge",
    "or": r"\vee",
    "%": r"\bmod",
}
_LEVEL = {"or": 1, "and": 2, "compare": 4, "+": 5, "-": 5, "*": 6, "%": 6, "unary": 7, "**": 8}


def name_latex(name: str) -> str:
    """A name with what follows its first underscore as an index, Greek letters as such."""
    head, _, rest = name.partition("_")
    parts = [rf"\{p}" if p in _GREEK else p if len(p) == 1 else rf"\mathrm{{{p}}}" for p in (head, rest) if p]
    index = parts[1].replace("_", r"\_") if rest and head else ""
    return f"{parts[0]}_{{{index}}}" if index else parts[0]


def latex(expr: Expr, outer: int = 0) -> str:
    """An expression; in parentheses where it binds less than what surrounds it."""
    if isinstance(expr, Lit):
        return rf"\mathrm{{{expr.value}}}" if isinstance(expr.value, bool) else f"{expr.value:g}"
    if isinstance(expr, Name):
        return name_latex(expr.id)
    if isinstance(expr, Call):
        return _call(expr)
    if isinstance(expr, Unary):
        sign = r"\neg " if expr.op == "not" else expr.op
        return _wrapped(f"{sign}{latex(expr.operand, _LEVEL['unary'])}", _LEVEL["unary"], outer)
    if isinstance(expr, Binary) and expr.op in ("/", "//"):
        fraction = rf"\frac{{{latex(expr.left)}}}{{{latex(expr.right)}}}"
        return fraction if expr.op == "/" else rf"\left\lfloor {fraction} \right\rfloor"
    if isinstance(expr, Binary) and expr.op == "**":
        over = isinstance(expr.left, Binary) and expr.left.op == "/"
        base = latex(expr.left, _LEVEL["**"] + 1)
        base = rf"\left({base}\right)" if over else base
        return _wrapped(f"{base}^{{{latex(expr.right)}}}", _LEVEL["**"], outer)
    assert isinstance(expr, Binary | Compare | Logic)
    level = _LEVEL["compare" if isinstance(expr, Compare) else expr.op]
    sign = r"\," if expr.op == "*" else f" {_SIGNS.get(expr.op, expr.op)} "
    return _wrapped(f"{latex(expr.left, level)}{sign}{latex(expr.right, level + 1)}", level, outer)


def _call(expr: Call) -> str:
    args = ", ".join(latex(arg) for arg in expr.args)
    if expr.function == "sqrt":
        return rf"\sqrt{{{args}}}"
    if expr.function == "abs":
        return rf"\left|{args}\right|"
    name = expr.function.replace("_", r"\_")
    head = rf"\{name}" if name in _NAMED else rf"\operatorname{{{name}}}"
    return rf"{head}\left({args}\right)"


def _wrapped(inner: str, level: int, outer: int) -> str:
    return rf"\left({inner}\right)" if level < outer else inner


def equation_latex(equation: Equation) -> str:
    """One line of an alignment."""
    left = name_latex(equation.name)
    if equation.kind == DIFFERENTIAL:
        left = rf"\frac{{\mathrm{{d}}{left}}}{{\mathrm{{d}}t}}"
    right = "" if equation.expr is None else f" = {latex(equation.expr)}"
    unit = equation.unit.replace("**", "^").replace("_", r"\_")
    flags = f", {', '.join(sorted(equation.flags))}" if equation.flags else ""
    return rf"{left} &{right} && \text{{({unit}{flags})}}"


def equations_latex(equations: Iterable[Equation]) -> str:
    """All equations, one below the other."""
    lines = " \\\\\n".join(equation_latex(e) for e in equations)
    return f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"
