"""Which runs a store has: keys to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from .layout import RUNS, layout_of, member, open_group, read_slots, root_attrs, written_slots
from .place import Place
from .schema import DONE, KEY_BYTES, KEY_COLUMN, MISSING, Array, StoreError

SLOTS_AT_A_TIME = 64


@dataclass(frozen=True)
class Completed:
    """The runs that were in a store when it was asked, sorted by key, each key once.

    Parameters
    ----------
    keys : uint8 array, shape (n, 32)
    rows : int64 array, shape (n,)
        Row of each run in the log.
    status : uint8 array, shape (n,)
        `DONE` or `FAILED`.
    """

    keys: NDArray[np.uint8]
    rows: NDArray[np.int64]
    status: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, keys: Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Look runs up.

        Parameters
        ----------
        keys : uint8 array, shape (m, 32)

        Returns
        -------
        rows : int64 array, shape (m,)
            -1 where the run is not in the store.
        status : uint8 array, shape (m,)
            `MISSING` where it is not.
        """
        wanted = check_keys(keys)
        rows = np.full(len(wanted), -1, np.int64)
        status = np.full(len(wanted), MISSING, np.uint8)
        if len(self.keys):
            place = np.minimum(_search(self.keys, wanted), len(self.keys) - 1)
            found = (self.keys[place] == wanted).all(axis=1)
            rows[found] = self.rows[place[found]]
            status[found] = self.status[place[found]]
        return rows, status


def check_keys(keys: Array) -> NDArray[np.uint8]:
    """Return keys as a contiguous uint8 array of shape (n, 32).

    Raises
    ------
    StoreError
        Another shape or type.
    """
    array = np.asarray(keys)
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != KEY_BYTES:
        raise StoreError(
            f"keys have dtype {array.dtype} and shape {array.shape}: give uint8 of shape (n, {KEY_BYTES})"
        )
    return np.ascontiguousarray(array)


def read_completed(place: Place, slots: list[int] | None = None) -> Completed:
    """Read the keys of every batch that was written whole, or of those in some slots."""
    empty = (np.empty((0, KEY_BYTES), np.uint8), np.empty(0, np.int64), np.empty(0, np.uint8))
    keys, rows, status = zip(empty, *_parts(place, slots), strict=True)
    return one_row_a_key(np.concatenate(keys), np.concatenate(rows), np.concatenate(status))


def find_rows(
    place: Place, keys: Array, slots: list[int] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Look runs up in a store, or in some of its slots, as `Completed.find` does.

    The store is read piece by piece, so this takes memory for the keys that are looked for, not for those that are
    there.

    Returns
    -------
    rows : int64 array, shape (m,)
    status : uint8 array, shape (m,)
    """
    index = KeyIndex(keys)
    rows = np.full(len(index.keys), -1, np.int64)
    status = np.full(len(index.keys), MISSING, np.uint8)
    for have, where, state in _parts(place, slots):
        cells = index.find(have)
        # The last row of a run counts, but one that failed never after one that is done.
        for better in ((cells >= 0) & (state != DONE), (cells >= 0) & (state == DONE)):
            mine = np.flatnonzero(better)
            mine = mine[(state[mine] == DONE) | (status[cells[mine]] != DONE)]
            rows[cells[mine]], status[cells[mine]] = where[mine], state[mine]
    index.share(rows)
    index.share(status)
    return rows, status


def _parts(place: Place, slots: list[int] | None) -> Iterator[tuple[Array, Array, Array]]:
    """Yield keys, rows and status of the runs in some slots, a few slots at a time."""
    slots = written_slots(place) if slots is None else slots
    root = open_group(place)
    n = layout_of(root_attrs(root)).rows
    keys, states = member(root, f"{RUNS}/{KEY_COLUMN.name}"), member(root, f"{RUNS}/status")
    for start in range(0, len(slots), SLOTS_AT_A_TIME):
        few = slots[start : start + SLOTS_AT_A_TIME]
        for (first, key), (_, state) in zip(
            read_slots(keys, n, few), read_slots(states, n, few), strict=True
        ):
            here = np.flatnonzero(key.any(axis=1))
            yield key[here], first + here, state[here]


@final
class KeyIndex:
    """Where keys are in an array of them, at the price of 12 bytes each.

    Parameters
    ----------
    keys : uint8 array, shape (n, 32)
        In any order, and more than once if need be.
    """

    def __init__(self, keys: Array) -> None:
        self.keys = check_keys(keys)
        self._order, self._sorted = self._by(_heads)
        again = self._again
        if (self.keys[self._order[again]] != self.keys[self._order[again - 1]]).any():
            self._order, self._sorted = self._by(_as_words)  # keys that only begin alike

    def _by(self, what: Callable[[Array], Array]) -> tuple[Array, Array]:
        values = what(self.keys)
        self._what = what
        order = np.argsort(values, kind="stable")
        values = values[order]
        return (order.astype(np.uint32) if len(order) < 2**32 else order), values

    @property
    def _again(self) -> Array:
        """Which of the sorted ones are like the one before."""
        return np.flatnonzero(self._sorted[1:] == self._sorted[:-1]) + 1

    def find(self, keys: Array) -> NDArray[np.int64]:
        """Return where the first of each of some keys is, -1 where none is."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        place = np.minimum(np.searchsorted(self._sorted, self._what(keys)), len(self.keys) - 1)
        where = self._order[place].astype(np.int64)
        return np.where((self.keys[where] == keys).all(axis=1), where, -1)

    def share(self, values: Array) -> None:
        """Give all places of a key the value that its first one has."""
        again = self._again
        first = np.searchsorted(self._sorted, self._sorted[again])
        values[self._order[again]] = values[self._order[first]]


def one_row_a_key(keys: Array, rows: Array, status: Array) -> Completed:
    """Sort by key; of a run that was done twice keep the last row, and a done one before a failed one."""
    order = np.argsort(status == DONE, kind="stable")
    order = order[_sorting(keys[order])]
    sorted_keys = keys[order]
    last = np.ones(len(order), bool)
    last[:-1] = (sorted_keys[1:] != sorted_keys[:-1]).any(axis=1)
    order = order[last]
    return Completed(keys[order], rows[order], status[order])


def _sorting(keys: Array) -> Array:
    """Return what sorts keys byte by byte, in a stable way."""
    order = np.argsort(_heads(keys), kind="stable")
    in_order = keys[order]
    heads = _heads(in_order)
    if ((heads[1:] == heads[:-1]) & (in_order[1:] != in_order[:-1]).any(axis=1)).any():
        return np.argsort(_as_words(keys), kind="stable")
    return order


def _search(have: Array, wanted: Array) -> Array:
    """Return where in sorted keys each of others is or would be."""
    heads = _heads(have)
    if (heads[1:] == heads[:-1]).any():
        return np.searchsorted(_as_words(have), _as_words(wanted))
    # Looking for neighbours one after the other finds most of the way in the processor's cache.
    looked = _heads(wanted)
    order = np.argsort(looked, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.searchsorted(heads, looked[order])
    return place


def _heads(keys: Array) -> Array:
    """Return the first bytes of keys as numbers of the same order: keys are hashes, so these hardly ever agree."""
    return np.ascontiguousarray(keys[:, :8]).view(">u8")[:, 0].astype(np.uint64)


def _as_words(keys: Array) -> Array:
    # Bytes compare without their trailing zeros, which cannot confuse keys of one length.
    return np.ascontiguousarray(keys).view(f"S{KEY_BYTES}")[:, 0]
