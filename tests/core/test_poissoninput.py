"""Input from Poisson processes: what is refused, and what the Model says of it."""

import pytest
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


def group():
    return NeuronGroup(2, "dv/dt = -v/(10*ms) : volt\ng : volt (shared)\ntwice = 2*v : volt", name="cells")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": 3}, TypeError, r"the target is int 3; give a group"),
        ({"target_var": "w"}, ValueError, r"'cells' has no variable 'w'; it has v, g, twice"),
        ({"target_var": "g"}, ValueError, r"'g' is shared by all neurons"),
        ({"N": 2.5}, ValueError, r"N=2.5 is no number of processes"),
        ({"N": -1}, ValueError, r"N=-1 is no number of processes"),
        ({"rate": 3}, DimensionMismatchError, r"rate=3 has units of 1; give a single rate"),
        ({"rate": [1, 2] * Hz}, DimensionMismatchError, r"give a single rate"),
        ({"rate": -1 * Hz}, ValueError, r"rate=-1. \* hertz; it must be finite and not negative"),
        ({"weight": [1, 2] * mV}, TypeError, r"is an array; make it a parameter of the group"),
        ({"when": "never"}, ValueError, r"when='never' is no place"),
    ],
)
def test_what_is_refused_at_once(options, error, message):
    with pytest.raises(error, match=message):
        PoissonInput(
            **{"target": group(), "target_var": "v", "N": 5, "rate": 1 * Hz, "weight": 1 * mV, **options}
        )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"weight": 3},
            DimensionMismatchError,
            r"PoissonInput 'poissoninput' has 1 problem\(s\):\n- the input",
        ),
        ({"weight": "w"}, KeyError, r"'w' could not be resolved"),
        ({"target_var": "twice"}, SyntaxError, r"sets 'twice', which is a subexpression"),
        ({"rate": 20 * kHz}, ValueError, r"a rate of 20000 Hz is 2 spikes in a time step of 0.0001 s"),
    ],
)
def test_what_is_refused_when_it_runs(options, error, message):
    cells = group()
    given = PoissonInput(
        **{"target": cells, "target_var": "v", "N": 5, "rate": 1 * Hz, "weight": 1 * mV, **options}
    )
    with pytest.raises(error, match=message):
        run(1 * ms)
    assert given.group is cells


def test_model_text(session):
    cells = group()
    given = PoissonInput(cells, "v", 100, 2 * Hz, 1 * mV, name="noise")
    run(1 * ms)
    frozen = freeze(session)
    assert (
        "operation noise on cells clock=defaultclock when=synapses order=0\n"
        "  v = v + .binomial($noise:N, $noise:rate * dt) * $noise:weight\n"
    ) in frozen.model.dump()
    names = {i.name: i.dtype for i in frozen.model.inputs}
    assert [names[f"noise.{x}"] for x in ("N", "rate", "weight")] == ["int64", "float64", "float64"]
    assert given.group is cells
