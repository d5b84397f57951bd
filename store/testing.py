"""What any store must do, as tests: inherit `StoreConformance`, say how to open yours, let pytest find it.

The values of a made-up run follow from its key alone, so whatever a store gives back can be checked.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .completed import Completed
from .runstore import RunStore
from .schema import DONE, FAILED, MISSING, Array, BatchRecords, Column, LockedError, OwnerError, Receipt, Slot
from .sweeps import Axis, SweepDefinition

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = (
    Column("rate", np.dtype("f8"), attrs={"units": "Hz", "long_name": "mean rate"}),
    Column("count", np.dtype("i8")),
    Column("trace", np.dtype("f4"), (3, 2), attrs={"units": "V"}),
    Column("spikes", np.dtype("f8"), ragged=True, attrs={"units": "s"}),
    Column("who", np.dtype("i4"), ragged=True),
)


def make_keys(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return `n` keys, shape (n, 32)."""
    return np.random.default_rng(seed).integers(0, 256, (n, 32), np.uint8)


def fixed_value(column: Column, key: Array) -> Array:
    """Return what the run of that key has in a column of fixed shape."""
    return _draw(column, key, column.shape)


def ragged_value(column: Column, key: Array, longest: int = 12) -> Array:
    """Return what the run of that key has in a ragged column: often nothing."""
    length = int(key[1]) % (longest + 1) if key[2] % 4 else 0
    return _draw(column, key, (length,))


def has_failed(key: Array) -> bool:
    """Whether the run of that key fails: one in eight."""
    return bool(key[0] % 8 == 0)


def error_text(key: Array) -> str:
    """Return why the run of that key failed, empty if it did not."""
    return f"run {key[3]} diverged: v = ∞" if has_failed(key) else ""


def make_batch(
    keys: NDArray[np.uint8], columns: Sequence[Column] = COLUMNS, longest: int = 12
) -> BatchRecords:
    """Return what the runs of these keys came to."""
    return BatchRecords(
        keys,
        np.array([FAILED if has_failed(key) else DONE for key in keys], np.uint8),
        np.array([seed_of(key) for key in keys], np.uint64),
        keys[:, 5] / 16.0,
        [error_text(key) for key in keys],
        {c.name: np.array([fixed_value(c, key) for key in keys]) for c in columns if not c.ragged},
        {c.name: [ragged_value(c, key, longest) for key in keys] for c in columns if c.ragged},
    )


def seed_of(key: Array) -> np.uint64:
    """Return the seed of the run of that key."""
    return np.uint64(int.from_bytes(key[:8].tobytes(), "little"))


def check_cells(
    dataset: xr.Dataset, keys: Array, there: Array, columns: Sequence[Column] = COLUMNS, longest: int = 12
) -> None:
    """Compare a sweep with what its runs must have come to, cell by cell, bit by bit.

    Parameters
    ----------
    dataset : xarray.Dataset
    keys : uint8 array, shape (n, 32)
    there : bool array, shape (n,)
        Which runs must be there.
    """
    dataset = dataset.load()
    flat = {
        name: v.values.reshape((len(keys), *v.shape[dataset["status"].ndim :])) for name, v in dataset.items()
    }
    for i, key in enumerate(keys):
        status = MISSING if not there[i] else FAILED if has_failed(key) else DONE
        assert flat["status"][i] == status
        assert flat["error"][i] == (error_text(key) if there[i] else "")
        assert flat["seed"][i] == (seed_of(key) if there[i] else 0)
        np.testing.assert_equal(flat["wall_time"][i], key[5] / 16.0 if there[i] else np.nan)
        for column in columns:
            _check_cell(column, flat[column.name][i], key, status == DONE, longest)


def _check_cell(column: Column, cell: Any, key: Array, done: bool, longest: int) -> None:
    if column.ragged:
        if done:
            assert cell.dtype == column.dtype
            np.testing.assert_array_equal(cell, ragged_value(column, key, longest))
        else:
            assert cell is None
    else:
        np.testing.assert_array_equal(
            cell, fixed_value(column, key) if done else np.full(column.shape, np.nan)
        )


def write_until_killed(path: str, seed: int, ready: Any) -> None:
    """Do what a client does, over and over, until the process is killed; runs in a process of its own.

    It says that it is `ready` before it writes anything, or with an odd `seed` when it has written a sweep.
    """
    from .batch import write_batch

    store = RunStore.create_or_open(path, "killed")
    if seed % 2 == 0:
        ready.set()
    with store.lock():
        for turn in range(10**6):
            store.declare((*COLUMNS, Column(f"extra{turn % 3}", np.dtype("f8"))))
            slots = store.reserve(3)
            keys = make_keys(3 * slots[0].rows, seed * 10**6 + turn).reshape(3, -1, 32)
            for slot, part in zip(slots, keys, strict=True):
                write_batch(path, slot, make_batch(part))
            record_line(store, f"sweep {turn % 3}", keys.reshape(-1, 32))
            ready.set()


def write_slots(path: str, slots: Sequence[Slot], seeds: Sequence[int], start: Any) -> None:
    """Write one batch into each slot, as soon as `start` says so; runs in a process of its own."""
    from .batch import write_batch

    start.wait()
    for slot, seed in zip(slots, seeds, strict=True):
        write_batch(path, slot, make_batch(make_keys(slot.rows, seed)))


