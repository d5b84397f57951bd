"""Expressions and statements as C++."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...core.expr import (
    At,
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Element,
    Expr,
    InputEntry,
    Lit,
    Logic,
    MatrixEntry,
    Param,
    TimedCall,
    Unary,
    UserCall,
    Var,
    Within,
)
from ...core.functions import WHOLE
from ...core.statements import Stmt
from ...core.userfunctions import result_kind

_KEYWORDS = frozenset(
    """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t class compl
    const constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public register reinterpret_cast return short signed sizeof static
    static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename
    union unsigned using virtual void volatile wchar_t while xor xor_eq linux unix NULL INFINITY NAN M_PI M_E
    pow fail LANES asin acos atan fabs memory_is_short int32_t int64_t uint32_t uint64_t""".split()
)

#: Functions of the language and what they are called in C++; engine functions vectorise.
FUNCTIONS = {
    **{
        n: n for n in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log10", "log1p", "sqrt", "ceil", "floor")
    },
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "exp": "sf_exp",
    "log": "sf_log",
    "expm1": "sf_expm1",
    "exprel": "sf_exprel",
    "clip": "sf_clip",
    "sign": "sf_sign",
    "timestep": "sf_timestep",
    "abs": "fabs",
}
#: How arrays are stored, and the kind of their elements.
C_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "bool": "bool",
    "int32": "int32_t",
    "uint64": "uint64_t",
}
KINDS = {
    "float64": "float",
    "float32": "float",
    "int64": "int",
    "int32": "int",
    "bool": "bool",
    "uint64": "int",
}
#: How numbers are calculated with.
CTYPES = {"float": "double", "int": "int64_t", "bool": "bool"}


def identifier(name: str) -> str:
    """A C++ identifier for a name of the language; ids with dots and colons are flattened."""
    flat = name.replace(".", "__").replace(":", "__0").replace("@", "__1")  # no name begins with a digit
    return f"{flat}_" if flat in _KEYWORDS or flat.startswith("sf_") else flat


@dataclass(frozen=True)
class Scope:
    """How names are written at one place of the generated code.

    Parameters
    ----------
    variables : mapping
        C++ of each variable and its kind of number.
    params : mapping
        C++ of each slot of a constant, and its kind.
    elements : mapping
        C++ of the current element of each input array.
    constants : mapping
        Kind of each constant of the run.
    buffered : frozenset
        Streams whose draws have been filled into a buffer for all neurons.
    step : str
        C++ of what random numbers are counted by: a number of its own for each tick.
    """

    variables: Mapping[str, tuple[str, str]]
    params: Mapping[str, tuple[str, str]]
    elements: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    buffered: frozenset[int] = frozenset()
    step: str = "0"
    timed: str = "timed"  # what the members that hold TimedArrays begin with
    indexed: Mapping[str, bool] = field(default_factory=dict)  # user functions that take the index
    element: str = "i"  # which random numbers are drawn, of how many
    elements_in_all: str = "N"
    slots: Mapping[str, int] = field(default_factory=dict)  # of inputs
    before: frozenset[str] = frozenset()  # arrays of which what was there before is read
    in_context: bool = False  # constants and matrices are members of the context rather than locals
    scattered: bool = False  # whether the code is for elements here and there, so that nothing vectorises
    single: bool = False  # real numbers are calculated with in single precision
    doubles: frozenset[str] = frozenset()  # variables that are in double precision all the same
    singles: frozenset[str] = frozenset()  # arrays that are in single precision
    strided: frozenset[str] = frozenset()  # arrays whose elements lie between those of other runs
    lane: str = ""  # where many runs are looked at together: what is added to a constant's name to get one's

    def with_local(self, statement: Stmt, text: str = "") -> Scope:
        """The scope after a statement has declared a variable, written as ``text`` if not by its name."""
        number = statement.dtype or kind(statement.expr, self)
        return self._with(statement, number, text, is_double(statement.expr, self))

    def with_scalar(self, statement: Stmt) -> Scope:
        """The scope after what is computed once a step; calls give the precision that loops calculate with."""
        called = isinstance(statement.expr, Call | TimedCall | UserCall)
        double = not called and is_double(statement.expr, self)
        return self._with(statement, kind(statement.expr, self), "", double)

    def _with(self, statement: Stmt, number: str, text: str, double: bool) -> Scope:
        name = statement.target
        doubles = self.doubles | {name} if double and number == "float" else self.doubles
        variables = {**self.variables, name: (text or identifier(name), number)}
        return replace(self, variables=variables, doubles=doubles)

    def ctype(self, name: str) -> str:
        """C++ type that a variable's values are calculated with."""
        number = self.variables[name][1]
        return "float" if number == "float" and self.single and name not in self.doubles else CTYPES[number]


