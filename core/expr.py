"""Expressions as frozen trees: parsed from the strings of a model, compared, hashed and rewritten.

A string such as ``'(v0 - v)/tau'`` is parsed with Python's own grammar into the nodes below. Names are then
resolved (`core.resolve`), which turns each `Name` into a variable of a group, a slot of a constant, a
literal or a function. Every later pass rewrites these trees; nothing works on text again.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache

from .dimensions import DIMENSIONLESS, Dimension


class ExpressionError(SyntaxError):
    """A string of a model is not an expression of the language."""


@dataclass(frozen=True)
class Expr:
    """Base of all nodes."""

    def children(self) -> tuple[Expr, ...]:
        return ()

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return self


@dataclass(frozen=True)
class Lit(Expr):
    """A number or truth value, in base SI units; a unit's name in a model is a literal too."""

    value: float | int | bool
    dim: Dimension = DIMENSIONLESS
    name: str = field(default="", compare=False)  # what the user wrote, for messages


@dataclass(frozen=True)
class Name(Expr):
    """A name that has not been resolved yet."""

    id: str


@dataclass(frozen=True)
class Var(Expr):
    """A variable of the group in whose context the expression stands (state, special or local)."""

    name: str


@dataclass(frozen=True)
class Param(Expr):
    """A constant from the namespace; its value is an input of the build."""

    slot: str


@dataclass(frozen=True)
class Element(Expr):
    """The element of an input array that belongs to the current target of an assignment."""

    input: str


@dataclass(frozen=True)
class At(Expr):
    """The value that a variable of any population has at an index."""

    array: str  # 'population.variable'
    index: Expr
    dtype: str

    def children(self) -> tuple[Expr, ...]:
        return (self.index,)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return At(self.array, children[0], self.dtype)


@dataclass(frozen=True)
class InputEntry(Expr):
    """The element of an input array of integers at an index."""

    input: str
    index: Expr

    def children(self) -> tuple[Expr, ...]:
        return (self.index,)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return InputEntry(self.input, children[0])


@dataclass(frozen=True)
class Within(Expr):
    """An index that can be anything: one outside 0 to ``size - 1`` ends the run with an error about ``what``."""

    index: Expr
    size: int
    what: str

    def children(self) -> tuple[Expr, ...]:
        return (self.index,)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return Within(children[0], self.size, self.what)


@dataclass(frozen=True)
class Const(Expr):
    """A quantity computed once at the start of each run (made by lowering)."""

    name: str


@dataclass(frozen=True)
class MatrixEntry(Expr):
    """An entry of a propagator matrix computed at the start of each run or, in a loop, per neuron."""

    matrix: str
    row: int
    column: int


@dataclass(frozen=True)
class Noise(Expr):
    """A white-noise term of a differential equation, ``xi`` or ``xi_name``."""

    name: str


@dataclass(frozen=True)
class Draw(Expr):
    """One random number per element and step, from the stream given."""

    distribution: str  # 'uniform', 'normal', 'poisson', …
    stream: int
    args: tuple[Expr, ...] = ()  # parameters of the distribution

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return Draw(self.distribution, self.stream, children)


@dataclass(frozen=True)
class Call(Expr):
    """A function of the language."""

    function: str
    args: tuple[Expr, ...]

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return Call(self.function, children)


@dataclass(frozen=True)
class UserCall(Expr):
    """A function of the script's own; ``stream`` is given to one with state by lowering."""

    function: str
    args: tuple[Expr, ...]
    type: str  # of its result, as `userfunctions.Function` has it
    stateful: bool = False
    stream: int | None = None

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return UserCall(self.function, children, self.type, self.stateful, self.stream)


@dataclass(frozen=True)
class TimedCall(Expr):
    """A TimedArray at a time and, where it has two dimensions, for a column."""

    array: str
    args: tuple[Expr, ...]

    def children(self) -> tuple[Expr, ...]:
        return self.args

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return TimedCall(self.array, children)


