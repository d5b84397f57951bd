"""A simulation in plain numpy: what the farm asks of a real one, without a compiler."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from spikefarm.core.results import NotStoredError
from spikefarm.core.units import Quantity, get_dimensions, second, volt
from spikefarm.devices import BuildError, RunArgumentError, SimulationCrashError, TimeLimitError
from spikefarm.devices.base import Runner

CRASHES, HANGS = 13.0, 14.0  # values of v0
DIMS = {"tau": second.dim, "v0": volt.dim, "v": volt.dim, "stim": get_dimensions(1)}
UNITS = {"tau": "second", "v0": "volt", "v": "volt", "stim": "1"}
SIZES = {"tau": 1, "v0": 1, "v": 3, "stim": 4}


@dataclass(frozen=True)
class View:
    """Stands for ``group.v0``."""

    group: str
    name: str


@dataclass(frozen=True)
class Field:
    ragged: bool
    unit: str


@dataclass(frozen=True)
class FakeSimulation:
    """``rate = v0 / tau + noise``, one spike for each millisecond of tau.

    Parameters
    ----------
    log : str
        A file that gets a byte for each run, so that runs can be counted across processes.
    pause : float
        Seconds that a run takes.
    """

    log: str = os.devnull
    pause: float = 0.0
    model_hash: str = "fake model"
    numerics: str = "fake 1"
    compiles: bool = True
    base: Mapping[str, np.ndarray] = field(
        default_factory=lambda: {"tau": np.array([0.01]), "v0": np.array([0.0]), "stim": np.zeros(4)}
    )

    def resolve(self, key: Any, value: Any) -> dict[str, np.ndarray]:
        name = self._name(key)
        if get_dimensions(value) != DIMS[name]:
            raise RunArgumentError(f"{name!r} has units of {UNITS[name]}, but {value!r} has not.")
        array = np.asarray(value, float).reshape(-1)
        if array.size not in (1, SIZES[name]):
            raise RunArgumentError(f"{name!r} takes {SIZES[name]} values, but {array.size} are given.")
        if not np.isfinite(array).all():
            raise RunArgumentError(f"{name!r}: {value!r} is not finite; give finite numbers.")
        return {"v:override" if name == "v" else name: array}

    def resolve_each(self, key: Any, values: Any) -> dict[str, np.ndarray]:
        rows = [self.resolve(key, value) for value in values]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _name(self, key: Any) -> str:
        name = key.name if isinstance(key, View) else key
        if not isinstance(name, str) or name.removeprefix("group.") not in DIMS:
            raise RunArgumentError(f"{key!r} is no constant of the simulation. These can be set: tau, v0.")
        return name.removeprefix("group.")

    def label(self, key: Any) -> str:
        return self._name(key)

    def qualified_label(self, key: Any) -> str:
        return f"{key.group}.{key.name}" if isinstance(key, View) else str(key)

    def unit(self, key: Any) -> str:
        return UNITS[self._name(key)]

    def magnitude(self, key: Any, value: Any) -> Any:
        return np.asarray(value)[()]

    def seed_inputs(self, seed: int) -> dict[str, np.ndarray]:
        return {"seed": np.array([seed], np.uint64)}

    def describe(self) -> str:
        return "fake model of group (3)"

    def guessed_seconds(self) -> float:
        return 0.001

    def why_alone(self) -> str:
        return ""

    def advised_lanes(self) -> int:
        return 1

    def in_lanes(self, lanes: int) -> FakeSimulation:
        raise NotImplementedError

    def provenance(self) -> dict[str, str]:
        return {"compiler": "none"}

    def pack(self) -> None:
        return None

    def machine(self) -> None:
        return None

    def without_values(self) -> FakeSimulation:
        return self

    def built(self) -> bool:
        return self.compiles

    def build(self) -> Any:
        if not self.compiles:
            raise BuildError("the fake does not compile")

    def runner(self) -> Runner:
        return FakeRunner(self)

    def results(self, read: Any) -> FakeResults:
        return FakeResults(read)

    def results_of(self, get: Any) -> FakeResults:
        names = {"t": "spikes_t", "v": "group_v"}

        def read(ids: Sequence[str]) -> list[np.ndarray]:
            try:
                return [get(names[name]) for name in ids]
            except KeyError as error:
                raise NotStoredError(str(error)) from None

        return FakeResults(read)

    def arrays(self, spec: str) -> dict[str, Field]:
        fields = {
            "spikes": {"spikes_t": Field(True, "second"), "spikes_count": Field(False, "1")},
            "group.v": {"group_v": Field(False, "volt")},
        }
        if spec not in fields:
            raise KeyError(f"The model has no object named {spec!r}; it has group, spikes.")
        return fields[spec]


class FakeRunner(Runner):
    open: ClassVar[list[FakeRunner]] = []
    made: ClassVar[int] = 0
    busy: ClassVar[int] = 0
    most: ClassVar[int] = 0  # at a time
    lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, simulation: FakeSimulation) -> None:
        self.simulation = simulation
        FakeRunner.made += 1
        FakeRunner.open.append(self)
        self.last: dict[str, np.ndarray] = {}

    def set_base(self, inputs: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def run(self, inputs: Mapping[str, Any], time_limit: float | None = None, progress: Any = None) -> float:
        values = {**self.simulation.base, **inputs}
        v0, tau, seed = (values[name].item() for name in ("v0", "tau", "seed"))
        with open(self.simulation.log, "ab") as log:
            log.write(b".")
        if v0 == CRASHES:
            raise SimulationCrashError("the simulation died of signal 11")
        if v0 == HANGS and time_limit is not None:
            raise TimeLimitError(f"the simulation took longer than {time_limit} s")
        if progress is not None:
            progress(0.5)
        if self.simulation.pause:
            self._dawdle()
        noise = np.random.default_rng(seed).random()
        spikes = np.arange(round(tau * 1000)) * 1e-3
        v = np.broadcast_to(values.get("v:override", np.zeros(1)), 3)
        self.last = {"rate": np.array([v0 / tau + noise]), "t": spikes, "v": v + v0}
        return self.simulation.pause

    def _dawdle(self) -> None:
        with FakeRunner.lock:
            FakeRunner.busy += 1
            FakeRunner.most = max(FakeRunner.most, FakeRunner.busy)
        time.sleep(self.simulation.pause)
        with FakeRunner.lock:
            FakeRunner.busy -= 1

    def read(self, ids: Sequence[str], lane: int = 0) -> list[np.ndarray]:
        return [self.last[name] for name in ids]

    def save(self, path: Path) -> None:
        raise NotImplementedError

    def close(self) -> None:
        if self in FakeRunner.open:
            FakeRunner.open.remove(self)


class FakeResults:
    def __init__(self, read: Any) -> None:
        self.read = read

    def __getitem__(self, name: str) -> Any:
        if name == "spikes":
            (t,) = self.read(["t"])
            return SimpleNamespace(t=Quantity(t, dim=second.dim), num_spikes=len(t))
        if name == "group":
            (v,) = self.read(["v"])
            return SimpleNamespace(v=Quantity(v, dim=volt.dim))
        (value,) = self.read([name])
        return value.item()

    def export(self, spec: str) -> dict[str, np.ndarray]:
        if spec == "spikes":
            (t,) = self.read(["t"])
            return {"spikes_t": t, "spikes_count": np.array([len(t)])}
        return dict(zip(["group_v"], self.read(["v"]), strict=True))


def rate(results: Any) -> Any:
    """An output with a unit."""
    return results["rate"] / second
