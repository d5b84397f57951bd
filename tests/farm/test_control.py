"""Sweeps that are watched, paused, resumed and cancelled from elsewhere; priorities and resources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeRunner, FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import FarmError, Sweep, SweepCancelledError, SweepError
from spikefarm.farm import cluster as cluster_module
from spikefarm.farm.cluster import embedded
from spikefarm.farm.control import Session, Status, Wish, ask, forget_dead, sessions
from spikefarm.store.place import place_of

N = 60


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


@contextmanager
def sweeping(simulation: FakeSimulation, store: Path, client: Any, **options: Any) -> Iterator[list[Any]]:
    """Do a sweep of a few seconds meanwhile; what comes of it is in the list."""
    found: list[Any] = []

    def sweep() -> None:
        made = Sweep({"v0": np.arange(20, 20 + N) * volt}, simulation=replace(simulation, pause=0.05))
        try:
            data = made.run(
                {"rate": rate}, store, client=client, progress=False, batch_seconds=0.1, **options
            )
            found.append(data.load())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        yield found
    finally:
        ask(store, Wish.CANCEL)
        thread.join(60)


def test_a_sweep_can_be_watched_paused_and_resumed(
    client: Any, simulation: FakeSimulation, tmp_path: Path
) -> None:
    store = tmp_path / "s.zarr"
    assert sessions(store) == []
    with sweeping(simulation, store, client) as found:
        wait_for(lambda: sessions(store) and sessions(store)[0].done > 4)
        (status,) = sessions(store)
        assert (status.total, status.failed, status.state, status.pid) == (N, 0, "running", os.getpid())
        assert status.dashboard.startswith("http://")
        assert len(ask(store, Wish.PAUSE, status.sweep)) == 1
        wait_for(lambda: sessions(store)[0].state == "paused")
        time.sleep(1)  # what was on its way
        before = sessions(store)[0].done
        time.sleep(0.7)
        assert before == sessions(store)[0].done < N
        assert sessions(store)[0].eta is None
        assert found == []
        assert ask(store, Wish.RUN, "another") == []
        ask(store, Wish.RUN, status.id)
        wait_for(lambda: found)
    assert np.isfinite(found[0].rate).all()
    assert sessions(store) == []
    assert not (tmp_path / "s.zarr.sessions").exists()


def test_a_cancelled_sweep_says_how_to_go_on(
    client: Any, simulation: FakeSimulation, simulated: Any, tmp_path: Path
) -> None:
    store = tmp_path / "s.zarr"
    with sweeping(simulation, store, client) as found:
        wait_for(lambda: sessions(store) and sessions(store)[0].done > 4)
        ask(store, Wish.CANCEL)
        wait_for(lambda: found)
    assert isinstance(found[0], SweepCancelledError)
    told = str(found[0])
    assert told.endswith(f" of {N} runs are in {store}; run the same again to do the others")
    kept = int(told.split()[0])
    assert 4 < kept < N
    wait_for(lambda: not client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))
    simulated()
    sweep = Sweep({"v0": np.arange(20, 20 + N) * volt}, simulation=simulation)
    data = sweep.run({"rate": rate}, store, client=client, progress=False)
    assert data.attrs["cached"] >= kept
    assert simulated() == N - data.attrs["cached"]


def test_a_run_without_end_can_be_cancelled(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    sweep = Sweep({"v0": [1] * volt}, simulation=replace(simulation, pause=3))
    timer = threading.Timer(1.0, ask, (tmp_path / "s.zarr", Wish.CANCEL))
    timer.start()
    start = time.monotonic()
    with pytest.raises(SweepCancelledError, match="0 of 1 runs"):
        sweep.run({"rate": rate}, tmp_path / "s.zarr", client=client, progress=False)
    assert time.monotonic() - start < 2.9


def test_the_cluster_tells_and_is_told_too(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    """As the dashboard's page does it."""
    with sweeping(simulation, tmp_path / "s.zarr", client) as found:
        wait_for(lambda: sessions(tmp_path / "s.zarr"))
        (status,) = sessions(tmp_path / "s.zarr")
        wait_for(lambda: [e for _, e in client.get_events("spikefarm") if e["id"] == status.id and e["done"]])
        client.log_event(f"spikefarm-{status.id}", {"wish": "nonsense"})
        client.log_event(f"spikefarm-{status.id}", {"wish": "cancel"})
        wait_for(lambda: found)
        last = [event for _, event in client.get_events("spikefarm")][-1]
    assert isinstance(found[0], SweepCancelledError)
    assert last["state"] == "cancelled"


