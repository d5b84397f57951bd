"""Reading: labelled, lazy, and with nothing but zarr and xarray."""

import pickle
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.store import (
    Axis,
    Column,
    RunStore,
    StoreError,
    SweepDefinition,
    open_results,
    publish,
    ragged_to_contiguous,
    write_batch,
)
from spikefarm.store.testing import COLUMNS, check_cells, has_failed, make_batch, make_keys, ragged_value

from .conftest import SMALL

AXES = (
    Axis("v0", "v0", np.array([0.1, 0.2, 0.3]), {"units": "V", "long_name": "threshold"}),
    Axis("method", "method", ["euler", "exakt µ"]),
    Axis("label", "v0", ["a", "bb", "c"]),
    Axis("weights", "v0", np.arange(6.0).reshape(3, 2), {"units": "S"}),
    Axis("flag", "method", [True, False]),
)
OUTPUTS = tuple(c.name for c in COLUMNS)
GRID = SweepDefinition({"v0": 3, "method": 2, "repeat": 4}, AXES, OUTPUTS)
KEYS = make_keys(24)
PROVENANCE = {"model_hash": "abc", "compiler": "g++ 12", "seed": 2**63, "versions": ["numpy 2"]}


def make_grid(path: Path, n_runs: int) -> RunStore:
    store = RunStore.create_or_open(path, "me", layout=SMALL)
    with store.lock():
        store.declare(COLUMNS)
        shuffled = np.random.default_rng(1).permutation(24)[:n_runs]
        for part, slot in zip(np.array_split(shuffled, 4), store.reserve(4), strict=True):
            write_batch(path, slot, make_batch(KEYS[part]))
        store.record_sweep("grid", GRID, KEYS, PROVENANCE)
    return store


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A store with 24 runs of a sweep of 3 by 2 by 4."""
    return make_grid(tmp_path_factory.mktemp("grid") / "grid.zarr", 24)


@pytest.fixture
def strict() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_axes_carry_values_and_units(grid: RunStore, strict: None) -> None:
    found = open_results(grid.path)
    assert dict(found.sizes) == {
        "v0": 3, "method": 2, "repeat": 4, "weights_0": 2, "trace_0": 3, "trace_1": 2
    }  # fmt: skip
    assert found["rate"].dims == ("v0", "method", "repeat")
    assert found["trace"].dims == ("v0", "method", "repeat", "trace_0", "trace_1")
    assert found["v0"].attrs == {"units": "V", "long_name": "threshold"}
    assert found["rate"].attrs == {"units": "Hz", "long_name": "mean rate"}
    assert found["method"].values.tolist() == ["euler", "exakt µ"]
    assert found["label"].values.tolist() == ["a", "bb", "c"]
    assert found["flag"].values.tolist() == [True, False]
    np.testing.assert_array_equal(found["weights"], np.arange(6.0).reshape(3, 2))
    assert set(found.indexes) == {"v0", "method"}
    assert PROVENANCE.items() <= found.attrs.items()
    assert found.attrs["sweep"] == "grid"
    assert found["status"].attrs["flag_values"].tolist() == [0, 1, 2, 3]
    assert found["status"].attrs["flag_meanings"] == "missing done failed excluded"
    assert found["wall_time"].attrs["units"] == "s"


def test_every_cell_is_its_run(grid: RunStore) -> None:
    check_cells(open_results(grid.path), KEYS, np.ones(24, bool))
    check_cells(open_results(grid.path, chunks={}), KEYS, np.ones(24, bool))
    check_cells(pickle.loads(pickle.dumps(open_results(grid.path))), KEYS, np.ones(24, bool))


def indexers(length: int) -> st.SearchStrategy[Any]:
    inside = st.integers(-length, length - 1)
    return st.one_of(
        inside,
        st.slices(length),
        st.lists(inside, max_size=4).map(lambda found: np.array(found, int)),
        st.lists(st.booleans(), min_size=length, max_size=length).map(np.array),
    )


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_lazy_indexing_is_indexing(grid: RunStore, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["rate", "trace", "count", "status", "seed"]))
    lazy = open_results(grid.path)[name]
    key = {dim: data.draw(indexers(n)) for dim, n in lazy.sizes.items() if data.draw(st.booleans())}
    whole = open_results(grid.path)[name].load()
    xr.testing.assert_identical(lazy.isel(key).load(), whole.isel(key))


def test_pointwise_indexing(grid: RunStore) -> None:
    at = {dim: xr.DataArray([0, 2, 1, 0], dims="point") % n for dim, n in GRID.dims.items()}
    for name in ("trace", "error"):
        whole = open_results(grid.path)[name].load()
        xr.testing.assert_identical(open_results(grid.path)[name].isel(at).load(), whole.isel(at))


def test_one_run_reads_only_itself(grid: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_results(grid.path)
    i = next(i for i in range(24) if len(ragged_value(COLUMNS[3], KEYS[i])) and not has_failed(KEYS[i]))
    where = dict(zip(GRID.dims, np.unravel_index(i, (3, 2, 4)), strict=True))
    reads = []
    get = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda a, s: reads.append((a.basename, s)) or get(a, s))
    np.testing.assert_array_equal(found["spikes"].isel(where).item(), ragged_value(COLUMNS[3], KEYS[i]))
    assert [name for name, _ in reads] == ["spikes_span", "spikes"]
    assert reads[1][1].stop - reads[1][1].start == len(ragged_value(COLUMNS[3], KEYS[i]))


def test_opening_reads_no_values(grid: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    get = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda a, s: reads.append(a.basename) or get(a, s))
    repr(open_results(grid.path))
    assert set(reads) <= {"key", "status", *(axis.name for axis in AXES)}


def test_whole_numbers_stay_whole_unless_runs_are_missing(tmp_path: Path) -> None:
    good = KEYS[[not has_failed(key) for key in KEYS]]
    store = make_grid(tmp_path / "x.zarr", 10)
    with store.lock():
        rest = good[store.completed().find(good)[0] < 0]
        for slot, part in zip(store.reserve(2), np.array_split(rest, 2), strict=True):
            write_batch(store.path, slot, make_batch(part))
        axis = Axis("x", "x", np.arange(len(good)))
        store.record_sweep("whole", SweepDefinition({"x": len(good)}, (axis,), OUTPUTS), good)
    assert open_results(store.path, "whole")["count"].dtype == np.int64
    some = open_results(store.path, "grid")
    assert some["count"].dtype == np.float64
    np.testing.assert_array_equal(np.isnan(some["count"]), some["status"] != 1)
    assert some["spikes"].isnull().sum() == (some["status"] != 1).sum()


def test_a_sweep_without_dimensions(store: RunStore) -> None:
    (key,) = KEYS[1:2]
    with store.lock():
        write_batch(store.path, store.reserve(1)[0], make_batch(KEYS[1:2]))
        store.record_sweep("one", SweepDefinition({}, (), OUTPUTS), KEYS[1:2])
        store.publish()
    found = open_results(store.path)
    assert found["rate"].shape == ()
    np.testing.assert_array_equal(found["spikes"].item(), ragged_value(COLUMNS[3], key))


def test_columns_that_nobody_declared_are_left_out(store: RunStore) -> None:
    with store.lock():
        store.record_sweep("s", SweepDefinition({"x": 24}, (), ("rate", "later")), KEYS)
    assert set(open_results(store.path)) == {"rate", "status", "error", "seed", "wall_time", "host"}


def test_ragged_to_contiguous(grid: RunStore) -> None:
    values, offsets = ragged_to_contiguous(open_results(grid.path)["spikes"])
    assert offsets.shape == (25,)
    for i, key in enumerate(KEYS):
        expected = [] if has_failed(key) else ragged_value(COLUMNS[3], key)
        np.testing.assert_array_equal(values[offsets[i] : offsets[i + 1]], expected)
    empty, offsets = ragged_to_contiguous(open_results(grid.path)["spikes"][:0])
    assert (len(empty), offsets.tolist()) == (0, [0])


def test_recording_again_replaces_and_is_the_latest(filled: RunStore) -> None:
    keys = make_keys(24)
    with filled.lock():
        for name, n in (("other", 5), ("line", 3)):
            filled.record_sweep(name, SweepDefinition({"x": n}, (), ("rate",)), keys[:n], {"n": n})
    assert [(s.id, s.provenance) for s in filled.sweeps()] == [("other", {"n": 5}), ("line", {"n": 3})]
    assert dict(open_results(filled.path).sizes) == {"x": 3}
    assert dict(open_results(filled.path, "other").sizes) == {"x": 5}
    assert len(list((filled.path / "sweeps").glob("0*"))) == 2


def test_plain_xarray_reads_the_log(filled: RunStore, strict: None) -> None:
    log = xr.open_zarr(filled.path, group="runs", chunks=None).load()
    log = log.isel(run=log["key"].any("key_byte").values)
    assert log.sizes["run"] == 20
    batch = make_batch(make_keys(24)[:20])
    np.testing.assert_array_equal(log["status"], batch.status)
    np.testing.assert_array_equal(log["seed"], batch.seeds)
    np.testing.assert_array_equal(log["key"], batch.keys)
    done = log["status"] == 1
    np.testing.assert_array_equal(log["rate"][done], batch.fixed["rate"][done])
    assert log["rate"].attrs["units"] == "Hz"
    assert log["finished"].dtype.kind == "M"


def test_plain_zarr_reads_ragged_values(filled: RunStore, strict: None) -> None:
    root = zarr.open_group(filled.path, mode="r")
    assert root.attrs["title"] == "a test"
    for i, key in enumerate(make_keys(24)[:20]):
        start, stop = map(int, root["runs/spikes_span"][i])
        expected = [] if has_failed(key) else ragged_value(COLUMNS[3], key)
        np.testing.assert_array_equal(root["ragged/spikes"][start:stop], expected)


def test_publish_makes_a_plain_copy(tmp_path: Path, strict: None) -> None:
    store = make_grid(tmp_path / "x.zarr", 20)
    with store.lock():
        assert store.publish() == {}
    ours = open_results(store.path)
    for plain in (
        xr.open_zarr(store.path, group="results", chunks=None),
        xr.open_zarr(store.path / "results", chunks=None),
    ):
        for name in ("rate", "count", "trace", "status", "seed", "wall_time", "v0", "weights", "flag"):
            assert plain[name].dims == ours[name].dims
            np.testing.assert_array_equal(plain[name], ours[name])
        assert plain["method"].values.tolist() == ["euler", "exakt µ"]
        assert plain["error"].values.tolist() == ours["error"].values.tolist()
        assert plain["v0"].attrs == ours["v0"].attrs
        assert PROVENANCE.items() <= plain.attrs.items()
        for i, cell in enumerate(ours["spikes"].values.ravel()):
            start, size = (int(plain[f"spikes_{part}"].values.ravel()[i]) for part in ("start", "size"))
            np.testing.assert_array_equal(plain["spikes"][start : start + size], [] if cell is None else cell)


def test_publish_leaves_out_what_is_large_and_says_so(filled: RunStore) -> None:
    with filled.lock():
        left_out = filled.publish(limit=24 * 8)
    plain = xr.open_zarr(filled.path, group="results", chunks=None)
    assert set(left_out) == {"trace", "spikes", "who"} == set(OUTPUTS) - set(plain)
    assert plain.attrs["left_out"][0].startswith("trace: 576 bytes are more than 192: read runs/trace")


def test_publish_replaces_the_copy_before(filled: RunStore) -> None:
    with filled.lock():
        filled.publish()
        filled.record_sweep("short", SweepDefinition({"y": 2}, (), ("rate",)), KEYS[:2])
        filled.publish()
        assert dict(xr.open_zarr(filled.path, group="results").sizes) == {"y": 2}
        filled.publish("line")
    assert dict(xr.open_zarr(filled.path, group="results").sizes)["x"] == 24


def test_publish_large_arrays_in_chunks(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "CHUNK_BYTES", 40)
    with store.lock():
        write_batch(store.path, store.reserve(1)[0], make_batch(KEYS[:8]))
        store.record_sweep("s", SweepDefinition({"x": 8}, (), OUTPUTS), KEYS[:8])
        store.publish()
    ours, plain = open_results(store.path).load(), xr.open_zarr(store.path, group="results", chunks=None)
    xr.testing.assert_equal(plain["trace"].load(), ours["trace"])
    assert zarr.open_group(store.path)["results/trace"].chunks == (2, 2, 2)


def test_everything_wrong_with_a_sweep_is_said(store: RunStore) -> None:
    definition = SweepDefinition(
        {"x": 3, "empty": 0, "a/b": 1, "trace_0": 3},
        (
            Axis("x", "x", np.arange(4)),
            Axis("y", "z", np.arange(3)),
            Axis("seed", "x", np.arange(3)),
            Axis("empty", "x", np.arange(3)),
            Axis("when", "x", np.array(["2026-01-01"] * 3, "M8[D]")),
        ),
        ("rate", "trace", "y"),
    )
    with store.lock(), pytest.raises(StoreError) as caught:
        store.record_sweep("s", definition, KEYS)
    for words in (
        "cannot record sweep 's' in ",
        "axis 'x' has shape (4,), its dimension has length 3",
        "axis 'y' runs along 'z', which is none of ['x', 'empty', 'a/b', 'trace_0']",
        "'seed' is a name that the store itself uses: rename it",
        "axis 'empty' is named as a dimension: it must be one-dimensional, along it",
        "axis 'when' has dtype datetime64[D]: use numbers, booleans or text",
        "dimension 'empty' has length 0: it needs at least one value",
        "'a/b' cannot name a part of a sweep",
        "'y' names 2 things: axes, dimensions and outputs need names of their own",
        "'trace_0' is a dimension of output 'trace' and part of the sweep: rename one",
        "make 0 runs, there are 24 keys",
    ):
        assert words in str(caught.value)
    assert store.sweeps() == []


def test_provenance_and_keys_are_checked(store: RunStore) -> None:
    definition = SweepDefinition({"x": 24}, (), ())
    with store.lock():
        with pytest.raises(
            StoreError, match=r"provenance of sweep 's' must be .*'a' \(object\), 'b' \(float\)"
        ):
            store.record_sweep("s", definition, KEYS, {"a": object(), "b": np.nan, "c": 1})
        with pytest.raises(StoreError, match=r"keys have dtype int64 and shape \(24, 32\): give uint8"):
            store.record_sweep("s", definition, KEYS.astype(np.int64))
        axis = Axis("x", "x", np.arange(24), {"units": {"V"}})
        with pytest.raises(StoreError, match=r"attrs of axis 'x' must be .*'units' \(set\)"):
            store.record_sweep("s", SweepDefinition({"x": 24}, (axis,), ()), KEYS)
    assert store.sweeps() == []


def test_no_such_sweep(store: RunStore, filled: RunStore) -> None:
    with pytest.raises(StoreError, match=r"x\.zarr has no sweep 'square': it has 'line'"):
        open_results(filled.path, "square")


def test_no_sweep_yet(store: RunStore) -> None:
    with pytest.raises(StoreError, match=r"the store .*x\.zarr has no sweep yet: run one"):
        open_results(store.path)
    with store.lock(), pytest.raises(StoreError, match="has no sweep yet"):
        store.publish()


def test_an_output_may_be_named_like_a_greek_letter(store: RunStore) -> None:
    column = Column("τ", np.dtype("f8"))
    with store.lock():
        store.declare([column])
        write_batch(store.path, store.reserve(1)[0], make_batch(KEYS[1:2], [column]))
        store.record_sweep("s", SweepDefinition({"x": 1}, (), ("τ",)), KEYS[1:2])
    assert open_results(store.path)["τ"].item() == make_batch(KEYS[1:2], [column]).fixed["τ"][0]


def test_dask_arrays_in_pieces(filled: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunked along the first dimensions, and equal to what is read without dask."""
    from spikefarm.store import lazy

    monkeypatch.setattr(lazy, "CHUNK_BYTES", 64)
    whole, cut = open_results(filled.path), open_results(filled.path, chunks={})
    assert cut.rate.chunks == ((6, 6, 6, 6),)
    assert len(cut.trace.chunks[0]) > 4
    assert cut.spikes.chunks is not None
    np.testing.assert_array_equal(cut.trace.values, whole.trace.values)
    assert lazy.chunks_of((10, 100), np.float64) == (1, 7)


def test_keys_with_equal_beginnings_are_told_apart() -> None:
    from spikefarm.store.completed import one_row_a_key

    keys = np.zeros((6, 32), np.uint8)
    keys[:, 0] = 7
    keys[:, 20] = [3, 1, 2, 1, 3, 0]
    done = one_row_a_key(keys, np.arange(6), np.array([1, 2, 1, 1, 2, 1], np.uint8))
    assert done.rows.tolist() == [5, 3, 2, 0]  # the done one of two, in the order of keys
    wanted = np.concatenate([keys[[4, 1]], np.full((1, 32), 9, np.uint8)])
    assert done.find(wanted)[0].tolist() == [0, 3, -1]
