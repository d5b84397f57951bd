"""Sums, lists, samples and points that are left out; what they make of axes, units and identities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, View, rate
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.core.units import Quantity, ms, mV, second, volt
from spikefarm.farm import (
    Choice,
    Concat,
    Grid,
    LatinHypercube,
    LogUniform,
    Normal,
    Points,
    Quantile,
    Random,
    Sobol,
    Sweep,
    SweepError,
    Uniform,
    Zip,
    experiment,
)
from test_keys import runs

SIM = FakeSimulation()
NAN = -1.0  # as the model has it
TAU = np.array([5, 10, 20]) * ms


def made(design: Any, **options: Any) -> Any:
    return Sweep(design, simulation=SIM, **options).space


def labels(space: Any) -> dict[str, Any]:
    return {axis.name: axis for axis in space.definition(()).axes}


def points(space: Any) -> list[tuple[float, ...]]:
    found = [space.point(i) for i in np.flatnonzero(space.is_run).tolist()]
    return [tuple(p[n].item() if n in p else NAN for n in ("v0", "tau")) for p in found]


# -- sums and lists -------------------------------------------------------------------------------------------


def test_a_sum_has_the_points_of_both_each_once() -> None:
    coarse = Grid({"v0": [1, 2] * volt, "tau": [5, 10] * ms})
    fine = Zip({"tau": [10, 7] * ms, "v0": [2, 1.5] * volt})
    space = made(coarse + fine)
    assert space.dims == {"point": 5}
    assert points(space) == [(1, 0.005), (1, 0.01), (2, 0.005), (2, 0.01), (1.5, 0.007)]
    assert labels(space)["tau"].dim == "point"
    assert labels(space)["tau"].attrs["units"] == "second"
    assert made(Concat(coarse, fine, name="grids")).dims == {"grids": 5}
    assert made({"stim": [np.zeros(4)]} * Concat(coarse, fine)).dims == {"stim": 1, "point": 5}
    assert points(made({"v0": [1] * volt, "tau": [1] * ms} + fine))[0] == (1, 0.001)


def test_what_a_part_leaves_out_is_as_the_model_has_it() -> None:
    space = made(Grid({"v0": [1, 2] * volt}) + {"tau": [3] * second} + {View("group", "v"): [5] * volt})
    # The model: tau = 10 ms, v0 = 0.
    assert points(space) == [(1, 0.01), (2, 0.01), (0, 3), (0, 0.01)]
    assert ["v:override" in space.point(i) for i in range(4)] == [False, False, False, True]
    assert labels(space)["tau"].values.tolist() == [0.01, 0.01, 3, 0.01]


def test_runs_of_a_sum_are_those_of_its_parts() -> None:
    whole = runs(Grid({"v0": [1, 2] * volt}) + {"tau": [3] * second})
    assert whole == {**runs({"v0": [1, 2] * volt}), **runs({"tau": [3] * second})}


def test_points_are_listed_one_by_one() -> None:
    space = made(Points([{"v0": 1 * volt, "tau": 5 * ms}, {"tau": 7 * ms}, {"tau": 8 * ms, "v0": 2 * volt}]))
    assert space.dims == {"point": 3}
    assert points(space) == [(1, 0.005), (0, 0.007), (2, 0.008)]
    assert made(Points([{"tau": 1 * ms}], name="run")).dims == {"run": 1}


# -- points that are left out -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "predicate",
    [
        lambda v0, tau: v0 / tau < 250 * volt / second,
        lambda tau, v0: bool(v0 / tau < 250 * volt / second and tau > 0 * second),
    ],
)
def test_points_are_left_out_of_a_grid(predicate: Any) -> None:
    axes = {"v0": [1, 2, 3] * volt, "tau": TAU}
    space = made(Grid(axes).where(predicate), repeats=2)
    expected = [(v, t) for v in (1, 2, 3) for t in (0.005, 0.01, 0.02) if v / t < 250]
    assert points(space) == [p for p in expected for _ in range(2)]
    assert space.dims == {"v0": 3, "tau": 3, "repeat": 2}
    assert (len(space), space.runs) == (18, 2 * len(expected))
    rest = made(Grid(axes).exclude(predicate))
    assert sorted(points(rest) + expected) == points(made(axes))


def test_leaving_out_multiplies_and_adds_up() -> None:
    part = Grid({"v0": [1, 2, 3] * volt}).where(lambda v0: v0 > 1 * volt)
    assert points(made(part * {"tau": [1] * second})) == [(2, 1), (3, 1)]
    assert points(made({"tau": [1, 2] * second} * part)) == [(2, 1), (3, 1), (2, 2), (3, 2)]
    assert points(made(part + Grid({"v0": [1] * volt}))) == [(2, NAN), (3, NAN), (1, NAN)]
    twice = (
        Grid({"v0": [1, 2, 3] * volt}).where(lambda v0: v0 > 1 * volt).exclude(lambda **p: p["v0"] > 2 * volt)
    )
    assert points(made(twice))[0][0] == 2


def test_what_is_left_out_is_not_run(
    client: Any, simulation: FakeSimulation, simulated: Any, tmp_path: Path
) -> None:
    design = Grid({"v0": [1, 2, 3] * volt, "tau": TAU}).exclude(lambda v0: v0 == 2 * volt)
    sweep = Sweep(design, repeats=2, simulation=simulation)
    assert len(sweep) == 12
    data = sweep.run({"rate": rate}, tmp_path / "s.zarr", client=client, progress=False).load()
    assert simulated() == 12
    assert np.isnan(data.rate.sel(v0=2)).all()
    assert (data.status.sel(v0=2) == 3).all()
    assert data.status.attrs["flag_meanings"].split()[3] == "excluded"
    assert np.isfinite(data.rate.sel(v0=[1, 3])).all()
    plan = sweep.plan({"rate": rate}, tmp_path / "s.zarr")
    assert (plan.runs, plan.cached, plan.to_simulate) == (12, 12, 0)
    Sweep({"v0": [1, 2, 3] * volt, "tau": TAU}, 2, simulation=simulation).run(
        {"rate": rate}, tmp_path / "s.zarr", client=client, progress=False
    )
    assert simulated() == 6


# -- samples -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Random, LatinHypercube, Sobol])
def test_samples_lie_within_their_ranges_and_come_again(kind: Any) -> None:
    ranges = {"v0": (2 * volt, 4 * volt), "tau": LogUniform(1 * ms, 1 * second)}
    space = made(kind(ranges, 64, seed=3))
    assert space.dims == {"sample": 64}
    v0, tau = np.array(points(space)).T
    assert (v0.min() >= 2, v0.max() < 4, tau.min() >= 1e-3, tau.max() < 1) == (True,) * 4
    assert abs(v0.mean() - 3) < 0.3
    assert abs(np.log10(tau).mean() + 1.5) < 0.5
    assert points(made(kind(ranges, 64, seed=3))) == points(space) != points(made(kind(ranges, 64, seed=4)))
    assert points(made(kind(ranges, 64, seed=3) * {"stim": [np.zeros(4)]})) == points(space)


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    space = made(LatinHypercube({"v0": (0 * volt, 50 * volt), "tau": (1 * ms, 51 * ms)}, 50))
    v0, tau = np.array(points(space)).T
    assert sorted(np.floor(v0)) == list(range(50))
    assert sorted(np.floor(tau * 1e3 - 1 + 1e-9)) == list(range(50))


def test_a_sobol_sequence_is_balanced() -> None:
    v0, tau = np.array(points(made(Sobol({"v0": (0 * volt, 1 * volt), "tau": (0 * ms, 1 * second)}, 256)))).T
    # Of 256 points each of the 16 x 16 squares has exactly one.
    assert len({(int(16 * a), int(16 * b)) for a, b in zip(v0, tau, strict=True)}) == 256


def test_distributions_have_their_moments() -> None:
    u = (np.arange(20000) + 0.5) / 20000
    normal = Normal(3 * mV, 2 * mV).at(u)
    assert isinstance(normal, Quantity)
    np.testing.assert_allclose([float(normal.mean() / mV), float(normal.std() / mV)], [3, 2], rtol=1e-3)
    np.testing.assert_allclose(float(Uniform(1 * mV, 3 * mV).at(u).std() / mV), 2 / np.sqrt(12), rtol=1e-6)
    np.testing.assert_allclose(np.log(LogUniform(1, 100).at(u)).mean(), np.log(10), rtol=1e-6)
    from scipy.stats import gamma

    assert abs(float(Quantile(gamma(2).ppf, mV).at(u).mean() / mV) - 2) < 1e-3
    assert Choice([1, 2, 4]).at(np.array([0, 0.34, 0.99, 1.0])) == [1, 2, 4, 4]


def test_a_point_that_is_drawn_twice_is_run_once(
    client: Any, simulation: FakeSimulation, simulated: Any
) -> None:
    sweep = Sweep(Random({"v0": [1, 2, 3] * volt}, 40), simulation=simulation)
    data = sweep.run({"rate": rate}, client=client, progress=False)
    assert simulated() == 3
    assert np.isfinite(data.rate).all()
    assert data.sizes == {"sample": 40}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 1e3), min_size=1, max_size=20, unique=True))
def test_many_values_at_once_are_as_one_by_one(values: list[float]) -> None:
    """Arrays take a shortcut; what identifies a run does not."""
    assert runs({"v0": np.array(values) * volt}) == runs({"v0": [v * volt for v in values]})


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (lambda: Points([]), "'point' has no points; give at least one"),
        (lambda: Points([{"tua": 1 * ms}]), "'tua' is no constant of the simulation"),
        (lambda: Points([{"tau": 1 * volt}]), "'tau' has units of second"),
        (
            lambda: Grid({"tau": TAU}).where(lambda tua: tua > 1),
            r"'tua', which are no axes; these are: 'tau'",
        ),
        (
            lambda: Grid({"tau": TAU}).where(lambda tau: tau),
            r"the predicate returned float64 .*; return True or",
        ),
        (
            lambda: Grid({"tau": TAU}).where(lambda tau: tau > 1 * volt),
            "the predicate raised DimensionMismatch",
        ),
        (lambda: Grid({"tau": TAU}).where(lambda tau: tau > 1 * second), "no point is left; loosen where"),
        (lambda: Random({"tau": (1 * ms, 2 * volt)}, 3), "give single numbers of the same units"),
        (lambda: Random({"tau": (2 * ms, 1 * ms)}, 3), "give the lower bound first"),
        (lambda: Random({"tau": 3 * ms}, 3), "is no range; give "),
        (lambda: Random({"tau": LogUniform(0 * ms, 1 * ms)}, 3), "give bounds above 0, the lower first"),
        (lambda: Random({"tau": Normal(0 * ms, 0 * ms)}, 3), "give a standard deviation above 0"),
        (lambda: Random({"tau": (0 * ms, np.inf * ms)}, 3), "give finite numbers"),
        (
            lambda: Random({}, 0),
            r"Random has 2 problem.*\n.*no keys.*\n.*n=0: give a whole number, 1 or more",
        ),
        (lambda: Sobol({"tau": (0 * ms, 1 * ms)}, 4, seed=-1), "seed=-1: give a whole number, 0 or more"),
        (lambda: Points([{"tau": 1 * ms}]) * Points([{"v0": 1 * volt}]), "'point' names several dimensions"),
    ],
)
def test_wrong_designs_are_refused(design: Any, told: str) -> None:
    with pytest.raises(SweepError, match=told):
        Sweep(design(), simulation=SIM)


def test_without_scipy_its_samples_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(SweepError, match=r"LatinHypercube needs scipy.*pip install 'spikefarm\[sampling\]'"):
        made(LatinHypercube({"tau": (0 * ms, 1 * ms)}, 3))


# -- experiments -------------------------------------------------------------------------------------------


@experiment
def add(a: Any, b: Any = 10, c: str = "x") -> dict[str, Any]:
    return {"sum": a + b, "n": len(c)}


def test_experiments_take_designs(client: Any) -> None:
    def done(design: Any, **arguments: Any) -> Any:
        return add.sweep(design, client=client, progress=False, **arguments)

    assert done(Zip({"a": [1, 2], "b": [3, 4]}))["sum"].values.tolist() == [4, 6]
    assert done(Points([{"a": 1}, {"a": 1, "b": 2}]), c="xyz")["sum"].values.tolist() == [11, 3]
    both = done(Grid({"a": [1, 2, 3]}).where(lambda a: a != 2), c=["x", "xy"])
    assert both["sum"].dims == ("a", "c")
    assert both["sum"].values.tolist()[0] == [11, 11]
    assert np.isnan(both["sum"].values[1]).all()
    assert done(LatinHypercube({"a": (0 * mV, 1 * mV)}, 4), b=0 * mV)["sum"].units == "volt"
    assert add.plan({"a": [1, 2]}, b=[1, 2]).runs == 4


@pytest.mark.parametrize(
    ("design", "arguments", "told"),
    [
        ({"d": [1]}, {}, "'d' is no argument of the function; it is add"),
        ({"a": [1]}, {"a": 2}, "'a' is given twice, by the design and by itself"),
        (Points([{"a": 1}, {"b": 1}]), {}, "the argument 'a' is missing from some points"),
        (Grid({"a": [1 * mV]}) + {"a": [1 * ms]}, {}, "its values have different units"),
    ],
)
def test_wrong_designs_of_experiments_are_refused(design: Any, arguments: Any, told: str) -> None:
    with pytest.raises(SweepError, match=told):
        add.sweep(design, **arguments)
