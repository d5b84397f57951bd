"""Sweeps without a store: what they return is what a store would give."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import xarray as xr
from farm_fake import CRASHES, FakeRunner, FakeSimulation, rate
from spikefarm.core.units import ms, volt
from spikefarm.farm import Grid, Ragged, Sweep, SweepCancelledError, crews, worker
from spikefarm.farm import crew_embedded as embedded_module
from spikefarm.farm.dashboard.preview import preview
from spikefarm.store import StoreError, memory
from spikefarm.store.memory import MemoryLog

OUTPUTS = {
    "rate": rate,
    "count": lambda r: r["spikes"].num_spikes,
    "v": lambda r: r["group"].v,
    "t": lambda r: Ragged(r["spikes"].t),
}


def both(sweep: Sweep, path: Any, outputs: Any = OUTPUTS) -> list[xr.Dataset]:
    """What comes of a sweep with and without a store, in memory, apart from what differs every time."""
    found = []
    for store in (path, None):
        data = sweep.run(outputs, store, progress=False, workers=2, batch_seconds=1e-9).load()
        found.append(data.drop_vars("wall_time"))
        del found[-1].attrs["recorded"]
        assert data.wall_time.attrs == {"long_name": "time the run took", "units": "s"}
        np.testing.assert_array_equal(data.wall_time.notnull(), np.isin(data.status, (1, 2)))
    return found


@pytest.mark.filterwarnings("ignore:.*failed")
@pytest.mark.parametrize(
    "design",
    [
        Grid({"v0": [1, 2, 3] * volt, "tau": [5, 10] * ms}),
        Grid({"v0": [1, CRASHES, 3] * volt, "tau": [5, 10] * ms}),
        Grid({"v0": [1, 2, 3] * volt, "tau": [5, 10] * ms}).where(
            lambda v0, tau: (v0 < 3 * volt) | (tau > 7 * ms)
        ),
        Grid({"stim": [np.arange(4.0), np.ones(4)], "v0": [1, 2] * volt}),
        Grid({}),
    ],
)
def test_it_is_what_a_store_gives(design: Any, simulation: FakeSimulation, tmp_path: Any) -> None:
    kept, forgotten = both(Sweep(design, repeats=2, simulation=simulation), tmp_path / "s.zarr")
    for name in kept.variables:
        assert kept[name].dtype == forgotten[name].dtype, name
        assert kept[name].dims == forgotten[name].dims
        assert list(kept[name].attrs) == list(forgotten[name].attrs)
        for a, b in zip(kept[name].values.ravel(), forgotten[name].values.ravel(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert list(kept.variables) == list(forgotten.variables)
    assert kept.attrs == forgotten.attrs


def test_nothing_is_written_and_nothing_stays(
    simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.TemporaryDirectory", None)
    pools = dict(worker._pools)
    data = Sweep({"v0": [1, 2] * volt}, simulation=simulation).run({"rate": rate}, progress=False)
    assert data.rate.shape == (2,)
    assert not memory._logs
    assert worker._pools.keys() == pools.keys()
    assert FakeRunner.open == []


def test_a_cluster_that_takes_over_writes_there_too(
    simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its dashboard shows pictures of it."""
    monkeypatch.setattr(embedded_module, "WORTH_SECONDS", 0.0)
    seen: list[Any] = []
    heed = embedded_module.EmbeddedCrew.heed

    def watch(self: Any) -> Any:
        wish = heed(self)
        if self._cluster is not None and not seen:
            with suppress(StoreError):  # before the first runs, nobody knows what the outputs are
                seen.append(preview(self.session.status.store, self.session.status.sweep))
        return wish

    monkeypatch.setattr(embedded_module.EmbeddedCrew, "heed", watch)
    simulation = FakeSimulation(pause=0.02)
    sweep = Sweep({"v0": np.arange(101, 161) * volt}, simulation=simulation)
    data = sweep.run({"rate": rate}, progress=False, workers=2, batch_seconds=0.05)
    np.testing.assert_array_equal(np.floor(data.rate), np.arange(101, 161) * 100)
    assert seen[0]["outputs"] == ["rate", "wall_time"]
    assert any(value is not None for value in seen[0]["values"][0])


def test_what_is_cancelled_is_forgotten(simulation: FakeSimulation, monkeypatch: pytest.MonkeyPatch) -> None:
    made = crews.crew_for

    def watched(*args: Any) -> Any:
        crew = made(*args)
        threading.Timer(0.3, crew.session.ask, ["cancel"]).start()
        return crew

    monkeypatch.setattr("spikefarm.farm.execute.crew_for", watched)
    sweep = Sweep({"v0": np.arange(1, 100) * volt}, simulation=FakeSimulation(pause=0.05))
    told = r"\d+ of 99 runs were done, and are forgotten; give store=\.\.\. to keep them"
    with pytest.raises(SweepCancelledError, match=told):
        sweep.run({"rate": rate}, progress=False, batch_seconds=0.1)


def test_columns_that_cannot_be_are_refused() -> None:
    from spikefarm.store.schema import Column, StoreError
    from spikefarm.store.sweeps import SweepDefinition

    log = MemoryLog()
    with pytest.raises(StoreError, match="'1x' cannot name a column"):
        log.declare([Column("1x", np.dtype("f8"))])
    with pytest.raises(StoreError, match=r"dimensions {'x': 2} make 2 runs, there are 1 keys"):
        log.record_sweep("s", SweepDefinition({"x": 2}, (), ()), np.ones((1, 32), np.uint8))
