"""Batches whose workers go away: what is in the store counts, the rest is done again, and the sweep goes on."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dying_fake import DyingSimulation, UnluckySimulation
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep, SweepError
from spikefarm.farm.cluster import embedded
from spikefarm.farm.schedule import Schedule
from spikefarm.store import RunStore

N = 60
V0 = np.arange(100, 100 + N) * volt


def run(simulation: FakeSimulation, client: Any, folder: Path) -> Any:
    store = folder / "s.zarr"
    data = Sweep({"v0": V0}, simulation=simulation).run(
        {"rate": rate}, store=store, client=client, batch_seconds=1e-9, progress=False
    )
    np.testing.assert_array_equal(np.floor(data.rate), np.arange(100, 100 + N) * 100)
    assert len(RunStore.open(store).completed()) == N
    assert data.attrs["simulated"] == N
    return data


@contextmanager
def repeating() -> Iterator[Any]:
    """A cluster that repeats on its own what a worker died of."""
    from distributed import Client, LocalCluster

    options = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with LocalCluster(n_workers=1, threads_per_worker=1, **options) as cluster, Client(cluster) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [lambda: embedded(True, 1), repeating], ids=["gives up", "repeats"])
def test_a_worker_dies_before_it_tells_of_its_batch(
    cluster: Callable[[], Any],
    simulated: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    simulation = DyingSimulation(log=str(tmp_path / "log"), last=130.0)
    with cluster() as client:
        run(simulation, client, tmp_path)
    assert (tmp_path / "log.died").exists()
    assert simulated() == N  # nothing twice


@pytest.mark.slow
def test_a_worker_dies_before_its_receipt_is_fetched(
    simulated: Callable[[], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster says that the task has ended, then that it is to be done again."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    taken: list[str] = []
    take = Schedule._take

    def kill_first(self: Schedule, future: Any) -> None:
        if not taken:
            (pid,) = self.crew.client.run(os.getpid).values()
            os.kill(pid, signal.SIGKILL)
            while future.status == "finished":
                pass
        taken.append(future.status)
        take(self, future)

    monkeypatch.setattr(Schedule, "_take", kill_first)
    with embedded(True, 1) as client:
        run(FakeSimulation(log=str(tmp_path / "log")), client, tmp_path)
    assert taken[0] in ("lost", "pending")
    assert N <= simulated() <= N + 1  # one that was on its way when its worker died


@pytest.mark.parametrize("status", ["finished", "lost", "pending"])
def test_nothing_is_heard_of_a_batch_that_is_in_the_store(
    status: str,
    client: Any,
    simulation: FakeSimulation,
    simulated: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = Schedule._take

    def forget(self: Schedule, future: Any) -> None:
        future._state.status = status
        take(self, future)

    monkeypatch.setattr(Schedule, "_told", lambda self, future: None)
    monkeypatch.setattr(Schedule, "_take", forget)
    run(simulation, client, tmp_path)
    assert simulated() == N


def test_somebody_else_cancels_tasks(
    client: Any,
    simulation: FakeSimulation,
    simulated: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    send = Schedule._send

    def cancel(self: Schedule, *batch: Any) -> Any:
        future = send(self, *batch)
        sent.append(future)
        if len(sent) % 7 == 3:
            self.crew.client.cancel([future])
        return future

    monkeypatch.setattr(Schedule, "_send", cancel)
    run(simulation, client, tmp_path)
    assert len(sent) > N - 2


@pytest.mark.slow
@pytest.mark.parametrize(("deaths", "failed"), [(2, True), (3, False)])
def test_workers_that_die_by_chance_do_not_count_against_a_run(
    deaths: int, failed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One among others, and two alone."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    simulation = UnluckySimulation(log=str(tmp_path / "log"), last=103.0, times=3)
    with embedded(True, 1) as client:
        data = Sweep({"v0": V0[:5]}, simulation=simulation).run(
            {"rate": rate},
            client=client,
            batch_seconds=1e-9,
            progress=False,
            deaths=deaths,
            store=tmp_path / "s.zarr",
        )
    assert (data.status.values == np.where((np.arange(5) == 3) & failed, 2, 1)).all()
    assert data.error.values[3].startswith("KilledWorker" if failed else "")


def test_a_limit_of_deaths_is_a_whole_number(simulation: FakeSimulation) -> None:
    with pytest.raises(SweepError, match="deaths=0: give a whole number, 1 or more"):
        Sweep({"v0": V0}, simulation=simulation).run({"rate": rate}, deaths=0)
