"""Batches: what goes in comes out, and what does not fit is refused whole."""

import shutil
import tempfile
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.store import (
    DONE,
    FAILED,
    Axis,
    BatchRecords,
    Column,
    Layout,
    RunStore,
    StoreError,
    SweepDefinition,
    completed,
    gather,
    open_results,
    write_batch,
)
from spikefarm.store.gather import gather_ragged, gather_rows
from spikefarm.store.testing import COLUMNS, check_cells, error_text, has_failed, make_batch, make_keys

SMALL = Layout(rows=8, chunk_bytes=64, ragged_span=2**12, ragged_shard=16, ragged_chunk=4)

dtypes = st.sampled_from(["?", "i1", "i4", "i8", "u2", "u8", "f4", "f8", "c8", "c16"]).map(np.dtype)
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@st.composite
def column_sets(draw: st.DrawFn) -> tuple[Column, ...]:
    fixed = [Column(f"fixed{i}", draw(dtypes), draw(shapes)) for i in range(draw(st.integers(0, 2)))]
    ragged = [Column(f"ragged{i}", draw(dtypes), ragged=True) for i in range(draw(st.integers(0, 2)))]
    return (*fixed, *ragged)


@settings(max_examples=15, deadline=None)
@given(
    columns=column_sets(),
    sizes=st.lists(st.integers(0, 8), min_size=1, max_size=3),
    longest=st.sampled_from([0, 3, 40]),
    seed=st.integers(0, 10**6),
)
def test_round_trip(columns: tuple[Column, ...], sizes: list[int], longest: int, seed: int) -> None:
    keys = make_keys(sum(sizes) + 1, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zarr"
        store = RunStore.create_or_open(path, "me", layout=SMALL)
        with store.lock():
            store.declare(columns)
            for slot, stop, size in zip(store.reserve(len(sizes)), np.cumsum(sizes), sizes, strict=True):
                if size:
                    write_batch(path, slot, make_batch(keys[stop - size : stop], columns, longest))
            axis = Axis("x", "x", np.arange(len(keys)))
            definition = SweepDefinition({"x": len(keys)}, (axis,), tuple(c.name for c in columns))
            store.record_sweep("s", definition, keys)
        there = np.arange(len(keys)) < sum(sizes)
        check_cells(open_results(path), keys, there, columns, longest)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.integers(0, 99), max_size=30), chunk=st.integers(1, 30))
def test_gathering_rows_is_indexing(rows: list[int], chunk: int) -> None:
    import zarr

    values = np.arange(300.0).reshape(100, 3)
    array = zarr.create_array({}, data=values, chunks=(chunk, 3))
    index = np.array(rows, np.int64)
    np.testing.assert_array_equal(gather_rows(array, index), values[index])
    np.testing.assert_array_equal(gather_rows(array, index, (slice(1, 2),)), values[index, 1:2])


@settings(max_examples=30, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=12),
    chunk=st.integers(1, 20),
    limit=st.sampled_from([1, 20, 1000]),
)
def test_gathering_ragged_is_slicing(spans: list[tuple[int, int]], chunk: int, limit: int) -> None:
    import zarr

    values = np.arange(150)
    array = zarr.create_array({}, data=values, chunks=(chunk,))
    bounds = np.array([(a, a + n) for a, n in spans], np.int64).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gather, "MAX_RAGGED_READ", limit)
        found = gather_ragged(array, bounds)
    assert len(found) == len(spans)
    for part, (start, stop) in zip(found, bounds, strict=True):
        np.testing.assert_array_equal(part, values[start:stop])


def test_gathering_reads_little_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    import zarr

    reads = []
    get = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda a, s: reads.append(s) or get(a, s))
    array = zarr.create_array({}, data=np.arange(1000), chunks=(10,))
    gather_rows(array, np.array([500, 3, 13, 23, 900]))
    assert reads == [(slice(3, 24),), (slice(500, 501),), (slice(900, 901),)]
    reads.clear()
    gather_ragged(array, np.array([[500, 520], [3, 8], [0, 0], [18, 30], [41, 50]]))
    assert reads == [slice(3, 30), slice(41, 50), slice(500, 520)]
    reads.clear()
    monkeypatch.setattr(gather, "MAX_RAGGED_READ", 25)
    gather_ragged(array, np.array([[0, 20], [20, 25], [25, 30], [30, 90]]))
    assert reads == [slice(0, 25), slice(25, 30), slice(30, 90)]


