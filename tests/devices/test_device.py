"""The standalone device: project tree, cache, housekeeping, errors."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.devices import CompilerNotFoundError, DeviceError
from spikefarm.devices.cpp_standalone.cache import BuildCache

SCRIPT = textwrap.dedent(
    """
    import sys
    from spikefarm import *
    set_device('cpp_standalone', build_on_run=False, directory=None)
    tau = {tau}*ms
    cells = NeuronGroup(3, 'dv/dt = (1.5 - v)/tau + 0.1*xi*tau**-0.5 : 1', threshold='v > 1', reset='v = 0')
    spikes = SpikeMonitor(cells)
    run(100*ms)
    device.build(run=False)
    device.run(seed=11)
    print(spikes.num_spikes, 'spikefarm.core.lower' in sys.modules, 'jinja2' in sys.modules)
    """
)


def run_script(source, **environment):
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def small_model(name="cells"):
    cells = NeuronGroup(2, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", name=name)
    spikes = SpikeMonitor(cells, name="spikes")
    return cells, spikes


def test_second_start_compiles_nothing_and_lowers_nothing(tmp_path):
    cache = tmp_path / "cache"
    first = run_script(SCRIPT.format(tau=10), SPIKEFARM_CACHE_DIR=str(cache))
    entries = {e.key: e.path.stat().st_mtime_ns for e in BuildCache(cache).entries()}
    second = run_script(SCRIPT.format(tau=10), SPIKEFARM_CACHE_DIR=str(cache))
    other = run_script(SCRIPT.format(tau=20), SPIKEFARM_CACHE_DIR=str(cache))
    assert first[1:] == ["True", "True"]
    assert second[0] == first[0]
    assert second[1:] == other[1:] == ["False", "False"]
    assert {e.key: e.path.stat().st_mtime_ns for e in BuildCache(cache).entries()}.keys() == entries.keys()


def test_two_processes_building_at_once_make_one_build(tmp_path):
    cache = tmp_path / "cache"
    environment = {**os.environ, "SPIKEFARM_CACHE_DIR": str(cache)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(tau=10)], env=environment, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    printed = {process.communicate(timeout=120)[0].split()[0] for process in running}
    assert len(printed) == 1
    keys = [entry.key for entry in BuildCache(cache).entries()]
    assert sum(not key.startswith("host") for key in keys) == 1


def test_other_flags_make_another_build(fresh_session):
    set_device("cpp_standalone", build_on_run=False)
    cells, spikes = small_model()
    run(10 * ms)
    plain = device.simulation().backend.key(device.simulation().model)
    set_device("cpp_standalone", build_on_run=False, debug=True)
    debug = device.simulation().backend.key(device.simulation().model)
    assert plain != debug
    assert spikes.source is cells


def test_project_runs_without_python(tmp_path):
    project = tmp_path / "project"
    set_device("cpp_standalone", build_on_run=False, directory=project)
    tau = 10 * ms
    cells = NeuronGroup(2, "dv/dt = (b - v)/tau : 1\nb : 1", threshold="v > 1", reset="v = 0", name="cells")
    cells.b = [1.5, 2.5]
    spikes = SpikeMonitor(cells, name="spikes")
    run(100 * ms)
    device.build()
    count = spikes.count.copy()
    assert {"model.cpp", "Makefile", "parameters.txt", "engine"} <= set(os.listdir(project))
    subprocess.run(["make", "-s", "-C", project], check=True, capture_output=True, timeout=300)
    done = subprocess.run(
        [project / "main", "--results", tmp_path / "bare"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "bare" / "results.npz") as saved:
        assert_array_equal(saved["spikes.count"], count)
    changed = subprocess.run(
        [project / "main", "tau=0.02", "--results", tmp_path / "slow"],
        cwd=project,
        capture_output=True,
        timeout=60,
    )
    assert changed.returncode == 0
    device.run(run_args={"tau": 20 * ms})
    with np.load(tmp_path / "slow" / "results.npz") as saved:
        assert_array_equal(saved["spikes.count"], spikes.count)
    assert tau == 10 * ms


def test_delete_keeps_what_is_not_ours(tmp_path):
    project = tmp_path / "project"
    set_device("cpp_standalone", directory=project)
    _cells, spikes = small_model()
    run(10 * ms)
    (project / "notes.txt").write_text("mine")
    device.delete(code=False)
    assert not (project / "results").exists()
    assert (project / "model.cpp").exists()
    with pytest.raises(NotImplementedError, match=r"recorded nothing yet: call device.run"):
        spikes.count
    device.run()
    assert len(spikes.count) == 2
    device.delete(data=False)
    assert (project / "results" / "results.npz").exists()
    assert not (project / "model.cpp").exists()
    device.delete()
    assert os.listdir(project) == ["notes.txt"]
    device.delete(force=True)
    assert not project.exists()


def test_several_runs_need_an_explicit_build():
    set_device("cpp_standalone")
    cells, spikes = small_model()
    run(10 * ms)
    with pytest.raises(DeviceError, match=r"run\(\) has been called again.*build_on_run=False"):
        run(10 * ms)
    assert spikes.source is cells


def test_reinit_and_activate_start_afresh():
    set_device("cpp_standalone", directory="first")
    small_model()
    device.reinit()
    device.activate(directory="second")
    cells, spikes = small_model()
    run(20 * ms)
    assert spikes.num_spikes == 2
    assert cells.N == 2
    assert os.path.isdir("second")


def test_magic_results_of_a_second_model_do_not_disturb_the_first_build():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    cells, spikes = small_model()
    run(20 * ms)
    device.build()
    assert spikes.num_spikes == 2
    assert_allclose(cells.v[:], cells.v[0])


def test_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    set_device("cpp_standalone", build_on_run=False, directory=tmp_path / "project")
    cells, spikes = small_model()
    run(10 * ms)
    with pytest.raises(CompilerNotFoundError, match=r"(?s)compiler.*install"):
        device.build()
    assert not (tmp_path / "project").exists()
    assert spikes.source is cells


def test_directory_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("in the way")
    set_device("cpp_standalone", directory=tmp_path / "file")
    cells, spikes = small_model()
    with pytest.raises(DeviceError, match=r"cannot be a directory: .* is a file; choose another one"):
        run(10 * ms)
    assert spikes.source is cells


def test_wrong_devices_and_options():
    with pytest.raises(ValueError, match="no device named 'cuda'; choose one of cpp_standalone"):
        set_device("cuda")
    with pytest.raises(TypeError, match=r"set_device\('cpp_standalone'\): .*colour"):
        set_device("cpp_standalone", colour="blue")
    set_device("cpp_standalone", build_on_run=False)
    with pytest.raises(RuntimeError, match=r"nothing to simulate: the script has not called run\(\) yet"):
        device.build()
    with pytest.raises(DeviceError, match=r"no build to run: call device.build\(run=False\)"):
        device.run()


def test_values_before_and_after_the_run():
    set_device("cpp_standalone", build_on_run=False)
    cells = NeuronGroup(4, "dv/dt = -v/(10*ms) : volt\nw = 2*v : volt")
    cells.v = -70 * mV
    cells.v[1:3] = -60 * mV
    assert_allclose(cells.v / mV, [-70, -60, -60, -70])
    cells.v["i == 3"] = "-50*mV"
    with pytest.raises(NotImplementedError, match=r"cells|neurongroup\.v are not known before"):
        np.mean(cells.v)
    run(10 * ms)
    device.build()
    assert_allclose(cells.v / mV, np.array([-70, -60, -60, -50]) * np.exp(-1))
    assert_allclose(cells.t / ms, 10)
    with pytest.raises(NotImplementedError, match="no values are kept; record it with a StateMonitor"):
        cells.w[:]


def test_project_listing_names_every_file(tmp_path):
    project = tmp_path / "project"
    set_device("cpp_standalone", directory=project)
    cells, spikes = small_model()
    run(10 * ms)
    listed = set(json.loads((project / "project.json").read_text())["files"])
    found = {str(p.relative_to(project)) for p in project.rglob("*") if p.is_file()}
    assert found - listed == {"project.json", "results/results.npz"}
    assert spikes.source is cells
