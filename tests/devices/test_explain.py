"""What compilers say about loops: read, told by kernel, and as it has to be for the main ones."""

import json
import sys

import pytest
from spikefarm import Network, NeuronGroup, StateMonitor, Synapses, device, get_device, ms, mV, set_device
from spikefarm.cli import main
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session
from spikefarm.devices import UndecidedDevice
from spikefarm.devices.cpp_standalone.explain import explain
from spikefarm.devices.cpp_standalone.remarks import Remark, read_remarks
from spikefarm.devices.cpp_standalone.toolchain import CompileOptions, find_compiler

HODGKIN_HUXLEY = """
dv/dt = (0.1 - v - 30*m**3*h*(v - 50) - 5*n**4*(v + 77))/ms : 1 (unless refractory)
dm/dt = (0.32*exprel((13 - v)/4)*(1 - m) - 0.28*exprel((v - 40)/5)*m)/ms : 1
dn/dt = (0.032*exprel((15 - v)/5)*(1 - n) - 0.5*exp((10 - v)/40)*n)/ms : 1
dh/dt = (0.128*exp((17 - v)/18)*(1 - h) - 4/(1 + exp((40 - v)/5))*h)/ms : 1
"""
CURRENT_BASED = """
dv/dt = (ge + gi - v)/(20*ms) : 1 (unless refractory)
dge/dt = -ge/(5*ms) : 1
dgi/dt = -gi/(10*ms) : 1
"""
RATE = (
    "dv/dt = (w*tanh(v) + clip(v, -1, 1) + exprel(v) + log(1 + v**2) - v + timestep(t, dt)*0)/ms : 1\nw : 1"
)
#: Loops that have to work on many neurons at a time, whatever else changes.
MAIN = {
    "exact": ("dv/dt = (2 - v)/(10*ms) : 1", {"method": "exact"}),
    "refractory": (
        "dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)",
        {"method": "exact", "refractory": 2 * ms},
    ),
    "held": ("dv/dt = (w - v)/(10*ms) : 1\nw : 1", {"method": "exact", "refractory": "v > 1 and w > 0"}),
    "channels": (HODGKIN_HUXLEY, {"method": "exponential_euler", "refractory": 3 * ms}),
    "noisy": ("dv/dt = -v/(10*ms) + 0.5*xi*(10*ms)**-0.5 : 1", {"method": "euler"}),
    "multiplied": ("dv/dt = -v/(10*ms) + 0.5*v*xi*(10*ms)**-0.5 : 1", {"method": "heun"}),
    "currents": (CURRENT_BASED, {"method": "exact", "refractory": 5 * ms}),
    "rates": (RATE, {"method": "euler"}),
    "driven": (
        "dv/dt = (drive - v)/(10*ms) + 0.5*xi*(10*ms)**-0.5 : 1 (unless refractory)\ndrive : 1 (shared)",
        {"method": "euler", "refractory": 2 * ms},
    ),
    "quadratic": (
        "dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1\ndu/dt = a*(b*v - u)/ms : 1\nI : 1\na : 1\nb : 1 (shared)",
        {"method": "euler"},
    ),
    "exponential": (
        "dv/dt = (2*exp((v - 1)/0.1) - v - w)/(9*ms) : 1 (unless refractory)\n"
        "dw/dt = (int(v > 0.5)*2 - w)/(100*ms) : 1",
        {"method": "euler", "refractory": "v > 1"},
    ),
    "conductances": (
        "dv/dt = (-v + ge*(4 - v) + gi*(-1 - v))/(20*ms) : 1 (unless refractory)\n"
        "dge/dt = -ge/(5*ms) : 1\ndgi/dt = -gi/(10*ms) : 1",
        {"method": "exponential_euler", "refractory": 5 * ms},
    ),
    "steps": ("dv/dt = (v**2 - v)/(10*ms) : 1", {"method": "rk4"}),
}


def model_of(declare):
    with use_session(Session()) as session:
        kept = declare()
        model = freeze(session).model
    assert kept
    return model


def main_kernels():
    groups = [
        NeuronGroup(100, text, threshold="v > 1", reset="v = 0", name=name, **arguments)
        for name, (text, arguments) in MAIN.items()
    ]
    Network(groups).run(1 * ms)
    return groups


@pytest.fixture(scope="module")
def explained():
    return {kernel.name: kernel for kernel in explain(model_of(main_kernels), CompileOptions()).kernels}


@pytest.mark.parametrize("part", ["stateupdater", "spike_thresholder"])
@pytest.mark.parametrize("name", MAIN)
def test_the_main_loops_work_on_many_neurons_at_a_time(explained, name, part):
    kernel = explained[f"{name} _{part}"]
    assert kernel.loops
    assert [loop for loop in kernel.loops if not loop.vectorised] == []
    assert min(loop.bits for loop in kernel.loops) >= 128


def test_functions_of_the_library_have_loops_of_their_own(explained):
    assert explained["rates _stateupdater"].calls == ("tanh",)
    assert explained["channels _stateupdater"].calls == ()


