"""What monitors and groups hold after a run, as read-only views over a run's outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clock import check_time
from .dimensions import DIMENSIONLESS, TIME, Dimension
from .units import Quantity

Reader = Callable[[str], NDArray[Any]]


def with_unit(values: Any, dim: Dimension) -> Any:
    """A quantity, or a plain number or array where there is no unit."""
    return values if dim == DIMENSIONLESS else Quantity.with_dimensions(values, dim)


class SpikeRecord:
    """Spikes, or other events, of one run: variables at each of them, ``i`` and ``t`` among them, in order."""

    def __init__(self, read: Reader, size: int, dims: Mapping[str, Dimension], name: str) -> None:
        self._read = read
        self._size = size
        self._dims = dict(dims)
        self._name = name

    def _recorded_only(self, what: str) -> None:
        if not self._dims:
            raise AttributeError(
                f"{self._name} only counts (record=False), so it has no {what}; use count or num_spikes."
            )

    @property
    def i(self) -> NDArray[np.int32]:
        """Neuron of each spike, in the order of the spikes."""
        self._recorded_only("indices")
        return self._read("i")

    @property
    def t(self) -> Any:
        """Time of each spike, with units."""
        self._recorded_only("times")
        return with_unit(self._read("t"), TIME)

    def __getattr__(self, name: str) -> Any:
        dims = self.__dict__.get("_dims")
        if dims is None or name.startswith("__"):
            raise AttributeError(name)
        bare = name[:-1] if name.endswith("_") else name
        self._recorded_only({"i": "indices", "t": "times"}.get(bare, repr(bare)))
        if bare not in dims:
            raise AttributeError(f"{self._name} does not record {name!r}; it records {', '.join(dims)}.")
        values = self._read(bare)
        return values if name.endswith("_") else with_unit(values, dims[bare])

    @property
    def t_(self) -> NDArray[np.float64]:
        """Time of each spike in seconds."""
        self._recorded_only("times")
        return self._read("t")

    @property
    def count(self) -> NDArray[np.int32]:
        """Number of spikes of each neuron."""
        return self._read("count")

    @property
    def num_events(self) -> int:
        """Number of events of all neurons."""
        return int(self._read("count").sum())

    @property
    def num_spikes(self) -> int:
        """Number of spikes of all neurons."""
        return self.num_events

    def values(self, variable: str) -> dict[int, Any]:
        """Values of a variable at the spikes by neuron, one entry for each neuron of the group."""
        self._recorded_only("values")
        if variable not in self._dims:
            raise KeyError(f"{self._name} does not record {variable!r}; it records {', '.join(self._dims)}.")
        order = np.argsort(self._read("i"), kind="stable")
        ends = np.cumsum(np.bincount(self._read("i"), minlength=self._size))
        parts = np.split(self._read(variable)[order], ends[:-1])
        return {k: with_unit(part, self._dims[variable]) for k, part in enumerate(parts)}

    def all_values(self) -> dict[str, dict[int, Any]]:
        """`values` of each variable but ``i``."""
        self._recorded_only("values")
        return {name: self.values(name) for name in self._dims if name != "i"}

    def event_trains(self) -> dict[int, Any]:
        """Times of events by neuron, one entry for each neuron of the group."""
        self._recorded_only("spike trains")
        return self.values("t")

    def spike_trains(self) -> dict[int, Any]:
        """Times of spikes by neuron, one entry for each neuron of the group."""
        return self.event_trains()

    def __len__(self) -> int:
        return self.num_events

    def __repr__(self) -> str:
        return f"<SpikeRecord of {self._name!r}>"


class StateRecord:
    """Variables over time, shape (neurons, samples).

    ``record.v`` is the variable v with units, ``record.v_`` without.
    """

    def __init__(
        self,
        read: Reader,
        record: NDArray[np.int64],
        dims: Mapping[str, Dimension],
        shared: frozenset[str],
        name: str,
        rows: NDArray[np.int64] | int | None = None,
    ) -> None:
        self._read = read
        self._record = record
        self._dims = dict(dims)
        self._shared = shared
        self._name = name
        self._rows = rows  # which of the recorded neurons this is about; an int for a single one

    @property
    def t(self) -> Any:
        """Times of the samples, with units."""
        return with_unit(self._read("t"), TIME)

    @property
    def t_(self) -> NDArray[np.float64]:
        """Times of the samples in seconds."""
        return self._read("t")

    def array(self, variable: str) -> NDArray[Any]:
        """Values in base units, shape (neurons, samples); a shared variable has a single row."""
        rows = 1 if variable in self._shared else len(self._record)
        values = self._read(variable).reshape(len(self._read("t")), rows).T
        if self._rows is None:
            return values
        if variable in self._shared:
            return values if isinstance(self._rows, np.ndarray) else values[0]
        return values[self._rows]

    def __getattr__(self, name: str) -> Any:
        dims = self.__dict__.get("_dims", {})
        bare = name[:-1] if name.endswith("_") else name
        if bare not in dims:
            raise AttributeError(
                f"{self.__dict__.get('_name')} does not record {name!r}; it records {', '.join(dims)}."
            )
        values = self.array(bare)
        if bare in self._shared and values.ndim == 2:  # as in Brian 2, each neuron has a row
            neurons = self._record if self._rows is None else self._rows
            values = np.repeat(values, max(1, np.size(neurons)), axis=0)
        return values if name.endswith("_") else with_unit(values, dims[bare])

    def __getitem__(self, index: Any) -> StateRecord:
        """What was recorded of the neuron(s) with this index in the group."""
        wanted = np.asarray(index)
        if wanted.dtype.kind not in "iu" or wanted.ndim > 1:
            raise TypeError(f"{self._name}[{index!r:.60}]: give the index of a neuron, or several.")
        rows = []
        for neuron in np.atleast_1d(wanted):
            place = np.flatnonzero(self._record == neuron)
            if not len(place):
                raise IndexError(f"{self._name} does not record neuron {neuron}.")
            rows.append(int(place[0]))
        chosen = np.array(rows) if wanted.ndim else rows[0]
        return StateRecord(self._read, self._record, self._dims, self._shared, self._name, chosen)

    def __len__(self) -> int:
        return len(self._read("t"))

    def __repr__(self) -> str:
        return f"<StateRecord of {self._name!r}: {', '.join(self._dims)}>"


class RateRecord:
    """Rate of a group in each time step of one run."""

    def __init__(self, read: Reader, name: str) -> None:
        self._read = read
        self._name = name

    @property
    def t(self) -> Any:
        """Times of the steps, with units."""
        return with_unit(self._read("t"), TIME)

    @property
    def t_(self) -> NDArray[np.float64]:
        """Times of the steps in seconds."""
        return self._read("t")

    @property
    def rate(self) -> Any:
        """Rate in each step, with units."""
        return with_unit(self._read("rate"), TIME**-1)

    @property
    def rate_(self) -> NDArray[np.float64]:
        """Rate in each step in hertz."""
        return self._read("rate")

    def smooth_rate(self, window: Any = "gaussian", width: Any = None) -> Any:
        """Average the rate over neighbouring steps; beyond both ends it counts as zero.

        Parameters
        ----------
        window : {'gaussian', 'flat'} or array of odd length
            Shape of the window: a Gaussian cut off at two standard deviations, a rectangle, or weights, which
            are normalised to a sum of 1.
        width : Quantity
            Standard deviation of the Gaussian (rounded to whole steps where it is cut off), or width of the
            rectangle (rounded to an odd number of steps); not with weights.

        Returns
        -------
        Quantity
            One rate for each step.

        Raises
        ------
        ValueError, TypeError, DimensionMismatchError
            For a window or width that cannot be.
        """
        dt = float(self.t_[1] - self.t_[0]) if len(self.t_) > 1 else 0.0
        weights = _window(window, width, dt)
        smooth = np.convolve(self.rate_, weights / weights.sum(), mode="full")
        first = len(weights) // 2
        return with_unit(smooth[first : first + len(self.rate_)], TIME**-1)

    def __len__(self) -> int:
        return len(self.t_)

    def __repr__(self) -> str:
        return f"<RateRecord of {self._name!r}>"


def _window(window: Any, width: Any, dt: float) -> NDArray[np.float64]:
    """Weights of `RateRecord.smooth_rate`."""
    if not isinstance(window, str):
        weights = np.asarray(window, dtype=float)
        if width is not None:
            raise TypeError("smooth_rate: weights have a width of their own; leave width out.")
        if weights.ndim != 1 or weights.size % 2 == 0 or not weights.sum():
            raise TypeError(
                f"smooth_rate: window has shape {weights.shape}; give an odd number of weights with a sum above zero."
            )
        return weights
    if window not in ("gaussian", "flat"):
        raise ValueError(
            f"smooth_rate: window={window!r} is none; choose 'gaussian', 'flat' or give weights."
        )
    if width is None:
        raise TypeError(f"smooth_rate: the window {window!r} needs a width, such as width=5*ms.")
    steps = check_time(width, "smooth_rate: width") / dt if dt else 0.0
    if window == "flat":
        return np.ones(2 * int(np.round(steps / 2)) + 1)
    half = int(np.round(2 * steps)) if steps else 0
    places = np.arange(-half, half + 1)
    return np.exp(-(places**2) / (2 * steps**2)) if steps else np.ones(1)
