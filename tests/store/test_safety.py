"""Killed at any moment, written to by several: no run is lost, none is half there."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import zarr
from spikefarm.store import Column, RunStore, StoreError, open_results, write_batch
from spikefarm.store import layout as disk
from spikefarm.store.testing import (
    COLUMNS,
    check_cells,
    make_batch,
    make_keys,
    record_line,
    write_slots,
    write_until_killed,
)

from .conftest import SMALL


def processes() -> multiprocessing.context.ForkServerContext:
    # Neither do children inherit zarr's threads nor does each of them import it anew.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["zarr", "spikefarm.store.testing"])
    return context


def check_all(store: RunStore) -> int:
    """Check every run that counts, through the log; return how many there are."""
    done = store.completed()
    with store.lock():
        record_line(store, "check", done.keys) if len(done) else None
    if len(done):
        check_cells(open_results(store.path, "check"), done.keys, np.ones(len(done), bool))
    return len(done)


def test_killed_at_random_moments(tmp_path: Path) -> None:
    import xarray as xr

    path = tmp_path / "x.zarr"
    RunStore.create_or_open(path, "killed", layout=SMALL)
    context = processes()
    counts = [0]
    for seed, delay in enumerate(np.random.default_rng(2026).uniform(0, 0.4, 10)):
        ready = context.Event()
        child = context.Process(target=write_until_killed, args=(str(path), seed, ready))
        child.start()
        assert ready.wait(60)
        child.join(delay)
        child.kill()
        child.join()
        xr.open_zarr(path, group="runs", chunks=None).load()
        counts.append(check_all(RunStore.create_or_open(path, "killed")))
    assert counts == sorted(counts)
    assert counts[-1] >= 5 * 3 * 8
    assert not list(tmp_path.glob("*.aside-*"))


def test_cut_off_before_any_of_its_writes(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of which only the first so many arrays were written does not count."""
    keys = make_keys(8)
    write = zarr.Array.__setitem__
    left = 0

    def give_up(array: zarr.Array, selection: object, value: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        write(array, selection, value)

    with store.lock():
        slots = store.reserve(40)
    monkeypatch.setattr(zarr.Array, "__setitem__", give_up)
    for n_writes, slot in enumerate(slots):
        left = n_writes
        try:
            write_batch(store.path, slot, make_batch(keys))
        except KeyboardInterrupt:
            assert len(store.completed()) == 0
        else:
            break
    assert n_writes > len(COLUMNS)
    assert len(store.completed()) == len(keys)
    # The task is tried again, in the slot where it was cut off.
    monkeypatch.undo()
    assert write_batch(store.path, slots[n_writes - 1], make_batch(keys)).written
    check_all(store)


def test_two_processes_and_a_client_that_reserves_lose_nothing(store: RunStore) -> None:
    context = processes()
    start = context.Event()
    with store.lock():
        slots = store.reserve(30)
        workers = [
            context.Process(target=write_slots, args=(str(store.path), slots[i::2], range(i, 30, 2), start))
            for i in range(2)
        ]
        for worker in workers:
            worker.start()
        start.set()
        for _ in range(5):
            store.reserve(2)
            store.declare([Column(f"more{_}", np.dtype("f8"))])
        for worker in workers:
            worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert check_all(store) == 30 * 8
    rows, _ = store.completed().find(np.concatenate([make_keys(8, seed) for seed in range(30)]))
    assert rows.tolist() == list(range(240))


def test_a_resize_that_was_cut_off_is_put_right(filled: RunStore) -> None:
    import xarray as xr

    root = disk.open_group(filled.place, "r+")
    disk.member(root, "runs/seed").resize((64,))
    xr.open_zarr(filled.path, group="runs", chunks=None).load()
    check_cells(open_results(filled.path), make_keys(24), np.arange(24) < 20)
    with filled.lock():
        assert [slot.index for slot in filled.reserve(1)] == [8]
        assert {a.shape[0] for _, a in disk.open_group(filled.place)["runs"].arrays()} == {72}


def test_a_declaration_that_was_cut_off_is_done_again(store: RunStore) -> None:
    root = disk.open_group(store.place, "r+")
    disk._create_ragged(root, store.layout, Column("new", np.dtype("i2"), ragged=True))
    assert "new" not in store.columns()
    with store.lock():
        store.declare([Column("new", np.dtype("f8"), ragged=True)])
    assert store.columns()["new"].dtype == np.float64


def test_a_publication_that_was_cut_off_leaves_no_mixture(
    filled: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import xarray as xr

    def fail_on_the_new_copy(path: Path, target: Path) -> Path:
        if target == filled.path / "results":
            raise KeyboardInterrupt
        return rename(path, target)

    rename = Path.rename
    with filled.lock():
        filled.publish()
        monkeypatch.setattr(Path, "rename", fail_on_the_new_copy)
        with pytest.raises(KeyboardInterrupt):
            filled.publish()
        with pytest.raises(KeyError):
            xr.open_zarr(filled.path, group="results")
        monkeypatch.undo()
        filled.publish()
    assert "rate" in xr.open_zarr(filled.path, group="results")


def test_what_was_being_made_is_cleared_away(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "x.zarr.aside-12345678").mkdir()
    (tmp_path / "y.zarr.aside-12345678").mkdir()
    with store.lock():
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zarr", "x.zarr.lock", "y.zarr.aside-12345678"]


def test_slots_are_never_given_twice(store: RunStore) -> None:
    with store.lock():
        first = store.reserve(3)
    with store.lock():
        second = store.reserve(2)
    assert [slot.index for slot in (*first, *second)] == [0, 1, 2, 3, 4]


def test_unused_slots_at_the_end_can_be_released(store: RunStore) -> None:
    with store.lock():
        slots = store.reserve(6)
        write_batch(store.path, slots[2], make_batch(make_keys(8)))
        store.release([slots[1], slots[2], slots[3], slots[5]])
        assert [slot.index for slot in store.reserve(1)] == [5]
        store.release(store.reserve(1) + slots[3:])
        assert [slot.index for slot in store.reserve(1)] == [3]
    assert check_all(store) == 8


def test_writing_needs_the_lock(store: RunStore) -> None:
    for action in (
        lambda: store.declare([]),
        lambda: store.reserve(1),
        lambda: store.release([]),
        lambda: record_line(store, "s", make_keys(1)),
        lambda: store.publish(),
    ):
        with pytest.raises(StoreError, match=r"writes to .*x\.zarr: do it inside 'with store.lock\(\):'"):
            action()


def test_the_lock_says_who_holds_it(store: RunStore) -> None:
    import os

    with (
        store.lock(),
        pytest.raises(StoreError, match=f"written to by process {os.getpid()} on "),
        RunStore.open(store.path).lock(),
    ):
        pass
    with store.lock(), pytest.raises(StoreError, match="is being written to by"):
        RunStore.create_or_open(store.path, "me", overwrite=True)


def test_a_store_that_was_replaced_cannot_be_locked(store: RunStore) -> None:
    RunStore.create_or_open(store.path, "me", overwrite=True)
    with pytest.raises(StoreError, match="was replaced by another meanwhile: open it again"), store.lock():
        pass
