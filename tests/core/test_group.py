"""Declaring groups: what they are, and every argument that they refuse."""

import numpy as np
import pytest
from spikefarm import (
    Clock,
    DimensionMismatchError,
    Equations,
    Network,
    NeuronGroup,
    defaultclock,
    ms,
    mV,
    run,
    second,
)
from spikefarm.core import group as group_module
from spikefarm.core.equations import EquationError
from spikefarm.core.expr import ExpressionError
from spikefarm.core.freeze import freeze

MODEL = """dv/dt = -v/(10*ms) : volt (unless refractory)
           w : volt
           s : 1 (shared)
           c : 1 (constant)
           b : boolean
           n : integer
           q = 2*v : volt"""


def declared(**arguments):
    return NeuronGroup(2, MODEL, **{"threshold": "v > 1*mV", **arguments})


def checked(**arguments):
    """A group that has been run in an empty namespace."""
    group = declared(**arguments)
    Network(group).run(1 * ms, namespace={})
    return group


# -- what a group is ---------------------------------------------------------------------------------------


def test_a_group_has_size_variables_and_text():
    group = NeuronGroup(np.int64(3), Equations(MODEL), threshold="v > 1*mV", refractory=1 * ms)
    assert len(group) == group.N == 3
    assert list(group.variable_types) == [
        *("t", "dt", "t_in_timesteps", "i", "N", "lastspike", "not_refractory"),
        *("v", "w", "s", "c", "b", "n", "q"),
    ]
    assert repr(group) == "<NeuronGroup 'neurongroup' with 3 neuron(s)>"
    assert group.clock is group.session.defaultclock


def test_state_finds_variables_by_name():
    group = declared()
    assert group.state("v") == group.v
    assert repr(group.state("v", use_units=False)) == "<neurongroup.v_: array([0., 0.])>"
    with pytest.raises(
        KeyError, match="neurongroup has no variable 'foo'; it has t, dt, t_in_timesteps, i, N, v, w"
    ):
        group.state("foo")


def test_attributes_that_do_not_exist():
    group = declared()
    with pytest.raises(AttributeError, match="neurongroup has no variable 'foo'; it has v, w, s, c, b, n, q"):
        group.foo
    with pytest.raises(
        AttributeError, match="neurongroup has no variable 'foo' to set; it has v, w, s, c, b, n, q"
    ):
        group.foo = 3
    with pytest.raises(AttributeError, match="it has none"):
        NeuronGroup(1, "").foo


@pytest.mark.parametrize(
    "name", ["name", "order", "equations", "clock", "session", "when", "method", "state"]
)
def test_attributes_cannot_be_set_after_the_declaration(name):
    with pytest.raises(
        AttributeError, match=rf"neurongroup\.{name} cannot be set any more; it is fixed when the group"
    ):
        setattr(declared(), name, 1)


def test_every_attribute_is_known_as_one():
    public = {name for name in vars(declared(refractory=1 * ms)) if not name.startswith("_")}
    assert public <= group_module._ATTRIBUTES


def test_variables_cannot_be_called_like_attributes():
    with pytest.raises(EquationError) as caught:
        NeuronGroup(1, "order : 1\nname : 1\nv : 1")
    assert str(caught.value) == (
        "NeuronGroup: every group has attributes named 'name', 'order'; choose other names for these variables."
    )


def test_variables_may_be_called_like_what_brian2_has_too():
    group = NeuronGroup(
        1, "threshold : volt\nreset : volt\nnamespace : 1", threshold="v > threshold\n".replace("v", "reset")
    )
    group.threshold = 3 * mV
    assert group.threshold[0] == 3 * mV


def test_clocks_of_groups():
    own = Clock(0.5 * ms)
    assert declared(clock=own).clock is own
    assert declared(clock=defaultclock).clock is declared().clock
    assert declared(dt=2 * ms).clock.dt == 2 * ms
    assert declared(dt=2 * ms, name="g").clock.name == "g_clock"


