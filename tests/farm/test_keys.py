"""Seeds and keys of runs: independent, unique, and kept when a sweep changes around them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from farm_fake import FakeSimulation, rate
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.core.units import second, volt
from spikefarm.farm import Grid, Sweep, Zip
from spikefarm.farm.outputs import as_outputs

numbers = st.lists(st.integers(1, 30), min_size=1, max_size=6, unique=True)


def runs(design: object, repeats: int = 1, seed: int = 5, simulation: FakeSimulation | None = None) -> dict:
    """Seed and key of each run by the values of its parameters and its repeat."""
    simulation = simulation or FakeSimulation()
    sweep = Sweep(design, repeats, seed, simulation)
    study = sweep._study(as_outputs({"rate": rate}, simulation))
    found = {}
    for i in range(len(sweep)):
        point = {name: simulation.base[name].item() for name in ("tau", "v0")}
        point |= {name: value.item() for name, value in sweep.space.point(i).items()}
        found[(point["tau"], point["v0"], i % repeats)] = (int(study.seeds[i]), study.keys[i].tobytes())
    return found


@settings(max_examples=25, deadline=None)
@given(numbers, numbers, st.integers(1, 4), st.integers(0, 2**64 - 1))
def test_every_run_has_its_own_seed_and_key(tau: list[int], v0: list[int], repeats: int, seed: int) -> None:
    found = runs({"tau": tau * second, "v0": v0 * volt}, repeats, seed)
    assert len(found) == len(tau) * len(v0) * repeats
    assert len({seed for seed, _ in found.values()}) == len({key for _, key in found.values()}) == len(found)
    assert all(0 <= seed < 2**63 for seed, _ in found.values())


@settings(max_examples=25, deadline=None)
@given(numbers, numbers, st.integers(1, 4), st.data())
def test_runs_stay_the_same_in_another_sweep(
    tau: list[int], v0: list[int], repeats: int, data: st.DataObject
) -> None:
    old = runs({"tau": tau * second, "v0": v0 * volt}, repeats)
    more = data.draw(st.permutations(sorted({*tau, 31, 32})))
    swapped = data.draw(st.booleans())
    axes = {"tau": list(more) * second, "v0": [*v0, 33] * volt}
    new = runs(dict(reversed(axes.items())) if swapped else axes, repeats + 1)
    assert {where: new[where] for where in old} == old


def test_a_value_counts_the_same_from_the_model_a_grid_or_a_zip() -> None:
    base = FakeSimulation()
    other = FakeSimulation(base={**base.base, "v0": np.array([3.0])})
    alone = runs({"tau": [1, 2] * second}, simulation=other)
    assert alone == runs({"tau": [1, 2] * second, "v0": [3] * volt})
    assert alone == runs(Zip({"v0": [3, 3] * volt, "tau": [1, 2] * second}))
    assert alone == runs(Grid({"v0": [3] * volt}) * Grid({"tau": [1, 2] * second}))


def test_what_changes_the_numbers_changes_the_key() -> None:
    def key(**changes: object) -> set:
        seed = changes.pop("seed", 5)
        return set(runs({"tau": [1] * second}, 1, seed, FakeSimulation(**changes)).values())

    same = key()
    assert same == key(log="elsewhere", pause=1.0)
    different = [
        key(model_hash="other"),
        key(numerics="other"),
        key(seed=6),
        key(base={**FakeSimulation().base, "stim": np.ones(4)}),
        key(base={**FakeSimulation().base, "stim": np.zeros(5)}),
        key(base={**FakeSimulation().base, "stim": np.zeros(4, np.int64)}),
    ]
    assert len({*map(frozenset, different), frozenset(same)}) == len(different) + 1


def test_keys_are_the_same_in_another_process() -> None:
    code = (
        "from test_keys import runs, second, volt\n"
        "print(sorted(runs({'tau': [1, 2] * second, 'v0': [1, 2] * volt}, 2).items()))"
    )
    tests = Path(__file__).parent
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": str(tests), "PYTHONHASHSEED": str(hash_seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in (1, 2)
    ]
    here = sorted(runs({"tau": [1, 2] * second, "v0": [1, 2] * volt}, 2).items())
    assert found == [f"{here}\n"] * 2


def test_seeds_look_random() -> None:
    # The bits of 4,000 seeds that differ as little as can be are set half of the time (6 sigma).
    seeds = [seed for seed, _ in runs({"tau": np.arange(1, 1001) * second}, repeats=4, seed=0).values()]
    bits = np.unpackbits(np.array(seeds, "<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
    assert (np.abs(bits[:, :63].mean(axis=0) - 0.5) < 6 * 0.5 / np.sqrt(len(seeds))).all()
