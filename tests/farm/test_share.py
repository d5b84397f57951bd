"""Several clients that do sweeps into one store at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep, open_results
from spikefarm.farm.outputs import as_outputs
from spikefarm.farm.share import Share
from spikefarm.store import RunStore
from spikefarm.store import writers as store_writers
from spikefarm.store.writers import Writer, others

SCRIPT = """
import sys
import numpy as np
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep

first, last = int(sys.argv[3]), int(sys.argv[4])
sweep = Sweep({"v0": np.arange(first, last) * volt}, simulation=FakeSimulation(sys.argv[1], pause=0.005))
data = sweep.run({"rate": rate}, store=sys.argv[2], workers=1, batch_seconds=0.05, progress=False)
assert (np.floor(data.rate) == np.arange(first, last) * 100).all()
print(data.attrs["simulated"], data.attrs["cached"], data.attrs["failed"])
"""


def start(folder: Path, first: int, last: int) -> subprocess.Popen[str]:
    arguments = [str(folder / "log"), str(folder / "s.zarr"), str(first), str(last)]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_clients_share_one_sweep(tmp_path: Path) -> None:
    clients = [start(tmp_path, 100, 300) for _ in range(2)]
    told = [client.communicate(timeout=120)[0] for client in clients]
    assert [client.returncode for client in clients] == [0, 0]
    simulated, cached, failed = zip(*(map(int, line.split()) for line in told), strict=True)
    assert sum(simulated) == 200
    assert [a + b for a, b in zip(simulated, cached, strict=True)] == [200, 200]
    assert failed == (0, 0)
    assert (tmp_path / "log").stat().st_size == 200  # each run once
    assert len(RunStore.open(tmp_path / "s.zarr").completed()) == 200
    assert sorted(p.name for p in tmp_path.iterdir()) == ["log", "s.zarr", "s.zarr.lock"]


def test_clients_with_overlapping_sweeps(tmp_path: Path) -> None:
    clients = [start(tmp_path, first, first + 100) for first in (100, 150, 200)]
    for client in clients:
        client.communicate(timeout=120)
    assert [client.returncode for client in clients] == [0, 0, 0]
    assert (tmp_path / "log").stat().st_size == 200
    store = RunStore.open(tmp_path / "s.zarr")
    assert len(store.sweeps()) == 3
    for sweep in store.sweeps():
        assert (open_results(store.path, sweep.id).status == 1).all()


def test_what_a_killed_client_was_at_is_done_by_another(
    client: Any, simulation: FakeSimulation, simulated: Callable[[], int], tmp_path: Path
) -> None:
    sweep = Sweep({"v0": np.arange(100, 140) * volt}, simulation=simulation)
    store = RunStore.create_or_open(tmp_path / "s.zarr", "model fake model")
    dead = Writer(store.place)
    dead._write_record()  # a writer that never ends, since it never began to live
    dead.claim(sweep._study(as_outputs({"rate": rate}, simulation)).keys[:30])
    record = tmp_path / "s.zarr.writers" / f"{dead.id}.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "pid": 2**22 - 1}))
    data = sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False)
    assert simulated() == data.attrs["simulated"] == 40
    assert not record.exists()


def test_a_client_waits_for_what_another_is_at(
    client: Any, simulation: FakeSimulation, simulated: Callable[[], int], tmp_path: Path
) -> None:
    """And does it when the other one gives it back undone."""
    sweep = Sweep({"v0": np.arange(100, 140) * volt}, simulation=simulation)
    store = RunStore.create_or_open(tmp_path / "s.zarr", "model fake model")
    found: list[Any] = []
    with Share(store, sweep._study(as_outputs({"rate": rate}, simulation)).keys, [], "other") as other:
        assert len(other.claim(np.arange(35))) == 35
        assert len(other.claim(np.arange(35, 40), limit=2)) == 2
        run = threading.Thread(
            target=lambda: found.append(
                sweep.run({"rate": rate}, store=store.path, client=client, progress=False)
            )
        )
        run.start()
        run.join(2)
        assert run.is_alive()
        assert simulated() == 3
    run.join(30)
    assert not run.is_alive()
    assert simulated() == 37
    assert (found[0].status == 1).all()


def test_a_silent_writer_is_dead_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of another machine, whose processes cannot be looked at."""
    store = RunStore.create_or_open(tmp_path / "s.zarr", "me").place
    keys = np.random.default_rng(0).integers(0, 256, (3, 32), np.uint8)
    with Writer(store, "this") as mine:
        monkeypatch.setattr(store_writers, "_machine", lambda: "elsewhere")
        with Writer(store, "that") as other:
            monkeypatch.undo()
            claim = other.claim(keys)
            assert len(others(store)) == 2
            assert len(others(store, "that")) == 1
            assert others(store, "nothing") == []
            np.testing.assert_array_equal(mine.claimed_elsewhere(), keys)
            assert len(other.claimed_elsewhere()) == 0
            monkeypatch.setattr(store_writers, "STALE_SECONDS", 0.0)
            other._write_record()
            assert len(mine.claimed_elsewhere()) == 3  # it has just been heard of
            assert len(mine.claimed_elsewhere()) == 0
            assert store.beside(".writers").read(claim) is None
    assert not store.beside(".writers").exists()


def test_a_sweep_into_a_url(
    client: Any, simulation: FakeSimulation, simulated: Callable[[], int], tmp_path: Path
) -> None:
    url = f"memory://{tmp_path.name}/s.zarr"
    sweep = Sweep({"v0": np.arange(100, 120) * volt}, simulation=simulation)
    for n in (20, 0):
        data = sweep.run({"rate": rate}, store=url, client=client, progress=False)
        assert simulated() == data.attrs["simulated"] == n
    assert f"{url}" in str(sweep.plan({"rate": rate}, store=url))
    np.testing.assert_array_equal(np.floor(open_results(url).rate), np.arange(100, 120) * 100)
