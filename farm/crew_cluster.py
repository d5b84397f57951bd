"""A Dask cluster at work on one sweep."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, final

from ..devices.base import Parcel
from .builds import Builds
from .cluster import dashboard
from .control import Session
from .crew import Crew, Task
from .options import Options
from .shipping import elsewhere, ship
from .tally import FarmError
from .worker import Job, PackedJob

if TYPE_CHECKING:
    from distributed import Client, WorkerPlugin

T = TypeVar("T")
RETRIES = 2
TOPIC = "spikefarm"  # of the cluster's events


@dataclass(frozen=True)
class Connection:
    """A cluster that can be used.

    Parameters
    ----------
    client : Client
    paths : tuple of str
        Where workers find the user's modules, if they were started elsewhere on this machine.
    """

    client: Client
    paths: tuple[str, ...] = ()


@final
class ClusterCrew(Crew):
    """The workers of a cluster.

    Parameters
    ----------
    job, session, options
        As for `Crew`.
    connect : callable
        Returns the connection, as a context.
    """

    def __init__(
        self,
        job: Job,
        session: Session,
        options: Options,
        connect: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        super().__init__(job, session, options)
        self._connect = connect
        self._plugins: list[str] = []
        self._stack = ExitStack()
        self._client: Client | None = None
        self._was_there = True

    @property
    def client(self) -> Client:
        """The client, within the block."""
        assert self._client is not None
        return self._client

    def __enter__(self) -> ClusterCrew:
        from distributed import KilledWorker

        self.deaths = (KilledWorker,)
        with ExitStack() as stack:
            connection = stack.enter_context(self._connect())
            self._client = connection.client
            self._tell_of_dashboard()
            self._hand_out(PackedJob.of(self.job, connection.paths))
            self._stack = stack.pop_all()
        return self

    def _tell_of_dashboard(self) -> None:
        from .dashboard.plugin import add_page

        status = self.session.status
        status.dashboard = add_page(self.client, dashboard(self.client))
        if status.dashboard:
            self.options.tell(f"dashboard: {status.dashboard}")

    def _hand_out(self, packed: PackedJob) -> None:
        from .plugin import JobPlugin

        session = self.session
        with suppress(OSError):  # a worker died just now; the scheduler has it for all others
            self._register(self.job.token, JobPlugin(packed))
        self.client.subscribe_topic(
            f"{TOPIC}-{session.status.id}", lambda event: session.ask(str(event[1].get("wish")))
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._has_ended()
        self._was_there = self.is_there()
        try:
            self._take_back()
        finally:
            self._client = None
            self._stack.__exit__(kind, error, trace)

    def _take_back(self) -> None:
        if not self.is_there():
            self.session.tell()
            return
        with suppress(OSError, TimeoutError):  # where the cluster is gone, so is all of this
            while self._plugins:
                self.client.unregister_worker_plugin(self._plugins.pop())
            self.tell()
            self.client.unsubscribe_topic(f"{TOPIC}-{self.session.status.id}")

    def prepare(self, builds: Builds) -> None:
        """Have builds made for machines other than this one, and send them."""
        if elsewhere(self.options):
            ship(self, builds)

    def supply(self, parcels: Sequence[Parcel]) -> None:
        """Give builds to all workers, those that join later included."""
        from .plugin import BuildsPlugin

        with suppress(OSError):  # as for the job
            name = f"{self.job.token}-builds"
            self._register(name, BuildsPlugin(name, parcels))

    def _register(self, name: str, plugin: WorkerPlugin) -> None:
        self._plugins.append(name)
        self.client.register_plugin(plugin)

    def is_there(self) -> bool:
        """Whether there is still a scheduler at the other end; after the block, whether there was at its end."""
        return self._was_there if self._client is None else str(self._client.status) == "running"

    def cancel(self, tasks: Sequence[Task[Any]]) -> None:
        """Give tasks up, where there is anybody who would do them."""
        if tasks and self.is_there():
            self.client.cancel(list(tasks))

    def threads(self) -> int:
        """Return how many runs the cluster can do at a time just now."""
        needs = self.options.needs
        if not needs:
            return max(1, int(sum(self.client.nthreads().values())))
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        n = sum(
            min(int(w["nthreads"]), *(int(w["resources"].get(r, 0) // need) for r, need in needs.items()))
            for w in workers
        )
        if workers and not n:
            told = ", ".join(f"{name} {need:g}" for name, need in needs.items())
            raise FarmError(
                f"no worker of the cluster has what a run needs ({told}): start workers with --resources, "
                "or ask for less"
            )
        return max(1, n)

    def submit(self, function: Callable[..., T], *args: Any) -> Task[T]:
        """Send a task to the cluster."""
        key = f"{self.job.token}-{uuid.uuid4().hex}"
        found: Task[T] = self.client.submit(
            function,
            self.job.token,
            *args,
            key=key,
            pure=False,
            retries=RETRIES,
            priority=self.options.priority,
            resources=self.options.needs or None,
        )
        return found

    def tell(self) -> None:
        """Tell how far the sweep is, beside the store and on the cluster."""
        self.session.tell()
        with suppress(OSError, TimeoutError):
            self.client.log_event(TOPIC, self.session.status.as_json())
