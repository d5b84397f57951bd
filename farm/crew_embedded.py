"""Who does the runs when the user gave no cluster: threads of this process, then a cluster, should it be worth it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, final

from .builds import Builds
from .cluster import embedded
from .control import Session, Wish
from .crew import Crew, Task
from .crew_cluster import ClusterCrew, Connection
from .crew_threads import ThreadCrew
from .loading import load
from .options import Options
from .worker import Job

T = TypeVar("T")
WORTH_SECONDS = 5.0  # of work left, from which on a cluster and its dashboard are started


@final
class EmbeddedCrew(Crew):
    """Threads at first, since starting a cluster takes longer than many a sweep, and a cluster on this machine later.

    Its workers are threads of this process too, so nothing is gained by it in speed: a sweep of some length gets a
    dashboard. It is loaded while the threads work, and takes over when they have done what they were given. Should
    it not start, they go on.
    """

    def __init__(self, job: Job, session: Session, options: Options) -> None:
        super().__init__(job, session, options)
        self._threads = ThreadCrew(job, session, options)
        self._cluster: ClusterCrew | None = None
        self._crew: Crew = self._threads
        self._loading: threading.Thread | None = None
        self._wanted = False
        self._failed = False
        self._begun = time.monotonic()

    def __enter__(self) -> EmbeddedCrew:
        self._threads.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._cluster is not None:
                self._cluster.__exit__(kind, error, trace)
        finally:
            self._threads.__exit__(kind, error, trace)

    def prepare(self, builds: Builds) -> None:
        """There is nothing to do: this machine has compiled what it needs."""

    def is_there(self) -> bool:
        """Whether there is still somebody to do what was sent."""
        return self._crew.is_there()

    def threads(self) -> int:
        """Return how many runs can be done at a time just now."""
        return self._crew.threads()

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        """Have it done."""
        return self._crew.submit(function, *args)

    def cancel(self, tasks: Sequence[Task[Any]]) -> None:
        """Give tasks up."""
        self._crew.cancel(tasks)

    def tell(self) -> None:
        """Tell those who watch how far the sweep is."""
        (self._cluster or self._crew).tell()

    def heed(self) -> Wish:
        """Tell how far it is, return what is asked for, and see to it that a long sweep gets its cluster."""
        if time.monotonic() - self._begun > WORTH_SECONDS:
            self._load()
        loading = self._loading is not None and self._loading.is_alive()
        if self._wanted and self._cluster is None and not loading:
            self._start()
        return super().heed()

    def ready(self, seconds: float, idle: bool) -> bool:
        """Whether to send more; not while the cluster waits for the threads to end."""
        if seconds > WORTH_SECONDS:
            self._load()
        if self._cluster is None or self._crew is self._cluster:
            return True
        if idle:
            self._threads.stop()
            self._crew, self.deaths = self._cluster, self._cluster.deaths
        return idle

    def _load(self) -> None:
        """Load what a cluster needs, beside the work."""
        if not self._wanted:
            self._wanted, self._loading = True, load("distributed")

    def _start(self) -> None:
        if self._failed:
            return
        cluster = ClusterCrew(self.job, self.session, self.options, self._connect)
        try:
            self._cluster = cluster.__enter__()
        except Exception as error:
            self._failed = True
            self.options.tell(
                f"there is no dashboard, its cluster did not start: {type(error).__name__}: {error}"
            )

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with embedded(False, self.options.workers, self.options.needs) as client:
            yield Connection(client)