def record_line(store: RunStore, name: str, keys: NDArray[np.uint8]) -> None:
    """Record runs as a sweep along one axis."""
    axis = Axis("x", "x", np.arange(len(keys)) / 10, {"units": "V"})
    store.record_sweep(name, SweepDefinition({"x": len(keys)}, (axis,), tuple(c.name for c in COLUMNS)), keys)


def _draw(column: Column, key: Array, shape: tuple[int, ...]) -> Array:
    rng = np.random.default_rng([*key.tolist(), *column.name.encode()])
    if column.dtype.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(column.dtype)
    if column.dtype.kind == "f":
        return np.asarray(rng.normal(size=shape)).astype(column.dtype)
    return np.asarray(rng.integers(0, 100, shape)).astype(column.dtype)


class StoreConformance:
    """Inherit from this, name your class ``Test...`` and implement the three methods."""

    @abstractmethod
    def create_or_open(self, path: Path, owner: str, **how: Any) -> RunStore:
        """Open or make a store."""

    @abstractmethod
    def write(self, path: Path, slot: Slot, records: BatchRecords) -> Receipt:
        """Write a batch."""

    @abstractmethod
    def open_results(self, path: Path, sweep: str | None = None) -> xr.Dataset:
        """Open a sweep for reading."""

    def filled(self, path: Path, parts: Mapping[int, NDArray[np.uint8]], n_slots: int = 4) -> RunStore:
        """Return a store whose slots have these runs."""
        store = self.create_or_open(path, "me")
        with store.lock():
            store.declare(COLUMNS)
            slots = store.reserve(n_slots)
            for i, keys in parts.items():
                self.write(path, slots[i], make_batch(keys))
        return store

    def test_a_new_store_is_empty(self, tmp_path: Path) -> None:
        store = self.create_or_open(tmp_path / "x.zarr", "me")
        assert len(store.completed()) == 0
        assert store.sweeps() == []
        assert store.columns() == {}

    def test_runs_come_back_as_they_were(self, tmp_path: Path) -> None:
        keys = make_keys(20)
        path = tmp_path / "x.zarr"
        store = self.filled(path, {2: keys[:7], 0: keys[7:12]})
        with store.lock():
            record_line(store, "all", keys)
        check_cells(self.open_results(path), keys, np.arange(20) < 12)

    def test_completed_finds_runs_by_key(self, tmp_path: Path) -> None:
        keys = make_keys(20)
        done: Completed = self.filled(tmp_path / "x.zarr", {0: keys[:5], 3: keys[5:9]}).completed()
        rows, status = done.find(keys)
        assert len(done) == 9
        assert (rows >= 0).tolist() == [True] * 9 + [False] * 11
        assert status.tolist() == [*make_batch(keys[:9]).status, *[MISSING] * 11]

    def test_a_batch_written_twice_is_there_once(self, tmp_path: Path) -> None:
        path, keys = tmp_path / "x.zarr", make_keys(5)
        store = self.filled(path, {})
        with store.lock():
            (slot,) = store.reserve(1)
            assert self.write(path, slot, make_batch(keys)).written
            assert not self.write(path, slot, make_batch(keys)).written
            record_line(store, "all", keys)
        check_cells(self.open_results(path), keys, np.ones(5, bool))

    def test_another_session_continues(self, tmp_path: Path) -> None:
        path, keys = tmp_path / "x.zarr", make_keys(12)
        self.filled(path, {0: keys[:4], 1: keys[4:8]})
        store = self.filled(path, {0: keys[8:]})
        with store.lock():
            record_line(store, "short", keys[:8])
            record_line(store, "long", keys)
        check_cells(self.open_results(path), keys, np.ones(12, bool))
        check_cells(self.open_results(path, "short"), keys[:8], np.ones(8, bool))

    def test_earlier_runs_lack_later_columns(self, tmp_path: Path) -> None:
        path, keys = tmp_path / "x.zarr", make_keys(6)
        later = (Column("late", np.dtype("f8"), (2,)), Column("late_ragged", np.dtype("i8"), ragged=True))
        store = self.filled(path, {0: keys[:3]})
        with store.lock():
            store.declare(later)
            self.write(path, store.reserve(1)[0], make_batch(keys[3:], later))
            axis = Axis("x", "x", np.arange(6))
            store.record_sweep("s", SweepDefinition({"x": 6}, (axis,), tuple(c.name for c in later)), keys)
        found = self.open_results(path).load()
        for i, key in enumerate(keys):
            if not has_failed(key):
                late = fixed_value(later[0], key) if i >= 3 else np.full(2, np.nan)
                np.testing.assert_array_equal(found["late"][i], late)
                ragged = ragged_value(later[1], key) if i >= 3 else np.empty(0)
                np.testing.assert_array_equal(found["late_ragged"][i].item(), ragged)

    def test_one_client_writes_at_a_time(self, tmp_path: Path) -> None:
        store = self.create_or_open(tmp_path / "x.zarr", "me")
        other = self.create_or_open(tmp_path / "x.zarr", "me")
        with (
            store.lock(),
            pytest.raises(LockedError, match=r"x\.zarr is being written to by .*wait"),
            other.lock(),
        ):
            pass
        with other.lock():
            pass

    def test_another_owner_is_refused(self, tmp_path: Path) -> None:
        path, keys = tmp_path / "x.zarr", make_keys(3)
        store = self.filled(path, {0: keys})
        with pytest.raises(OwnerError, match=r"x\.zarr belongs to 'me', not to 'you'.*overwrite=True"):
            self.create_or_open(path, "you")
        assert len(store.completed()) == 3
        assert len(self.create_or_open(path, "you", overwrite=True).completed()) == 0
