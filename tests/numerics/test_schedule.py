"""The slots of a time step in another order."""

import pytest
import spikefarm
from numpy.testing import assert_allclose
from spikefarm import *


def autapse():
    """A neuron that spikes in the second step and excites itself."""
    group = NeuronGroup(1, "dv/dt = 0.6/(0.1*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
    synapses = Synapses(group, group, on_pre="v_post += 0.5")
    synapses.connect()
    return group, synapses


@pytest.mark.parametrize(
    ("schedule", "left"),
    [
        (None, 0.0),  # what arrives in the step of the spike is reset away
        (["start", "groups", "thresholds", "resets", "synapses", "end"], 0.5),
        (["start", "resets", "synapses", "groups", "thresholds", "end"], 1.2),  # all of it a step later
    ],
)
def test_input_before_or_after_the_reset(schedule, left, target):
    group, synapses = autapse()
    net = Network(group, synapses)
    net.schedule = schedule
    net.run(0.2 * ms)
    assert_allclose(group.v[0], left)


def test_networks_have_schedules_of_their_own(target):
    first, second = autapse(), autapse()
    one, other = Network(*first), Network(*second)
    other.schedule = ["start", "groups", "thresholds", "resets", "synapses", "end"]
    assert one.schedule == ["start", "groups", "thresholds", "synapses", "resets", "end"]
    one.run(0.2 * ms)
    other.run(0.2 * ms)
    assert_allclose([first[0].v[0], second[0].v[0]], [0, 0.5])


def test_the_summary_follows():
    group, synapses = autapse()
    net = Network(group, synapses)
    net.schedule = ["start", "thresholds", "groups", "synapses", "resets", "end"]
    order = [entry.what for entry in scheduling_summary(net).entries]
    assert order.index(f"{group.name}_spike_thresholder") < order.index(f"{group.name}_stateupdater")
    magic_network.schedule = ["end", "start", "groups", "thresholds", "synapses", "resets"]
    assert magic_network.schedule[0] == "end"
    magic_network.schedule = None
    assert magic_network.schedule[0] == "start"


@pytest.mark.parametrize("wrong", [["start", "groups"], "start", ["start"] * 6, 3 * ["groups", "end"]])
def test_wrong_schedules(wrong):
    net = Network(*autapse())
    with pytest.raises(ValueError, match=r"network[.]schedule cannot be .*: give the slots start, groups"):
        net.schedule = wrong
    assert spikefarm.scheduling_summary(net)
