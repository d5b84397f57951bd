"""Reading rows of the log by their numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .gather import gather_ragged, gather_rows
from .place import PathLike, Place, place_of
from .schema import SPAN_SUFFIX, Array


def read_fixed(store: PathLike | Place, name: str, rows: NDArray[np.int64]) -> Array:
    """Return some rows of a column of fixed shape, shape (m, ...)."""
    return gather_rows(disk.member(disk.open_group(place_of(store)), f"{disk.RUNS}/{name}"), rows)


def read_ragged(store: PathLike | Place, name: str, rows: NDArray[np.int64]) -> list[Array]:
    """Return some rows of a ragged column, one array a row."""
    root = disk.open_group(place_of(store))
    spans = gather_rows(disk.member(root, f"{disk.RUNS}/{name}{SPAN_SUFFIX}"), rows)
    return gather_ragged(disk.member(root, f"{disk.RAGGED}/{name}"), spans)
