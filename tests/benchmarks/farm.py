"""The farm at size: 100,000 runs of a trivial model, the same again, and the plan of a million.

Run with ``python tests/benchmarks/farm.py [runs]``. Prints each figure with its limit; the exit status says whether
all held.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from spikefarm import *
from spikefarm.farm.outputs import as_outputs

RUNS = int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 100_000
MEGABYTE = 2.0**20
held = True


def tell(what: str, value: float, limit: float, unit: str) -> None:
    """Print a figure beside its limit."""
    global held
    held &= value <= limit
    print(
        f"{what:<48} {value:>9.3f} {unit:<4} (at most {limit:g}) {'' if value <= limit else 'EXCEEDED'}",
        flush=True,
    )


class Memory:
    """The largest resident size of this process, in which client and scheduler are, while it is watched."""

    def __init__(self) -> None:
        self.process, self.most, self.stop = psutil.Process(), 0.0, threading.Event()
        self.before = self.process.memory_info().rss
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        while not self.stop.wait(0.05):
            self.most = max(self.most, self.process.memory_info().rss)

    def growth(self) -> float:
        """Megabytes above what it was at the start."""
        self.stop.set()
        self.thread.join()
        return (self.most - self.before) / MEGABYTE


def model() -> tuple[object, object]:
    set_device("cpp_standalone", build_on_run=False)
    group = NeuronGroup(
        1, "dv/dt = (drive - v)/tau : 1\ndrive : 1 (shared, constant)\ntau : second (shared, constant)"
    )
    run(1 * ms)
    return group.drive, group.tau


def sweep(drive: object, tau: object, runs: int) -> Sweep:
    side = round(runs**0.5)
    return Sweep({drive: np.linspace(1, 2, runs // side), tau: np.linspace(5, 20, side) * ms})


OUTPUTS = {"v": lambda r: r["neurongroup"].v[0]}


def plan_of_a_million() -> None:
    start = time.perf_counter()
    planned = sweep(*model(), 10**6)
    text = str(planned.plan())
    keys = planned._study(as_outputs(OUTPUTS, planned.simulation)).keys
    assert text.startswith("1000000 runs")
    assert len(keys) == 10**6
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> None:
    command = [sys.executable, __file__, "plan"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    tell("plan and keys of a million runs", seconds, 5, "s")
    tell("... memory of the process", megabytes, 500, "MB")
    made = sweep(*model(), RUNS)
    n = len(made)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "s.zarr"
        made.simulation.build()
        sweep(*model(), 100).run(OUTPUTS, Path(folder) / "warm.zarr", progress=False)  # imports are no growth
        memory, start = Memory(), time.perf_counter()
        data = made.run(OUTPUTS, store, progress=False)
        elapsed = time.perf_counter() - start
        assert data.attrs["simulated"] == n
        tell(f"{n} runs, per run", 1e3 * elapsed / n, 1, "ms")
        tell("... files in the store", sum(len(names) for _, _, names in os.walk(store)), 2000, "")
        tell("... growth of client and scheduler", memory.growth(), 200, "MB")
        start = time.perf_counter()
        again = made.run(OUTPUTS, store, progress=False)
        assert again.attrs["simulated"] == 0
        tell("the same sweep again", time.perf_counter() - start, 5, "s")
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    plan_of_a_million() if sys.argv[1:] == ["plan"] else main()
