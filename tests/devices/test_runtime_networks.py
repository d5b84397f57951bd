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


def test_clocks_tell_the_time():
    set_device("runtime")
    own = Clock(0.5 * ms)
    cells = NeuronGroup(1, "dv/dt = -v/(3*ms) : 1", method="exact")
    slow = NeuronGroup(1, "dv/dt = -v/(3*ms) : 1", method="exact", clock=own)
    seen = []

    @network_operation(dt=1 * ms)
    def look():
        seen.append((defaultclock.t_, own.t_))

    assert float(defaultclock.t) == 0
    run(2 * ms)
    assert_allclose(seen, [(0, 0), (0.001, 0.001)])
    assert_allclose([defaultclock.t_, float(own.t)], [0.002, 0.002])
