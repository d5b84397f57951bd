"""Reading scattered rows out of arrays that lie in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .schema import Array

if TYPE_CHECKING:
    import zarr

MAX_RAGGED_READ = 2**24


def gather_rows(array: zarr.Array[Any], rows: NDArray[np.int64], inner: tuple[Any, ...] = ()) -> Array:
    """Return some rows of an array, in any order and with repeats.

    Parameters
    ----------
    array : zarr.Array, shape (n_rows, ...)
    rows : int64 array, shape (m,)
    inner : tuple of slice
        What is wanted of the remaining dimensions.

    Returns
    -------
    array, shape (m, ...)
    """
    wanted, where = np.unique(rows, return_inverse=True)
    parts = [
        np.asarray(array[(slice(int(block[0]), int(block[-1]) + 1), *inner)])[block - block[0]]
        for block in _blocks(wanted, array.chunks[0])
    ]
    if not parts:
        return np.asarray(array[(slice(0, 0), *inner)])
    return np.concatenate(parts)[where]


def _blocks(rows: NDArray[np.int64], gap: int) -> Iterator[NDArray[np.int64]]:
    """Cut sorted rows where so much lies between two that reading across would touch a needless chunk."""
    if len(rows):
        yield from np.split(rows, np.flatnonzero(np.diff(rows) > gap) + 1)


def gather_ragged(values: zarr.Array[Any], spans: NDArray[np.int64]) -> list[Array]:
    """Return the values between each start and stop.

    Parameters
    ----------
    values : zarr.Array, one-dimensional
    spans : int64 array, shape (m, 2)

    Returns
    -------
    list of m one-dimensional arrays
        Neighbours may be views of one block.
    """
    out: list[Array] = [np.empty(0, values.dtype)] * len(spans)
    order = np.argsort(spans[:, 0], kind="stable")
    order = order[spans[order, 1] > spans[order, 0]]
    while len(order):
        start = spans[order[0], 0]
        stops = np.maximum.accumulate(spans[order, 1])
        apart = spans[order[1:], 0] - stops[:-1] > values.chunks[0]
        too_long = stops[1:] - start > MAX_RAGGED_READ
        cut = int(np.argmax(np.append(apart | too_long, True))) + 1
        block = np.asarray(values[int(start) : int(stops[cut - 1])])
        for i in order[:cut]:
            out[i] = block[spans[i, 0] - start : spans[i, 1] - start]
        order = order[cut:]
    return out
