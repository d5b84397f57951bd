"""Sweeps without a client: threads of this process, and a cluster once there is enough to do."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import CRASHES, HANGS, FakeRunner, FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import FailedRunsWarning, Sweep, SweepCancelledError
from spikefarm.farm import crew_embedded as embedded_module
from spikefarm.farm.control import Wish, ask, sessions
from spikefarm.store.place import place_of

SMALL = """
import sys
import numpy as np
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep

data = Sweep({"v0": np.arange(100, 120) * volt}, simulation=FakeSimulation()).run({"rate": rate}, sys.argv[1])
assert data.rate.notnull().all()
print("distributed" in sys.modules)
"""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sweep is worth a cluster."""
    monkeypatch.setattr(embedded_module, "WORTH_SECONDS", 0.0)


def sweep_of(simulation: FakeSimulation, n: int = 20, **options: Any) -> Sweep:
    return Sweep({"v0": np.arange(100, 100 + n) * volt}, simulation=replace(simulation, **options))


def test_a_small_sweep_needs_no_cluster(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(tmp_path / "s.zarr")],
        env={"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    summary, loaded = done.stdout.splitlines()
    assert summary.startswith("20 runs: 20 simulated, 0 from the cache, 0 failed; ")
    assert loaded == "False"


def test_a_longer_one_goes_over_to_a_cluster(
    at_once: None, simulation: FakeSimulation, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told of, takes over the runners and no more runs at a time are done meanwhile."""
    FakeRunner.made = FakeRunner.most = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = sweep_of(simulation, 60, pause=0.02).run({"rate": rate}, workers=2, batch_seconds=0.05)
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("dashboard: http://127.0.0.1:")
    assert out[1].startswith("60 runs: 60 simulated, 0 from the cache, 0 failed; ")
    np.testing.assert_array_equal(np.floor(data.rate), np.arange(100, 160) * 100)
    assert FakeRunner.most == 2
    assert FakeRunner.made == 2
    assert FakeRunner.open == []


def test_where_none_starts_the_threads_go_on(
    at_once: None,
    simulation: FakeSimulation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> Any:
        raise OSError("no socket is left")

    monkeypatch.setattr(embedded_module, "embedded", refuse)
    data = sweep_of(simulation, 40, pause=0.02).run({"rate": rate}, workers=2, batch_seconds=0.05)
    assert data.attrs["simulated"] == 40
    told = [line for line in capsys.readouterr().out.splitlines() if "dashboard" in line]
    assert told == ["there is no dashboard, its cluster did not start: OSError: no socket is left"]


def test_failures_are_recorded(simulation: FakeSimulation, tmp_path: Path) -> None:
    sweep = Sweep({"v0": [1, CRASHES, 2, HANGS, 3] * volt}, simulation=simulation)
    with pytest.warns(FailedRunsWarning, match="2 runs of 5 failed"):
        data = sweep.run({"rate": rate}, tmp_path / "s.zarr", time_limit=5, progress=False)
    assert data.status.values.tolist() == [1, 2, 1, 2, 1]
    assert [text.split(":")[0] for text in data.error.values if text] == [
        "SimulationCrashError",
        "TimeLimitError",
    ]
    assert FakeRunner.open == []


def test_it_can_be_paused_and_cancelled(simulation: FakeSimulation, tmp_path: Path) -> None:
    import threading

    store, found = tmp_path / "s.zarr", []

    def sweep() -> None:
        try:
            sweep_of(simulation, 400, pause=0.02).run(
                {"rate": rate}, store, progress=False, batch_seconds=0.1, workers=2
            )
        except SweepCancelledError as error:
            found.append(str(error))

    thread = threading.Thread(target=sweep)
    thread.start()
    wait_for(lambda: sessions(store) and sessions(store)[0].done > 2)
    ask(store, Wish.PAUSE)
    wait_for(lambda: sessions(store)[0].state == "paused")
    wait_for(lambda: not FakeRunner.busy)
    ask(store, Wish.CANCEL)
    thread.join(30)
    assert found[0].endswith(f" of 400 runs are in {store}; run the same again to do the others")
    assert not place_of(store).beside(".writers").exists()
    wait_for(lambda: not FakeRunner.open)
    data = sweep_of(simulation, 400).run({"rate": rate}, store, progress=False)
    assert data.attrs["cached"] >= int(found[0].split()[0])  # what was being written is kept too
    assert data.rate.notnull().all()


def wait_for(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)
