"""States of groups, monitors and networks after a run, and code that sets shared variables, on every device."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session

DEVICES = [
    pytest.param({"device": "runtime", "target": "cpp"}, id="cpp"),
    pytest.param({"device": "runtime", "target": "numpy"}, id="numpy"),
    pytest.param({"device": "cpp_standalone", "directory": None}, id="standalone"),
]


@pytest.fixture(params=DEVICES)
def device(request):
    with use_session(Session()):
        set_device(**request.param)
        yield request.param["device"]


def test_after_a_run(device):
    cells = NeuronGroup(3, "dv/dt = 2/ms : 1\nw = 2*v : 1", threshold="v > 1", reset="v = 0", name="cells")
    given = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms, name="given")
    spikes = SpikeMonitor(cells, "v", name="spikes")
    trace = StateMonitor(cells, "v", record=[0, 2], name="trace")
    rates = PopulationRateMonitor(cells, name="rates")
    network = Network(cells, given, spikes, trace, rates)
    network.run(1 * ms)
    states = network.get_states()
    assert sorted(states) == ["cells", "given", "rates", "spikes", "trace"]
    assert states["cells"]["t"] == 1 * ms
    assert_allclose(states["cells"]["v"], cells.v[:])
    assert sorted(states["spikes"]) == ["N", "count", "i", "t", "v"]
    assert states["spikes"]["N"] == len(spikes) == 3
    assert_array_equal(states["spikes"]["count"], [1, 1, 1])
    assert states["trace"]["v"].shape == (10, 2)  # as in Brian 2, other than trace.v
    assert_array_equal(states["trace"]["v"], trace.v.T)
    assert sorted(states["rates"]) == ["N", "rate", "t"]
    assert_array_equal(states["given"]["neuron_index"], [0, 1])
    assert_array_equal(states["given"]["spike_time"] / ms, [1, 2])
    assert states["given"]["period"] == 0 * second
    plain = network.get_states(units=False, read_only_variables=False)
    assert set(plain["cells"]) == {"v"}
    assert plain["trace"] == {}
    table = spikes.get_states(["i", "t", "v"], units=False, format="pandas")
    assert_array_equal(table["t"], spikes.t_)
    if device == "runtime":
        assert_allclose(cells.get_states(subexpressions=True)["w"], 2 * cells.v[:])
        cells.set_states({"v": [0.1, 0.2, 0.3]})
        network.run(0.1 * ms)
        assert_allclose(cells.v[:], [0.3, 0.4, 0.5])


def test_shared_variables_first(device):
    """Statements that set shared variables come first and are executed once, the others for each neuron."""
    cells = NeuronGroup(4, "v : 1\ns : 1 (shared)\nr : 1 (shared)\nk : integer", name="cells")
    cells.run_regularly("x = s + 1; s = 2*x; r = rand(); v += s + i; k = int(v) % 3", dt=0.1 * ms)
    trace = StateMonitor(cells, ["s", "v", "r", "k"], record=True, when="end")
    run(0.5 * ms)
    s = np.array([2.0, 6, 14, 30, 62])
    assert_array_equal(trace.s[0], s)
    v = np.cumsum(s[None, :] + np.arange(4)[:, None], axis=1)
    assert_array_equal(trace.v, v)
    assert_array_equal(trace.k, v.astype(int) % 3)
    assert len(np.unique(trace.r)) == 5