#: Where no name means anything.
NOTHING = Scope({}, {})


def is_double(expr: Expr, scope: Scope) -> bool:
    """Whether a real number comes out in double precision."""
    if not scope.single or isinstance(expr, TimedCall | UserCall):
        return True
    if isinstance(expr, Var):
        return expr.name in scope.doubles
    if isinstance(expr, At):
        return expr.array not in scope.singles
    if isinstance(expr, Compare | Logic | Draw):
        return False
    return any(is_double(child, scope) for child in expr.children())


def real(expr: Expr, scope: Scope) -> str:
    """C++ type of an expression that is a real number, or is made one."""
    return "double" if is_double(expr, scope) else "float"


def entry_names(nodes: Iterable[Expr]) -> list[str]:
    """C++ of the entries of propagators among some parts of expressions, each once."""
    return sorted({cpp(n, NOTHING) for n in nodes if isinstance(n, MatrixEntry)})


def kind(expr: Expr, scope: Scope) -> str:
    """``'float'``, ``'int'`` or ``'bool'``."""
    if isinstance(expr, Lit):
        return {bool: "bool", int: "int"}.get(type(expr.value), "float")
    if isinstance(expr, Var):
        return scope.variables[expr.name][1]
    if isinstance(expr, Param):
        return scope.params[expr.slot][1]
    if isinstance(expr, Element):
        return scope.elements[expr.input][1]
    if isinstance(expr, Const):
        return scope.constants[expr.name]
    if isinstance(expr, Compare | Logic):
        return "bool"
    if isinstance(expr, Unary):
        return "bool" if expr.op == "not" else kind(expr.operand, scope)
    if isinstance(expr, Binary):
        return _binary_kind(expr, scope)
    if isinstance(expr, Call):
        return _call_kind(expr, scope)
    if isinstance(expr, At):
        return {"float64": "float", "int32": "int", "bool": "bool"}[expr.dtype]
    if isinstance(expr, InputEntry | Within):
        return "int"
    if isinstance(expr, UserCall):
        return result_kind(expr.type, [kind(arg, scope) for arg in expr.args])
    return "int" if isinstance(expr, Draw) and expr.distribution in WHOLE else "float"


def _binary_kind(expr: Binary, scope: Scope) -> str:
    if expr.op == "/":
        return "float"
    both = kind(expr.left, scope) == kind(expr.right, scope) == "int"
    if expr.op == "**":
        both = both and isinstance(expr.right, Lit) and expr.right.value >= 0
    return "int" if both else "float"


def _call_kind(expr: Call, scope: Scope) -> str:
    if expr.function in ("int", "timestep"):
        return "int"
    if expr.function == "select":
        kinds = {kind(arg, scope) for arg in expr.args[1:]}
        return "int" if kinds == {"int"} else "bool" if kinds == {"bool"} else "float"
    if expr.function in ("abs", "sign", "clip") and all(kind(a, scope) == "int" for a in expr.args):
        return "int"
    return "float"


