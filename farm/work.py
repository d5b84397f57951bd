"""What one run is, and the commonest kind: a simulation with outputs. Picklable; it travels to workers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, final

from ..devices.base import Runner
from . import live
from .adapters import Simulation
from .keys import Array, digest
from .outputs import Outputs
from .values import Value


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


def _or_why(made: Callable[[], dict[str, Value]]) -> dict[str, Value] | Exception:
    """Return what was made, or what went wrong."""
    try:
        return made()
    except Exception as problem:
        return problem
