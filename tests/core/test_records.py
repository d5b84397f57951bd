"""Reading what a run has recorded, from arrays made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, ms, run, second, volt
from spikefarm.core.dimensions import DIMENSIONLESS, TIME
from spikefarm.core.freeze import freeze
from spikefarm.core.records import SpikeRecord, StateRecord, with_unit
from spikefarm.core.results import ArrayField, Layout, Results


def reader(**arrays):
    return {name: np.asarray(values) for name, values in arrays.items()}.__getitem__


def spikes(i, t, size=4, recorded=True):
    count = np.bincount(np.asarray(i, dtype=int), minlength=size).astype(np.int32)
    return SpikeRecord(
        reader(i=np.asarray(i, dtype=np.int32), t=np.asarray(t, dtype=float), count=count),
        size,
        {"i": DIMENSIONLESS, "t": TIME} if recorded else {},
        "spikes",
    )


def states(record=(1, 3), shared=frozenset({"s"})):
    """Three samples: v is 10*sample + neuron, s is 100*sample."""
    v = [10.0 * sample + neuron for sample in range(3) for neuron in record]
    read = reader(t=[0.1, 0.2, 0.3], v=v, s=[0.0, 100.0, 200.0], b=np.array(v) > 10)
    dims = {"v": volt.dim, "s": DIMENSIONLESS, "b": DIMENSIONLESS}
    return StateRecord(read, np.array(record, dtype=np.int64), dims, shared, "states")


# -- spikes ------------------------------------------------------------------------------------------------


def test_spikes_in_the_order_in_which_they_came():
    record = spikes([2, 0, 2, 1], [0.1, 0.1, 0.2, 0.3])
    assert_array_equal(record.i, [2, 0, 2, 1])
    assert_array_equal(record.t / second, [0.1, 0.1, 0.2, 0.3])
    assert_array_equal(record.t_, [0.1, 0.1, 0.2, 0.3])
    assert_array_equal(record.count, [1, 1, 2, 0])
    assert (record.num_spikes, len(record)) == (4, 4)
    assert repr(record) == "<SpikeRecord of 'spikes'>"


def test_spike_trains_have_an_entry_for_every_neuron():
    trains = spikes([2, 0, 2, 1, 2], [0.1, 0.1, 0.2, 0.3, 0.3]).spike_trains()
    assert list(trains) == [0, 1, 2, 3]
    assert [(train / second).tolist() for train in trains.values()] == [[0.1], [0.3], [0.1, 0.2, 0.3], []]
    assert all(isinstance(train, Quantity) for train in trains.values())


def test_spikes_of_a_train_keep_their_order():
    neurons, times = np.random.default_rng(1).integers(0, 3, 500), np.arange(500) / 1000
    for neuron, train in spikes(neurons, times, 3).spike_trains().items():
        assert_array_equal(train / second, times[neurons == neuron])


@pytest.mark.parametrize("size", [1, 3])
def test_no_spikes(size):
    record = spikes([], [], size)
    assert [len(train) for train in record.spike_trains().values()] == [0] * size
    assert record.num_spikes == 0


def test_a_monitor_that_only_counts():
    record = spikes([0, 0, 1], [0.1, 0.2, 0.3], recorded=False)
    assert record.num_spikes == 3
    for read, what in (
        (lambda: record.i, "indices"),
        (lambda: record.t, "times"),
        (lambda: record.t_, "times"),
        (record.spike_trains, "spike trains"),
    ):
        with pytest.raises(AttributeError) as caught:
            read()
        assert str(caught.value) == (
            f"spikes only counts (record=False), so it has no {what}; use count or num_spikes."
        )


# -- states ------------------------------------------------------------------------------------------------


def test_states_have_a_row_for_each_recorded_neuron():
    record = states()
    assert_array_equal(record.v / volt, [[1, 11, 21], [3, 13, 23]])
    assert_array_equal(record.v_, [[1, 11, 21], [3, 13, 23]])
    assert record.b.dtype == np.bool_
    assert_array_equal(record.t / second, [0.1, 0.2, 0.3])
    assert_array_equal(record.t_, [0.1, 0.2, 0.3])
    assert len(record) == 3
    assert repr(record) == "<StateRecord of 'states': v, s, b>"


def test_shared_variables_are_stored_once_and_shown_for_each_neuron():
    record = states()
    assert_array_equal(record.array("s"), [[0, 100, 200]])
    assert_array_equal(record.s, [[0, 100, 200]] * 2)
    assert_array_equal(record[3].s, [0, 100, 200])
    assert_array_equal(record[[1, 3, 1]].s, [[0, 100, 200]] * 3)
    assert_array_equal(record[[3]].array("s"), [[0, 100, 200]])


def test_single_neurons_are_found_by_their_index_in_the_group():
    record = states()
    assert_array_equal(record[3].v / volt, [3, 13, 23])
    assert_array_equal(record[3].v_, [3, 13, 23])
    assert_array_equal(record[[3, 1]].v / volt, [[3, 13, 23], [1, 11, 21]])
    assert_array_equal(record[np.array([3])].v / volt, [[3, 13, 23]])
    assert_array_equal(record[3].t_, record.t_)
    assert_array_equal(states(record=(2, 2))[2].v / volt, [2, 12, 22])


def test_a_record_of_no_neurons():
    record = states(record=())
    assert record.v.shape == (0, 3)
    assert_array_equal(record.s, [[0, 100, 200]])


def test_what_has_not_been_recorded():
    record = states()
    with pytest.raises(AttributeError, match="states does not record 'w'; it records v, s, b"):
        record.w
    for index in (0, -1, [1, 2]):
        with pytest.raises(IndexError, match=r"states does not record neuron "):
            record[index]
    for index in (1.0, "v", slice(0, 2), [[1]], True):
        with pytest.raises(TypeError, match=r"give the index of a neuron, or several"):
            record[index]


def test_units_are_left_out_where_there_are_none():
    assert with_unit(3.0, DIMENSIONLESS) == 3.0
    assert not isinstance(with_unit(3.0, DIMENSIONLESS), Quantity)
    assert with_unit(3.0, TIME) == 3 * second


# -- layout and results --------------------------------------------------------------------------------------


@pytest.fixture
def frozen(session):
    group = NeuronGroup(
        4,
        "dv/dt = -v/(10*ms) : volt\nq = 2*v : volt\ns : 1 (shared)\nn : integer",
        threshold="v > 1*mV",
        name="cells",
    )
    monitors = [
        SpikeMonitor(group, name="spikes"),
        SpikeMonitor(group, record=False, name="counts"),
        StateMonitor(group, ["v", "q", "s", "i", "dt"], record=[1, 3], name="some"),
        StateMonitor(group, "v", record=True),
    ]
    Network(group, monitors).run(1 * ms)
    return freeze(session)


@pytest.fixture
def layout(frozen):
    return Layout(frozen.model, frozen.names, {"some": frozen.values["some.record"]})


ARRAYS = {
    "cells.v": [0.1, 0.2, 0.3, 0.4],
    "cells.s": [7.0],
    "cells.n": np.array([1, 2, 3, 4], dtype=np.int32),
    "spikes.i": np.array([3, 1], dtype=np.int32),
    "spikes.t": [0.1, 0.2],
    "spikes.count": np.array([0, 1, 0, 1], dtype=np.int32),
    "counts.count": np.array([0, 1, 0, 1], dtype=np.int32),
    "some.t": [0.0, 0.1],
    "some.v": [1.0, 3.0, 11.0, 13.0],
    "some.q": [2.0, 6.0, 22.0, 26.0],
    "some.s": [7.0, 8.0],
    "some.i": np.array([1, 3, 1, 3], dtype=np.int32),
    "some.dt": [0.1, 0.1],
}


@pytest.fixture
def results(layout):
    asked = []

    def read(ids):
        asked.extend(ids)
        return [np.asarray(ARRAYS[id]) for id in ids]

    results = Results(layout, read)
    results.asked = asked
    return results


def test_what_storing_an_object_means(layout):
    assert layout.arrays("spikes") == {
        "spikes_i": ArrayField(True, "1"),
        "spikes_t": ArrayField(True, "second"),
        "spikes_count": ArrayField(False, "1"),
    }
    assert layout.arrays("counts") == {"counts_count": ArrayField(False, "1")}
    assert layout.arrays("cells.v") == {"cells_v": ArrayField(False, "volt")}
    assert layout.arrays("some.q") == {"some_q": ArrayField(False, "volt")}
    assert {k: f.unit for k, f in layout.arrays("some").items()} == {
        "some_t": "second",
        "some_v": "volt",
        "some_q": "volt",
        "some_s": "1",
        "some_i": "1",
        "some_dt": "second",
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("foo", "The model has no object named 'foo'; it has cells, counts, some, spikes, statemonitor."),
        ("foo.v", "The model has no object named 'foo'"),
        ("cells", "'cells' is a group; name the variable to store, such as 'cells.v'."),
        ("cells.foo", "'cells' has nothing named 'foo' to store; it has v, s, n."),
        ("cells.q", "'cells' has nothing named 'q' to store; it has v, s, n."),
        ("counts.i", "'counts' has nothing named 'i' to store; it has count."),
        ("some.n", "'some' has nothing named 'n' to store; it has t, v, q, s, i, dt."),
    ],
)
def test_what_cannot_be_stored(layout, spec, message):
    with pytest.raises(KeyError) as caught:
        layout.arrays(spec)
    assert message in str(caught.value)


def test_which_neurons_and_variables_a_probe_has(layout):
    some, every = layout.find("some"), layout.find("statemonitor")
    assert_array_equal(layout.recorded(some), [1, 3])
    assert_array_equal(layout.recorded(every), [0, 1, 2, 3])
    assert layout.shared(some) == {"s", "dt"}
    assert layout.find("cells").size == 4


def test_results_have_the_names_of_the_script(results):
    assert_array_equal(results["cells.v"] / volt, [0.1, 0.2, 0.3, 0.4])
    assert_array_equal(results["cells"].v_, [0.1, 0.2, 0.3, 0.4])
    assert results["cells.s"] == results["cells"].s_ == 7
    assert results["cells"].n.dtype == np.int32
    assert_array_equal(results["spikes"].spike_trains()[3] / second, [0.1])
    assert_array_equal(results["spikes.t"] / second, [0.1, 0.2])
    assert results["counts"].num_spikes == 2
    assert_array_equal(results["some"].v / volt, [[1, 11], [3, 13]])
    assert_array_equal(results["some"][3].q / volt, [6, 26])
    assert_array_equal(results["some.s"], [[7, 8]] * 2)
    assert_array_equal(results["some.i"], [[1, 1], [3, 3]])
    assert repr(results["cells"]) == "<state of 'cells'>"


def test_arrays_are_read_once_and_only_when_looked_at(results):
    record = results["spikes"]
    assert results.asked == []
    record.i
    record.i
    assert results.asked == ["spikes.i"]


def test_what_results_do_not_have(results):
    with pytest.raises(KeyError, match="The model has no object named 'foo'; it has cells"):
        results["foo"]
    with pytest.raises(AttributeError, match="cells has no stored variable 'q'; it has v, s, n"):
        results["cells.q"]
    with pytest.raises(AttributeError, match="some does not record 'n'; it records v, q, s, i, dt"):
        results["some"].n
    with pytest.raises(AttributeError, match="counts only counts"):
        results["counts"].i


def test_exported_arrays_are_plain(results):
    assert {k: v.shape for k, v in results.export("some").items()} == {
        "some_t": (2,),
        "some_v": (2, 2),
        "some_q": (2, 2),
        "some_s": (1, 2),
        "some_i": (2, 2),
        "some_dt": (1, 2),
    }
    assert_array_equal(results.export("cells.v")["cells_v"], [0.1, 0.2, 0.3, 0.4])
    assert set(results.export("spikes")) == {"spikes_i", "spikes_t", "spikes_count"}
    assert not isinstance(results.export("some.v")["some_v"], Quantity)


def test_objects_without_chosen_names_are_found_by_the_scripts_names(session):
    hidden = [NeuronGroup(1, "v : 1"), NeuronGroup(2, "v : volt")]
    group = NeuronGroup(3, "v : volt")
    run(1 * ms)
    assert [g.name for g in hidden] == ["neurongroup", "neurongroup_1"]
    frozen = freeze(session)
    layout = Layout(frozen.model, frozen.names, {})
    assert group.name == "neurongroup_2"
    assert frozen.names == {"neurongroup_2": "neurongroup"}
    assert layout.find("neurongroup_2").size == 3
    assert layout.find("neurongroup").size == 3