# -- wrong arguments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"N": 0}, ValueError, "NeuronGroup: N=0; a group has at least one neuron."),
        ({"N": -2}, ValueError, "NeuronGroup: N=-2; a group has at least one neuron."),
        ({"N": 2.0}, TypeError, "NeuronGroup: N=2.0 is no number of neurons; give an integer."),
        ({"N": "2"}, TypeError, "NeuronGroup: N='2' is no number of neurons; give an integer."),
        ({"N": True}, TypeError, "NeuronGroup: N=True is no number of neurons; give an integer."),
        ({"N": None}, TypeError, "NeuronGroup: N=None is no number of neurons; give an integer."),
        ({"model": None}, TypeError, "NeuronGroup: model=None must be a string or Equations."),
        ({"model": ["v : 1"]}, TypeError, "NeuronGroup: model=['v : 1'] must be a string or Equations."),
        ({"model": "v : mV"}, EquationError, "'mV' is a scaled unit"),
        ({"threshold": 5}, TypeError, "NeuronGroup: threshold=5 must be a string, such as 'v > -50*mV'."),
        ({"threshold": ""}, ExpressionError, "An empty string is not an expression"),
        ({"threshold": "v >"}, ExpressionError, "'v >' is not a valid expression: invalid syntax."),
        ({"reset": 5}, TypeError, "NeuronGroup: reset=5 must be a string"),
        ({"reset": "v"}, ExpressionError, "'v' is not a statement of the modelling language; write an"),
        ({"reset": "v == 0"}, ExpressionError, "'v == 0' is not a statement"),
        ({"reset": "if v > 0: v = 0"}, ExpressionError, "'if v > 0: v = 0' is not a statement"),
        ({"reset": "_v = 0"}, ExpressionError, "'_v = 0' is not a statement of the modelling language; write an"),
        ({"reset": "for = 0"}, ExpressionError, "'for = 0' is not a statement"),
        ({"reset": "v[0] = 0"}, ExpressionError, "'v[0] = 0' is not a statement"),
        ({"reset": "v = (0*mV +\n1*mV)"}, ExpressionError, "'(0*mV +' is not a valid expression: '(' was never"),
        ({"reset": "v = a.b"}, ExpressionError, "'a.b' in 'a.b' is not part of the modelling language"),
        ({"threshold": None, "reset": "v = 0*mV"}, ValueError,
         "NeuronGroup: reset='v = 0*mV' without a threshold would never happen; give both."),
        ({"threshold": None, "refractory": 5 * ms}, ValueError,
         "NeuronGroup: refractory=5. * msecond without a threshold has no meaning."),
        ({"refractory": 5}, DimensionMismatchError,
         "NeuronGroup: refractory=5; give a single time, or a string with a time or a condition."),
        ({"refractory": True}, DimensionMismatchError, "NeuronGroup: refractory=True; give a single time"),
        ({"refractory": None}, DimensionMismatchError, "NeuronGroup: refractory=None; give a single time"),
        ({"refractory": 5 * mV}, DimensionMismatchError,
         "NeuronGroup: refractory=5. * mvolt with units of volt; give a single time"),
        ({"refractory": [1, 2] * ms}, DimensionMismatchError, "with units of second; give a single time"),
        ({"refractory": -1 * ms}, ValueError, "refractory=-1. * msecond; it must be a time of zero or more."),
        ({"refractory": float("nan") * ms}, ValueError, "it must be a time of zero or more."),
        ({"refractory": "5*"}, ExpressionError, "'5*' is not a valid expression: invalid syntax."),
        ({"method": "rkf45"}, ValueError, "method='rkf45' is not an integrator; choose one of exact, linear, "),
        ({"method": 3}, ValueError, "method=3 is not the name of an integrator"),
        ({"namespace": 5}, TypeError, "NeuronGroup: namespace=5 must be a dictionary."),
        ({"dt": 5}, DimensionMismatchError, "dt of NeuronGroup is 5 with units of 1 instead of second."),
        ({"dt": 5 * mV}, DimensionMismatchError, "dt of NeuronGroup is 5. * mvolt with units of volt instead"),
        ({"dt": 0 * ms}, ValueError, "dt of NeuronGroup is 0. * second; it must be a positive finite time."),
        ({"dt": -1 * ms, "name": "g"}, ValueError, "dt of g is -1. * msecond; it must be a positive finite time."),
        ({"dt": float("inf") * second}, ValueError, "it must be a positive finite time."),
        ({"dt": [1, 2] * ms}, TypeError, "dt of NeuronGroup is an array of shape (2,); give a single time."),
        ({"dt": "1*ms"}, TypeError, "dt of NeuronGroup is str '1*ms'; give a time such as 10*ms."),
        ({"clock": 5}, TypeError, "NeuronGroup: clock=5 must be a Clock."),
        ({"order": 1.5}, TypeError, "NeuronGroup: order=1.5 must be an integer."),
        ({"order": True}, TypeError, "NeuronGroup: order=True must be an integer."),
        ({"name": "a b"}, ValueError, "'a b' cannot be the name of an object: use letters, digits and underscores"),
        ({"name": ""}, ValueError, "'' cannot be the name of an object"),
        ({"name": "_a"}, ValueError, "'_a' cannot be the name of an object"),
        ({"name": "a.b"}, ValueError, "'a.b' cannot be the name of an object"),
        ({"name": "é"}, ValueError, "'é' cannot be the name of an object"),
        ({"name": "1*"}, ValueError, "'1' cannot be the name of an object"),
        ({"name": "defaultclock"}, ValueError, "leave 'defaultclock' to the clock"),
        ({"name": 5}, TypeError, "5 cannot be the name of an object: give a string."),
    ],
)  # fmt: skip
def test_wrong_arguments(session, arguments, error, message):
    given = {"N": 2, "model": MODEL, "threshold": "v > 1*mV", **arguments}
    with pytest.raises(error) as caught:
        NeuronGroup(**given)
    assert message in str(caught.value)
    assert session._count == 0, "nothing is declared where something is wrong"


