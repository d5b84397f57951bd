# ruff: noqa: B015
"""Quantities: what they are made from, how they are changed, shown, copied and refused."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spikefarm.core.units import *
from spikefarm.core.units import DIMENSIONLESS, units_namespace

NAMES = sorted(units_namespace())
units = st.sampled_from(NAMES).map(units_namespace().__getitem__)
numbers = st.floats(1e-6, 1e6) | st.floats(-1e6, -1e-6)


@settings(max_examples=100, deadline=None)
@given(numbers, units)
def test_dividing_by_a_unit_undoes_multiplying(x, unit):
    assert x * unit / unit == pytest.approx(x, rel=1e-15)
    assert isinstance(x * unit / unit, float)
    assert float(x * unit / unit * unit) == pytest.approx(float(x * unit), rel=1e-15)


@settings(max_examples=100, deadline=None)
@given(numbers, units)
def test_shown_text_reads_back(x, unit):
    assume(not unit.is_dimensionless)
    quantity = x * unit
    text = quantity.in_unit(unit, precision=17, python_code=True)
    assert float(eval(text, {}, dict(units_namespace()))) == pytest.approx(float(quantity), rel=1e-9)
    best = repr(quantity)
    assert float(eval(best, {}, dict(units_namespace()))) == pytest.approx(float(quantity), rel=1e-3)
    assert get_dimensions(eval(best, {}, dict(units_namespace()))) is unit.dim


@settings(max_examples=50, deadline=None)
@given(st.lists(numbers, max_size=4), units)
def test_pickles_and_copies_are_equal_and_apart(values, unit):
    assume(not unit.is_dimensionless)
    original = np.array(values) * unit
    for protocol in (2, 5):
        again = pickle.loads(pickle.dumps(original, protocol))
        assert again.dim is original.dim
        np.testing.assert_array_equal(np.asarray(again), np.asarray(original))
    assert pickle.loads(pickle.dumps(unit)) is units_namespace()[unit.name]
    twin = copy.deepcopy(original)
    twin[:] = 0
    assert np.all(np.asarray(original) == np.array(values) * float(unit))


@settings(max_examples=50, deadline=None)
@given(units, units, numbers)
def test_units_multiply_like_numbers(a, b, x):
    assert float(a * b) == pytest.approx(float(a) * float(b), rel=1e-14)
    assert float(a / b) == pytest.approx(float(a) / float(b), rel=1e-14)
    assert get_dimensions(a * b) is a.dim * b.dim
    assert get_dimensions(x * a / b) is a.dim / b.dim
    assert hash(a) == hash(units_namespace()[a.name])


def test_base_values():
    assert float(3 * mV) == 0.003
    assert type(np.asarray([1, 2] * mV)) is np.ndarray
    np.testing.assert_array_equal(np.asarray([1, 2] * mV), [0.001, 0.002])
    assert ([1, 2] * mV).tolist() == [1 * mV, 2 * mV]
    assert isinstance(([1, 2] * mV)[0], Quantity)
    assert [str(x) for x in [1, 2] * mV] == ["1. mV", "2. mV"]
    assert ([1, 2] * mV).item(1) == 2 * mV
    assert bool(3 * mV)
    assert not 0 * mV


def test_creation():
    assert Quantity([3 * mV, 4 * volt]).tolist() == [3 * mV, 4 * volt]
    assert Quantity(3).dim is DIMENSIONLESS
    assert Quantity([1, 2], dim=volt.dim, dtype="float32").dtype == np.float32
    assert Quantity(np.array([1, 2]), volt).dtype == np.float64
    assert Quantity.with_dimensions(3, length=1) == 3 * metre
    source = np.ones(2)
    assert np.shares_memory(Quantity(source, volt), source)
    assert not np.shares_memory(Quantity(source, volt, copy=True), source)
    with pytest.raises(
        DimensionMismatchError, match=r"3\. mV cannot be given another dimension .*volt and amp"
    ):
        Quantity(3 * mV, dim=amp.dim)
    with pytest.raises(DimensionMismatchError, match=r"different dimensions, such as 3\. mV and 4\. nA"):
        Quantity([3 * mV, 4 * nA])
    with pytest.raises(TypeError, match="neither a number nor a quantity"):
        Quantity("3")


def test_mismatch_names_both_sides():
    with pytest.raises(DimensionMismatchError) as caught:
        3 * mV + 5 * nA
    assert str(caught.value) == (
        "Cannot calculate 3. mV + 5. nA: the left side has units of volt, the right side has units of amp."
    )
    assert caught.value.dims == (volt.dim, amp.dim)
    with pytest.raises(
        DimensionMismatchError, match=r"Cannot calculate 5 - 3\. mV: the left side has no units"
    ):
        5 - 3 * mV
    with pytest.raises(DimensionMismatchError, match=r"Cannot compare 3\. mV < 5\. nA"):
        3 * mV < 5 * nA
    with pytest.raises(DimensionMismatchError, match=r"the exponent has units of volt"):
        2 ** (3 * mV)
    with pytest.raises(DimensionMismatchError, match=r"Cannot calculate 3\. mV // 2"):
        3 * mV // 2
    with pytest.raises(TypeError, match="has to be one number"):
        ([1, 2] * mV) ** np.array([1, 2])


def test_zero_and_infinity_fit_every_unit():
    assert 3 * mV + 0 == 3 * mV
    assert 3 * mV < np.inf
    assert np.maximum([-1, 1] * mV, 0).tolist() == [0 * mV, 1 * mV]
    with pytest.raises(DimensionMismatchError):
        3 * mV + np.zeros(2)


def test_scalars_change_like_numbers():
    x = y = 3 * mV
    x += 1 * mV
    x *= 2
    assert (x, y) == (8 * mV, 3 * mV)
    unit = mV
    unit *= 2
    assert unit == 2 * mV
    assert float(mV) == 0.001


def test_arrays_change_in_place_unless_their_unit_changes():
    x = [1.0, 2.0] * mV
    view = x[:]
    x += 1 * mV
    x *= 2
    assert view.tolist() == [4 * mV, 6 * mV]
    x *= mV
    assert x.dim is volt.dim**2
    assert view.tolist() == [4 * mV, 6 * mV]
    x /= mV**2
    assert type(x) is np.ndarray
    with pytest.raises(DimensionMismatchError, match=r"\+ 1: .* the right side has no units"):
        view += 1
    assert view.tolist() == [4 * mV, 6 * mV]
    view **= 2
    assert view.dim is volt.dim**2


def test_outputs_have_to_fit():
    out = np.zeros(2)
    with pytest.raises(DimensionMismatchError, match="result has units of volt, the array of 1"):
        np.multiply([1, 2], mV, out=out)
    with pytest.raises(DimensionMismatchError, match="result has units of volt, the array of 1"):
        np.sum([[1, 2], [3, 4]] * mV, axis=0, out=out)
    np.testing.assert_array_equal(out, 0)
    target = np.zeros(2) * mV
    assert np.multiply([1, 2], mV, out=target) is target
    assert target.tolist() == [1 * mV, 2 * mV]
    assert np.sum([[1, 2], [3, 4]] * mV, axis=0, out=target) is target
    assert target.tolist() == [4 * mV, 6 * mV]


def test_items_have_to_fit():
    x = [1.0, 2.0, 3.0] * mV
    x[0] = 5 * mV
    x[1:] = [6 * mV, 0.007 * volt]
    x[0] = 0
    assert x.tolist() == [0 * mV, 6 * mV, 7 * mV]
    for change in (lambda: x.__setitem__(0, 5), lambda: x.fill(5 * nA), lambda: x.put([0], [5])):
        with pytest.raises(DimensionMismatchError, match="has units of volt"):
            change()
    assert x.tolist() == [0 * mV, 6 * mV, 7 * mV]


def test_display():
    assert repr(10 * mV) == "10. * mvolt"
    assert str(10 * mV) == "10. mV"
    assert f"{3.14159 * mV:.2f}" == "3.14 mV"
    assert f"{3 * mV}" == "3. mV"
    assert f"{mV:>4}" == "  mV"
    assert (3.14159 * mV).in_unit(uvolt, 1) == "3141.6 uV"
    assert in_unit(3.14159 * mV, uvolt, 1) == "3141.6 uV"
    assert in_best_unit(0.00314159 * mV, 2) == "3.14 uV"
    assert in_best_unit(0.5) == "0.5"
    assert repr(3 * mV / ms) == "3. * volt / second"
    assert repr(3 * mS / cm**2) == "30. * siemens / metre2"
    assert (3 * mV).get_best_unit() is mvolt
    assert repr([np.nan, np.inf] * mV) == "array([nan, inf]) * volt"
    assert repr(Quantity(3)) == "Quantity(3.)"
    with pytest.raises(
        DimensionMismatchError, match=r"Cannot show 3\. mV in nA: .* volt, the unit is one of amp"
    ):
        (3 * mV).in_unit(nA)
    with pytest.raises(TypeError, match=r"2\. mV is not a unit"):
        (3 * mV).in_unit(2 * mV)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        (3 * mV / ms, "volt / second"),
        ((3 * mV) ** 0.5, "uvolt ** 0.5"),
        (2 * mV**-1, "mvolt ** -1"),
        (30 * nA / ms, "uamp / second"),
        (2 * mV**2, "mvolt2"),
        (2e-3 * metre**3, "metre3"),
        (5000 * kgram, "Mgram"),
    ],
)
def test_best_unit_is_a_unit(quantity, unit):
    best = quantity.get_best_unit()
    assert isinstance(best, Unit)
    assert best.name == unit
    assert quantity.in_unit(best) == str(quantity)


def test_registered_units_are_used():
    from spikefarm.core.units import display

    try:
        register_new_unit(pA / um**2)
        assert repr(3 * pA / um**2) == "3. * pamp / (umetre ** 2)"
    finally:
        display._registered.clear()
    assert repr(3 * pA / um**2) == "3. * amp / metre2"
    with pytest.raises(TypeError, match="Only units can be registered, got 3"):
        register_new_unit(3)


def test_units():
    assert {mV: 1}[mvolt] == 1
    assert mV == mvolt
    assert mV != uvolt
    assert mV != nA
    assert mV != mA
    assert mV == 0.001 * volt
    assert (volt == None) is False  # noqa: E711
    assert (3 * mV == "3 mV") is False
    assert repr(mV / (ms * nA)) == "mvolt / (msecond * namp)"
    assert str(1 / (mV * ms)) == "(mV ms)^-1"
    assert copy.copy(mV) is mV
    assert pickle.loads(pickle.dumps(mV / ms)) == mV / ms
    assert repr(pickle.loads(pickle.dumps(mV / ms))) == "mvolt / msecond"
    assert (mV**0.5).scale == -1.5
    assert Unit.create(volt.dim, "foo", "fo", scale=3) == kvolt
    assert Unit.create_scaled_unit(volt, "m") == mV
    assert get_unit((volt / second).dim) == volt / second
    assert repr(get_unit(DIMENSIONLESS)) == "1"
    with pytest.raises(ValueError, match=r"10\*\*scale, got 3\.0 for scale 0"):
        Unit(3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(3 * mV)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(mV)[...] = 2


def test_conversions_that_would_depend_on_the_unit_are_refused():
    with pytest.raises(TypeError, match=r"1\. mV cannot be converted to int64: divide by a unit first"):
        (1 * mV).astype(np.int64)
    assert ([1, 2] * mV).astype("float32").dtype == np.float32


def test_dimension_questions():
    assert have_same_dimensions(3 * mV, volt)
    assert not have_same_dimensions(3, volt)
    assert have_same_dimensions(volt.dim, 3 * mV)
    assert is_dimensionless(3)
    assert not is_dimensionless([3 * mV])
    assert is_scalar_type(True)
    assert not is_scalar_type("a")
    assert get_dimensions([]) is DIMENSIONLESS
    with pytest.raises(TypeError, match=r"'a' \(of type str\) is neither"):
        get_dimensions("a")


def test_fail_for_dimension_mismatch():
    from spikefarm.core.units import fail_for_dimension_mismatch as fail

    assert fail(3 * mV, 5 * volt) == (volt.dim, volt.dim)
    assert fail(3 * mV, 0) == (volt.dim, DIMENSIONLESS)
    assert fail(3) == (DIMENSIONLESS, DIMENSIONLESS)
    with pytest.raises(
        DimensionMismatchError, match=r"^v is 3\. mV, not 5\. nA \(units are volt and amp\)\.$"
    ):
        fail(3 * mV, 5 * nA, "v is {v}, not {i}", v=3 * mV, i=5 * nA)
    with pytest.raises(DimensionMismatchError, match=r"^Dimension mismatch \(unit is volt\)\.$"):
        fail(3 * mV)


def test_namespaces():
    from spikefarm.core.units import allunits, constants_namespace

    assert units_namespace()["mV"] is units_namespace()["mvolt"] is allunits.mvolt
    assert "foo" not in units_namespace()
    assert len(units_namespace()) == len(list(units_namespace()))
    assert constants_namespace()["zero_celsius"] == 273.15 * kelvin
    with pytest.raises(AttributeError, match="has no unit 'foo'"):
        allunits.foo
    with pytest.raises(TypeError, match="use 'kelvin' for differences"):
        3 * allunits.celsius
