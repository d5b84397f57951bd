"""Whatever a script declares travels to other processes."""

import pickle

import pytest
from numpy.testing import assert_array_equal
from spikefarm import (
    Equations,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    ms,
    mV,
    run,
    seed,
)
from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.core.session import use_session

from core.models import MODELS


def again(obj):
    return pickle.loads(pickle.dumps(obj))


def test_equations_and_timed_arrays():
    equations = Equations("dv/dt = -v/tau : volt (unless refractory)")
    assert again(equations) == equations
    array = TimedArray([1, 2] * mV, dt=1 * ms)
    assert_array_equal(again(array).values, array.values)
    assert again(array)(1 * ms) == 2 * mV


def test_a_group_takes_its_session_along():
    group = NeuronGroup(3, "v : volt\nthreshold_ref : volt", threshold="v > 1*mV", name="g")
    group.v = [1, 2, 3] * mV
    copy = again(group)
    assert_array_equal(copy.v / mV, [1, 2, 3])
    assert (copy.name, copy.N, repr(copy)) == ("g", 3, repr(group))
    copy.v = 0
    assert_array_equal(group.v / mV, [1, 2, 3])


def test_monitors_keep_their_source():
    group = NeuronGroup(3, "v : volt", threshold="v > 1*mV")
    spikes, states = again((SpikeMonitor(group), StateMonitor(group, "v", record=[0, 2])))
    assert spikes.source is states.source
    assert_array_equal(states.record, [0, 2])
    assert states.record_variables == ("v",)


def test_a_copied_session_goes_on_where_it_was(session):
    group = NeuronGroup(2, "v : 1", threshold="v > 1", dt=1 * ms)
    other = NeuronGroup(2, "v : 1")
    network = Network(group, other)
    group.v = 2
    seed(3)
    network.run(1 * ms)
    copied, networks, groups = again((session, network, [group]))
    assert copied is groups[0].session
    assert networks.objects[0] is groups[0]
    assert freeze(copied).model == freeze(session).model
    with use_session(copied):
        networks.run(2 * ms)
        third = NeuronGroup(1, "v : 1")
    assert third.session is copied
    assert len(copied.program) == len(session.program) + 1


@pytest.mark.parametrize("name", MODELS)
def test_models_and_kernels(name, session):
    MODELS[name]()
    frozen = freeze(session)
    copy = again(frozen)
    assert copy.model == frozen.model
    assert copy.model.hash == frozen.model.hash
    assert again(session) is not session
    assert freeze(again(session)).model.dump() == frozen.model.dump()
    kernels = lower(frozen.model)
    assert again(kernels) == kernels


def test_the_magic_run_does_not_find_objects_of_a_copied_session(session):
    group = NeuronGroup(1, "v : 1")
    copy = again(group)
    run(1 * ms)
    assert session.program[0].objects == (group,)
    assert copy.session.program == []