@dataclass(frozen=True)
class Unary(Expr):
    """``-x``, ``+x`` or ``not x``."""

    op: str
    operand: Expr

    def children(self) -> tuple[Expr, ...]:
        return (self.operand,)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return Unary(self.op, children[0])


@dataclass(frozen=True)
class Operation(Expr):
    """An operator between two operands."""

    op: str
    left: Expr
    right: Expr

    def children(self) -> tuple[Expr, ...]:
        return (self.left, self.right)

    def rebuild(self, children: tuple[Expr, ...]) -> Expr:
        return type(self)(self.op, *children)


class Binary(Operation):
    """Arithmetic: ``+ - * / // % **``."""


class Compare(Operation):
    """A comparison: ``< <= > >= == !=``."""


class Logic(Operation):
    """``and`` or ``or``."""


_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not"}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


#: Every pass recurses into the trees, a few of Python's frames for each level.
MAX_DEPTH = 200


@lru_cache(maxsize=4096)
def parse(text: str) -> Expr:
    """Parse an expression.

    Raises
    ------
    ExpressionError
        Naming the text and what in it is not understood.
    """
    source = " ".join(text.split())
    if not source:
        raise ExpressionError("An empty string is not an expression; write one, such as 'v > -50*mV'.")
    try:
        expr = _convert(ast.parse(source, mode="eval").body, source)
        levels = _depth(expr)
    except SyntaxError as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f"{source!r} is not a valid expression: {error.msg}.") from None
    except ValueError as error:
        raise ExpressionError(f"{source!r} is not a valid expression: {error}.") from None
    except (RecursionError, MemoryError):
        levels = MAX_DEPTH + 1
    if levels > MAX_DEPTH:
        raise ExpressionError(
            f"{source:.60}… is nested more than {MAX_DEPTH} levels deep (a sum of {MAX_DEPTH} terms is); give "
            "parts of it names of their own, as subexpressions."
        )
    return expr


def _depth(expr: Expr) -> int:
    return 1 + max((_depth(child) for child in expr.children()), default=0)


def _convert(node: ast.expr, source: str) -> Expr:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        return Lit(node.value)
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return Binary(_BINARY[type(node.op)], _convert(node.left, source), _convert(node.right, source))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return Unary(_UNARY[type(node.op)], _convert(node.operand, source))
    if isinstance(node, ast.Compare) and all(type(op) in _COMPARE for op in node.ops):
        return _comparison(node, source)
    if isinstance(node, ast.BoolOp):
        op = "and" if isinstance(node.op, ast.And) else "or"
        result = _convert(node.values[0], source)
        for value in node.values[1:]:
            result = Logic(op, result, _convert(value, source))
        return result
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return Call(node.func.id, tuple(_convert(arg, source) for arg in node.args))
    remedy = {
        ast.Attribute: "attributes cannot be used in model strings; give the value a name of its own",
        ast.Subscript: "indexing cannot be used in model strings",
        ast.BitAnd: "write 'and'",
        ast.BitOr: "write 'or'",
        ast.Invert: "write 'not'",
        ast.BitXor: "a power is written '**'",
        ast.IfExp: "write the condition as a factor, int(condition)*value",
    }
    kind: type = type(node)
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        kind = type(node.op)
    hint = remedy.get(kind, "use numbers, names, arithmetic, comparisons, 'and', 'or', 'not' and functions")
    part = ast.get_source_segment(source, node) or source
    raise ExpressionError(f"{part!r} in {source!r} is not part of the modelling language: {hint}.")


