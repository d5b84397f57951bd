"""How a sweep is done, as a user says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from ..store.place import PathLike
from . import adapters, defaults
from .axes import refuse

if TYPE_CHECKING:
    from distributed import Client

MEMORY = "memory"  # a resource that is counted in bytes


@final
@dataclass(frozen=True)
class Options:
    """How a sweep is done; none of these changes a result, so none is in a run's key.

    Parameters
    ----------
    store : path or URL, optional
        Where results are kept, and looked for. Without it they stay in memory.
    client : distributed.Client or str, optional
        A cluster, or the address of its scheduler; by default ``$SPIKEFARM_SCHEDULER``, or a cluster on this
        machine for the time of the sweep.
    workers : int, optional
        Runs at a time on a cluster of its own; by default ``$SPIKEFARM_WORKERS``, or as many as there are cores.
    time_limit : float, optional
        Seconds of wall time for one simulation; a run that takes longer has failed.
    batch_seconds : float, optional
        How long one batch of runs should take: what a killed process loses at most, for each worker. By default
        a hundredth of the sweep, but 1 s to 1 min.
    retry_failed : bool
        Whether runs that failed before are done again.
    overwrite : bool
        Whether to delete a store that is there, whatever is in it.
    progress : bool, optional
        Whether to show a bar and tell what is done; by default a bar where somebody watches.
    priority : int
        Of several sweeps on one cluster, runs of the one with the highest come first.
    resources : mapping, optional
        What each run needs of its worker, such as ``{'GPU': 1, 'memory': '4 GB'}``: so many run at a time as a
        worker has of it. Workers of your own cluster are started with ``--resources``.
    deaths : int
        How many workers a run may take with it while it is the only one on its way, before it counts as failed: one
        that was killed or went away for reasons of its own should not count against a run.
    publish : bool
        Whether a plain copy of the results goes into the store too.
    """

    store: PathLike | None = None
    client: Client | str | None = None
    workers: int | None = None
    time_limit: Any = None
    batch_seconds: Any = None
    retry_failed: bool = False
    overwrite: bool = False
    progress: bool | None = None
    priority: int = 0
    resources: Mapping[str, Any] = field(default_factory=dict)
    deaths: int = 3
    publish: bool = True

    @classmethod
    def of(cls, **given: Any) -> Options:
        """Return options from what a user gave, with what the environment says of the rest.

        Raises
        ------
        SweepError
            Tells all that is wrong.
        """
        given["client"] = given.get("client") or defaults.scheduler()
        given["workers"] = given.get("workers") or defaults.workers() if given.get("workers") != 0 else 0
        if given.get("progress") is None and defaults.quiet():
            given["progress"] = False
        given["resources"] = given.get("resources") or {}
        found = cls(**given)
        refuse("run", found.problems())
        return found

    def problems(self) -> list[str]:
        """Return what makes no sense, in words."""
        problems = []
        if self.time_limit is not None and not seconds(self.time_limit) > 0:
            problems.append(f"time_limit={self.time_limit!r}: give seconds above 0, or None for no limit")
        if self.batch_seconds is not None and not seconds(self.batch_seconds) > 0:
            problems.append(
                f"batch_seconds={self.batch_seconds!r}: give seconds above 0, or None for what suits the sweep"
            )
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            problems.append(
                f"workers={self.workers!r}: give a whole number, 1 or more, or None for all cores"
            )
        if self.overwrite and self.store is None:
            problems.append("overwrite=True without a store: give store=..., or leave it out")
        if isinstance(self.priority, bool) or not isinstance(self.priority, int):
            problems.append(f"priority={self.priority!r}: give a whole number, the higher the earlier")
        if isinstance(self.deaths, bool) or not isinstance(self.deaths, int) or self.deaths < 1:
            problems.append(f"deaths={self.deaths!r}: give a whole number, 1 or more")
        return problems + self._resource_problems()

    def _resource_problems(self) -> list[str]:
        if not isinstance(self.resources, Mapping):
            return [f"resources={self.resources!r}: give a dict such as {{'GPU': 1}}"]
        return [
            f"resources: {name!r} is {value!r}; give a number above 0"
            + (" or text such as '4 GB'" * (name == MEMORY))
            for name, value in self.resources.items()
            if not amount(value) > 0
        ]

    @property
    def limit(self) -> float | None:
        """The time limit in seconds."""
        return None if self.time_limit is None else seconds(self.time_limit)

    @property
    def batch(self) -> float | None:
        """Seconds of a batch."""
        return None if self.batch_seconds is None else seconds(self.batch_seconds)

    @property
    def needs(self) -> dict[str, float]:
        """What a run needs of its worker, in numbers."""
        return {str(name): amount(value) for name, value in self.resources.items()}

    def tell(self, text: str) -> None:
        """Print, unless told to be quiet."""
        if self.progress is not False:
            print(text, flush=True)


def seconds(value: Any) -> float:
    """Return seconds, given as a number or with units; NaN if it is neither."""
    try:
        array, dimension = adapters.split(value)
        return float(array) if dimension in ("", "0,0,1,0,0,0,0") else float("nan")
    except Exception:
        return float("nan")


def amount(value: Any) -> float:
    """Return a number of something, or bytes of text such as ``'4 GB'``; NaN if it is neither."""
    from dask.utils import parse_bytes

    try:
        return float(parse_bytes(value)) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return float("nan")
