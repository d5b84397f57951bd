"""Values that change with time along a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clock import check_time
from .dimensions import TIME, Dimension
from .records import with_unit
from .units import DimensionMismatchError, get_dimensions


class TimedArray:
    """A function of time given by samples, as Brian 2's: piecewise constant, held at its ends.

    Parameters
    ----------
    values : array_like, shape (T,) or (T, n)
        Samples, with units or without; with two dimensions, one column for each neuron.
    dt : Quantity
        Time between samples.
    name : str, optional
        For people; the model uses the name that the script gives it.

    Raises
    ------
    ValueError
        For an empty array, more than two dimensions, NaN or infinite samples, or a ``dt`` that is not positive.
    DimensionMismatchError, TypeError
        If the samples are not numbers of one unit, or ``dt`` is not a time.
    """

    def __init__(self, values: Any, dt: Any, name: str | None = None) -> None:
        try:
            self.dim: Dimension = get_dimensions(values)
            array = np.array(values, dtype=float, subok=False)
        except DimensionMismatchError as error:
            raise DimensionMismatchError(f"TimedArray: {error}") from None
        except (TypeError, ValueError):
            raise TypeError(
                f"TimedArray: the values are {values!r:.60}; give numbers or quantities."
            ) from None
        if array.ndim not in (1, 2) or array.size == 0:
            raise ValueError(
                f"TimedArray: the values have shape {array.shape}; give shape (T,) or (T, n) with T and n at least 1."
            )
        if not np.isfinite(array).all():
            bad = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"TimedArray: the value at {bad} is {array[bad]}; every sample must be finite.")
        array.flags.writeable = False
        self._values: NDArray[np.float64] = array
        self._dt = check_time(dt, "TimedArray: dt")
        self.name = name

    @property
    def values(self) -> NDArray[np.float64]:
        """Samples in base SI units, read-only."""
        return self._values

    @property
    def dt(self) -> float:
        """Time between samples in seconds."""
        return self._dt

    def __call__(self, t: Any, i: Any = None) -> Any:
        """Value at time ``t`` (and for column ``i``), with units.

        Raises
        ------
        DimensionMismatchError
            If ``t`` is no time.
        TypeError, IndexError
            If a column is missing, too much, or not one of the array's.
        """
        if get_dimensions(t) != TIME:
            raise DimensionMismatchError(f"A TimedArray is a function of time, but t={t!r} is none.")
        if (i is None) != (self._values.ndim == 1):
            form = "(t)" if self._values.ndim == 1 else "(t, i)"
            raise TypeError(f"A TimedArray with {self._values.ndim} dimension(s) is called as {form}.")
        if i is not None and not np.all((np.asarray(i) >= 0) & (np.asarray(i) < self._values.shape[1])):
            raise IndexError(f"A TimedArray with {self._values.shape[1]} column(s) has no column {i!r:.60}.")
        # the same rounding as in a model: a time within a millionth of a sample before its start belongs to it
        row = np.floor(np.asarray(t, dtype=float) / self._dt + 1e-6).astype(int)
        row = np.clip(row, 0, len(self._values) - 1)
        value = self._values[row] if i is None else self._values[row, np.asarray(i)]
        return with_unit(value, self.dim)

    def __repr__(self) -> str:
        return f"<TimedArray {self.name or ''} shape={self._values.shape} dt={self._dt} s>"
