"""Rates of groups: what is refused; numbers are tested against Brian 2."""

import numpy as np
import pytest
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.records import RateRecord
from spikefarm.core.results import Layout, Results
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


def test_sources_that_never_spike_are_refused():
    with pytest.raises(ValueError, match=r"has no event named 'spike'; it has none. Spikes need a threshold"):
        PopulationRateMonitor(NeuronGroup(1, "v : 1"))
    with pytest.raises(TypeError, match=r"PopulationRateMonitor: the source is int 3"):
        PopulationRateMonitor(3)


@pytest.mark.parametrize(
    ("window", "width", "error", "message"),
    [
        ("round", 1 * ms, ValueError, r"window='round' is none; choose 'gaussian', 'flat' or give weights"),
        ("flat", None, TypeError, r"the window 'flat' needs a width"),
        ("flat", 3, DimensionMismatchError, r"smooth_rate: width is 3 with units of 1 instead of second"),
        ("gaussian", -1 * ms, ValueError, r"smooth_rate: width is .* positive finite time"),
        ([1, 2], None, TypeError, r"window has shape \(2,\); give an odd number of weights"),
        ([1, 2, 3], 1 * ms, TypeError, r"weights have a width of their own"),
    ],
)
def test_windows_that_are_refused(window, width, error, message):
    record = RateRecord({"t": np.arange(5) * 1e-3, "rate": np.ones(5)}.__getitem__, "rates")
    with pytest.raises(error, match=message):
        record.smooth_rate(window, width)


def test_model_text_and_results(session):
    group = PoissonGroup(3, 5 * Hz, name="noise")
    monitor = PopulationRateMonitor(group, name="rates")
    run(1 * ms)
    frozen = freeze(session)
    assert (
        "probe rates rate of noise.spike clock=defaultclock when=end order=0 variables=[] record=all\n"
    ) in frozen.model.dump()
    layout = Layout(frozen.model, frozen.names, {})
    assert {name: field.unit for name, field in layout.arrays("rates").items()} == {
        "rates_t": "second",
        "rates_rate": "hertz",
    }
    found = Results(layout, lambda ids: [np.arange(10.0) for _ in ids])
    assert found["rates"].rate[2] == 2 * Hz
    assert found["rates.rate"][3] == 3 * Hz
    assert found.export("rates.rate")["rates_rate"].tolist() == list(range(10))
    assert monitor.source is group