def test_failed_runs_leave_no_values(store: RunStore) -> None:
    import zarr

    keys = make_keys(200)
    keys = keys[[has_failed(key) for key in keys]][:4]
    batch = replace(make_batch(keys), ragged={"spikes": [np.ones(3)] * 4})
    with store.lock():
        write_batch(store.path, store.reserve(1)[0], batch)
    runs = zarr.open_group(store.path, mode="r")["runs"]
    assert np.isnan(runs["rate"][:4]).all()
    assert (runs["count"][:4] == 0).all()
    assert (runs["spikes_span"][:4] == 0).all()
    start, stop = runs["error_span"][3]
    text = zarr.open_group(store.path, mode="r")["ragged/error"][int(start) : int(stop)]
    assert text.tobytes().decode() == error_text(keys[3])


def test_everything_that_is_wrong_is_said_and_nothing_written(store: RunStore) -> None:
    keys = make_keys(3)
    keys[1] = 0
    good = make_batch(keys)
    bad = replace(
        good,
        status=np.array([1, 2, 7], np.uint8),
        seeds=good.seeds.astype(np.int64),
        errors=["", ""],
        fixed={"rate": np.zeros((3, 2)), "count": np.zeros(3), "nope": np.zeros(3), "spikes": np.zeros(3)},
        ragged={"who": [np.zeros(1, int), np.zeros((2, 2), int), np.zeros(1, int)]},
    )
    with store.lock():
        (slot,) = store.reserve(1)
    with pytest.raises(StoreError) as caught:
        write_batch(store.path, slot, bad)
    for words in (
        "cannot write a batch to",
        "the key of run 1 is all zero, which means 'no run'",
        "status has values [1, 2, 7], expected 1 or 2",
        "seeds is int64 (3,), expected uint64 (3,)",
        "there are 2 error texts for 3 runs",
        "column 'rate' has shape (3, 2), expected (3,)",
        "column 'count' got float64, which does not fit int64",
        "'nope' is not a column of the store: declare it first",
        "column 'spikes' is ragged: give it so",
        "run 1 of column 'who' is int64 (2, 2), expected int32 with one dimension",
    ):
        assert words in str(caught.value)
    assert not list(store.path.rglob("c.*"))


def test_a_batch_fits_its_slot(store: RunStore) -> None:
    with store.lock():
        (slot,) = store.reserve(1)
    with pytest.raises(StoreError, match="it has 9 runs, a slot takes 1 to 8"):
        write_batch(store.path, slot, make_batch(make_keys(9)))
    with pytest.raises(StoreError, match="it has 0 runs, a slot takes 1 to 8"):
        write_batch(store.path, slot, make_batch(make_keys(0)))
    batch = replace(make_batch(make_keys(2)), ragged={"spikes": [np.zeros(4000), np.zeros(97)]})
    with pytest.raises(StoreError, match="'spikes' has 4097 values, a slot takes 4096: make batches smaller"):
        write_batch(store.path, slot, batch)


def test_a_slot_takes_one_batch(store: RunStore) -> None:
    with store.lock():
        (slot,) = store.reserve(1)
    write_batch(store.path, slot, make_batch(make_keys(3)))
    for other in (make_keys(3, seed=1), make_keys(4)):
        with pytest.raises(StoreError, match="slot 0 already has 3 other runs: a slot takes one batch"):
            write_batch(store.path, slot, make_batch(other))
    assert len(store.completed()) == 3


def test_a_run_done_later_takes_the_place_of_one_that_failed(store: RunStore) -> None:
    keys = make_keys(2)
    good = replace(make_batch(keys), status=np.array([1, 1], np.uint8))
    bad = replace(good, status=np.array([2, 2], np.uint8))
    with store.lock():
        for slot, batch in zip(store.reserve(4), (good, bad, good, bad), strict=True):
            write_batch(store.path, slot, batch)
    done = store.completed()
    assert done.status.tolist() == [1, 1]
    assert sorted(done.rows.tolist()) == [16, 17]


