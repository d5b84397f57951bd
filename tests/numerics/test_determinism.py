"""The same run gives the same spikes: in any order, process and program, alone or after others."""

import hashlib
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.devices import Simulation, isolated_session
from spikefarm.devices.cpp_standalone.backend import CPPBackend
from spikefarm.devices.cpp_standalone.toolchain import CompileOptions

RUNS = [  # seed, run arguments
    (1, {}),
    (2, {}),
    (1, {"tau": 20 * ms}),
    (2**63 + 5, {"sigma": 3.0}),
    (1, {"sigma": 3.0, "tau": 5 * ms}),
]


def declare():
    """Noise in a large and in a small group, random initial values, thresholds and resets; two seeds."""
    tau, sigma = 10 * ms, 1.0
    large = NeuronGroup(
        100,
        "dv/dt = (0.8 - v)/tau + sigma*sqrt(2/tau)*xi : 1",
        threshold="v > 1 and rand() < 0.7",
        reset="v = 0.2*randn()",
        name="large",
    )
    small = NeuronGroup(
        5, "dv/dt = 0.1*v*xi*second**-0.5 - v/tau : 1", threshold="rand() < 0.05", method="heun", name="small"
    )
    spikes = SpikeMonitor(large, name="spikes")
    others = SpikeMonitor(small, name="others")
    large.v = "rand()"
    small.v = "randn()"
    run(50 * ms)
    seed(None)
    large.v["i < 50"] = "rand()"
    run(50 * ms)


def simulation():
    with isolated_session(0) as session:
        declare()
        return Simulation(freeze(session), CPPBackend())


IDS = ["spikes.i", "spikes.t", "others.i", "others.t", "large.v", "small.v"]


def digest(runner, simulation, run):
    """Everything a run leaves, as bytes."""
    seed, arguments = run
    runner.run({**simulation.resolve_all(arguments), **simulation.seed_inputs(seed)})
    return b"".join(np.ascontiguousarray(array).tobytes() for array in runner.read(IDS))


@pytest.fixture(scope="module")
def whole():
    """A simulation and what each of the runs leaves when it is the first run of a process."""
    model = simulation()
    alone = []
    for run in RUNS:
        runner = model.runner()
        alone.append(digest(runner, model, run))
        runner.close()
    return model, alone


def test_runs_differ(whole):
    _, alone = whole
    assert len(set(alone)) == len(RUNS)
    assert all(len(a) > 5000 for a in alone)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 2, 0, 4, 4, 1, 0, 3, 2]])
def test_any_order_of_runs_in_one_process(whole, order):
    model, alone = whole
    runner = model.runner()
    for k in order:
        assert digest(runner, model, RUNS[k]) == alone[k], k
    runner.close()


def test_runners_side_by_side(whole):
    model, alone = whole
    runners = [model.runner(), model.runner()]
    for k in range(len(RUNS)):
        other = (k + 1) % len(RUNS)
        assert digest(runners[0], model, RUNS[k]) == alone[k]
        assert digest(runners[1], model, RUNS[other]) == alone[other]
    for runner in runners:
        runner.close()


def test_unoptimised(whole):
    """The compiler's arrangement of loops changes nothing: no fused, reordered or vector arithmetic of its own."""
    model, alone = whole
    debug = Simulation(model.frozen, CPPBackend(CompileOptions(debug=True)))
    runner = debug.runner()
    for k in (0, 4):
        assert digest(runner, debug, RUNS[k]) == alone[k]
    runner.close()


def test_a_failed_run_leaves_no_trace(whole):
    model, alone = whole
    runner = model.runner()
    with pytest.raises(ValueError, match="'tau'"):
        digest(runner, model, (1, {"tau": np.nan * ms}))
    assert digest(runner, model, RUNS[0]) == alone[0]
    runner.close()


def test_pickled_in_another_process(whole, tmp_path):
    model, alone = whole
    (tmp_path / "simulation.pickle").write_bytes(pickle.dumps((model, [RUNS[k] for k in (3, 1, 0)], IDS)))
    script = """
import hashlib, pickle, sys
import numpy as np
model, runs, ids = pickle.loads(open(sys.argv[1], 'rb').read())
runner = model.runner()
for seed, arguments in runs:
    runner.run({**model.resolve_all(arguments), **model.seed_inputs(seed)})
    print(hashlib.sha256(b''.join(np.ascontiguousarray(a).tobytes() for a in runner.read(ids))).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "simulation.pickle"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [hashlib.sha256(alone[k]).hexdigest() for k in (3, 1, 0)]


def test_declared_again(whole):
    """The same script in another session, after other objects have been made, is the same model."""
    model, alone = whole
    with isolated_session(0):
        clutter = [NeuronGroup(1, "dv/dt = xi*second**-0.5 : 1") for _ in range(3)]
        again = simulation()
        assert len(clutter) == 3
    assert again.model_hash == model.model_hash
    runner = again.runner()
    assert digest(runner, again, RUNS[2]) == alone[2]
    runner.close()


def test_the_program_without_python(whole, tmp_path):
    """The exported project, compiled by its own Makefile, draws the same numbers."""
    model, _ = whole
    set_device("cpp_standalone", build_on_run=False, directory=tmp_path / "project")
    declare()
    device.build(run=False)
    device.run(run_args={"tau": 20 * ms}, seed=1)
    subprocess.run(["make", "-s", "-C", tmp_path / "project"], check=True, capture_output=True, timeout=300)
    with np.load(tmp_path / "project" / "results" / "results.npz") as saved:
        wanted = {id: saved[id] for id in IDS}
    np.save(tmp_path / "seeds.npy", model.seed_inputs(1)["seed"])
    done = subprocess.run(
        [
            *(tmp_path / "project" / "main", "tau=0.02", "tau@1=0.02"),  # one for each run()
            *(f"seed=@{tmp_path / 'seeds.npy'}", "--results", tmp_path / "own"),
        ],
        cwd=tmp_path / "project",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "own" / "results.npz") as saved:
        for id, values in wanted.items():
            assert_array_equal(saved[id], values, err_msg=id)
    assert len(wanted["spikes.t"]) > 100
