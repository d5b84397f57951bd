"""Reading and setting synapses: by pair, string and number, between runs, within runs, and from files."""

import pickle

import numpy as np
import pytest
from numerics.conftest import simulated_on
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *


def connected(**arguments):
    before = SpikeGeneratorGroup(4, [0, 1, 2, 3], [1, 2, 3, 4] * ms, name="before")
    after = NeuronGroup(3, "v : 1", threshold="v > 1e9", reset="", name="after")
    s = Synapses(before, after, **{"model": "w : 1", "on_pre": "v_post += w", "name": "s", **arguments})
    s.connect()
    s.w = "10*i + j"
    return before, after, s


WEIGHTS = np.array([0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32])
INDICES = {
    "a number": (4, [4]),
    "a slice": (slice(3, 6), [3, 4, 5]),
    "numbers": ([5, 0], [5, 0]),
    "truth values": (WEIGHTS > 25, [9, 10, 11]),
    "a pair": ((1, 2), [5]),
    "from one": ((2, slice(None)), [6, 7, 8]),
    "to one": ((slice(None), 1), [1, 4, 7, 10]),
    "to the last": ((0, -1), [2]),
    "slices": ((slice(1, None, 2), slice(0, 2)), [3, 4, 9, 10]),
    "arrays": ((np.array([0, 3]), [0, 2]), [0, 2, 9, 11]),
    "a string": ("i < 2 and j == 2", [2, 5]),
    "with neurons": ("v_post > 0.5 and i == 0", [1, 2]),
    "nothing": ("i > 10", []),
}


