"""Expressions in numpy, for all neurons at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.expr import (
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Element,
    Expr,
    Lit,
    Logic,
    MatrixEntry,
    Param,
    TimedCall,
    Unary,
    UserCall,
    Var,
)
from ..base import DeviceError

Values = NDArray[Any]

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.mod,
    "**": np.power,
}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _exprel(x: Any) -> Any:
    small = np.abs(x) < 1e-300
    return np.where(small, 1.0, np.expm1(x) / np.where(small, 1.0, x))


def _timestep(t: Any, dt: Any) -> Any:
    return np.floor((t + 1e-3 * dt) / dt).astype(np.int64)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            *(
                "sin",
                "cos",
                "tan",
                "arcsin",
                "arccos",
                "arctan",
                "sinh",
                "cosh",
                "tanh",
                "exp",
                "log",
                "log10",
            ),
            *("log1p", "expm1", "sqrt", "abs", "sign", "ceil", "floor", "clip"),
        )
    },
    "exprel": _exprel,
    "timestep": _timestep,
    "int": lambda x: np.trunc(x).astype(np.int64),
    "select": np.where,
}


@dataclass(frozen=True)
class Timed:
    """A TimedArray as the evaluator needs it."""

    values: Values
    dt: float

    def at(self, t: Any, column: Any = None) -> Any:
        """Samples at times ``t``; a millionth of a sample is taken for rounding."""
        row = np.clip(np.floor(t / self.dt + 1e-6), 0, len(self.values) - 1).astype(np.int64)
        return self.values[row] if column is None else self.values[row, np.asarray(column).astype(np.int64)]


@dataclass(frozen=True)
class Environment:
    """What the names of an expression stand for; ``draw`` makes the random numbers of a place."""

    variable: Callable[[str], Any]
    params: Mapping[str, Any]
    timed: Mapping[str, Timed]
    draw: Callable[[Draw], Any]
    constants: Mapping[str, Any]
    matrix: Callable[[MatrixEntry], Any]
    elements: Mapping[str, Any]


def evaluate(expr: Expr, env: Environment) -> Any:
    """Value of a resolved expression: a number, or an array with one element for each neuron."""
    if isinstance(expr, Lit):
        return expr.value
    if isinstance(expr, Var):
        return env.variable(expr.name)
    if isinstance(expr, Param):
        return env.params[expr.slot]
    if isinstance(expr, Const):
        return env.constants[expr.name]
    if isinstance(expr, MatrixEntry):
        return env.matrix(expr)
    if isinstance(expr, Element):
        return env.elements[expr.input]
    if isinstance(expr, Draw):
        return env.draw(expr)
    if isinstance(expr, TimedCall):
        time, *column = (evaluate(arg, env) for arg in expr.args)
        return env.timed[expr.array].at(time, *column)
    if isinstance(expr, UserCall):
        raise DeviceError(
            f"{expr.function}() is a function of your own, which numpy does not evaluate for a model yet: use it "
            "in equations with target='cpp', or assign it under set_device('cpp_standalone')."
        )
    return _compound(expr, [evaluate(child, env) for child in expr.children()])


def _compound(expr: Expr, values: list[Any]) -> Any:
    if isinstance(expr, Unary):
        return {"-": np.negative, "+": np.positive, "not": np.logical_not}[expr.op](*values)
    if isinstance(expr, Binary):
        if expr.op == "**" and not _integers(values):
            values[0] = np.asarray(values[0], dtype=float)
        return _BINARY[expr.op](*values)
    if isinstance(expr, Compare):
        return _COMPARE[expr.op](*values)
    if isinstance(expr, Logic):
        return (np.logical_and if expr.op == "and" else np.logical_or)(*values)
    assert isinstance(expr, Call)
    return _FUNCTIONS[expr.function](*values)


def _integers(values: list[Any]) -> bool:
    whole = all(np.asarray(v).dtype.kind in "iu" for v in values)
    return whole and bool(np.all(np.asarray(values[1]) >= 0))
