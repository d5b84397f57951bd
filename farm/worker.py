"""What happens on a worker: a task does a batch of runs, writes it durably and returns a receipt."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..store.schema import DONE, FAILED, BatchRecords, Column, Slot
from ..store.target import Target
from . import live
from .keys import Array
from .values import Value, fit, gather
from .work import Executor, ToldError, Work

LONGEST_ERROR = 2000
SHOWN_ERRORS = 3


class Points(Protocol):
    """What tells the inputs of runs: a space, or one with more to each run."""

    def point(self, run: int) -> dict[str, Any]:
        """Return the inputs in which a run differs from the model."""


class StoppedError(RuntimeError):
    """The sweep was stopped; what was not written yet is done again next time."""


@dataclass(frozen=True)
class Job:
    """What all tasks of a sweep share; sent once to each worker.

    Parameters
    ----------
    token : str
        Names the pool of executors.
    work : Work
    space : Points
    time_limit : float or None
        Seconds for one simulation.
    """

    token: str
    work: Work
    space: Points
    time_limit: float | None


@dataclass(frozen=True)
class PackedJob:
    """A job on its way; opened by the tasks, so that what cannot be opened fails them and not the transfer.

    Parameters
    ----------
    token : str
        The job's.
    blob : bytes
        The job, pickled by value where it is the user's.
    paths : tuple of str
        Where the user's modules lie, for workers that were started elsewhere on the same machine.
    """

    token: str
    blob: bytes
    paths: tuple[str, ...]

    @classmethod
    def of(cls, job: Job, paths: Sequence[str]) -> PackedJob:
        """Pack a job."""
        import cloudpickle

        return cls(job.token, cloudpickle.dumps(job), tuple(paths))

    def open(self) -> Job:
        """Return the job."""
        import cloudpickle

        sys.path.extend(path for path in self.paths if path not in sys.path)
        job = cloudpickle.loads(self.blob)
        assert isinstance(job, Job)
        return job


@dataclass(frozen=True)
class Batch:
    """Runs of one task.

    Parameters
    ----------
    runs : int64 array, shape (n,)
        Numbers of the runs in the sweep.
    seeds : uint64 array, shape (n,)
    keys : uint8 array, shape (n, 32)
    """

    runs: NDArray[np.int64]
    seeds: NDArray[np.uint64]
    keys: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.runs)

    def part(self, where: slice) -> Batch:
        """Return some of these runs."""
        return Batch(self.runs[where], self.seeds[where], self.keys[where])


@dataclass(frozen=True)
class Outcome:
    """What became of one run: values, or the reason why there are none."""

    values: Mapping[str, Value] | None
    error: str
    seconds: float


@dataclass(frozen=True)
class BatchReceipt:
    """What is left to tell of a batch that is on disk.

    Parameters
    ----------
    n_done, n_failed : int
    seconds : float
        That the runs took together.
    errors : tuple of str
        The first few.
    """

    n_done: int
    n_failed: int
    seconds: float
    errors: tuple[str, ...]

    @classmethod
    def of(cls, records: BatchRecords) -> BatchReceipt:
        """Return what is told of a batch."""
        told = tuple(error for error in records.errors if error)
        seconds = float(records.wall_times.sum())
        return cls(len(records) - len(told), len(told), seconds, told[:SHOWN_ERRORS])


class Pool:
    """What a process keeps of a sweep: the job, and executors that wait for the next batch."""

    def __init__(self) -> None:
        self.packed: PackedJob | None = None
        self._job: Job | None = None
        self.idle: list[Executor] = []
        self.lock = threading.Lock()
        self.closed = False

    def keep(self, job: Job) -> None:
        """Take a job that need not travel."""
        with self.lock:
            self._job = job

    def job(self) -> Job:
        """Return the job, opened once a process.

        Raises
        ------
        StoppedError
            There is none any more.
        """
        with self.lock:
            if self._job is None and self.packed is not None:
                self._job = self.packed.open()
            if self._job is None:
                raise StoppedError("the sweep was stopped")
            return self._job

    @contextmanager
    def lease(self) -> Iterator[Executor]:
        """Lend an executor to this thread."""
        work = self.job().work
        with self.lock:
            executor = self.idle.pop() if self.idle else None
        executor = executor or work.executor()
        try:
            yield executor
        except BaseException:
            executor.close()
            raise
        with self.lock:
            if not self.closed:
                self.idle.append(executor)
                return
        executor.close()

    def close(self) -> None:
        """Let go of the executors that are here; the others go when they come back."""
        with self.lock:
            self.closed = True
            idle, self.idle, self.packed, self._job = self.idle, [], None, None
        for executor in idle:
            executor.close()


_pools: dict[str, Pool] = {}
_pools_lock = threading.Lock()


def pool(token: str) -> Pool:
    """Return this process's pool of that name."""
    with _pools_lock:
        return _pools.setdefault(token, Pool())


def close_pool(token: str) -> None:
    """End a sweep in this process: batches that are still at it stop before their next run."""
    with _pools_lock:
        ended = _pools.pop(token, None)
    if ended is not None:
        ended.close()
    live.forget(token)


