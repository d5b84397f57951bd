"""Dimensions: an Abelian group with rational powers, interned, and its error."""

import copy
import pickle
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.core.units import (
    DIMENSIONLESS,
    Dimension,
    DimensionMismatchError,
    amp,
    get_or_create_dimension,
    metre,
    second,
    volt,
)

exponents = st.lists(st.fractions(-4, 4, max_denominator=6), min_size=7, max_size=7)
dimensions = exponents.map(Dimension)
powers = st.fractions(-3, 3, max_denominator=6).filter(bool)


@settings(max_examples=50, deadline=None)
@given(dimensions, dimensions, dimensions)
def test_dimensions_are_a_group(a, b, c):
    assert (a * b) * c is a * (b * c)
    assert a * b is b * a
    assert a * DIMENSIONLESS is a
    assert a / a is DIMENSIONLESS
    assert (a * b) / b is a


@settings(max_examples=50, deadline=None)
@given(dimensions, powers)
def test_powers_are_undone_by_their_inverse(a, power):
    assert (a**power) ** (1 / power) is a
    assert (a ** float(power)) ** float(1 / power) is a


@settings(max_examples=50, deadline=None)
@given(dimensions)
def test_texts_and_copies_lead_back(a):
    assert Dimension.from_canonical(a.canonical()) is a
    assert pickle.loads(pickle.dumps(a)) is a
    assert copy.deepcopy(a) is a
    assert get_or_create_dimension(a.exponents) is a
    assert hash(Dimension(a.exponents)) == hash(a)


def test_texts():
    assert str(volt.dim) == "m^2 kg s^-3 A^-1"
    assert repr(volt.dim) == "metre ** 2 * kilogram * second ** -3 * amp ** -1"
    assert volt.dim.canonical() == "2,1,-3,-1,0,0,0"
    assert (volt.dim**0.5).canonical() == "1,1/2,-3/2,-1/2,0,0,0"
    assert str(DIMENSIONLESS) == "1"
    assert repr(DIMENSIONLESS) == "Dimension()"


@pytest.mark.parametrize(
    ("dim", "name", "symbol"),
    [
        (volt.dim, "volt", "V"),
        (DIMENSIONLESS, "1", "1"),
        (DIMENSIONLESS / second.dim, "hertz", "Hz"),
        (volt.dim / second.dim, "volt / second", "V/s"),
        (amp.dim / metre.dim**2, "amp / metre2", "A/m^2"),
        (volt.dim**2, "volt2", "V^2"),
        (volt.dim**0.5, "volt ** 0.5", "V^0.5"),
        (volt.dim / amp.dim * metre.dim, "ohm * metre", "ohm m"),
        (volt.dim**-1, "volt ** -1", "V^-1"),
    ],
)
def test_readable_unit(dim, name, symbol):
    assert dim.unit_text() == name
    assert dim.unit_text(symbols=True) == symbol


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=7, max_size=7).map(Dimension))
def test_readable_unit_evaluates_to_one_of_its_dimension(dim):
    from spikefarm.core.units import get_dimensions, units_namespace

    unit = eval(dim.unit_text(), {}, dict(units_namespace()))
    assert get_dimensions(unit) is dim
    assert float(unit) == 1


def test_names_of_base_dimensions():
    assert get_or_create_dimension(length=2, mass=1, time=-3, current=-1) is volt.dim
    assert get_or_create_dimension(m=2, kg=1, s=-3, A=-1) is volt.dim
    assert get_or_create_dimension(substance=1, luminosity=1).exponents == (0, 0, 0, 0, 0, 1, 1)
    assert volt.dim.get_dimension("metre") == 2
    assert get_or_create_dimension(s=Fraction(-1, 2)).get_dimension("s") == -0.5


def test_refusals():
    with pytest.raises(KeyError, match="'foo' names no base dimension; known names: length, metre"):
        get_or_create_dimension(foo=1)
    with pytest.raises(TypeError, match=r"exactly 7 exponents .*, got 2"):
        get_or_create_dimension([1, 2])
    with pytest.raises(AttributeError, match="cannot be changed"):
        volt.dim.exponents = ()


def test_error_text_and_pickling():
    error = DimensionMismatchError("Both sides differ", volt.dim, amp.dim)
    assert str(error) == "Both sides differ (units are volt and amp)."
    assert str(DimensionMismatchError("Odd", volt.dim)) == "Odd (unit is volt)."
    assert str(DimensionMismatchError("Complete.", volt.dim)) == "Complete."
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.dims) == (str(error), (volt.dim, amp.dim))
