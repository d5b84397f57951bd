"""How a sweep's job comes to workers, those that join later included, and goes again.

Import this only where distributed is needed: it is the one module that cannot help importing it at its top,
since distributed wants its class inherited from.
"""

from __future__ import annotations

from typing import Any, final

from distributed import WorkerPlugin

from .live import snapshot
from .worker import PackedJob, close_pool, pool

METRIC = "spikefarm"


def _runs(worker: Any) -> list[dict[str, Any]]:
    return snapshot()


@final
class JobPlugin(WorkerPlugin):
    """Keeps a job in every worker for as long as it is registered.

    Parameters
    ----------
    packed : PackedJob
    """

    def __init__(self, packed: PackedJob) -> None:
        self.name = packed.token
        self.packed = packed

    def setup(self, worker: Any) -> None:
        """Keep the job; tasks open it."""
        pool(self.name).packed = self.packed
        worker.metrics.setdefault(METRIC, _runs)  # what the dashboard tells of each worker

    def teardown(self, worker: Any) -> None:
        """End what is at it and close what waits."""
        close_pool(self.name)
