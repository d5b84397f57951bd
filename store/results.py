"""Reading: a sweep as a labelled data set, and ragged outputs as flat arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .place import PathLike, place_of
from .schema import Array

if TYPE_CHECKING:
    import xarray as xr


def open_results(path: PathLike, sweep: str | None = None, *, chunks: Any = None) -> xr.Dataset:
    """Open a sweep as a Dataset over its axes; values are read when they are looked at.

    Beside the outputs there are ``status`` (0 missing, 1 done, 2 failed, 3 no run of the sweep), ``error``
    (text), ``seed`` (0 where missing), ``wall_time`` (s) and ``host`` (text). Where a run is missing or failed,
    outputs are NaN, for which integers become float64 unless every run is there; a ragged output has None.
    Where it is done, a cell of a ragged output is a one-dimensional array:
    ``ds['spikes_t'].sel(v0=0.01).item()`` reads just that run. `ragged_to_contiguous` makes flat arrays of many.

    Parameters
    ----------
    path : path or URL
        The store.
    sweep : str, optional
        Which sweep, by its id; the latest recorded by default.
    chunks : optional
        As for `xarray.open_dataset`: ``{}`` for dask arrays.

    Returns
    -------
    xarray.Dataset
        Coordinates carry values and units, attributes how the runs came about.

    Raises
    ------
    StoreError
        No store there, another kind of thing, or no such sweep.
    """
    import xarray as xr

    from .lazy import SweepBackend

    place = place_of(path)
    disk.require_store(place)
    return xr.open_dataset(cast(Any, place), engine=SweepBackend, sweep=sweep, chunks=chunks)


def ragged_to_contiguous(ragged: xr.DataArray) -> tuple[Array, NDArray[np.int64]]:
    """Put a ragged output into one array.

    Parameters
    ----------
    ragged : xarray.DataArray
        Object array of one-dimensional arrays, as `open_results` gives; None counts as empty.

    Returns
    -------
    values : array, shape (total,)
        Of all cells, in C order of the dimensions.
    offsets : int64 array, shape (n_cells + 1,)
        Cell `i` has ``values[offsets[i]:offsets[i + 1]]``.
    """
    cells = list(np.asarray(ragged.values, object).ravel())
    offsets = np.zeros(len(cells) + 1, np.int64)
    np.cumsum([0 if cell is None else len(cell) for cell in cells], out=offsets[1:])
    there = [cell for cell in cells if cell is not None]
    return np.concatenate(there) if there else np.empty(0), offsets
