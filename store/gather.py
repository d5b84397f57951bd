"""Reading scattered rows out of arrays that lie in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .schema import Array

if TYPE_CHECKING:
    import zarr

MAX_RAGGED_READ = 2**24
MAX_BYTES = 2**23  # of rows that are read at a time


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
    shape = np.broadcast_to(0, array.shape[1:])[inner].shape
    found = np.empty((len(rows), *shape), array.dtype)
    row_bytes = max(array.dtype.itemsize * prod(shape), 1)
    for block in sorted_blocks(rows, array.chunks[0], max(MAX_BYTES // row_bytes, 1)):
        here = rows[block]
        first = int(here[0])
        found[block] = np.asarray(array[(slice(first, int(here[-1]) + 1), *inner)])[here - first]
    return found


def sorted_blocks(rows: NDArray[np.int64], gap: int, most: int) -> Iterator[NDArray[np.int64]]:
    """Yield which rows to read at a time, those of a block in order.

    Blocks end where so much lies between two rows that reading across would touch a needless chunk, and before they
    would reach across more than `most` rows.
    """
    order = np.argsort(rows, kind="stable")
    start = 0
    while start < len(order):
        block = order[start : start + most]
        here = rows[block]
        apart = np.flatnonzero((np.diff(here) > gap) | (here[1:] - here[0] >= most))
        block = block[: int(apart[0]) + 1] if len(apart) else block
        yield block
        start += len(block)


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
