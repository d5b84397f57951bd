"""Doing the runs of a sweep on a cluster: a few pilots, then batches, with a bounded number in flight."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..store.runstore import RunStore
from ..store.schema import Column, Slot, StoreError
from . import worker
from .progress import Progress
from .share import Share
from .study import Study
from .values import OutputError, Value, columns_of
from .worker import Batch, BatchReceipt, Job, Outcome, PackedJob

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_PILOTS = 16
RETRIES = 2
PER_THREAD = 2  # batches in flight, so that a worker always finds its next one
MIN_WINDOW = 4
MAX_RESERVE = 256
SHORTEST, LONGEST, PART = 1.0, 60.0, 0.01  # seconds of a batch, and which part of the sweep it may be
POLL_SECONDS = 0.5  # between looks at what other clients of the store are at
SMALLEST = 0.1  # of a batch, towards the end
SHOWN_ERRORS = 3
KILLED = "KilledWorker: every worker that tried this run died: too little memory, or a crash in Python code"

T = TypeVar("T")


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
            with self.store.lock():
                self.ready.extend(self.store.reserve(self.ahead))
            self.ahead = min(2 * self.ahead, MAX_RESERVE)
        return self.ready.popleft()

    def give_back(self) -> None:
        """Return to the store what was not used."""
        if self.ready:
            with self.store.lock():
                self.store.release(tuple(self.ready))
        self.ready.clear()


@dataclass(frozen=True)
class Sent:
    """A batch on the cluster, and whether it is there alone."""

    future: Future[BatchReceipt]
    batch: Batch
    alone: bool


class Schedule:
    """The runs of one sweep on their way through a cluster.

    Parameters
    ----------
    client : Client
    study : Study
    store : RunStore
    share : Share
        What of the sweep is this client's to do.
    progress : Progress
    time_limit : float or None
        Seconds for one simulation.
    batch_seconds : float or None
        How long a batch should take; None for a hundredth of the sweep, but 1 s to 1 min.
    paths : sequence of str
        Where workers find the user's modules, if they were started elsewhere on this machine.
    """

    def __init__(
        self,
        client: Client,
        study: Study,
        store: RunStore,
        share: Share,
        progress: Progress,
        time_limit: float | None,
        batch_seconds: float | None,
        paths: Sequence[str] = (),
    ) -> None:
        self.client, self.study, self.store, self.progress = client, study, store, progress
        self.share = share
        self.elsewhere: NDArray[np.int64] = np.empty(0, np.int64)  # what other clients are at
        self.batch_seconds = batch_seconds
        self.slots = Slots(store)
        self.tally = Tally()
        self.columns: dict[str, Column] = {}
        self.waiting: deque[Batch] = deque()  # parts of batches whose workers died
        self.todo: NDArray[np.int64] = np.empty(0, np.int64)
        self.suspects: list[Batch] = []  # single runs whose workers died
        self.in_flight: dict[Any, Sent] = {}  # by key of its future
        self.job = Job(f"sweep-{uuid.uuid4().hex}", study.work, study.space.packed(), time_limit)
        self.paths = tuple(paths)

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
        from .plugin import JobPlugin

        plugin = JobPlugin(PackedJob.of(self.job, self.paths))
        try:
            with suppress(OSError):  # a worker died just now; the scheduler has it for all others
                self.client.register_plugin(plugin)
            self.todo = self._pilots(todo)
            self._batches()
        finally:
            self._end()
        return self.tally

    # -- pilots: what outputs look like, and what a run costs -------------------------------------------

    def _pilots(self, todo: NDArray[np.int64]) -> NDArray[np.int64]:
        """Do some runs from all over the sweep, write them, and return the runs that remain."""
        found: dict[int, Outcome] = {}
        errors: list[str] = []
        while len(errors) < MAX_PILOTS and not any(outcome.values is not None for outcome in found.values()):
            runs = self._claim_pilots(todo[~np.isin(todo, list(found))])
            if not len(runs):
                break
            futures = {run: self._submit(worker.run_pilot, run, int(self.study.seeds[run])) for run in runs}
            for run, future in futures.items():
                outcome = self._pilot(future)
                errors.append(outcome.error)
                if outcome.seconds:  # one that took its worker with it is looked at again later
                    found[run] = outcome
        todo = self._not_done(todo)
        if not len(todo):
            self._record(self.study.known_outputs(self.store))
            return todo
        self.columns = self._declare([o.values for o in found.values() if o.values is not None], errors)
        if not found:
            return todo
        batch = self.study.batch(np.array(sorted(found), np.int64))
        self._count(self._save(batch, [found[run] for run in batch.runs.tolist()]))
        return todo[~np.isin(todo, batch.runs)]

    def _claim_pilots(self, todo: NDArray[np.int64]) -> list[int]:
        """Claim one run for each thread, from all over the sweep; wait while others are at all of them."""
        while len(todo):
            first = todo[spread(len(todo), MAX_PILOTS)]
            order = np.concatenate([first, todo[~np.isin(todo, first)]])
            mine = self.share.claim(order, min(self._threads(), MAX_PILOTS))
            if len(mine):
                return [int(run) for run in mine]
            todo = todo[~self.share.done[todo]]
            if len(todo):
                time.sleep(POLL_SECONDS)
        return []

    def _not_done(self, runs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the runs that nobody else has done meanwhile, and count the others."""
        done = self.share.done[runs]
        self.tally.cached += int(done.sum())
        self.progress.update(int(done.sum()), 0)
        return runs[~done]

    def _pilot(self, future: Future[Outcome]) -> Outcome:
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker:
            return Outcome(None, KILLED, 0.0)

    def _declare(self, runs: Sequence[Mapping[str, Value]], errors: Sequence[str]) -> dict[str, Column]:
        """Make the columns that these runs need, and tell the store of the sweep."""
        with self.store.lock():
            return self._declare_locked(runs, errors)

    def _declare_locked(
        self, runs: Sequence[Mapping[str, Value]], errors: Sequence[str]
    ) -> dict[str, Column]:
        study, columns = self.study, self.store.columns()
        names = study.known_outputs(self.store)
        known = {name: columns[name] for name in names if name in columns}
        if not runs and not (names and len(known) == len(names)):
            raise RunsFailedError(none_succeeded(errors))
        try:
            found = columns_of(runs, known)
        except OutputError as error:
            raise RunsFailedError(f"runs do not agree: {error}") from None
        self.store.declare(tuple(found.values()))
        names = study.outputs or tuple(found)
        self._record(names)
        return {name: found[name] for name in names}

    def _record(self, names: tuple[str, ...]) -> None:
        """Tell the store of the sweep."""
        study = self.study
        with self.store.lock():
            self.store.record_sweep(study.id, study.space.definition(names), study.keys, study.record())

    # -- batches ------------------------------------------------------------------------------------------

    def _batches(self) -> None:
        from distributed import as_completed

        while True:
            results = as_completed([], loop=self.client.loop, with_results=True, raise_errors=False)
            results.update(list(self._next_batches()))
            for ended in results.batches():
                for future, result in ended:
                    self._take(future, result)
                results.update(list(self._next_batches()))
            if not len(self.elsewhere):
                return
            # What others were at is in the store by now, or ours, should they have died.
            time.sleep(POLL_SECONDS)
            self.todo, self.elsewhere = self.elsewhere, self.elsewhere[:0]

    def _next_batches(self) -> Iterator[Future[BatchReceipt]]:
        """Send batches until the window is full; what killed a worker goes last, one at a time."""
        threads = self._threads()
        while len(self.in_flight) < max(MIN_WINDOW, PER_THREAD * threads):
            batch = self.waiting.popleft() if self.waiting else self._cut(threads)
            if not len(batch):
                break
            yield self._send(batch, alone=False)
        if self.suspects and not self.in_flight:
            yield self._send(self.suspects.pop(), alone=True)

    def _send(self, batch: Batch, alone: bool) -> Future[BatchReceipt]:
        slot = self._slot()
        future = self._submit(worker.run_batch, batch, self.columns, self.store.place, slot)
        self.in_flight[future.key] = Sent(future, batch, alone)
        return future

    def _cut(self, threads: int) -> Batch:
        """Take the next batch from what is to be done: smaller ones towards the end, so that all end together."""
        each = max(self.tally.seconds / max(self.tally.simulated, 1), 1e-6)
        seconds = self.batch_seconds or self._automatic_seconds(each / threads)
        share = max(-(-len(self.todo) // (PER_THREAD * threads)), SMALLEST * seconds / each)
        n = int(max(1, min(seconds / each, share, self.store.layout.rows)))
        mine = self.todo[:0]
        while len(self.todo) and not len(mine):
            runs, self.todo = self.todo[:n], self.todo[n:]
            mine = self.share.claim(runs)
            others = self._not_done(runs[~np.isin(runs, mine)])
            self.elsewhere = np.concatenate([self.elsewhere, others])
        return self.study.batch(mine)

    def _automatic_seconds(self, each: float) -> float:
        """Return a small part of what the whole sweep takes, within limits."""
        n = len(self.todo) + self.tally.simulated
        return min(max(n * each * PART, SHORTEST), LONGEST)

    def _take(self, future: Future[BatchReceipt], result: Any) -> None:
        sent = self.in_flight.pop(future.key)
        if future.status == "finished":
            self._count(result)
            self.share.finish(sent.batch.runs)
        elif future.status == "error":
            self._retry(sent, result[1])
        else:
            raise FarmError(
                f"the cluster lost a batch of {len(sent.batch)} runs; run the same again to go on"
            )

    def _retry(self, sent: Sent, error: BaseException) -> None:
        """Find out which run it is that kills its workers; any other error ends the sweep."""
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            raise error
        batch = sent.batch
        if len(batch) > 1:
            half = len(batch) // 2
            self.waiting += [batch.part(slice(None, half)), batch.part(slice(half, None))]
        elif not sent.alone:  # it may have died of its neighbour
            self.suspects.append(batch)
        else:
            self._count(self._save(batch, [Outcome(None, KILLED, 0.0)]))

    def _save(self, batch: Batch, outcomes: Sequence[Outcome]) -> BatchReceipt:
        receipt = worker.save(batch, outcomes, self.columns, self.store.place, self._slot())
        self.share.finish(batch.runs)
        return receipt

    def _slot(self) -> Slot:
        slot = self.slots.take()
        self.share.known.add(slot.index)
        return slot

    def _count(self, receipt: BatchReceipt) -> None:
        self.tally.add(receipt)
        self.progress.update(receipt.n_done, receipt.n_failed)

    # -- the cluster -----------------------------------------------------------------------------------------

    def _threads(self) -> int:
        """Return how many runs the cluster can do at a time just now."""
        return max(1, int(sum(self.client.nthreads().values())))

    def _submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Send a task to the cluster."""
        key = f"{self.job.token}-{uuid.uuid4().hex}"
        return self.client.submit(function, self.job.token, *args, key=key, pure=False, retries=RETRIES)

    def _end(self) -> None:
        """Leave the cluster as it was, also after an interruption."""
        self.client.cancel([sent.future for sent in self.in_flight.values()])
        with suppress(OSError, TimeoutError):  # where the cluster is gone, so is the plugin
            self.client.unregister_worker_plugin(self.job.token)
        with suppress(OSError, StoreError):  # a store that is gone needs nothing back
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
