"""Preferences that devices go by."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from spikefarm import *
from spikefarm.core.logs import catch_logs
from spikefarm.devices import CompilerNotFoundError, session_numerics
from spikefarm.devices.cpp_standalone.backend import CPPBackend
from spikefarm.devices.cpp_standalone.cache import BuildCache, default_limit


@pytest.fixture(autouse=True)
def restored():
    prefs.reset_to_defaults()
    yield
    prefs.reset_to_defaults()


def decay():
    cells = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="exact", name="cells")
    cells.v = 1
    return cells


def test_the_target_can_change_between_runs():
    set_device("runtime")
    cells = decay()
    spent = []
    for target in ("numpy", "cpp", "cython", "auto", "numpy"):
        prefs.codegen.target = target
        assert get_device().target == target
        run(1 * ms)
        spent.append(cells.v[0])
    np.testing.assert_allclose(spent, np.exp(-0.1 * np.arange(1, 6)))


def test_set_device_comes_before_the_preference(monkeypatch, tmp_path):
    set_device("runtime", target="numpy")
    prefs.codegen.target = "cpp"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    decay()
    cells = decay()
    run(1 * ms)
    set_device("runtime")
    other = decay()
    with pytest.raises(CompilerNotFoundError, match="no C"):
        Network(other).run(1 * ms)


def key_text():
    return CPPBackend().options.key_text()


@pytest.mark.parametrize(
    ("name", "value", "flag"),
    [
        ("codegen.cpp.extra_compile_args", ["-O1"], "-O1"),
        ("codegen.cpp.extra_compile_args_gcc", ["-O2", "-ffast-math"], "-ffast-math"),
        ("codegen.cpp.define_macros", [("WEIGHT", "3"), ("BARE", None)], "-DWEIGHT=3 -DBARE"),
        ("codegen.cpp.include_dirs", ["/somewhere"], "-I/somewhere"),
        ("codegen.cpp.headers", ["<vector>", '"mine.h"'], "-include vector -include mine.h"),
        ("codegen.cpp.libraries", ["m"], "-lm"),
        ("codegen.cpp.library_dirs", ["/lib1"], "-L/lib1"),
        ("codegen.cpp.runtime_library_dirs", ["/lib2"], "-Wl,-rpath,/lib2"),
        ("codegen.cpp.extra_link_args", ["-Wl,-z,now"], "-Wl,-z,now"),
        ("devices.cpp_standalone.openmp_threads", 2, "threads=2"),
    ],
)
def test_what_the_compiler_is_told_identifies_builds_and_runs(name, value, flag):
    before, numerics = key_text(), session_numerics()
    prefs[name] = value
    assert flag in key_text()
    assert flag not in before
    assert (session_numerics() != numerics) == ("threads" not in name)
    assert ("-O3" in key_text()) == ("compile_args" not in name)


def test_defaults_are_what_is_always_told():
    prefs.codegen.cpp.extra_compile_args_gcc = list(prefs.codegen.cpp.extra_compile_args_gcc)
    assert CPPBackend().options.compile_args is None
    assert "-O0 -g" in CPPBackend(CPPBackend().options.__class__(debug=True)).options.key_text()


def test_compiler_preferences_take_effect(tmp_path):
    (tmp_path / "mine.h").write_text("inline double halved(double x) { return std::floor(x/WEIGHT); }\n")
    prefs.codegen.cpp.define_macros = [("WEIGHT", "2")]
    prefs.codegen.cpp.include_dirs = [str(tmp_path)]
    prefs.codegen.cpp.headers = ["<cmath>", "mine.h"]
    prefs.codegen.cpp.libraries = ["m"]
    half = Function(lambda x: x // 2, arg_units=[1], return_unit=1, arg_names=["x"])
    half.implementations.add_implementation("cpp", "double half(double x) { return halved(x); }")
    set_device("cpp_standalone", directory="project")
    cells = NeuronGroup(3, "x : 1\ny : 1", name="cells")
    cells.x = "i + 3"
    cells.run_regularly("y = half(x)")
    run(0.1 * ms)
    assert list(cells.y[:]) == [1, 2, 2]
    makefile = Path("project/Makefile").read_text()
    assert makefile.startswith("# From the preferences.\nMAKEFLAGS += -j\nLDLIBS = -lm\nEXACT = -std=c++17\n")
    subprocess.run(["make", "-C", "project", "main"], check=True, capture_output=True)
    subprocess.run(["./main", "--results", "made"], cwd="project", check=True, capture_output=True)
    with np.load("project/made/results.npz") as saved:
        assert list(saved["cells.y"]) == [1, 2, 2]


def test_arguments_for_make_are_in_the_makefile():
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j3", "--silent"]
    set_device("cpp_standalone", build_on_run=False, directory="project")
    decay()
    cells = decay()
    run(1 * ms)
    device.build(run=False)
    assert (
        Path("project/Makefile")
        .read_text()
        .startswith("# From the preferences.\nMAKEFLAGS += -j3 --silent\n\n# make")
    )


def test_preferences_set_after_set_device_count():
    set_device("cpp_standalone", build_on_run=False, directory="project")
    prefs.codegen.cpp.compiler = "nonesuch"
    cells = decay()
    run(1 * ms)
    with pytest.raises(CompilerNotFoundError, match="the compiler asked for is 'nonesuch'"):
        device.build()
    prefs.codegen.cpp.compiler = "unix"
    device.build()
    np.testing.assert_allclose(cells.v[:], np.exp(-0.1))


def test_where_builds_are_kept_and_how_many(tmp_path, monkeypatch):
    monkeypatch.delenv("SPIKEFARM_CACHE_DIR")
    prefs.codegen.cache_dir = str(tmp_path / "builds-here")
    assert BuildCache().root == tmp_path / "builds-here"
    prefs.codegen.max_cache_dir_size = 7
    assert BuildCache().max_bytes == 7 << 20
    prefs.codegen.max_cache_dir_size = 0
    assert default_limit() > 1 << 50
    monkeypatch.setenv("SPIKEFARM_CACHE_MB", "5")
    assert CPPBackend().cache.max_bytes == 5 << 20


def test_clearing_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path))
    (tmp_path / "builds" / "one").mkdir(parents=True)
    (tmp_path / "building").mkdir()
    (tmp_path / "locks").mkdir()
    for target, count in (("cpp", 1), ("cython", 0), ("cpp_standalone", 0)):
        assert clear_cache(target) == count
    with pytest.raises(ValueError, match=r"clear_cache\('numpy'\): only 'cpp' has a cache"):
        clear_cache("numpy")


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_the_automatic_choice_of_a_method_is_told(target):
    set_device("runtime", target=target)
    tau = 10 * ms
    one = NeuronGroup(1, "dv/dt = -v/tau : 1", name="one")
    two = NeuronGroup(1, "dv/dt = -v**2/tau : 1", name="two")
    three = NeuronGroup(1, "dv/dt = -v/tau : 1", name="three", method="euler")
    with catch_logs(0) as logs:
        run(1 * ms)
        run(1 * ms)
    assert [text for _, name, text in logs if name == "spikefarm.core.integrators.method_choice"] == [
        "No integration method was given for 'one'; it is 'exact'.",
        "No integration method was given for 'two'; it is 'euler'.",
    ]


@experiment
def flags(k):
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="exact")
    run(1 * ms)
    return {"flag": float("-DMARKED" in CPPBackend().options.flags()), "v": group.v[0] + k}


def test_preferences_travel_with_experiments():
    prefs.codegen.cpp.define_macros = [("MARKED", None)]
    data = flags.sweep(k=[1, 2], workers=1)
    assert data.flag.values.tolist() == [1, 1]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_numbers(threads):
    found = []
    for number in (0, threads):
        prefs.devices.cpp_standalone.openmp_threads = number
        set_device("cpp_standalone", build_on_run=False, directory="project")
        device.reinit()
        device.activate()
        seed(4)
        cells = NeuronGroup(
            3000,
            """dv/dt = (1.2 - v + w)/(10*ms) + 0.2*xi*(10*ms)**-0.5 : 1 (unless refractory)
               dw/dt = -w/(30*ms) : 1
               kick = poisson(0.5) : integer (constant over dt)""",
            threshold="v > 1",
            reset="v = 0.1*rand(); w -= 0.05*kick",
            refractory=2 * ms,
            method="euler",
        )
        cells.run_regularly("w += 0.01*randn()", dt=1 * ms)
        spikes = SpikeMonitor(cells)
        run(20 * ms)
        device.build()
        found.append((list(spikes.i), list(spikes.t_), list(cells.w[:])))
        assert ("#pragma omp" in Path("project/model.cpp").read_text()) == (number > 1)
    assert found[0] == found[1]
    assert len(found[0][0]) > 1000
