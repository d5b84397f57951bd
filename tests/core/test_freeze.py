"""From scripts to Models: what enters the model hash and what does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import (
    Clock,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    defaultclock,
    ms,
    mV,
    run,
    second,
    seed,
    start_scope,
)
from spikefarm.core.freeze import FreezeError, freeze
from spikefarm.core.session import ApplyEntry, Session, current_session, use_session

from core.models import MODELS

EQUATIONS = """dv/dt = (v0 + I(t) - v)/tau : volt (unless refractory)
               v0 : volt (constant)
               x = v/mV : 1"""


def simulate(
    N=5,
    equations=EQUATIONS,
    tau=10 * ms,
    stimulus=(1, 2, 3),
    stimulus_dt=1 * ms,
    v=0 * mV,
    v0=10 * mV,
    index=None,
    duration=100 * ms,
    dt=0.1 * ms,
    group_name=None,
    group_order=0,
    group_dt=None,
    monitor_name=None,
    record=(0, 1),
    recorded="v",
    count_only=False,
    when="start",
    order=0,
    seeds=(),
    runs=1,
    before=0,
    apply=False,
    namespace=False,
    **arguments,
):
    """Declare and run one model in a session of its own; everything that makes a difference is an argument."""
    with use_session(Session()) as session:
        others = [NeuronGroup(1, "v : 1", threshold="v > 1") for _ in range(before)]
        others += [SpikeMonitor(other) for other in others]
        names = {"tau": tau, "I": TimedArray(np.array(stimulus) * mV, dt=stimulus_dt), "v_t": 15 * mV}
        arguments = {"threshold": "v > v_t", "reset": "v = 0*mV", "refractory": 2 * ms, **arguments}
        if namespace:
            arguments["namespace"] = names
        defaultclock.dt = dt
        group = NeuronGroup(N, equations, name=group_name, order=group_order, dt=group_dt, **arguments)
        group.v0 = v0
        group.v[slice(None) if index is None else index] = v
        spikes = SpikeMonitor(group, name=monitor_name, record=not count_only)
        states = StateMonitor(group, recorded, record=record, when=when, order=order)
        for value in seeds:
            seed(value)
        if apply:
            session.program.append(ApplyEntry())
        network = Network(group, spikes, states)
        for _ in range(runs):
            network.run(duration, namespace=names)
        return freeze(session)


BASE = simulate().model.hash

SAME = {
    "again": {},
    "another constant": {"tau": 11.5 * ms},
    "an initial value": {"v": 3 * mV},
    "initial values for each neuron": {"v0": np.arange(5) * mV},
    "zero without a unit": {"v": 0},
    "the stimulus": {"stimulus": (5, 6, 7)},
    "its time step": {"stimulus_dt": 2 * ms},
    "the duration": {"duration": 2 * second},
    "no duration": {"duration": 0 * second},
    "the time step": {"dt": 0.05 * ms},
    "the refractory period": {"refractory": 7 * ms},
    "other automatic names": {"before": 3},
    "a name that is numbered": {"group_name": "cells*", "monitor_name": "found*"},
    "which neurons are recorded": {"record": (3, 4)},
    "blanks and comments": {"equations": EQUATIONS.replace("  ", " ") + "  # a comment\n"},
    "blanks in strings": {"threshold": "v>v_t", "reset": "v  =  0*mV ;"},
    "units of one meaning": {
        "equations": EQUATIONS.replace(": volt", ": metre**2*kilogram*second**-3*amp**-1")
    },
}

OTHER = {
    "the number of neurons": {"N": 6},
    "an equation": {"equations": EQUATIONS.replace("v0 +", "v0 -")},
    "a unit's scale in an equation": {"equations": EQUATIONS.replace("v/mV", "v/volt")},
    "the order of operations": {"equations": EQUATIONS.replace("v0 + I(t) - v", "v0 + (I(t) - v)")},
    "a subexpression more": {"equations": EQUATIONS + "\ny = 2*v : volt"},
    "the order of equations": {"equations": "\n".join(EQUATIONS.split("\n")[::-1])},
    "the name of a variable": {"equations": EQUATIONS.replace("x =", "z =")},
    "the unit of a variable": {"equations": EQUATIONS + "\np : volt"},
    "the unit of a variable, again": {"equations": EQUATIONS + "\np : amp"},
    "the type of a variable": {"equations": EQUATIONS + "\np : integer"},
    "a flag": {"equations": EQUATIONS.replace("(constant)", "")},
    "another flag": {"equations": EQUATIONS.replace("(constant)", "(shared, constant)")},
    "unless refractory": {"equations": EQUATIONS.replace("(unless refractory)", "")},
    "the method": {"method": "euler"},
    "the threshold": {"threshold": "v >= v_t"},
    "a number in the threshold": {"threshold": "v > 15*mV"},
    "an integer for a number": {"threshold": "v > 15.0*mV"},
    "the reset": {"reset": "v = 1*mV"},
    "no reset": {"reset": None},
    "refractoriness as a string": {"refractory": "2*ms"},
    "refractoriness as a condition": {"refractory": "v > v_t"},
    "no refractoriness": {"refractory": False},
    "a chosen name": {"group_name": "cells"},
    "a monitor's chosen name": {"monitor_name": "found"},
    "how many neurons are recorded": {"record": (0, 1, 2)},
    "all neurons recorded": {"record": True},
    "no neurons recorded": {"record": False},
    "what is recorded": {"recorded": "x"},
    "more recorded": {"recorded": ["v", "x"]},
    "counting only": {"count_only": True},
    "when it is recorded": {"when": "end"},
    "the order of the monitor": {"order": 1},
    "the group's order": {"group_order": 1},
    "a time step of its own": {"group_dt": 0.1 * ms},
    "a seed": {"seeds": (1,)},
    "two seeds": {"seeds": (1, None)},
    "two runs": {"runs": 2},
    "when run arguments take effect": {"apply": False, "index": [0, 2]},
    "how many are set": {"index": [0, 1, 2]},
    "set by a condition": {"index": "i > 2"},
    "set by a string": {"v": "rand()*mV"},
    "set by another string": {"v": "randn()*mV"},
    "the length of the stimulus": {"stimulus": (1, 2, 3, 4)},
    "a namespace of its own": {"namespace": True},
}


@pytest.mark.parametrize("change", SAME)
def test_values_and_automatic_names_do_not_enter_the_hash(change):
    frozen = simulate(**SAME[change])
    assert frozen.model.hash == BASE, frozen.model.dump()


def test_structure_does():
    hashes = {"nothing": BASE, **{change: simulate(**OTHER[change]).model.hash for change in OTHER}}
    double = {value for value in hashes.values() if list(hashes.values()).count(value) > 1}
    assert {change for change, value in hashes.items() if value in double} == set()


def test_when_run_arguments_take_effect_is_structure():
    """By default they do right before the first run."""
    assert simulate(apply=True).model.hash == BASE

    def declare(early):
        with use_session(Session()) as session:
            group = NeuronGroup(1, "v : 1")
            if early:
                session.program.append(ApplyEntry())
            group.v = 3
            if not early:
                session.program.append(ApplyEntry())
            run(1 * ms)
            return freeze(session).model.hash

    assert declare(early=True) != declare(early=False)


def test_an_integer_for_a_number_is_the_same_constant():
    def declare(w):
        with use_session(Session()) as session:
            group = NeuronGroup(2, "v : 1\nn : integer", threshold="v > w", reset="v = w*2")
            group.v = "w/3"
            run(1 * ms)
            return len(group) and freeze(session)

    assert declare(2).model.hash == declare(2.5).model.hash
    assert declare(2).values["w"].dtype == np.float64


def test_a_constant_stays_an_integer_where_one_is_needed():
    with use_session(Session()) as session:
        w, k = 2, 3
        group = NeuronGroup(2, "v : 1\nn : integer", threshold="v > w + k", reset="n = k")
        group.n = "k*i"
        run(1 * ms)
        k = 4
        run(1 * ms)
        frozen = freeze(session)
    dtypes = {i.id: i.dtype for i in frozen.model.inputs if i.kind == "constant"}
    assert dtypes == {"k": "int64", "k@1": "int64", "w": "float64", "k@2": "int64", "w@1": "float64"}
    assert [frozen.values[id][0] for id in ("k", "k@1", "k@2")] == [3, 3, 4]
    assert (w, k, len(group)) == (2, 4, 2)


def test_a_constant_has_one_type_in_all_runs():
    with use_session(Session()) as session:
        k = 3
        needs_integer = NeuronGroup(1, "n : integer\nv : 1", threshold="v > 1", reset="n = k")
        other = NeuronGroup(1, "x = k : 1")
        Network(needs_integer).run(1 * ms)
        k = 3.5
        Network(other).run(1 * ms)
        frozen = freeze(session)
    assert {i.dtype for i in frozen.model.inputs if i.kind == "constant"} == {"float64"}
    assert [frozen.values[id][0] for id in ("k", "k@1")] == [3.0, 3.5]
    assert k == 3.5


def test_a_name_stands_for_one_kind_of_thing_in_all_runs(session):
    group = NeuronGroup(1, "x = int(k > 1) : 1")
    other = NeuronGroup(1, "x = int(k) : 1")
    Network(group).run(1 * ms, namespace={"k": 5})
    Network(other).run(1 * ms, namespace={"k": True})
    with pytest.raises(
        FreezeError, match="'k': a name stands for a number in one run and for a truth value, a"
    ):
        freeze(session)


def test_the_same_model_twice_in_a_row_without_a_new_session(session):
    def declare():
        start_scope()
        objects = MODELS["lif"]()
        found = freeze(session).model.hash
        session.program.clear()
        return found, objects

    (first, kept), (again, _) = declare(), declare()
    assert first == again
    assert kept[0].name == "neurongroup"


@pytest.mark.parametrize("name", MODELS)
def test_declaring_twice_gives_the_same_hash(name):
    texts = []
    for _ in range(2):
        with use_session(Session()) as session:
            MODELS[name]()
            texts.append(freeze(session).model.dump())
    assert texts[0] == texts[1]


def test_all_models_differ():
    hashes = set()
    for declare in MODELS.values():
        with use_session(Session()) as session:
            declare()
            hashes.add(freeze(session).model.hash)
    assert len(hashes) == len(MODELS)


PROGRAM = """
from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.core.session import Session, use_session
from core.models import MODELS
import hashlib
for name, declare in reversed(MODELS.items()):
    with use_session(Session()) as session:
        declare()
        model = freeze(session).model
        print(name, model.hash, hashlib.sha256(lower(model).dump().encode()).hexdigest())
