"""Networks that look alike on the runtime device."""

import numpy as np
from numpy.testing import assert_allclose
from spikefarm import *


def test_networks_of_the_same_model_do_not_share_state():
    set_device("runtime")
    cells = [NeuronGroup(1, "dv/dt = -v/(3*ms) : 1", method="exact") for _ in range(2)]
    networks = [Network(group) for group in cells]
    for group in cells:
        group.v = 1
    networks[0].run(2 * ms)
    networks[1].run(1 * ms)
    networks[0].run(1 * ms)
    assert_allclose([group.v[0] for group in cells], np.exp([-1, -1 / 3]))
    assert [float(network.t) for network in networks] == [0.003, 0.001]
