"""Everything inside one SLURM job: client and scheduler in the first task's place, a worker on each task by srun.

All connections are encrypted with keys that are made for this job and lie in a folder that only its owner can read.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from ..axes import refuse
from .form import ClusterError, ClusterForm
from .options import JobOptions, make_private
from .tls import write_keys

if TYPE_CHECKING:
    from distributed import Client

START_SECONDS = 300.0


@final
class SlurmBatch(ClusterForm):
    """One job of many tasks."""

    name = "slurm-batch"
    summary = "everything in one job: scheduler, client and a worker on each of its tasks"

    def arguments(self, options: JobOptions) -> list[str]:
        return [
            f"--ntasks={options.jobs}",
            f"--cpus-per-task={options.cpus}",
            f"--mem-per-cpu={-(-options.megabytes // options.cpus)}M",
            "--no-kill",  # a node that fails takes its workers with it, not the job
            "--requeue",
            *options.gpu_arguments(),
        ]

    @contextmanager
    def connect(
        self,
        options: JobOptions,
        processes: bool,
        workers: int | None,
        needs: Mapping[str, float],
        tell: Callable[[str], None] = print,
    ) -> Iterator[Client]:
        if "SLURM_JOB_ID" not in os.environ:
            refuse("cluster", [f"{self.name} works inside a SLURM job only: submit the script"])
        from distributed import Client

        job = os.environ["SLURM_JOB_ID"]
        folder = make_private(options.shared / f"job-{job}-{os.getpid()}")
        keys = write_keys(folder)
        limit = options.wait_seconds if options.wait else START_SECONDS
        try:
            with (
                _scheduler(options, keys.security()) as cluster,
                _workers(options, cluster.scheduler_address, processes, keys.arguments(), folder),
                Client(cluster, set_as_default=False) as client,
            ):
                client.wait_for_workers(1, timeout=limit)
                yield client
        except TimeoutError:
            said = (folder / "workers.log").read_text(errors="replace")[-2000:]
            raise ClusterError(f"no worker came up within {limit:g} s; srun said:\n{said}") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _scheduler(options: JobOptions, security: Any) -> Any:
    from distributed import Scheduler, SpecCluster

    where = {"interface": options.interface} if options.interface else {"host": os.uname().nodename}
    specification = {
        **where,
        "port": 0,
        "protocol": "tls",
        "security": security,
        "dashboard": True,
        "dashboard_address": "127.0.0.1:0",  # has no authentication: reach it through an SSH tunnel
        "allowed_failures": 3,
    }
    return SpecCluster(
        scheduler={"cls": Scheduler, "options": specification},
        workers={},
        security=security,
        silence_logs=logging.CRITICAL,
        name="spikefarm",
    )


@contextmanager
def _workers(
    options: JobOptions, address: str, processes: bool, keys: list[str], folder: Path
) -> Iterator[None]:
    """Have srun start a worker for each task, and keep them until the end."""
    cpus = int(os.environ.get("SLURM_CPUS_PER_TASK", options.cpus))
    each = (cpus, 1) if processes else (1, cpus)
    command = [
        *("srun", "--overlap", "--kill-on-bad-exit=0", "--no-kill", f"--cpus-per-task={cpus}"),
        *worker_command(address, each, options, keys),
    ]
    with open(folder / "workers.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


def worker_command(address: str, each: tuple[int, int], options: JobOptions, keys: list[str]) -> list[str]:
    """Return what starts the workers of one task: so many processes with so many threads."""
    return [
        *(sys.executable, "-m", "distributed.cli.dask_worker", address),
        *(f"--nworkers={each[0]}", f"--nthreads={each[1]}", f"--memory-limit={options.memory}"),
        *("--death-timeout=120", "--no-dashboard", f"--resources={options.resources()}", *keys),
        *((f"--interface={options.interface}",) if options.interface else ()),
    ]
