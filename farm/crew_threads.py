"""Threads of this process at work on one sweep: what they wait for has processes of its own."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar, final

from .builds import Builds
from .cluster import at_a_time
from .control import Session
from .crew import Crew, Task
from .options import Options
from .worker import Job, close_pool, pool

T = TypeVar("T")


@final
class LocalTask(Future[T], Generic[T]):
    """A call that some thread will make.

    Parameters
    ----------
    key : int
    call : callable
    """

    def __init__(self, key: int, call: Callable[[], T]) -> None:
        super().__init__()
        self.key, self._call = key, call

    @property
    def status(self) -> str:
        """``pending``, ``finished``, ``error`` or ``cancelled``."""
        if self.cancelled():
            return "cancelled"
        if not self.done():
            return "pending"
        return "finished" if self.exception() is None else "error"

    def do(self) -> None:
        """Make the call, unless it was given up."""
        if self.set_running_or_notify_cancel():
            try:
                self.set_result(self._call())
            except BaseException as error:
                self.set_exception(error)


@final
class ThreadCrew(Crew):
    """As many threads as runs can be done at a time.

    They are no reason for this process to stay: one that ends, or is interrupted, does not wait for the runs
    that they are at.

    Raises
    ------
    SweepError
        The machine has less than one run needs.
    """

    def __init__(self, job: Job, session: Session, options: Options) -> None:
        super().__init__(job, session, options)
        self._threads = at_a_time(options.workers, options.needs)
        self._queue: SimpleQueue[LocalTask[Any] | None] = SimpleQueue()
        self._numbers = itertools.count()
        self._started = 0

    def __enter__(self) -> ThreadCrew:
        pool(self.job.token).keep(self.job)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        close_pool(self.job.token)
        self._has_ended()
        self.tell()

    def prepare(self, builds: Builds) -> None:
        """There is nothing to do: this machine has compiled what it needs."""

    def stop(self) -> None:
        """Let the threads go when they have done what they are at."""
        for _ in range(self._started):
            self._queue.put(None)
        self._started = 0

    def threads(self) -> int:
        """Return how many runs are done at a time."""
        return self._threads

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        """Have a thread do it."""
        call = functools.partial(function, self.job.token, *args)
        task = LocalTask(next(self._numbers), call)
        if self._started < self._threads:
            self._started += 1
            threading.Thread(target=self._work, daemon=True, name=f"{self.job.token}-{self._started}").start()
        self._queue.put(task)
        return task

    def cancel(self, tasks: Sequence[Task[Any]]) -> None:
        """Give tasks up that nobody has begun."""
        for task in tasks:
            if isinstance(task, LocalTask):
                task.cancel()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            task.do()