def test_either_dt_or_clock():
    with pytest.raises(ValueError, match="NeuronGroup: give either dt or clock, not both"):
        declared(dt=1 * ms, clock=Clock(1 * ms))


def test_every_wrong_line_of_a_reset_is_named():
    with pytest.raises(ExpressionError) as caught:
        declared(reset="v\nw = 1*mV\nq +")
    assert len(str(caught.value).splitlines()) == 2


# -- what is checked when a group runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reset",
    [
        "v = 0*mV", "v = 0*mV; w += 1*mV", "v = 0*mV # why\nw -= 1*mV", "v *= 0", "v /= 2", "n += 1", "n = n//2",
        "n %= 3", "b = v > 0*mV", "b = not b", "lastspike = 0*ms", "x = 1*mV; v = x", "x = 2; y = x*mV; v = y; w = y",
        "v = rand()*mV",
        "v = int(b)*mV + int(n > 3)*w", "", "\n", "v = 0*mV;",
    ],
)  # fmt: skip
def test_resets(reset):
    checked(reset=reset, refractory=1 * ms)


@pytest.mark.parametrize(
    ("reset", "message"),
    [
        ("v = 0", "the right-hand side of 'v = 0' has units of 1 instead of volt."),
        ("v -= 1", "Cannot calculate 'v - 1': 'v' has units of volt, '1' of 1."),
        ("v **= 2", "the right-hand side of 'v = v ** 2' has units of volt2 instead of volt."),
        ("q = 1*mV", "'q = 1 * mV' sets 'q', which is a subexpression."),
        ("c = 1", "'c = 1' sets 'c', which is a constant parameter."),
        ("s += 1", "'s = s + 1' sets 's', which is shared between neurons."),
        ("t = 1*ms", "'t = 1 * ms' sets 't', which is a special variable."),
        ("i = 1", "'i = 1' sets 'i', which is a special variable."),
        ("not_refractory = True", "sets 'not_refractory', which is a special variable."),
        (
            "n = 1.5",
            "the right-hand side of 'n = 1.5' is not an integer; write int(…) to round towards zero.",
        ),
        ("n = n/2", "is not an integer; write int(…) to round towards zero."),
        ("n = b", "the right-hand side of 'n = b' is a truth value, but a number is needed; write int(…)."),
        ("b = 1", "is a number, but a truth value is needed; write a comparison, True or False."),
        ("x += 1", "'x = x + 1' reads 'x' before anything has been assigned to it."),
        ("v = x; x = 1*mV; w = x", "'v = x' reads 'x' before anything has been assigned to it."),
        ("x = 1; x = 2.5; v = x*mV", "the right-hand side of 'x = 2.5' is not an integer"),
        ("x = 1*mV; x = 2; v = x", "the right-hand side of 'x = 2' has units of 1 instead of volt."),
        (
            "V = 0*mV",
            "'V' would be set but never used, being no variable of the group; it has b, c, n, q, s, v, w.",
        ),
        (
            "exp = 3; v = exp*mV",
            "'exp = 3' sets 'exp', which has another meaning; only variables of the group and new",
        ),
        ("mV = 3; v = mV*w", "'mV = 3' sets 'mV', which has another meaning"),
        ("xi = 3; v = xi*w", "'xi = 3' sets 'xi', which has another meaning"),
        (
            "v = xi*mV*second**0.5",
            "contains 'xi', white noise, which belongs into differential equations; randn() draws",
        ),
    ],
)
def test_wrong_resets(reset, message):
    with pytest.raises((ExpressionError, DimensionMismatchError)) as caught:
        checked(reset=reset, refractory=1 * ms)
    assert "- the reset: " in str(caught.value)
    assert message in str(caught.value)


def test_every_wrong_statement_of_a_reset_is_named():
    with pytest.raises(ExpressionError) as caught:
        checked(reset="q = 1*mV; n = 1.5; v = 3")
    assert "has 3 problem(s)" in str(caught.value)