def test_those_who_died_are_known(tmp_path: Path) -> None:
    place = place_of(tmp_path / "s.zarr")
    code = (
        "from spikefarm.farm.control import Session, Status\n"
        "from spikefarm.store.place import place_of\n"
        f"Session(place_of({str(tmp_path / 's.zarr')!r}), Status('dead', 'x', 'y', 'z', 3)).tell()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    mine = Session(place, Status("mine", "x", "y", "z", 3))
    mine.tell()
    old = Session(place, Status("old", "x", "y", "z", 3, process={"machine": "elsewhere"}))
    old.tell()
    record = json.loads((tmp_path / "s.zarr.sessions" / "old.json").read_text())
    (tmp_path / "s.zarr.sessions" / "old.json").write_text(
        json.dumps({**record, "updated": time.time() - 100})
    )
    assert {status.id: status.state for status in sessions(place)} == {
        "dead": "died",
        "mine": "running",
        "old": "died",
    }
    assert [status.id for status in ask(place, Wish.PAUSE)] == ["mine"]
    forget_dead(place)
    assert [status.id for status in sessions(place)] == ["mine"]
    assert mine.look() is Wish.PAUSE
    assert mine.look() is Wish.PAUSE
    mine.end()
    assert list(tmp_path.iterdir()) == []


def test_a_rate_is_that_of_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("spikefarm.farm.control.time.time", lambda: now[0])
    session = Session(place_of(tmp_path / "s.zarr"), Status("a", "x", "y", "z", 1000, done=100))
    for seconds, done, expected in ((10, 200, 10), (10, 300, 10), (40, 340, 1)):
        now[0] += seconds
        session.status.done = done
        session.tell()
        assert session.status.rate == pytest.approx(expected)
    assert session.status.eta == pytest.approx(660)


# -- who comes first, and how many at a time -----------------------------------------------------------------------


def test_priorities_reach_the_cluster(
    client: Any, simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    submit = client.submit
    monkeypatch.setattr(
        client, "submit", lambda *a, **k: seen.add((k["priority"], k["resources"] is None)) or submit(*a, **k)
    )
    Sweep({"v0": [1, 2] * volt}, simulation=simulation).run(
        {"rate": rate}, client=client, priority=7, progress=False
    )
    assert seen == {(7, True)}


def test_no_more_run_than_there_is_of_what_they_need(
    simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Sweep({"v0": np.arange(20, 40) * volt}, simulation=replace(simulation, pause=0.02))
    for gpus, expected in ((2.0, 2), (5.0, 5)):
        monkeypatch.setattr(cluster_module, "_gpus", lambda gpus=gpus: gpus)
        wait_for(lambda: not FakeRunner.busy)
        FakeRunner.most = 0
        made.run({"rate": rate}, workers=6, resources={"GPU": 1}, batch_seconds=1e-9, progress=False)
        assert FakeRunner.most == expected


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"GPU": 3}, "a run needs 3 of 'GPU', and this machine has 2"),
        ({"TPU": 1}, "nobody knows how much 'TPU' this machine has, only memory and GPU"),
        ({"memory": "1000 TB"}, "a run needs 1e.15 of 'memory', and this machine has"),
        ({"memory": "much"}, "resources: 'memory' is 'much'; give a number above 0 or text such as '4 GB'"),
        ({"GPU": 0}, "resources: 'GPU' is 0; give a number above 0"),
        (3, "resources=3: give a dict such as"),
    ],
)
def test_what_this_machine_does_not_have_is_told(
    resources: Any, told: str, monkeypatch: pytest.MonkeyPatch, simulation: FakeSimulation
) -> None:
    monkeypatch.setattr(cluster_module, "_gpus", lambda: 2.0)
    with pytest.raises(SweepError, match=told):
        Sweep({"v0": [1] * volt}, simulation=simulation).run(
            {"rate": rate}, resources=resources, progress=False
        )


def test_what_no_worker_has_is_told(client: Any, simulation: FakeSimulation) -> None:
    sweep = Sweep({"v0": [1] * volt}, simulation=simulation)
    with pytest.raises(FarmError, match=r"no worker of the cluster has what a run needs \(GPU 1\)"):
        sweep.run({"rate": rate}, client=client, resources={"GPU": 1}, progress=False)


def test_processes_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "_memory", lambda: 5e9)
    with embedded(True, 8, {"memory": 2e9}) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        assert [w["resources"] for w in workers] == [{"memory": 2.5e9}] * 2


# -- which cluster ----------------------------------------------------------------------------------------------


def test_an_address_is_as_good_as_a_client(
    simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    with LocalCluster(
        processes=False,
        host="127.0.0.1",
        protocol="tcp",
        n_workers=1,
        threads_per_worker=1,
        dashboard_address=None,
    ) as cluster:
        sweep = Sweep({"v0": [1, 2] * volt}, simulation=simulation)
        data = sweep.run({"rate": rate}, client=cluster.scheduler_address, progress=False)
        assert data.status.values.tolist() == [1, 1]
        monkeypatch.setenv("SPIKEFARM_SCHEDULER", cluster.scheduler_address)
        assert sweep.run({"rate": rate}, progress=False).attrs["simulated"] == 2


def test_the_environment_speaks_for_those_who_say_nothing(
    simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SPIKEFARM_QUIET", "1")
    monkeypatch.setenv("SPIKEFARM_WORKERS", "1")
    sweep = Sweep({"v0": [1, 2] * volt}, simulation=simulation)
    sweep.run({"rate": rate})
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("SPIKEFARM_WORKERS", "many")
    with pytest.raises(SweepError, match="SPIKEFARM_WORKERS='many': give a whole number, 1 or more"):
        sweep.run({"rate": rate})
