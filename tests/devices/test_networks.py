"""Several networks, objects that are switched off, times and hooks, on every device."""

import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session

DEVICES = [
    pytest.param({"device": "runtime", "target": "cpp"}, id="cpp"),
    pytest.param({"device": "runtime", "target": "numpy"}, id="numpy"),
    pytest.param({"device": "cpp_standalone", "directory": None, "build_on_run": False}, id="standalone"),
]


@pytest.fixture(params=DEVICES)
def device(request):
    with use_session(Session()):
        set_device(**request.param)
        yield get_device()


def test_each_network_has_its_own_time(device):
    def make(name, dt):
        cells = NeuronGroup(2, "v = t/ms : 1\nstart : second", dt=dt, name=name)
        trace = StateMonitor(cells, "v", record=0, name=f"{name}_trace")
        given = SpikeGeneratorGroup(1, [0, 0, 0], [0.5, 1.5, 3] * ms, name=f"{name}_given")
        spikes = SpikeMonitor(given, name=f"{name}_spikes")
        return cells, trace, spikes, Network(cells, trace, given, spikes)

    a, a_trace, a_spikes, first = make("a", 0.1 * ms)
    b, b_trace, b_spikes, second = make("b", 0.2 * ms)
    first.run(1 * ms)
    second.run(0.4 * ms)
    a.start = "t"
    b.start = "t + i*ms"
    first.run(1 * ms)
    second.run(0.4 * ms)
    device.build()
    assert_allclose(a_trace.t / ms, np.arange(20) * 0.1)
    assert_allclose(a_trace.v[0], np.arange(20) * 0.1, atol=1e-12)
    assert_allclose(b_trace.v[0], np.arange(4) * 0.2, atol=1e-12)
    assert_allclose(a_spikes.t / ms, [0.5, 1.5])
    assert_allclose(b_spikes.t / ms, [0.5])
    assert (first.t, second.t) == (2 * ms, 0.8 * ms)
    assert_allclose([float(a.t / ms), float(b.t / ms)], [2, 0.8])
    assert_allclose(a.start / ms, [1, 1])
    assert_allclose(b.start / ms, [0.4, 1.4])


def test_objects_that_are_switched_off(device):
    cells = NeuronGroup(2, "v : 1\nw : 1", threshold="v >= 1", reset="w += 1", name="cells")
    cells.v = 1
    cells.run_regularly("w += 100", dt=0.5 * ms)
    other = NeuronGroup(2, "dv/dt = 1/ms : 1", threshold="v > 10", method="euler", name="other")
    spikes, trace = SpikeMonitor(cells), StateMonitor(other, "v", record=0)
    network = Network(cells, other, spikes, trace)
    network.run(0.5 * ms)
    cells.active = False
    trace.active = False
    network.run(0.5 * ms)
    cells.active = True
    network.run(0.5 * ms)
    device.build()
    assert cells.active
    assert not trace.active
    assert_allclose(cells.w[:], 5 + 5 + 200)
    assert_array_equal(np.rint(spikes.t / (0.1 * ms))[::2], [*range(5), *range(10, 15)])
    assert_allclose(other.v[:], 1.5)
    assert len(trace.t) == 5


@pytest.mark.parametrize("target", ["cpp", "numpy"])
@pytest.mark.parametrize("clocks", [1, 2])
def test_switching_off_within_a_run(target, clocks):
    set_device("runtime", target=target)
    cells = NeuronGroup(1, "v : 1", threshold="v >= 0", name="cells")
    given = SpikeGeneratorGroup(1, [0] * 10, np.arange(10) * 0.1 * ms)
    spikes, others = SpikeMonitor(cells), SpikeMonitor(given)
    slow = NeuronGroup(1, "v : 1", dt=0.5 * ms) if clocks == 2 else None

    @network_operation
    def switch(t):
        step = round(float(t / (0.1 * ms)))
        cells.active = step not in (2, 3, 4)
        given.active = step < 6
        if step == 8:
            switch.active = False
            given.active = True

    run(1 * ms)
    assert_array_equal(np.rint(spikes.t / (0.1 * ms)), [0, 1, 5, 6, 7, 8, 9])
    assert_array_equal(np.rint(others.t / (0.1 * ms)), [0, 1, 2, 3, 4, 5, 8, 9])
    assert slow is None or len(slow) == 1


def test_hooks(device):
    calls = []

    class Adaptive(NeuronGroup):
        def __init__(self, *args, **kwds):
            super().__init__(*args, **kwds)
            self.add_attribute("count")
            self.count = 0

        def before_run(self, run_namespace):
            self.count += 1
            self.v = self.count + run_namespace["gain"]
            calls.append(("before", run_namespace["gain"]))

        def after_run(self):
            calls.append("after")

    class Growing(Network):
        def before_run(self, run_namespace):
            calls.append("network")

        def after_run(self):
            calls.append("done")

    gain = 10
    cells = Adaptive(1, "v : 1", name="cells")
    trace = StateMonitor(cells, "v", record=0, dt=1 * ms)
    network = Growing(cells, trace)
    network.run(1 * ms)
    network.run(1 * ms)
    device.build()
    assert_array_equal(trace.v[0], [11, 12])
    assert calls == ["network", ("before", 10), "after", "done"] * 2
    with pytest.raises(AttributeError, match=r"no variable 'other' to set.*add_attribute\('other'\)"):
        cells.other = 3


def test_clocks_know_the_time(device):
    own = Clock(0.5 * ms, name="own")
    assert (own.t, own.timestep, defaultclock.t) == (0 * ms, 0, 0 * ms)
    cells = NeuronGroup(1, "v : 1", clock=own)
    network = Network(cells)
    network.run(2 * ms)
    device.build()
    assert (own.t, own.t_, own.timestep) == (2 * ms, 0.002, 4)
    assert defaultclock.t == 0 * ms
    assert (network.t_, magic_network.t) == (0.002, 0 * ms)


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_clocks_within_a_run(target):
    set_device("runtime", target=target)
    own, seen = Clock(0.5 * ms), []
    cells = NeuronGroup(1, "v : 1")

    @network_operation(clock=own)
    def look():
        seen.append((float(own.t / ms), float(defaultclock.t / ms), own.timestep))

    run(1 * ms)
    assert seen == [(0, 0, 0), (0.5, 0.5, 1)]


def test_dt_must_stay_on_the_grid(device):
    cells = NeuronGroup(1, "v : 1")
    network = Network(cells)
    network.run(1 * ms)
    defaultclock.dt = 0.3 * ms
    with pytest.raises(ValueError, match=r"dt of defaultclock changes from 0.0001 s to 0.0003 s at 0.001 s"):
        network.run(1 * ms)
    defaultclock.dt = 0.25 * ms
    network.run(1 * ms)
    assert network.t == 2 * ms


def test_late_spikes_are_told(device, caplog):
    given = SpikeGeneratorGroup(1, [0], [0.5] * ms, name="given")
    network = Network(given)
    network.run(1 * ms)
    with caplog.at_level(logging.WARNING, "spikefarm"):
        given.set_spikes([0, 0], [0.5, 1.5] * ms)
        network.run(1 * ms)
        network.run(1 * ms)
    late = [r.getMessage() for r in caplog.records if "lie before" in r.getMessage()]
    assert len(late) == 1
    assert "'given': 1 spike(s) lie before 0.001 s" in late[0]
