"""Units and kinds of expressions: every operator and every function."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm import mV
from spikefarm.core.dimensions import DIMENSIONLESS, TIME
from spikefarm.core.expr import Draw, Element, ExpressionError, Param, parse
from spikefarm.core.functions import FUNCTIONS
from spikefarm.core.infer import Type, Types, infer, literal_value, unit_of
from spikefarm.core.namespace import Literal
from spikefarm.core.resolve import resolve
from spikefarm.core.units import DimensionMismatchError

VOLT = mV.dim
V, T, X = Type(VOLT, "float"), Type(TIME, "float"), Type(DIMENSIONLESS, "float")
N, B = Type(DIMENSIONLESS, "int"), Type(DIMENSIONLESS, "bool")
VARIABLES = {"v": V, "w": V, "t": T, "dt": T, "x": X, "n": N, "m": N, "b": B, "c": B}
UNITS = {"mV": Literal(0.001, VOLT), "ms": Literal(0.001, TIME), "volt": Literal(1.0, VOLT)}


def type_of(source):
    return infer(resolve(parse(source), VARIABLES, UNITS), Types(VARIABLES, {}, {}))


def refusal(source, kind):
    with pytest.raises(kind) as caught:
        type_of(source)
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("v + w", V), ("v - 3*mV", V), ("v*w", Type(VOLT**2, "float")), ("v/w", X), ("v/t", Type(VOLT / TIME, "float")),
        ("v % w", V), ("v // w", X), ("-v", V), ("+v", V), ("n + m", N), ("n + x", X), ("n - 1", N), ("n*m", N),
        ("n/m", X), ("n//m", N), ("n % m", N), ("n % x", X), ("x // n", X), ("n*v", V), ("2*n", N), ("2.0*n", X),
        ("v**2", Type(VOLT**2, "float")), ("v**-1", Type(VOLT**-1, "float")), ("v**0.5", Type(VOLT**0.5, "float")),
        ("v**(1/2)", Type(VOLT**0.5, "float")), ("v**(3 - 1)", Type(VOLT**2, "float")), ("v**0", X),
        ("x**x", X), ("n**2", N), ("n**-1", X), ("n**m", X), ("2**3", N), ("2**-3", X), ("2**0.5", X), ("x**n", X),
        ("v > w", B), ("n == 3", B), ("b == c", B), ("v > 0*mV and b", B), ("not b", B), ("b or x < 1", B),
        ("0 < x < 1", B), ("True", B), ("3", N), ("3.0", X), ("mV", V),
    ],
)  # fmt: skip
def test_operators(source, wanted):
    assert type_of(source) == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        *((f"{name}(x)", X) for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh")),
        *((f"{name}(n)", X) for name in ("exp", "log", "log10", "log1p", "expm1", "exprel", "ceil", "floor")),
        ("sqrt(v)", Type(VOLT**0.5, "float")), ("sqrt(n)", X), ("abs(v)", V), ("abs(n)", N), ("sign(v)", X),
        ("sign(n)", N), ("clip(v, 0*mV, w)", V), ("clip(n, 0, 3)", N), ("clip(n, 0, 3.0)", X), ("int(x)", N),
        ("int(b)", N), ("int(v > w)", N), ("timestep(t, dt)", N), ("rand()", X), ("randn()", X), ("poisson(x)", N),
    ],
)  # fmt: skip
def test_functions(source, wanted):
    assert type_of(source) == wanted


def test_every_function_has_a_test():
    tested = {parse(case[0]).function for mark in test_functions.pytestmark for case in mark.args[1]}
    assert tested == set(FUNCTIONS)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("v + t", "Cannot calculate 'v + t': 'v' has units of volt, 't' of second."),
        ("v - 5", "Cannot calculate 'v - 5': 'v' has units of volt, '5' of 1."),
        ("v % 2", "Cannot calculate 'v % 2': 'v' has units of volt, '2' of 1."),
        ("v // 2", "Cannot calculate 'v // 2': 'v' has units of volt, '2' of 1."),
        ("v > 5", "Cannot compare 'v > 5': 'v' has units of volt, '5' of 1."),
        ("v == 5*ms", "Cannot compare 'v == 5 * ms': 'v' has units of volt, '5 * ms' of second."),
        ("x + 2*(v - 3*ms)", "Cannot calculate 'v - 3 * ms': 'v' has units of volt, '3 * ms' of second."),
        ("exp(v)", "The argument 'v' of exp() in 'exp(v)' has units of volt, but exp() takes units of 1."),
        ("clip(v, 0, 1)", "The argument '0' of clip() in 'clip(v, 0, 1)' has units of 1, but clip() takes units of "),
        ("timestep(x, dt)", "The argument 'x' of timestep() in 'timestep(x, dt)' has units of 1, but timestep() takes"),
        ("log(v)", "The argument 'v' of log() in 'log(v)' has units of volt, but log() takes units of 1."),
        ("x**v", "The exponent 'v' in 'x ** v' has units of volt; an exponent must be a plain number."),
        ("v**1e400", "'v ** inf' raises a quantity with units of volt to the power of 'inf', so its own units are "),
        ("v**x", "'v ** x' raises a quantity with units of volt to the power of 'x', so its own units are unknown; "
                 "write the exponent as a number, or make the base dimensionless."),
    ],
)  # fmt: skip
def test_a_wrong_unit_names_both_sides_as_they_were_written(source, message):
    assert message in refusal(source, DimensionMismatchError)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("b + 1", "'b' is a truth value and cannot be calculated with; write int(b)."),
        ("2*(v > w)", "'v > w' is a truth value and cannot be calculated with; write int(v > w)."),
        ("-b", "'b' is a truth value and cannot be calculated with; write int(b)."),
        ("exp(b)", "'b' is a truth value and cannot be calculated with; write int(b)."),
        ("not x", "'x' is a number, but 'not' takes truth values; write a comparison."),
        ("n and b", "'n' is a number, but 'and' takes truth values; write a comparison."),
        ("b or x", "'x' is a number, but 'or' takes truth values; write a comparison."),
        ("exp(x, x)", "exp() takes 1 argument(s), but 'exp(x, x)' gives 2."),
        ("rand(x)", "rand() takes 0 argument(s), but 'rand(x)' gives 1."),
        ("clip(x, 1)", "clip() takes 3 argument(s), but 'clip(x, 1)' gives 2."),
        ("b(x)", "'b' in 'b(x)' is called, but it is no function and no TimedArray."),
        ("mV(x)", "'mV' in 'mV(x)' is called, but it is no function and no TimedArray."),
    ],
)
def test_a_wrong_kind_is_named_with_the_remedy(source, message):
    assert message in refusal(source, ExpressionError)


@settings(max_examples=60, deadline=None)
@given(
    left=st.sampled_from(sorted(VARIABLES)),
    right=st.sampled_from(sorted(VARIABLES)),
    operator=st.sampled_from(("+", "-", "*", "/", "//", "%", "<", "==")),
)
def test_units_of_two_operands_follow_from_theirs(left, right, operator):
    a, b = VARIABLES[left], VARIABLES[right]
    if operator in ("<", "=="):
        wanted = B if a.dim == b.dim else None
    elif "bool" in (a.dtype, b.dtype) or (
        operator in "+-//%" and operator not in ("*", "/") and a.dim != b.dim
    ):
        wanted = None
    else:
        dim = {"*": a.dim * b.dim, "/": a.dim / b.dim, "//": DIMENSIONLESS}.get(operator, a.dim)
        wanted = Type(dim, "int" if operator != "/" and a.dtype == b.dtype == "int" else "float")
    if wanted is None:
        with pytest.raises((DimensionMismatchError, ExpressionError)):
            type_of(f"{left} {operator} {right}")
    else:
        assert type_of(f"{left} {operator} {right}") == wanted


def test_inputs_and_draws_have_types_too():
    types = Types({}, {"tau": T, "g.v:value": V}, {})
    assert infer(Param("tau"), types) == T
    assert infer(Element("g.v:value"), types) == V
    assert infer(Draw("normal", 0), types) == X


@pytest.mark.parametrize(
    ("source", "value"),
    [("2", 2), ("-2", -2), ("+0.5", 0.5), ("1/2", 0.5), ("3 - 1", 2), ("2*3 + 1", 7), ("1/0", None), ("x", None),
     ("-x", None), ("2**2", None), ("mV", None)],
)  # fmt: skip
def test_the_value_of_literals_is_known(source, value):
    assert literal_value(resolve(parse(source), VARIABLES, UNITS)) == value


def test_units_are_written_as_in_equations():
    dims = (DIMENSIONLESS, TIME, VOLT, TIME**-1)
    assert [unit_of(d) for d in dims] == ["1", "second", "volt", "hertz"]
