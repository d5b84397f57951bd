"""Workers as SLURM jobs of their own, as many as there is work for; client and scheduler are wherever the script is.

Through dask-jobqueue. A worker leaves before its job's wall time is over, so that no batch of runs is cut off, and
another job takes its place.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, final

from .form import ClusterError, ClusterForm
from .options import JobOptions, make_private
from .tls import Keys, write_keys
from .waiting import wait_for_first
from .watch import Submissions, Watch, job_class, jobqueue

if TYPE_CHECKING:
    from distributed import Client

SPARE_SECONDS = 90  # a batch of runs takes a minute at most
SPARE_PART = 0.1
TARGET = "500ms"  # few batches are in flight, so each that waits is reason enough for another job


@final
class SlurmJobs(ClusterForm):
    """Workers that come and go."""

    name = "slurm-jobs"
    summary = "workers as jobs of their own, as many as there is work for"

    def arguments(self, options: JobOptions) -> list[str]:
        """Ask for a small job that submits the others."""
        return ["--ntasks=1", "--cpus-per-task=1", f"--mem={options.megabytes}M", "--requeue"]

    @contextmanager
    def connect(
        self,
        options: JobOptions,
        processes: bool,
        workers: int | None,
        needs: Mapping[str, float],
        tell: Callable[[str], None] = print,
    ) -> Iterator[Client]:
        from distributed import Client

        options.check()
        folder = make_private(options.shared / f"jobs-{os.uname().nodename}-{os.getpid()}")
        submissions = Submissions()
        try:
            with (
                _cluster(options, processes, write_keys(folder), job_class(submissions)) as cluster,
                Client(cluster, set_as_default=False) as client,
            ):
                watch = Watch(cluster, submissions, options.shared)
                cluster.adapt(
                    minimum_jobs=1,
                    maximum_jobs=options.jobs,
                    interval="1s",
                    wait_count=10,
                    target_duration=TARGET,
                )
                wait_for_first(client, watch, options, tell)
                with _watched(watch):
                    yield client
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _watched(watch: Watch) -> Iterator[None]:
    """Replace jobs that end, and tell why none are left where that ends a sweep."""
    watch.cluster.sync(watch.keep)
    try:
        yield
    except Exception as error:
        if watch.problem:
            raise ClusterError(
                f"no worker is left, and none can come up: {watch.problem}\n"
                "Completed runs are in the store; run the same again to go on"
            ) from error
        raise
    finally:
        watch.cluster.sync(watch.stop)


def lifetime(seconds: int) -> int:
    """Return for how long a worker takes on batches, below its job's wall time."""
    return max(seconds - max(SPARE_SECONDS, int(SPARE_PART * seconds)), seconds // 2)


def _cluster(options: JobOptions, processes: bool, keys: Keys, jobs: Any) -> Any:
    stay = lifetime(options.seconds)
    where = {"interface": options.interface} if options.interface else {}
    scheduler = where or {"host": os.uname().nodename}
    return jobqueue().SLURMCluster(
        job_cls=jobs,
        cores=options.cpus,
        processes=options.cpus if processes else 1,
        memory=f"{options.megabytes}MiB",
        walltime=options.time,
        python=sys.executable,
        queue=options.partition or None,
        account=options.account or None,
        # A job that is queued again waits for minutes, and nobody would know of it; another one takes its place.
        job_extra_directives=["--no-requeue", *options.gpu_arguments(), *options.extra],
        worker_extra_args=[
            *("--lifetime", f"{stay}s", "--lifetime-stagger", f"{stay // 10}s", "--no-dashboard"),
            *("--resources", options.resources()),
        ],
        death_timeout=120,
        log_directory=str(options.shared),
        local_directory="/tmp",
        security=keys.security(),
        protocol="tls://",
        scheduler_options={**scheduler, "dashboard_address": "127.0.0.1:0", "allowed_failures": 3},
        silence_logs=logging.CRITICAL,
        **where,
    )