def try_run(job: Job, executor: Executor, run: int, point: Mapping[str, Any], seed: int) -> Outcome:
    """Do one run, come what may."""
    start = time.perf_counter()
    values, error = None, ""
    live.begin(job.token, run)
    try:
        executor.start()
        start = time.perf_counter()
        values = executor.run(point, seed, job.time_limit)
    except (Exception, SystemExit) as problem:
        error = describe(problem)
    finally:
        live.end()
    return Outcome(values, error, time.perf_counter() - start)


def describe(problem: BaseException) -> str:
    """Return kind and message of an error, of bearable length."""
    told = str(problem) if isinstance(problem, ToldError) else f"{type(problem).__name__}: {problem}"
    return told[:LONGEST_ERROR]


def run_pilot(token: str, run: int, seed: int) -> Outcome:
    """Do one run and hand its values back, to see what they are like."""
    mine = pool(token)
    with mine.lease() as executor:
        job = mine.job()
        return try_run(job, executor, run, job.space.point(run), seed)


def run_batch(
    token: str, batch: Batch, columns: Mapping[str, Column], target: Target, slot: Slot
) -> BatchReceipt:
    """Do a batch of runs and write it, unless somebody did who died before saying so.

    Raises
    ------
    StoppedError
        The sweep was stopped meanwhile.
    StoreError, OSError
        The batch cannot be written.
    """
    mine = pool(token)
    job = mine.job()
    written = receipt_of(batch, target, slot)
    if written is not None:
        return written
    outcomes: dict[int, Outcome] = {}
    runs, seeds = batch.runs.tolist(), batch.seeds.tolist()
    points = [job.space.point(run) for run in runs]
    with mine.lease() as executor:
        for chosen in at_once(executor, points):
            if mine.closed:
                raise StoppedError("the sweep was stopped")
            which = [(runs[k], points[k], seeds[k]) for k in chosen]
            done = try_runs(job, executor, which)
            outcomes.update(zip(chosen, done, strict=True))
    return save(batch, [outcomes[k] for k in range(len(batch))], columns, target, slot)


def at_once(executor: Executor, points: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Return the places of runs that are done at once."""
    if executor.lanes < 2:
        return [[k] for k in range(len(points))]
    alike: dict[Hashable, list[int]] = {}
    for k, point in enumerate(points):
        alike.setdefault(executor.kind(point), []).append(k)
    n = executor.lanes
    return [places[first : first + n] for places in alike.values() for first in range(0, len(places), n)]


def try_runs(
    job: Job, executor: Executor, runs: Sequence[tuple[int, Mapping[str, Any], int]]
) -> list[Outcome]:
    """Do some runs, given by number, point and seed, at once; or one by one where one of them spoils it for all."""
    if len(runs) > 1:
        start = time.perf_counter()
        limit = None if job.time_limit is None else len(runs) * job.time_limit
        live.begin(job.token, runs[0][0])
        try:
            made = executor.run_together([point for _, point, _ in runs], [seed for *_, seed in runs], limit)
        except (Exception, SystemExit):
            pass  # of which run it is, they tell by themselves
        else:
            seconds = (time.perf_counter() - start) / len(runs)
            return [_outcome(one, seconds) for one in made]
        finally:
            live.end()
    return [try_run(job, executor, run, point, seed) for run, point, seed in runs]


def _outcome(made: Mapping[str, Value] | Exception, seconds: float) -> Outcome:
    if isinstance(made, Exception):
        return Outcome(None, describe(made), seconds)
    return Outcome(made, "", seconds)


def receipt_of(batch: Batch, target: Target, slot: Slot) -> BatchReceipt | None:
    """Return the receipt of a batch that is in the store already; None if it is not.

    Raises
    ------
    StoreError, OSError
        The store cannot be read.
    """
    records = target.written(slot, batch.keys)
    return None if records is None else BatchReceipt.of(records)


def save(
    batch: Batch, outcomes: Sequence[Outcome], columns: Mapping[str, Column], target: Target, slot: Slot
) -> BatchReceipt:
    """Write what became of a batch to its slot; values that do not fit their columns count as failures."""
    rows: list[dict[str, Array] | None] = []
    errors: list[str] = []
    for outcome in outcomes:
        values, error = _fitted(outcome, columns)
        rows.append(values)
        errors.append(error)
    fixed, ragged = gather(rows, columns)
    status = np.array([FAILED if row is None else DONE for row in rows], np.uint8)
    seconds = np.array([outcome.seconds for outcome in outcomes])
    records = BatchRecords(batch.keys, status, batch.seeds, seconds, errors, fixed, ragged)
    target.write(slot, records)
    return BatchReceipt.of(records)


def _fitted(outcome: Outcome, columns: Mapping[str, Column]) -> tuple[dict[str, Array] | None, str]:
    if outcome.values is None:
        return None, outcome.error
    try:
        return fit(outcome.values, columns), ""
    except ValueError as problem:
        return None, describe(problem)
