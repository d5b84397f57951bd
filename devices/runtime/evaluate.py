"""Expressions in numpy, for all neurons at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.dimensions import DIMENSIONLESS
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
from ...core.records import with_unit
from ...core.units import get_dimensions
from ...core.userfunctions import Function
from ..base import SimulationError

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
    name: str

    def at(self, t: Any, column: Any = None) -> Any:
        """Samples at times ``t``; a millionth of a sample is taken for rounding."""
        row = np.clip(np.floor(t / self.dt + 1e-6), 0, len(self.values) - 1).astype(np.int64)
        if column is None:
            return self.values[row]
        columns = within(np.asarray(column).astype(np.int64), self.values.shape[1], self.name)
        return self.values[row, columns]


def _no_array(id: str) -> Values:
    raise AssertionError(f"{id} outside a simulation")


@dataclass(frozen=True)
class Environment:
    """What the names of an expression stand for; ``draw`` makes the random numbers of a place."""

    variable: Callable[[str], Any]
    params: Mapping[str, Any]
    timed: Mapping[str, Timed]
    draw: Callable[..., Any]  # the draw and the parameters of its distribution
    constants: Mapping[str, Any]
    matrix: Callable[[MatrixEntry], Any]
    elements: Mapping[str, Any]
    functions: Mapping[str, Function] = field(default_factory=dict)
    array: Callable[[str], Values] = _no_array  # state of any population, by id
    inputs: Mapping[str, Values] = field(default_factory=dict)


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
    if isinstance(expr, InputEntry):
        return env.inputs[expr.input][evaluate(expr.index, env)]
    if isinstance(expr, At):
        return env.array(expr.array)[evaluate(expr.index, env)]
    if isinstance(expr, Within):
        return within(np.asarray(evaluate(expr.index, env)), expr.size, expr.what)
    if isinstance(expr, Draw):
        return env.draw(expr, *(evaluate(arg, env) for arg in expr.args))
    if isinstance(expr, TimedCall):
        time, *column = (evaluate(arg, env) for arg in expr.args)
        return env.timed[expr.array].at(time, *column)
    if isinstance(expr, UserCall):
        return call_user(env.functions[expr.function], [evaluate(arg, env) for arg in expr.args], env)
    return _compound(expr, [evaluate(child, env) for child in expr.children()])


def within(index: Values, size: int, what: str) -> Values:
    """The indices, if there is a value for each.

    Raises
    ------
    SimulationError
        Naming one that lies outside.
    """
    outside = index[(index < 0) | (index >= size)]
    if outside.size:
        raise SimulationError(f"{what}: the index {outside.flat[0]} lies outside its {size} value(s)")
    return index


def call_user(function: Function, values: list[Any], env: Environment) -> Any:
    """A function of the script's own on plain numbers: in Python, with arrays and with units unless it discards them.

    Raises
    ------
    TypeError
        If the function cannot be called with arrays.
    """
    numpy = function.implementations.get("numpy")
    if numpy is None or not numpy.discard_units:
        dims: list[Any] = []
        for unit in function.arg_units:
            shared = dims[function.arg_names.index(unit)] if isinstance(unit, str) else None
            dims.append(
                shared
                if shared is not None
                else DIMENSIONLESS
                if unit in (None, bool)
                else get_dimensions(unit)
            )
        values = [v if d == DIMENSIONLESS else with_unit(v, d) for v, d in zip(values, dims, strict=True)]
    if function.auto_vectorise:
        values.append(np.atleast_1d(env.variable("i")))
    code = function.pyfunc if numpy is None else numpy.code
    if numpy is not None and numpy.discard_units:
        code = getattr(code, "_orig_func", code)
    assert code is not None
    try:
        return np.asarray(code(*values))
    except (TypeError, IndexError) as error:
        raise TypeError(
            f"{function.name}() is called with arrays of {env.variable('N')} values here: {error}."
        ) from error


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
