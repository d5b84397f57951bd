"""A Model says what in it contradicts itself."""

from dataclasses import replace

import pytest
from spikefarm import Network, NeuronGroup, SpikeMonitor, ms
from spikefarm.core.dimensions import DIMENSIONLESS
from spikefarm.core.expr import Binary, Compare, Element, Lit, Param, TimedCall, Var
from spikefarm.core.freeze import freeze
from spikefarm.core.model import Assign, ModelError, Run, Seed

from core.models import MODELS


@pytest.fixture
def model(session):
    MODELS["noisy"]()
    return freeze(session).model


def step(model, kind):
    return next(s for s in model.program if isinstance(s, kind))


def with_step(model, old, **changes):
    return replace(model, program=tuple(replace(s, **changes) if s is old else s for s in model.program))


def problems(model):
    with pytest.raises(ModelError) as caught:
        model.verify()
    first, *lines = str(caught.value).splitlines()
    assert first == "The model contradicts itself:"
    return lines


def test_models_of_scripts_do_not_contradict_themselves(model):
    model.verify()


def test_populations_and_probes_are_found_by_id(model):
    assert model.population("neurongroup").size == 20
    assert model.population("neurongroup").variable("theta").kind == "parameter"
    assert model.probe("counts").variables == ()


def test_two_objects_of_one_id(model):
    double = replace(model, probes=(*model.probes, replace(model.probes[0], id="neurongroup")))
    assert problems(double) == ["two objects share an id"]


def test_two_inputs_of_one_id(model):
    assert problems(replace(model, inputs=(*model.inputs, model.inputs[0]))) == ["two inputs share an id"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "nobody"}, "spikemonitor records from nobody, which does not exist"),
        ({"record": "nothing"}, "spikemonitor records the indices nothing, which do not exist"),
        ({"variables": ("i", "foo")}, "spikemonitor records foo, which neurongroup does not have"),
    ],
)
def test_probes_point_at_something(model, change, message):
    probes = tuple(replace(p, **change) if p.id == "spikemonitor" else p for p in model.probes)
    assert message in problems(replace(model, probes=probes))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": "nobody"}, "sets nobody.theta, which does not exist"),
        ({"variable": "foo"}, "sets neurongroup.foo, which does not exist"),
        ({"indices": "nothing"}, "reads nothing, which does not exist"),
        ({"expr": Element("nothing")}, "reads nothing, which does not exist"),
        ({"expr": Binary("*", Param("nothing"), Lit(2))}, "reads nothing, which does not exist"),
        (
            {"where": Compare(">", TimedCall("nothing", (Var("t"),)), Lit(2))},
            "reads nothing, which does not exist",
        ),
    ],
)
def test_assignments_point_at_something(model, change, message):
    (line,) = problems(with_step(model, step(model, Assign), **change))
    assert line.startswith("'assign ")
    assert line.endswith(message)


def test_subexpressions_cannot_be_assigned(session):
    MODELS["hodgkin_huxley"]()
    model = freeze(session).model
    (line,) = problems(with_step(model, step(model, Assign), variable="alpha"))
    assert line.endswith("sets neurongroup.alpha, which does not exist")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": "nothing"}, "reads nothing, which does not exist"),
        ({"objects": ("neurongroup", "nobody")}, "advances nobody, which does not exist"),
        ({"clocks": (("defaultclock", "nothing"),)}, "reads nothing, which does not exist"),
        ({"clocks": ()}, "neurongroup has the clock defaultclock, to which 'run"),
        ({"bindings": ()}, "neurongroup reads $stimulus, which 'run"),
    ],
)
def test_runs_point_at_something(model, change, message):
    assert any(message in line for line in problems(with_step(model, step(model, Run), **change)))


def test_bindings_lead_to_inputs(model):
    run = step(model, Run)
    bindings = tuple((slot, "nothing" if slot == "tau" else given) for slot, given in run.bindings)
    (line,) = problems(with_step(model, run, bindings=bindings))
    assert line.endswith("reads nothing, which does not exist")


def test_every_slot_is_bound_in_every_run(model):
    last = [s for s in model.program if isinstance(s, Run)][-1]
    bindings = tuple(pair for pair in last.bindings if pair[0] not in ("sigma", "on"))
    lines = problems(with_step(model, last, bindings=bindings))
    assert sorted({line.split(",")[0] for line in lines}) == [
        "neurongroup reads $on",
        "neurongroup reads $sigma",
    ]


def test_timed_arrays_have_their_inputs(model):
    timed = tuple(replace(t, dt="nothing") if t.id == "stimulus" else t for t in model.timed)
    assert problems(replace(model, timed=timed)) == [
        "'timed stimulus dt=nothing rows=3 columns=0' reads nothing, which does not exist"
    ]
    inputs = tuple(i for i in model.inputs if i.id != "patterns")
    assert any("timed patterns" in line for line in problems(replace(model, inputs=inputs)))


def test_seeds_have_an_entry(model):
    assert problems(with_step(model, step(model, Seed), index=3)) == [
        "'seed 3' takes an entry of the seeds, of which there are 3"
    ]


def test_all_contradictions_come_at_once(model):
    broken = with_step(with_step(model, step(model, Seed), index=9), step(model, Assign), variable="foo")
    assert len(problems(replace(broken, inputs=(*broken.inputs, broken.inputs[0])))) == 3


def test_variables_of_special_meaning_can_be_assigned_and_recorded(model):
    lastspike = Assign("neurongroup", "lastspike", Lit(0.0))
    probes = tuple(replace(p, variables=("i", "t", "not_refractory")) for p in model.probes)
    replace(model, program=(lastspike, *model.program), probes=probes).verify()


def test_equal_models_have_equal_text_and_the_hash_follows(model):
    assert replace(model) == model
    assert replace(model).hash == model.hash
    other = replace(model, inputs=tuple(replace(i, dim=DIMENSIONLESS) for i in model.inputs))
    assert other.hash != model.hash


@pytest.fixture
def regular(session):
    group = NeuronGroup(2, "v : 1", threshold="v > 1")
    operation = group.run_regularly("v += 1", dt=1 * ms)
    monitor = SpikeMonitor(group)
    Network(group, operation, monitor).run(1 * ms)
    return freeze(session).model


def test_operations_point_at_something(regular):
    (operation,) = regular.operations
    lost = replace(regular, operations=(replace(operation, population="nobody"),))
    assert problems(lost) == [f"{operation.id} works on nobody, which does not exist"]
    (statement,) = operation.code
    wrong = replace(operation, code=(replace(statement, target="foo"),))
    assert problems(replace(regular, operations=(wrong,))) == [
        f"{operation.id} sets foo, which neurongroup does not have"
    ]
    named = replace(operation, id="neurongroup")
    assert "two objects share an id" in problems(replace(regular, operations=(named,)))


def test_probes_record_events_that_there_are(regular):
    probes = tuple(replace(p, event="bang") for p in regular.probes)
    assert problems(replace(regular, probes=probes)) == [
        "spikemonitor records bang of neurongroup, which has no such event"
    ]
