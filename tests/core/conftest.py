"""Each test declares in a session of its own, which has no device."""

import pytest
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as current:
        yield current
