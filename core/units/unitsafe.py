"""numpy functions that ``from spikefarm import *`` brings in a form that minds units.

They stand for numpy's own where numpy would not ask the quantities among its arguments, and give errors
that name the function and the unit.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .operand import common_dimension, require_dimensionless, split
from .quantity import with_dim


def _dimensionless(func: np.ufunc) -> Callable[..., Any]:
    name = func.__name__

    def checked(x: Any, *args: Any, **kwds: Any) -> Any:
        operand = split(x)
        require_dimensionless(name, operand)
        return func(operand.value, *args, **kwds)

    checked.__name__ = checked.__qualname__ = name
    checked.__doc__ = f"`numpy.{name}` of plain numbers; refuses quantities that have a unit."
    return checked


log: Final = _dimensionless(np.log)
log10: Final = _dimensionless(np.log10)
log1p: Final = _dimensionless(np.log1p)
exp: Final = _dimensionless(np.exp)
expm1: Final = _dimensionless(np.expm1)
sin: Final = _dimensionless(np.sin)
cos: Final = _dimensionless(np.cos)
tan: Final = _dimensionless(np.tan)
arcsin: Final = _dimensionless(np.arcsin)
arccos: Final = _dimensionless(np.arccos)
arctan: Final = _dimensionless(np.arctan)
sinh: Final = _dimensionless(np.sinh)
cosh: Final = _dimensionless(np.cosh)
tanh: Final = _dimensionless(np.tanh)
arcsinh: Final = _dimensionless(np.arcsinh)
arccosh: Final = _dimensionless(np.arccosh)
arctanh: Final = _dimensionless(np.arctanh)


def exprel(x: Any) -> Any:
    """Return ``(exp(x) - 1)/x``, exact near zero, where it is one.

    Parameters
    ----------
    x : float or array, without units

    Raises
    ------
    DimensionMismatchError
        `x` has a unit.
    """
    operand = split(x)
    require_dimensionless("exprel", operand)
    values = np.asarray(operand.value)
    values = values if values.dtype.kind == "f" else values.astype(np.float64)
    # So near zero the result, 1 + x/2, cannot be told from one.
    small = np.abs(values) < np.finfo(values.dtype).eps
    with np.errstate(invalid="ignore"):
        result = np.where(small, 1, np.expm1(values) / np.where(small, 1, values))
    result = np.where(np.isposinf(values), np.inf, result).astype(values.dtype)
    return result[()]


def where(condition: Any, *args: Any) -> Any:
    """Return ``numpy.where(condition, x, y)`` of quantities that share a unit.

    Raises
    ------
    DimensionMismatchError
        The choices differ in unit; a plain zero fits every one.
    """
    if not args:
        return np.where(split(condition).value)
    if len(args) != 2:
        raise ValueError(f"where needs both x and y, or neither; got {len(args)} of them")
    x, y = map(split, args)
    dim = common_dimension({"x": x, "y": y}, lambda: f"choose between {x} and {y} with where")
    return with_dim(np.where(split(condition).value, x.value, y.value), dim)


def linspace(start: Any, stop: Any, *args: Any, **kwds: Any) -> Any:
    """Return evenly spaced values; `start` and `stop` share a unit, which the result has.

    Parameters
    ----------
    start, stop : number or Quantity
        A plain zero fits every unit.
    *args, **kwds
        As in `numpy.linspace`.
    """
    first, last = split(start), split(stop)
    dim = common_dimension({"start": first, "stop": last}, lambda: f"calculate linspace({first}, {last})")
    return with_dim(np.linspace(first.value, last.value, *args, **kwds), dim)


def arange(*args: Any, start: Any = None, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Return values from `start` up to (not including) `stop`, each `step` apart.

    Parameters
    ----------
    *args
        ``stop``; ``start, stop``; ``start, stop, step``; or these and a dtype, as in `numpy.arange`.
    start, stop, step : number or Quantity
        They share a unit, which the result has; a plain zero fits every one.
    """
    names = ("stop",) if len(args) == 1 else ("start", "stop", "step", "dtype")
    given = {"start": start, "stop": stop, "step": step, "dtype": dtype}
    for name, value in zip(names, args, strict=False):
        if given[name] is not None:
            raise TypeError(f"arange got more than one value for {name!r}")
        given[name] = value
    if len(args) > len(names):
        raise TypeError(f"arange takes at most {len(names)} positional arguments, got {len(args)}")
    if given["stop"] is None:
        raise TypeError("arange needs a value for 'stop'")
    defaults = {"start": 0, "stop": None, "step": 1}
    operands = {
        name: split(default if given[name] is None else given[name]) for name, default in defaults.items()
    }
    dim = common_dimension(operands, lambda: f"calculate arange of {', '.join(map(str, operands.values()))}")
    values = (operands[name].value for name in ("start", "stop", "step"))
    return with_dim(np.arange(*values, dtype=given["dtype"]), dim)


def ones_like(a: Any, *args: Any, **kwds: Any) -> Any:
    """Return plain ones in the shape of `a`."""
    return np.ones_like(split(a).value, *args, **kwds)


def zeros_like(a: Any, *args: Any, **kwds: Any) -> Any:
    """Return plain zeros in the shape of `a`."""
    return np.zeros_like(split(a).value, *args, **kwds)


def _of_quantities(func: Callable[..., Any], operands: int = 1) -> Callable[..., Any]:
    """Let a numpy function see lists of quantities as what they are."""

    def aware(*args: Any, **kwds: Any) -> Any:
        arrays = (with_dim(np.asarray(value), dim) for value, dim in map(split, args[:operands]))
        return func(*arrays, *args[operands:], **kwds)

    aware.__name__ = aware.__qualname__ = func.__name__
    aware.__doc__ = f"`numpy.{func.__name__}` that keeps units."
    return aware


diagonal: Final = _of_quantities(np.diagonal)
ravel: Final = _of_quantities(np.ravel)
trace: Final = _of_quantities(np.trace)
ptp: Final = _of_quantities(np.ptp)
dot: Final = _of_quantities(np.dot, 2)

__all__ = [
    "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "diagonal", "dot",
    "exp", "expm1", "exprel", "linspace", "log", "log1p", "log10", "ones_like", "ptp", "ravel", "sin", "sinh",
    "tan", "tanh", "trace", "where", "zeros_like",
]  # fmt: skip
