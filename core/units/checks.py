"""Asking about dimensions, and refusing those that do not fit."""

from typing import Any

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from .operand import Operand, get_dimensions, split
from .quantity import Quantity
from .unit import Unit


def have_same_dimensions(obj1: Any, obj2: Any) -> bool:
    """Return whether two numbers, quantities, units or dimensions have the same dimension."""
    return get_dimensions(obj1) is get_dimensions(obj2)


def is_dimensionless(obj: Any) -> bool:
    """Return whether something is a plain number or array."""
    return get_dimensions(obj) is DIMENSIONLESS


def is_scalar_type(obj: Any) -> bool:
    """Return whether something is a plain scalar number: neither a quantity nor an array of some length."""
    return np.ndim(obj) == 0 and np.asarray(obj).dtype.kind in "biufc" and is_dimensionless(obj)


def fail_for_dimension_mismatch(
    obj1: Any, obj2: Any = None, error_message: str | None = None, **error_quantities: Any
) -> tuple[Dimension, Dimension]:
    """Refuse two values of different dimensions, or one value that has a dimension.

    Parameters
    ----------
    obj1, obj2 : number, array, Quantity or Dimension
        Without `obj2`, `obj1` has to be dimensionless. A plain scalar zero, infinity or not-a-number fits
        every dimension.
    error_message : str, optional
        What went wrong; ``{name}`` stands for the quantity given by that keyword.
    **error_quantities
        Quantities that are shown in the message.

    Returns
    -------
    tuple of Dimension
        The dimensions of both.

    Raises
    ------
    DimensionMismatchError
        They differ. The message names both units.
    """
    a, b = _split_or_dim(obj1), _split_or_dim(0 if obj2 is None else obj2)
    fits = a.dim is b.dim or (obj2 is not None and (a.is_neutral or b.is_neutral))
    if fits:
        return a.dim, b.dim
    shown = {name: str(split(value)) for name, value in error_quantities.items()}
    message = "Dimension mismatch" if error_message is None else error_message.format(**shown)
    raise DimensionMismatchError(message, *((a.dim,) if obj2 is None else (a.dim, b.dim)))


def in_unit(x: Any, u: Unit, precision: int | None = None) -> str:
    """Return a number or quantity as text in the given unit; see `Quantity.in_unit`."""
    return Quantity(x).in_unit(u, precision=precision)


def in_best_unit(x: Any, precision: int | None = None) -> str:
    """Return a number or quantity as text in the unit that suits it best."""
    return Quantity(x).in_best_unit(precision=precision)


def _split_or_dim(obj: Any) -> Operand:
    return Operand(1.0, obj) if isinstance(obj, Dimension) else split(obj)
