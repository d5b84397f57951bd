"""Each test has a session of its own; those of a ``target`` run on each device. Builds are shared."""

import pytest
from numerics.conftest import TARGETS, build_cache, fresh_session, simulated_on

__all__ = ["build_cache", "fresh_session"]


@pytest.fixture(params=TARGETS)
def target(request):
    """Each device and target in turn, set up for a model."""
    with simulated_on(request.param):
        yield request.param


@pytest.fixture(params=("cpp", "numpy"))
def at_once(request):
    """Each target of the device whose statements take effect at once."""
    with simulated_on(request.param):
        yield request.param


@pytest.fixture
def in_numpy():
    """The device that needs no compiler."""
    with simulated_on("numpy"):
        yield
