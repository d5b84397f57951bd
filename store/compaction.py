"""Fewer files: runs of many small batches put together in full slots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .batch import write_spans
from .files import Files, lost_files
from .gather import gather_ragged, gather_rows
from .place import PathLike, Place
from .runstore import RunStore
from .schema import KEY_COLUMN, SPAN_SUFFIX, LockedError, StoreError
from .writers import others

if TYPE_CHECKING:
    import zarr

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Compacted:
    """What compaction came to.

    Parameters
    ----------
    runs : int
        Runs in the store, each of them once.
    files_before, files_after : int
    """

    runs: int
    files_before: int
    files_after: int

    def __str__(self) -> str:
        return f"{self.runs} runs in {self.files_after} files, {self.files_before} before"


def compact(path: PathLike) -> Compacted:
    """Put the runs of a store into as few files as its layout allows, in the order of the latest sweep.

    Runs are copied to new slots first and the old ones deleted afterwards, keys first, so it may be cut off at
    any moment. Of a run that is there twice, one remains. Readers that have the store open should open it again.

    Parameters
    ----------
    path : path or URL
        The store. Nobody may add to it meanwhile.

    Returns
    -------
    Compacted

    Raises
    ------
    StoreError
        No store there.
    LockedError
        Somebody adds runs to it.
    StoreError
        Files are lost.
    """
    store = RunStore.open(path)
    with store.lock():
        busy = others(store.place)
        if busy:
            raise LockedError(f"{', '.join(busy)} adds runs to {store.place}: compact it when that has ended")
        lost = [f"{path} slot {slot}" for path, slot in lost_files(store.place)]
        if lost:
            raise StoreError(f"{store.place} has lost files ({', '.join(lost)}): use repair_store first")
        before = len(store.place.sizes())
        old = store.written()
        rows = _in_order(store)
        n_slots = -(-len(rows) // store.layout.rows)
        if n_slots < len(old):
            _copy(store, rows, n_slots)
            delete_slots(store.place, store.layout, old)
        return Compacted(len(rows), before, len(store.place.sizes()))


def _in_order(store: RunStore) -> Rows:
    """Return the rows of all runs, those of the latest sweep first and in its order."""
    done = store.completed()
    place = np.full(len(done), len(done), np.int64)
    if store.sweeps():
        _, keys = store.sweeps()[-1].read(store.place)
        rows, _ = done.find(keys)
        where = {int(row): i for i, row in reversed(list(enumerate(rows))) if row >= 0}
        place = np.array([where.get(int(row), len(rows)) for row in done.rows], np.int64)
    return np.asarray(done.rows[np.lexsort((done.rows, place))], np.int64)


def _copy(store: RunStore, rows: Rows, n_slots: int) -> None:
    slots = store.reserve(n_slots)
    root = disk.open_group(store.place, "r+")
    all_written = disk.root_attrs(root)["format"] >= disk.ALL_WRITTEN
    for slot, part in zip(slots, _parts(rows, store.layout.rows), strict=True):
        target = slice(slot.start, slot.start + len(part))
        for name, array in _row_arrays(root):
            if name.endswith(SPAN_SUFFIX):
                values = disk.member(root, f"{disk.RAGGED}/{name.removesuffix(SPAN_SUFFIX)}")
                spans = gather_rows(array, part)
                if all_written:
                    Files(store.place, values.path, store.layout.ragged_shard).require_spans(spans)
                parts = gather_ragged(values, spans)
                write_spans(
                    disk.eager(values),
                    disk.eager(array),
                    slot.index * store.layout.ragged_span,
                    target,
                    parts,
                )
            else:
                disk.eager(array)[target] = gather_rows(array, part)


def _row_arrays(root: zarr.Group) -> Iterator[tuple[str, zarr.Array[Any]]]:
    """Yield the arrays of the log, the one with the keys last."""
    runs: Any = root[disk.RUNS]
    arrays = dict(runs.arrays())
    yield from sorted(arrays.items(), key=lambda item: item[0] == KEY_COLUMN.name)


def _parts(rows: Rows, size: int) -> Iterator[Rows]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def delete_slots(place: Place, layout: disk.Layout, slots: Sequence[int]) -> None:
    """Take away all that slots have, their keys first, since without these nothing else counts."""
    gone = set(slots)
    for slot in slots:
        place.delete(f"{disk.RUNS}/{KEY_COLUMN.name}/c.{slot}.0")
    for key in place.sizes(disk.RUNS):
        part = key.rsplit("/", 1)[-1].split(".")
        if part[0] == "c" and int(part[1]) in gone:
            place.delete(key)
    shards = layout.ragged_span // layout.ragged_shard
    for key in place.sizes(disk.RAGGED):
        part = key.rsplit("/", 1)[-1].split(".")
        if part[0] == "c" and int(part[1]) // shards in gone:
            place.delete(key)
