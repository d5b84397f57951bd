"""A cluster at work on one sweep: tasks go to it, and what people ask for comes from it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, final

from ..devices.base import Parcel
from .control import Session, Wish
from .options import Options
from .tally import FarmError, SweepCancelledError, how_to_go_on
from .worker import Job, PackedJob

if TYPE_CHECKING:
    from distributed import Client, Future, WorkerPlugin

T = TypeVar("T")
RETRIES = 2
TOPIC = "spikefarm"  # of the cluster's events
LOOK_SECONDS = 0.5
GONE = "the cluster's scheduler is gone; completed runs are in the store, run the same again to go on"


@final
class Crew:
    """The workers of one sweep, for the time of a ``with`` block.

    Parameters
    ----------
    client : Client
    job : Job
        What every worker is given.
    session : Session
        What others are told of the sweep, and ask for.
    options : Options
    paths : sequence of str
        Where workers find the user's modules, if they were started elsewhere on this machine.
    """

    def __init__(
        self,
        client: Client,
        job: Job,
        session: Session,
        options: Options,
        paths: Sequence[str],
    ) -> None:
        self.client, self.job, self.session, self.options = client, job, session, options
        self.paths = tuple(paths)
        self._plugins: list[str] = []
        self._next_look = 0.0

    def __enter__(self) -> Crew:
        from .plugin import JobPlugin

        self.session.status.token = self.job.token
        with suppress(OSError):  # a worker died just now; the scheduler has it for all others
            self._register(self.job.token, JobPlugin(PackedJob.of(self.job, self.paths)))
        session = self.session
        self.client.subscribe_topic(
            f"{TOPIC}-{session.status.id}", lambda event: session.ask(str(event[1].get("wish")))
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster as it was, also after an interruption."""
        status = self.session.status
        if status.state != "cancelled":
            status.state = "finished" if status.done >= status.total else "stopped"
        if not self.is_there():
            self.session.tell()
            return
        with suppress(OSError, TimeoutError):  # where the cluster is gone, so is all of this
            while self._plugins:
                self.client.unregister_worker_plugin(self._plugins.pop())
            self._tell()
            self.client.unsubscribe_topic(f"{TOPIC}-{status.id}")

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
        """Whether there is still a scheduler at the other end."""
        return str(self.client.status) == "running"

    def cancel(self, futures: Sequence[Future[Any]]) -> None:
        """Give tasks up, where there is anybody who would do them."""
        if futures and self.is_there():
            self.client.cancel(list(futures))

    def threads(self) -> int:
        """Return how many runs the cluster can do at a time just now.

        Raises
        ------
        FarmError
            It has workers, but none has what a run needs.
        """
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

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Send a task to the cluster."""
        key = f"{self.job.token}-{uuid.uuid4().hex}"
        return self.client.submit(
            function,
            self.job.token,
            *args,
            key=key,
            pure=False,
            retries=RETRIES,
            priority=self.options.priority,
            resources=self.options.needs or None,
        )

    def heed(self) -> Wish:
        """Tell how far it is, every now and then, and return what is asked for.

        Raises
        ------
        SweepCancelledError
        FarmError
            The scheduler is gone, and with it all that was on its way.
        """
        if not self.is_there():
            raise FarmError(GONE)
        session, now = self.session, time.monotonic()
        wish = session.wish
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            wish = session.look()
            session.status.state = "paused" if wish is Wish.PAUSE else "running"
            self._tell()
        if wish is Wish.CANCEL:
            session.status.state = "cancelled"
            raise SweepCancelledError(
                how_to_go_on(session.status.done, session.status.total, session.status.store)
            )
        return wish

    def _tell(self) -> None:
        """Tell how far the sweep is, beside the store and on the cluster."""
        self.session.tell()
        with suppress(OSError, TimeoutError):
            self.client.log_event(TOPIC, self.session.status.as_json())
