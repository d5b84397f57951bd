"""Outputs that are added later: what is there is taken from there, and only the rest is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spikefarm as sf
from farm_fake import FakeSimulation, rate
from spikefarm import Ragged, Sweep, ms, mV, second
from spikefarm.core.units import volt
from spikefarm.farm import FailedRunsWarning

AXES = {"v0": [1, 2, 3] * volt, "tau": [5, 10] * ms}


def n_spikes(results: Any) -> int:
    return results["spikes"].num_spikes


def last(results: Any) -> Any:
    return results["spikes"].t[-1]


@pytest.fixture
def run(client: Any, simulation: FakeSimulation, tmp_path: Path) -> Any:
    def run(outputs: Any, axes: Any = AXES, **options: Any) -> Any:
        sweep = Sweep(axes, simulation=simulation, **options)
        return sweep.run(outputs, tmp_path / "s.zarr", client=client, progress=False).load()

    return run


@pytest.fixture
def plan(simulation: FakeSimulation, tmp_path: Path) -> Any:
    return lambda outputs, axes=AXES: Sweep(axes, simulation=simulation).plan(outputs, tmp_path / "s.zarr")


def test_a_reduction_of_what_is_stored_takes_no_run(run: Any, plan: Any, simulated: Any) -> None:
    first = run(["spikes"])
    assert simulated() == 6
    told = plan({"n": n_spikes, "last": last})
    assert (told.cached, told.from_store, told.to_simulate) == (0, 6, 0)
    assert "from the store  6, without simulating" in str(told)
    data = run({"n": n_spikes, "last": last})
    assert simulated() == 0
    assert (data.attrs["simulated"], data.attrs["cached"]) == (0, 6)
    np.testing.assert_array_equal(data.n, [[5, 10]] * 3)
    np.testing.assert_allclose(data["last"], [[0.004, 0.009]] * 3)
    assert data["last"].units == "second"
    np.testing.assert_array_equal(data.seed, first.seed)
    assert run({"n": n_spikes, "last": last}).attrs["cached"] == 6


def test_only_what_is_new_is_made(run: Any, plan: Any, simulated: Any) -> None:
    first = run({"rate": rate, "spikes": "spikes"})
    simulated()
    outputs = {"rate": rate, "spikes": "spikes", "n": n_spikes, "v": "group.v"}
    assert plan(outputs).to_simulate == 6  # nobody stored v
    data = run(outputs)
    assert simulated() == 6
    np.testing.assert_array_equal(data.rate, first.rate)
    assert [len(t) for t in data.spikes_t.values.ravel()] == [5, 10] * 3
    np.testing.assert_array_equal(data.v[..., 0], [[1, 1], [2, 2], [3, 3]])
    np.testing.assert_array_equal(data.n, [[5, 10]] * 3)
    # Any part of what is there now, and anything that follows from it.
    for part in (
        {"rate": rate},
        {"n": n_spikes, "v": "group.v"},
        ["spikes"],
        {"top": lambda r: r["group"].v.max()},
    ):
        run(part)
        assert simulated() == 0


def test_points_that_are_new_are_done_whole(run: Any, plan: Any, simulated: Any) -> None:
    run({"rate": rate})
    simulated()
    axes = {"v0": [1, 2, 3, 4] * volt, "tau": [5, 10] * ms}
    assert plan({"rate": rate, "n": n_spikes}, axes).to_simulate == 8
    data = run({"rate": rate, "n": n_spikes}, axes)
    assert simulated() == 8
    assert (data.status == 1).all()
    run({"rate": rate, "spikes": "spikes"}, {"v0": [1, 5] * volt, "tau": [5] * ms})
    assert simulated() == 2


def test_an_equal_name_is_not_enough(run: Any, simulated: Any) -> None:
    run({"x": rate, "spikes": "spikes"})
    simulated()
    data = run({"x": lambda r: 2 * r["rate"] / second})
    assert simulated() == 6
    np.testing.assert_allclose(data.x, 2 * run({"x": rate}).x)
    assert simulated() == 0


def test_another_seed_or_model_is_another_run(run: Any, simulation: FakeSimulation, simulated: Any) -> None:
    run(["spikes"])
    simulated()
    run({"n": n_spikes}, seed=1)
    assert simulated() == 6


def test_a_function_that_fails_does_so_from_the_store_too(run: Any, simulated: Any) -> None:
    run(["spikes"])
    simulated()

    def picky(results: Any) -> Any:
        if results["spikes"].num_spikes == 5:
            raise ValueError("too few")
        return 1.0

    with pytest.warns(FailedRunsWarning, match="3 runs of 6 failed"):
        data = run({"x": picky})
    assert simulated() == 0
    assert data.status.values.tolist() == [[2, 1]] * 3
    assert data.error.values[0, 0] == "OutputError: output 'x' raised ValueError: too few"


def test_failed_runs_are_no_source(run: Any, simulated: Any) -> None:
    axes = {"v0": [1, 13] * volt}
    with pytest.warns(FailedRunsWarning):
        run(["spikes"], axes)
    simulated()
    with pytest.warns(FailedRunsWarning, match="1 run of 2 failed"):
        data = run({"n": n_spikes}, axes)
    assert simulated() == 1
    assert data.status.values.tolist() == [1, 2]


def test_a_real_model_gives_the_same_both_ways(client: Any, tmp_path: Path) -> None:
    sf.start_scope()
    sf.set_device("cpp_standalone", build_on_run=False)
    group = sf.NeuronGroup(
        3, "dv/dt = (drive - v)/(10*ms) + mV*sqrt(0.1/ms)*xi : volt\ndrive : volt", threshold="v > 10*mV",
        reset="v = 0*mV", method="euler", name="cells",
    )  # fmt: skip
    spikes = sf.SpikeMonitor(group, name="spikes")
    trace = sf.StateMonitor(group, "v", record=[0, 2], name="trace")
    rate = sf.PopulationRateMonitor(group, name="rate")
    sf.run(20 * ms)
    sweep = Sweep({group.drive: [8, 15, 20] * mV}, repeats=2)
    outputs = {
        "n": lambda r: r["spikes"].count,
        "isi": lambda r: Ragged(np.diff(r["spikes"].t)),
        "mean": lambda r: r["trace"].v.mean(axis=1),
        "first": lambda r: r["trace"][2].v[:5],
        "rate": lambda r: r["rate"].smooth_rate(width=5 * ms).max(),
        "end": lambda r: r["cells"].v,
    }
    options = {"client": client, "progress": False}
    direct = sweep.run(outputs, tmp_path / "direct.zarr", **options).load()
    sweep.run(["spikes", "trace", "rate", "cells.v"], tmp_path / "s.zarr", **options)
    stored = sweep.run(outputs, tmp_path / "s.zarr", **options).load()
    assert stored.attrs["simulated"] == 0
    for name in ("n", "mean", "first", "rate", "end"):
        np.testing.assert_array_equal(stored[name], direct[name])
        assert stored[name].attrs.get("units") == direct[name].attrs.get("units")
    assert [i.tolist() for i in stored.isi.values.ravel()] == [i.tolist() for i in direct.isi.values.ravel()]
    assert trace.name == "trace"
    assert rate.name == "rate"
    assert spikes.name == "spikes"
