"""Events of groups: what is refused, with which words, and what the Model says of them."""

import pickle

import pytest
from spikefarm import *
from spikefarm.core.expr import ExpressionError
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


def group(**options):
    options = {"threshold": "v > 1", "reset": "v = 0", "events": {"half": "v > 0.5"}, **options}
    return NeuronGroup(2, "dv/dt = (2 - v)/(10*ms) : 1", **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"events": ["v > 1"]},
            TypeError,
            r"events=\['v > 1'\] must be a dictionary from names to conditions",
        ),
        ({"events": {"a b": "v > 1"}}, ValueError, r"'a b' cannot be the name of an event"),
        ({"events": {"up": 1}}, TypeError, r"condition of the event 'up' is 1; give a string"),
        (
            {"events": {"spike": "v > 2"}},
            ValueError,
            r"threshold='v > 1' is the condition of the event 'spike'",
        ),
        ({"events": {"up": "v >"}}, ExpressionError, r"'v >' is not a valid expression"),
        ({"threshold": None}, ValueError, r"reset='v = 0' without a threshold would never happen"),
    ],
)
def test_events_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        group(**options)


def test_spikes_may_be_given_as_an_event():
    cells = group(threshold=None, events={"spike": "v > 1"})
    assert cells.events == {"spike": "v > 1"}
    assert cells.resetter["spike"].when == "resets"


def test_code_that_is_refused():
    cells = group()
    with pytest.raises(ValueError, match=r"has no event named 'full'; it has spike, half\."):
        cells.run_on_event("full", "v = 0")
    with pytest.raises(ValueError, match=r"has code for the event 'spike' already"):
        cells.run_on_event("spike", "v = 0")
    with pytest.raises(ValueError, match=r"code for 'half' of 'neurongroup': when='never' is no place"):
        cells.run_on_event("half", "v = 0", when="never")
    assert "half" not in cells.resetter
    with pytest.raises(ValueError, match=r"condition of 'half' of 'neurongroup': when='never'"):
        cells.set_event_schedule("half", when="never")
    with pytest.raises(TypeError, match=r"order=1.5 must be an integer"):
        cells.thresholder["spike"].order = 1.5
    assert cells.thresholder["half"].when == "after_thresholds"


def test_units_of_events_are_checked_with_everything_else():
    cells = NeuronGroup(2, "v : volt", events={"up": "v > 1", "value": "v", "down": "v < 0*mV"})
    cells.run_on_event("down", "v = 3")
    with pytest.raises(DimensionMismatchError) as caught:
        run(1 * ms)
    message = str(caught.value)
    assert "has 3 problem(s)" in message
    assert "the condition of the event 'up'" in message
    assert "the condition of the event 'value'" in message
    assert "the code for the event 'down'" in message


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda g: EventMonitor(g, "up"), ValueError, r"has no event named 'up'; it has spike, half"),
        (lambda g: EventMonitor(g, "half", "w"), ValueError, r"EventMonitor: .* has no variable\(s\) 'w'"),
        (lambda g: SpikeMonitor(g, "w"), ValueError, r"SpikeMonitor: .* has no variable\(s\) 'w'"),
        (lambda g: SpikeMonitor(g, record=[1]), TypeError, r"record=\[1\] must be True or False"),
        (
            lambda g: SpikeMonitor(g, "v", record=False),
            ValueError,
            r"record=False only counts, so v would not",
        ),
        (lambda g: EventMonitor(3, "half"), TypeError, r"EventMonitor: the source is int 3"),
        (
            lambda g: SpikeMonitor(NeuronGroup(1, "v : 1")),
            ValueError,
            r"has no threshold, so it never spikes",
        ),
        (lambda g: SpikeMonitor(g, when="never"), ValueError, r"when='never' is no place"),
    ],
)
def test_monitors_that_are_refused(make, error, message):
    cells = group()
    with pytest.raises(error, match=message):
        make(cells)


def test_monitor_without_its_group_is_refused():
    monitor = EventMonitor(group(), "half")
    with pytest.raises(
        ValueError, match=r"'eventmonitor' records from 'neurongroup', which is not part of what runs"
    ):
        Network(monitor).run(1 * ms)


def test_model_text(session):
    cells = group(name="cells", order=2)
    cells.run_on_event("half", "v -= 0.1")
    cells.thresholder["spike"].when = "start"
    monitor = EventMonitor(cells, "half", "v")
    run(1 * ms)
    lines = freeze(session).model.dump().splitlines()
    place = lines.index("  event spike when=start order=2 where v > 1")
    assert lines[place : place + 4] == [
        "  event spike when=start order=2 where v > 1",
        "    then when=resets order=2 v = 0",
        "  event half when=after_thresholds order=2 where v > 0.5",
        "    then when=after_resets order=2 v = v - 0.1",
    ]
    assert (
        "probe eventmonitor events of cells.half clock=defaultclock when=after_thresholds order=3 "
        "variables=[i, t, v] record=all"
    ) in lines
    assert monitor.recorded_variables == ("i", "t", "v")


def test_groups_with_events_travel():
    cells = group()
    cells.run_on_event("half", "v = 0")
    copy = pickle.loads(pickle.dumps(cells))
    assert copy.events == cells.events
    assert copy.resetter["half"].when == "after_resets"
