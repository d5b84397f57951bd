"""What a sweep says of itself before it runs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import ms, mV
from spikefarm.farm import Sweep, SweepError
from spikefarm.farm.plan import duration, size
from spikefarm.farm.values import OutputError


def test_it_is_a_line_and_a_table(client: Any, simulation: FakeSimulation, tmp_path: Path) -> None:
    sweep = Sweep(
        {"v0": np.linspace(0, 20, 200) * mV, "tau": [5, 10, 20] * ms},
        repeats=10,
        seed=2026,
        simulation=simulation,
    )
    told = str(sweep.plan()).splitlines()
    assert told[:-2] == [
        "6000 runs, 1 build, 0 cached",
        "  axis    length  values",
        "  v0         200  0, 0.000100503, 0.000201005, …, 0.019799, 0.0198995, 0.02 volt",
        "  tau          3  0.005, 0.01, 0.02 second",
        "  repeat      10  0 … 9",
        "  runs of        fake model of group (3)",
        "  builds         1, ready",
        "  cached         0",
        "  to simulate    6000",
        "  store          none, results stay in memory",
    ]
    assert re.fullmatch(r"  expected time  [\d.]+ s, a guess; dry_run\(\) tells more", told[-2])
    assert re.fullmatch(r"  expected size  408 kB, a guess; dry_run\(\) tells more", told[-1])


def test_a_dry_run_tells_what_a_run_costs_and_keeps_nothing(
    simulation: FakeSimulation, simulated: Any
) -> None:
    sweep = Sweep({"tau": [5, 10, 20] * ms}, repeats=2, simulation=replace(simulation, pause=0.05))
    found = sweep.dry_run({"rate": rate, "spikes": "spikes"})
    assert simulated() == 1
    assert found.estimate is not None
    assert 0.05 <= found.estimate.seconds < 0.5
    assert found.seconds == 6 * found.estimate.seconds / found.cores
    assert (
        found.estimate.bytes == 60 + 8 + 16 + 5 * 8 + 8
    )  # the log, rate, spikes_t with its span, spikes_count
    assert "by one run, before compression" in str(found)
    with pytest.raises(OutputError, match="output 'x' raised KeyError"):
        sweep.dry_run({"x": lambda r: r["nothing"]})
    with pytest.raises(SweepError, match="time_limit=0: give seconds above 0"):
        sweep.dry_run({"rate": rate}, time_limit=0)


def test_it_looks_into_the_store_and_changes_nothing(
    client: Any, simulation: FakeSimulation, tmp_path: Path
) -> None:
    store = tmp_path / "s.zarr"
    small = Sweep({"tau": [5, 10] * ms}, simulation=simulation)
    assert small.plan({"rate": rate}, store).cached == 0
    assert not store.exists()
    small.run({"rate": rate}, store=store, client=client, progress=False)
    before = sorted(p for p in store.rglob("*"))
    found = Sweep({"tau": [5, 10, 20] * ms}, simulation=simulation).plan({"rate": rate}, store)
    assert (found.runs, found.cached, found.to_simulate) == (3, 2, 1)
    assert found.summary == "3 runs, 1 build, 2 cached"
    assert found.seconds is not None
    assert "expected time" in str(found)
    assert found.estimate is not None
    assert found.estimate.basis == "by the runs in the store"
    assert 50 < found.estimate.bytes < 10000
    assert str(store) in str(found)
    assert sorted(p for p in store.rglob("*")) == before


def test_it_is_a_table_in_a_notebook(simulation: FakeSimulation) -> None:
    text = Sweep({"tau": [5, 10] * ms}, simulation=simulation).plan()._repr_html_()
    assert "<b>2 runs, 1 build, 0 cached</b>" in text
    assert "<td>tau</td><td>2</td><td>0.005, 0.01 second</td>" in text


def test_a_store_needs_outputs(simulation: FakeSimulation, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="store= needs outputs="):
        Sweep({"tau": [5] * ms}, simulation=simulation).plan(store=tmp_path / "s.zarr")


@pytest.mark.parametrize(("seconds", "text"), [(3.14, "3.1 s"), (600, "10 min"), (7500, "2 h 05 min")])
def test_times_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("n", "text"), [(12, "12 B"), (1500, "1.5 kB"), (2e6, "2 MB"), (3e12, "3 TB")])
def test_sizes_for_people(n: float, text: str) -> None:
    assert size(n) == text