def test_a_store_replaced_by_another_refuses_old_slots(store: RunStore) -> None:
    with store.lock():
        old = store.reserve(2)
    write_batch(store.path, old[0], make_batch(make_keys(2)))
    again = RunStore.create_or_open(store.path, "me", overwrite=True, layout=SMALL)
    with again.lock():
        again.declare(COLUMNS)
        again.reserve(2)
    with pytest.raises(StoreError, match=r"slot 1 was given by another store .* start again"):
        write_batch(store.path, old[1], make_batch(make_keys(2)))
    assert len(again.completed()) == 0


def test_a_store_that_went_away(store: RunStore, tmp_path: Path) -> None:
    with store.lock():
        (slot,) = store.reserve(1)
    store.path.rename(tmp_path / "moved")
    with pytest.raises(
        StoreError,
        match=r"there is no store at .*x\.zarr any more, .* was it moved or deleted",
    ):
        write_batch(store.path, slot, make_batch(make_keys(1)))


def test_files_by_the_batch_not_by_the_run(tmp_path: Path) -> None:
    """100,000 runs with two scalars and a ragged output are to take 2,000 files at most."""
    columns = (
        Column("a", np.dtype("f8")),
        Column("b", np.dtype("f8")),
        Column("t", np.dtype("f8"), ragged=True),
    )
    store = RunStore.create_or_open(tmp_path / "x.zarr", "me")
    with store.lock():
        store.declare(columns)
        slots = store.reserve(3)
    before = sum(p.is_file() for p in store.path.rglob("*"))
    for i, slot in enumerate(slots):
        write_batch(store.path, slot, make_batch(make_keys(50, i), columns, longest=100))
    per_batch = (sum(p.is_file() for p in store.path.rglob("*")) - before) / 3
    assert before + per_batch * -(-100_000 // slots[0].rows) <= 2000
    # Chunk files lie in the array's own folder, so folders do not grow with runs.
    assert not [p for p in store.path.rglob("*") if p.is_dir() and p.name.startswith("c")]


@pytest.mark.parametrize("shape", [(), (5,), (1000,), (64, 64), (0,)])
def test_chunks_are_of_a_size_worth_reading(shape: tuple[int, ...]) -> None:
    layout = Layout()
    row_bytes = 8 * prod(shape)
    rows = layout.chunk_rows(row_bytes)
    assert layout.rows % rows == 0
    assert rows == 1 or rows * row_bytes <= layout.chunk_bytes
    assert rows == layout.rows or 2 * rows * row_bytes > layout.chunk_bytes


def test_a_store_made_anew_where_one_was_deleted_is_written_to(tmp_path: Path) -> None:
    """Also where the file system gives the new folder the number of the old one."""
    for seed in range(4):
        store = RunStore.create_or_open(tmp_path / "s.zarr", "me", layout=SMALL)
        with store.lock():
            store.declare(COLUMNS)
            (slot,) = store.reserve(1)
        write_batch(store.path, slot, make_batch(make_keys(slot.rows, seed)))
        assert len(store.completed()) == slot.rows
        shutil.rmtree(store.path)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_looking_runs_up_piece_by_piece(data: st.DataObject) -> None:
    """Done twice, failed before or after, wanted twice, not there, no run at all, or beginning like another."""
    known = make_keys(6)
    known[3, :8] = known[2, :8]
    known[5] = 0
    batches = data.draw(
        st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True), max_size=6)
    )
    wanted = known[np.array(data.draw(st.lists(st.integers(0, 5), max_size=12)), np.int64)]
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore.create_or_open(Path(folder) / "x.zarr", "me", layout=SMALL)
        with store.lock():
            slots = store.reserve(len(batches))
        for slot, batch in zip(slots, batches, strict=True):
            status = np.array([data.draw(st.sampled_from([DONE, FAILED])) for _ in batch], np.uint8)
            zeros = np.zeros(len(batch), np.uint64)
            texts = ["" for _ in batch]
            write_batch(store.path, slot, BatchRecords(known[batch], status, zeros, zeros * 1.0, texts))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(completed, "SLOTS_AT_A_TIME", data.draw(st.integers(1, 4)))
            found = store.find(wanted)
        for mine, expected in zip(found, store.completed().find(wanted), strict=True):
            np.testing.assert_array_equal(mine, expected)
