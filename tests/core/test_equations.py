"""Equations: every form, every flag, every mistake, and back to text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm import Equations, NeuronGroup, ms, mV, second, siemens
from spikefarm.core.dimensions import DIMENSIONLESS, TIME
from spikefarm.core.equations import (
    DIFFERENTIAL,
    PARAMETER,
    RESERVED,
    SUBEXPRESSION,
    Equation,
    EquationError,
)
from spikefarm.core.functions import FUNCTIONS
from spikefarm.core.namespace import resolve_name
from spikefarm.core.units.unit import units_namespace

from core.strategies import expressions, names


def only(source):
    """The single equation of a text."""
    (equation,) = Equations(source).ordered
    return equation


def problems(source, **substitutions):
    with pytest.raises(EquationError) as caught:
        Equations(source, **substitutions)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "kind", "name", "shown"),
    [
        ("dv/dt = -v/tau : volt", DIFFERENTIAL, "v", "dv/dt = -v / tau : volt"),
        ("dv/dt=-v/tau:volt", DIFFERENTIAL, "v", "dv/dt = -v / tau : volt"),
        (" d v / dt = 1/ms : 1 ", DIFFERENTIAL, "v", "dv/dt = 1 / ms : 1"),
        ("dv/dt = 1/ms : 1 # why", DIFFERENTIAL, "v", "dv/dt = 1 / ms : 1"),
        ("dv/dt = (a +\n  b)\n  /tau : volt", DIFFERENTIAL, "v", "dv/dt = (a + b) / tau : volt"),
        ("dv/dt = a + \\\n b : volt", DIFFERENTIAL, "v", "dv/dt = a + b : volt"),
        ("dv/dt = a\n : volt", DIFFERENTIAL, "v", "dv/dt = a : volt"),
        (
            "dv/dt = -v/tau : volt (unless refractory)",
            DIFFERENTIAL,
            "v",
            "dv/dt = -v / tau : volt (unless refractory)",
        ),
        ("x = 2*v : volt", SUBEXPRESSION, "x", "x = 2 * v : volt"),
        ("x = v > w : boolean", SUBEXPRESSION, "x", "x = v > w : boolean"),
        ("x = (v == w) : boolean", SUBEXPRESSION, "x", "x = v == w : boolean"),
        ("x = 2*t : second (shared)", SUBEXPRESSION, "x", "x = 2 * t : second (shared)"),
        ("x : volt", PARAMETER, "x", "x : volt"),
        ("x : volt (constant)", PARAMETER, "x", "x : volt (constant)"),
        ("x : volt(shared,constant)", PARAMETER, "x", "x : volt (constant, shared)"),
        ("x : volt (constant, shared)", PARAMETER, "x", "x : volt (constant, shared)"),
        ("n : integer", PARAMETER, "n", "n : integer"),
        ("dt_ref : second", PARAMETER, "dt_ref", "dt_ref : second"),
        ("dx : 1", PARAMETER, "dx", "dx : 1"),
        ("d = 3 : 1", SUBEXPRESSION, "d", "d = 3 : 1"),
    ],
)
def test_forms(source, kind, name, shown):
    equation = only(source)
    assert (equation.kind, equation.name) == (kind, name)
    assert str(equation) == shown
    assert only(shown) == equation


def test_several_lines_comments_and_empty_lines():
    equations = Equations("""
        # a neuron
        dv/dt = (I - v)/tau : volt (unless refractory)  # the membrane

        I = w*mV            # a subexpression
            + 2*mV : volt
        w : 1 (constant)
    """)
    assert [str(e) for e in equations.ordered] == [
        "dv/dt = (I - v) / tau : volt (unless refractory)",
        "I = w * mV + 2 * mV : volt",
        "w : 1 (constant)",
    ]
    assert len(Equations("")) == len(Equations("# nothing\n")) == 0


@pytest.mark.parametrize(
    ("unit", "dim", "dtype"),
    [
        ("1", DIMENSIONLESS, "float"),
        ("integer", DIMENSIONLESS, "int"),
        ("boolean", DIMENSIONLESS, "bool"),
        ("volt", mV.dim, "float"),
        ("siemens/meter**2", siemens.dim * (only("a : meter").dim ** -2), "float"),
        ("siemens*metre**-2", siemens.dim * (only("a : meter").dim ** -2), "float"),
        ("1/second", TIME**-1, "float"),
        ("Hz", TIME**-1, "float"),
        ("second**(-1)", TIME**-1, "float"),
        ("volt**0.5", mV.dim**0.5, "float"),
        ("volt*second/second", mV.dim, "float"),
        ("kgram", only("a : kilogram").dim, "float"),
    ],
)
def test_units(unit, dim, dtype):
    for source in (f"x : {unit}", f"x : {unit} (constant)", f"x:{unit}(constant)"):
        assert (only(source).dim, only(source).dtype) == (dim, dtype)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x : mV", "'x : mV': 'mV' is a scaled unit; equations are declared in base units, here 'volt'."),
        ("x : 2*volt", "'2*volt' is a scaled unit; equations are declared in base units, here 'volt'."),
        ("x : gram", "'gram' is a scaled unit"),
        ("x : 3", "'3' is a scaled unit; equations are declared in base units, here '1'."),
        ("x : V", "'V' is not a unit (there is no unit named 'V'); write a base unit such as volt or "),
        ("x : float", "'float' is not a unit (there is no unit named 'float')"),
        ("x : bool", "'bool' is not a unit"),
        ("x : volt + volt", "'volt + volt' is not a unit ('volt + volt' is no product of units)"),
        ("x : volt**volt", "is not a unit"),
        ("x : 1/0", "'1/0' is not a unit (division by zero)"),
        ("x : sin(1)", "'sin(1)' is not a unit ('sin(1)' is no product of units)"),
        ("x : ", "is not a unit (An empty string is not an expression"),
        ("x", "'x' has no unit; an equation has the form 'dx/dt = f : unit', 'x = f : unit' or 'x : unit'."),
        ("dv/dt = 1/ms", "'dv/dt = 1/ms' has no unit; an equation has the form"),
        ("2x : 1", "'2x : 1' is not an equation; write 'dx/dt = f : unit', 'x = f : unit' or 'x : unit'."),
        ("_x : 1", "'_x : 1' is not an equation"),
        ("dv/dx = 3 : 1", "'dv/dx = 3 : 1' is not an equation"),
        ("d(v)/dt = 3 : 1", "is not an equation"),
        ("v == 3 : 1", "is not an equation"),
        ("v : volt; w : 1", "is not an equation"),
        ("v = : 1", "An empty string is not an expression"),
        ("v = 3 + : 1", "'3 +' is not a valid expression: invalid syntax."),
        ("v = a[0] : 1", "'a[0]' in 'a[0]' is not part of the modelling language: indexing cannot be used"),
        ("x : 1 (frozen)", "a parameter cannot be flagged (frozen); it may be (constant), (linked), (shared)."),
        ("x : 1 (constant) (shared)", "'1 (constant)' is not a unit"),
        ("x = 3 : 1 (constant)", "a subexpression cannot be flagged (constant); it may be (constant over dt), "
                                 "(shared), (summed)."),
        ("dx/dt = 3/ms : 1 (shared, constant)", "a differential equation cannot be flagged (constant, shared); it may "
                                                "be (clock-driven), (event-driven), (unless refractory)."),
        ("dn/dt = 1/ms : integer", "a differential equation cannot define a variable of type integer."),
        ("db/dt = 1/ms : boolean", "a differential equation cannot define a variable of type boolean."),
        ("x : 1\nx : 1", "'x' is defined more than once; give each variable one equation."),
        ("x = y : 1\ny = z : 1\nz = x : 1", "The subexpressions refer to each other in a circle: x -> y -> z -> x."),
        ("x = x : 1", "The subexpressions refer to each other in a circle: x -> x."),
        ("ms : second", "'ms' is the name of a unit; choose another name."),
        ("exp : 1", "'exp' is the name of a function; choose another name."),
        ("xi_1 : 1", "'xi_1' has a meaning of its own in the language; choose another name."),
        ("x_ : 1", "'x_' ends in an underscore, which asks for values without units."),
        ("lambda : 1", "'lambda' is a word of Python's and cannot be a name; choose another one."),
    ],
)  # fmt: skip
def test_mistakes(source, message):
    assert message in problems(source)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_with_a_meaning_of_their_own(name):
    assert f"{name!r} has a meaning of its own in the language; choose another name." in problems(
        f"{name} : 1"
    )


def test_every_function_and_every_unit_keeps_its_name():
    for name in [*FUNCTIONS, *list(units_namespace())[::97]]:
        assert f"{name!r} is the name of a " in problems(f"{name} : 1")


def test_all_problems_come_at_once():
    message = problems("x : mV\nu = 3\ny = w\n +\nz = 1 : 1 (linked)\na : 1")
    wanted = ("'mV' is a scaled unit", "'u = 3' has no unit", "'y = w +' has no unit", "be flagged (linked)")
    assert all(part in message for part in wanted)
    assert len(message.splitlines()) == 4
    message = problems("ms : second\nt : second\nx = y : 1\ny = x : 1\nz : 1\nz : 1")
    assert len(message.splitlines()) == 4


def test_an_equation_without_unit_takes_the_next_line_in():
    assert "'y z : 1' is not an equation" in problems("y\nz : 1")


# -- mapping, addition, substitution -------------------------------------------------------------------


def test_equations_are_a_mapping():
    equations = Equations("dv/dt = -v/tau : 1\nx = 2*v : 1\np : volt (constant)")
    assert list(equations) == ["v", "x", "p"]
    assert dict(equations)["p"].flags == {"constant"}
    assert "x" in equations
    assert "tau" not in equations
    assert equations["v"].kind == DIFFERENTIAL
    assert equations.names == {"v", "x", "p"}
    assert (equations.diff_eq_names, equations.subexpr_names, equations.parameter_names) == (
        {"v"},
        {"x"},
        {"p"},
    )
    assert repr(Equations("a : 1\nb : volt")) == "Equations('a : 1\\nb : volt')"
    assert hash(Equations("a : 1")) == hash(Equations(" a:1 "))
    assert Equations("a : 1") != Equations("a : volt")
    assert Equations("a : 1") != "a : 1"


def test_addition():
    both = Equations("a : 1") + "b : volt" + Equations("c = a : 1")
    assert list(both) == ["a", "b", "c"]
    with pytest.raises(EquationError, match="'a' is defined more than once"):
        both + "a : 1"


def test_substitution_by_names_values_and_expressions():
    model = "dv/dt = (g - v)/tau : volt\ng = f(v)*E : volt"
    assert str(Equations(model, v="u", tau="tau_m", E="E0 + 2*mV")) == (
        "du/dt = (g - u) / tau_m : volt\ng = f(u) * (E0 + 2 * mV) : volt"
    )
    assert (
        str(Equations(model, tau=10 * ms, E=2))
        == "dv/dt = (g - v) / (0.01 * second) : volt\ng = f(v) * 2 : volt"
    )
    assert str(Equations("x = a : 1", a=-0.5)) == "x = -0.5 : 1"


def test_substituted_quantities_keep_their_units():
    group = NeuronGroup(1, Equations("dv/dt = (E - v)/tau : volt", tau=10 * ms, E=-70 * mV))
    group.check({name: resolve_name(name, {}) for name in ("second", "volt")})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"v": 5},
            "The variable 'v' cannot be replaced by the value 5; only names that the equations use but do not",
        ),
        ({"v": "a + b"}, "The variable 'v' cannot be replaced by the expression 'a + b'; give another name."),
        ({"tau": [1, 2] * second}, "'tau' cannot be replaced by Quantity "),
        ({"tau": None}, "'tau' cannot be replaced by NoneType None; give a name, a number or a quantity."),
        ({"v": "w"}, "'w' is defined more than once"),
        ({"v": "mV"}, "'mV' is the name of a unit"),
    ],
)
def test_wrong_substitutions(table, message):
    assert message in problems("dv/dt = -v/tau : 1\nw : 1", **table)


def test_several_wrong_substitutions_come_at_once():
    assert len(problems("dv/dt = -v/tau : 1", v=3, tau=None).splitlines()) == 2


@pytest.mark.parametrize("model", [5, None, ["v : 1"]])
def test_equations_are_text(model):
    with pytest.raises(TypeError, match="Equations are written as a string, not "):
        Equations(model)


# -- random equations ------------------------------------------------------------------------------------

TAKEN = {*RESERVED, *FUNCTIONS, *units_namespace()}
variable_names = names.filter(lambda n: n not in TAKEN and not n.startswith("xi_"))
UNITS = {
    "1": (DIMENSIONLESS, "float"),
    "integer": (DIMENSIONLESS, "int"),
    "boolean": (DIMENSIONLESS, "bool"),
    "siemens/meter**2": (only("x : siemens/meter**2").dim, "float"),
}
FLAGS = {DIFFERENTIAL: ["unless refractory"], SUBEXPRESSION: ["shared"], PARAMETER: ["constant", "shared"]}


@st.composite
def equations(draw):
    made = []
    for name in draw(st.lists(variable_names, max_size=5, unique=True)):
        kind = draw(st.sampled_from(sorted(FLAGS)))
        unit = draw(st.sampled_from(["1", "siemens/meter**2"] if kind == DIFFERENTIAL else sorted(UNITS)))
        flags = frozenset(draw(st.sets(st.sampled_from(FLAGS[kind]))))
        expr = None if kind == PARAMETER else draw(expressions)
        made.append(Equation(name, kind, *UNITS[unit], expr, flags, unit))
    return tuple(made)


@settings(max_examples=80, deadline=None)
@given(equations())
def test_the_text_of_equations_parses_to_the_same_equations(made):
    try:
        whole = Equations(made)
    except EquationError:
        return  # random subexpressions may go in circles
    again = Equations(str(whole))
    assert again == whole
    # repr tells 1 from 1.0 and True, which compare equal
    assert [repr(eq.expr) for eq in again.ordered] == [repr(eq.expr) for eq in whole.ordered]
