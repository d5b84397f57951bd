"""Given spikes: what is refused, and what the Model says of them."""

import numpy as np
import pytest
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.logs import catch_logs
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"N": 0}, ValueError, r"SpikeGeneratorGroup: N=0"),
        ({"indices": [0, 2]}, ValueError, r"the index 2 is not one of the 2 neuron\(s\), 0 to 1"),
        ({"indices": [-1, 0]}, ValueError, r"the index -1 is not one of"),
        ({"indices": [0.5, 0]}, ValueError, r"indices must be integers"),
        ({"indices": [0]}, ValueError, r"there are 1 indices, but 2 times"),
        ({"indices": 0}, TypeError, r"one-dimensional arrays"),
        ({"times": [1, 2]}, DimensionMismatchError, r"times have units of 1 instead of second"),
        ({"times": [-1, 2] * ms}, ValueError, r"spike times must be finite and not negative"),
        ({"times": [np.inf, 2] * ms}, ValueError, r"spike times must be finite"),
        ({"period": -1 * ms}, ValueError, r"the period is -1. \* msecond; it must be"),
        (
            {"period": 2 * ms},
            ValueError,
            r"period of 0.002 s must be greater than all spike times; .* 0.002 s",
        ),
        ({"period": 2 * mV}, DimensionMismatchError, r"period=.* has units of volt"),
        ({"times": [2, 1] * ms, "sorted": True}, ValueError, r"sorted=True, but the spikes are not sorted"),
        ({"when": "never"}, ValueError, r"when='never' is no place"),
    ],
)
def test_what_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        SpikeGeneratorGroup(**{"N": 2, "indices": [0, 1], "times": [1, 2] * ms, **options})


def test_all_problems_at_once():
    with pytest.raises(
        ValueError, match=r"index 5 .*; there are 1 indices, but 2 times.*; spike times must be"
    ):
        SpikeGeneratorGroup(2, [5], [-1, 2] * ms, period=-1 * ms)


def test_what_depends_on_dt():
    group = SpikeGeneratorGroup(2, [1, 1], [0.31, 0.32] * ms)
    with pytest.raises(
        ValueError, match=r"neuron 1 spikes more than once in the time step at 0.0003 s \(dt is 0.0001"
    ):
        run(1 * ms)
    group.set_spikes([1, 1], [0.31, 0.32] * ms, period=1.05 * ms)
    with pytest.raises(
        ValueError, match=r"the period of 0.00105 s is not an integer multiple of its dt of 0.0001 s"
    ):
        run(1 * ms)
    defaultclock.dt = 0.01 * ms
    run(1 * ms)
    with pytest.raises(ValueError, match=r"^spikegeneratorgroup: the index 2"):
        group.set_spikes([2], [1] * ms)


def test_late_spikes_are_reported_once():
    group = SpikeGeneratorGroup(2, [0, 1], [0, 6] * ms)
    run(5 * ms)
    run(1 * ms)
    group.set_spikes([0, 1], [5.5, 7] * ms)
    with catch_logs() as logs:
        run(1 * ms)
        run(1 * ms)
    # Other messages are none of this test's business: objects of other tests may be collected just now.
    told = [
        text
        for *_, text in logs
        if "1 spike(s) lie before 0.006 s, when this run starts; they are ignored" in text
    ]
    assert len(told) == 1


def test_model_text(session):
    group = SpikeGeneratorGroup(2, [0, 1], [0, 6] * ms, name="given")
    run(1 * ms)
    run(1 * ms)
    group.set_spikes([0], [3] * ms)
    run(1 * ms)
    frozen = freeze(session)
    text = frozen.model.dump()
    assert (
        "population given size=2 clock=defaultclock order=0 auto\n  event spike when=thresholds order=0\n"
        in text
    )
    assert text.count("spikes=given[given.indices, given.times, given.period]") == 2
    assert text.count("spikes=given[given.indices@1, given.times@1, given.period@1]") == 1
    assert frozen.values["given.times"].tolist() == [0, 0.006]
    assert "input given.times (given.times) spikes float64[2]" in text
