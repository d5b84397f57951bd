"""Linked variables on every device and target."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session
from spikefarm.devices import SimulationError

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


def test_every_kind_of_link(device):
    gain = 3.0
    first = NeuronGroup(
        10,
        """dv/dt = -v/(10*ms) : volt
           k : integer
           w = gain*v + i*mV + s*mV*N : volt
           s : 1 (shared)
           late = t > 0.55*ms : boolean""",
        method="euler",
        name="first",
    )
    single = NeuronGroup(1, "dz/dt = 1/second : 1", method="euler")
    follower = NeuronGroup(
        3,
        """whole : volt (linked)
           part : volt (linked)
           chosen : volt (linked)
           pointed : volt (linked)
           computed : volt (linked)
           common : 1 (linked)
           only : 1 (linked)
           number : 1 (linked)
           flag : boolean (linked)
           idx : integer
           du/dt = (whole + chosen - u)/(5*ms) : volt
           half = number/2 : 1""",
        method="euler",
        name="follower",
    )
    third = NeuronGroup(2, "chain : volt (linked)\nready : volt (linked)", name="third")
    first.v, first.k, first.s = "i*mV", "3 + i", 2
    follower.idx = [4, 0, 2]
    follower.whole = linked_var(first[:3], "v")
    follower.part = linked_var(first[7:].v)
    follower.chosen = linked_var(first, "v", index=[9, 1, 1])
    follower.pointed = linked_var(first[2:7], "v", index="idx")
    follower.computed = linked_var(first, "w", index=[0, 9, 4])
    follower.common = linked_var(first, "s")
    follower.only = linked_var(single, "z")
    follower.number = linked_var(first[:3], "k")
    follower.flag = linked_var(first[:3].late)
    third.chain = linked_var(follower, "computed", index=[2, 1])
    third.ready = linked_var(follower[1:], "pointed")
    follower.run_regularly("idx = (idx + 1) % 5", dt=0.5 * ms, when="end")
    names = [
        "whole",
        "part",
        "chosen",
        "pointed",
        "computed",
        "common",
        "only",
        "number",
        "flag",
        "u",
        "half",
    ]
    trace = StateMonitor(follower, names, record=True)
    chained = StateMonitor(third, ["chain", "ready"], record=True)
    original = StateMonitor(first, ["v", "w", "late"], record=True)
    z = StateMonitor(single, "z", record=0)
    Network(first, single, follower, third, trace, chained, original, z).run(1.5 * ms)
    v, w = original.v_, original.w_
    assert_array_equal(trace.whole_, v[:3])
    assert_array_equal(trace.part_, v[7:])
    assert_array_equal(trace.chosen_, v[[9, 1, 1]])
    moved = (
        np.array([4, 0, 2])[:, None] + (np.arange(15) + 4) // 5
    ) % 5  # counted up at the ends of steps 0, 5, 10
    assert_array_equal(trace.pointed_, v[2 + moved, np.arange(15)])
    assert_array_equal(trace.computed_, w[[0, 9, 4]])
    assert_allclose(w, 3 * v + 1e-3 * np.arange(10)[:, None] + 20e-3, rtol=1e-12)
    assert_array_equal(trace.common, np.full((3, 15), 2.0))
    assert_array_equal(trace.only, np.repeat(z.z, 3, axis=0))
    assert_array_equal(trace.number, np.repeat([[3.0], [4.0], [5.0]], 15, axis=1))
    assert_array_equal(trace.half, np.repeat([[1.5], [2.0], [2.5]], 15, axis=1))
    assert_array_equal(trace.flag, original.late[:3])
    assert_array_equal(chained.chain_, w[[4, 9]])
    assert_array_equal(chained.ready_, trace.pointed_[1:])
    # the first group has been integrated already when the follower is
    u = np.zeros(3)
    decayed = v * 0.99
    for step in range(14):
        u = u + 1e-4 / 5e-3 * (decayed[:3, step] + decayed[[9, 1, 1], step] - u)
    assert_allclose(trace.u_[:, -1], u, rtol=1e-9)
    assert_array_equal(follower.whole_[:], first.v_[:3])
    assert_array_equal(follower[1:].chosen_[:], first.v_[[1, 1]])


def test_neighbours_in_one_group(device):
    """What a group reads of itself by index is what was there before the code that changes it."""
    ring = NeuronGroup(
        6,
        """dv/dt = (left + right - 2*v)/(1*ms) : 1
           left : 1 (linked)
           right : 1 (linked)""",
        threshold="v > 2",
        reset="v = left",
        method="rk2",
    )
    ring.v = [0, 1, 0, 0, 2, 0]
    ring.left = linked_var(ring, "v", index=[5, 0, 1, 2, 3, 4])
    ring.right = linked_var(ring, "v", index=[1, 2, 3, 4, 5, 0])
    ring.v["i == 0"] = "left + right + 1"  # 0 + 1 + 1
    ring.v = "right"
    trace = StateMonitor(ring, "v", record=True)
    run(1 * ms)
    v = np.array([1.0, 0, 0, 2, 0, 2])
    for recorded in trace.v.T:
        assert_allclose(recorded, v, rtol=1e-12)
        neighbours = np.roll(v, 1) + np.roll(v, -1)
        middle = v + 0.05 * (neighbours - 2 * v)
        v = v + 0.1 * (neighbours - 2 * middle)


def test_an_index_out_of_range_ends_the_run(device):
    first = NeuronGroup(4, "v : 1", name="first")
    follower = NeuronGroup(2, "x : 1 (linked)\nidx : integer\ny : 1", name="follower")
    follower.x = linked_var(first[1:], "v", index="idx")
    follower.run_regularly("y = x; idx += 1", dt=1 * ms)
    with pytest.raises(SimulationError, match=r"follower.idx: the index 3 lies outside its 3 value\(s\)"):
        run(10 * ms)


def test_a_column_out_of_range_ends_the_run(device):
    stimulus = TimedArray(np.arange(6).reshape(2, 3), dt=1 * ms)
    cells = NeuronGroup(2, "k : integer\nx = stimulus(t, k) : 1\ny : 1", name="cells")
    cells.k = [2, 0]
    trace = StateMonitor(cells, "x", record=True, dt=1 * ms)
    cells.run_regularly("k = int(t/(2*ms) + 0.5)*5", dt=0.1 * ms)
    with pytest.raises(SimulationError, match=r"stimulus: the index 5 lies outside its 3 value\(s\)"):
        run(10 * ms)
