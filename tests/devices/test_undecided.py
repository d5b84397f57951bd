"""Until a script needs a device, one that stands in for it passes everything on."""

import pytest
import spikefarm as sf
from spikefarm.core.session import Session, SessionDevice, use_session
from spikefarm.devices import UndecidedDevice, device_module


@pytest.fixture
def undecided(monkeypatch):
    monkeypatch.setattr(device_module, "active_device", None)
    with use_session(Session(UndecidedDevice())):
        yield


def test_every_request_is_passed_on():
    requests = {name for name, value in vars(SessionDevice).items() if callable(value) and name[0] != "_"}
    assert requests <= vars(UndecidedDevice).keys()


def test_synapses_are_made_where_connecting_is_the_first_that_needs_a_device(undecided):
    cells = sf.NeuronGroup(3, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = sf.Synapses(cells, cells, on_pre="v_post += 1")
    synapses.connect(j="i")
    assert list(synapses.j) == [0, 1, 2]
