"""Taking values apart into plain numbers and dimensions, and comparing the dimensions of several."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from .display import best_unit, value_text

_NUMBERS: Final = (int, float, complex, np.number, np.bool_)
Dims = Dimension | tuple[Dimension | None, ...] | None
"""The dimension of a result: None where it is no quantity; one for each where there are several results
(None for the rest)."""


class Operand(NamedTuple):
    """An argument of a calculation: its plain value in base units, and its dimension."""

    value: Any
    dim: Dimension

    @property
    def is_neutral(self) -> bool:
        """Whether it means the same in every unit: a plain scalar that is 0, infinite or not a number."""
        if self.dim is not DIMENSIONLESS or np.ndim(self.value) > 0:
            return False
        return bool(self.value == 0 or not np.isfinite(self.value))

    @property
    def unit(self) -> str:
        """The operand's unit in words."""
        return self.dim.unit_text()

    def __str__(self) -> str:
        with np.printoptions(threshold=20, edgeitems=3):
            if self.dim is DIMENSIONLESS:
                return str(self.value)
            if isinstance(self.value, list):
                return f"[{', '.join(str(Operand(member, self.dim)) for member in self.value[:5])}]"
            values = np.asarray(self.value)
            return value_text(values, best_unit(values, self.dim))


def get_dimensions(obj: Any) -> Dimension:
    """Return the dimension of anything that can be calculated with.

    Parameters
    ----------
    obj : number, array, Quantity, Dimension, object with a ``dim``, or list of these

    Raises
    ------
    TypeError
        No number, such as a string.
    DimensionMismatchError
        A list that mixes dimensions.
    """
    if isinstance(obj, _NUMBERS):
        return DIMENSIONLESS
    if isinstance(obj, list | tuple):
        return _dimensions_of_members(obj)
    dim = getattr(obj, "dim", None)
    if isinstance(dim, Dimension):
        return dim
    if isinstance(obj, np.ndarray) and obj.dtype.kind in "biufc":
        return DIMENSIONLESS
    if isinstance(obj, range):
        return DIMENSIONLESS
    raise TypeError(
        f"{obj!r} (of type {type(obj).__name__}) is neither a number nor a quantity: it has no unit"
    )


def _dimensions_of_members(members: list[Any] | tuple[Any, ...]) -> Dimension:
    dims = {get_dimensions(member): member for member in members}
    if len(dims) > 1:
        shown = " and ".join(str(split(member)) for member in dims.values())
        raise DimensionMismatchError(f"A list holds values of different dimensions, such as {shown}", *dims)
    return next(iter(dims), DIMENSIONLESS)


def split(obj: Any) -> Operand:
    """Take a value apart into its plain value in base units and its dimension."""
    dim = get_dimensions(obj)
    if isinstance(obj, _NUMBERS):
        return Operand(obj, dim)
    if isinstance(obj, list | tuple):
        if all(isinstance(member, _NUMBERS) for member in obj):
            return Operand(obj, dim)
        return Operand([split(member).value for member in obj], dim)
    return Operand(np.asarray(obj), dim)


def common_dimension(operands: Mapping[str, Operand], task: Callable[[], str]) -> Dimension:
    """Return the dimension that all operands share.

    Parameters
    ----------
    operands : mapping of name to Operand
        The names appear in the error.
    task : callable
        Says what cannot be done if they differ, such as ``calculate 3. mV + 5. nA``.

    Raises
    ------
    DimensionMismatchError
        They differ. Plain zeros and infinities fit everything.
    """
    found = [(name, operand) for name, operand in operands.items() if not operand.is_neutral]
    if not found:
        return DIMENSIONLESS
    first, reference = found[0]
    for name, operand in found:
        if operand.dim is not reference.dim:
            raise DimensionMismatchError(
                f"Cannot {task()}: {_units_of(first, reference)}, {_units_of(name, operand)}.",
                reference.dim,
                operand.dim,
            )
    return reference.dim


def _units_of(name: str, operand: Operand) -> str:
    return f"{name} has no units" if operand.dim is DIMENSIONLESS else f"{name} has units of {operand.unit}"


def require_dimensionless(name: str, operand: Operand) -> None:
    """Refuse an argument that has a unit, naming the function and the unit."""
    if operand.dim is not DIMENSIONLESS:
        raise DimensionMismatchError(
            f"{name} expects a dimensionless argument but got {operand}, which has units of {operand.unit}; "
            f"divide by a unit first.",
            operand.dim,
        )


def count_reduced(value: Any, axis: int | tuple[int, ...] | None) -> int:
    """Return how many elements along `axis` (None: all) a reduction makes one of."""
    shape = np.shape(value)
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis)
    return int(np.prod([shape[index] for index in axes], dtype=int))
