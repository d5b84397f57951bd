"""Running one build many times: what Brian 2 users do with device.run and run_args."""

import multiprocessing
import os

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.devices import RunArgumentError, device_module


def decaying(initial, tau, samples=1000):
    """Closed form of dx/dt = -x/tau at 0.1 ms steps."""
    return np.asarray(initial) * np.exp(-np.arange(samples) * 1e-4 / tau)


def test_run_again_draws_new_numbers_and_the_same_seed_repeats_them():
    set_device("cpp_standalone")
    leaky = NeuronGroup(1, "dx/dt = -x / (10*ms) : 1")
    leaky.x = "rand()"
    trace = StateMonitor(leaky, "x", record=0)
    run(100 * ms)
    first = [trace.x[0]]
    for _ in range(4):
        device.run()
        first.append(trace.x[0])
    starts = [x[0] for x in first]
    assert len(set(starts)) == 5
    assert all(0 <= x < 1 for x in starts)
    for x in first:
        assert_allclose(x, decaying(x[0], 10e-3), rtol=1e-12)
    device.run(seed=5)
    again = trace.x[0].copy()
    device.run(seed=6)
    assert trace.x[0][0] != again[0]
    device.run(seed=5)
    assert_array_equal(trace.x[0], again)


def test_seed_in_the_script_makes_all_runs_the_same():
    set_device("cpp_standalone", build_on_run=False)
    seed(2718)
    leaky = NeuronGroup(6, "dx/dt = -x / tau : 1\ntau : second (shared, constant)")
    leaky.x = "rand()"
    trace = StateMonitor(leaky, "x", record=0)
    run(100 * ms)
    device.build(run=False)
    starts = []
    for tau_value in (np.arange(5) + 1) * 5 * ms:
        device.run(run_args={leaky.tau: tau_value})
        starts.append(trace.x[0][0])
        assert_allclose(trace.x[0], decaying(starts[0], float(tau_value)), rtol=1e-12)
    assert len(set(starts)) == 1


def test_arrays_of_initial_values():
    set_device("cpp_standalone", build_on_run=False)
    leaky = NeuronGroup(10, "dx/dt = -x / (10*ms) : 1")
    trace = StateMonitor(leaky, "x", record=True)
    run(100 * ms)
    device.build(run=False)
    for k in range(5):
        given = np.arange(10) * 0.01 + 0.1 * k
        device.run(run_args={leaky.x: given})
        assert trace.x.shape == (10, 1000)
        assert_allclose(trace.x[:, 0], given)
    device.run(run_args={leaky.x: 0.5})
    assert_allclose(trace.x[:, 0], 0.5)


