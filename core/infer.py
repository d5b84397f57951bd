"""Units and types of expressions: every string of a model is checked before anything is made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .dimensions import DIMENSIONLESS, TIME, Dimension
from .expr import (
    Binary,
    Call,
    Compare,
    Draw,
    Element,
    Expr,
    ExpressionError,
    Lit,
    Logic,
    Noise,
    Param,
    TimedCall,
    Unary,
    UserCall,
    Var,
    written,
)
from .functions import ALL_FUNCTIONS, WHOLE
from .units import DimensionMismatchError, get_dimensions
from .userfunctions import Function as UserFunction
from .userfunctions import result_kind


@dataclass(frozen=True)
class Type:
    """Physical dimension and kind of number: ``'bool'``, ``'int'`` or ``'float'``."""

    dim: Dimension
    dtype: str


BOOL = Type(DIMENSIONLESS, "bool")


@dataclass(frozen=True)
class Types:
    """What the names of a context stand for."""

    variables: Mapping[str, Type]
    inputs: Mapping[str, Type]
    timed: Mapping[str, tuple[Type, int]]  # type of the values and number of dimensions
    functions: Mapping[str, UserFunction] = field(default_factory=dict)


def unit_of(dim: Dimension) -> str:
    """A dimension as a user writes it."""
    return "1" if dim == DIMENSIONLESS else dim.unit_text()


def infer(expr: Expr, types: Types, whole: bool = False) -> Type:
    """Return the type of a resolved expression.

    Where a ``whole`` number is needed, an integer to the power of an integer is one; elsewhere it is a float, since
    the exponent may be negative.

    Raises
    ------
    DimensionMismatchError
        Naming both sides with their units.
    ExpressionError
        For wrong kinds, such as arithmetic on truth values.
    """
    return _Inference(types, whole).of(expr)


class _Inference:
    def __init__(self, types: Types, whole: bool) -> None:
        self.types = types
        self.whole = whole

    def of(self, expr: Expr) -> Type:
        method = getattr(self, f"_{type(expr).__name__.lower()}")
        result: Type = method(expr)
        return result

    def _lit(self, expr: Lit) -> Type:
        kind = {bool: "bool", int: "int"}.get(type(expr.value), "float")
        return Type(expr.dim, kind)

    def _var(self, expr: Var) -> Type:
        return self.types.variables[expr.name]

    def _param(self, expr: Param) -> Type:
        return self.types.inputs[expr.slot]

    def _element(self, expr: Element) -> Type:
        return self.types.inputs[expr.input]

    def _noise(self, _: Noise) -> Type:
        return Type(TIME**-0.5, "float")

    def _draw(self, expr: Draw) -> Type:
        return Type(DIMENSIONLESS, "int" if expr.distribution in WHOLE else "float")

    def _unary(self, expr: Unary) -> Type:
        operand = self.of(expr.operand)
        if expr.op == "not":
            self._expect_bool(expr.operand, operand, "'not'")
            return BOOL
        self._expect_number(expr.operand, operand)
        return operand

    def _logic(self, expr: Logic) -> Type:
        for side in (expr.left, expr.right):
            self._expect_bool(side, self.of(side), f"'{expr.op}'")
        return BOOL

    def _compare(self, expr: Compare) -> Type:
        left, right = self.of(expr.left), self.of(expr.right)
        if left.dim != right.dim:
            raise self._mismatch("compare", expr, expr.left, left, expr.right, right)
        return BOOL

    def _binary(self, expr: Binary) -> Type:
        left, right = self.of(expr.left), self.of(expr.right)
        self._expect_number(expr.left, left)
        self._expect_number(expr.right, right)
        dtype = "int" if left.dtype == right.dtype == "int" else "float"
        if expr.op in ("+", "-", "%", "//"):
            if left.dim != right.dim:
                raise self._mismatch("calculate", expr, expr.left, left, expr.right, right)
            return Type(DIMENSIONLESS if expr.op == "//" else left.dim, dtype)
        if expr.op == "*":
            return Type(left.dim * right.dim, dtype)
        if expr.op == "/":
            return Type(left.dim / right.dim, "float")
        return self._power(expr, left, right, dtype)

    def _power(self, expr: Binary, left: Type, right: Type, dtype: str) -> Type:
        exponent = literal_value(expr.right)
        if right.dim != DIMENSIONLESS:
            raise DimensionMismatchError(
                f"The exponent {written(expr.right)!r} in {written(expr)!r} has units of {unit_of(right.dim)}; "
                "an exponent must be a plain number."
            )
        if left.dim == DIMENSIONLESS:
            whole = dtype == "int" and (self.whole if exponent is None else exponent >= 0)
            return Type(DIMENSIONLESS, "int" if whole else "float")
        if exponent is None or not math.isfinite(exponent):
            raise DimensionMismatchError(
                f"{written(expr)!r} raises a quantity with units of {unit_of(left.dim)} to the power of "
                f"{written(expr.right)!r}, so its own units are unknown; write the exponent as a number, or "
                "make the base dimensionless."
            )
        return Type(left.dim**exponent, "float")

    def _call(self, expr: Call) -> Type:
        function = ALL_FUNCTIONS[expr.function]
        if len(expr.args) != function.arity:
            raise ExpressionError(
                f"{expr.function}() takes {function.arity} argument(s), but {written(expr)!r} gives "
                f"{len(expr.args)}."
            )
        types = tuple(self.of(arg) for arg in expr.args)
        for arg, given, wanted in zip(expr.args, types, function.arguments, strict=True):
            if expr.function != "int":
                self._expect_number(arg, given)
            dim = types[0].dim if wanted == "same" else wanted
            if isinstance(dim, Dimension) and given.dim != dim:
                raise DimensionMismatchError(
                    f"The argument {written(arg)!r} of {expr.function}() in {written(expr)!r} has units of "
                    f"{unit_of(given.dim)}, but {expr.function}() takes units of {unit_of(dim)}."
                )
        dtype = function.dtype
        if dtype == "same":
            dtype = "int" if all(t.dtype == "int" for t in types) else "float"
        return Type(function.result(tuple(t.dim for t in types)), dtype)

    def _usercall(self, expr: UserCall) -> Type:
        function = self.types.functions[expr.function]
        types = tuple(self.of(arg) for arg in expr.args)
        for k, (arg, given, unit) in enumerate(zip(expr.args, types, function.arg_units, strict=True)):
            self._check_kind(expr, arg, given, "boolean" if unit is bool else function.arg_types[k])
            if unit is None or unit is bool:
                continue
            same = isinstance(unit, str)
            dim = types[function.arg_names.index(unit)].dim if same else get_dimensions(unit)
            if given.dim != dim:
                raise DimensionMismatchError(
                    f"The argument {written(arg)!r} of {expr.function}() in {written(expr)!r} has units of "
                    f"{unit_of(given.dim)}, but {expr.function}() takes units of {unit_of(dim)} for "
                    f"{function.arg_names[k]!r}."
                )
        dim = self._result_dim(expr, function.return_unit, function.arg_names, types)
        return Type(dim, result_kind(function.return_type, [t.dtype for t in types]))

    def _check_kind(self, expr: UserCall, arg: Expr, given: Type, wanted: str) -> None:
        if wanted == "boolean":
            self._expect_bool(arg, given, f"{expr.function}()")
        elif wanted != "any":
            self._expect_number(arg, given)
        if wanted == "integer" and given.dtype != "int":
            raise ExpressionError(
                f"The argument {written(arg)!r} of {expr.function}() is not an integer; write int(…)."
            )

    def _result_dim(
        self, expr: UserCall, unit: Any, names: tuple[str, ...], types: tuple[Type, ...]
    ) -> Dimension:
        if unit is None or unit is bool:
            return DIMENSIONLESS
        if isinstance(unit, str):
            return types[names.index(unit)].dim
        if not callable(unit) or isinstance(unit, Dimension):
            return get_dimensions(unit)
        try:
            return get_dimensions(unit(*(t.dim for t in types)))
        except (TypeError, ValueError, ArithmeticError) as error:
            raise DimensionMismatchError(
                f"The units of {written(expr)!r} cannot be told: {expr.function}() says {error}."
            ) from None

    def _timedcall(self, expr: TimedCall) -> Type:
        value, ndim = self.types.timed[expr.array]
        if len(expr.args) != ndim:
            form = f"{expr.array}(t)" if ndim == 1 else f"{expr.array}(t, i)"
            raise ExpressionError(
                f"The TimedArray {expr.array!r} has {ndim} dimension(s) and is called as {form!r}; "
                f"{written(expr)!r} gives {len(expr.args)} argument(s)."
            )
        time = self.of(expr.args[0])
        if time.dim != TIME:
            raise DimensionMismatchError(
                f"The time {written(expr.args[0])!r} given to the TimedArray {expr.array!r} has units of "
                f"{unit_of(time.dim)} instead of second."
            )
        for column in expr.args[1:]:
            given = self.of(column)
            if given.dim != DIMENSIONLESS or given.dtype != "int":
                raise ExpressionError(
                    f"The column {written(column)!r} of the TimedArray {expr.array!r} must be an integer without "
                    "units, such as i."
                )
        return value

    def _mismatch(
        self, verb: str, expr: Expr, left: Expr, left_type: Type, right: Expr, right_type: Type
    ) -> DimensionMismatchError:
        return DimensionMismatchError(
            f"Cannot {verb} {written(expr)!r}: {written(left)!r} has units of {unit_of(left_type.dim)}, "
            f"{written(right)!r} of {unit_of(right_type.dim)}."
        )

    def _expect_bool(self, expr: Expr, given: Type, where: str) -> None:
        if given.dtype != "bool":
            raise ExpressionError(
                f"{written(expr)!r} is a number, but {where} takes truth values; write a comparison."
            )

    def _expect_number(self, expr: Expr, given: Type) -> None:
        if given.dtype == "bool":
            raise ExpressionError(
                f"{written(expr)!r} is a truth value and cannot be calculated with; write int({written(expr)})."
            )


def literal_value(expr: Expr) -> float | int | None:
    """The plain number that an expression of literals amounts to, or ``None``."""
    if isinstance(expr, Lit) and expr.dim == DIMENSIONLESS:
        return expr.value
    if isinstance(expr, Unary) and expr.op in "+-":
        value = literal_value(expr.operand)
        return None if value is None else (-value if expr.op == "-" else value)
    if isinstance(expr, Binary) and expr.op in "+-*/":
        left, right = literal_value(expr.left), literal_value(expr.right)
        if left is None or right is None or (expr.op == "/" and right == 0):
            return None
        return {"+": left + right, "-": left - right, "*": left * right}.get(
            expr.op, left / right if right else None
        )
    return None
