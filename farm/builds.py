"""The builds that a sweep needs: found before it runs, and compiled several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import adapters
from .adapters import Simulation
from .space import Space

MOST = 1000  # models that are declared only to count them


@dataclass(frozen=True)
class Builds:
    """What has to be compiled for a sweep.

    Parameters
    ----------
    declare : callable
        Returns a simulation for every model, or for each of many, and what could not be declared, in words.
        It is called when somebody wants to know.
    """

    declare: Callable[[], tuple[Sequence[Simulation], tuple[str, ...]]]

    @cached_property
    def _declared(self) -> tuple[dict[str, Simulation], tuple[str, ...]]:
        found, problems = self.declare()
        return {simulation.model_hash: simulation for simulation in found}, problems

    @property
    def simulations(self) -> tuple[Simulation, ...]:
        """One for each different model."""
        return tuple(self._declared[0].values())

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be declared, in words."""
        return self._declared[1]

    def missing(self) -> tuple[Simulation, ...]:
        """Return those that this machine has not compiled yet."""
        return tuple(simulation for simulation in self.simulations if not simulation.built())

    def prepare(self, jobs: int) -> None:
        """Compile what is missing, so many at a time.

        Raises
        ------
        CompilerNotFoundError, BuildError
            None of them could be. Where some could, the runs of the others fail, and say why.
        """
        from concurrent.futures import ThreadPoolExecutor

        missing = self.missing()
        with ThreadPoolExecutor(max(1, jobs)) as threads:
            errors = list(threads.map(_problem_of, missing))
        if errors and all(errors) and len(missing) == len(self.simulations):
            raise next(error for error in errors if error is not None)


def _problem_of(simulation: Simulation) -> Exception | None:
    try:
        simulation.build()
    except Exception as error:
        return error
    return None


def structural_builds(
    function: Callable[..., Any], structural: Sequence[str], fixed: dict[str, Any], space: Space
) -> Builds:
    """Return the builds of an experiment: its function is called up to where it wants results, once for each
    combination of the values of its structural arguments.
    """

    def declare() -> tuple[Sequence[Simulation], tuple[str, ...]]:
        found: list[Simulation] = []
        problems: dict[str, None] = {}
        for run in examples(space, structural).tolist():
            arguments = {**fixed, **space.point(run)}
            try:
                simulation = adapters.declared_simulation(function, arguments)
            except Exception as error:
                told = ", ".join(f"{n}={arguments[n]!r:.40}" for n in structural if n in arguments)
                problems[f"{told}: {type(error).__name__}: {error}"] = None
            else:
                found += [] if simulation is None else [simulation]
        return found, tuple(problems)

    return Builds(declare)


def examples(space: Space, labels: Sequence[str]) -> NDArray[np.int64]:
    """Return one run for each combination of values of some keys that occurs, `MOST` at the most."""
    codes = np.zeros((), np.int64)
    for axis in space.axes:
        words = sum((k.words for k in axis.keyed if k.label in labels), np.zeros((axis.size, 4), np.uint64))
        _, which = np.unique(words[:, 0], return_inverse=True)
        codes = np.add.outer(codes * (int(which.max()) + 1), which.astype(np.int64))
    flat = codes.reshape(-1)
    runs = np.arange(len(flat)) if space.kept is None else np.flatnonzero(space.kept)
    _, first = np.unique(flat[runs], return_index=True)
    return np.sort(runs[first])[:MOST].astype(np.int64) * space.repeats