def test_timed_array_contents():
    set_device("cpp_standalone", build_on_run=False)
    stimulus = TimedArray(np.zeros(10), dt=10 * ms)
    leaky = NeuronGroup(1, "dx/dt = (stimulus(t) - x) / (10*ms) : 1")
    trace = StateMonitor(leaky, "x", record=True)
    run(100 * ms)
    device.build(run=False)
    for k in (0, 3, 9):
        values = np.zeros(10)
        values[k] = 1
        device.run(run_args={stimulus: values})
        expected = np.zeros(1000)
        for step in range(1, 1000):
            level = values[(step - 1) // 100]
            expected[step] = level + (expected[step - 1] - level) * np.exp(-0.01)
        assert_allclose(trace.x[0], expected, atol=1e-13)


@pytest.mark.parametrize("applied_first", [False, True])
def test_initial_values_that_depend_on_each_other(applied_first):
    set_device("cpp_standalone", build_on_run=False)
    group = NeuronGroup(3, "fast : second\nslow : second")
    group.fast = 5 * ms
    if applied_first:
        device.apply_run_args()
    group.slow = "fast * 2"
    run(0.1 * ms)
    device.build(run=False)
    device.run(run_args={group.fast: 8 * ms})
    assert_allclose(group.fast / ms, 8)
    assert_allclose(group.slow / ms, 16 if applied_first else 10)


def test_names_of_constants_and_times():
    set_device("cpp_standalone", build_on_run=False)
    tau = 10 * ms
    leaky = NeuronGroup(1, "dx/dt = -x / tau : 1")
    leaky.x = 1
    trace = StateMonitor(leaky, "x", record=0)
    run(100 * ms)
    device.build(run=False)
    device.run(run_args={"tau": 25 * ms})
    assert_allclose(trace.x[0], decaying(1, 25e-3), rtol=1e-12)
    device.run()
    assert_allclose(trace.x[0], decaying(1, 10e-3), rtol=1e-12)
    device.run(run_args={"defaultclock.dt": 0.5 * ms, "run.duration": 20 * ms})
    assert_allclose(trace.t / ms, np.arange(40) * 0.5)
    assert_allclose(trace.x[0], np.exp(-np.arange(40) * 0.05), rtol=1e-12)


class Wrapped:
    """A simulation set up once and run in several processes."""

    def __init__(self, random):
        group = NeuronGroup(1, "dx/dt = -x / (10*ms) : 1", name="group")
        if random:
            group.x = "rand()"
        trace = StateMonitor(group, "x", record=0, name="trace")
        self.network = Network([group, trace])
        self.network.run(100 * ms)
        device.build(run=False)
        self.device = get_device()

    def run_into(self, folder):
        device_module.active_device = self.device
        self.device.run(results_directory=folder)
        return self.network["trace"].x[0]

    def run_from(self, start):
        self.device.run(run_args={self.network["group"].x: start}, results_directory=f"from_{start}")
        return self.network["trace"].x[0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_with_results_directories(method, tmp_path):
    set_device("cpp_standalone", build_on_run=False, directory=tmp_path / "project")
    wrapped = Wrapped(random=True)
    starts = np.linspace(0, 1, 5)
    with multiprocessing.get_context(method).Pool(2) as pool:
        random = pool.map(wrapped.run_into, [f"result_{k}" for k in range(6)])
        given = pool.map(wrapped.run_from, starts)
    assert len({x[0] for x in random}) == 6
    for start, x in zip(starts, given, strict=True):
        assert_allclose(x, decaying(start, 10e-3), rtol=1e-12, atol=1e-300)
    for k, x in enumerate(random):
        with np.load(tmp_path / "project" / f"result_{k}" / "results.npz") as saved:
            assert_array_equal(saved["trace.x"], x)


def test_all_wrong_run_arguments_are_named_at_once(tmp_path):
    set_device("cpp_standalone", build_on_run=False, directory=tmp_path / "project")
    tau = 10 * ms
    stimulus = TimedArray(np.zeros(10), dt=10 * ms)
    other = TimedArray(np.zeros(3), dt=10 * ms)
    group = NeuronGroup(
        4, "dx/dt = (stimulus(t) - x) / tau : 1\ny = 2*x : 1\nk : integer\nz : volt (shared)", name="cells"
    )
    run(1 * ms)
    device.build(run=False)
    with pytest.raises(RunArgumentError) as caught:
        device.run(
            results_directory="wrong",
            run_args={
                "tau": 5 * mV,
                "tua": 5 * ms,
                group.x: [1, 2, 3],
                group.y: 1,
                group.k: 1.5,
                group.z: np.nan * volt,
                stimulus: np.zeros(9),
                other: np.zeros(3),
                3: 4,
                "cells.x": "text",
            },
        )
    message = str(caught.value)
    for part in (
        r"'tau' has units of second, but 5. * mvolt has units of volt.",
        r"'tua' is no constant of the simulation. Did you mean 'tau'",
        r"'cells.x' takes an array of shape (4,) or a single value, but the shape given is (3,).",
        r"cells.y cannot be set by a run argument; of 'cells' these can: x, k, z.",
        r"'cells.k' takes whole numbers, but 1.5 is none.",
        r"is NaN in 1 place(s); give finite numbers.",
        r"'stimulus' takes an array of shape (10,), but the shape given is (9,).",
        r"is not used by the simulation; its TimedArrays: stimulus.",
        r"3 cannot be a run argument",
        r"'cells.x': 'text' is no number",
    ):
        assert part in message, (part, message)
    assert not (tmp_path / "project" / "wrong").exists()


@pytest.mark.parametrize("value", [np.inf * ms, np.nan * ms])
def test_constants_must_be_finite(value):
    set_device("cpp_standalone", build_on_run=False)
    tau = 10 * ms
    leaky = NeuronGroup(1, "dx/dt = -x / tau : 1")
    run(1 * ms)
    device.build(run=False)
    with pytest.raises(RunArgumentError, match=r"'tau'.*give finite numbers"):
        device.run(run_args={"tau": value})
    with pytest.raises(RunArgumentError, match="run_args must be a dictionary, not list"):
        device.run(run_args=["tau"])
    assert leaky.N == 1
    assert tau == 10 * ms


def test_a_constant_that_changes_between_runs_is_ambiguous():
    set_device("cpp_standalone", build_on_run=False)
    tau = 10 * ms
    leaky = NeuronGroup(1, "dx/dt = -x / tau : 1")
    leaky.x = 1
    run(10 * ms)
    tau = 20 * ms
    run(10 * ms)
    device.build()
    assert_allclose(leaky.x[:], np.exp(-1.5))
    with pytest.raises(RunArgumentError, match=r"different values.*'tau', 'tau@1'"):
        device.run(run_args={"tau": 5 * ms})
    device.run(run_args={"tau@1": 10 * ms})
    assert_allclose(leaky.x[:], np.exp(-2))


def test_results_directory_that_cannot_be_written(tmp_path):
    set_device("cpp_standalone", build_on_run=False, directory=tmp_path / "project")
    leaky = NeuronGroup(1, "dx/dt = -x / (10*ms) : 1")
    run(1 * ms)
    device.build(run=False)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RuntimeError, match=r"cannot be a directory: .*file is a file"):
        device.run(results_directory=tmp_path / "file" / "results")
    with pytest.raises(
        NotImplementedError, match=r"not known before the simulation has run: call device.run"
    ):
        leaky.x[:]
    if os.geteuid():  # root may write anywhere
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        with pytest.raises(RuntimeError, match="cannot be written"):
            device.run(results_directory=locked / "results")
