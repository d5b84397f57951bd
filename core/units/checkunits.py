"""`check_units`: a decorator that holds a function's arguments and its result to their units."""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from .operand import get_dimensions, split

P = ParamSpec("P")
R = TypeVar("R")


def check_units(**au: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check the units of a function's arguments and of its result.

    Parameters
    ----------
    **au
        For each argument to check, and for ``result``: a unit; 1 for plain numbers; ``bool`` for truth
        values; the name of another argument whose unit it has to have; None for no check. ``result`` may
        also be a function from the checked arguments' units (in the order of the signature) to that of
        the result. Arguments that are None or strings are let through.

    Returns
    -------
    callable
        The decorator. The decorated function has the attributes ``_arg_names``, ``_arg_units``,
        ``_return_unit`` and ``_orig_func``, from which equations learn its units.

    Raises
    ------
    DimensionMismatchError
        When the decorated function is called: an argument or the result has another unit.
    TypeError
        An argument is no quantity at all, no boolean where one is needed, or names an argument that is
        not there.

    Examples
    --------
    >>> @check_units(I=amp, R=ohm, result=volt)
    ... def voltage(I, R):
    ...     return I*R
    """

    def decorate(func: Callable[P, R]) -> Callable[P, R]:
        wanted = {name: unit for name, unit in au.items() if name != "result"}
        shape = signature(func)

        @wraps(func)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            given = _arguments(shape.bind(*args, **kwargs).arguments, shape.parameters)
            name = func.__name__
            for argument, unit in wanted.items():
                if argument in given:
                    _check_argument(name, argument, unit, given)
            result = func(*args, **kwargs)
            _check_result(name, result, _result_unit(au.get("result"), shape.parameters, given))
            return result

        checked.__dict__["_orig_func"] = func
        checked.__dict__["_arg_names"] = tuple(shape.parameters)
        checked.__dict__["_arg_units"] = [wanted.get(name) for name in shape.parameters]
        checked.__dict__["_return_unit"] = _return_unit(au.get("result"))
        return checked

    return decorate


def _arguments(bound: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by name, those of ``**kwargs`` among them."""
    flat: dict[str, Any] = {}
    for name, value in bound.items():
        flat.update(value if parameters[name].kind is parameters[name].VAR_KEYWORD else {name: value})
    return flat


def _return_unit(result: Any) -> Any:
    """Return the result's unit as other code reads it: plain numbers are None or DIMENSIONLESS alike."""
    if result is None or result is bool or callable(result) or isinstance(result, str):
        return result
    return get_dimensions(result)


def _check_argument(function: str, argument: str, unit: Any, given: Mapping[str, Any]) -> None:
    value = given[argument]
    if unit is None or value is None or isinstance(value, str):
        return
    if unit is bool:
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{function}: the argument {argument!r} has to be True or False, got {value!r}")
        return
    if not isinstance(unit, str):
        _require(f"{function}: the argument {argument!r}", value, get_dimensions(unit))
        return
    if unit not in given:
        raise TypeError(
            f"{function}: the argument {argument!r} has to have the units of {unit!r}, "
            f"but no argument of that name was given"
        )
    other = split(given[unit])
    if split(value).dim is not other.dim:
        raise DimensionMismatchError(
            f"{function}: the arguments {argument!r} and {unit!r} have to have the same units, but "
            f"{argument!r} is {split(value)} (units of {split(value).unit}) and {unit!r} is {other} "
            f"(units of {other.unit}).",
            split(value).dim,
            other.dim,
        )


def _result_unit(unit: Any, parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """Return the dimension that the result has to have; ``bool`` or None stay as they are."""
    if unit is None or unit is bool:
        return unit
    if isinstance(unit, str):
        return get_dimensions(given[unit])
    if callable(unit):
        return get_dimensions(unit(*(get_dimensions(given[name]) for name in parameters if name in given)))
    return get_dimensions(unit)


def _check_result(function: str, result: Any, dim: Any) -> None:
    if dim is bool:
        if not isinstance(result, bool | np.bool_):
            raise TypeError(f"{function}: the result has to be True or False, got {result!r}")
    elif dim is not None:
        _require(f"{function}: the result", result, dim)


def _require(what: str, value: Any, dim: Dimension) -> None:
    try:
        operand = split(value)
    except TypeError as error:
        raise TypeError(f"{what} has to have units of {dim.unit_text()}: {error}") from None
    if operand.dim is not dim:
        wanted = "no units" if dim is DIMENSIONLESS else f"units of {dim.unit_text()}"
        found = "no units" if operand.dim is DIMENSIONLESS else f"units of {operand.unit}"
        raise DimensionMismatchError(
            f"{what} has to have {wanted}, got {operand}, which has {found}.", operand.dim, dim
        )
