"""Doing the runs of a sweep on a cluster: a few pilots, then batches, with a bounded number in flight."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..store.runstore import RunStore
from ..store.schema import Column, Slot
from . import worker
from .progress import Progress
from .study import Study
from .values import OutputError, columns_of
from .worker import Batch, BatchReceipt, Job, Outcome

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_PILOTS = 16
RETRIES = 2
PER_THREAD = 2  # batches in flight, so that a worker always finds its next one
MIN_WINDOW = 4
MAX_RESERVE = 256
SHOWN_ERRORS = 3


class RunsFailedError(RuntimeError):
    """No run succeeded, so nothing is known of what the outputs look like; no run was recorded."""


class FarmError(RuntimeError):
    """The cluster could not go on; completed runs are in the store."""


@dataclass
class Tally:
    """What became of the runs of a sweep."""

    simulated: int = 0
    failed: int = 0
    cached: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    def add(self, receipt: BatchReceipt) -> None:
        """Count a batch."""
        self.simulated += receipt.n_done + receipt.n_failed
        self.failed += receipt.n_failed
        self.seconds += receipt.seconds
        self.errors += [e for e in receipt.errors if e not in self.errors][: SHOWN_ERRORS - len(self.errors)]


@dataclass
class Slots:
    """Slots of a store, reserved ahead of need."""

    store: RunStore
    ready: deque[Slot] = field(default_factory=deque)
    ahead: int = 4

    def take(self) -> Slot:
        """Return a slot that nobody has."""
        if not self.ready:
            self.ready.extend(self.store.reserve(self.ahead))
            self.ahead = min(2 * self.ahead, MAX_RESERVE)
        return self.ready.popleft()

    def give_back(self) -> None:
        """Return to the store what was not used."""
        self.store.release(tuple(self.ready))
        self.ready.clear()


class Schedule:
    """The runs of one sweep on their way through a cluster.

    Parameters
    ----------
    client : Client
    study : Study
    store : RunStore
        Locked by the caller.
    progress : Progress
    time_limit : float or None
        Seconds for one simulation.
    batch_seconds : float
        How long a batch should take.
    paths : sequence of str
        Where workers find the user's modules, if they were started elsewhere on this machine.
    """

    def __init__(
        self,
        client: Client,
        study: Study,
        store: RunStore,
        progress: Progress,
        time_limit: float | None,
        batch_seconds: float,
        paths: Sequence[str] = (),
    ) -> None:
        self.client, self.study, self.store, self.progress = client, study, store, progress
        self.batch_seconds = batch_seconds
        self.slots = Slots(store)
        self.tally = Tally()
        self.columns: dict[str, Column] = {}
        self.waiting: deque[Batch] = deque()  # parts of batches whose workers died
        self.todo: NDArray[np.int64] = np.empty(0, np.int64)
        self.in_flight: dict[Any, Batch] = {}
        self.job = Job(f"sweep-{uuid.uuid4().hex}", study.work, study.space, time_limit)
        self.paths = tuple(paths)
        self.shared: Any = None

    def run(self, todo: NDArray[np.int64]) -> Tally:
        """Do runs, and return when all are in the store.

        Parameters
        ----------
        todo : int64 array
            Numbers of the runs.

        Raises
        ------
        RunsFailedError
            None of the first runs succeeded.
        FarmError
            Workers went away for good.
        """
        import cloudpickle

        try:
            blob = cloudpickle.dumps(self.job)
            self.shared = self.client.submit(worker.load_job, blob, self.paths, pure=False, retries=RETRIES)
            self.todo = self._pilots(todo)
            self._batches()
        finally:
            self._end()
        return self.tally

    # -- pilots: what outputs look like, and what a run costs -------------------------------------------

    def _pilots(self, todo: NDArray[np.int64]) -> NDArray[np.int64]:
        """Do some runs from all over the sweep, write them, and return the runs that remain."""
        order = spread(len(todo), MAX_PILOTS)
        found: dict[int, Outcome] = {}
        known = self._known_columns()
        while order and not any(o.values is not None for o in found.values()):
            now, order = order[: self._threads()], order[self._threads() :]
            runs = [int(todo[i]) for i in now]
            futures = [
                self.client.submit(
                    worker.run_pilot, self.shared, run, int(self.study.seeds[run]), **self._how()
                )
                for run in runs
            ]
            found.update(zip(runs, self._gather(futures), strict=True))
        self.columns = self._declare(found, known)
        batch = self.study.batch(np.array(sorted(found), np.int64))
        outcomes = [found[run] for run in batch.runs.tolist()]
        self._count(worker.save(batch, outcomes, self.columns, self.store.path, self.slots.take()))
        return todo[~np.isin(todo, batch.runs)]

    def _known_columns(self) -> dict[str, Column]:
        """Return the columns that the store has for these outputs, if they are known to be these."""
        columns, sweeps = self.store.columns(), self.store.sweeps()
        names = self.study.outputs or (sweeps[-1].outputs if sweeps else ())
        return {name: columns[name] for name in names if name in columns}

    def _declare(self, found: Mapping[int, Outcome], known: Mapping[str, Column]) -> dict[str, Column]:
        """Make the columns that the pilots' values need, and tell the store of the sweep."""
        runs = [outcome.values for outcome in found.values() if outcome.values is not None]
        complete = set(self.study.outputs or known) == set(known)
        if not runs and not (known and complete):
            raise RunsFailedError(none_succeeded([o.error for o in found.values()]))
        try:
            columns = columns_of(runs, known) if runs else dict(known)
        except OutputError as error:
            raise RunsFailedError(f"runs do not agree: {error}") from None
        self.store.declare(tuple(columns.values()))
        names = self.study.outputs or tuple(columns)
        study = self.study
        self.store.record_sweep(study.id, study.space.definition(names), study.keys, study.record())
        return {name: columns[name] for name in names}

    # -- batches ------------------------------------------------------------------------------------------

    def _batches(self) -> None:
        from distributed import as_completed

        results = as_completed([], loop=self.client.loop, with_results=True, raise_errors=False)
        results.update(list(self._next_batches()))
        for ended in results.batches():
            for future, result in ended:
                self._take(future, result)
            results.update(list(self._next_batches()))

    def _next_batches(self) -> Iterator[Future[BatchReceipt]]:
        """Send batches until the window is full."""
        if not self.waiting and not len(self.todo):
            return
        window = max(MIN_WINDOW, PER_THREAD * self._threads())
        while len(self.in_flight) < window and (self.waiting or len(self.todo)):
            if self.waiting:
                batch = self.waiting.popleft()
            else:
                n = self._batch_size()
                batch, self.todo = self.study.batch(self.todo[:n]), self.todo[n:]
            args = (self.shared, batch, self.columns, self.store.path, self.slots.take())
            future = self.client.submit(worker.run_batch, *args, **self._how())
            self.in_flight[future.key] = batch
            yield future

    def _batch_size(self) -> int:
        """Return how many runs take about as long as a batch should, with work for everybody to the end."""
        each = max(self.tally.seconds / max(self.tally.simulated, 1), 1e-6)
        share = -(-len(self.todo) // self._threads())
        return int(max(1, min(self.batch_seconds / each, share, self.store.layout.rows)))

    def _take(self, future: Future[BatchReceipt], result: Any) -> None:
        batch = self.in_flight.pop(future.key)
        if future.status == "finished":
            self._count(result)
        elif future.status == "error":
            self._retry(batch, result[1])
        else:
            raise FarmError(f"the cluster lost a batch of {len(batch)} runs; run again to go on")

    def _retry(self, batch: Batch, error: BaseException) -> None:
        """Find out which run it was that killed its worker again and again; anything else is fatal."""
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            raise error
        if len(batch) > 1:
            half = len(batch) // 2
            self.waiting += [batch.part(slice(None, half)), batch.part(slice(half, None))]
            return
        told = "KilledWorker: every worker that tried this run died: too little memory, or a crash in Python code"
        outcome = Outcome(None, told, 0.0)
        self._count(worker.save(batch, [outcome], self.columns, self.store.path, self.slots.take()))

    def _count(self, receipt: BatchReceipt) -> None:
        self.tally.add(receipt)
        self.progress.update(receipt.n_done, receipt.n_failed)

    # -- the cluster -----------------------------------------------------------------------------------------

    def _threads(self) -> int:
        """Return how many runs the cluster can do at a time just now."""
        return max(1, int(sum(self.client.nthreads().values())))

    def _how(self) -> dict[str, Any]:
        return {"pure": False, "retries": RETRIES, "key": f"{self.job.token}-{uuid.uuid4().hex}"}

    def _gather(self, futures: list[Future[Outcome]]) -> list[Outcome]:
        """Return what became of pilots; one that kills its workers has failed."""
        from distributed import KilledWorker

        found = []
        for future in futures:
            try:
                found.append(future.result())
            except KilledWorker as error:
                found.append(Outcome(None, worker.describe(error), 0.0))
        return found

    def _end(self) -> None:
        """Leave the cluster as it was, also after an interruption."""
        self.client.cancel([f for f in (self.shared, *self.in_flight) if f is not None])
        self.client.run(worker.close_pool, self.job.token, on_error="ignore")
        self.slots.give_back()


def spread(n: int, wanted: int) -> list[int]:
    """Return up to `wanted` of the numbers below `n`, the first, then far from each other.

    Multiples of the golden ratio modulo one (Weyl's equidistribution) leave no large gap at any count.
    """
    places = (np.arange(4 * wanted) * 0.6180339887498949 % 1.0 * n).astype(int)
    return list(dict.fromkeys(places.tolist()))[: min(wanted, n)]


def none_succeeded(errors: Sequence[str]) -> str:
    """Return what to tell when no pilot succeeded."""
    different = list(dict.fromkeys(errors))
    told = "".join(f"\n- {error}" for error in different[:SHOWN_ERRORS])
    return f"none of the {len(errors)} runs that were tried first succeeded, so the sweep stopped:{told}"
