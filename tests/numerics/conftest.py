"""Builds are shared by all tests and processes of a test run; each test has a session of its own."""

from contextlib import contextmanager

import pytest
import spikefarm
from spikefarm.core.session import Session, use_session
from spikefarm.devices import device_module, isolated_session

TARGETS = ("cpp_standalone", "cpp", "numpy")


@contextmanager
def simulated_on(target, seed=0):
    """A session in which a model runs on one device and target."""
    if target == "cpp_standalone":
        with isolated_session(seed):
            yield
        return
    with use_session(Session()):
        spikefarm.set_device("runtime", target=target)
        spikefarm.seed(seed)
        yield


@pytest.fixture(params=TARGETS)
def target(request):
    """Each device and target in turn, set up for a model."""
    with simulated_on(request.param):
        yield request.param


@pytest.fixture(scope="session", autouse=True)
def build_cache(tmp_path_factory, worker_id):
    """One cache for the whole test run, so that a model is compiled once."""
    root = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        root = root.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKEFARM_CACHE_DIR", str(root / "spikefarm-cache"))
        yield


@pytest.fixture(autouse=True)
def fresh_session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_module, "active_device", None)
    with use_session(Session()) as session:
        yield session
