"""Setting a group's variables and reading them back, before anything runs."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from spikefarm import DimensionMismatchError, NeuronGroup, Quantity, ms, mV, run, second, volt
from spikefarm.core.expr import ExpressionError
from spikefarm.core.namespace import NamespaceError
from spikefarm.core.session import AssignEntry, Session, use_session
from spikefarm.core.variables import VariableView

MODEL = """dv/dt = -v/(10*ms) : volt
           w : volt
           x : 1
           s : volt (shared)
           c : 1 (constant)
           b : boolean
           n : integer
           q = 2*v : volt"""


@pytest.fixture
def group():
    return NeuronGroup(4, MODEL, threshold="v > 1*mV", refractory=1 * ms)


def entries(group):
    return [e for e in group.session.program if isinstance(e, AssignEntry)]


# -- setting values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "value", "wanted"),
    [
        (slice(None), 3 * mV, [3, 3, 3, 3]),
        (slice(None), [1, 2, 3, 4] * mV, [1, 2, 3, 4]),
        (slice(None), (1 * mV, 2 * mV, 3 * mV, 4 * mV), [1, 2, 3, 4]),
        (slice(None), np.array([5.0]) * mV, [5, 5, 5, 5]),
        (slice(None), 0, [0, 0, 0, 0]),
        (slice(None), np.zeros(4), [0, 0, 0, 0]),
        (1, 3 * mV, [9, 3, 9, 9]),
        (-1, 3 * mV, [9, 9, 9, 3]),
        (np.int32(2), 3 * mV, [9, 9, 3, 9]),
        (slice(1, 3), 3 * mV, [9, 3, 3, 9]),
        (slice(None, None, 2), [1, 2] * mV, [1, 9, 2, 9]),
        (slice(3, 9), [1] * mV, [9, 9, 9, 1]),
        (slice(9, 12), 1 * mV, [9, 9, 9, 9]),
        ([0, 3], [1, 2] * mV, [1, 9, 9, 2]),
        ([3, 0], [1, 2] * mV, [2, 9, 9, 1]),
        ([0, 0], [1, 2] * mV, [2, 9, 9, 9]),
        (np.array([-1, 1]), 5 * mV, [9, 5, 9, 5]),
        ([True, False, True, False], 5 * mV, [5, 9, 5, 9]),
        (np.arange(4) > 1, [5, 6] * mV, [9, 9, 5, 6]),
        ([], 5 * mV, [9, 9, 9, 9]),
        (range(2), 5 * mV, [5, 5, 9, 9]),
    ],
)
def test_what_is_set_can_be_read(group, index, value, wanted):
    group.v = 9 * mV
    group.v[index] = value
    assert_array_equal(group.v / mV, wanted)
    assert_array_equal(group.v_, np.array(wanted) * 0.001)
    assert group.v[:].dim == volt.dim


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(-4, 3),
                st.slices(4),
                st.lists(st.integers(-4, 3), max_size=5),
                st.lists(st.booleans(), min_size=4, max_size=4),
            ),
            st.floats(-1e3, 1e3),
        ),
        max_size=6,
    )
)
def test_indexing_is_numpys(settings_):
    with use_session(Session()):
        group, array = NeuronGroup(4, "v : 1"), np.zeros(4)
        for index, value in settings_:
            group.v[index] = value
            array[np.array(index, dtype=int) if index == [] else index] = value
        assert_array_equal(group.v[:], array)


def test_kinds_of_numbers_are_stored_as_such(group):
    group.b = [True, False, 1, 0]
    group.n = [1.0, 2, -3, True]
    assert (group.b[:].dtype, group.n[:].dtype, group.v_[:].dtype) == (np.bool_, np.int32, np.float64)
    assert_array_equal(group.b[:], [True, False, True, False])
    assert_array_equal(group.n[:], [1, 2, -3, 1])
    group.v = float("inf") * volt
    assert group.v[0] == float("inf") * volt


def test_plain_values_need_no_unit(group):
    group.v_ = [1, 2, 3, 4]
    group.v_[0] = 7
    assert_array_equal(group.v / volt, [7, 2, 3, 4])
    group.v_ = "rand()"
    assert entries(group)[-1].value == "rand()"


def test_shared_variables_have_one_value(group):
    group.s = 3 * mV
    assert group.s[:] == 3 * mV
    assert float(group.s) == 0.003
    assert group.s.shape == ()
    group.s[:] = 4 * mV
    assert repr(group.s) == "<neurongroup.s: 4. * mvolt>"
    group.s = "rand()*N*mV"
    assert entries(group)[-1].value == "rand()*N*mV"


def test_values_of_another_group(group):
    other = NeuronGroup(4, "u : volt")
    other.u = [1, 2, 3, 4] * mV
    group.v = other.u
    group.w[1:3] = other.u[:2]
    assert_array_equal(group.v / mV, [1, 2, 3, 4])
    assert_array_equal(group.w / mV, [0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"neurongroup.v takes one value or an array of shape \(4,\)"):
        group.v = NeuronGroup(3, "u : volt").u


def test_in_place_arithmetic(group):
    group.v = [1, 2, 3, 4] * mV
    group.v += 1 * mV
    group.v *= 2
    group.v[1:] -= 1 * mV
    group.v[0] /= 4
    assert_array_equal(group.v / mV, [1, 5, 7, 9])
    group.s += 2 * mV
    assert group.s[:] == 2 * mV
    view = group.w
    view += 3 * mV
    assert_array_equal(group.w / mV, [3, 3, 3, 3])
    assert len(entries(group)) == 7, "each is one assignment"
    with pytest.raises(
        DimensionMismatchError, match=r"neurongroup\.v has units of volt, but .* has units of volt2"
    ):
        group.v **= 2
    with pytest.raises(ValueError, match=r"neurongroup.n takes integers, but .* is not whole"):
        group.n += 0.5


def test_strings_are_kept_for_the_simulation(group):
    scale = 2 * mV
    group.v = "i*scale"
    group.v["v > scale and i < 3"] = "v - scale/2"
    group.v["b"] = 0
    group.v[1:3] = "rand()*scale"
    group.v[0] = "lastspike/second*volt"
    assert [(e.value if isinstance(e.value, str) else e.value.tolist()) for e in entries(group)] == [
        *("i*scale", "v - scale/2", [0.0], "rand()*scale", "lastspike/second*volt"),
    ]
    assert scale == 2 * mV


# -- setting what cannot be ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("v", 5, DimensionMismatchError, "neurongroup.v has units of volt, but 5 has units of 1."),
        ("v", 5 * second, DimensionMismatchError, "neurongroup.v has units of volt, but 5. * second has units of"),
        ("v", [0, 1, 0, 0], DimensionMismatchError, "neurongroup.v has units of volt, but [0, 1, 0, 0] has units of"),
        ("v", float("nan"), DimensionMismatchError, "neurongroup.v has units of volt, but nan has units of 1."),
        ("x", 5 * mV, DimensionMismatchError, "neurongroup.x has units of 1, but 5. * mvolt has units of volt."),
        ("v", [1 * mV, 2 * ms, 3 * mV, 4 * mV], DimensionMismatchError, "neurongroup.v: A list holds values of"),
        ("v", [1, 2] * mV, ValueError,
         "neurongroup.v takes one value or an array of shape (4,), but the shape given is (2,)."),
        ("v", np.ones((4, 1)) * mV, ValueError, "but the shape given is (4, 1)."),
        ("v", [] * mV, ValueError, "but the shape given is (0,)."),
        ("s", [1, 2] * mV, ValueError, "neurongroup.s takes a single value, but the shape given is (2,)."),
        ("v", float("nan") * mV, ValueError, "neurongroup.v cannot be set to NaN; 1 value(s) are."),
        ("x", [1, float("nan"), 2, float("nan")], ValueError, "neurongroup.x cannot be set to NaN; 2 value(s) are."),
        ("n", 1.5, ValueError, "neurongroup.n takes integers, but 1.5 is not whole."),
        ("n", 2**31, ValueError, "neurongroup.n takes integers of 32 bits, but 2147483648 does not fit."),
        ("n", float("inf"), ValueError, "neurongroup.n takes integers of 32 bits, but inf does not fit."),
        ("b", 2, ValueError, "neurongroup.b takes truth values, but 2 is none."),
        ("b", 0.5, ValueError, "neurongroup.b takes truth values, but 0.5 is none."),
        ("v", None, TypeError, "neurongroup.v cannot be set to None; give numbers, quantities or a string."),
        ("v", ["a", "b"], TypeError, "neurongroup.v cannot be set to ['a', 'b']; give numbers, quantities or a"),
        ("v", [[1], [2, 3]], TypeError, "neurongroup.v cannot be set to [[1], [2, 3]]"),
        ("x", 1j, TypeError, "neurongroup.x cannot be set to 1j"),
        ("q", 1 * mV, TypeError, "neurongroup.q is a subexpression and follows from other variables; set those"),
        ("t", 1 * ms, TypeError, "neurongroup.t is read-only."),
        ("dt", 1 * ms, TypeError, "neurongroup.dt is read-only."),
        ("i", 1, TypeError, "neurongroup.i is read-only."),
        ("N", 1, TypeError, "neurongroup.N is read-only."),
        ("t_in_timesteps", 1, TypeError, "neurongroup.t_in_timesteps is read-only."),
        ("v", "5", DimensionMismatchError, "has 1 problem(s):\n- the value '5': '5' has units of 1 instead of volt"),
        ("v", "w*", ExpressionError, "'w*' is not a valid expression: invalid syntax."),
        ("v", "w[0]", ExpressionError, "indexing cannot be used in model strings"),
        ("v", "foo*mV", NamespaceError, "neurongroup.v: 'foo' could not be resolved"),
        ("v", "rand*mV", NamespaceError, "neurongroup.v: 'rand' is a function and needs arguments: write rand(…)."),
        ("v", "xi*mV*second**0.5", ExpressionError, "contains 'xi', white noise"),
        ("n", "x", ExpressionError, "the value 'x': 'x' is not an integer; write int(…) to round towards zero."),
        ("b", "n", ExpressionError, "the value 'n': 'n' is a number, but a truth value is needed"),
        ("x", "b", ExpressionError, "the value 'b': 'b' is a truth value, but a number is needed; write int(…)."),
        ("s", "v", ExpressionError, "neurongroup.s is shared by all neurons, but 'v' depends on 'v', which differs"),
    ],
)  # fmt: skip
def test_wrong_values(group, name, value, error, message):
    before = list(group.session.program)
    with pytest.raises(error) as caught:
        setattr(group, name, value)
    assert message in str(caught.value)
    assert group.session.program == before


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (4, IndexError, "neurongroup.v[4]: the index 4 lies outside the group's 4 neuron(s)."),
        (-5, IndexError, "neurongroup.v[-5]: the index -5 lies outside the group's 4 neuron(s)."),
        (
            [0, 7, 9],
            IndexError,
            "neurongroup.v[[0, 7, 9]]: the index 7 lies outside the group's 4 neuron(s).",
        ),
        ([True, False], IndexError, "neurongroup.v[[True, False]]: 2 truth value(s) for 4 neuron(s)."),
        (
            1.5,
            TypeError,
            "neurongroup.v[1.5]: an index is an integer, a slice, integers, truth values or a string",
        ),
        (None, TypeError, "neurongroup.v[None]: an index is"),
        ((0, 1), TypeError, "neurongroup.v[(0, 1)]: an index is"),
        ([[0], [1]], TypeError, "neurongroup.v[[[0], [1]]]: an index is"),
        ({}, TypeError, "neurongroup.v[{}]: an index is"),
        ("v", DimensionMismatchError, "- the condition 'v': 'v' has units of volt instead of 1."),
        ("i", ExpressionError, "- the condition 'i': 'i' is a number, but a truth value is needed"),
        (
            "v > 3",
            DimensionMismatchError,
            "- the condition 'v > 3': Cannot compare 'v > 3': 'v' has units of volt",
        ),
        ("i >", ExpressionError, "'i >' is not a valid expression: invalid syntax."),
        ("i > foo", NamespaceError, "neurongroup.v: 'foo' could not be resolved"),
    ],
)
def test_wrong_indices(group, index, error, message):
    with pytest.raises(error) as caught:
        group.v[index] = 1 * mV
    assert message in str(caught.value)
    assert entries(group) == []


def test_wrong_values_at_an_index(group):
    with pytest.raises(
        ValueError, match=r"neurongroup.v takes one value or an array of shape \(2,\), but the shape given is"
    ):
        group.v[:2] = [1, 2, 3] * mV
    with pytest.raises(
        ValueError, match=r"neurongroup.v takes a single value, but the shape given is \(2,\)"
    ):
        group.v["i > 1"] = [1, 2] * mV
    with pytest.raises(DimensionMismatchError, match=r"has 2 problem\(s\)"):
        group.v["x"] = "3"
    for index in (0, slice(0, 1), [0]):
        with pytest.raises(
            IndexError, match=r"neurongroup.s is shared by all neurons and has no elements; set neurongroup.s"
        ):
            group.s[index] = 1 * mV
    with pytest.raises(
        IndexError, match=r"neurongroup.s is shared by all neurons and takes no condition; set neurongroup.s"
    ):
        group.s["i > 1"] = 1 * mV


# -- reading -------------------------------------------------------------------------------------------------


def test_what_has_not_been_set_is_zero(group):
    assert_array_equal(group.v / mV, np.zeros(4))
    assert_array_equal(group.b[:], [False] * 4)
    assert_array_equal(group.not_refractory[:], [True] * 4)
    assert_array_equal(group.lastspike / second, [-1e4] * 4)
    assert_array_equal(group.i, np.arange(4))
    assert (group.N, group.dt[:], group.t[:]) == (4, 0.1 * ms, 0 * second)
    assert group.state("N")[:] == 4


def test_what_only_the_simulation_can_tell_is_not_known(group):
    group.v = "rand()*mV"
    assert repr(group.v) == "<neurongroup.v: not known before the simulation has run>"
    with pytest.raises(NotImplementedError) as caught:
        group.v[:]
    assert str(caught.value) == (
        "The values of neurongroup.v are not known before the simulation has run: no device has been set; call "
        "set_device('cpp_standalone') before the model."
    )
    group.v = 3 * mV
    assert_array_equal(group.v / mV, [3] * 4)
    group.v["i > 2"] = 4 * mV
    with pytest.raises(NotImplementedError):
        group.v + 1 * mV
    with pytest.raises(NotImplementedError):
        group.w = group.v
    with pytest.raises(
        NotImplementedError, match="reading by a condition is not possible in standalone mode; read all"
    ):
        group.w["i > 2"]


def test_subexpressions_have_no_values(group):
    assert repr(group.q) == "<neurongroup.q: a subexpression>"
    with pytest.raises(
        NotImplementedError, match=r"neurongroup\.q is a subexpression, of which no values are kept; record"
    ):
        group.q + 1 * mV


def test_after_a_run_nothing_is_known_without_a_device(group):
    group.v = 3 * mV
    run(1 * ms)
    for name in ("v", "w", "t"):
        with pytest.raises(NotImplementedError, match="are not known before the simulation has run"):
            group.state(name)[:]
    assert_array_equal(group.i, np.arange(4))


def test_a_device_is_asked_first(group):
    class Device(type(group.session.device)):
        def read(self, session, owner, variable):
            return np.arange(4.0) if (owner, variable) == (group, "v") else None

    group.session.device = Device()
    group.v = 3 * mV
    assert_array_equal(group.v / volt, np.arange(4))
    assert_array_equal(group.w / volt, np.zeros(4))


def test_reading_by_index(group):
    group.v = [1, 2, 3, 4] * mV
    assert group.v[1] == 2 * mV
    assert_array_equal(group.v[1:3] / mV, [2, 3])
    assert_array_equal(group.v[[0, -1]] / mV, [1, 4])
    assert_array_equal(group.v[group.i > 1] / mV, [3, 4])
    assert [v / mV for v in group.v] == [1, 2, 3, 4]
    with pytest.raises(IndexError, match=r"neurongroup.s is shared by all neurons and has no elements"):
        group.s[0]
    with pytest.raises(TypeError, match=r"neurongroup.s is a single value and has no length"):
        len(group.s)
    assert len(group.v) == 4


def test_text(group):
    group.v = [1, 2, 3, 4] * mV
    assert repr(group.v) == str(group.v) == "<neurongroup.v: array([1., 2., 3., 4.]) * mvolt>"
    assert repr(group.v_) == "<neurongroup.v_: array([0.001, 0.002, 0.003, 0.004])>"
    assert repr(group.n) == "<neurongroup.n: array([0, 0, 0, 0], dtype=int32)>"
    assert group.v.label == "neurongroup.v"


@pytest.mark.parametrize(
    ("calculate", "wanted"),
    [
        (lambda v: v + 1 * mV, [2, 3, 4, 5] * mV),
        (lambda v: 1 * mV - v, [0, -1, -2, -3] * mV),
        (lambda v: v * v, np.array([1, 4, 9, 16]) * mV**2),
        (lambda v: v / (2 * mV), np.array([0.5, 1, 1.5, 2])),
        (lambda v: -v, [-1, -2, -3, -4] * mV),
        (lambda v: v > 2 * mV, np.array([False, False, True, True])),
        (lambda v: v == 2 * mV, np.array([False, True, False, False])),
        (lambda v: v != 2 * mV, np.array([True, False, True, True])),
        (lambda v: np.sqrt(v), np.sqrt([1, 2, 3, 4] * mV)),
        (lambda v: np.maximum(v, 3 * mV), [3, 3, 3, 4] * mV),
        (lambda v: np.add.reduce(v), 10 * mV),
        (lambda v: np.mean(v), 2.5 * mV),
        (lambda v: np.sum(v), 10 * mV),
        (lambda v: np.std(v), np.std([1, 2, 3, 4]) * mV),
        (lambda v: np.concatenate([v, v[:1]]), [1, 2, 3, 4, 1] * mV),
        (lambda v: np.clip(v, 2 * mV, 3 * mV), [2, 2, 3, 3] * mV),
        (lambda v: np.where(v > 2 * mV, v, 0 * mV), [0, 0, 3, 4] * mV),
        (lambda v: abs(v), [1, 2, 3, 4] * mV),
    ],
)
def test_numpy_takes_a_view_for_its_values(group, calculate, wanted):
    group.v = [1, 2, 3, 4] * mV
    result = calculate(group.v)
    assert not isinstance(result, VariableView)
    assert isinstance(result, Quantity) == isinstance(wanted, Quantity)
    np.testing.assert_allclose(np.asarray(result), np.asarray(wanted), rtol=1e-12)
    if isinstance(wanted, Quantity):
        assert result.dim == wanted.dim


def test_calculating_with_wrong_units(group):
    with pytest.raises(DimensionMismatchError):
        group.v + 1
    with pytest.raises(DimensionMismatchError):
        np.add(group.v, group.x)


def test_a_view_is_a_key(group):
    other = NeuronGroup(4, "v : volt")
    assert {group.v: 1, other.v: 2, group.w: 3}[group.v] == 1
    assert group.v == group.state("v")
    assert (group.v != group.state("v")) is False
    assert group.v != other.v
    assert group.v != group.w


def test_a_pickled_view_knows_its_group(group):
    group.v = [1, 2, 3, 4] * mV
    view = pickle.loads(pickle.dumps(group.v))
    assert repr(view) == repr(group.v)
    assert view.group.session is not group.session


def test_setting_the_same_variable_to_itself_does_nothing(group):
    group.v = group.v
    assert entries(group) == []
