"""Files that should be there: what a run wrote and somebody or something deleted would read as NaN or zeros."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .completed import find_rows
from .place import Place
from .schema import LOG_COLUMNS, MISSING, SPAN_SUFFIX, Array, StoreError
from .sweeps import list_sweeps

Rows = NDArray[np.int64]


@final
class Files:
    """The files of one array, listed when there is reason to doubt.

    Parameters
    ----------
    place : Place
        The store.
    path : str
        Of the array.
    each : int
        Its length in each file.
    first : int
        The first file that there should be.
    """

    def __init__(self, place: Place, path: str, each: int, first: int = 0) -> None:
        self.place, self.path, self.each, self.first = place, path, each, first

    @cached_property
    def there(self) -> Rows:
        """Numbers of files that are there, sorted."""
        parts = (name.split(".") for name in self.place.names(self.path))
        numbers = {int(part[1]) for part in parts if part[0] == "c" and len(part) > 1 and part[1].isdigit()}
        return np.array(sorted(numbers), np.int64)

    def lost(self, numbers: Rows) -> Rows:
        """Return which of these files are not there."""
        return np.setdiff1d(numbers[numbers >= self.first], self.there)

    def of_spans(self, spans: Rows) -> Rows:
        """Return the numbers of all files that values between starts and stops lie in."""
        used = spans[spans[:, 1] > spans[:, 0]]
        first, last = used[:, 0] // self.each, (used[:, 1] - 1) // self.each
        between = [np.arange(a, b) for a, b in zip(first, last, strict=True) if b - a > 1]
        return np.unique(np.concatenate([first, last, *between]))

    def require_spans(self, spans: Rows) -> None:
        """Make sure that values between starts and stops are there.

        Raises
        ------
        StoreError
            A file is lost.
        """
        lost = self.lost(self.of_spans(spans))
        if len(lost):
            raise self._error(len(lost), "values of runs that were to be read")

    def _error(self, files: int, what: str) -> StoreError:
        return StoreError(
            f"{self.place} has lost {files} file(s) of {self.path}, with {what}: repair_store takes away the runs "
            "whose values are lost, and running the sweep again does them again"
        )

    def require(self, rows: Rows, values: Array, fill: Any) -> None:
        """Make sure that values which look like none were written so.

        Raises
        ------
        StoreError
            Their file is lost.
        """
        doubtful = rows[_empty(values, fill)] if values.size else rows[:0]
        lost = self.lost(np.unique(doubtful // self.each)) if len(doubtful) else doubtful
        if len(lost):
            n = int(np.isin(doubtful // self.each, lost).sum())
            raise self._error(len(lost), f"the values of {n} of the runs that were to be read")


def _empty(values: Array, fill: Any) -> NDArray[np.bool_]:
    """Whether each row is what is read where nothing was written."""
    flat = values.reshape(len(values), -1)
    same = np.isnan(flat) if flat.dtype.kind in "fc" and np.isnan(fill) else flat == fill
    return np.asarray(same.all(axis=1))


def lost_files(place: Place) -> Iterator[tuple[str, int]]:
    """Yield arrays of the log and slots of which they have lost a file; of stores that wrote all files."""
    attrs = disk.require_store(place)
    if attrs["format"] < disk.ALL_WRITTEN:
        return
    rows_per_slot = disk.layout_of(attrs).rows
    root = disk.open_group(place)
    columns = disk.read_columns(root)

    def lost(name: str, slots: Rows) -> Iterator[tuple[str, int]]:
        path = f"{disk.RUNS}/{name}{SPAN_SUFFIX if columns[name].ragged else ''}"
        files = Files(place, path, rows_per_slot, disk.first_slot(disk.member(root, path)))
        for slot in files.lost(slots).tolist():
            yield path, slot

    written = np.array(disk.written_slots(place), np.int64)
    for column in LOG_COLUMNS:
        yield from lost(column.name, written)
    # A batch has the outputs of its sweep, and only these.
    needed: dict[str, list[Rows]] = {}
    with suppress(Exception):  # what cannot be read is told by those who read it
        for sweep in list_sweeps(place):
            rows, status = find_rows(place, sweep.read(place)[1])
            slots = np.unique(rows[status != MISSING] // rows_per_slot)
            for name in sweep.outputs:
                if name in columns and 0 not in columns[name].shape:
                    needed.setdefault(name, []).append(slots)
    for name, several in sorted(needed.items()):
        yield from lost(name, np.unique(np.concatenate(several)))
