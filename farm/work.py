"""What one run is: a simulation with outputs, or a function that simulates. Picklable; it travels to workers."""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import numpy as np

from ..core.preferences import prefs
from ..devices.base import Runner
from . import live
from .adapters import Simulation, exported, is_declared, isolated_session
from .keys import Array, digest
from .outputs import Outputs, name_problems
from .values import OutputError, Value, as_value


class Executor(ABC):
    """Does runs one after another; belongs to one thread at a time."""

    def start(self) -> None:  # noqa: B027
        """Get ready, so that the first run takes no longer than others.

        Raises
        ------
        Exception
            As for `run`.
        """

    @abstractmethod
    def run(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        """Do one run and return its outputs.

        Parameters
        ----------
        point : mapping
            What is particular to this run.
        seed : int
        time_limit : float or None
            Seconds that the simulation may take.

        Raises
        ------
        Exception
            Whatever goes wrong: this run has failed, and the executor can be used again.
        """

    @property
    def lanes(self) -> int:
        """How many runs it can do at once."""
        return 1

    def kind(self, point: Mapping[str, Any]) -> Hashable:
        """Return what runs that are done at once must have in common."""
        return None

    def run_together(
        self, points: Sequence[Mapping[str, Any]], seeds: Sequence[int], time_limit: float | None
    ) -> list[dict[str, Value] | Exception]:
        """Do some runs at once, and return the outputs of each, or why there are none.

        Parameters
        ----------
        points, seeds
            As for `run`; `lanes` of them at most.
        time_limit : float or None
            For all of them together.

        Raises
        ------
        Exception
            Whatever goes wrong with any of the simulations; then there is nothing of the others either.
        """
        return [self.run(point, seed, time_limit) for point, seed in zip(points, seeds, strict=True)]

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held. Closing twice is harmless."""


class ToldError(Exception):
    """What went wrong in another process, in its words."""


class Work(ABC):
    """What all runs of a sweep have in common."""

    @property
    @abstractmethod
    def holds_interpreter(self) -> bool:
        """Whether a run keeps the Python interpreter busy, so that threads would only take turns."""

    @abstractmethod
    def executor(self) -> Executor:
        """Return what does runs in one thread."""


#: What a function's models say of themselves is not repeated by each run.
_QUIET = {"logging.console_log_level": "ERROR"}


@final
@dataclass(frozen=True)
class SimulationWork(Work):
    """Runs of one build, each with inputs of its own."""

    simulation: Simulation
    outputs: Outputs

    def context(self, outputs: bytes) -> bytes:
        """Return what stands for the model, its numerics and a set of outputs."""
        simulation = self.simulation
        return digest(b"simulation 1", simulation.model_hash.encode(), simulation.numerics.encode(), outputs)

    @property
    def holds_interpreter(self) -> bool:
        """Not: the simulation has a process of its own."""
        return False

    def executor(self) -> Executor:
        """Return a runner of the build."""
        return _SimulationExecutor(self, self.simulation.runner())


@final
class _SimulationExecutor(Executor):
    def __init__(self, work: SimulationWork, runner: Runner) -> None:
        self.simulation, self.outputs, self.runner = work.simulation, work.outputs, runner

    def start(self) -> None:
        self.runner.start()

    def run(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        self.runner.run({**point, **self.simulation.seed_inputs(seed)}, time_limit, live.tell)
        return self._outputs(0)

    @property
    def lanes(self) -> int:
        return self.runner.lanes

    def kind(self, point: Mapping[str, Any]) -> Hashable:
        return tuple((id, point[id].tobytes()) for id in sorted(self.runner.grid & point.keys()))

    def run_together(
        self, points: Sequence[Mapping[str, Any]], seeds: Sequence[int], time_limit: float | None
    ) -> list[dict[str, Value] | Exception]:
        pairs = zip(points, seeds, strict=True)
        inputs = [{**point, **self.simulation.seed_inputs(seed)} for point, seed in pairs]
        self.runner.run_together(inputs, time_limit, live.tell)
        return [_or_why(partial(self._outputs, lane)) for lane in range(len(points))]

    def _outputs(self, lane: int) -> dict[str, Value]:
        def read(ids: Sequence[str]) -> list[Array]:
            return self.runner.read(ids, lane)

        return self.outputs.evaluate(self.simulation.results(read))

    def close(self) -> None:
        self.runner.close()


@final
@dataclass(frozen=True)
class FunctionWork(Work):
    """Calls of a function that declares, runs and returns outputs by name.

    The user's preferences travel along.
    """

    function: Callable[..., Any]
    fixed: Mapping[str, Any]
    preferences: Mapping[str, Any] = field(default_factory=prefs.changed)

    @property
    def holds_interpreter(self) -> bool:
        """It does: the function declares its model each time."""
        return True

    def executor(self) -> Executor:
        """Return what calls the function."""
        return _FunctionExecutor(self)


@final
class _FunctionExecutor(Executor):
    def __init__(self, work: FunctionWork) -> None:
        self.work = work

    def run(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        overridden = prefs.override({**self.work.preferences, **_QUIET})
        with seeded(seed), overridden, isolated_session(seed, time_limit, live.tell):
            return function_values(self.work.function(**self.work.fixed, **point))

    def close(self) -> None:
        pass


def _or_why(made: Callable[[], dict[str, Value]]) -> dict[str, Value] | Exception:
    """Return what was made, or what went wrong."""
    try:
        return made()
    except Exception as problem:
        return problem


def function_values(returned: Any) -> dict[str, Value]:
    """Take what an experiment returned.

    Raises
    ------
    OutputError
        No dict from names to values.
    """
    if not isinstance(returned, Mapping) or not returned or not all(isinstance(n, str) for n in returned):
        raise OutputError(
            f"the function returned {returned!r:.60}; return a dict from names to numbers, arrays, Quantities, "
            "Ragged or monitors"
        )
    found: dict[str, Value] = {}
    for name, value in returned.items():
        if is_declared(value):
            found |= {
                f"{name}_{field}": as_value(f"{name}_{field}", v) for field, v in exported(value).items()
            }
        else:
            found[name] = as_value(name, value)
    problems = name_problems(list(found))
    if problems:
        raise OutputError("; ".join(problems))
    return found


_drawing = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's and numpy's own random numbers, and put them back as they were.

    There is one set of them in a process, so the threads of a process take turns.
    """
    with _drawing:
        python, legacy = random.getstate(), np.random.get_state()
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
