"""What a user can say about axes, and everything that is refused before a run starts."""

from __future__ import annotations

import re

import numpy as np
import pytest
from farm_fake import FakeSimulation, View
from spikefarm.core.units import ms, second, volt
from spikefarm.farm import Grid, Sweep, SweepError, Zip

SIM = FakeSimulation()
V0 = View("group", "v0")


def sweep(axes: object, **options: object) -> Sweep:
    return Sweep(axes, simulation=SIM, **options)


def message(axes: object, **options: object) -> str:
    with pytest.raises(SweepError) as caught:
        sweep(axes, **options)
    return str(caught.value)


def test_a_grid_has_one_dimension_a_key_and_the_repeats_last() -> None:
    made = sweep({V0: [1, 2, 3] * volt, "tau": [5, 10] * ms}, repeats=4)
    assert made.space.dims == {"v0": 3, "tau": 2, "repeat": 4}
    assert len(made) == 24
    assert sweep({"tau": [5, 10] * ms}).space.dims == {"tau": 2}
    assert len(sweep({})) == 1


def test_runs_are_in_c_order() -> None:
    v0, tau = [1, 2, 3], [5, 10]
    space = sweep({"v0": v0 * volt, "tau": tau * ms}, repeats=2).space
    points = [(space.point(i)["v0"].item(), space.point(i)["tau"].item()) for i in range(len(space))]
    grid = np.stack(np.meshgrid(np.array(v0, float), np.asarray(tau * ms), [0, 1], indexing="ij"), -1)
    np.testing.assert_array_equal(points, grid.reshape(-1, 3)[:, :2])


def test_zipped_keys_go_in_step_and_multiply_with_a_grid() -> None:
    design = Grid({"stim": [np.zeros(4), np.ones(4)]}) * Zip(
        {"v0": [1, 2, 3] * volt, "tau": [5, 10, 20] * ms}
    )
    space = sweep(design).space
    assert space.dims == {"stim": 2, "v0_tau": 3}
    assert [(p["v0"].item(), p["tau"].item()) for p in map(space.point, range(3))] == [
        (1, 0.005),
        (2, 0.01),
        (3, 0.02),
    ]
    named = sweep({"stim": [np.zeros(4)]} * Zip({"v0": [1] * volt, "tau": [5] * ms}, name="pair")).space
    assert named.dims == {"stim": 1, "pair": 1}
    axes = {axis.name: axis for axis in space.definition(()).axes}
    assert axes["tau"].dim == "v0_tau"
    assert axes["tau"].attrs["units"] == "second"


def test_arrays_as_values_are_numbered_and_kept() -> None:
    values = [[1, 2, 3] * volt, [4, 5, 6] * volt]
    number, content = sweep({View("group", "v"): values}).space.definition(()).axes
    assert (number.name, number.dim, number.values.tolist()) == ("v", "v", [0, 1])
    assert (content.name, content.dim, content.attrs["units"]) == ("v_values", "v", "volt")
    np.testing.assert_array_equal(content.values, [[1, 2, 3], [4, 5, 6]])


def test_equal_names_are_told_apart_by_the_group() -> None:
    # The fake knows one v0, so both views also set the same input, which is told too.
    text = message({View("a", "v0"): [1] * volt, View("b", "v0"): [2] * volt})
    assert "axes 'a.v0' and 'b.v0' both set 'v0'; give it once" in text


@pytest.mark.parametrize(
    ("axes", "told"),
    [
        ({"tua": [1, 2] * ms}, "axis 'tua': 'tua' is no constant of the simulation"),
        ({3: [1, 2] * ms}, "axis 3: 3 is no constant of the simulation"),
        ({"tau": [1, 2] * volt}, "axis 'tau': 'tau' has units of second"),
        ({"tau": [1, 2]}, "axis 'tau': 'tau' has units of second"),
        ({View("group", "v"): [[1, 2] * volt]}, "axis 'v': 'v' takes 3 values, but 2 are given"),
        ({"tau": [1, np.nan] * ms}, "is not finite; give finite numbers"),
        ({"tau": [np.inf] * ms}, "is not finite; give finite numbers"),
        ({"tau": []}, "axis 'tau': it has no values; give at least one"),
        ({"tau": 3 * ms}, "is a single value; give a list or an array, or set it in the model"),
        ({"tau": "3*ms"}, "axis 'tau': its values are the text '3*ms'"),
        ({"tau": {1: 2 * ms}}, "axis 'tau': its values are a dict, which has no order"),
        ({"tau": [5, 10, 5] * ms}, "axis 'tau' has the same value at places 0 and 2 (tau = 5. * msecond)"),
        (Zip({"tau": [1, 2] * ms, "v0": [1, 2, 3] * volt}), "equally many values: 'tau' has 2, 'v0' has 3"),
        (Zip({}), "a Zip has no keys; give at least one"),
        (Grid({"tau": [1] * ms}) * {"tau": [2] * ms}, "'tau' names several dimensions"),
        (Zip({"tau": [1] * ms, View("group", "tau"): [2] * ms}), "both set 'tau'; give it once"),
        ([1, 2], "axes are the list [1, 2]: give a dict from keys to values"),
    ],
)
def test_wrong_axes_are_refused(axes: object, told: str) -> None:
    assert told in message(axes)


@pytest.mark.parametrize("repeats", [0, -1, 1.5, True, "two"])
def test_wrong_repeats_are_refused(repeats: object) -> None:
    assert f"repeats={repeats!r} is no number of repeats" in message({}, repeats=repeats)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True, "x"])
def test_wrong_seeds_are_refused(seed: object) -> None:
    assert f"seed={seed!r} is no master seed" in message({}, seed=seed)


def test_all_problems_are_told_at_once() -> None:
    text = message({"tua": [1], "tau": [1, 2] * volt, "v0": []}, repeats=0, seed=-1)
    assert text.startswith("sweep has 6 problem(s):\n- ")
    for part in ("repeats=0", "seed=-1", "'tua'", "has units of second", "it has no values"):
        assert part in text


def test_many_wrong_values_of_one_axis_are_summed_up() -> None:
    text = message({"tau": [np.nan * second + i * second for i in range(1, 3)] + list(np.arange(20) * volt)})
    assert len(re.findall(r"- axis 'tau'", text)) == 4
    assert "axis 'tau': 22 of its 22 values are wrong in all" in text