"""


def test_other_processes_find_the_same_hashes():
    """Whatever the seed of Python's own hashes."""
    tests = Path(__file__).parents[1]
    outputs = set()
    for seed_of_hashes in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": seed_of_hashes}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=tests,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(done.stdout)
    (output,) = outputs
    lines = [line.split() for line in output.splitlines()]
    assert len(lines) == len(MODELS)
    for name, found, _ in lines:
        with use_session(Session()) as session:
            MODELS[name]()
            assert freeze(session).model.hash == found


def test_the_hash_is_that_of_the_text():
    model = simulate().model
    assert re.fullmatch("[0-9a-f]{64}", model.hash)
    assert model.dump().startswith("model format=")
    assert "tau" in model.dump()
    assert not re.search(r"0\.01\b", model.dump()), "no value of a constant is part of a model"


# -- what freezing takes out of the model ---------------------------------------------------------------------


def test_values_are_kept_beside_the_model():
    frozen = simulate(v0=np.arange(5) * mV, v=3 * mV, tau=7 * ms, record=(2, 4))
    values = frozen.values
    assert_array_equal(values["neurongroup.v0:value"], np.arange(5) * 0.001)
    assert_array_equal(values["neurongroup.v:value"], [0.003])
    assert values["tau"] == 0.007
    assert values["neurongroup:refractory"] == 0.002
    assert_array_equal(values["I"], [0.001, 0.002, 0.003])
    assert values["I.dt"] == 0.001
    assert_array_equal(values["statemonitor.record"], [2, 4])
    assert (values["defaultclock.dt"], values["run.duration"]) == (0.0001, 0.1)
    declared = {i.id: i for i in frozen.model.inputs}
    assert set(declared) - set(values) == {"seed", "neurongroup.v:override", "neurongroup.v0:override"}
    for id, value in values.items():
        assert str(value.dtype) == declared[id].dtype
        assert value.size in (1, declared[id].size)
        assert value.flags.c_contiguous
    assert declared["neurongroup.v:value"].size == 5, "one value may stand for all"
    assert declared["neurongroup:refractory"].name == "neurongroup.refractory"
    assert frozen.names == {n: n for n in ("neurongroup", "spikemonitor", "statemonitor")}
    assert list(frozen.timed) == ["I"]


