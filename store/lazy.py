"""The log as n-dimensional arrays that are read when they are looked at.

Import this only where xarray is needed: it is the one module that cannot help importing it at its top,
since xarray wants its classes inherited from.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Set
from math import prod
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from . import layout as disk
from .completed import find_rows
from .files import Files
from .gather import gather_ragged, gather_rows, sorted_blocks
from .place import Place, place_of
from .schema import DONE, EXCLUDED, LOG_COLUMNS, SPAN_SUFFIX, Array, Column
from .sweeps import RecordedSweep, find_sweep

if TYPE_CHECKING:
    import zarr

Key = tuple[Any, ...]
CHUNK_BYTES = 2**20
MOST_RAGGED, MOST_TEXTS = 2**17, 2**16  # rows that are read at a time


class _CellArray(BackendArray):
    """Cells of a sweep, each of which is a row of the log or nothing.

    Parameters
    ----------
    rows : int64 array
        Row of each cell, -1 for none.
    inner : tuple of int
        Shape within a cell.
    dtype : dtype
    fill : object
        What a cell without a row reads as.
    """

    def __init__(self, rows: NDArray[np.int64], inner: tuple[int, ...], dtype: Any, fill: Any) -> None:
        self.rows = rows
        self.shape = (*rows.shape, *inner)
        self.dtype = np.dtype(dtype)
        self.fill = fill

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Array:
        if not isinstance(key, indexing.VectorizedIndexer):
            return self._outer(key.tuple)
        found: Array = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._outer
        )
        return found

    def _outer(self, key: Key) -> Array:
        n = self.rows.ndim
        rows = _take(self.rows, key[:n])
        inner = [_split(k, length) for k, length in zip(key[n:], self.shape[n:], strict=True)]
        bounds = tuple(bound for bound, _ in inner)
        wanted = rows.ravel()
        have = wanted >= 0
        out = np.full((len(wanted), *(b.stop - b.start for b in bounds)), self.fill, self.dtype)
        if have.any():
            out[have] = self._read(wanted[have], bounds)
        out = _take(out, (slice(None), *(rest for _, rest in inner)))
        return out.reshape(rows.shape + out.shape[1:])

    @abstractmethod
    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        """Return the values of existing rows."""


@final
class FixedArray(_CellArray):
    """A column of fixed shape."""

    def __init__(
        self, array: zarr.Array[Any], rows: NDArray[np.int64], dtype: Any, fill: Any, files: Files | None
    ) -> None:
        super().__init__(rows, array.shape[1:], dtype, fill)
        self.array, self.files = array, files

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        values = gather_rows(self.array, rows, bounds)
        if self.files is not None:
            self.files.require(rows, values, self.array.fill_value)
        return values


@final
class RaggedArray(_CellArray):
    """A ragged column: every cell is what `element` makes of a one-dimensional array."""

    def __init__(
        self,
        spans: zarr.Array[Any],
        values: zarr.Array[Any],
        rows: NDArray[np.int64],
        fill: Any,
        element: Callable[[Array], Any],
        files: tuple[Files, Files] | None,
    ) -> None:
        super().__init__(rows, (), object, fill)
        self.spans, self.values, self.element, self.files = spans, values, element, files

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        out = np.empty(len(rows), object)
        for block in sorted_blocks(rows, self.spans.chunks[0], MOST_RAGGED):
            spans = gather_rows(self.spans, rows[block])
            if self.files is not None:
                self.files[0].require(rows[block], spans, 0)
                self.files[1].require_spans(spans)
            parts = gather_ragged(self.values, spans)
            for i, part in zip(block.tolist(), parts, strict=True):
                out[i] = self.element(part)
        return out


@final
class TextArray(_CellArray):
    """A column of bytes, text in every row, that ends in zeros."""

    def __init__(self, array: zarr.Array[Any], rows: NDArray[np.int64]) -> None:
        super().__init__(rows, (), object, "")
        self.array = array

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        out = np.empty(len(rows), object)
        for block in sorted_blocks(rows, self.array.chunks[0], MOST_TEXTS):  # there are few different ones
            raw = np.ascontiguousarray(gather_rows(self.array, rows[block]))
            found, which = np.unique(raw.view(f"S{raw.shape[1]}")[:, 0], return_inverse=True)
            texts = np.array([name.decode("utf-8", "replace") for name in found.tolist()], object)
            out[block] = texts[which]
        return out


def _take(array: Array, key: Key) -> Array:
    """Index every dimension on its own, the last one first, so that integers may drop theirs."""
    for axis in reversed(range(len(key))):
        array = array[(slice(None),) * axis + (key[axis],)]
    return np.asarray(array)


def _split(key: Any, length: int) -> tuple[slice, Any]:
    """Return the stretch that an integer, an array of them or a slice falls in, and the key within it."""
    where = np.arange(length)[key]
    bounds = slice(int(where.min()), int(where.max()) + 1) if where.size else slice(0, 0)
    return bounds, slice(None, None, key.step) if isinstance(key, slice) else where - bounds.start


def _same(part: Array) -> Array:
    return part


def _text(part: Array) -> str:
    return part.tobytes().decode("utf-8", "replace")


@final
class SweepBackend(BackendEntrypoint):
    """One sweep of a store as a Dataset over its axes: ``xr.open_dataset(path, engine=SweepBackend)``."""

    description = "Sweeps of runs in a spikefarm store"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "sweep")

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        sweep: str | None = None,
    ) -> xr.Dataset:
        place = place_of(filename_or_obj)
        disk.require_store(place)
        dropped = {drop_variables} if isinstance(drop_variables, str) else set(drop_variables or ())
        return open_sweep(place, find_sweep(place, sweep), dropped)[0]


def open_sweep(
    place: Place, recorded: RecordedSweep, dropped: Set[str] = frozenset()
) -> tuple[xr.Dataset, NDArray[np.int64]]:
    """Return a sweep as a Dataset over its axes, and which row of the log each cell is, -1 for none."""
    definition, keys = recorded.read(place)
    rows, status = find_rows(place, keys)
    status[~keys.any(axis=1)] = EXCLUDED
    shape = tuple(recorded.dims.values())
    view = _View(place, tuple(recorded.dims), rows.reshape(shape), status.reshape(shape))
    variables = {name: variable for name, variable in view.variables(recorded.outputs) if name not in dropped}
    coords = {
        axis.name: xr.Variable(axis.dims, axis.values, dict(axis.attrs), fastpath=True)
        for axis in definition.axes
    }
    attrs = {**recorded.provenance, "sweep": recorded.id, "recorded": recorded.recorded}
    return xr.Dataset(variables, coords, attrs), rows


def chunks_of(shape: tuple[int, ...], dtype: Any) -> tuple[int, ...]:
    """Return how dask cuts an array that is asked for in chunks: along its first dimensions, as runs lie on disk."""
    chunk = list(shape)
    for axis in range(len(chunk)):
        while chunk[axis] > 1 and prod(chunk) * np.dtype(dtype).itemsize > CHUNK_BYTES:
            chunk[axis] = -(-chunk[axis] // 2)
    return tuple(chunk)


class _View:
    """Columns of a store as variables over the dimensions of one sweep."""

    def __init__(self, place: Place, dims: tuple[str, ...], rows: Array, status: Array) -> None:
        self.place, self.dims, self.rows, self.status = place, dims, rows, status
        self.root = disk.open_group(place)
        attrs = disk.root_attrs(self.root)
        self.layout, self.all_written = disk.layout_of(attrs), attrs["format"] >= disk.ALL_WRITTEN
        self.done = np.where(status == DONE, rows, -1)
        self.columns = disk.read_columns(self.root)

    def variables(self, outputs: Iterable[str]) -> Iterable[tuple[str, xr.Variable]]:
        for name in outputs:
            if name in self.columns:
                yield name, self._output(self.columns[name])
        log = {column.name: column for column in LOG_COLUMNS}
        attrs = dict(log["status"].attrs)
        attrs["flag_values"] = np.array(attrs["flag_values"], np.uint8)
        yield "status", xr.Variable(self.dims, self.status, attrs, fastpath=True)
        yield "error", self._ragged(log["error"], self.rows, "", _text)
        yield "seed", self._fixed(log["seed"], self.rows, log["seed"].dtype, 0)
        yield "wall_time", self._fixed(log["wall_time"], self.rows, log["wall_time"].dtype, np.nan)
        yield "host", self._host(log["host"])

    def _host(self, column: Column) -> xr.Variable:
        array = TextArray(disk.member(self.root, f"{disk.RUNS}/{column.name}"), self.rows)
        attrs = {"long_name": "machine that did the run"}
        return xr.Variable(self.dims, indexing.LazilyIndexedArray(array), attrs, fastpath=True)

    def _output(self, column: Column) -> xr.Variable:
        if column.ragged:
            return self._ragged(column, self.done, None, _same)
        dtype = column.dtype
        if dtype.kind in "biu" and (self.done < 0).any():
            dtype = np.dtype(np.float64)  # has a NaN for the runs that are not there
        return self._fixed(column, self.done, dtype, np.nan if dtype.kind in "fc" else 0)

    def _fixed(self, column: Column, rows: Array, dtype: Any, fill: Any) -> xr.Variable:
        array = disk.member(self.root, f"{disk.RUNS}/{column.name}")
        files = self._files(array) if self.all_written else None
        return self._variable(column, FixedArray(array, rows, dtype, fill, files))

    def _files(self, array: zarr.Array[Any]) -> Files:
        return Files(self.place, array.path, self.layout.rows, disk.first_slot(array))

    def _ragged(self, column: Column, rows: Array, fill: Any, element: Callable[[Array], Any]) -> xr.Variable:
        spans = disk.member(self.root, f"{disk.RUNS}/{column.name}{SPAN_SUFFIX}")
        values = disk.member(self.root, f"{disk.RAGGED}/{column.name}")
        of_values = Files(self.place, values.path, self.layout.ragged_shard)
        files = (self._files(spans), of_values) if self.all_written else None
        return self._variable(column, RaggedArray(spans, values, rows, fill, element, files))

    def _variable(self, column: Column, array: _CellArray) -> xr.Variable:
        dims = (*self.dims, *(() if column.ragged else column.dims))
        variable = xr.Variable(dims, indexing.LazilyIndexedArray(array), dict(column.attrs), fastpath=True)
        variable.encoding["preferred_chunks"] = dict(
            zip(dims, chunks_of(array.shape, array.dtype), strict=True)
        )
        return variable
