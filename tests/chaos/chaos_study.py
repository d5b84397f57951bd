"""A sweep whose every run is known beforehand, and what processes do with it until they are killed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "farm"))
from farm_fake import FakeRunner, FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep
from spikefarm.store import RunStore

FIRST = 100  # below that, the fake simulation has values of ill fame


@dataclass(frozen=True)
class LoggedSimulation(FakeSimulation):
    """Writes which run it does, when it begins it."""

    def runner(self) -> LoggedRunner:
        return LoggedRunner(self)


class LoggedRunner(FakeRunner):
    def run(self, inputs: Any, time_limit: float | None = None, progress: Any = None) -> float:
        line = f"{int(inputs['v0'].item())}\n".encode()
        file = os.open(f"{self.simulation.log}.runs", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, line)
        os.close(file)
        return super().run(inputs, time_limit, progress)


def padding(results: Any) -> Any:
    """An output that takes space: noise does not compress."""
    return np.random.default_rng(int(results["rate"] * 1e6)).random(500)


def study(folder: Path, n: int, pause: float = 0.0) -> Sweep:
    simulation = LoggedSimulation(str(folder / "log"), pause=pause)
    return Sweep({"v0": np.arange(FIRST, FIRST + n) * volt}, simulation=simulation)


def begun(folder: Path) -> list[int]:
    """Which runs were begun so far, as often as they were."""
    path = folder / "log.runs"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def kept(folder: Path, n: int) -> set[int]:
    """Which runs the store has."""
    path = folder / "s.zarr"
    if not path.exists():
        return set()
    from spikefarm.farm.outputs import as_outputs

    sweep = study(folder, n)
    keys = sweep._study(as_outputs({"rate": rate}, sweep.simulation)).keys
    _, status = RunStore.open(path).completed().find(keys)
    return {FIRST + int(i) for i in np.flatnonzero(status == 1)}


def check(data: Any, n: int, failed: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    """Compare every value with what it must be, from the run's seed and parameters."""
    assert data.sizes["v0"] == n
    for v0, status, value, seed, error in zip(
        *(data[name].values for name in ("v0", "status", "rate", "seed", "error")), strict=True
    ):
        if int(v0) in failed or status == 2:
            assert status == 2
            assert np.isnan(value)
            assert error
        else:
            assert status == 1
            assert value == v0 / 0.01 + np.random.default_rng(int(seed)).random()
            assert error == ""


def run_study(folder: str, n: int, pause: float) -> None:
    """Do the sweep, in a process of its own that may be killed."""
    study(Path(folder), n, pause).run(
        {"rate": rate}, store=Path(folder) / "s.zarr", workers=2, batch_seconds=0.05, progress=False
    )
