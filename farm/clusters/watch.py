"""Keeping an eye on worker jobs: dask-jobqueue submits them, and does not ask again what became of them.

A job that ended before its worker came up, or lost it, is forgotten, so that another is submitted in its place.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, final

from .queue import COMMAND, Queued, read_queue, summary

GRACE_SECONDS = 5.0  # in which a job may not be listed yet
FUTILE = 3  # jobs one after the other that end before a worker comes
LOG_TAIL = 1000
PERIOD_SECONDS = 20.0
_REMEDY = "pip install 'spikefarm[cluster]'"


@dataclass
class Submissions:
    """What became of calls of ``sbatch``: when jobs were taken, and in which words the last one was refused."""

    when: dict[str, float] = field(default_factory=dict)
    refusal: str = ""


@final
class Watch:
    """The jobs of a dask-jobqueue cluster.

    Everything here runs in the cluster's event loop.

    Parameters
    ----------
    cluster : dask_jobqueue.JobQueueCluster
        Of jobs of the `job_class` of the same submissions.
    submissions : Submissions
    logs : Path
        Where the jobs write.
    """

    def __init__(self, cluster: Any, submissions: Submissions, logs: Path) -> None:
        self.cluster, self.submissions, self.logs = cluster, submissions, logs
        self.futile: list[str] = []  # jobs that ended before a worker came up, since one did
        self.came: set[str] = set()  # jobs whose worker came up
        self.arrived: set[str] = set()  # workers that came up, though they may be gone again
        self.queue: Mapping[str, Queued] = {}
        self.problem = ""  # why there will be no workers
        self._callback: Any = None

    async def look(self) -> None:
        """Ask SLURM what became of the jobs, and forget those that ended."""
        call = self.cluster.job_cls._call
        try:
            said = await call(list(COMMAND))
        except (RuntimeError, OSError):
            return  # a controller that does not answer does so later
        jobs = [(name, str(job.job_id or "")) for name, job in self.cluster.workers.items()]
        mine = {job for _, job in jobs}
        self.queue = {job: queued for job, queued in read_queue(said).items() if job in mine}
        here = self._having({str(state.name) for state in self.cluster.scheduler.workers.values()})
        arrived = here | self._having(self.arrived)
        self.came |= {job for name, job in jobs if name in arrived}
        if arrived:
            self.futile.clear()
        for name, job in jobs:
            age = time.monotonic() - self.submissions.when.get(job, 0.0)
            if job not in self.queue and name not in here and age > GRACE_SECONDS:
                self._forget(name, job)
        self.problem = "" if here else self._hopeless()

    def _having(self, workers: set[str]) -> set[Any]:
        """Return the names of jobs that have one of some workers."""
        return {name for name in self.cluster.worker_spec if workers & self._workers_of(name)}

    def _workers_of(self, name: Any) -> set[str]:
        spec = self.cluster.worker_spec.get(name, {})
        return {f"{name}{suffix}" for suffix in spec.get("group", [""])}

    def _forget(self, name: Any, job: str) -> None:
        self.arrived -= self._workers_of(name)  # the next job has the same name
        self.cluster.workers.pop(name, None)
        self.cluster.worker_spec.pop(name, None)
        self.submissions.when.pop(job, None)
        if job not in self.came:
            self.futile.append(job)
        self.came.discard(job)

    def _hopeless(self) -> str:
        """Return why no worker will come, empty if one may."""
        waiting = list(self.queue.values())
        if waiting and all(job.hopeless for job in waiting):
            return waiting[0].hopeless
        if len(self.futile) >= FUTILE and not waiting:
            last = self.futile[-1]
            return self._log(last) if last else self.submissions.refusal
        return ""

    def _log(self, job: str) -> str:
        told = "".join(path.read_text(errors="replace") for path in sorted(self.logs.glob(f"*-{job}.*")))
        return f"{len(self.futile)} jobs ended before their workers came up; job {job} wrote:\n" + (
            told.strip()[-LOG_TAIL:] or "nothing"
        )

    def summary(self) -> str:
        """Return what the jobs are at, for people."""
        return summary(self.queue.values())

    async def keep(self) -> None:
        """Go on looking; where no worker can come any more, end the scheduler, and with it what waits for them."""
        from distributed import SchedulerPlugin
        from tornado.ioloop import PeriodicCallback

        arrived = self.arrived

        class Arrivals(SchedulerPlugin):
            """Notes workers that come up and go between two looks."""

            def add_worker(self, scheduler: Any, worker: str) -> None:
                arrived.add(str(scheduler.workers[worker].name))

        self.cluster.scheduler.add_plugin(Arrivals(), name="spikefarm-arrivals")

        async def look() -> None:
            await self.look()
            if self.problem:
                await self.stop()
                await self.cluster.scheduler.close()

        self._callback = PeriodicCallback(look, 1000 * PERIOD_SECONDS)
        self._callback.start()

    async def stop(self) -> None:
        """Look no more."""
        if self._callback is not None:
            self._callback.stop()


def jobqueue() -> Any:
    """Return dask-jobqueue's part for SLURM. Importing it must not change what Ctrl-C does, as it would.

    Raises
    ------
    RuntimeError
        The package is missing.
    """
    handler = signal.getsignal(signal.SIGINT)
    try:
        return import_module("dask_jobqueue.slurm")
    except ImportError as error:
        raise RuntimeError(f"workers as jobs need the package dask-jobqueue: {_REMEDY}") from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)


def job_class(submissions: Submissions) -> Any:
    """Return SLURM jobs that take note of what became of their submission."""
    from distributed.core import Status

    class WatchedJob(jobqueue().SLURMJob):  # type: ignore[misc]
        async def start(self) -> None:
            try:
                await super().start()
            except RuntimeError as error:
                submissions.refusal = _words(error)
                self.status = Status.running  # without a number; `Watch.look` forgets it
                return
            submissions.refusal = ""
            submissions.when[str(self.job_id)] = time.monotonic()

        async def close(self) -> None:
            await super().close()
            self.status = Status.closed

    return WatchedJob


def _words(error: RuntimeError) -> str:
    """Return what ``sbatch`` said, out of all that dask-jobqueue says of it."""
    return str(error).rpartition("stderr:")[2].strip()