def test_names_of_the_script_lead_to_ids_of_the_model():
    frozen = simulate(before=2)
    assert frozen.names == {
        "neurongroup_2": "neurongroup",
        "spikemonitor_2": "spikemonitor",
        "statemonitor": "statemonitor",
    }


def test_an_automatic_id_avoids_a_chosen_name(session):
    chosen = NeuronGroup(1, "v : 1", name="neurongroup_1")
    automatic = [NeuronGroup(1, "v : 1"), NeuronGroup(1, "v : 1"), NeuronGroup(1, "v : 1")]
    Network(chosen, automatic).run(1 * ms)
    names = freeze(session).names
    assert names["neurongroup_1"] == "neurongroup_1"
    assert sorted(names.values()) == ["neurongroup", "neurongroup_1", "neurongroup_2", "neurongroup_3"]


def test_objects_that_are_not_run_are_not_part_of_the_model(session):
    used, unused = NeuronGroup(1, "v : 1"), NeuronGroup(1, "v : 1")
    unused.v = "rand()"
    used.v = 1
    Network(used).run(1 * ms)
    model = freeze(session).model
    assert len(model.populations) == 1
    assert [line for line in model.dump().splitlines() if line.startswith("assign")] == [
        "assign neurongroup.v = $neurongroup.v:value[]"
    ]