def _comparison(node: ast.Compare, source: str) -> Expr:
    """``a < b < c`` means ``a < b and b < c``."""
    operands = [_convert(x, source) for x in (node.left, *node.comparators)]
    result: Expr | None = None
    for left, op, right in zip(operands, node.ops, operands[1:], strict=False):
        part = Compare(_COMPARE[type(op)], left, right)
        result = part if result is None else Logic("and", result, part)
    assert result is not None
    return result


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the node and everything below it."""
    yield expr
    for child in expr.children():
        yield from walk(child)


def transform(expr: Expr, function: Callable[[Expr], Expr | None]) -> Expr:
    """Rewrite top-down: where ``function`` returns a node, it replaces the old one and is not entered."""
    replaced = function(expr)
    if replaced is not None:
        return replaced
    children = expr.children()
    if not children:
        return expr
    new = tuple(transform(child, function) for child in children)
    if all(a is b for a, b in zip(new, children, strict=True)):
        return expr
    return expr.rebuild(new)


def substitute(expr: Expr, table: dict[str, Expr]) -> Expr:
    """Replace variables by expressions."""
    return transform(expr, lambda node: table.get(node.name) if isinstance(node, Var) else None)


def names(expr: Expr) -> set[str]:
    """Names of variables below a node (resolved or not) except of functions."""
    return {n.id if isinstance(n, Name) else n.name for n in walk(expr) if isinstance(n, Name | Var)}


def depends_on(expr: Expr, variables: set[str] | frozenset[str]) -> bool:
    """Whether any of the variables occurs in the expression."""
    return any(isinstance(n, Var) and n.name in variables for n in walk(expr))


# -- text ---------------------------------------------------------------------------------------------

_PRECEDENCE = {"or": 1, "and": 2, "not": 3, "<": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}


def text(expr: Expr) -> str:
    """Canonical text: the same for the same tree, in Python's notation, ``$`` before inputs."""
    return _text(expr, 0, False)


def written(expr: Expr) -> str:
    """The text as a user would have written it, for messages."""
    return _text(expr, 0, True)


def _text(expr: Expr, outer: int, plain: bool) -> str:
    if isinstance(expr, Lit):
        shown = expr.name if plain and expr.name else repr(expr.value)
        return f"({shown})" if shown.startswith("-") and outer else shown
    if isinstance(expr, Unary):
        level = 3 if expr.op == "not" else 7
        space = " " if expr.op == "not" else ""
        return _wrap(f"{expr.op}{space}{_text(expr.operand, level, plain)}", level, outer)
    if isinstance(expr, Binary | Logic | Compare):
        level = _PRECEDENCE["<" if isinstance(expr, Compare) else expr.op]
        right_first = isinstance(expr, Binary) and expr.op == "**"
        left = _text(expr.left, level + 1 if right_first or isinstance(expr, Compare) else level, plain)
        right = _text(expr.right, level if right_first else level + 1, plain)
        return _wrap(f"{left} {expr.op} {right}", level, outer)
    return _leaf(expr, plain)


def _wrap(inner: str, level: int, outer: int) -> str:
    return f"({inner})" if level < outer else inner


def _leaf(expr: Expr, plain: bool) -> str:
    dollar = "" if plain else "$"
    if isinstance(expr, Name):
        return expr.id
    if isinstance(expr, Var | Const | Noise):
        return expr.name
    if isinstance(expr, Param):
        return f"{dollar}{expr.slot}"
    if isinstance(expr, Element):
        return f"{dollar}{expr.input}[]"
    if isinstance(expr, At | InputEntry):
        head = expr.array if isinstance(expr, At) else f"{dollar}{expr.input}"
        return f"{head}[{_text(expr.index, 0, plain)}]"
    if isinstance(expr, Within):
        return f"within({_text(expr.index, 0, plain)}, {expr.size})"
    if isinstance(expr, MatrixEntry):
        return f"{expr.matrix}[{expr.row},{expr.column}]"
    if isinstance(expr, Draw):
        given = f"({', '.join(_text(a, 0, plain) for a in expr.args)})" if expr.args else ""
        return f"{expr.distribution}#{expr.stream}{given}"
    if isinstance(expr, Call | TimedCall | UserCall):
        head = f"{dollar}{expr.array}" if isinstance(expr, TimedCall) else expr.function
        if isinstance(expr, UserCall) and not plain:
            head = f"{head}!" if expr.stream is None else f"{head}!{expr.stream}"
        return f"{head}({', '.join(_text(a, 0, plain) for a in expr.args)})"
    raise TypeError(f"no text for {type(expr).__name__} with {[f.name for f in fields(expr)]}")
