"""Opening and declaring: what is refused, in which words, and that nothing was written."""

import os
from pathlib import Path

import numpy as np
import pytest
import zarr
from spikefarm.store import Column, RunStore, StoreError, layout, open_results
from spikefarm.store.testing import COLUMNS

f8 = np.dtype("f8")


def tree(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def test_a_new_store_appears_whole(tmp_path: Path) -> None:
    store = RunStore.create_or_open(tmp_path / "deep" / "x.zarr", "me", {"title": "mine"})
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["x.zarr", "x.zarr.lock"]
    again = RunStore.create_or_open(str(tmp_path / "deep" / "x.zarr"), "me")
    assert (again.id, again.owner, again.layout) == (store.id, "me", store.layout)
    assert RunStore.open(store.path) == store


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    (tmp_path / "x.zarr").mkdir()
    assert RunStore.create_or_open(tmp_path / "x.zarr", "me").columns() == {}


def test_a_store_is_not_made_when_it_cannot_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(place: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(layout, "consolidate", give_up)
    with pytest.raises(KeyboardInterrupt):
        RunStore.create_or_open(tmp_path / "x.zarr", "me")
    assert not (tmp_path / "x.zarr").exists()
    monkeypatch.undo()
    RunStore.create_or_open(tmp_path / "x.zarr", "me")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zarr", "x.zarr.lock"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_other_things_at_the_path_are_refused(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("precious")
    zarr.create_group(str(tmp_path / "group"))
    zarr.create_array(str(tmp_path / "array"), shape=(3,), dtype="f8")
    zarr.create_group(str(tmp_path / "old"), zarr_format=2)
    before = tree(tmp_path)
    for name, words in {
        "file": "file is a file, not a store: a store is a folder; choose another path",
        "folder": "folder is a folder but not a store of runs: choose another path",
        "group": "group is a Zarr hierarchy, but not a store of runs: choose another path",
        "array": "array is a folder but not a store of runs: choose another path",
        "old": "old is a Zarr hierarchy, but not a store of runs: choose another path",
        "file/x.zarr": "cannot make a store at .*x.zarr: .*choose another path",
    }.items():
        with pytest.raises(StoreError, match=words):
            RunStore.create_or_open(tmp_path / name, "me", overwrite=overwrite)
    assert tree(tmp_path) == before


def test_reading_what_is_no_store(tmp_path: Path) -> None:
    zarr.create_group(str(tmp_path / "group"))
    with pytest.raises(StoreError, match=r"there is no store at .*x\.zarr: give the path of one"):
        open_results(tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="not a store of runs"):
        open_results(tmp_path / "group")
    assert not (tmp_path / "x.zarr").exists()


def test_a_later_format_is_refused(store: RunStore) -> None:
    root = zarr.open_group(store.path)
    root.attrs["spikefarm"] = {**root.attrs["spikefarm"], "format": 3}
    for action in (lambda: RunStore.create_or_open(store.path, "me"), lambda: open_results(store.path)):
        with pytest.raises(StoreError, match="has format 3, this version reads up to 2: update spikefarm"):
            action()


def test_a_store_that_cannot_be_written(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StoreError, match=r"x\.zarr cannot be written by this user: choose another path"):
        RunStore.create_or_open(store.path, "me")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(
        StoreError, match=r"cannot (write next to|make a store at) /proc/x\.zarr: .*another path"
    ):
        RunStore.create_or_open("/proc/x.zarr", "me")


def test_attrs_must_be_json(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"attrs of the store must be .*'a' \(set\), 'b' \(ndarray\)"):
        RunStore.create_or_open(tmp_path / "x.zarr", "me", {"a": {1}, "b": np.zeros(2), "c": 1})
    with pytest.raises(StoreError, match="'spikefarm' cannot be among the attrs"):
        RunStore.create_or_open(tmp_path / "x.zarr", "me", {"spikefarm": 1})
    assert not list(tmp_path.iterdir())


def test_columns_are_declared_once(store: RunStore) -> None:
    with store.lock():
        store.declare(COLUMNS)
        store.declare([Column("more", f8, (2, 3), attrs={"units": "V"}, dims=("cell", "time"))])
    found = store.columns()
    assert set(found) == {"more", *(c.name for c in COLUMNS)}
    assert found["more"] == Column("more", f8, (2, 3), attrs={"units": "V"}, dims=("cell", "time"))
    assert all(found[c.name].matches(c) for c in COLUMNS)


def test_everything_wrong_with_columns_is_said(store: RunStore) -> None:
    before = tree(store.path)
    with store.lock(), pytest.raises(StoreError) as caught:
        store.declare(
            [
                Column("fine", f8),
                Column("a/b", f8),
                Column("x_span", f8),
                Column("seed", f8),
                Column("text", np.dtype("U5")),
                Column("long", np.dtype("longdouble")),
                Column("both", f8, (3,), ragged=True),
                Column("minus", f8, (-1,)),
                Column("dims", f8, (2,), dims=("a", "b")),
                Column("rate", np.dtype("f4")),
                Column("trace", np.dtype("f4"), (3, 2), attrs={"units": "A"}),
                Column("spikes", f8),
                Column("twice", f8),
                Column("twice", f8, (2,)),
                Column("one", f8, (3,), dims=("time",)),
                Column("two", f8, (4,), dims=("time",)),
                Column("three", f8, (4,), dims=("rate",)),
                Column("four", f8, (4,), dims=("run",)),
            ]
        )
    for words in (
        "cannot declare columns of ",
        "'a/b' cannot name a column: start with a letter",
        "'x_span' cannot name a column",
        "column 'seed' has a name that the store itself uses: rename the output",
        "column 'text' has dtype <U5: store numbers or booleans of at most 8 bytes",
        "column 'long' has dtype float128",
        "column 'both' is ragged and has shape (3,)",
        "column 'minus' has a negative length in shape (-1,)",
        "column 'dims' has dims ('a', 'b') for shape (2,)",
        "column 'rate' is float64 () in Hz and cannot become float32 (): rename the output or use another",
        "column 'trace' is float32 (3, 2) in V and cannot become float32 (3, 2) in A",
        "column 'spikes' is float64 ragged in s and cannot become float64 ()",
        "column 'twice' is float64 () and cannot become float64 (2,)",
        "dimension 'time' of column 'two' has length 4, and that name means something else",
        "dimension 'rate' of column 'three' has length 4, and that name means something else",
        "dimension 'run' of column 'four' has length 4, and that name means something else",
    ):
        assert words in str(caught.value)
    assert "fine" not in str(caught.value)
    assert tree(store.path) == before


def test_attrs_of_a_column_must_be_json(store: RunStore) -> None:
    with store.lock(), pytest.raises(StoreError, match=r"attrs of column 'b' must be .*'units' \(complex\)"):
        store.declare([Column("a", f8), Column("b", f8, attrs={"units": 1j})])
    assert "a" not in store.columns()


def test_no_room_left(store: RunStore) -> None:
    with store.lock():
        with pytest.raises(StoreError, match=f"has room for {2**48}; use a new store"):
            store.reserve(2**48 + 1)
        with pytest.raises(StoreError, match="cannot reserve -1 slots"):
            store.reserve(-1)


def test_importing_the_store_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys, spikefarm.store; print({'zarr', 'xarray', 'dask', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
