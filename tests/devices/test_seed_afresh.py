"""A notebook's cell that begins a scope and seeds it does the same every time."""

import numpy as np
import pytest
from spikefarm import *


def cell():
    start_scope()
    seed(3)
    group = NeuronGroup(5, "dv/dt = xi*ms**-0.5 : 1", method="euler")
    group.v = "rand()"
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(p=0.5)
    synapses.w = "rand()"
    run(1 * ms)
    return np.concatenate([group.v[:], synapses.w[:], synapses.i[:]])


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_same_cell_same_numbers(target):
    set_device("runtime", target=target)
    first = cell()
    np.testing.assert_array_equal(cell(), first)


def test_seeding_once_does_not_make_trials_alike():
    set_device("runtime", target="numpy")
    seed(3)
    found = []
    for _ in range(2):
        start_scope()
        group = NeuronGroup(5, "v : 1")
        group.v = "rand()"
        found.append(np.array(group.v[:]))
    assert not np.isclose(*found).any()


def test_seeding_between_declarations_keeps_their_numbers_apart():
    set_device("runtime", target="numpy")
    seed(3)
    first = NeuronGroup(5, "v : 1")
    first.v = "rand()"
    seed(3)
    second = NeuronGroup(5, "v : 1")
    second.v = "rand()"
    assert not np.isclose(first.v[:], second.v[:]).any()
