"""Checking, repairing, compacting and listing stores, and reading where runs come from."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from spikefarm.store import (
    RunStore,
    StoreError,
    catalogue,
    check_store,
    compact,
    compaction,
    open_results,
    read_provenance,
    repair_store,
    write_batch,
)
from spikefarm.store.schema import LockedError
from spikefarm.store.testing import COLUMNS, check_cells, make_batch, make_keys, record_line
from spikefarm.store.writers import Writer

from .conftest import SMALL


def shards(store: RunStore, name: str) -> list[Path]:
    return sorted((store.path / name).glob("c.*"))


def test_a_whole_store_has_nothing_wrong(filled: RunStore) -> None:
    with filled.lock():
        filled.publish()
    report = check_store(filled.path)
    assert report.ok
    assert str(report) == f"{filled.path}: 20 runs, all of them readable"
    assert repair_store(filled.path) == report


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def flip(path: Path) -> None:
    """Change one bit in the middle, where values are."""
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize(
    "array",
    [
        "runs/status",
        "runs/rate",
        "runs/trace",
        "runs/error_span",
        "runs/spikes_span",
        "ragged/spikes",
        "runs/key",
        "runs/finished",
    ],
)
def test_damage_is_found_and_repaired(filled: RunStore, array: str, damage: object) -> None:
    """The runs of that batch are missing afterwards, all others are as they were."""
    files = shards(filled, array)
    if array.startswith("ragged"):  # a slot has many of them
        files = [p for p in files if int(p.name[2:]) // (SMALL.ragged_span // SMALL.ragged_shard) == 1]
    else:
        files = [p for p in files if p.name.startswith("c.1")]
    for path in files:
        damage(path)  # type: ignore[operator]
    assert files
    lost = np.zeros(24, bool)
    lost[8:16] = True
    there = np.arange(24) < 20
    if damage is Path.unlink and array == "runs/key":  # a batch without keys does not count
        return
    report = check_store(filled.path)
    assert not report.ok
    assert {problem.slot for problem in report.problems} == {1}
    assert f"{array} slot 1: " in str(report)
    assert "its batch of runs is forgotten, and done again with the sweep" in str(report)
    assert repair_store(filled.path).ok
    assert check_store(filled.path).problems == ()
    check_cells(open_results(filled.path), make_keys(24), there & ~lost)


@pytest.mark.parametrize(
    ("array", "name"),
    [
        ("runs/rate", "rate"),
        ("runs/count", "count"),
        ("runs/trace", "trace"),
        ("runs/spikes_span", "spikes"),
        ("ragged/spikes", "spikes"),
    ],
)
def test_a_lost_file_is_never_read_as_nothing(filled: RunStore, array: str, name: str) -> None:
    for path in shards(filled, array)[:1]:
        path.unlink()
    with pytest.raises(
        StoreError, match=rf"has lost 1 file\(s\) of {array}, with .*: repair_store takes away"
    ):
        open_results(filled.path)[name].load()
    if array.startswith("runs/"):
        with pytest.raises(StoreError, match=rf"has lost files \({array} slot 0\): use repair_store first"):
            compact(filled.path)
    assert repair_store(filled.path).problems
    open_results(filled.path)[name].load()


def test_values_that_are_empty_are_no_loss(store: RunStore) -> None:
    """Zeros and NaN are written as any other values."""
    keys = make_keys(8)
    batch = make_batch(keys)
    empty = {
        name: np.full_like(values, 0 if values.dtype.kind == "i" else np.nan)
        for name, values in batch.fixed.items()
    }
    with store.lock():
        store.declare(COLUMNS)
        (slot,) = store.reserve(1)
        record_line(store, "all", keys)
    write_batch(store.path, slot, replace(batch, fixed=empty))
    assert check_store(store.path).ok
    data = open_results(store.path).load()
    assert np.isnan(data.rate).all()


def test_stores_of_the_first_format_did_not_write_all_files(filled: RunStore) -> None:
    root = zarr.open_group(filled.path, mode="r+")
    root.attrs["spikefarm"] = {**root.attrs["spikefarm"], "format": 1}
    shards(filled, "runs/rate")[0].unlink()
    assert check_store(filled.path).ok
    open_results(filled.path).load()


def test_a_flipped_bit_is_never_read(filled: RunStore) -> None:
    for path in shards(filled, "runs/rate"):
        flip(path)
    with pytest.raises(Exception, match=r"(?i)checksum|crc|corrupt|decompress"):
        open_results(filled.path).rate.load()


def test_lost_publications_and_sweeps(filled: RunStore) -> None:
    with filled.lock():
        record_line(filled, "other", make_keys(24)[:4])
        filled.publish()
    cut(next((filled.path / "results" / "rate").glob("c/*")))
    (filled.path / "sweeps" / "000001" / "key" / "zarr.json").unlink()
    report = check_store(filled.path)
    assert {p.where for p in report.problems} == {"results", "sweeps/000001"}
    assert "the latest sweep is published anew" in str(report)
    assert "it is forgotten; run it again, its runs are kept" in str(report)
    assert repair_store(filled.path).ok
    assert check_store(filled.path).problems == ()
    assert [sweep.id for sweep in filled.sweeps()] == ["other"]
    plain = xr.open_zarr(filled.path, group="results")
    np.testing.assert_array_equal(plain.rate, open_results(filled.path).rate)


def test_what_cannot_be_repaired_is_said(filled: RunStore, tmp_path: Path) -> None:
    (filled.path / "ragged" / "spikes" / "zarr.json").unlink()
    with pytest.raises(StoreError, match=r"ragged/'spikes' is gone; restore its zarr.json from a copy"):
        check_store(filled.path)
    with pytest.raises(StoreError, match="there is no store at"):
        check_store(tmp_path / "none.zarr")


def test_compaction_leaves_fewer_files_and_the_same_runs(store: RunStore) -> None:
    keys = make_keys(40)
    with store.lock():
        slots = store.reserve(30)
        for i in range(30):
            write_batch(store.path, slots[i], make_batch(keys[i : i + 2]))  # most runs are there twice
        record_line(store, "reversed", keys[::-1])
        store.publish()
    there = np.arange(40) < 31
    before = open_results(store.path).load()
    found = compact(store.path)
    assert (found.runs, found.files_after < found.files_before) == (31, True)
    assert str(found).startswith("31 runs in ")
    assert len(shards(store, "runs/key")) == 4
    assert len(store.completed()) == 31
    after = open_results(store.path).load()
    check_cells(after, keys[::-1], there[::-1])
    xr.testing.assert_identical(before.drop_vars(["spikes", "who"]), after.drop_vars(["spikes", "who"]))
    assert check_store(store.path).ok
    rows, _ = store.completed().find(keys[:31][::-1])
    assert rows.tolist() == sorted(rows)  # in the order of the sweep
    again = compact(store.path)
    assert again.files_before == again.files_after
    with store.lock():
        write_batch(store.path, store.reserve(1)[0], make_batch(keys[31:39]))
    check_cells(open_results(store.path), keys[::-1], np.arange(40)[::-1] < 39)


def test_compaction_may_be_cut_off(filled: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = make_keys(24)
    extra = make_keys(3, seed=9)
    with filled.lock():
        for i, slot in enumerate(filled.reserve(3)):
            write_batch(filled.path, slot, make_batch(extra[i : i + 1]))

    def give_up(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compaction, "delete_slots", give_up)
    with pytest.raises(KeyboardInterrupt):
        compact(filled.path)
    check_cells(open_results(filled.path), keys, np.arange(24) < 20)
    monkeypatch.undo()
    assert compact(filled.path).runs == 23
    check_cells(open_results(filled.path), keys, np.arange(24) < 20)
    assert len(shards(filled, "runs/key")) == 3


def test_a_store_in_use_is_not_compacted(filled: RunStore) -> None:
    with (
        Writer(filled.place),
        pytest.raises(LockedError, match=r"adds runs to .*x\.zarr: compact it when that has ended"),
    ):
        compact(filled.path)


def test_stores_side_by_side(filled: RunStore, tmp_path: Path) -> None:
    RunStore.create_or_open(tmp_path / "lab" / "b.zarr", "you")
    (tmp_path / "notes").mkdir()
    found = catalogue(tmp_path)
    assert [(Path(e.path).name, e.owner, e.runs, e.sweeps) for e in found] == [
        ("b.zarr", "you", 0, ()),
        ("x.zarr", "me", 20, ("line",)),
    ]
    assert found[1].failed == int((filled.completed().status == 2).sum())
    assert found[1].size > 1000
    assert str(found).splitlines()[2].split()[:3] == ["20", str(found[1].failed), "1"]
    assert catalogue(filled.path) == found[1:]
    assert str(catalogue(tmp_path / "notes")) == "no stores"


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep
Sweep({"v0": [1, 2] * volt}, simulation=FakeSimulation(), seed=17).run({"rate": rate}, store="s.zarr", progress=False)
"""


