"""Processes that are killed or interrupted in the middle of a sweep, and what is left to do afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep, open_results
from spikefarm.store import RunStore

N = 200
SCRIPT = f"""
import sys
import numpy as np
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep

sweep = Sweep({{"v0": np.arange(100, 100 + {N}) * volt}}, simulation=FakeSimulation(sys.argv[1], pause=0.01))
sweep.run({{"rate": rate}}, store=sys.argv[2], workers=2, batch_seconds=0.1)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder / "log"), str(folder / "s.zarr")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"ended early: {process.communicate()}")
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_done_is_kept_and_the_rest_is_done_later(
    how: signal.Signals, client: Any, simulation: FakeSimulation, simulated: Callable[[], int], tmp_path: Path
) -> None:
    process = start(tmp_path)
    log = tmp_path / "log"
    wait_for(lambda: log.exists() and log.stat().st_size > N // 2, process)
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    assert process.returncode == -how
    simulated()
    kept = len(RunStore.create_or_open(tmp_path / "s.zarr", "model fake model").completed())
    assert N // 4 < kept < N
    if how == signal.SIGINT:
        assert f" of {N} runs are in {tmp_path / 's.zarr'}; run the same again to do the others" in out
        assert err.rstrip().endswith("KeyboardInterrupt")
    assert np.isfinite(open_results(tmp_path / "s.zarr").rate).sum() == kept

    sweep = Sweep({"v0": np.arange(100, 100 + N) * volt}, simulation=simulation)
    data = sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False)
    assert simulated() == data.attrs["simulated"] == N - kept
    assert data.attrs["cached"] == kept
    np.testing.assert_array_equal(np.floor(data.rate), np.arange(100, 100 + N) * 100)


def test_an_interrupted_sweep_ends_soon(tmp_path: Path) -> None:
    """Although a run that takes a minute is on its way."""
    script = SCRIPT.replace("pause=0.01", "pause=60")
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "log"), str(tmp_path / "s.zarr")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (tmp_path / "log").exists(), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert "stopped: 0 of 200 runs" in out
    assert err.rstrip().endswith("KeyboardInterrupt")