@pytest.mark.parametrize(
    "threshold", ["v > 1*mV", "b", "b and v > 1*mV", "rand() < 0.1", "not b or i == 3", "t > 5*ms", "True"]
)
def test_thresholds(threshold):
    checked(threshold=threshold)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("v", "the threshold: 'v' has units of volt instead of 1."),
        (
            "n",
            "the threshold: 'n' is a number, but a truth value is needed; write a comparison, True or False.",
        ),
        ("v > 1", "the threshold: Cannot compare 'v > 1': 'v' has units of volt, '1' of 1."),
        ("b and n", "the threshold: 'n' is a number, but 'and' takes truth values; write a comparison."),
        ("xi*second**0.5 > 0", "contains 'xi', white noise, which belongs into differential equations"),
    ],
)
def test_wrong_thresholds(threshold, message):
    with pytest.raises((ExpressionError, DimensionMismatchError)) as caught:
        checked(threshold=threshold)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("refractory", "is_time"),
    [
        (5 * ms, True), (0 * ms, True), (float("inf") * second, True), ("5*ms", True), ("w/volt*second", True),
        ("rand()*ms", True), ("v > 1*mV", False), ("b", False), ("not b", False), ("t - lastspike < 2*ms", False),
    ],
)  # fmt: skip
def test_refractoriness_is_a_time_or_a_condition(session, refractory, is_time):
    checked(refractory=refractory)
    (population,) = freeze(session).model.populations
    assert population.refracts
    assert population.refractory_is_time == is_time


@pytest.mark.parametrize(
    ("refractory", "message"),
    [
        ("v", "the refractory period: 'v' has units of volt; it must be a time or a condition."),
        ("5", "the refractory period: '5' has units of 1; it must be a time or a condition."),
        ("n", "the refractory period: 'n' has units of 1; it must be a time or a condition."),
        ("v > 3", "the refractory period: Cannot compare 'v > 3'"),
    ],
)
def test_wrong_refractoriness(refractory, message):
    with pytest.raises((ExpressionError, DimensionMismatchError)) as caught:
        checked(refractory=refractory)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("dv/dt = 1 : 1", "the differential equation of 'v': '1' has units of 1 instead of hertz."),
        (
            "dv/dt = xi : 1",
            "the differential equation of 'v': 'xi' has units of second ** -0.5 instead of hertz.",
        ),
        (
            "x = randn() : 1",
            "the subexpression of 'x': 'randn()' draws random numbers each time it is evaluated",
        ),
        ("x = xi*second**0.5 : 1", "contains 'xi', white noise, which belongs into differential equations"),
        (
            "x = 1.5 : integer",
            "the subexpression of 'x': '1.5' is not an integer; write int(…) to round towards zero.",
        ),
        ("x = 1 : boolean", "the subexpression of 'x': '1' is a number, but a truth value is needed"),
        (
            "x = 1 > 2 : 1",
            "the subexpression of 'x': '1 > 2' is a truth value, but a number is needed; write int(…).",
        ),
        ("x = 1*mV : 1", "the subexpression of 'x': '1 * mV' has units of volt instead of 1."),
        (
            "x = v : 1 (shared)\nv : 1",
            "'x' is shared by all neurons, but 'v' depends on 'v', which differs between them.",
        ),
        (
            "x = y + i : 1 (shared)\ny = 2*v : 1\nv : 1",
            "'x' is shared by all neurons, but 'y + i' depends on 'i', 'y'",
        ),
    ],
)
def test_wrong_equations(model, message):
    with pytest.raises((ExpressionError, DimensionMismatchError)) as caught:
        Network(NeuronGroup(2, model)).run(1 * ms, namespace={})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "model",
    [
        "x = N*t/second + w : 1 (shared)\nw : 1 (shared)\ny = x + i : 1",
        "dv/dt = (x - v)/(5*ms) + xi_a*second**-0.5 : 1 (unless refractory)\nx = i*2.0 : 1",
        "n = i//2 : integer\nm = n % 3 : integer\nb = n == m : boolean",
        "x = t_in_timesteps : integer (shared)\ny = timestep(t, dt) : integer (shared)",
    ],
)
def test_right_equations(model):
    Network(NeuronGroup(2, model)).run(1 * ms, namespace={})


def test_refractory_names_exist_only_with_refractoriness():
    with pytest.raises(KeyError, match="'not_refractory' could not be resolved"):
        checked(threshold="not_refractory")
    checked(threshold="not_refractory and lastspike < t", refractory=1 * ms)


def test_a_failed_declaration_leaves_its_name_free(session):
    with pytest.raises(ExpressionError):
        declared(name="g", reset="v")
    group = declared(name="g")
    run(1 * ms)
    assert freeze(session).names == {"g": "g"}
    assert group.name == "g"