def test_where_runs_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    (tmp_path / "study.py").write_text(SCRIPT)
    (tmp_path / ".gitignore").write_text("*.zarr*\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    monkeypatch.setenv("SPIKEFARM_NOTE", "a test")
    monkeypatch.setenv("MY_PASSWORD", "secret")
    fake = str(Path(__file__).parents[1] / "farm")
    run = [sys.executable, "study.py", fake]
    subprocess.run(run, cwd=tmp_path, check=True)
    found = read_provenance(tmp_path / "s.zarr")
    assert found["git_commit"] == git("rev-parse", "HEAD")
    assert found["git_dirty"] is False
    assert found["script_text"] == SCRIPT
    assert found["script"] == str(tmp_path / "study.py")
    assert found["command_line"] == [fake]
    assert found["packages"]["numpy"] == np.__version__
    assert found["environment"]["SPIKEFARM_NOTE"] == "a test"
    assert (found["seed"], found["compiler"]) == ("17", "none")
    assert "secret" not in str(found)
    told = str(found)
    assert told.rstrip().endswith(SCRIPT.rstrip())
    (tmp_path / "study.py").write_text(SCRIPT.replace("seed=17", "seed=18"))
    subprocess.run(run, cwd=tmp_path, check=True)
    found = read_provenance(tmp_path / "s.zarr")
    assert found["git_dirty"] is True
    assert found["git_changed"] == ["M study.py"]
