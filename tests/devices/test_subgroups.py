"""Subgroups on every device and target: the same numbers, and those of the group's own neurons."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session
from spikefarm.devices import RunArgumentError

DEVICES = [
    {"device": "runtime", "target": "cpp"},
    {"device": "runtime", "target": "numpy"},
    {"device": "cpp_standalone", "directory": None},
]


def simulate(options):
    with use_session(Session()):
        set_device(**options)
        seed(7)
        cells = NeuronGroup(
            10,
            """dv/dt = (1.5 - v)/(10*ms) + 0.1*xi*(10*ms)**-0.5 : 1 (unless refractory)
               x = i + 100 : 1
               w : 1
               k : integer
               common : 1 (shared)""",
            threshold="v > 1",
            reset="v = 0",
            refractory=1 * ms,
            name="cells",
        )
        part = cells[3:8]
        inner = part[1:3]
        part.v = "i/N"
        part.v[1:3] = "0.1*i + 0.5*rand()"
        part.w = "i + N"
        part.w["i > 2"] = "100*x"
        inner.w = [-5, -6]
        inner.w_["i == 0 and w < 0"] = -9
        part.k[[0, -1]] = 7
        part.common = 3
        part.run_regularly("w += i + 0.01*x + 0.1*rand()", dt=1 * ms)
        drive = PoissonInput(inner, "v", N=10, rate=20 * Hz, weight=0.1)
        spikes, everyone = SpikeMonitor(part, variables="x"), SpikeMonitor(cells)
        trace = StateMonitor(part, ["i", "x", "w", "common", "v"], record=[0, 2], dt=1 * ms)
        whole_trace = StateMonitor(cells, "v", record=True, dt=1 * ms)
        rate = PopulationRateMonitor(inner)
        Network(cells, drive, spikes, everyone, trace, whole_trace, rate).run(30 * ms)
        return {
            "i": spikes.i,
            "t": spikes.t_,
            "x": spikes.x,
            "count": spikes.count,
            "trains": np.concatenate(list(spikes.spike_trains().values())),
            "all_i": everyone.i,
            "all_t": everyone.t_,
            "trace_i": trace.i,
            "trace_x": trace.x,
            "trace_w": trace.w,
            "trace_common": trace.common,
            "trace_2": trace[2].v,
            "trace_v": trace.v,
            "whole_v": whole_trace.v,
            "rate": rate.rate_,
            "w": cells.w_[:],
            "k": cells.k[:],
            "part_w": part.w_[:],
            "last": inner.w[-1],
        }


@pytest.fixture(scope="module")
def reference(build_cache):
    return simulate(DEVICES[0])


@pytest.mark.parametrize("options", DEVICES[1:], ids=["numpy", "standalone"])
def test_devices_agree(options, reference):
    found = simulate(options)
    for name, values in reference.items():
        assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def test_they_are_the_neurons_of_the_group(reference):
    r = reference
    inside = (r["all_i"] >= 3) & (r["all_i"] < 8)
    assert inside.sum() > 5
    assert_array_equal(r["i"], r["all_i"][inside] - 3)
    assert_array_equal(r["t"], r["all_t"][inside])
    assert_array_equal(r["x"], r["all_i"][inside] + 100)  # a subexpression is the group's
    assert_array_equal(r["count"], np.bincount(r["i"], minlength=5))
    assert_array_equal(r["trace_i"][:, 0], [0, 2])
    assert_array_equal(r["trace_x"][:, 0], [103, 105])
    assert_array_equal(r["trace_v"], r["whole_v"][[3, 5]])
    assert_array_equal(r["trace_2"], r["whole_v"][5])
    assert (r["trace_common"] == 3).all()
    among = np.isin(r["all_i"], (4, 5))
    steps = np.bincount(np.rint(r["all_t"][among] / 1e-4).astype(int), minlength=300)
    assert_allclose(r["rate"], steps / 2 / 1e-4)
    assert_array_equal(r["k"], [0, 0, 0, 7, 0, 0, 0, 7, 0, 0])
    assert_array_equal(r["w"][[0, 1, 2, 8, 9]], np.zeros(5))
    grown = 30 * (np.arange(5) + 0.01 * np.arange(103, 108))
    begun = np.array([5, -9, -6, 100 * 106, 100 * 107])
    assert (
        (r["part_w"] - grown - begun > 0) & (r["part_w"] - grown - begun < 3)
    ).all()  # 30 numbers up to 0.1
    assert r["last"] == r["w"][5]


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_reading_at_run_time(target):
    set_device("runtime", target=target)
    cells = NeuronGroup(10, "v : volt\nx = v*(i + 1) : volt\ncommon : 1 (shared)")
    part = cells[3:8]
    cells.v = "i*mV"
    run(0 * ms)
    assert_allclose(part.v["i < 2"] / mV, [3, 4])
    assert_allclose(part.x / mV, np.arange(3, 8) * np.arange(4, 9))
    assert_allclose(part.x["x > 20*mV and i < N - 1"] / mV, [30, 42])
    part.v["i >= N - 1"] = "v + i*mV"
    assert_allclose(cells.v / mV, [0, 1, 2, 3, 4, 5, 6, 11, 8, 9])
    stimulus = TimedArray(np.arange(10).reshape(1, 10) * mV, dt=1 * ms)
    part.v = "stimulus(t, i)"
    assert_allclose(cells.v / mV, [0, 1, 2, 0, 1, 2, 3, 4, 8, 9])


def test_run_arguments_are_for_whole_groups():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    cells = NeuronGroup(10, "v : 1", name="cells")
    run(1 * ms)
    device.build(run=False)
    with pytest.raises(RunArgumentError, match=r"'cells\[3:8\].v' cannot be a run argument: .* give cells.v"):
        device.run(run_args={cells[3:8].v: 3})
