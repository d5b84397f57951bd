"""How a sweep's job comes to workers, those that join later included, and goes again.

Import this only where distributed is needed: it is the one module that cannot help importing it at its top,
since distributed wants its class inherited from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from distributed import WorkerPlugin

from ..devices.base import Parcel
from .adapters import forget_builds, receive_builds
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


@final
class BuildsPlugin(WorkerPlugin):
    """Keeps builds in every worker for as long as it is registered; they are unpacked where they are wanted.

    Parameters
    ----------
    name : str
    parcels : sequence of Parcel
    """

    def __init__(self, name: str, parcels: Sequence[Parcel]) -> None:
        self.name = name
        self.parcels = tuple(parcels)

    def setup(self, worker: Any) -> None:
        """Keep them."""
        receive_builds(self.name, self.parcels)

    def teardown(self, worker: Any) -> None:
        """Let go of them."""
        forget_builds(self.name)
