"""Sweeps and experiments of real models: the same spikes whichever way a run is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spikefarm.core.group import NeuronGroup
from spikefarm.core.monitors import SpikeMonitor, StateMonitor
from spikefarm.core.network import run
from spikefarm.core.session import Session, use_session
from spikefarm.core.units import Hz, ms, mV, second
from spikefarm.devices import isolated_session, set_device
from spikefarm.farm import Sweep, SweepError, experiment

EQUATIONS = """
dv/dt = (v0 - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
v0 : volt (shared, constant)
"""


def declare(v0: Any = 12 * mV, n: int = 2) -> tuple[Any, Any]:
    group = NeuronGroup(
        n,
        EQUATIONS,
        threshold="v > 10*mV",
        reset="v = 0*mV",
        refractory=2 * ms,
        method="euler",
        name="group",
        namespace={"tau": 10 * ms, "sigma": 2 * mV},
    )
    group.v0 = v0
    spikes = SpikeMonitor(group, name="spikes")
    run(200 * ms)
    return group, spikes


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    with use_session(Session()):
        set_device("cpp_standalone", build_on_run=False)
        yield declare()[0]


def test_a_sweep_gives_the_spikes_of_single_runs(client: Any, group: Any) -> None:
    sweep = Sweep({group.v0: [5, 12, 20] * mV}, repeats=3, seed=7)
    outputs = {"rate": lambda r: r["spikes"].num_spikes / (200 * ms), "spikes": "spikes", "v": "group.v"}
    data = sweep.run(outputs, client=client, progress=False)
    assert data.rate.units == "hertz"
    assert (data.rate.isel(v0=0) < data.rate.isel(v0=2)).all()
    simulation = sweep.simulation
    assert simulation is not None
    runner = simulation.runner()
    for v0 in (20e-3, 12e-3):
        for repeat in (2, 0):
            cell = data.sel(v0=v0, repeat=repeat)
            inputs = {**simulation.resolve(group.v0, v0 * second / second * 1000 * mV)}
            runner.run({**inputs, **simulation.seed_inputs(int(cell.seed))})
            alone = simulation.results(runner.read).export("spikes")
            np.testing.assert_array_equal(alone["spikes_t"], cell.spikes_t.item())
            np.testing.assert_array_equal(alone["spikes_i"], cell.spikes_i.item())
            assert len(alone["spikes_t"]) == float(cell.rate * 0.2)
    runner.close()
    assert len({tuple(cell) for cell in data.spikes_t.values[2]}) == 3


def test_wrong_keys_and_values_of_a_real_model(group: Any) -> None:
    with pytest.raises(SweepError) as caught:
        Sweep({group.v0: [1, np.nan] * mV, "tua": [1] * ms, group.v: [[1, 2, 3] * mV]})
    text = str(caught.value)
    assert text.startswith("sweep has 3 problem(s):")
    assert "'group.v0'" in text
    assert "NaN" in text
    assert "'tua' is no constant of the simulation" in text
    assert "'group.v' takes an array of shape (2,)" in text


@experiment
def noisy(v0: Any, n: int = 1) -> dict[str, Any]:
    _, spikes = declare(v0, n)
    return {"rate": spikes.num_spikes / (n * 200 * ms), "spikes": spikes}


def test_an_experiment_declares_its_own_models(client: Any, group: Any, tmp_path: Path) -> None:
    data = noisy.sweep(
        v0=[5, 20] * mV, n=[1, 3], repeats=2, client=client, store=tmp_path / "e.zarr", progress=False
    ).load()
    assert dict(data.rate.sizes) == {"v0": 2, "n": 2, "repeat": 2}
    assert data.rate.units == "hertz"
    assert set(np.unique(data.status)) == {1}
    cell = data.isel(v0=1, n=1)
    assert set(np.unique(np.concatenate(cell.spikes_i.values))) == {0, 1, 2}
    assert cell.spikes_t.values[0].tolist() != cell.spikes_t.values[1].tolist()
    once = noisy(20 * mV, n=3)
    assert once["rate"] == float(cell.rate[0]) * Hz
    np.testing.assert_array_equal(np.asarray(once["spikes"].t), cell.spikes_t.values[0])
    again = noisy.sweep(v0=[5, 20] * mV, n=[1, 3], repeats=2, store=tmp_path / "e.zarr", progress=False)
    assert (again.attrs["simulated"], again.attrs["cached"]) == (0, 8)


def test_a_state_monitor_as_a_result(client: Any) -> None:
    @experiment
    def trace(v0: Any) -> dict[str, Any]:
        group = NeuronGroup(2, "dv/dt = (v0 - v)/(10*ms) : volt", method="exact", namespace={"v0": v0})
        states = StateMonitor(group, "v", record=True)
        run(1 * ms)
        return {"states": states}

    data = trace.sweep(v0=[1, 2] * mV, client=client, progress=False)
    assert data.states_v.shape == (2, 2, 10)
    np.testing.assert_allclose(
        data.states_v[1, 0], 2e-3 * (1 - np.exp(-data.states_t[0] / 10e-3)), rtol=1e-12
    )


def test_an_isolated_session_leaves_the_script_alone(group: Any) -> None:
    before = list(group.session.program)
    with isolated_session(1):
        declare()
    assert group.session.program == before
