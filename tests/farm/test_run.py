"""Sweeps on a small cluster: results, caching, failures, and what may be in flight at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from farm_fake import CRASHES, HANGS, FakeRunner, FakeSimulation, View, rate
from spikefarm.core.units import ms, second, volt
from spikefarm.devices import BuildError
from spikefarm.farm import FailedRunsWarning, Ragged, RunsFailedError, Sweep, SweepError, Zip, open_results
from spikefarm.farm import schedule as schedule_module
from spikefarm.farm.cluster import embedded
from spikefarm.farm.schedule import Schedule
from spikefarm.store import LockedError, OwnerError, RunStore, StoreError, runstore
from spikefarm.store import target as target_module

Count = Callable[[], int]
TAU = [5, 10, 20] * ms


def tasks_left(client: Any, but: int = 0) -> int:
    """What the scheduler still knows of, once it has had time to forget."""
    deadline = time.monotonic() + 10
    while True:
        n = client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
        if n <= but or time.monotonic() > deadline:
            return int(n)
        time.sleep(0.05)


def n_spikes(results: Any) -> int:
    return results["spikes"].num_spikes


def test_results_are_labelled_over_the_axes(client: Any, simulation: FakeSimulation) -> None:
    sweep = Sweep({"v0": [1, 2] * volt, "tau": TAU}, repeats=4, simulation=simulation)
    outputs = {"rate": rate, "n": n_spikes, "spikes": "spikes", "v": "group.v"}
    data = sweep.run(outputs, client=client, progress=False)
    assert dict(data.rate.sizes) == {"v0": 2, "tau": 3, "repeat": 4}
    v0, tau = data.v0, data.tau
    expected = (v0 / tau).broadcast_like(data.rate)
    noise = data.rate - expected
    assert float(noise.min()) >= 0
    assert float(noise.max()) < 1
    assert len(np.unique(noise)) == len(np.unique(data.seed)) == 24
    drawn = [np.random.default_rng(seed).random() for seed in data.seed.values.ravel()]
    np.testing.assert_allclose(noise.values.ravel(), drawn, atol=1e-9)
    np.testing.assert_array_equal(data.n, np.broadcast_to([[5], [10], [20]], (2, 3, 4)))
    assert (data.rate.units, data.v.units, data.tau.units, data.v0.units) == (
        "hertz",
        "volt",
        "second",
        "volt",
    )
    np.testing.assert_allclose(data.spikes_t.sel(v0=2, tau=0.01, repeat=3).item(), np.arange(10) * 1e-3)
    np.testing.assert_array_equal(data.v.sel(v0=2, tau=0.01, repeat=0), [2, 2, 2])
    assert data.attrs["model_hash"] == "fake model"
    assert set(data.host.values.ravel().tolist()) == {socket.gethostname()}
    assert (data.attrs["simulated"], data.attrs["cached"], data.attrs["failed"]) == (24, 0, 0)


def test_zips_and_arrays_as_values(client: Any, simulation: FakeSimulation) -> None:
    design = Zip({View("group", "v"): [[1, 2, 3] * volt, [4, 5, 6] * volt], "tau": [5, 10] * ms})
    data = Sweep(design, simulation=simulation).run(["group.v"], client=client, progress=False)
    np.testing.assert_array_equal(data.group_v, [[1, 2, 3], [4, 5, 6]])
    assert data.group_v.dims[0] == "v_tau"
    np.testing.assert_array_equal(data.v, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(data.tau, [0.005, 0.01])


def test_a_finished_sweep_is_not_simulated_again(
    client: Any,
    simulation: FakeSimulation,
    simulated: Count,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep = Sweep({"tau": TAU}, repeats=5, simulation=simulation)
    first = sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False).load()
    assert simulated() == 15
    # Without a client: a cluster that is not needed is not started.
    again = sweep.run({"rate": rate}, store=tmp_path / "s.zarr").load()
    assert simulated() == 0
    assert capsys.readouterr().out.startswith("15 runs: 0 simulated, 15 from the cache, 0 failed; ")
    assert first.rate.identical(again.rate)
    assert open_results(tmp_path / "s.zarr").rate.identical(again.rate)


def test_the_plain_copy_is_made_when_something_is_new(
    client: Any, simulation: FakeSimulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    publish = RunStore.publish
    monkeypatch.setattr(RunStore, "publish", lambda self, id: made.append(id) or publish(self, id))

    def run(tau: Any, **options: Any) -> int:
        made.clear()
        sweep = Sweep({"tau": tau}, simulation=simulation, **options)
        sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False)
        with xr.open_zarr(tmp_path / "s.zarr", group="results") as plain:
            np.testing.assert_array_equal(plain.tau, np.asarray(tau))
            assert np.isfinite(plain.rate).all()
        return len(made)

    assert run(TAU) == 1
    assert run(TAU) == 0
    assert run([5, 10] * ms) == 1
    assert run([5, 10] * ms) == 0
    assert run(TAU) == 1
    assert run([5, 10] * ms, name="named") == 1
    assert run([10, 20] * ms, name="named") == 1
    assert run([20, 10] * ms, name="named") == 1
    assert run([10, 20, 40] * ms) == 1
    assert run(TAU) == 1  # something was written since


def test_only_new_points_are_simulated(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    def run(axes: Any, repeats: int) -> Any:
        sweep = Sweep(axes, repeats, simulation=simulation)
        return sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False).load()

    small = run({"tau": TAU}, 2)
    assert simulated() == 6
    run({"tau": TAU}, 3)
    assert simulated() == 3
    run({"tau": [40, 5, 20, 10] * ms}, 3)  # reordered, and one more
    assert simulated() == 3
    large = run({"v0": [0, 1] * volt, "tau": TAU}, 2)  # v0 is 0 in the model
    assert simulated() == 6
    np.testing.assert_array_equal(large.rate.sel(v0=0), small.rate)
    run({"tau": [10] * ms}, 1)
    assert simulated() == 0


def test_another_output_is_another_result(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    sweep = Sweep({"tau": TAU}, simulation=simulation)
    for outputs in (
        {"rate": rate},
        {"rate": rate, "n": n_spikes},
        {"rate": lambda r: 2 * r["rate"] / second},
    ):
        data = sweep.run(outputs, store=tmp_path / "s.zarr", client=client, progress=False)
        assert set(outputs) < set(data)
        assert simulated() == 3
    assert (
        Sweep({"tau": TAU}, seed=1, simulation=simulation).plan({"rate": rate}, tmp_path / "s.zarr").cached
        == 0
    )


def test_failing_runs_are_recorded_and_do_not_stop_the_others(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    def output(results: Any) -> Any:
        rate = results["rate"]
        if 100 <= rate < 101:
            raise ZeroDivisionError("division by zero")
        return np.zeros(2) if 200 <= rate < 201 else rate

    axes = {"v0": [3, 1, 2, CRASHES, 4, HANGS, 5] * volt}
    sweep = Sweep(axes, simulation=simulation)
    store = tmp_path / "s.zarr"
    with pytest.warns(
        FailedRunsWarning, match="4 runs of 7 failed; their errors are in the variable 'error'"
    ):
        data = sweep.run(
            {"x": output}, store=store, client=client, time_limit=3 * second, progress=False
        ).load()
    assert data.status.values.tolist() == [1, 2, 2, 2, 1, 2, 1]
    assert data.error.values.tolist() == [
        "",
        "OutputError: output 'x' raised ZeroDivisionError: division by zero",
        "OutputError: output 'x' has shape (2,) in one run and () in others; wrap it in Ragged(...) if its length "
        "differs from run to run",
        "SimulationCrashError: the simulation died of signal 11",
        "",
        "TimeLimitError: the simulation took longer than 3.0 s",
        "",
    ]
    assert np.isnan(data.x.values).tolist() == [False, True, True, True, False, True, False]
    assert data.attrs["failed"] == 4
    assert simulated() == 7
    with pytest.warns(FailedRunsWarning):
        sweep.run({"x": output}, store=store, client=client, progress=False)
    assert simulated() == 0
    with pytest.warns(FailedRunsWarning, match="3 runs of 7 failed"):  # without a limit, one hangs no more
        sweep.run({"x": output}, store=store, client=client, retry_failed=True, progress=False)
    assert simulated() == 4


def test_nothing_is_recorded_when_no_run_succeeds(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    sweep = Sweep({"v0": np.arange(100) * volt}, simulation=simulation)
    with pytest.raises(
        RunsFailedError, match=r"none of the 16 runs .*\n- OutputError: output 'x' raised KeyError: 'spiks'"
    ):
        sweep.run({"x": lambda r: r["spiks"]}, store=tmp_path / "s.zarr", client=client, progress=False)
    assert simulated() == 16
    assert len(RunStore.create_or_open(tmp_path / "s.zarr", "model fake model").completed()) == 0


def test_runs_that_disagree_from_the_start_are_told(client: Any, simulation: FakeSimulation) -> None:
    sweep = Sweep({"tau": TAU}, simulation=simulation)
    with pytest.raises(
        RunsFailedError, match=r"runs do not agree: output 't' has shape .*; wrap it in Ragged"
    ):
        sweep.run({"t": lambda r: r["spikes"].t}, client=client, progress=False)
    data = sweep.run({"t": lambda r: Ragged(r["spikes"].t)}, client=client, progress=False)
    assert [len(t) for t in data.t.values] == [5, 10, 20]
    assert data.t.units == "second"


def test_few_batches_are_in_flight(
    client: Any, simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = []
    take = Schedule._take

    def watch(self: Schedule, *args: Any) -> None:
        most.append(len(self.in_flight))
        take(self, *args)

    monkeypatch.setattr(Schedule, "_take", watch)
    sweep = Sweep({"v0": np.arange(1, 13) * volt, "tau": TAU}, simulation=simulation)
    data = sweep.run({"rate": rate}, client=client, batch_seconds=1e-9, progress=False)
    assert data.attrs["simulated"] == 36
    assert len(most) == 34  # two pilots, and one run a batch
    assert max(most) == max(schedule_module.MIN_WINDOW, 2 * schedule_module.PER_THREAD)


def test_progress_false_says_nothing(
    client: Any, simulation: FakeSimulation, capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = Sweep({"tau": TAU}, simulation=simulation)
    sweep.run({"rate": rate}, client=client, progress=False)
    assert capfd.readouterr() == ("", "")
    sweep.run({"rate": rate}, client=client, progress=True)
    assert "3/3" in capfd.readouterr().err


def test_a_model_that_does_not_compile_leaves_nothing(tmp_path: Path, simulation: FakeSimulation) -> None:
    sweep = Sweep({"tau": TAU}, simulation=replace(simulation, compiles=False))
    with pytest.raises(BuildError, match="does not compile"):
        sweep.run({"rate": rate}, store=tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_another_model_is_refused(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    store = tmp_path / "s.zarr"
    Sweep({"tau": TAU}, simulation=simulation).run({"rate": rate}, store=store, client=client, progress=False)
    simulated()
    other = Sweep({"tau": TAU}, simulation=replace(simulation, model_hash="other"))
    with pytest.raises(
        OwnerError, match=r"belongs to 'model fake model', not to 'model other'.*overwrite=True"
    ):
        other.run({"rate": rate}, store=store, client=client, progress=False)
    with pytest.raises(OwnerError):
        other.plan({"rate": rate}, store)
    assert simulated() == 0
    other.run({"rate": rate}, store=store, client=client, overwrite=True, progress=False)
    assert simulated() == 3


def test_places_that_cannot_hold_a_store_are_refused(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    sweep = Sweep({"tau": TAU}, simulation=simulation)
    for place in (file, file / "below.zarr"):
        with pytest.raises(StoreError):
            sweep.run({"rate": rate}, store=place, client=client, progress=False)
    assert file.read_text() == "mine"
    assert simulated() == 0


def test_a_store_that_stays_locked_is_refused(
    client: Any, simulation: FakeSimulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runstore, "LOCK_SECONDS", 0.3)
    store = RunStore.create_or_open(tmp_path / "s.zarr", "model fake model")
    sweep = Sweep({"tau": TAU}, simulation=simulation)
    with store.lock(), pytest.raises(LockedError, match="is being written to by process"):
        sweep.run({"rate": rate}, store=store.path, client=client, progress=False)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"time_limit": 0}, "time_limit=0: give seconds above 0"),
        ({"time_limit": 1 * volt}, "give seconds above 0"),
        ({"batch_seconds": -1}, "batch_seconds=-1: give seconds above 0"),
        ({"workers": 0}, "workers=0: give a whole number"),
        ({"overwrite": True}, "overwrite=True without a store"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(SweepError, match=told):
        Sweep({"tau": TAU}, simulation=FakeSimulation()).run({"rate": rate}, **options)


def test_an_output_named_as_an_axis_is_refused() -> None:
    sweep = Sweep({"tau": TAU}, repeats=2, simulation=FakeSimulation())
    with pytest.raises(SweepError, match=r"'tau' names 2 things.*\n.*'repeat' names 2 things"):
        sweep.run({"tau": rate, "repeat": rate})


def test_memory_stays_flat(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    """No batch is remembered once it is done, neither by the client nor by the scheduler."""
    sweep = Sweep({"v0": np.arange(1, 13) * volt, "tau": TAU}, simulation=simulation)
    sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, batch_seconds=1e-9, progress=False)
    assert tasks_left(client) == 0
    assert client.futures == {}


def test_runners_are_kept_between_batches_and_closed_at_the_end(
    client: Any, simulation: FakeSimulation
) -> None:
    FakeRunner.made = 0
    sweep = Sweep({"v0": np.arange(1, 13) * volt, "tau": TAU}, simulation=simulation)
    sweep.run({"rate": rate}, client=client, batch_seconds=1e-9, progress=False)
    assert FakeRunner.made <= 2  # threads
    assert FakeRunner.open == []


def test_a_batch_that_cannot_be_written_ends_the_sweep_and_loses_nothing_else(
    client: Any, simulation: FakeSimulation, simulated: Count, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, tries = target_module.write_batch, []

    def full(path: Path, slot: Any, records: Any) -> Any:
        tries.append(slot.index)
        if len(set(tries)) > 3:
            raise OSError(28, "No space left on device")
        return write(path, slot, records)

    monkeypatch.setattr(target_module, "write_batch", full)
    sweep = Sweep({"v0": np.arange(1, 13) * volt, "tau": TAU}, simulation=simulation)
    with pytest.raises(OSError, match="No space left"):
        sweep.run(
            {"rate": rate}, store=tmp_path / "s.zarr", client=client, batch_seconds=1e-9, progress=False
        )
    monkeypatch.undo()
    assert tasks_left(client, but=1) <= 1  # the one that failed, which the traceback may hold
    assert max(tries.count(slot) for slot in tries) == 3  # twice again
    simulated()
    kept = len(RunStore.create_or_open(tmp_path / "s.zarr", "model fake model").completed())
    assert kept >= 4
    data = sweep.run({"rate": rate}, store=tmp_path / "s.zarr", client=client, progress=False)
    assert (data.attrs["cached"], simulated()) == (kept, 36 - kept)


def test_a_worker_that_dies_costs_nothing_but_time(
    simulation: FakeSimulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    sweep = Sweep({"v0": np.arange(100, 200) * volt}, simulation=replace(simulation, pause=0.02))
    with embedded(processes=True, workers=2) as client:
        pids = list(client.run(os.getpid).values())
        killer = threading.Timer(0.7, os.kill, (pids[0], signal.SIGKILL))
        killer.start()
        data = sweep.run({"rate": rate}, client=client, batch_seconds=0.2, progress=False)
        killer.join()
    assert data.status.values.tolist() == [1] * 100
    np.testing.assert_array_equal(np.floor(data.rate), np.arange(100, 200) * 100)
