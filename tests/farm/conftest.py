"""A small cluster that the tests of a worker process share, and runs that can be counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # so that workers and other processes can import the fake too
from farm_fake import FakeSimulation


@pytest.fixture(scope="session")
def client() -> Iterator[object]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=2,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def simulation(tmp_path: Path) -> FakeSimulation:
    return FakeSimulation(log=str(tmp_path / "log"))


@pytest.fixture
def simulated(tmp_path: Path) -> Callable[[], int]:
    """How many runs were simulated since the last look."""
    seen = 0

    def count() -> int:
        nonlocal seen
        log = tmp_path / "log"
        total = log.stat().st_size if log.exists() else 0
        new, seen = total - seen, total
        return new

    return count
