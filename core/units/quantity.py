"""`Quantity`: a numpy array with a physical dimension, whose values are kept in base SI units.

What numpy's ufuncs and functions do to dimensions is written down as tables in `ufuncs` and `functions`.
"""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError, Number, get_or_create_dimension
from .display import best_unit, value_text
from .functions import apply_function
from .operand import Dims, common_dimension, get_dimensions, split
from .ufuncs import apply_ufunc

if TYPE_CHECKING:
    from .unit import Unit


def with_dim(value: Any, dim: Dims) -> Any:
    """Give a plain result its dimension: a Quantity, or a plain number or array where it has none."""
    if isinstance(value, list | tuple):
        dims = dim if isinstance(dim, tuple) else (dim,) * len(value)
        members = [with_dim(member, own) for member, own in zip_longest(value, dims)]
        return members if isinstance(value, list) else tuple(members)
    if isinstance(dim, tuple):
        dim = dim[0]
    if dim is None:
        return value
    if dim is DIMENSIONLESS:
        return float(value) if isinstance(value, np.float64) else value
    made = np.asarray(value).view(Quantity)
    made.dim = dim
    return made


class Quantity(np.ndarray[Any, np.dtype[Any]]):
    """A number or array with a physical dimension.

    Values are stored in base SI units: ``np.asarray(3*mV)`` is ``0.003``. Calculations whose result has
    no dimension return plain numbers and arrays.

    Parameters
    ----------
    arr : number, array, Quantity, or list of these
        Value in base units, or quantities. Integers and booleans become floating-point numbers.
    dim : Dimension or Quantity, optional
        The dimension of a plain `arr`.
    dtype, copy
        As in `numpy.array`.

    Raises
    ------
    TypeError
        Not numbers.
    DimensionMismatchError
        `arr` mixes dimensions, or has another one than `dim`.
    """

    dim: Dimension
    __array_priority__ = 1000

    def __new__(
        cls,
        arr: Any,
        dim: "Dimension | Quantity | None" = None,
        dtype: DTypeLike | None = None,
        copy: bool = False,
    ) -> Self:
        value, own = split(arr)
        wanted = own if dim is None else get_dimensions(dim)
        if own is not DIMENSIONLESS and wanted is not own:
            raise DimensionMismatchError(f"{split(arr)} cannot be given another dimension", own, wanted)
        values = np.array(value, dtype=dtype) if copy else np.asarray(value, dtype=dtype)
        if values.dtype.kind not in "biufc":
            raise TypeError(f"A quantity is made of numbers, not of {values.dtype}")
        made = (values if values.dtype.kind in "fc" else values.astype(np.float64)).view(cls)
        made.dim = wanted
        return made

    if TYPE_CHECKING:
        # Whether a result is a Quantity or a plain number depends on dimensions, which types do not know.
        __add__: Callable[..., Any]
        __radd__: Callable[..., Any]
        __sub__: Callable[..., Any]
        __rsub__: Callable[..., Any]
        __mul__: Callable[..., Any]
        __rmul__: Callable[..., Any]
        __truediv__: Callable[..., Any]
        __rtruediv__: Callable[..., Any]
        __floordiv__: Callable[..., Any]
        __rfloordiv__: Callable[..., Any]
        __mod__: Callable[..., Any]
        __rmod__: Callable[..., Any]
        __rpow__: Callable[..., Any]
        __neg__: Callable[..., Any]
        __abs__: Callable[..., Any]

    def __array_finalize__(self, obj: Any) -> None:
        self.dim = getattr(obj, "dim", DIMENSIONLESS)

    @staticmethod
    def with_dimensions(value: Any, *args: Any, **keywords: Number) -> "Quantity":
        """Return a quantity of the given dimension.

        Parameters
        ----------
        value : number or array
            In base units.
        *args, **keywords
            A `Dimension`, or the arguments of `get_or_create_dimension`.
        """
        if len(args) == 1 and isinstance(args[0], Dimension) and not keywords:
            return Quantity(value, dim=args[0])
        return Quantity(value, dim=get_or_create_dimension(*args, **keywords))

    @property
    def dimensions(self) -> Dimension:
        """The physical dimension; the same as ``dim``."""
        return self.dim

    @property
    def is_dimensionless(self) -> bool:
        """Whether this is a plain number or array of plain numbers."""
        return self.dim is DIMENSIONLESS

    def has_same_dimensions(self, other: Any) -> bool:
        """Return whether `other` has the same dimension."""
        return self.dim is get_dimensions(other)

    # ---- display

    def get_best_unit(self, *regs: object) -> "Unit":
        """Return the unit in which this quantity is shown (`regs` is accepted for Brian 2's sake)."""
        from .unit import unit_from_shown

        return unit_from_shown(best_unit(np.asarray(self), self.dim), self.dim)

    def in_best_unit(self, precision: int | None = None, python_code: bool = False, *regs: object) -> str:
        """Return value and unit in the unit that suits the value best.

        Parameters
        ----------
        precision : int, optional
            Number of digits after the decimal point; by default numpy's print option.
        python_code : bool
            ``3. * mvolt`` instead of ``3. mV``.
        """
        values = np.asarray(self)
        return value_text(values, best_unit(values, self.dim), precision, python_code)

    def in_unit(self, u: "Unit", precision: int | None = None, python_code: bool = False) -> str:
        """Return value and unit in the given unit.

        Parameters
        ----------
        u : Unit
            A unit of the same dimension.
        precision, python_code
            As in `in_best_unit`.

        Raises
        ------
        DimensionMismatchError
            `u` has another dimension.
        TypeError
            `u` is no unit.
        """
        from .unit import shown_unit

        shown = shown_unit(u)
        if get_dimensions(u) is not self.dim:
            raise DimensionMismatchError(
                f"Cannot show {split(self)} in {shown.symbol}: the value has units of "
                f"{self.dim.unit_text()}, the unit is one of {get_dimensions(u).unit_text()}.",
                self.dim,
                get_dimensions(u),
            )
        return value_text(np.asarray(self), shown, precision, python_code)

    def __repr__(self) -> str:
        if self.is_dimensionless:
            return f"Quantity({self.in_best_unit(python_code=True)})"
        return self.in_best_unit(python_code=True)

    def __str__(self) -> str:
        return self.in_best_unit()

    def __format__(self, spec: str) -> str:
        if not spec or self.ndim:
            return format(str(self), spec)
        values = np.asarray(self)
        unit = best_unit(values, self.dim)
        number = format(values[()] / unit.value, spec)
        return number if self.is_dimensionless else f"{number} {unit.symbol}"

    # ---- numpy's protocols

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **kwargs: Any
    ) -> Any:
        operands = [split(value) for value in inputs]
        result, dims = apply_ufunc(ufunc, method, operands, out, kwargs)
        if out and out[0] is not None:
            return out[0] if len(out) == 1 else out
        return with_dim(result, dims)

    def __array_function__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        result, dims = apply_function(func, args, kwargs)
        return result if kwargs.get("out") is not None else with_dim(result, dims)

    # ---- items and conversion

    def __getitem__(self, key: Any) -> Any:
        return with_dim(np.asarray(self)[key], self.dim)

    def __setitem__(self, key: Any, value: Any) -> None:
        given = split(value)
        common_dimension({"the array": split(self), "the value": given}, lambda: f"set an item to {given}")
        np.asarray(self)[key] = given.value

    def __iter__(self) -> Iterator[Any]:
        return (with_dim(value, self.dim) for value in np.asarray(self))

    def item(self, *args: Any) -> Any:
        """Return one element as a quantity."""
        return with_dim(np.asarray(self).item(*args), self.dim)

    def tolist(self) -> Any:
        """Return a nested list of quantities, or the quantity itself if it is a scalar."""
        return (
            [value.tolist() if isinstance(value, Quantity) else value for value in self]
            if self.ndim
            else self
        )

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return a copy with another floating-point type.

        Raises
        ------
        TypeError
            Integers were asked for: what a quantity is cut off to would depend on its unit.
        """
        if np.dtype(dtype).kind not in "fc" and not self.is_dimensionless:
            raise TypeError(f"{split(self)} cannot be converted to {np.dtype(dtype)}: divide by a unit first")
        return with_dim(np.asarray(self).astype(dtype, *args, **kwargs), self.dim)

    def fill(self, value: Any) -> None:
        """Set all elements to one value of the same dimension."""
        self[...] = value

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """Set some elements, by flat index, to values of the same dimension."""
        np.put(self, indices, values, mode)

    def __reduce__(self) -> Any:
        return _restored, (np.asarray(self), self.dim)

    def __copy__(self) -> "Quantity":
        return self.copy()

    def __deepcopy__(self, memo: Any) -> "Quantity":
        return self.copy()

    # ---- comparison with what is no number; changes in place

    def __eq__(self, other: Any) -> Any:
        return super().__eq__(other) if _is_number(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return super().__ne__(other) if _is_number(other) else NotImplemented

    __hash__ = None

    def __pow__(self, other: Any, mod: None = None) -> Any:
        # Not numpy's own, which takes short cuts through other ufuncs for some exponents.
        return np.power(self, other)

    # A scalar is a value, as Python's numbers are: changing it in place makes a new one. So does an
    # operation that changes the unit, since views of the array keep theirs.

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return np.add(self, other, out=(self,)) if self.ndim else np.add(self, other)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return np.subtract(self, other, out=(self,)) if self.ndim else np.subtract(self, other)

    def __imod__(self, other: Any) -> Any:  # type: ignore[misc]
        return np.remainder(self, other, out=(self,)) if self.ndim else np.remainder(self, other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return _in_place_if_plain(np.multiply, self, other)

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return _in_place_if_plain(np.divide, self, other)

    def __ifloordiv__(self, other: Any) -> Any:  # type: ignore[misc]
        return np.floor_divide(self, other)

    def __ipow__(self, other: Any) -> Any:  # type: ignore[misc, override]
        return np.power(self, other)

    def __round__(self, ndigits: int | None = None) -> Any:
        return np.round(self, ndigits or 0)


def _restored(values: Any, dim: Dimension) -> Quantity:
    made = np.asarray(values).view(Quantity)
    made.dim = dim
    return made


def _in_place_if_plain(ufunc: np.ufunc, target: Quantity, other: Any) -> Any:
    in_place = target.ndim and get_dimensions(other) is DIMENSIONLESS
    return ufunc(target, other, out=(target,)) if in_place else ufunc(target, other)


def _is_number(value: Any) -> bool:
    try:
        get_dimensions(value)
    except TypeError:
        return False
    return True


def _as_method(func: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Quantity, *args: Any, **kwargs: Any) -> Any:
        return func(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = func.__name__
    method.__doc__ = f"The same as `numpy.{func.__name__}`."
    return method


# Methods that are worked out inside numpy's C code take the way of the functions of the same name.
for _func in (
    np.all, np.any, np.argmax, np.argmin, np.argpartition, np.argsort, np.clip, np.cumprod, np.cumsum,
    np.diagonal, np.dot, np.max, np.mean, np.min, np.nonzero, np.prod, np.ptp, np.repeat, np.round,
    np.searchsorted, np.std, np.sum, np.take, np.trace, np.var,
):  # fmt: skip
    setattr(Quantity, _func.__name__, _as_method(_func))


def quantity_with_dimensions(floatval: Any, dims: Dimension) -> Any:
    """Return a value in base units with its dimension; as it is if it is to have none."""
    return floatval if dims is DIMENSIONLESS else Quantity.with_dimensions(floatval, dims)