def test_what_is_not_expected_says_why(explained):
    reset = explained["exact _spike_resetter"]
    assert (reset.loops, reset.expected) == ((), "only neurons that had an event just now")


def difficult():
    group = NeuronGroup(50, "dv/dt = -v/(10*ms) : 1\nw : 1", threshold="v > 1", reset="v = 0", method="exact")
    group.run_regularly("w = i // 3 + v", dt=1 * ms)
    recorded = StateMonitor(group, "v", record=0)
    synapses = Synapses(group, group, on_pre="v_post += 0.1")
    synapses.connect()
    kept = group, recorded, synapses
    Network(*kept).run(1 * ms)
    return kept


def test_a_loop_that_is_not_vectorised_says_why_and_where():
    found = explain(model_of(difficult), CompileOptions())
    (missed,) = found.missed().kernels
    (loop,) = missed.loops
    assert missed.does == ("w = i // 3 + v",)
    assert not loop.vectorised
    assert loop.reason
    assert loop.said
    assert "sf_floordiv" in loop.code
    text = str(found)
    assert f"line {loop.line} is not vectorised: {loop.reason}" in text
    assert "synapses : not expected to be vectorised (synapses change neurons here and there" in text
    assert "_stateupdater: vectorised, " in text


def test_nothing_is_vectorised_where_the_compiler_is_told_so():
    found = explain(model_of(difficult), CompileOptions(extra_flags=("-fno-tree-vectorize",)))
    assert not any(loop.vectorised for kernel in found.kernels for loop in kernel.loops)


GCC = """\
/tmp/x/model.cpp:10:21: optimized: loop vectorized using 64 byte vectors
/tmp/x/model.cpp:10:21: optimized: loop vectorized using 32 byte vectors
/tmp/x/model.cpp:20:21: missed: couldn't vectorize loop
/tmp/x/engine/mathx.h:5:3: missed: not vectorized: control flow in loop.
/tmp/x/model.cpp:30:21: missed: couldn't vectorize loop
/tmp/x/model.cpp:31:9: missed: statement clobbers memory: _5 = tgamma (_4);
/tmp/x/model.cpp:31:9: missed: not vectorized: no vectype for stmt: _7 = *_6;
/tmp/x/engine/blocks.h:13:3: optimized: loop vectorized using 64 byte vectors
"""
CLANG = """\
/x/model.cpp:10:3: remark: vectorized loop (vectorization width: 4, interleaved count: 2) [-Rpass=loop-vectorize]
/x/model.cpp:20:3: remark: loop not vectorized: call instruction cannot be vectorized [-Rpass-analysis=loop-vectorize]
/x/model.cpp:20:3: remark: loop not vectorized [-Rpass-missed=loop-vectorize]
"""


def test_remarks_of_gcc():
    assert read_remarks(GCC, "model.cpp") == {
        10: Remark(bits=512),
        20: Remark(reason="it branches", said="control flow in loop."),
        30: Remark(
            reason="it calls tgamma, which has no vector form",
            said="clobbers memory: _5 = tgamma (_4);",
            line=31,
        ),
    }
    assert read_remarks(GCC, "blocks.h")[13].vectorised


def test_remarks_of_clang():
    assert read_remarks(CLANG, "model.cpp") == {
        10: Remark(numbers=4),
        20: Remark(
            reason="it calls a function that has no vector form",
            said="call instruction cannot be vectorized",
            line=20,
        ),
    }


SCRIPT = """
import sys
from spikefarm import *
{}
group = NeuronGroup(int(sys.argv[1]), "dv/dt = -v/(10*ms) : 1", method="exact", name="cells")
run(1*ms)
{}
raise RuntimeError("the simulation has gone on")
"""


@pytest.mark.parametrize(
    ("begin", "end"), [("", ""), ("set_device('cpp_standalone', build_on_run=False)", "device.build()")]
)
def test_the_command_stops_at_the_first_build(tmp_path, capsys, monkeypatch, begin, end):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("sys.argv", ["spikefarm"])
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(begin, end))
    with use_session(Session(device=UndecidedDevice())):
        assert main(["explain", "--json", str(path), "64"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["compiler"] == find_compiler().version
    (kernel,) = data["kernels"]
    assert kernel["name"] == "cells _stateupdater"
    assert kernel["loops"][0]["bits"] >= 128


def test_the_command_says_when_there_is_nothing_to_explain(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["spikefarm"])
    path = tmp_path / "script.py"
    path.write_text("x = 1\n")
    assert main(["explain", str(path)]) == 1
    assert "has no model compiled; call run() in it" in capsys.readouterr().err
    assert main(["explain", str(tmp_path / "none.py")]) == 1
    assert "there is no script" in capsys.readouterr().err


def test_the_device_explains_what_has_been_declared():
    before = get_device()
    with use_session(Session()):
        set_device("cpp_standalone", build_on_run=False)
        group = NeuronGroup(64, "dv/dt = -v/(10*ms) : volt", method="exact")
        group.v = 1 * mV
        Network(group).run(1 * ms)
        found = device.explain()
    set_device(before)
    assert "vectorised" in str(found)
    assert found.missed().kernels == ()
