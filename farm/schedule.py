"""Doing the runs of a sweep: a few pilots, then batches, with a bounded number in flight."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..store.log import RunLog
from ..store.schema import Column, Slot, StoreError
from . import worker
from .control import Session, Wish
from .crew import GONE, Crew, Task
from .memory import hand_back
from .options import Options
from .progress import Progress
from .reuse import Piece
from .share import Share
from .study import Study
from .tally import FarmError, RunsFailedError, Slots, Tally, none_succeeded, spread
from .values import OutputError, Value, columns_of
from .worker import Batch, BatchReceipt, Outcome, StoppedError

MAX_PILOTS = 16
PER_THREAD = 2  # batches in flight, so that a worker always finds its next one
MIN_WINDOW = 4
SHORTEST, LONGEST, PART = 1.0, 60.0, 0.01  # seconds of a batch, and which part of the sweep it may be
POLL_SECONDS = 0.5  # between looks at what other clients of the store are at
RECEIPT_SECONDS = 10.0  # for a receipt to come from its worker, which may have died meanwhile
SMALLEST = 0.1  # of a batch, towards the end
SHOWN_ERRORS = 3
KILLED = "KilledWorker: every worker that tried this run died: too little memory, or a crash in Python code"


@dataclass(frozen=True)
class Sent:
    """A batch on its way, where it is written to, and how many workers died of it alone."""

    future: Task[BatchReceipt]
    batch: Batch
    slot: Slot
    deaths: int | None  # of workers, while it was alone; None where others are on their way


class Schedule:
    """The runs of one sweep on their way through a crew.

    Parameters
    ----------
    crew : Crew
        Who does them.
    study : Study
    piece : Piece
        How the runs are made.
    store : RunLog
    share : Share
        What of the sweep is this client's to do.
    session : Session
        What others are told of it, and ask for.
    options : Options
    progress : Progress
    """

    def __init__(
        self,
        crew: Crew,
        study: Study,
        piece: Piece,
        store: RunLog,
        share: Share,
        session: Session,
        options: Options,
        progress: Progress,
    ) -> None:
        self.crew, self.study, self.store, self.progress = crew, study, store, progress
        self.share, self.session, self.options, self.piece = share, session, options, piece
        self.slots = Slots(store)
        self.tally = Tally()
        self.columns: dict[str, Column] = {}
        self.elsewhere: NDArray[np.int64] = np.empty(0, np.int64)  # what other clients are at
        self.waiting: deque[Batch] = deque()  # parts of batches whose workers died
        self.todo: NDArray[np.int64] = np.empty(0, np.int64)
        self.suspects: deque[tuple[Batch, int]] = (
            deque()
        )  # single runs whose workers died, and how many alone
        self.in_flight: dict[Any, Sent] = {}  # by key of its future
        self.ended: SimpleQueue[Task[BatchReceipt]] = SimpleQueue()

    def run(self) -> Tally:
        """Do runs, and return when all are in the store.

        Raises
        ------
        RunsFailedError
            None of the first runs succeeded.
        FarmError
            Workers went away for good.
        SweepCancelledError
            Somebody asked for it.
        """
        try:
            with self.crew:
                try:
                    self.crew.heed()
                    if self.study.builds and self.piece.simulates:
                        self.crew.prepare(self.study.builds)
                    self.todo = self._pilots(self.piece.runs)
                    hand_back()
                    self._batches()
                finally:
                    self.crew.cancel([sent.future for sent in self.in_flight.values()])
                    self.ended = SimpleQueue()
        except Exception as error:
            if self.crew.is_there() or isinstance(error, FarmError | StoreError):
                raise
            raise FarmError(GONE) from error
        finally:
            with suppress(OSError, StoreError):  # a store that is gone needs nothing back
                self.slots.give_back()
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
            futures = {
                run: self.crew.submit(worker.run_pilot, run, int(self.study.seeds[run])) for run in runs
            }
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
            mine = self.share.claim(order, min(self.crew.threads(), MAX_PILOTS))
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

    def _pilot(self, future: Task[Outcome]) -> Outcome:
        try:
            while not future.done():
                self.crew.heed()
                with suppress(TimeoutError):
                    return future.result(POLL_SECONDS)
            return future.result()
        except Exception as error:
            if isinstance(error, (StoppedError, CancelledError, *self.crew.deaths)):
                return Outcome(None, KILLED, 0.0)
            raise

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
        """Send and take batches until all are done, and heed meanwhile what others ask for."""
        while True:
            if self.crew.heed() is not Wish.PAUSE:
                for future in list(self._next_batches()):
                    future.add_done_callback(self.ended.put)
            if self.in_flight:
                self._take_ended()
            elif len(self.todo) or self.waiting or self.suspects:  # paused
                time.sleep(POLL_SECONDS)
            elif len(self.elsewhere):
                # What others were at is in the store by now, or ours, should they have died.
                time.sleep(POLL_SECONDS)
                self.todo, self.elsewhere = self.elsewhere, self.elsewhere[:0]
            else:
                return

    def _take_ended(self) -> None:
        """Take batches that have ended; wait for one, but not for long."""
        try:
            ended = [self.ended.get(timeout=POLL_SECONDS)]
        except Empty:
            return
        while not self.ended.empty():
            ended.append(self.ended.get())
        while ended:  # what is taken is forgotten, also where it raises
            future = ended.pop()
            if future.key in self.in_flight:
                self._take(future)

    def _next_batches(self) -> Iterator[Task[BatchReceipt]]:
        """Send batches until the window is full; what killed a worker goes last, one at a time."""
        threads = self.crew.threads()
        if not self.crew.ready(self._each() * len(self.todo) / threads, not self.in_flight):
            return
        while len(self.in_flight) < max(MIN_WINDOW, PER_THREAD * threads):
            batch = self.waiting.popleft() if self.waiting else self._cut(threads)
            if not len(batch):
                break
            yield self._send(batch)
        if self.suspects and not self.in_flight:
            yield self._send(*self.suspects.popleft())

    def _send(self, batch: Batch, deaths: int | None = None) -> Task[BatchReceipt]:
        slot = self._slot()
        future = self.crew.submit(worker.run_batch, batch, self.columns, self.store.target, slot)
        self.in_flight[future.key] = Sent(future, batch, slot, deaths)
        return future

    def _cut(self, threads: int) -> Batch:
        """Take the next batch from what is to be done: smaller ones towards the end, so that all end together."""
        each = self._each()
        seconds = self.options.batch or self._automatic_seconds(each / threads)
        share = max(-(-len(self.todo) // (PER_THREAD * threads)), SMALLEST * seconds / each)
        n = int(max(1, min(seconds / each, share, self.store.layout.rows)))
        mine = self.todo[:0]
        while len(self.todo) and not len(mine):
            runs, self.todo = self.todo[:n], self.todo[n:]
            mine = self.share.claim(runs)
            others = self._not_done(runs[~np.isin(runs, mine)])
            self.elsewhere = np.concatenate([self.elsewhere, others])
        return self.study.batch(mine)

    def _each(self) -> float:
        """Return the seconds that a run takes, by those that were done."""
        return max(self.tally.seconds / max(self.tally.simulated, 1), 1e-6)

    def _automatic_seconds(self, each: float) -> float:
        """Return a small part of what the whole sweep takes, within limits."""
        n = len(self.todo) + self.tally.simulated
        return min(max(n * each * PART, SHORTEST), LONGEST)

    def _take(self, future: Task[BatchReceipt]) -> None:
        """Count a batch that is in the store, whatever became of its worker since; else have it done again."""
        sent = self.in_flight.pop(future.key)
        error = cast(BaseException, future.exception()) if future.status == "error" else None
        if error is not None and not isinstance(error, (StoppedError, *self.crew.deaths)):
            raise error
        receipt = self._told(future) or worker.receipt_of(sent.batch, self.store.target, sent.slot)
        if receipt is not None:
            self._count(receipt)
            self.share.finish(sent.batch.runs)
        elif future.status in ("error", "cancelled"):
            self._again(sent, error)
        else:  # its worker died after it had done it; the cluster does that again of its own accord
            self.in_flight[future.key] = sent
            future.add_done_callback(self.ended.put)

    def _told(self, future: Task[BatchReceipt]) -> BatchReceipt | None:
        """Return what a worker said of its batch; None if that is gone with it."""
        if future.status == "finished":
            with suppress(TimeoutError, CancelledError):
                return future.result(RECEIPT_SECONDS)
        return None

    def _again(self, sent: Sent, error: BaseException | None) -> None:
        """Have a batch done again, and find out which run it is that kills its workers."""
        batch = sent.batch
        if not isinstance(
            error, self.crew.deaths
        ):  # its worker was told to leave, and left in the middle of it
            self.waiting.append(batch)
        elif len(batch) > 1:
            half = len(batch) // 2
            self.waiting += [batch.part(slice(None, half)), batch.part(slice(half, None))]
        elif sent.deaths is None:  # it may have died of its neighbour
            self.suspects.append((batch, 0))
        elif sent.deaths + 1 < self.options.deaths:  # or of something else than the run, by chance
            self.suspects.append((batch, sent.deaths + 1))
        else:
            self._count(self._save(batch, [Outcome(None, KILLED, 0.0)]))

    def _save(self, batch: Batch, outcomes: Sequence[Outcome]) -> BatchReceipt:
        receipt = worker.save(batch, outcomes, self.columns, self.store.target, self._slot())
        self.share.finish(batch.runs)
        return receipt

    def _slot(self) -> Slot:
        slot = self.slots.take()
        self.share.known.add(slot.index)
        return slot

    def _count(self, receipt: BatchReceipt) -> None:
        self.tally.add(receipt)
        self.progress.update(receipt.n_done, receipt.n_failed)
        status = self.session.status
        status.done, status.failed, status.errors = (
            self.progress.done,
            self.progress.failed,
            self.tally.errors,
        )
