"""A compiled probe model and the host that runs it, made once per test run and worker."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from spikefarm.devices.base import Build, InputSpec, Manifest, OutputSpec
from spikefarm.devices.cpp_standalone.cache import BuildCache
from spikefarm.devices.cpp_standalone.compile import compile_model, host_executable
from spikefarm.devices.cpp_standalone.runner import HostRunner
from spikefarm.devices.cpp_standalone.toolchain import CompileOptions, find_compiler

HERE = Path(__file__).parent

INPUTS = (
    InputSpec("tau", "tau", "constant", "float64", 1, "s"),
    InputSpec("group.v:override", "v", "override", "float64", 4, "V"),
    InputSpec("noise_size", "noise_size", "constant", "int64", 1, "1"),
    InputSpec("seed", "seed", "seed", "uint64", 1, "1"),
    InputSpec("mode", "mode", "constant", "int32", 1, "1"),
    InputSpec("rates", "rates", "timed_array", "float64", 4, "Hz"),
)
OUTPUTS = (
    OutputSpec("group.v", "float64", 4, "V"),
    OutputSpec("spikes.i", "int64", -1, "1"),
    OutputSpec("flags", "bool", 3, "1"),
    OutputSpec("noise", "float64", -1, "1"),
    OutputSpec("count32", "int32", 3, "1"),
    OutputSpec("seeds", "uint64", 1, "1"),
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return BuildCache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def host(cache):
    return host_executable(cache, find_compiler(), CompileOptions())


@pytest.fixture(scope="session")
def probe(cache):
    def fill(folder):
        compile_model(HERE / "probe.cpp", folder / "model.so", find_compiler(), CompileOptions())

    path = cache.make("probe", fill)
    return Build(path, Manifest("probe", "probe", "cpp_standalone", INPUTS, OUTPUTS, {}))


@pytest.fixture
def runner(probe, host):
    with HostRunner(probe, host) as runner:
        yield runner


def _functions(cache, name, options):
    def fill(folder):
        compile_model(HERE / "functions.cpp", folder / "model.so", find_compiler(), options)

    return ctypes.CDLL(str(cache.make(name, fill) / "model.so"))


@pytest.fixture(scope="session")
def functions(cache):
    """The engine's inline functions, compiled as models are."""
    return _functions(cache, "functions", CompileOptions())


@pytest.fixture(scope="session")
def plain_functions(cache):
    """The same for any CPU of this architecture."""
    return _functions(cache, "plain-functions", CompileOptions(native=False))
