"""Lanes: every model of the suite, several runs side by side, gives each the bits that it has alone."""

from functools import partial

import numpy as np
import pytest
import spikefarm
from core.models import MODELS as WHOLE
from numerics import brian_models, shared_models, suite_models, synapse_models
from numpy.testing import assert_array_equal
from spikefarm.devices import SimulationError, declared_simulation

LANES = 8
QUICK = ("whole lif", "whole noisy", "whole plastic")

FUNCTIONS = {
    **{f"whole {name}": function for name, function in WHOLE.items()},
    **{f"suite {name}": partial(suite_models.evaluate, spikefarm, name) for name in suite_models.MODELS},
    **{f"shared {name}": partial(function, spikefarm) for name, function in shared_models.MODELS.items()},
    **{f"brian {name}": partial(function, spikefarm) for name, function in brian_models.MODELS.items()},
    **{f"synapses {name}": partial(function, spikefarm) for name, function in synapse_models.MODELS.items()},
}


def varied(simulation):
    """Inputs of each run: its own seed, and constants that differ a little."""
    kinds = {item.id: item for item in simulation.model.inputs}
    rates = [
        id
        for id in simulation.base
        if kinds[id].kind == "constant" and kinds[id].dtype == "float64" and "period" not in id
    ]
    for lane in range(LANES):
        factor = 1 + 0.002 * lane
        yield {**simulation.seed_inputs(lane), **{id: simulation.base[id] * factor for id in rates}}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FUNCTIONS]
)
def test_each_run_has_the_bits_that_it_has_alone(name):
    try:
        simulation = declared_simulation(FUNCTIONS[name], {})
    except NotImplementedError:
        pytest.skip("asks for results of a run before it is declared to the end")
    if simulation is None or simulation.why_alone():
        pytest.skip("has no run, or is refused lanes")
    alone, together = simulation.runner(), simulation.in_lanes(LANES).runner()
    with alone, together:
        outputs = [output.id for output in simulation.build().manifest.outputs]
        inputs = list(varied(simulation))
        together.run_together(inputs)
        for lane, own in enumerate(inputs):
            alone.run(own)
            for id, wanted, found in zip(
                outputs, alone.read(outputs), together.read(outputs, lane), strict=True
            ):
                assert_array_equal(found, wanted, err_msg=f"{id} of run {lane}")


@pytest.fixture(scope="module")
def lif():
    return declared_simulation(WHOLE["lif"], {})


def test_few_runs_leave_lanes_empty(lif):
    with lif.in_lanes(LANES).runner() as together, lif.runner() as alone:
        drives = [{"neurongroup.drive:override": np.array([d])} for d in (0.022, 0.03, 0.04)]
        together.run_together(drives)
        counts = [together.read(["spikes.count"], lane)[0][0] for lane in range(3)]
        for drive, count in zip(drives, counts, strict=True):
            alone.run(drive)
            assert alone.read(["spikes.count"])[0][0] == count
        assert counts[0] < counts[1] < counts[2]
        with pytest.raises(SimulationError, match="there is no run 3: 3 went together"):
            together.read(["spikes.count"], 3)
        together.run(drives[1])
        assert together.read(["spikes.count"])[0][0] == counts[1]


def test_durations_and_steps_are_common(lif):
    with lif.in_lanes(LANES).runner() as together:
        longer = {"run.duration": np.array([2.0])}
        with pytest.raises(SimulationError, match="need the same durations and time steps"):
            together.run_together([{}, longer])
        together.run_together([longer, longer])
        assert together.read(["t"], 1)[0] == 2.0


def test_no_more_runs_than_lanes(lif):
    with (
        lif.in_lanes(LANES).runner() as together,
        pytest.raises(SimulationError, match="9 runs cannot go together in this build, but 1 to 8 can"),
    ):
        together.run_together([{}] * 9)


def test_lanes_change_no_key(lif):
    assert lif.in_lanes(LANES).numerics == lif.numerics
    assert lif.in_lanes(LANES).build().manifest.key != lif.build().manifest.key
