"""run_regularly: what is refused, and what the Model says of it."""

import pickle

import pytest
from spikefarm import *
from spikefarm.core.expr import ExpressionError
from spikefarm.core.freeze import freeze
from spikefarm.core.kernels import Kernels
from spikefarm.core.lower import lower
from spikefarm.core.session import Session, use_session


@pytest.fixture(autouse=True)
def session():
    with use_session(Session()) as session:
        yield session


def group(**options):
    return NeuronGroup(2, "dv/dt = -v/(10*ms) : volt\ntotal : 1 (shared)\ngain : 1 (constant)", **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"code": 3}, TypeError, r"run_regularly: 3 must be a string of statements"),
        ({"code": ""}, TypeError, r"must be a string of statements"),
        ({"code": "v > 1"}, ExpressionError, r"'v > 1' is not a statement"),
        ({"when": "never"}, ValueError, r"when='never' is no place"),
        ({"order": 0.5}, TypeError, r"order=0.5 must be an integer"),
        ({"dt": 0 * ms}, ValueError, r"must be a positive finite time"),
        ({"dt": 1 * ms, "clock": Clock(1 * ms)}, ValueError, r"give either dt or clock"),
    ],
)
def test_what_is_refused_at_once(options, error, message):
    cells = group()
    with pytest.raises(error, match=message):
        cells.run_regularly(**{"code": "v = 0*mV", **options})
    assert cells._contained == ()


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        (
            "v = 3",
            DimensionMismatchError,
            r"CodeRunner 'neurongroup_run_regularly' has 1 problem\(s\):\n- the code",
        ),
        ("gain = 1", ExpressionError, r"sets 'gain', which is a constant parameter"),
        ("t = 1*ms", ExpressionError, r"sets 't', which is a special variable"),
        (
            "v = 0*mV; total = 1",
            ExpressionError,
            r"'v = 0 \* mV' is executed for each neuron, but",
        ),
        (
            "total = 1; x = 2; total = x; v = x*mV",
            ExpressionError,
            r"'x' is set along with shared variables and read",
        ),
        ("total = i", ExpressionError, r"'total' is shared by all neurons, but 'i' depends on 'i'"),
        ("v = unknown", KeyError, r"'unknown' could not be resolved"),
    ],
)
def test_what_is_refused_when_it_runs(code, error, message):
    cells = group()
    runner = cells.run_regularly(code)
    with pytest.raises(error, match=message):
        run(1 * ms)
    assert runner.group is cells


def test_code_without_its_group_is_refused():
    runner = group().run_regularly("v = 0*mV")
    with pytest.raises(
        ValueError, match=r"'neurongroup_run_regularly' works on 'neurongroup', which is not part"
    ):
        Network(runner).run(1 * ms)


def test_model_text(session):
    step = 2 * mV
    cells = group(name="cells", namespace={"most": 3 * mV})
    cells.run_regularly("v = clip(v + step*dt/ms, 0*mV, most)", dt=5 * ms, when="end", order=1)
    cells.run_regularly("total += dt/ms")
    run(10 * ms)
    model = freeze(session).model
    assert (
        "operation run_regularly on cells clock=run_regularly.clock when=end order=1\n"
        "  v = clip(v + $step * dt / 0.001, 0 * 0.001, $cells.most)\n"
        "operation run_regularly_1 on cells clock=defaultclock when=start order=0\n"
        "  once total = total + dt / 0.001\n"
    ) in model.dump()
    kernels: Kernels = lower(model)
    # dt is the group's, whatever the clock of the code
    assert " of cells = $step * dt / 0.001\n" in kernels.dump()
    assert " of cells = dt / 0.001\n" in kernels.dump()
    assert step == 2 * mV


def test_code_travels_with_its_group():
    cells = group()
    cells.run_regularly("v = 0*mV", name="clear")
    copy = pickle.loads(pickle.dumps(cells))
    assert [(r.name, r.group is copy) for r in copy._contained] == [("clear", True)]
