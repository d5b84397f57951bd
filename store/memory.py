"""Completed runs in the memory of this process, for a sweep of which nothing is kept."""

from __future__ import annotations

import socket
import threading
import time
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from .completed import Completed, one_row_a_key
from .layout import Layout
from .schema import (
    DONE,
    EXCLUDED,
    FAILED,
    KEY_BYTES,
    LOG_COLUMNS,
    NO_ATTRS,
    Array,
    BatchRecords,
    Column,
    Slot,
    StoreError,
)
from .sweeps import RecordedSweep, SweepDefinition
from .target import Target
from .writers import Claims

if TYPE_CHECKING:
    import xarray as xr

Variable = tuple[tuple[str, ...], Array, dict[str, Any]]


@final
class Alone(Claims):
    """There is nobody else who could do the same runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def claim(self, keys: NDArray[np.uint8]) -> str:
        """Take note of nothing."""
        return uuid.uuid4().hex

    def give_back(self, claim: str) -> None:
        """Take note of nothing."""

    def claimed_elsewhere(self) -> NDArray[np.uint8]:
        """Return no keys."""
        return np.empty((0, KEY_BYTES), np.uint8)


@final
@dataclass(frozen=True)
class MemoryTarget(Target):
    """A log in the memory of this process, known by its name."""

    name: str

    def write(self, slot: Slot, records: BatchRecords) -> None:
        """Keep a batch; a log that is gone needs none."""
        log = _logs.get(self.name)
        if log is not None:
            log.batches[slot.index] = records

    def written(self, slot: Slot, keys: Array) -> BatchRecords | None:
        """Return a batch that is there."""
        log = _logs.get(self.name)
        return None if log is None else log.batches.get(slot.index)


SCHEME = "memory:"
_logs: weakref.WeakValueDictionary[str, MemoryLog] = weakref.WeakValueDictionary()


def find_log(name: str) -> MemoryLog | None:
    """Return the log of that name, if there is one in this process."""
    return _logs.get(name)


@final
class MemoryLog:
    """A `RunLog` of one sweep that lasts as long as this object.

    It can be written to by threads of this process only.
    """

    place = None
    layout = Layout()

    def __init__(self) -> None:
        self.name = SCHEME + uuid.uuid4().hex
        self.batches: dict[int, BatchRecords] = {}
        self._columns: dict[str, Column] = {}
        self._sweeps: dict[str, tuple[RecordedSweep, SweepDefinition, Array]] = {}
        self._next = 0
        self._lock = threading.RLock()
        _logs[self.name] = self

    @property
    def path(self) -> str:
        """What it is called."""
        return self.name

    @property
    def target(self) -> Target:
        """Where workers put batches."""
        return MemoryTarget(self.name)

    def claims(self, purpose: str) -> Claims:
        """Return what keeps nobody from anything."""
        return Alone()

    @contextmanager
    def lock(self, timeout: float | None = None) -> Iterator[None]:
        """Be the one thread that changes what it consists of."""
        with self._lock:
            yield

    def columns(self) -> dict[str, Column]:
        """Return the columns declared so far, by name."""
        return dict(self._columns)

    def declare(self, columns: Sequence[Column]) -> None:
        """Make sure that it has these columns.

        Raises
        ------
        StoreError
            A column cannot be stored; all that is wrong is listed.
        """
        problems = [problem for column in columns for problem in column.problems()]
        if problems:
            raise StoreError("cannot declare columns: " + "; ".join(problems))
        self._columns |= {column.name: column for column in columns}

    def reserve(self, n_batches: int) -> list[Slot]:
        """Hand out slots, one a batch, that nobody ever had before."""
        first, self._next = self._next, self._next + n_batches
        return [Slot(i, self.layout.rows, self.name) for i in range(first, self._next)]

    def release(self, slots: Sequence[Slot]) -> None:
        """Forget slots; they cost nothing."""

    def written(self) -> list[int]:
        """Return the slots that have a batch."""
        return sorted(self.batches)

    def completed(self, slots: Sequence[int] | None = None) -> Completed:
        """Return which runs there are, or in some slots, sorted."""
        found = [(i, self.batches[i]) for i in (self.written() if slots is None else slots)]
        if not found:
            return Completed(np.empty((0, KEY_BYTES), np.uint8), np.empty(0, np.int64), np.empty(0, np.uint8))
        rows = [i * self.layout.rows + np.arange(len(batch)) for i, batch in found]
        return one_row_a_key(
            np.concatenate([batch.keys for _, batch in found]),
            np.concatenate(rows),
            np.concatenate([batch.status for _, batch in found]),
        )

    def find(
        self, keys: Array, slots: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return row and status of each of some runs, -1 and missing where there is none."""
        return self.completed(slots).find(keys)

    def record_sweep(
        self,
        sweep_id: str,
        definition: SweepDefinition,
        keys: Array,
        provenance: Mapping[str, Any] = NO_ATTRS,
    ) -> None:
        """Say which runs make up a sweep.

        Raises
        ------
        StoreError
            The definition is at odds with itself or the keys; all that is wrong is listed.
        """
        problems = list(definition.problems(len(keys), self._columns))
        if problems:
            raise StoreError(f"cannot record sweep {sweep_id!r}: " + "; ".join(problems))
        recorded = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        about = RecordedSweep(
            sweep_id, recorded, dict(provenance), dict(definition.dims), definition.outputs, ""
        )
        self._sweeps.pop(sweep_id, None)
        self._sweeps[sweep_id] = (about, definition, keys)

    def sweeps(self) -> list[RecordedSweep]:
        """Return the sweeps recorded so far, the latest last."""
        return [about for about, _, _ in self._sweeps.values()]

    def dataset(self, sweep_id: str) -> xr.Dataset:
        """Return a sweep as a labelled data set in memory, as `open_results` would give it.

        Raises
        ------
        StoreError
            It is not recorded (yet).
        """
        import xarray as xr

        if sweep_id not in self._sweeps:
            known = ", ".join(map(repr, self._sweeps)) or "none"
            raise StoreError(f"there is no sweep {sweep_id!r} in memory: there is {known}")
        about, definition, keys = self._sweeps[sweep_id]
        coords = {axis.name: (axis.dims, axis.values, dict(axis.attrs)) for axis in definition.axes}
        table = _Table(self, definition, keys).variables()

        def plain(found: Variable) -> xr.Variable:
            return xr.Variable(*found, fastpath=True)  # otherwise xarray imports dask to compare it with

        attrs = {**about.provenance, "sweep": about.id, "recorded": about.recorded}
        variables = {name: plain(found) for name, found in table}
        return xr.Dataset(variables, {name: plain(found) for name, found in coords.items()}, attrs)


