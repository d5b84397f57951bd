"""Poisson groups: what is refused, and what the Model says of them."""

import pytest
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"N": 2.5}, TypeError, r"PoissonGroup: N=2.5 is no number of neurons"),
        ({"N": 0}, ValueError, r"PoissonGroup: N=0; a group has at least one neuron"),
        (
            {"rates": 3},
            DimensionMismatchError,
            r"poissongroup.rates has units of hertz, but 3 has units of 1",
        ),
        ({"rates": -1 * Hz}, ValueError, r"poissongroup.rates cannot be negative, but -1. \* hertz is"),
        ({"rates": [1, -1, 2] * Hz}, ValueError, r"poissongroup.rates cannot be negative"),
        (
            {"rates": [1, 2] * Hz},
            ValueError,
            r"poissongroup.rates takes one value or an array of shape \(3,\)",
        ),
        ({"when": "never"}, ValueError, r"when='never' is no place"),
        ({"dt": 1 * ms, "clock": Clock(1 * ms)}, ValueError, r"give either dt or clock"),
    ],
)
def test_what_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        PoissonGroup(**{"N": 3, "rates": 1 * Hz, **options})


def test_setting_rates():
    group = PoissonGroup(3, 1 * Hz)
    group.rates = [1, 2, 3] * Hz
    assert list(group.rates / Hz) == [1, 2, 3]
    with pytest.raises(ValueError, match=r"rates cannot be negative"):
        group.rates[1:] = -2 * Hz
    with pytest.raises(TypeError, match=r"rates is a subexpression"):
        PoissonGroup(3, "1*Hz").rates = 2 * Hz


def test_expressions_are_checked():
    group = PoissonGroup(3, "amplitude*(1 + i)", namespace={"amplitude": 1 * mV})
    with pytest.raises(
        DimensionMismatchError, match=r"PoissonGroup 'poissongroup' .*\n.*'rates'.* instead of hertz"
    ):
        run(1 * ms)
    assert group.N == 3


def test_model_text(session):
    stimulus = TimedArray([1, 2] * Hz, dt=1 * ms)
    first, second = PoissonGroup(3, 5 * Hz, when="start", order=1), PoissonGroup(2, "stimulus(t)*2")
    monitor = SpikeMonitor(first)
    run(1 * ms)
    lines = freeze(session).model.dump().splitlines()
    assert lines[1:7] == [
        "population poissongroup size=3 clock=defaultclock order=1 auto",
        "  rates : 0,0,-1,0,0,0,0 float (non-negative)",
        "  event spike when=start order=1 where rand() < rates * dt",
        "population poissongroup_1 size=2 clock=defaultclock order=0 auto",
        "  rates = $stimulus(t) * 2 : 0,0,-1,0,0,0,0 float",
        "  event spike when=thresholds order=0 where rand() < rates * dt",
    ]
    assert stimulus is not None
    assert second.events == {"spike": "rand() < rates * dt"}
    assert monitor.when == "start"
