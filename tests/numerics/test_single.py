"""Single precision: the models of the suite, to a few units of its last digit."""

from functools import partial

import numpy as np
import pytest
import spikefarm
from core.models import MODELS as WHOLE
from numerics import brian_models, shared_models, suite_models, synapse_models
from numerics.conftest import simulated_on
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import NeuronGroup, Synapses, ms, prefs
from spikefarm.core.preferences import PreferenceError
from spikefarm.devices import declared_simulation

FUNCTIONS = {
    **{f"whole {name}": function for name, function in WHOLE.items()},
    **{f"suite {name}": partial(suite_models.evaluate, spikefarm, name) for name in suite_models.MODELS},
    **{f"shared {name}": partial(function, spikefarm) for name, function in shared_models.MODELS.items()},
    **{f"brian {name}": partial(function, spikefarm) for name, function in brian_models.MODELS.items()},
    **{f"synapses {name}": partial(function, spikefarm) for name, function in synapse_models.MODELS.items()},
}
#: One counts with nine digits, the other's steps end on the threshold, which rounding decides.
APART = {"suite order_within_a_step", "synapses other_events"}
QUICK = {"whole lif", "whole noisy", "whole plastic", "suite all_functions"}
#: Rounding of 2^-24 at each of some hundred steps; in units of the largest value.
BOUND = 2e-5
LOOSE = {"suite izhikevich": 5e-3}  # its slopes at the spike amplify


def outputs_of(function, dtype):
    with prefs.override({"core.default_float_dtype": dtype}):
        simulation = declared_simulation(function, {})
    if simulation is None:
        return None
    specs = simulation.build().manifest.outputs
    with simulation.runner() as runner:
        runner.run(simulation.seed_inputs(3))
        return {
            s.id: (s.dtype, values)
            for s, values in zip(specs, runner.read([s.id for s in specs]), strict=True)
        }


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in FUNCTIONS if n not in APART],
)
def test_as_in_double_precision(name):
    try:
        double, single = (outputs_of(FUNCTIONS[name], dtype) for dtype in ("float64", "float32"))
    except NotImplementedError:
        pytest.skip("asks for results of a run before it is declared to the end")
    if double is None:
        pytest.skip("has no run")
    for id, (dtype, wanted) in double.items():
        narrow, found = single[id]
        assert found.shape == wanted.shape, id
        if dtype != "float64":
            assert narrow == dtype
            assert_array_equal(found, wanted, err_msg=id)
        elif wanted.size:
            scale = np.nanmax(np.abs(wanted), initial=0)
            assert_allclose(found, wanted, rtol=0, atol=LOOSE.get(name, BOUND) * scale, err_msg=id)


def declare(dtype=None):
    group = NeuronGroup(
        40,
        "dv/dt = (1 + 0.1*i - v)/(10*ms) + 0.1*xi*(1*ms)**-0.5 : 1 (unless refractory)\nw : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        method="euler",
        dtype=dtype,
    )
    synapses = Synapses(group, group, "g : 1", on_pre="w_post += g", dtype=dtype)
    synapses.connect(j="(i + 1) % 40")
    synapses.g = "0.1 + 0.01*i"
    spikes = spikefarm.SpikeMonitor(group, "v")
    trace = spikefarm.StateMonitor(group, "v", record=[0])
    spikefarm.run(30 * ms)
    return group, synapses, spikes, trace


def test_what_is_stored_in_single_precision():
    with simulated_on("cpp", 1):
        group, synapses, spikes, trace = declare("float32")
        stored = (group.v[:], group.w_[:], synapses.g_[:], spikes.v, trace.v)
        assert all(np.asarray(values).dtype == np.float32 for values in stored)
        assert np.asarray(group.lastspike_[:]).dtype == np.float64  # times never are
        assert np.asarray(spikes.t_).dtype == np.float64


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_devices_agree(target):
    found = {}
    for device in ("cpp_standalone", target):
        with simulated_on(device, 1):
            group, synapses, spikes, trace = declare(np.float32)
            found[device] = [
                np.array(x) for x in (group.v_[:], group.w_[:], synapses.g_[:], trace.v, spikes.t_)
            ]
    pairs = zip(found["cpp_standalone"], found[target], strict=True)
    for wanted, values in pairs:
        if target == "cpp":
            assert_array_equal(values, wanted)
        else:
            assert_allclose(values, wanted, rtol=2e-5, atol=2e-6)


def test_a_group_may_differ_from_the_preference():
    with prefs.override({"core.default_float_dtype": "float32"}), simulated_on("cpp", 1):
        group = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="exact", dtype=float)
        other = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="exact")
        group.v = other.v = 1 / 3
        spikefarm.run(5 * ms)
        assert np.asarray(group.v_[:]).dtype == np.float64
        assert np.asarray(other.v_[:]).dtype == np.float32
        assert_allclose(group.v_[:], np.exp(-0.5) / 3, rtol=1e-13)
        assert_allclose(other.v_[:], np.exp(-0.5) / 3, rtol=1e-5)


@pytest.mark.parametrize("wrong", ["float16", "int32", "quick", {"v": "float32"}])
def test_no_other_type(wrong):
    with pytest.raises(ValueError, match="is not supported; give float32 or float64"):
        NeuronGroup(1, "v : 1", dtype=wrong)


def test_no_other_preference():
    with pytest.raises((PreferenceError, ValueError), match="spikefarm has float64 and float32 only"):
        prefs.core.default_float_dtype = "float16"


def test_runs_are_told_apart_by_precision():
    with prefs.override({"core.default_float_dtype": "float32"}):
        single = declared_simulation(WHOLE["lif"], {})
    assert single.model_hash != declared_simulation(WHOLE["lif"], {}).model_hash


def test_lanes_in_single_precision():
    with prefs.override({"core.default_float_dtype": "float32"}):
        simulation = declared_simulation(WHOLE["noisy"], {})
    outputs = [spec.id for spec in simulation.build().manifest.outputs]
    inputs = [simulation.seed_inputs(seed) for seed in range(8)]
    with simulation.runner() as alone, simulation.in_lanes(8).runner() as together:
        together.run_together(inputs)
        for lane, own in enumerate(inputs):
            alone.run(own)
            for wanted, found in zip(alone.read(outputs), together.read(outputs, lane), strict=True):
                assert_array_equal(found, wanted)