def test_one_timed_array_under_two_names_is_one_input(session):
    first = TimedArray([1, 2], dt=1 * ms)
    again = first
    other = TimedArray([1, 2], dt=1 * ms)
    group = NeuronGroup(1, "x = first(t) + again(t) + other(t) : 1")
    run(1 * ms)
    frozen = freeze(session)
    assert [t.id for t in frozen.model.timed] == ["again", "other"]
    assert "again=again, first=again, other=other" in frozen.model.dump()
    assert (again is first, len(group)) == (True, 1)


def test_a_script_may_use_any_name(session):
    names = {"seed": 5, "run": 6, "defaultclock": 7, "k0": 8, "neurongroup": 9, "duration": 10}
    group = NeuronGroup(1, "x = seed + run + defaultclock + k0 + neurongroup + duration : 1")
    Network(group).run(1 * ms, namespace=names)
    frozen = freeze(session)
    constants = {i.name: frozen.values[i.id].item() for i in frozen.model.inputs if i.kind == "constant"}
    assert constants == names
    assert "seed=seed@1" in frozen.model.dump()


def test_clocks_are_named_after_their_first_object(session):
    clock = Clock(1 * ms)
    a, b = NeuronGroup(1, "v : 1", clock=clock), NeuronGroup(1, "v : 1", clock=clock, name="b")
    network = Network(b)
    network.run(1 * ms)
    network.add(a)
    network.run(1 * ms)
    model = freeze(session).model
    assert {p.clock for p in model.populations} == {"neurongroup.clock"}
    assert [dict(step.clocks) for step in model.program[1:]] == [
        {"neurongroup.clock": "neurongroup.clock.dt"},
        {"neurongroup.clock": "neurongroup.clock.dt@1"},
    ]
    assert current_session() is session
