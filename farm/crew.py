"""Who does the runs of a sweep: tasks go to a crew, and what people ask for is heard through it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from .builds import Builds
from .control import Session, Wish
from .options import Options
from .tally import FarmError, SweepCancelledError, how_to_go_on
from .worker import Job

T = TypeVar("T")
R = TypeVar("R", covariant=True)
LOOK_SECONDS = 0.5
GONE = "the cluster's scheduler is gone; completed runs are in the store, run the same again to go on"


class Task(Protocol[R]):
    """Something that a crew was given to do; a future of Dask's is one."""

    @property
    def key(self) -> Any:
        """What tells it from others."""

    @property
    def status(self) -> str | None:
        """``pending``, ``finished``, ``error``, ``cancelled`` or ``lost``."""

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""

    def result(self, timeout: float | None = None) -> R:
        """Wait for it and return what came of it."""

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for it and return what went wrong."""

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        """Have something called with it when it has ended."""


class Crew(ABC):
    """Those who do the runs of one sweep, for the time of a ``with`` block.

    Parameters
    ----------
    job : Job
        What all of them are given.
    session : Session
        What others are told of the sweep, and ask for.
    options : Options
    """

    #: Errors of tasks that mean that they took with them whoever did them.
    deaths: tuple[type[BaseException], ...] = ()

    def __init__(self, job: Job, session: Session, options: Options) -> None:
        self.job, self.session, self.options = job, session, options
        session.status.token = job.token
        self._next_look = 0.0

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave everything as it was, also after an interruption."""

    @abstractmethod
    def prepare(self, builds: Builds) -> None:
        """Make sure that they have, or can make, what has to be compiled.

        Raises
        ------
        CompilerNotFoundError, BuildError
            None of it could be.
        SweepCancelledError, FarmError
            As for `heed`.
        """

    def is_there(self) -> bool:
        """Whether there is still somebody to do what was sent."""
        return True

    @abstractmethod
    def threads(self) -> int:
        """Return how many runs can be done at a time just now.

        Raises
        ------
        FarmError
            There are workers, but none has what a run needs.
        """

    @abstractmethod
    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        """Have a function called with the job's token and these arguments."""

    @abstractmethod
    def cancel(self, tasks: Sequence[Task[Any]]) -> None:
        """Give tasks up."""

    def ready(self, seconds: float, idle: bool) -> bool:
        """Whether to send more.

        Parameters
        ----------
        seconds : float
            How long what is to be sent will take, as far as anybody knows.
        idle : bool
            Whether nothing is on its way.
        """
        return True

    def heed(self) -> Wish:
        """Tell how far it is, every now and then, and return what is asked for.

        Raises
        ------
        SweepCancelledError
        FarmError
            Those who had it are gone, and with them all that was on its way.
        """
        if not self.is_there():
            raise FarmError(GONE)
        session, now = self.session, time.monotonic()
        wish = session.wish
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            wish = session.look()
            session.status.state = "paused" if wish is Wish.PAUSE else "running"
            self.tell()
        if wish is Wish.CANCEL:
            session.status.state = "cancelled"
            raise SweepCancelledError(
                how_to_go_on(session.status.done, session.status.total, session.status.store)
            )
        return wish

    def tell(self) -> None:
        """Tell those who watch how far the sweep is."""
        self.session.tell()

    def _has_ended(self) -> None:
        """Note in which way."""
        status = self.session.status
        if status.state != "cancelled":
            status.state = "finished" if status.done >= status.total else "stopped"