def literal(value: float | int | bool) -> str:
    """A number as C++ reads it back exactly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 2**31 else f"{value}LL"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    return repr(value) if value >= 0 else f"({value!r})"


def single_literal(value: float | int | bool) -> str:
    """A number in single precision, where it has a place there."""
    if isinstance(value, int) or not (value == 0 or 1e-37 < abs(value) < 1e38):
        return literal(value)
    return f"{value!r}f" if value >= 0 else f"({value!r}f)"


def cpp(expr: Expr, scope: Scope) -> str:
    """C++ of an expression, parenthesised wherever it has parts."""
    if isinstance(expr, Lit):
        return single_literal(expr.value) if scope.single else literal(expr.value)
    if isinstance(expr, Var):
        return _variable(expr, scope)
    if isinstance(expr, Param):
        return scope.params[expr.slot][0]
    if isinstance(expr, Element):
        return scope.elements[expr.input][0]
    if isinstance(expr, Const):
        return f"_c->{expr.name}" if scope.in_context else f"_{expr.name}{scope.lane}"
    if isinstance(expr, MatrixEntry):
        member = f"{identifier(expr.matrix)}_{expr.row}_{expr.column}"
        return f"_c->{member}" if scope.in_context else f"{member}{scope.lane}"
    if isinstance(expr, At):
        return _at(expr, scope)
    if isinstance(expr, Within):
        return f'within(_c, {cpp(expr.index, scope)}, {expr.size}, "{expr.what}")'
    if isinstance(expr, InputEntry):
        return f"((const int64_t*)_c->inputs[{scope.slots[expr.input]}].data)[{cpp(expr.index, scope)}]"
    if isinstance(expr, Draw):
        return _draw(expr, scope)
    if isinstance(expr, Unary):
        operator = "!" if expr.op == "not" else expr.op
        return f"({operator}{cpp(expr.operand, scope)})"
    if isinstance(expr, Compare):
        left, right = _operands(expr, scope)
        return f"({left} {expr.op} {right})"
    if isinstance(expr, Logic):
        # evaluated on both sides: no branch, and what draws random numbers draws them always
        operator = "&" if expr.op == "and" else "|"
        return f"({cpp(expr.left, scope)} {operator} {cpp(expr.right, scope)})"
    if isinstance(expr, Binary):
        return _binary(expr, scope)
    if isinstance(expr, TimedCall):
        return _timed(expr, scope)
    if isinstance(expr, UserCall):
        return _user_call(expr, scope)
    assert isinstance(expr, Call)
    return _call(expr, scope)


def _variable(expr: Var, scope: Scope) -> str:
    """Integers are stored in 32 bits and calculated with in 64, as Python's have room for any result."""
    name, dtype = scope.variables[expr.name]
    return f"(int64_t){name}" if dtype == "int" and name.endswith("]") else name


def _at(expr: At, scope: Scope) -> str:
    copy = "before_" if expr.array in scope.before else ""
    stride = " * LANES" if expr.array in scope.strided and not copy else ""
    value = f"_c->{copy}{identifier(expr.array)}[{cpp(expr.index, scope)}{stride}]"
    return f"(int64_t){value}" if expr.dtype == "int32" else value


def _user_call(expr: UserCall, scope: Scope) -> str:
    """Whatever type the code gives, the result is what the function declares; see `emit_functions`."""
    args = [cpp(arg, scope) for arg in expr.args]
    if scope.indexed.get(expr.function):
        args.append(scope.element)
    call = f"({CTYPES[kind(expr, scope)]})call_{identifier(expr.function)}::call({', '.join(args)})"
    if expr.stream is None:
        return call
    return f"(sf_call_at({scope.elements_in_all}, _c->seed, {expr.stream}u, {scope.step}), {call})"


def _draw(expr: Draw, scope: Scope) -> str:
    single = scope.single and expr.distribution not in WHOLE
    if expr.stream in scope.buffered:
        return f"{'(float)' if single else ''}_draw{expr.stream}[{scope.element}]"
    given = "".join(f"{cpp(arg, scope)}, " for arg in expr.args)
    place = f"{scope.element}, {scope.elements_in_all}"
    drawn = f"sf_{expr.distribution}({given}{place}, _c->seed, {expr.stream}u, {scope.step})"
    return f"(float){drawn}" if single else drawn


