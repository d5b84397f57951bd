"""Sweeps whose runs go through the time loop together: the same results, one failure at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from spikefarm.core.group import NeuronGroup
from spikefarm.core.monitors import SpikeMonitor
from spikefarm.core.network import run
from spikefarm.core.session import Session, use_session
from spikefarm.core.timedarray import TimedArray
from spikefarm.core.units import ms, mV, second
from spikefarm.devices import set_device
from spikefarm.farm import Sweep, SweepError

OUTPUTS = {"n": lambda r: r["spikes"].num_spikes, "spikes": "spikes", "v": "group.v"}


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    with use_session(Session()):
        set_device("cpp_standalone", build_on_run=False)
        table = TimedArray(np.arange(6).reshape(2, 3) * mV, dt=50 * ms)
        group = NeuronGroup(
            2,
            """dv/dt = (v0 + table(t, column) - v)/tau + sigma*xi*tau**-0.5 : volt (unless refractory)
               v0 : volt (shared, constant)
               column : integer (constant)""",
            threshold="v > 10*mV",
            reset="v = 0*mV",
            refractory=2 * ms,
            method="euler",
            name="group",
            namespace={"tau": 10 * ms, "sigma": 2 * mV, "table": table},
        )
        spikes = SpikeMonitor(group, name="spikes")
        run(100 * ms)
        yield group
        del spikes


def test_lanes_change_no_result(client: Any, group: Any) -> None:
    sweep = Sweep({group.v0: np.linspace(5, 20, 7) * mV}, repeats=3, seed=7)
    alone = sweep.run(OUTPUTS, client=client, progress=False, lanes=1)
    together = sweep.run(OUTPUTS, client=client, progress=False, lanes=8)
    for name in ("n", "v", "spikes_i", "spikes_t"):
        if alone[name].dtype == object:
            for a, b in zip(alone[name].values.ravel(), together[name].values.ravel(), strict=True):
                np.testing.assert_array_equal(a, b)
        else:
            xr.testing.assert_equal(alone[name], together[name])


def test_lanes_find_each_others_runs(client: Any, group: Any, tmp_path: Path) -> None:
    store = tmp_path / "s.zarr"
    sweep = Sweep({group.v0: np.linspace(5, 20, 9) * mV})
    assert sweep.run(OUTPUTS, client=client, store=store, progress=False, lanes=8).attrs["simulated"] == 9
    assert sweep.run(OUTPUTS, client=client, store=store, progress=False, lanes=1).attrs["cached"] == 9


def test_a_run_that_fails_spoils_no_other(client: Any, group: Any) -> None:
    """Column 7 does not exist: that run ends with an error, in the midst of eight."""
    sweep = Sweep({group.column: [0, 1, 7, 2]}, repeats=2)
    with pytest.warns(UserWarning, match="2 runs of 8 failed"):
        data = sweep.run(OUTPUTS, client=client, progress=False, lanes=8)
    failed = data.status == 2
    assert failed.sel(column=7).all()
    assert int(failed.sum()) == 2
    assert "group.table: the index 7 lies outside its 3 value(s)" in data.error.sel(column=7).values[0]
    alone = Sweep({group.column: [0, 1, 2]}, repeats=2).run(OUTPUTS, client=client, progress=False, lanes=1)
    np.testing.assert_array_equal(data.n.sel(column=[0, 1, 2]), alone.n)


def test_time_steps_may_be_an_axis(client: Any, group: Any) -> None:
    """Only runs with the same step go together."""
    sweep = Sweep({"defaultclock.dt": [0.1, 0.2] * ms, group.v0: np.linspace(5, 20, 5) * mV})
    together = sweep.run(OUTPUTS, client=client, progress=False, lanes=8)
    alone = sweep.run(OUTPUTS, client=client, progress=False, lanes=1)
    xr.testing.assert_equal(together.n, alone.n)
    assert (together.status == 1).all()


def test_a_time_limit_is_each_runs_own(client: Any, group: Any) -> None:
    sweep = Sweep({"run.duration": [0.1, 1e6] * second, group.v0: [10, 20] * mV})
    with pytest.warns(UserWarning, match="2 runs of 4 failed"):
        data = sweep.run(OUTPUTS, client=client, progress=False, lanes=8, time_limit=0.5)
    assert (data.status.isel({"duration": 0} if "duration" in data.dims else {data.n.dims[0]: 0}) == 1).all()


def test_the_plan_says_how_many_go_together(group: Any) -> None:
    sweep = Sweep({group.v0: np.linspace(5, 20, 100) * mV})
    assert "16 at a time" in str(sweep.plan())
    assert "8 at a time" in str(sweep.plan(lanes=8))
    assert "lanes" not in str(sweep.plan(lanes=1))
    few = Sweep({group.v0: [5, 10] * mV})
    assert "lanes" not in str(few.plan())


@pytest.mark.parametrize("wrong", [0, 7, 2.5, "many", True])
def test_a_number_of_lanes_that_there_is_not(group: Any, wrong: Any) -> None:
    with pytest.raises(SweepError, match=r"lanes=.*: give one of 1, 8, 16, 32, 64, or None"):
        Sweep({group.v0: [5, 10] * mV}).run(OUTPUTS, lanes=wrong)


def test_groups_that_fill_registers_go_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with use_session(Session()):
        set_device("cpp_standalone", build_on_run=False)
        group = NeuronGroup(1000, "dv/dt = -v/(10*ms) : 1\nw : 1 (shared)", method="exact")
        run(1 * ms)
        sweep = Sweep({group.w: np.arange(100.0)})
        assert "lanes" not in str(sweep.plan())
