"""Sweeps that are done again from what a store remembers of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, View, rate
from spikefarm.core.units import ms, mV, volt
from spikefarm.farm import (
    Grid,
    Points,
    Random,
    Sweep,
    SweepError,
    Zip,
    experiment,
    open_results,
    recorded_sweep,
)

DESIGNS = {
    "grid": {"v0": [1, 2] * volt, "tau": [5, 10, 20] * ms},
    "zip": Zip({"v0": [1, 2] * volt, "tau": [5, 10] * ms}) * {"stim": [np.zeros(4), np.ones(4)]},
    "view": {View("group", "v"): [1, 2] * volt},
    "arrays": {View("group", "v"): [[1, 2, 3] * volt, [4, 5, 6] * volt]},
    "points": Points([{"v0": 1 * volt}, {"tau": 20 * ms}]),
    "sample": Random({"v0": (0 * volt, 1 * volt), "tau": (1 * ms, 9 * ms)}, 5, seed=2, name="drawn"),
    "holes": Grid({"v0": [1, 2] * volt, "tau": [5, 10] * ms}).exclude(
        lambda v0, tau: v0 * tau > 15 * volt * ms
    ),
    "nothing": {},
}


@pytest.mark.parametrize("kind", DESIGNS)
def test_a_sweep_comes_back(
    kind: str, client: Any, simulation: FakeSimulation, simulated: Any, tmp_path: Path
) -> None:
    store = tmp_path / "s.zarr"
    first = Sweep(DESIGNS[kind], 3, seed=2**63 + 5, simulation=simulation)
    data = first.run({"rate": rate}, store, client=client, progress=False).load()
    simulated()
    again = Sweep.from_store(store, simulation=simulation)
    assert (again.repeats, again.seed, again.space.dims) == (3, 2**63 + 5, first.space.dims)
    found = again.run({"rate": rate}, store, client=client, progress=False).load()
    assert simulated() == 0
    np.testing.assert_array_equal(found.rate, data.rate)
    np.testing.assert_array_equal(found.seed, data.seed)
    assert set(found.coords) == set(data.coords)


def test_it_says_what_is_different(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    store = tmp_path / "s.zarr"
    sweep = Sweep({"v0": [1] * volt}, simulation=simulation, name="mine")
    sweep.run({"rate": rate}, store, client=client, progress=False)
    other = replace(simulation, base={**simulation.base, "tau": np.array([0.5])}, numerics="fake 2")
    with pytest.raises(SweepError, match=r"has 2 problem") as caught:
        Sweep.from_store(store, simulation=other)
    assert "the input 'tau' had another value [0.01]; give it that in the script" in str(caught.value)
    assert "its numerics are 'fake 1', these are 'fake 2'" in str(caught.value)
    with pytest.raises(SweepError, match=r"its model is fake model, that of the script is other"):
        Sweep.from_store(store, simulation=replace(simulation, model_hash="other"))
    assert Sweep.from_store(store, "mine", simulation).name == "mine"


def test_a_store_tells_what_was_wanted(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    Sweep({"v0": [1] * volt}, simulation=simulation).run(
        {"rate": rate, "spikes": "spikes"}, tmp_path / "s.zarr", client=client, progress=False
    )
    wanted = open_results(tmp_path / "s.zarr").attrs["wanted"]
    assert wanted["rate"].startswith("def rate(results")
    assert wanted["spikes_t spikes_count"] == "stored"


@experiment
def double(x: Any, how: Any = "times", y: int = 1) -> dict[str, Any]:
    return {"y": 2 * x}


def test_experiments_too(client: Any, tmp_path: Path) -> None:
    store = tmp_path / "e.zarr"
    double.sweep(
        x=[1, 2] * mV, how=["times", "plus"], y=3, repeats=2, store=store, client=client, progress=False
    )
    found = recorded_sweep(store)
    assert found.provenance["arguments"] == {"y": "3"}
    assert "return {" in found.provenance["function"]
    again = double.sweep(
        found.design, y=3, repeats=found.repeats, seed=found.seed, store=store, client=client, progress=False
    )
    assert again.attrs["simulated"] == 0
    with pytest.raises(SweepError, match="is a sweep of an experiment"):
        Sweep.from_store(store, simulation=FakeSimulation())


def test_values_that_are_only_described_do_not_come_back(client: Any, tmp_path: Path) -> None:
    double.sweep(x=[1], how=[None, ("a", 1)], store=tmp_path / "e.zarr", client=client, progress=False)
    with pytest.raises(
        SweepError, match="axis 'how': its values are neither numbers nor text; give them anew"
    ):
        recorded_sweep(tmp_path / "e.zarr")
