"""The runtime device: the same numbers as the standalone one, state at hand, Python in between."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.logs import catch_logs
from spikefarm.core.session import Session, current_session, use_session
from spikefarm.devices import DeviceError


def noisy(name="cells"):
    """A model with noise, refractoriness, random resets and strings."""
    cells = NeuronGroup(
        30,
        """dv/dt = (drive - v)/tau + 0.3*xi/sqrt(tau) : 1 (unless refractory)
           drive : 1 (constant)
           u : 1""",
        threshold="v > 1 + 0.1*rand()",
        reset="v = -0.2*rand()\nu += 1",
        refractory=2 * ms,
        name=name,
    )
    cells.drive = "0.8 + 0.6*i/N"
    cells.v = "rand()"
    cells.u["i % 2 == 0"] = "randn()"
    return cells


def coupled(name="cells"):
    """Linear equations that are integrated exactly, with a matrix for each neuron."""
    cells = NeuronGroup(
        5,
        """dv/dt = (g + stimulus(t) - v)/tau : 1 (unless refractory)
           dg/dt = -g/(5*ms) : 1
           tau : second (constant)
           twice = 2*v : 1""",
        threshold="v > 0.5",
        reset="v = 0",
        refractory="2*ms + i*ms",
        method="exact",
        name=name,
    )
    cells.tau = "5*ms + i*ms"
    cells.g = 2
    return cells


def conductance(name="cells"):
    """Nonlinear equations, and one for each of the other functions."""
    return NeuronGroup(
        4,
        """dm/dt = alpha*(1 - m) - beta*m : 1
           dx/dt = (clip(m, 0, 0.3) - x*abs(x) + sign(cos(t/ms)))/(10*ms) : 1
           alpha = 0.1/exprel(-(25 + 10*i)/10.)/ms : Hz
           beta = 4*exp(-(i % 3)/18.)/ms : Hz""",
        method="exponential_euler" if name == "ee" else "rk4",
        name=name,
    )


MODELS = {
    "noisy": noisy,
    "coupled": coupled,
    "rk4": lambda: conductance("cells"),
}
RECORDED = {"noisy": ["v", "u"], "coupled": ["v", "g", "twice"], "rk4": ["m", "x"]}


def results(which, **options):
    """Everything a model does in two runs, on a device."""
    with use_session(Session()):
        set_device(**options)
        seed(1234)
        tau = 10 * ms
        stimulus = TimedArray(np.linspace(0, 3, 10), dt=5 * ms)
        cells = MODELS[which]()
        trace = StateMonitor(cells, RECORDED[which], record=[0, 3], dt=0.5 * ms)
        objects = [cells, trace]
        if which != "rk4":
            objects.append(SpikeMonitor(cells))
        network = Network(objects)
        network.run(30 * ms)
        network.run(21.35 * ms)
        if options["device"] == "cpp_standalone":
            get_device().build()
        found = {name: np.asarray(getattr(trace, name)) for name in ("t", *RECORDED[which])}
        if len(objects) == 3:
            found |= {"i": objects[2].i, "times": np.asarray(objects[2].t), "count": objects[2].count}
        assert stimulus.dt
        assert tau
        return found


@pytest.mark.parametrize("which", MODELS)
def test_devices_and_targets_agree(which):
    reference = results(which, device="cpp_standalone", build_on_run=False, directory=None)
    compiled = results(which, device="runtime", target="cpp")
    arrays = results(which, device="runtime", target="numpy")
    assert reference.keys() == compiled.keys() == arrays.keys()
    if which != "rk4":
        assert len(reference["i"]) > 20
    for name, values in reference.items():
        assert_array_equal(compiled[name], values, err_msg=name)
        # numpy's mathematics rounds differently in the last places
        assert_allclose(arrays[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.fixture(params=["cpp", "numpy"])
def target(request):
    set_device("runtime", target=request.param)
    return request.param


def test_state_is_at_hand_between_runs(target):
    tau = 10 * ms
    cells = NeuronGroup(3, "dv/dt = -v/tau : volt\nw = 2*v : volt\nlabel : integer")
    cells.v = "(1 + i)*mV"
    assert_allclose(cells.v / mV, [1, 2, 3])
    assert_allclose(cells.v["i > 0"] / mV, [2, 3])
    run(10 * ms)
    assert_allclose(cells.v / mV, np.exp(-1) * np.array([1, 2, 3]))
    assert_allclose(cells.w / mV, 2 * np.exp(-1) * np.array([1, 2, 3]))
    cells.v[1] = 10 * mV
    cells.label["v > 5*mV"] = 7
    assert_array_equal(cells.label[:], [0, 7, 0])
    tau = 20 * ms
    run(10 * ms)
    assert_allclose(cells.v[1] / mV, 10 * np.exp(-0.5))
    assert_allclose(cells.t / ms, 20)
    kept = cells.v[:]
    run(10 * ms)
    assert_allclose(kept[1] / mV, 10 * np.exp(-0.5))  # not a view of what goes on


def test_a_loop_of_runs_and_a_network_that_grows(target):
    cells = NeuronGroup(2, "dv/dt = 1/ms : 1", threshold="v > 4.95", reset="v = 0", method="euler")
    spikes = SpikeMonitor(cells)
    for _ in range(4):
        run(2.5 * ms)
    assert_allclose(spikes.t / ms, [4.9, 4.9, 9.9, 9.9])
    trace = StateMonitor(cells, "v", record=0)
    run(5 * ms)
    assert_allclose(spikes.t / ms, [4.9, 4.9, 9.9, 9.9, 14.9, 14.9])
    assert_array_equal(spikes.count, [3, 3])
    assert_allclose(trace.t[0] / ms, 10)
    assert len(trace.t) == 50


def test_network_operations_read_write_and_stop(target):
    cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1")
    seen = []

    @network_operation(dt=1 * ms)
    def kick(t):
        seen.append((float(t), float(cells.v[0]), float(cells.t)))
        cells.v[0] = 1
        if t > 4.5 * ms:
            stop()

    run(20 * ms)
    times, values, clocks = np.array(seen).T
    assert_allclose(times, np.arange(6) * 1e-3)
    assert_allclose(clocks, times)
    assert_allclose(values, [0] + [np.exp(-0.1)] * 5)
    assert_allclose(cells.t / ms, 5.1)
    run(1 * ms)
    assert_allclose(cells.t / ms, 6.1)


def test_an_error_in_python_ends_the_run_and_is_raised(target):
    cells = NeuronGroup(1, "dv/dt = 1/ms : 1")

    @network_operation(when="end")
    def fail():
        if cells.v[0] > 0.95:
            raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing"):
        run(10 * ms)
    assert_allclose(cells.v[0], 1.0, atol=0.11)


def test_methods_as_operations_and_wrong_functions(target):
    class Counter:
        def __init__(self):
            self.cells = NeuronGroup(1, "v : 1")
            self.count = 0
            self.operation = NetworkOperation(self.tick)
            self.network = Network(self.cells, self.operation)

        def tick(self):
            self.count += 1

    counter = Counter()
    counter.network.run(1 * ms)
    assert counter.count == 10
    with pytest.raises(TypeError, match="takes 2 arguments; it may take none, or the time"):
        network_operation(lambda a, b: None)
    with pytest.raises(TypeError, match="3 is not a function"):
        NetworkOperation(3)


def test_progress_is_reported(target, capsys):
    cells = NeuronGroup(1, "dv/dt = -v/ms : 1")
    told = []
    run(5 * ms, report=lambda *what: told.append(what), report_period=1 * ms)
    assert told[0][1] == 0
    assert told[-1][1] == 1
    assert_allclose(float(told[-1][3]), 5e-3)
    run(5 * ms, report="text")
    assert "(100%) simulated in" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"report='loud': choose 'text'"):
        run(5 * ms, report="loud")
    assert cells.N == 1


def test_it_is_the_default_device_and_falls_back_to_numpy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    set_device("runtime")
    cells = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1")
    cells.v = 1
    with catch_logs() as logs:
        run(10 * ms)
    assert "No C++ compiler was found; kernels run in numpy" in logs[0][2]
    assert_allclose(cells.v[0], np.exp(-1))


def test_what_this_device_cannot_do():
    with pytest.raises(ValueError, match="target='fortran' is no target of the runtime device"):
        set_device("runtime", target="fortran")
    with pytest.raises(ValueError, match="build_on_run=False has no meaning for the runtime device"):
        set_device("runtime", build_on_run=False)
    set_device("runtime")
    cells = NeuronGroup(1, "v : 1")
    with pytest.raises(DeviceError, match=r"A sweep needs a model that has been declared but not run"):
        Sweep({cells.v: [1, 2]})
    set_device("cpp_standalone", build_on_run=False)
    cells = NeuronGroup(1, "v : 1", name="quiet")

    @network_operation
    def never():
        pass

    with pytest.raises(DeviceError, match=r"needs Python at every step, .* call set_device\('runtime'\)"):
        Network(cells, never).run(1 * ms)
    assert current_session().device is get_device()
