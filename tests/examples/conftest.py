"""Each example begins as a script does, with a session of its own; builds are shared."""

import pytest
from spikefarm.core.session import Session, use_session
from spikefarm.devices import UndecidedDevice, device_module


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
    with use_session(Session(UndecidedDevice())) as session:
        yield session
