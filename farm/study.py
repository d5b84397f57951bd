"""Everything about a sweep that is known before its first run."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..store.log import RunLog
from .builds import Builds
from .keys import Words, digest, point_totals, run_keys, run_seeds
from .script import script_record
from .space import Space, record_of_space
from .work import Work
from .worker import Batch


@dataclass(frozen=True)
class Study:
    """A sweep, ready to be planned or done.

    Parameters
    ----------
    name : str
        What it is called; empty for what its runs hash to.
    subject : str
        What is run, in a line for people.
    owner : str
        Whose runs these are, to a store.
    space : Space
    work : Work
    base : mapping from name to bytes
        Digests of what is the same in all runs.
    context : bytes
        Digest of model, numerics and outputs.
    master : int
        The master seed.
    outputs : tuple of str
        Names of the columns; empty where only a run can tell.
    provenance : mapping
        How the runs come about.
    builds : Builds, optional
        What has to be compiled; None where only the runs can tell.
    lanes : str
        How many runs go through the time loop together, in words; empty where nobody asks.
    errors : str
        Where a user finds what went wrong with runs, in words.
    """

    name: str
    subject: str
    owner: str
    space: Space
    work: Work
    base: Mapping[str, bytes]
    context: bytes
    master: int
    outputs: tuple[str, ...]
    provenance: Mapping[str, Any]
    builds: Builds | None = None
    lanes: str = ""
    errors: str = "their errors are in the variable 'error'"

    def __len__(self) -> int:
        """Return the number of runs."""
        return self.space.runs

    @property
    def points(self) -> Words:
        """Digest of every point, shape (points, 4)."""
        return point_totals(self.base, ((axis.inputs, axis.words) for axis in self.space.axes))

    @cached_property
    def seeds(self) -> NDArray[np.uint64]:
        """Seed of every cell."""
        return run_seeds(self.points, self.master, self.space.repeats)

    @cached_property
    def keys(self) -> NDArray[np.uint8]:
        """Key of every cell, shape (cells, 32); all zero where it is no run."""
        seeds = self.seeds
        keys = run_keys(self.context, self.points, seeds)
        if self.space.kept is not None:
            keys[~self.space.is_run] = 0
        return keys

    @cached_property
    def id(self) -> str:
        """Under which a store keeps the sweep."""
        return self.name or digest(self.keys.reshape(-1).data).hex()[:12]

    def forget(self) -> None:
        """Let go of what can be computed again, but for the id."""
        assert self.id
        for name in ("keys", "seeds"):
            vars(self).pop(name, None)

    def batch(self, runs: NDArray[np.int64]) -> Batch:
        """Return what a worker needs to know of some runs."""
        return Batch(runs, self.seeds[runs], self.keys[runs])

    def known_outputs(self, store: RunLog) -> tuple[str, ...]:
        """Return the names of the columns, as far as anybody knows: empty before the first run succeeded."""
        if self.outputs:
            return self.outputs
        for sweep in reversed(store.sweeps()):
            if sweep.provenance.get("context") == self.context.hex():
                return sweep.outputs
        return ()

    def record(self) -> dict[str, Any]:
        """Return the provenance as a store keeps it."""
        return {
            **self.provenance,
            "context": self.context.hex(),
            "name": self.name,
            "seed": str(self.master),  # a number this size would not survive every reader of JSON
            "repeats": self.space.repeats,
            **record_of_space(self.space),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "platform": platform.platform(),
            "client_host": platform.node(),
            **script_record(),
        }


def check_counts(repeats: Any, seed: Any) -> list[str]:
    """Return what is wrong with the number of repeats and the master seed, in words."""
    found = []
    if isinstance(repeats, bool) or not isinstance(repeats, int | np.integer) or repeats < 1:
        found.append(f"repeats={repeats!r} is no number of repeats; give a whole number, 1 or more")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        found.append(f"seed={seed!r} is no master seed; give a whole number from 0 to 2**64 - 1")
    return found
