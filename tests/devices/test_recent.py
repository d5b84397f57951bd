"""A window that moves with a long run, single time steps, and a monitor's place in the time step, on every device."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.recent import samples
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


def model():
    cells = NeuronGroup(
        5, "dv/dt = (1.5 - v + 0.1*i)/(3*ms) : 1\ns : 1 (shared)\nk : integer", method="exact"
    )
    cells.run_regularly("s += 1; k += i", dt=0.2 * ms)
    return cells


def test_it_holds_the_end_of_what_a_state_monitor_holds(device):
    cells = model()
    options = {"record": [0, 3, 4], "dt": 0.2 * ms}
    whole = StateMonitor(cells[:], ["v", "s", "k"], **options)
    recent = RecentStateMonitor(cells, ["v", "s", "k"], duration=1.5 * ms, **options)
    everyone = RecentStateMonitor(cells[1:4], "v", record=True, duration=0.1 * ms)
    long = RecentStateMonitor(cells, "v", record=0, duration=1 * second)
    network = Network(cells, whole, recent, everyone, long)
    network.run(4.2 * ms)
    network.run(3 * ms)
    device.build()
    assert len(recent.t) == 8  # 1.5 ms are 8 steps of 0.2 ms, the last one begun
    for name in ("t", "v", "s", "k"):
        assert_array_equal(getattr(recent, name), getattr(whole, name)[..., -8:])
    assert_array_equal(recent[3].v, whole[3].v[-8:])
    assert everyone.v.shape == (3, 1)
    assert len(long.t) == 72
    assert recent.duration == 1.5 * ms


def test_it_holds_all_of_a_short_run(device):
    cells = model()
    recent = RecentStateMonitor(cells, "v", record=True, duration=1 * ms)
    run(0.4 * ms)
    device.build()
    assert_allclose(recent.t / (0.1 * ms), [0, 1, 2, 3])
    assert recent.v.shape == (5, 4)


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_it_can_be_read_within_a_run(target):
    set_device("runtime", target=target)
    cells = NeuronGroup(2, "v = t/ms + i : 1", name="cells")
    recent = RecentStateMonitor(cells, "v", record=True, duration=0.5 * ms)
    seen = []

    @network_operation(dt=0.7 * ms, when="end")
    def look():
        seen.append((len(recent.t), float(recent.t[0] / ms), recent.v[1, -1]))

    network = Network(cells, recent, look)
    network.run(2.8 * ms)
    assert_allclose(seen, [(1, 0, 1), (5, 0.3, 1.7), (5, 1.0, 2.4), (5, 1.7, 3.1)])
    other = NeuronGroup(1, "v : 1")
    network.add(other)  # another context takes over
    network.run(0.2 * ms)
    assert_allclose(recent.t / ms, [2.5, 2.6, 2.7, 2.8, 2.9])


def test_memory_is_bounded(device):
    """Ten thousand samples of a hundred neurons, of which ten are kept."""
    cells = NeuronGroup(100, "v = t/ms : 1")
    recent = RecentStateMonitor(cells, "v", record=True, duration=1 * ms)
    run(1 * second)
    device.build()
    assert_allclose(recent.t / ms, 999 + np.arange(10) * 0.1)
    if device.name == "runtime" and device.target == "numpy":
        assert sum(len(parts) for parts in device._context._recorded.values()) <= 40


def test_the_duration_is_a_run_argument():
    set_device("cpp_standalone", directory=None, build_on_run=False)
    cells = NeuronGroup(1, "v = t/ms : 1")
    recent = RecentStateMonitor(cells, "v", record=0, duration=1 * ms, name="recent")
    run(3 * ms)
    device_ = get_device()
    device_.build()
    assert len(recent.t) == 10
    device_.run(run_args={"recent.duration": 0.3 * ms})
    assert_allclose(recent.t / ms, [2.7, 2.8, 2.9])


@pytest.mark.parametrize(
    ("duration", "dt", "count"), [(1e-3, 1e-4, 10), (1.05e-3, 1e-4, 11), (1e-5, 1e-4, 1), (3e-4, 1e-4, 3)]
)
def test_number_of_samples(duration, dt, count):
    assert samples(duration, dt) == count


@pytest.mark.parametrize(
    ("duration", "error", "message"),
    [
        (3, DimensionMismatchError, r"RecentStateMonitor: duration is 3 with units of 1 instead of second"),
        (0 * ms, ValueError, r"RecentStateMonitor: duration is .* positive finite time"),
        (inf * second, ValueError, r"positive finite time"),
    ],
)
def test_durations_that_cannot_be(duration, error, message):
    with pytest.raises(error, match=message):
        RecentStateMonitor(NeuronGroup(1, "v : 1"), "v", record=True, duration=duration)


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_a_single_time_step(target):
    set_device("runtime", target=target)
    cells = NeuronGroup(3, "dv/dt = 1/ms : 1\ns : 1 (shared)\nw = 2*v : 1", method="euler")
    trace = StateMonitor(cells[1:], ["v", "s", "w"], record=[1])
    network = Network(cells, trace)
    with pytest.raises(TypeError, match=r"can be recorded once there has been a run"):
        trace.record_single_timestep()
    network.run(0.2 * ms)
    cells.s = 5
    trace.record_single_timestep()
    network.run(0.1 * ms)
    trace.record_single_timestep()
    assert_allclose(trace.t / ms, [0, 0.1, 0.2, 0.2, 0.3])
    assert_allclose(trace.v[0], [0, 0.1, 0.2, 0.2, 0.3])
    assert_allclose(trace.w[0], 2 * trace.v[0])
    assert_allclose(trace.s[0], [0, 0, 5, 5, 5])


def test_a_single_time_step_needs_the_runtime_device():
    set_device("cpp_standalone", directory=None, build_on_run=False)
    cells = NeuronGroup(1, "v : 1")
    trace = StateMonitor(cells, "v", record=0, name="trace")
    run(1 * ms)
    with pytest.raises(
        NotImplementedError, match=r"trace.record_single_timestep\(\) needs .* record with when='end'"
    ):
        trace.record_single_timestep()


def test_order_within_a_place(device):
    cells = NeuronGroup(1, "v : 1")
    cells.run_regularly("v += 1", when="start", order=0)
    before = StateMonitor(cells, "v", record=0, order=-1)
    after = StateMonitor(cells, "v", record=0, order=1)
    end = StateMonitor(cells, "v", record=0, when="end", dt=0.2 * ms)
    run(0.4 * ms)
    device.build()
    assert_array_equal(before.v[0], [0, 1, 2, 3])
    assert_array_equal(after.v[0], [1, 2, 3, 4])
    assert_array_equal(end.v[0], [1, 3])
