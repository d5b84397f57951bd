"""What names stand for: where they are looked up, what wins, and what is said when nothing fits."""

import math

import numpy as np
import pytest
from spikefarm import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    Quantity,
    TimedArray,
    amp,
    ms,
    mV,
    run,
    second,
    volt,
)
from spikefarm.core.dimensions import DIMENSIONLESS, TIME
from spikefarm.core.expr import ExpressionError
from spikefarm.core.freeze import freeze
from spikefarm.core.functions import FUNCTIONS, NUMBERS
from spikefarm.core.logs import catch_logs
from spikefarm.core.namespace import (
    Constant,
    Literal,
    NamespaceError,
    frame_namespace,
    look_up,
    resolve_name,
)
from spikefarm.core.units.constants import constants_namespace
from spikefarm.core.units.unit import units_namespace

level = 3 * mV  # a global, for frame lookup


def values_of(session):
    """The constants of the program, by the user's names."""
    frozen = freeze(session)
    return {i.name: frozen.values[i.id].tolist() for i in frozen.model.inputs if i.kind == "constant"}


# -- single names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "constant"),
    [
        (5, Constant(5, DIMENSIONLESS)),
        (5.5, Constant(5.5, DIMENSIONLESS)),
        (True, Constant(True, DIMENSIONLESS)),
        (5 * ms, Constant(0.005, TIME)),
        (np.float32(0.5), Constant(0.5, DIMENSIONLESS)),
        (np.int64(7), Constant(7, DIMENSIONLESS)),
        (np.bool_(True), Constant(True, DIMENSIONLESS)),
        (np.array(2.5), Constant(2.5, DIMENSIONLESS)),
        (np.array([2.5]) * ms, Constant(0.0025, TIME)),
        (math.inf, Constant(math.inf, DIMENSIONLESS)),
    ],
)
def test_numbers_and_quantities_become_constants(value, constant):
    found = resolve_name("x", {"x": value})
    assert found == constant
    assert type(found.value) is type(constant.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, 2], "'x' is list [1, 2], which equations cannot use; a name may stand for a number, a quantity, "),
        ("text", "'x' is str 'text', which equations cannot use"),
        (None, "'x' is NoneType None, which equations cannot use"),
        (len, "'x' is a Python function that does not say which units it takes; decorate it with @check_units("),
        (1j, "'x' is complex 1j, which equations cannot use"),
        (np.array(["a"]), "'x' is ndarray array(['a'], dtype='<U1'), which equations cannot use"),
        (np.ones(3), "'x' is an array of shape (3,); equations take scalars. Make it a parameter of the group "
                     "('x : unit') and set its values, or a TimedArray."),
        (np.ones((2, 2)) * mV, "'x' is an array of shape (2, 2); equations take scalars."),
        (np.ones(0), "'x' is an array of shape (0,); equations take scalars."),
    ],
)  # fmt: skip
def test_other_values_are_refused_with_the_remedy(value, message):
    assert message in resolve_name("x", {"x": value})


def test_units_numbers_and_constants_of_nature_need_no_script():
    assert resolve_name("mV", {}) == Literal(0.001, mV.dim, "unit")
    assert resolve_name("pi", {}) == Literal(math.pi, DIMENSIONLESS, "constant")
    for name, value in {**units_namespace(), **constants_namespace()}.items():
        found = resolve_name(name, {})
        assert isinstance(found, Literal)
        assert found.value == float(np.asarray(value))
    assert {name: resolve_name(name, {}).value for name in NUMBERS} == NUMBERS


def test_functions_are_no_values():
    for name in FUNCTIONS:
        message = f"{name!r} is a function and needs arguments: write {name}(…)."
        assert resolve_name(name, {}) == resolve_name(name, {name: 3}) == message


def test_a_unit_imported_by_the_script_is_the_unit():
    with catch_logs() as logs:
        assert resolve_name("mV", {"mV": mV}) == Literal(0.001, mV.dim, "unit")
        assert resolve_name("pi", {"pi": np.pi}) == Literal(math.pi, DIMENSIONLESS, "constant")
    assert logs == []


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [("ms", 3 * second, "unit"), ("e", 1.6, "constant"), ("pi", 3, "constant"), ("Hz", "x", "unit")],
)
def test_units_win_over_names_of_the_script_as_in_brian2_and_say_so(name, value, what):
    with catch_logs() as logs:
        assert resolve_name(name, {name: value}) == resolve_name(name, {})
    assert f"'{name}' in the model's strings is the {what} of that name, not " in logs[0][2]


