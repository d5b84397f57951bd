"""The log as n-dimensional arrays that are read when they are looked at.

Import this only where xarray is needed: it is the one module that cannot help importing it at its top,
since xarray wants its classes inherited from.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from math import prod
from typing import TYPE_CHECKING, Any, final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from . import layout as disk
from .completed import read_completed
from .gather import gather_ragged, gather_rows
from .place import place_of
from .schema import DONE, EXCLUDED, LOG_COLUMNS, SPAN_SUFFIX, Array, Column
from .sweeps import find_sweep

if TYPE_CHECKING:
    import zarr

Key = tuple[Any, ...]
CHUNK_BYTES = 2**20


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

    def __init__(self, array: zarr.Array[Any], rows: NDArray[np.int64], dtype: Any, fill: Any) -> None:
        super().__init__(rows, array.shape[1:], dtype, fill)
        self.array = array

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        return gather_rows(self.array, rows, bounds)


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
    ) -> None:
        super().__init__(rows, (), object, fill)
        self.spans, self.values, self.element = spans, values, element

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        out = np.empty(len(rows), object)
        for i, part in enumerate(gather_ragged(self.values, gather_rows(self.spans, rows))):
            out[i] = self.element(part)
        return out


@final
class TextArray(_CellArray):
    """A column of bytes, text in every row, that ends in zeros."""

    def __init__(self, array: zarr.Array[Any], rows: NDArray[np.int64]) -> None:
        super().__init__(rows, (), object, "")
        self.array = array

    def _read(self, rows: NDArray[np.int64], bounds: tuple[slice, ...]) -> Array:
        # There are few different ones.
        raw = np.ascontiguousarray(gather_rows(self.array, rows))
        found, which = np.unique(raw.view(f"S{raw.shape[1]}")[:, 0], return_inverse=True)
        texts = np.array([name.decode("utf-8", "replace") for name in found.tolist()], object)
        return np.asarray(texts[which])


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
        recorded = find_sweep(place, sweep)
        definition, keys = recorded.read(place)
        rows, status = read_completed(place).find(keys)
        status[~keys.any(axis=1)] = EXCLUDED
        shape = tuple(recorded.dims.values())
        view = _View(disk.open_group(place), tuple(recorded.dims), rows.reshape(shape), status.reshape(shape))
        dropped = {drop_variables} if isinstance(drop_variables, str) else set(drop_variables or ())
        variables = {
            name: variable for name, variable in view.variables(recorded.outputs) if name not in dropped
        }
        coords = {
            axis.name: xr.Variable(axis.dims, axis.values, dict(axis.attrs), fastpath=True)
            for axis in definition.axes
        }
        attrs = {**recorded.provenance, "sweep": recorded.id, "recorded": recorded.recorded}
        return xr.Dataset(variables, coords, attrs)


def chunks_of(shape: tuple[int, ...], dtype: Any) -> tuple[int, ...]:
    """Return how dask cuts an array that is asked for in chunks: along its first dimensions, as runs lie on disk."""
    chunk = list(shape)
    for axis in range(len(chunk)):
        while chunk[axis] > 1 and prod(chunk) * np.dtype(dtype).itemsize > CHUNK_BYTES:
            chunk[axis] = -(-chunk[axis] // 2)
    return tuple(chunk)


class _View:
    """Columns of a store as variables over the dimensions of one sweep."""

    def __init__(self, root: zarr.Group, dims: tuple[str, ...], rows: Array, status: Array) -> None:
        self.root, self.dims, self.rows, self.status = root, dims, rows, status
        self.done = np.where(status == DONE, rows, -1)
        self.columns = disk.read_columns(root)

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
        return self._variable(column, FixedArray(array, rows, dtype, fill))

    def _ragged(self, column: Column, rows: Array, fill: Any, element: Callable[[Array], Any]) -> xr.Variable:
        spans = disk.member(self.root, f"{disk.RUNS}/{column.name}{SPAN_SUFFIX}")
        values = disk.member(self.root, f"{disk.RAGGED}/{column.name}")
        return self._variable(column, RaggedArray(spans, values, rows, fill, element))

    def _variable(self, column: Column, array: _CellArray) -> xr.Variable:
        dims = (*self.dims, *(() if column.ragged else column.dims))
        variable = xr.Variable(dims, indexing.LazilyIndexedArray(array), dict(column.attrs), fastpath=True)
        variable.encoding["preferred_chunks"] = dict(
            zip(dims, chunks_of(array.shape, array.dtype), strict=True)
        )
        return variable
