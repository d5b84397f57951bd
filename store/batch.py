"""Writing one batch of runs, on whatever machine ran them.

A batch owns its slot, and so whole files of every array. Each file appears by rename; the one with the keys
comes last, and a row without a key does not count. So a writer can be killed at any moment.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .gather import gather_ragged
from .layout import MARK, RAGGED, RUNS, Layout, eager, layout_of, open_group, read_columns, root_attrs
from .place import PathLike, Place, place_of
from .schema import (
    DONE,
    FAILED,
    KEY_BYTES,
    KEY_COLUMN,
    RESERVED_NAMES,
    SPAN_SUFFIX,
    Array,
    BatchRecords,
    Column,
    Receipt,
    Slot,
    StoreError,
)
from .trouble import told

if TYPE_CHECKING:
    import zarr


class _Handle:
    """An open store: arrays are opened once a process, and again when the store has grown."""

    def __init__(self, place: Place) -> None:
        self.root = open_group(place, "r+")
        attrs = root_attrs(self.root)
        if not attrs:
            raise FileNotFoundError(f"no {MARK} store")
        self.id: str = attrs["id"]
        self.layout: Layout = layout_of(attrs)
        self.columns = read_columns(self.root)
        self.arrays: dict[str, zarr.Array[Any]] = {
            f"{group}/{name}": eager(array)
            for group in (RUNS, RAGGED)
            for name, array in self.root[group].arrays()  # type: ignore[union-attr]
        }

    def fits(self, slot: Slot, names: set[str]) -> bool:
        """Whether these arrays still describe what is on disk, as far as a batch needs them."""
        rows = min(a.shape[0] for name, a in self.arrays.items() if name.startswith(RUNS))
        return rows >= slot.stop and names <= self.columns.keys()


_MAX_HANDLES = 8
_handles: dict[Place, tuple[object, _Handle]] = {}


def _handle(place: Place, slot: Slot, names: set[str]) -> _Handle:
    identity = place.identity()
    known, handle = _handles.get(place, (None, None))
    # A new folder may get the number of one that was deleted, so its own identity counts too.
    stale = handle is None or known != identity or handle.id != slot.store
    if handle is None or stale or not handle.fits(slot, names):
        if len(_handles) >= _MAX_HANDLES:
            _handles.clear()
        handle = _Handle(place)
        _handles[place] = (identity, handle)
    return handle


def write_batch(path: PathLike, slot: Slot, records: BatchRecords) -> Receipt:
    """Write a batch of runs durably, all or nothing.

    Any number of processes may do this at once, each with a slot of its own. Nothing needs to be open
    and no lock is taken. Writing the same runs to the same slot again, as a task that is tried again
    does, is harmless.

    Parameters
    ----------
    path : path or URL
        The store.
    slot : Slot
        From `RunStore.reserve`; nobody else may write to it.
    records : BatchRecords
        At most ``slot.rows`` runs.

    Returns
    -------
    Receipt

    Raises
    ------
    StoreError
        The store is not there or is not the one that gave the slot; records do not fit the columns (all
        that is wrong is listed); the slot has other runs. Nothing was written.
    """
    place = place_of(path)
    names = {*records.fixed, *records.ragged}
    with told(place):
        return _write_checked(place, slot, names, records)


def written_batch(path: PathLike, slot: Slot, keys: Array) -> BatchRecords | None:
    """Return what a slot says of a batch that was written to the end, by whomever.

    So nothing is lost with a worker that died after it wrote and before it could say so.

    Parameters
    ----------
    path : path or URL
        The store.
    slot : Slot
    keys : uint8 array, shape (n, 32)
        The runs of the batch.

    Returns
    -------
    BatchRecords or None
        What is known of each run but no outputs; None where the batch is not there.

    Raises
    ------
    StoreError
        The store is not there or is not the one that gave the slot; the slot has other runs.
    """
    place = place_of(path)
    with told(place):
        handle = _checked_handle(place, slot, set())
        return _read_log(handle, slot, keys) if _already_there(handle, slot, keys) else None


def _read_log(handle: _Handle, slot: Slot, keys: Array) -> BatchRecords:
    rows = slice(slot.start, slot.start + len(keys))
    status, seeds, wall_times, spans = (
        np.asarray(handle.arrays[f"{RUNS}/{name}"][rows])
        for name in ("status", "seed", "wall_time", f"error{SPAN_SUFFIX}")
    )
    texts = gather_ragged(handle.arrays[f"{RAGGED}/error"], spans)
    errors = [text.tobytes().decode("utf-8", "replace") for text in texts]
    return BatchRecords(keys, status, seeds, wall_times, errors)


def _checked_handle(place: Place, slot: Slot, names: set[str]) -> _Handle:
    handle = _handle(place, slot, names)
    if handle.id != slot.store:
        raise StoreError(
            f"slot {slot.index} was given by another store than the one that is now at {place}: "
            "the store was replaced meanwhile; start again"
        )
    return handle


def _write_checked(place: Place, slot: Slot, names: set[str], records: BatchRecords) -> Receipt:
    handle = _checked_handle(place, slot, names)
    problems = list(_problems(handle, slot, records))
    if problems:
        raise StoreError(f"cannot write a batch to {place}: " + "; ".join(problems))
    return _write(handle, slot, records)


def _write(handle: _Handle, slot: Slot, records: BatchRecords) -> Receipt:
    host, finished = socket.gethostname(), time.time()
    rows = slice(slot.start, slot.start + len(records))
    written = not _already_there(handle, slot, records.keys)
    if written:
        for name, values in _fixed(handle.columns, records, host, finished):
            handle.arrays[f"{RUNS}/{name}"][rows] = values
        for name, parts in _ragged(records):
            _write_ragged(handle, slot, rows, name, parts)
        handle.arrays[f"{RUNS}/{KEY_COLUMN.name}"][rows] = records.keys
    n_failed = int(np.count_nonzero(records.status == FAILED))
    return Receipt(slot.index, len(records) - n_failed, n_failed, host, finished, written)


def _fixed(
    columns: Mapping[str, Column], records: BatchRecords, host: str, finished: float
) -> Iterator[tuple[str, Array]]:
    n = len(records)
    yield "status", records.status
    yield "seed", records.seeds
    yield "wall_time", records.wall_times
    yield "finished", np.full(n, finished)
    name = np.zeros(64, np.uint8)
    text = host.encode()[:64]
    name[: len(text)] = np.frombuffer(text, np.uint8)
    yield "host", np.broadcast_to(name, (n, 64))
    failed = records.status == FAILED
    for column, values in records.fixed.items():
        array = np.array(values, columns[column].dtype)
        array[failed] = columns[column].fill_value
        yield column, array


def _ragged(records: BatchRecords) -> Iterator[tuple[str, Sequence[Array]]]:
    yield "error", [np.frombuffer(text.encode("utf-8", "replace"), np.uint8) for text in records.errors]
    for column, parts in records.ragged.items():
        pairs = zip(parts, records.status, strict=True)
        yield column, [part[:0] if status == FAILED else part for part, status in pairs]


def _write_ragged(handle: _Handle, slot: Slot, rows: slice, name: str, parts: Sequence[Array]) -> None:
    values = handle.arrays[f"{RAGGED}/{name}"]
    spans = handle.arrays[f"{RUNS}/{name}{SPAN_SUFFIX}"]
    write_spans(values, spans, slot.index * handle.layout.ragged_span, rows, parts)


def write_spans(
    values: zarr.Array[Any], where: zarr.Array[Any], base: int, rows: slice, parts: Sequence[Array]
) -> None:
    """Write ragged values from an address on, and where those of each row are."""
    stops = base + np.cumsum([len(part) for part in parts], dtype=np.int64)
    spans = np.stack([np.concatenate([[base], stops[:-1]]), stops], axis=1)
    # Runs without values get no address at all, so a slot without any leaves no file.
    spans[spans[:, 0] == spans[:, 1]] = 0
    if stops[-1] > base:
        values[base : int(stops[-1])] = np.concatenate(parts).astype(values.dtype, copy=False)
    where[rows] = spans


def _already_there(handle: _Handle, slot: Slot, keys: Array) -> bool:
    """Whether an earlier try wrote this very batch to the end."""
    there = np.asarray(handle.arrays[f"{RUNS}/{KEY_COLUMN.name}"][slot.start : slot.stop])
    if not there.any():
        return False
    if np.array_equal(there[: len(keys)], keys) and not there[len(keys) :].any():
        return True
    raise StoreError(
        f"slot {slot.index} already has {int(there.any(axis=1).sum())} other runs: "
        "a slot takes one batch, reserve another"
    )


def _problems(handle: _Handle, slot: Slot, records: BatchRecords) -> Iterator[str]:
    n = len(records)
    if not 1 <= n <= slot.rows:
        yield f"it has {n} runs, a slot takes 1 to {slot.rows}"
    yield from _log_problems(records, n)
    for name in sorted({*records.fixed, *records.ragged}):
        column = handle.columns.get(name)
        if column is None or name in RESERVED_NAMES:
            yield f"{name!r} is not a column of the store: declare it first"
        elif column.ragged != (name in records.ragged):
            kind = "ragged" if column.ragged else "of fixed shape"
            yield f"column {name!r} is {kind}: give it so"
        elif column.ragged:
            yield from _ragged_problems(column, records.ragged[name], n, handle.layout)
        else:
            yield from _fixed_problems(column, np.asarray(records.fixed[name]), n)


def _log_problems(records: BatchRecords, n: int) -> Iterator[str]:
    expected = (
        ("keys", records.keys, np.uint8, (n, KEY_BYTES)),
        ("status", records.status, np.uint8, (n,)),
        ("seeds", records.seeds, np.uint64, (n,)),
        ("wall_times", records.wall_times, np.float64, (n,)),
    )
    for name, array, dtype, shape in expected:
        if array.dtype != dtype or array.shape != shape:
            yield f"{name} is {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}"
        elif name == "keys" and not array.any(axis=1).all():
            yield f"the key of run {int(np.argmin(array.any(axis=1)))} is all zero, which means 'no run'"
        elif name == "status" and not np.isin(array, (DONE, FAILED)).all():
            yield f"status has values {sorted(set(array.tolist()))}, expected {DONE} or {FAILED}"
    if len(records.errors) != n:
        yield f"there are {len(records.errors)} error texts for {n} runs"


def _fixed_problems(column: Column, values: Array, n: int) -> Iterator[str]:
    shape = (n, *column.shape)
    if values.shape != shape:
        yield f"column {column.name!r} has shape {values.shape}, expected {shape}"
    if not np.can_cast(values.dtype, column.dtype, "same_kind"):
        yield f"column {column.name!r} got {values.dtype}, which does not fit {column.dtype}"


def _ragged_problems(column: Column, parts: Sequence[Array], n: int, layout: Layout) -> Iterator[str]:
    if len(parts) != n:
        yield f"column {column.name!r} has {len(parts)} arrays for {n} runs"
    for i, part in enumerate(parts):
        if part.ndim != 1 or not np.can_cast(part.dtype, column.dtype, "same_kind"):
            yield (
                f"run {i} of column {column.name!r} is {part.dtype} {part.shape}, expected {column.dtype} "
                "with one dimension"
            )
            break
    total = sum(part.size for part in parts)
    if total > layout.ragged_span:
        yield (
            f"column {column.name!r} has {total} values, a slot takes {layout.ragged_span}: "
            "make batches smaller"
        )