def test_constants_of_nature_yield_to_the_script():
    with catch_logs() as logs:
        assert resolve_name("gas_constant", {"gas_constant": 8}) == Constant(8, DIMENSIONLESS)
        assert isinstance(resolve_name("gas_constant", {"gas_constant": 8.3 * volt}), Constant)
        assert isinstance(resolve_name("gas_constant", constants_namespace()), Literal)
    assert logs == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("taum", " Did you mean tau_m or tau?"),
        ("Tau", " Did you mean tau?"),
        ("mv", " Did you mean mV"),
        ("membrane", " Did you mean membran?"),
        ("EXP", " Did you mean exp?"),
        ("sinn", " Did you mean sin or sinh"),
        ("qqqqq", ""),
    ],
)
def test_names_that_are_close_are_suggested(name, hint):
    namespace = {"tau": 1, "tau_m": 2, "_taum": 3}
    message = resolve_name(name, namespace, own=("membran",))
    start = f"{name!r} could not be resolved: no variable, constant, function or unit has that name."
    assert message.startswith(start)
    assert message[len(start) :].startswith(hint)
    if not hint:
        assert message == start


def test_all_names_that_cannot_be_resolved_are_listed():
    found, problems = look_up({"tau", "b", "a", "mV"}, {"tau": 5 * ms})
    assert list(found) == ["mV", "tau"]
    assert [p.split()[0] for p in problems] == ["'a'", "'b'"]


# -- where names are looked up -----------------------------------------------------------------------------


def test_frames_are_counted_from_the_caller():
    here = 5
    assert frame_namespace(0)["here"] == 5
    assert "here" not in (lambda: frame_namespace(0))()
    assert (lambda: frame_namespace(1)["here"])() == 5
    assert frame_namespace(0)["level"] is level
    assert here == 5


def test_locals_come_before_globals(session):
    level = 4 * mV
    group = NeuronGroup(1, "v : volt", threshold="v > level")
    run(1 * ms)
    assert values_of(session) == {"level": [0.004]}
    assert len(group) == level / (4 * mV)


def test_globals_are_seen_from_functions(session):
    group = NeuronGroup(1, "v : volt", threshold="v > level")
    Network(group).run(1 * ms)
    assert values_of(session) == {"level": [0.003]}


def test_names_are_looked_up_where_run_is_called_not_where_the_group_is_declared(session):
    def declare():
        vt = 1 * mV
        assert vt
        return NeuronGroup(1, "v : volt", threshold="v > vt")

    group = declare()
    vt = 2 * mV
    Network(group).run(1 * ms)
    assert values_of(session) == {"vt": [0.002]}
    assert vt == 2 * mV


def test_closures_count_where_the_function_uses_them(session):
    tau = 7 * ms

    def simulate():
        assert tau
        Network(NeuronGroup(1, "dv/dt = -v/tau : 1")).run(1 * ms)

    simulate()
    assert values_of(session) == {"tau": [0.007]}


def test_level_looks_further_up(session):
    tau = 8 * ms
    network = Network(NeuronGroup(1, "dv/dt = -v/tau : 1"))

    def helper():
        network.run(1 * ms, level=1)

    helper()
    assert values_of(session) == {"tau": [0.008]}
    assert tau


def test_a_namespace_given_to_run_takes_the_place_of_the_frame(session):
    tau = 1 * ms
    group = NeuronGroup(1, "dv/dt = -v/tau : 1")
    run(1 * ms, namespace={"tau": 8 * ms})
    assert values_of(session) == {"tau": [0.008]}
    with pytest.raises(NamespaceError, match="'tau' could not be resolved"):
        run(1 * ms, namespace={})
    assert tau
    assert group


def test_a_groups_own_namespace_comes_first_and_the_script_second(session):
    tau, vt = 1 * ms, 2 * mV
    own = {"tau": 3 * ms}
    group = NeuronGroup(1, "dv/dt = -v/tau : volt", threshold="v > vt", namespace=own)
    own["tau"] = 4 * ms  # too late
    other = NeuronGroup(1, "dv/dt = -v/tau : volt")
    run(1 * ms)
    frozen = freeze(session)
    assert frozen.values["neurongroup.tau"] == 0.003
    assert frozen.values["tau"] == 0.001
    assert frozen.values["vt"] == 0.002
    assert tau
    assert vt
    assert group
    assert other


def test_strings_that_set_values_look_where_they_are_set(session):
    scale = 2
    group = NeuronGroup(3, "v : 1", namespace={"offset": 4})
    group.v = "scale*i + offset"
    group.v["i > scale"] = "offset"
    group.v_[0] = "scale"
    group.state("v")[:] = "scale"
    scale = 3
    run(1 * ms)
    found = [freeze(session).values[id].tolist() for id in ("scale", "scale@1", "scale@2", "scale@3")]
    assert found == [[2], [2], [2], [2]]
    assert scale == 3


