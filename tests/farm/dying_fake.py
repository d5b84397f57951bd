"""Runs whose worker dies at the worst moment: its batch is in the store, and nobody was told."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm_fake import FakeRunner, FakeSimulation
from spikefarm.store import target


@dataclass(frozen=True)
class DyingSimulation(FakeSimulation):
    """The worker that has done the run of `last` volts dies as soon as that is written, the first time."""

    last: float = 0.0

    def runner(self) -> DyingRunner:
        return DyingRunner(self)


class DyingRunner(FakeRunner):
    simulation: DyingSimulation

    def run(self, inputs: Mapping[str, Any], time_limit: float | None = None, progress: Any = None) -> float:
        seconds = super().run(inputs, time_limit, progress)
        died = Path(f"{self.simulation.log}.died")
        if inputs["v0"].item() == self.simulation.last and not died.exists():
            died.touch()
            write = target.write_batch

            def write_and_die(*arguments: Any) -> None:
                write(*arguments)
                os.kill(os.getpid(), signal.SIGKILL)

            target.write_batch = write_and_die  # type: ignore[assignment]
        return seconds


@dataclass(frozen=True)
class UnluckySimulation(FakeSimulation):
    """The run of `last` volts has its worker die under it, the first `times` times."""

    last: float = 0.0
    times: int = 0

    def runner(self) -> UnluckyRunner:
        return UnluckyRunner(self)


class UnluckyRunner(FakeRunner):
    simulation: UnluckySimulation

    def run(self, inputs: Mapping[str, Any], time_limit: float | None = None, progress: Any = None) -> float:
        died = Path(f"{self.simulation.log}.died")
        if inputs["v0"].item() == self.simulation.last:
            with died.open("ab") as file:
                file.write(b".")
            if died.stat().st_size <= self.simulation.times:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().run(inputs, time_limit, progress)