def _operands(expr: Binary | Compare, scope: Scope) -> tuple[str, str]:
    """Both sides; a literal beside a number in double precision is one too."""
    exact = (
        replace(scope, single=False)
        if scope.single and any(is_double(e, scope) for e in expr.children())
        else scope
    )
    left, right = (cpp(e, exact if _number(e) is not None else scope) for e in (expr.left, expr.right))
    return left, right


def _binary(expr: Binary, scope: Scope) -> str:
    left, right = _operands(expr, scope)
    if expr.op in "+-*":
        return f"({left} {expr.op} {right})"
    if expr.op == "/":
        integers = kind(expr.left, scope) != "float" and kind(expr.right, scope) != "float"
        return f"(({real(expr, scope)}){left} / {right})" if integers else f"({left} / {right})"
    if expr.op in ("//", "%"):
        return _whole_part(expr, left, right, scope)
    return _power(expr, left, right, scope)


def _whole_part(expr: Binary, left: str, right: str, scope: Scope) -> str:
    function = "sf_floordiv" if expr.op == "//" else "sf_mod"
    if kind(expr, scope) == "int" or is_double(expr, scope):
        return f"{function}({left}, {right})"
    return f"(float){function}((double){left}, (double){right})"


def _power(expr: Binary, left: str, right: str, scope: Scope) -> str:
    exponent, type_ = _number(expr.right), real(expr, scope)
    if exponent == 0.5:
        return f"{in_precision('sqrt', type_)}(({type_}){left})" if scope.single else f"sqrt({left})"
    if exponent is not None and abs(exponent) <= 16 and exponent == int(exponent):
        value = left if kind(expr, scope) == "int" else f"({type_}){left}"
        return f"sf_int_pow<{int(exponent)}>({value})"
    power = f"{in_precision('pow', type_)}(({type_}){left}, ({type_}){right})"
    return f"(int64_t){power}" if kind(expr, scope) == "int" else power


def _number(expr: Expr) -> float | None:
    if isinstance(expr, Lit) and not isinstance(expr.value, bool):
        return expr.value
    if isinstance(expr, Unary) and expr.op == "-":
        inner = _number(expr.operand)
        return None if inner is None else -inner
    return None


def _timed(expr: TimedCall, scope: Scope) -> str:
    array = f"_c->{scope.timed}_{identifier(expr.array)}"
    time = cpp(expr.args[0], scope)
    if len(expr.args) == 1:
        return f"sf_timed_at({array}, {time}, 0)"
    column = f"(int64_t){cpp(expr.args[1], scope)}"
    if not _is_row(expr.args[1]):
        column = f'within(_c, {column}, {array}.columns, "{expr.array}")'
    return f"sf_timed_at({array}, {time}, {column})"


def _is_row(expr: Expr) -> bool:
    """Whether an index is that of the neuron, for which there is a column: checked when ``run`` is called."""
    if isinstance(expr, Binary) and expr.op == "-" and isinstance(expr.right, Lit):
        expr = expr.left
    return expr == Var("i")


def in_precision(function: str, type_: str) -> str:
    """Return the name of a function in a precision, as the C library has them: with an f for float."""
    return f"{function}f" if type_ == "float" else function


def _call(expr: Call, scope: Scope) -> str:
    args = [cpp(arg, scope) for arg in expr.args]
    if expr.function == "select":
        # scalar code would branch, and guess wrong as often as a neuron here and there is another case
        branches = not scope.scattered or scope.single or kind(expr, scope) != "float"
        chosen = "({} ? {} : {})" if branches else "sf_choose({}, {}, {})"
        return chosen.format(*args)
    if expr.function == "int":
        return f"(int64_t){args[0]}"
    if kind(expr, scope) == "int" and expr.function in ("abs", "sign", "clip"):
        return f"(int64_t){FUNCTIONS[expr.function]}({', '.join(f'(double){a}' for a in args)})"
    if scope.single:
        type_ = "double" if expr.function == "timestep" else real(expr, scope)
        args = [f"({type_}){arg}" for arg in args]
        return f"{in_precision(FUNCTIONS[expr.function], type_)}({', '.join(args)})"
    return f"{FUNCTIONS[expr.function]}({', '.join(args)})"