def test_a_constant_called_refractory_is_not_the_groups_refractory_period(session):
    refractory = 7 * ms
    group = NeuronGroup(1, "dv/dt = -v/refractory : 1", threshold="v > 1", refractory=2 * ms)
    run(1 * ms)
    frozen = freeze(session)
    assert frozen.values["refractory"] == 0.007
    assert frozen.values["neurongroup:refractory"] == 0.002
    assert "dv/dt = -v / $refractory" in frozen.model.dump()
    assert refractory
    assert group


# -- errors of whole models ---------------------------------------------------------------------------------


def test_unresolved_names_and_wrong_units_come_at_once():
    group = NeuronGroup(
        1,
        "dv/dt = (foo - v)/tau : volt\ndw/dt = -w : 1\nx = bar*2 : 1",
        threshold="v > 3",
        reset="v = 0; w += baz",
    )
    with pytest.raises(NamespaceError) as caught:
        Network(group).run(1 * ms, namespace={"tau": 1 * ms})
    message = str(caught.value)
    assert message.startswith("neurongroup: 'bar' could not be resolved")
    for part in (
        "'baz' could not be resolved",
        "'foo' could not be resolved",
        "NeuronGroup 'neurongroup' has 3 problem(s):",
        "- the differential equation of 'w': '-w' has units of 1 instead of hertz.",
        "- the threshold: Cannot compare 'v > 3': 'v' has units of volt, '3' of 1.",
        "- the reset: the right-hand side of 'v = 0' has units of 1 instead of volt.",
    ):
        assert part in message


def test_problems_of_several_groups_come_at_once():
    first = NeuronGroup(1, "dv/dt = -v : 1")
    second_group = NeuronGroup(1, "x = a : 1")
    with pytest.raises(DimensionMismatchError) as caught:
        Network(first, second_group).run(1 * ms, namespace={})
    assert "NeuronGroup 'neurongroup' has 1 problem(s)" in str(caught.value)
    assert "neurongroup_1: 'a' could not be resolved" in str(caught.value)


def test_nothing_is_added_to_the_program_where_something_is_wrong(session):
    group = NeuronGroup(1, "dv/dt = -v : 1")
    with pytest.raises(DimensionMismatchError):
        run(1 * ms)
    with pytest.raises(NamespaceError):
        group.v = "foo"
    assert session.program == []


def test_a_variable_of_the_group_hides_a_name_of_the_script(session):
    w = 5
    group = NeuronGroup(1, "w : 1\nx = w : 1")
    run(1 * ms)
    assert values_of(session) == {}
    assert w
    assert group


def test_timed_arrays_are_called():
    I = TimedArray([1, 2] * mV, dt=1 * ms)
    J = TimedArray([[1, 2]] * mV, dt=1 * ms)
    namespace = {"I": I, "J": J, "k": 0, "a": 3 * amp}
    for model, message in (
        ("x = I : volt", "'I' is a TimedArray and needs a time: write I(t)."),
        ("x = J : volt", "'J' is a TimedArray and needs a time: write J(t, i)."),
        (
            "x = I(t, i) : volt",
            "The TimedArray 'I' has 1 dimension(s) and is called as 'I(t)'; 'I(t, i)' gives 2",
        ),
        (
            "x = J(t) : volt",
            "The TimedArray 'J' has 2 dimension(s) and is called as 'J(t, i)'; 'J(t)' gives 1",
        ),
        (
            "x = J(t, 0.5) : volt",
            "The column '0.5' of the TimedArray 'J' must be an integer without units, such as i.",
        ),
        (
            "x = J(t, i) : volt",
            "The TimedArray 'J' has 2 column(s), but 'J(t, i)' reads one for each of 3 neurons.",
        ),
        ("x = I(3) : volt", "The time '3' given to the TimedArray 'I' has units of 1 instead of second."),
        ("x = I(t) : amp", "'I(t)' has units of volt instead of amp."),
        ("x = a(t) : amp", "'a' in 'a(t)' is called, but it is no function and no TimedArray."),
        ("x = mV(t) : volt", "'mV' in 'mV(t)' is called, but it is no function and no TimedArray."),
    ):
        with pytest.raises((ExpressionError, DimensionMismatchError)) as caught:
            Network(NeuronGroup(3, model)).run(1 * ms, namespace=namespace)
        assert message in str(caught.value)
    fine = NeuronGroup(2, "x = I(t) + J(t, i) + J(t + dt, k) + I(t - 2*ms) : volt")
    Network(fine).run(1 * ms, namespace=namespace)


def test_quantities_of_the_script_are_not_changed():
    tau = Quantity([5.0])[0] * ms
    group = NeuronGroup(1, "dv/dt = -v/tau : 1")
    run(1 * ms)
    assert tau == 5 * ms
    assert group
