"""A neuron has the same bits whatever number of others its loop is about."""

import pytest
from numpy.testing import assert_array_equal
from spikefarm import Network, NeuronGroup, SpikeMonitor, StateMonitor, ms
from spikefarm.core.session import Session, use_session
from spikefarm.devices.runtime import RuntimeDevice

SIZES = range(1, 41)
#: One loop with refractoriness and two calls, and one in stages.
MODELS = {
    "whole": """dv/dt = (w + exp(-v**2)/(1 + exp(v)) - v)/(10*ms) : 1 (unless refractory)
                w : 1 (constant)""",
    "stages": """dv/dt = (2*w + tanh(v) + exprel(v)*exp(-v) - log(1 + v**2)/expm1(1 + v**2) - v)/(10*ms) : 1
                 w : 1 (constant)""",
}


def states(text, sizes):
    """Final values, spikes and traces of groups whose neurons differ by their index only."""
    groups = [
        NeuronGroup(
            n,
            text,
            threshold="v > 0.8",
            reset="v = 0.1*w",
            refractory=1 * ms,
            method="euler",
            name=f"group{n}",
        )
        for n in sizes
    ]
    for group in groups:
        group.w = "0.5 + 0.0371*i"
    traces = [StateMonitor(group, "v", record=[0, len(group) - 1]) for group in groups]
    spikes = [SpikeMonitor(group) for group in groups]
    Network(*groups, *traces, *spikes).run(30 * ms)
    return [
        (group.v[:], trace.v, spike.count[:])
        for group, trace, spike in zip(groups, traces, spikes, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_a_neuron_does_not_depend_on_how_many_there_are(name):
    with use_session(Session(device=RuntimeDevice())):
        found = states(MODELS[name], SIZES)
    most = found[-1]
    assert sum(most[2]) > 20  # neurons do fire, some of them late
    for n, (values, traces, counts) in zip(SIZES, found, strict=True):
        assert_array_equal(values, most[0][:n])
        assert_array_equal(counts, most[2][:n])
        assert_array_equal(traces[0], most[1][0])
