"""Values that change with time along a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dimensions import TIME, Dimension
from .units import DimensionMismatchError, Quantity, get_dimensions


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
    DimensionMismatchError
        If ``dt`` is not a time.
    """

    def __init__(self, values: Any, dt: Any, name: str | None = None) -> None:
        array = np.array(values, dtype=float, subok=False)
        problems = []
        if array.ndim not in (1, 2) or array.size == 0:
            problems.append(
                f"values of shape {array.shape}; give shape (T,) or (T, n) with T and n at least 1"
            )
        elif not np.isfinite(array).all():
            bad = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            problems.append(f"the value {array[bad]} at {bad}; every sample must be finite")
        if get_dimensions(dt) != TIME:
            raise DimensionMismatchError(
                f"TimedArray: dt={dt!r} has units of {get_dimensions(dt).unit_text()} instead of second."
            )
        step = float(np.asarray(dt))
        if not (np.isfinite(step) and step > 0):
            problems.append(f"dt={dt!r}; it must be a positive time")
        if problems:
            raise ValueError("TimedArray: " + "; ".join(problems) + ".")
        array.flags.writeable = False
        self._values: NDArray[np.float64] = array
        self.dim: Dimension = get_dimensions(values) if not isinstance(values, list) else _list_dim(values)
        self._dt = step
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
        """Value at time ``t`` (and for column ``i``), with units."""
        if get_dimensions(t) != TIME:
            raise DimensionMismatchError(f"A TimedArray is a function of time, but t={t!r} is none.")
        if (i is None) != (self._values.ndim == 1):
            raise TypeError(f"A TimedArray with {self._values.ndim} dimension(s) takes that many arguments.")
        # the same rounding as in a model: a time within a millionth of a sample before its start belongs to it
        row = np.floor(np.asarray(t, dtype=float) / self._dt + 1e-6).astype(int)
        row = np.clip(row, 0, len(self._values) - 1)
        value = self._values[row] if i is None else self._values[row, np.asarray(i)]
        return Quantity.with_dimensions(value, self.dim)

    def __repr__(self) -> str:
        return f"<TimedArray {self.name or ''} shape={self._values.shape} dt={self._dt} s>"


def _list_dim(values: list[Any]) -> Dimension:
    """Dimension of a list such as ``[1*mV, 2*mV]``, whose elements must agree."""
    flat = [x for row in values for x in (row if isinstance(row, list | tuple | np.ndarray) else [row])]
    dims = {get_dimensions(x) for x in flat}
    if len(dims) > 1:
        raise DimensionMismatchError(
            f"The values of a TimedArray have different units: {', '.join(sorted(d.unit_text() for d in dims))}."
        )
    return dims.pop()