class _Table:
    """The batches of a log in the order of one sweep's cells."""

    def __init__(self, log: MemoryLog, definition: SweepDefinition, keys: Array) -> None:
        self.dims, self.outputs = tuple(definition.dims), definition.outputs
        self.shape = tuple(definition.dims.values())
        self.columns = log._columns
        rows, self.status = log.find(keys)
        self.status[~keys.any(axis=1)] = EXCLUDED
        self.there = np.flatnonzero(rows >= 0)
        slots = log.written()
        self.batches = [log.batches[i] for i in slots]
        starts = np.cumsum([0, *map(len, self.batches)])
        which = np.searchsorted(slots, rows[self.there] // log.layout.rows)
        # Where each of these cells is in all batches, one after the other.
        self.source = starts[which] + rows[self.there] % log.layout.rows if slots else self.there
        self.done = self.status == DONE

    def variables(self) -> Iterator[tuple[str, Variable]]:
        log = {column.name: column for column in LOG_COLUMNS}
        for name in self.outputs:
            if name in self.columns:
                yield name, self._output(self.columns[name])
        attrs = dict(log["status"].attrs)
        attrs["flag_values"] = np.array(attrs["flag_values"], np.uint8)
        yield "status", (self.dims, self.status.reshape(self.shape), attrs)
        errors = self._objects([text for batch in self.batches for text in batch.errors], "")
        yield "error", self._variable(errors, log["error"])
        seeds = self._numbers([batch.seeds for batch in self.batches], np.dtype("u8"), (), 0)
        yield "seed", self._variable(seeds, log["seed"])
        times = self._numbers([batch.wall_times for batch in self.batches], np.dtype("f8"), (), np.nan)
        yield "wall_time", self._variable(times, log["wall_time"])
        hosts = self._objects([socket.gethostname()] * sum(map(len, self.batches)), "")
        yield "host", (self.dims, hosts.reshape(self.shape), {"long_name": "machine that did the run"})

    def _output(self, column: Column) -> Variable:
        if column.ragged:
            each: list[Array | None] = [
                None if status == FAILED else np.asarray(part).astype(column.dtype, copy=False)
                for batch in self.batches
                for part, status in zip(batch.ragged[column.name], batch.status, strict=True)
            ]
            return self._variable(self._objects(each, None), column)
        dtype = column.dtype
        if dtype.kind in "biu" and not self.done.all():
            dtype = np.dtype(np.float64)  # has a NaN for the runs that are not there
        fill = np.nan if dtype.kind in "fc" else 0
        parts = [batch.fixed[column.name] for batch in self.batches]
        values = self._numbers(parts, dtype, column.shape, fill)
        values[~self.done] = fill
        return self._variable(values, column)

    def _numbers(self, parts: list[Array], dtype: np.dtype[Any], inner: tuple[int, ...], fill: Any) -> Array:
        values = np.full((len(self.status), *inner), fill, dtype)
        if len(self.there):
            values[self.there] = np.concatenate(parts)[self.source]
        return values

    def _objects(self, parts: list[Any], fill: Any) -> Array:
        values = np.full(len(self.status), fill, object)
        for cell, source in zip(self.there.tolist(), self.source.tolist(), strict=True):
            values[cell] = parts[source]
        return values

    def _variable(self, values: Array, column: Column) -> Variable:
        dims = (*self.dims, *(() if column.ragged else column.dims))
        return dims, values.reshape(self.shape + values.shape[1:]), dict(column.attrs)
