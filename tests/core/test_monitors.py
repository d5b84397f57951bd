"""Declaring monitors and TimedArrays, and every argument that they refuse."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import (
    Clock,
    DimensionMismatchError,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    ms,
    mV,
    second,
    volt,
)


@pytest.fixture
def group():
    return NeuronGroup(
        4, "dv/dt = -v/(10*ms) : volt\nw : 1\ns : 1 (shared)\nq = 2*v : volt", threshold="v > 1*mV", order=2
    )


# -- monitors --------------------------------------------------------------------------------------------------


def test_a_spike_monitor_records_after_the_threshold(group):
    monitor = SpikeMonitor(group)
    assert (monitor.when, monitor.order, monitor.record, monitor.name) == (
        "thresholds",
        3,
        True,
        "spikemonitor",
    )
    assert SpikeMonitor(group, record=False, order=-1, name="counts").order == -1
    assert repr(monitor) == "<SpikeMonitor 'spikemonitor' of 'neurongroup'>"
    assert monitor.clock is group.clock


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (True, [0, 1, 2, 3]),
        (False, []),
        ([], []),
        (2, [2]),
        (-1, [3]),
        ([3, 0, 3], [3, 0, 3]),
        ((1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        (np.array([1], dtype=np.uint8), [1]),
        (slice(1, 3), [1, 2]),
    ],
)
def test_which_neurons_are_recorded(group, record, wanted):
    monitor = StateMonitor(group, "v", record=record)
    assert_array_equal(monitor.record, wanted)
    assert (monitor.indices is None) == (record is True)


def test_which_variables_are_recorded(group):
    assert StateMonitor(group, "v", record=True).record_variables == ("v",)
    assert StateMonitor(group, ["v", "q", "v"], record=True).record_variables == ("v", "q")
    assert StateMonitor(group, ("i", "s", "dt"), record=True).record_variables == ("i", "s", "dt")
    assert StateMonitor(group, True, record=True).record_variables == ("v", "w", "s", "q")
    assert (
        repr(StateMonitor(group, ["v", "q"], record=True, name="m"))
        == "<StateMonitor 'm' of 'neurongroup': v, q>"
    )


def test_when_states_are_recorded(group):
    assert StateMonitor(group, "v", record=True).clock is group.clock
    assert (StateMonitor(group, "v", record=True).when, StateMonitor(group, "v", record=True).order) == (
        "start",
        0,
    )
    assert StateMonitor(group, "v", record=True, dt=1 * ms).clock.dt == 1 * ms
    clock = Clock(2 * ms)
    assert StateMonitor(group, "v", record=True, clock=clock, when="after_resets", order=3).clock is clock
    own = NeuronGroup(1, "v : 1", dt=5 * ms)
    assert StateMonitor(own, "v", record=True).clock is own.clock


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": 5}, TypeError, "SpikeMonitor: the source is int 5; give a NeuronGroup."),
        (
            {"source": "neurongroup"},
            TypeError,
            "SpikeMonitor: the source is str 'neurongroup'; give a NeuronGroup.",
        ),
        ({"record": "v"}, TypeError, "SpikeMonitor: record='v' must be True or False."),
        ({"record": [0]}, TypeError, "SpikeMonitor: record=[0] must be True or False."),
        ({"order": "x"}, TypeError, "SpikeMonitor: order='x' must be an integer."),
        ({"name": "a b"}, ValueError, "'a b' cannot be the name of an object"),
    ],
)
def test_wrong_spike_monitors(group, arguments, error, message):
    with pytest.raises(error) as caught:
        SpikeMonitor(**{"source": group, **arguments})
    assert message in str(caught.value)


def test_a_group_without_threshold_never_spikes():
    with pytest.raises(
        ValueError, match="SpikeMonitor: 'neurongroup' has no threshold, so it never spikes; give it one"
    ):
        SpikeMonitor(NeuronGroup(1, "v : 1"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": None}, TypeError, "StateMonitor: the source is NoneType None; give a NeuronGroup."),
        ({"variables": "foo"}, ValueError,
         "StateMonitor: 'neurongroup' has no variable(s) 'foo'; it has t, dt, t_in_timesteps, i, N, v, w, s, q."),
        ({"variables": ["foo", "v", "bar"]}, ValueError, "has no variable(s) 'foo', 'bar'; it has"),
        ({"variables": "v_"}, ValueError, "has no variable(s) 'v_'"),
        ({"variables": "lastspike"}, ValueError, "has no variable(s) 'lastspike'"),
        ({"variables": "t"}, ValueError, "the times of the samples are always recorded, as t; leave 't' out."),
        ({"variables": []}, TypeError, "StateMonitor: variables=[] must be a name, a list of names, or True for all."),
        ({"variables": 5}, TypeError, "StateMonitor: variables=5 must be a name, a list of names, or True for all."),
        ({"variables": False}, TypeError, "StateMonitor: variables=False must be a name"),
        ({"variables": [1]}, TypeError, "StateMonitor: variables=[1] must be a name"),
        ({"record": 4}, IndexError, "StateMonitor: record holds the index 4, but 'neurongroup' has 4 neuron(s)."),
        ({"record": [0, -5]}, IndexError, "StateMonitor: record holds the index -5, but 'neurongroup' has"),
        ({"record": 1.5}, TypeError, "StateMonitor: record=1.5 must be True, False, an index or a list of indices."),
        ({"record": "i > 1"}, TypeError, "StateMonitor: record='i > 1' must be True"),
        ({"record": None}, TypeError, "StateMonitor: record=None must be True"),
        ({"record": [[0], [1]]}, TypeError, "StateMonitor: record=[[0], [1]] must be True"),
        ({"record": [True, False, True, True]}, TypeError, "must be True, False, an index or a list of indices."),
        ({"when": "later"}, ValueError, "StateMonitor: when='later' is no place of a time step: before_start, start,"),
        ({"order": 0.5}, TypeError, "StateMonitor: order=0.5 must be an integer."),
        ({"dt": 5}, DimensionMismatchError, "dt of StateMonitor is 5 with units of 1 instead of second."),
        ({"dt": 0 * ms}, ValueError, "dt of StateMonitor is 0. * second; it must be a positive finite time."),
        ({"dt": 1 * ms, "clock": Clock(1 * ms)}, ValueError, "StateMonitor: give either dt or clock, not both."),
        ({"clock": 1 * ms}, TypeError, "StateMonitor: clock=1. * msecond must be a Clock."),
    ],
)  # fmt: skip
def test_wrong_state_monitors(group, arguments, error, message):
    with pytest.raises(error) as caught:
        StateMonitor(**{"source": group, "variables": "v", "record": True, **arguments})
    assert message in str(caught.value)


def test_nothing_can_be_read_before_a_run(group):
    spikes, states = SpikeMonitor(group), StateMonitor(group, "v", record=True)
    for read in (
        *(lambda: spikes.i, lambda: spikes.t, lambda: spikes.t_, lambda: spikes.it, lambda: spikes.count),
        *(lambda: spikes.num_spikes, lambda: len(spikes), spikes.spike_trains),
    ):
        with pytest.raises(
            NotImplementedError, match="spikemonitor has recorded nothing yet: no device has been set"
        ):
            read()
    for read in (
        lambda: states.v,
        lambda: states.v_,
        lambda: states.t,
        lambda: states.t_,
        lambda: len(states),
    ):
        with pytest.raises(
            NotImplementedError, match="statemonitor has recorded nothing yet: no device has been set"
        ):
            read()
    with pytest.raises(NotImplementedError, match="statemonitor has recorded nothing yet"):
        states[0].v
    with pytest.raises(AttributeError, match="statemonitor does not record 'w'; it records v"):
        states.w


def test_monitors_read_what_the_device_has(group):
    class Device(type(group.session.device)):
        def read(self, session, owner, variable):
            return {
                ("spikes", "i"): np.array([2, 0, 2], dtype=np.int32),
                ("spikes", "t"): np.array([0.1, 0.2, 0.2]),
                ("spikes", "count"): np.array([1, 0, 2, 0], dtype=np.int32),
                ("states", "t"): np.array([0.1, 0.2, 0.3]),
                ("states", "v"): np.array([1.0, 2, 3, 4, 5, 6]),
                ("states", "s"): np.array([7.0, 8, 9]),
            }.get((owner.name, variable))

    group.session.device = Device()
    spikes = SpikeMonitor(group, name="spikes")
    states = StateMonitor(group, ["v", "s"], record=[1, 3], name="states")
    assert_array_equal(spikes.i, [2, 0, 2])
    assert_array_equal(spikes.t / second, [0.1, 0.2, 0.2])
    assert_array_equal(spikes.it[0], spikes.i)
    assert (spikes.num_spikes, len(spikes)) == (3, 3)
    assert_array_equal(spikes.spike_trains()[2] / second, [0.1, 0.2])
    assert_array_equal(states.v / volt, [[1, 3, 5], [2, 4, 6]])
    assert_array_equal(states.v_, [[1, 3, 5], [2, 4, 6]])
    assert_array_equal(states[3].v / volt, [2, 4, 6])
    assert_array_equal(states.s, [[7, 8, 9], [7, 8, 9]])
    assert_array_equal(states.t_, [0.1, 0.2, 0.3])
    assert len(states) == 3


# -- TimedArray ------------------------------------------------------------------------------------------------


def test_a_timed_array_is_held_between_samples_and_beyond():
    array = TimedArray([1, 2, 3] * mV, dt=2 * ms, name="I")
    assert array(0 * ms) == 1 * mV
    assert array(1.99 * ms) == 1 * mV
    assert array(2 * ms) == 2 * mV
    assert array(-5 * ms) == 1 * mV
    assert array(1 * second) == 3 * mV
    assert_array_equal(array([0, 2, 4, 6] * ms) / mV, [1, 2, 3, 3])
    assert repr(array) == "<TimedArray I shape=(3,) dt=0.002 s>"
    assert (array.dt, array.dim) == (0.002, volt.dim)


def test_rounding_does_not_lose_a_sample():
    array = TimedArray(np.arange(1000), dt=0.1 * ms)
    times = np.arange(1000) * 0.0001
    assert_array_equal(array(Quantity.with_dimensions(times, second.dim)), np.arange(1000))


def test_values_without_units_come_back_as_numbers():
    array = TimedArray([[1, 2], [3, 4]], dt=1 * ms)
    assert array(1 * ms, 0) == 3
    assert not isinstance(array(1 * ms, 0), Quantity)
    assert_array_equal(array(0 * ms, [0, 1]), [1, 2])


@pytest.mark.parametrize("values", [[1 * mV, 2 * mV], (1 * mV, 2 * mV), [1, 2] * mV, np.array([1, 2]) * mV])
def test_samples_come_in_many_forms(values):
    array = TimedArray(values, dt=1 * ms)
    assert_array_equal(array.values, [0.001, 0.002])
    assert array.dim == volt.dim


def test_samples_are_copied_and_read_only():
    samples = np.array([1.0, 2.0])
    array = TimedArray(samples, dt=1 * ms)
    samples[0] = 9
    assert array.values[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        array.values[0] = 5


@pytest.mark.parametrize(
    ("values", "dt", "error", "message"),
    [
        ([], 1 * ms, ValueError, "TimedArray: the values have shape (0,); give shape (T,) or (T, n) with T and n"),
        (5, 1 * ms, ValueError, "TimedArray: the values have shape (); give shape"),
        ([[[1]]], 1 * ms, ValueError, "TimedArray: the values have shape (1, 1, 1); give shape"),
        ([[]], 1 * ms, ValueError, "TimedArray: the values have shape (1, 0); give shape"),
        ([1, float("nan")], 1 * ms, ValueError, "TimedArray: the value at (1,) is nan; every sample must be finite."),
        ([[1, 2], [float("inf"), 3]], 1 * ms, ValueError, "TimedArray: the value at (1, 0) is inf; every sample"),
        ("ab", 1 * ms, TypeError, "TimedArray: the values are 'ab'; give numbers or quantities."),
        (None, 1 * ms, TypeError, "TimedArray: the values are None; give numbers or quantities."),
        ([[1], [2, 3]], 1 * ms, TypeError, "TimedArray: the values are [[1], [2, 3]]; give numbers or quantities."),
        ([1 * mV, 2 * ms], 1 * ms, DimensionMismatchError, "TimedArray: A list holds values of different dimensions"),
        ([1, 2], 5, DimensionMismatchError, "TimedArray: dt is 5 with units of 1 instead of second."),
        ([1, 2], 5 * mV, DimensionMismatchError, "TimedArray: dt is 5. * mvolt with units of volt instead of second."),
        ([1, 2], 0 * ms, ValueError, "TimedArray: dt is 0. * second; it must be a positive finite time."),
        ([1, 2], [1, 2] * ms, TypeError, "TimedArray: dt is an array of shape (2,); give a single time."),
    ],
)  # fmt: skip
def test_wrong_timed_arrays(values, dt, error, message):
    with pytest.raises(error) as caught:
        TimedArray(values, dt=dt)
    assert message in str(caught.value)


def test_wrong_calls():
    line, plane = TimedArray([1, 2], dt=1 * ms), TimedArray([[1, 2]], dt=1 * ms)
    with pytest.raises(DimensionMismatchError, match="A TimedArray is a function of time, but t=5 is none"):
        line(5)
    with pytest.raises(TypeError, match=r"A TimedArray with 2 dimension\(s\) is called as \(t, i\)"):
        plane(5 * ms)
    with pytest.raises(TypeError, match=r"A TimedArray with 1 dimension\(s\) is called as \(t\)"):
        line(5 * ms, 0)
    for column in (2, -1, [0, 2]):
        with pytest.raises(IndexError, match=r"A TimedArray with 2 column\(s\) has no column "):
            plane(5 * ms, column)
