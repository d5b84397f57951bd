"""A SLURM array whose tasks know nothing of each other, for sites that want no schedulers: the store joins them.

Every task runs the whole script with a cluster of its own on the cores that it has. Since clients of one store do
not do what another one is at (`farm/share.py`), the tasks share the runs of a sweep as they come, and the last one
publishes. A task that is cut off is made up for by the others, or by the same script another time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, final

from ..cluster import embedded
from .form import ClusterForm
from .options import JobOptions

if TYPE_CHECKING:
    from distributed import Client


@final
class SlurmArray(ClusterForm):
    """Tasks of an array, each on its own."""

    name = "slurm-array"
    summary = "a job array; its tasks share the runs through the store"
    needs_store = True
    elsewhere = False

    def arguments(self, options: JobOptions) -> list[str]:
        return [
            f"--array=0-{options.jobs - 1}",
            "--ntasks=1",
            f"--cpus-per-task={options.cpus}",
            f"--mem={options.megabytes}M",
            "--requeue",
            *options.gpu_arguments(),
        ]

    def connect(
        self,
        options: JobOptions,
        processes: bool,
        workers: int | None,
        needs: Mapping[str, float],
        tell: Callable[[str], None] = print,
    ) -> AbstractContextManager[Client]:
        cores = int(os.environ.get("SLURM_CPUS_PER_TASK", options.cpus))
        return embedded(processes, workers or cores, needs)

    def rank(self) -> tuple[int, int]:
        first = int(os.environ.get("SLURM_ARRAY_TASK_MIN", 0))
        task = int(os.environ.get("SLURM_ARRAY_TASK_ID", first))
        return task - first, max(int(os.environ.get("SLURM_ARRAY_TASK_COUNT", 1)), 1)