@pytest.mark.parametrize("name", INDICES)
def test_indices(name, in_numpy):
    index, wanted = INDICES[name]
    before, after, s = connected()
    after.v = [0, 1, 2]
    assert_array_equal(np.atleast_1d(s.w[index]), WEIGHTS[wanted])
    assert_array_equal(s.indices[index], wanted)
    assert_array_equal(np.asarray(s[index]), wanted)
    s.w[index] = -1
    assert_array_equal(s.w, np.where(np.isin(np.arange(12), wanted), -1, WEIGHTS))
    if not isinstance(index, str):
        s.w[index] = "i + 0.5"
        assert_array_equal(np.atleast_1d(s.w[index]), np.array(wanted) // 3 + 0.5)
        s.w[index] = np.arange(len(wanted)) if len(wanted) > 1 else 0
        assert_array_equal(np.atleast_1d(s.w[index]), np.arange(len(wanted)))


def test_parts_of_groups(in_numpy):
    before, after, s = connected()
    assert_array_equal(s.w[before[1:3], after[2:]], [12, 22])
    inner = Synapses(before[1:3], after[1:], "w : 1", name="inner")
    inner.connect()
    assert_array_equal(inner.i, [0, 0, 1, 1])
    assert_array_equal(inner.j, [0, 1, 0, 1])
    assert (inner.N_pre, inner.N_post) == (2, 2)


def test_connectivity(target):
    before, after, s = connected()
    s.connect(i=[0, 0], j=[2, 2])
    Network(before, after, s).run(0.1 * ms)
    assert len(s) == s.N == 14
    assert_array_equal(s.N_incoming_post, [4, 4, 6])
    assert_array_equal(s.N_outgoing_pre, [5, 3, 3, 3])
    assert_array_equal(s.N_incoming[:3], [4, 4, 6])
    assert_array_equal(s.N_outgoing[:4], [5, 5, 5, 3])
    assert s.source is before
    assert s.target is s.pre.target is after
    assert s.pre.source is before
    assert_array_equal(s.w, [*WEIGHTS, 0, 0])  # those of later calls have not been set
    assert s.pre.code == "v_post = v_post + w"


def test_common_and_own_delays(at_once):
    """One that is given stays one in common; one that is set is each synapse's own."""
    *_, s = connected(delay=2 * ms)
    assert s.delay[:] == 2 * ms
    s.delay = 3 * ms
    assert s.pre.delay[:] == 3 * ms
    with pytest.raises(ValueError, match="takes a single value"):
        s.delay = np.ones(12) * ms
    *_, other = connected(name="other")
    other.delay = 1 * ms
    assert_array_equal(other.delay / ms, np.ones(12))
    other.delay["j == 1"] = "i*ms"
    assert_allclose(other.delay[:, 1] / ms, [0, 1, 2, 3])
    few = Synapses(other.source, other.target, on_pre="v_post += 1", name="few")
    few.connect(i=0, j=0)
    few.delay = 3 * ms
    few.connect(i=1, j=1)
    assert_allclose(few.delay / ms, [3, 0])


def test_states(in_numpy):
    before, after, s = connected(
        model="w : 1\nq = 2*w : 1\nz : volt (shared)\ndx/dt = -x/ms : 1 (event-driven)"
    )
    s.z, s.delay = 3 * mV, "i*ms"
    states = s.get_states()
    assert {"i", "j", "N", "N_incoming", "w", "z", "x", "lastupdate", "pre.delay", "t"} <= set(states)
    assert "q" not in states
    assert "v_post" not in states
    own = s.get_states(read_only_variables=False)
    assert set(own) == {"w", "z", "x", "pre.delay"}
    s.w, s.delay, s.z = 0, 0 * ms, 0 * mV
    s.set_states(own)
    assert_array_equal(s.w, WEIGHTS)
    assert_allclose(s.delay / ms, np.repeat([0, 1, 2, 3], 3))
    assert s.z[:] == 3 * mV
    table = s.get_states(["i", "j", "w"], units=False, format="pandas")
    assert_array_equal(table["w"], 10 * table["i"] + table["j"])
    network = Network(before, after, s)
    assert_array_equal(network.get_states()["s"]["w"], WEIGHTS)
    with pytest.raises(TypeError, match=r"s.v_post belongs to the neurons"):
        s.set_states({"v_post": 3})


def test_monitors(target):
    """By pair, by string, by number; asked by pair in turn."""
    before, after, s = connected(
        model="w : 1\nscale : 1 (shared)\ntwice = 2*w : 1", on_pre="w += 1; v_post += 1"
    )
    s.scale = 5
    pair, several = StateMonitor(s, "w", record=s[1, 2]), StateMonitor(s, ["w", "scale"], record=s["i == j"])
    every = StateMonitor(s, ["w", "twice", "j"], record=True, dt=1 * ms)
    some = StateMonitor(s, "w", record=[7, 2])
    Network(before, after, s, pair, several, every, some).run(5 * ms)
    assert_array_equal(pair.w, [np.where(np.arange(50) > 20, 13, 12)])
    assert_array_equal(pair[s[1, 2]].w, pair.w)
    assert_array_equal(several.w[:, -1], [1, 12, 23])
    assert_array_equal(several[s[1, 1]].w[0], several.w[1])
    assert_array_equal(np.unique(several.scale), [5])
    assert every.w.shape == (12, 5)
    assert_array_equal(every.twice, 2 * every.w)
    assert_array_equal(every.j[:, 0], np.tile([0, 1, 2], 4))
    assert_array_equal(some.w[:, 0], [21, 2])


def test_monitors_of_neurons_variables(target):
    """From the synapses' side: a value for each synapse, of variables, subexpressions and numbers of the neurons."""
    before = SpikeGeneratorGroup(2, [0, 1], [0.2, 0.3] * ms)
    after = NeuronGroup(3, "v : volt\ntwice = 2*v + i*mV : volt\nk : integer\nc : 1 (shared)")
    after.k, after.c = "2*i", 4
    s = Synapses(before, after, "w : 1\nq = v_post*w : volt", on_pre="v_post += w*mV")
    s.connect(i=[0, 1, 0], j=[2, 0, 1])
    s.w, s.delay = [1, 2, 3], [0.2, 0, 0] * ms
    names = ["v_post", "v", "twice_post", "q", "k", "c_post", "N_outgoing", "i", "j"]
    every = StateMonitor(s, names, record=True, when="end")
    Network(before, after, s, every).run(0.6 * ms)
    assert_allclose(every.v_post[:, 2:5] / mV, [[0, 0, 1], [0, 2, 2], [3, 3, 3]])
    assert_array_equal(every.v, every.v_post)
    assert_allclose(every.twice_post[:, -1] / mV, [4, 4, 7])
    assert_allclose(every.q[:, -1] / mV, [1, 4, 9])
    assert_array_equal(every.k[:, 0], [4, 0, 2])
    assert every.k.dtype == every.i.dtype == np.int32
    assert_array_equal(every.c_post[:, 0], [4, 4, 4])
    assert_array_equal(every.N_outgoing[:, 0], [2, 1, 2])


def test_operations_in_between(at_once):
    """Python may read and set weights and delays within a run, in the order in which synapses were made."""
    before = SpikeGeneratorGroup(2, [0, 1, 0, 1], [1, 1, 3, 3] * ms)
    after = NeuronGroup(2, "v : 1")
    s = Synapses(before, after, "w : 1", on_pre="v_post += w")
    s.connect(i=[1, 0, 1, 0], j=[0, 0, 1, 1])
    s.w = [1, 2, 3, 4]
    s.delay = [0.5, 0, 0, 0.2] * ms
    seen = []

    @network_operation(dt=2 * ms)
    def double():
        seen.append(np.array(s.w[:]))
        s.w[0, 1] *= 10
        s.w[1, 0] = 7

    Network(before, after, s, double).run(4 * ms)
    assert_array_equal(seen, [[1, 2, 3, 4], [7, 2, 3, 40]])
    assert_array_equal(s.w, [7, 2, 3, 400])
    assert_array_equal(after.v, [7 + 2 + 7 + 2, 3 + 40 + 3 + 400])


def test_connect_between_runs(at_once):
    before, after, s = connected()
    network = Network(before, after, s)
    network.run(1.5 * ms)
    assert_array_equal(after.v, [0, 1, 2])
    s.connect(i=1, j=0, n=2)
    s.w[12:] = [100, 1000]
    s.w[0, 0] = 5
    network.run(1 * ms)
    assert_array_equal(after.v, [10 + 1100, 1 + 11, 2 + 12])


def test_events_on_their_way(at_once):
    """They outlive the end of a run, other members of the network, snapshots and files."""
    before, after, s = connected(delay=3 * ms)
    more = NeuronGroup(1, "u : 1", name="more")
    network = Network(before, after, s)
    network.run(2.5 * ms)  # those of 1 ms and 2 ms are on their way
    network.store("halfway")
    network.store("halfway", filename="kept")
    network.add(more)
    network.run(1 * ms)
    network.remove(more)
    network.run(5 * ms)
    everything = WEIGHTS.reshape(4, 3).sum(axis=0)
    assert_array_equal(after.v, everything)
    for filename in (None, "kept"):
        network.restore("halfway", filename=filename)
        assert_array_equal(after.v, [0, 0, 0])
        s.w = 1
        network.run(6 * ms)
        assert_array_equal(after.v, [4, 4, 4])


def test_restored_in_another_session(at_once):
    """A snapshot brings connections, and delays of each synapse."""

    def script():
        before = SpikeGeneratorGroup(2, [0, 1], [1, 2] * ms, name="before")
        after = NeuronGroup(3, "v : 1", name="after")
        s = Synapses(before, after, "w : 1", on_pre="v_post += w", name="s")
        return Network(before, after, s), after, s

    network, after, s = script()
    s.connect(i=[1, 0, 0], j=[0, 2, 1])
    s.w, s.delay = [1, 2, 3], [0, 1, 2] * ms
    network.run(2.05 * ms)
    network.store(filename="kept")
    with simulated_on(at_once):
        network, after, s = script()
        network.restore(filename="kept")
        assert_array_equal(s.i, [1, 0, 0])
        assert_allclose(s.delay / ms, [0, 1, 2])
        network.run(3 * ms)
        assert_array_equal(after.v, [1, 3, 2])


def test_pickling(at_once):
    before, after, s = connected()
    s.delay = "j*ms"
    network = Network(before, after, s)
    network.run(2.5 * ms)
    again = pickle.loads(pickle.dumps(network))
    network.run(3 * ms)
    again.run(3 * ms)
    assert_array_equal(again["after"].v, after.v)
    assert_array_equal(again["s"].w, s.w)
    assert_allclose(again["s"].delay / ms, np.tile([0, 1, 2], 4))


def test_onto_synapses(target):
    """Synapses whose targets are synapses, with delays, and variables summed in them."""
    before, after, s = connected(model="w : 1\nload : 1")
    gate = SpikeGeneratorGroup(2, [0, 1], [0.5, 2.5] * ms, name="gate")
    onto = Synapses(gate, s, "c : 1\nload_post = c : 1 (summed)", on_pre="w_post *= 2", name="onto")
    onto.connect(i=[0, 0, 1, 1], j=[0, 1, 0, 11])
    onto.c = [1, 2, 3, 4]
    onto.delay = [0, 1, 0, 0.1] * ms
    network = Network(before, after, s, gate, onto)
    network.run(3.5 * ms)
    found = WEIGHTS.copy()
    found[[1, 11]] *= 2
    assert_array_equal(s.w, found)
    assert_array_equal(s.load, [4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4])


def test_standalone_before_it_runs():
    """What explicit connections make is known at once; what chance makes, after the run."""
    with simulated_on("cpp_standalone"):
        before, after, s = connected()
        assert len(s) == 12
        assert_array_equal(s.i[:3], [0, 0, 0])
        assert_array_equal(s.indices[2, :], [6, 7, 8])
        s.w[1, :] = 5
        s.w[2, 0] = "i + 40"
        drawn = Synapses(before, after, "w : 1", name="drawn")
        drawn.connect(p=0.5)
        drawn.w[1, :] = 3
        drawn.w["i == 2"] = 4
        many = Synapses(before, after, "w : 1", name="many", multisynaptic_index="k")
        many.connect(condition="rand() < 0.9", n=3)
        many.w[:, 1, 2] = 5
        many.w[0, :, 0:2] = 6
        for index in ((0, 0, -1), (0, 0, slice(None, None, -1))):
            with pytest.raises(NotImplementedError, match="let the third part of an index count from 0"):
                many.w[index] = 1
        for read in (lambda: len(drawn), lambda: drawn.i[:], lambda: drawn.N_incoming_post):
            with pytest.raises(NotImplementedError, match="are not known before the simulation has run"):
                read()
        Network(before, after, s, drawn, many).run(1 * ms)
        assert_array_equal(s.w, [0, 1, 2, 5, 5, 5, 42, 21, 22, 30, 31, 32])
        assert 0 < len(drawn) < 12
        fives, sixes = (many.j[:] == 1) & (many.k[:] == 2), (many.i[:] == 0) & (many.k[:] < 2)
        assert fives.any()
        assert_array_equal(many.w, 5 * fives + 6 * sixes)
        assert_array_equal(drawn.w, np.array([0, 3, 4, 0])[drawn.i])
