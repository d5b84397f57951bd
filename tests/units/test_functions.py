"""numpy's functions on quantities. Whatever a rule says about units has to hold when units are changed."""

import numpy as np
import pytest
from spikefarm.core.units import *
from spikefarm.core.units import DIMENSIONLESS, functions, ufuncs

WRITING = {"copyto", "put", "place", "putmask", "fill_diagonal", "empty_like"}
# Rounding depends on the unit by its nature and is in base units, as in Brian 2.
ROUNDING = {"floor", "ceil", "rint", "trunc", "spacing", "nextafter", "around", "round", "fix"}
ARRAYS = ([0.5, 2.0, 3.0, 1.25], [[2.0, 1.0], [1.0, 3.0]])


def powers_of_metre(result):
    """Return plain arrays and the exponents of metre of a result, which may be several arrays."""
    members = result if isinstance(result, list | tuple) else [result]
    flat = [
        part
        for member in members
        for part in (powers_of_metre(member) if isinstance(member, list | tuple) else [])
    ]
    return flat or [(np.asarray(member), get_dimensions(member).get_dimension("m")) for member in members]


def check_scaling(call, *operands):
    """Check that twice the values give 2**power times the result; return whether it could be called."""
    try:
        with np.errstate(all="ignore"):
            small = call(*(operand * metre for operand in operands))
    except (
        TypeError,
        ValueError,
        np.linalg.LinAlgError,
        DimensionMismatchError,
        IndexError,
        RuntimeError,
    ):
        return False
    large = call(*(2 * operand * metre for operand in operands))
    for (value, power), (scaled, _) in zip(powers_of_metre(small), powers_of_metre(large), strict=True):
        np.testing.assert_allclose(np.asarray(scaled), value * 2.0**power, rtol=1e-12)
    return True


RULED = {func.__name__: func for func in functions.RULES if func.__name__ not in ROUNDING | WRITING}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", sorted(RULED))
def test_function_scales_as_its_unit_says(name):
    for values in ARRAYS:
        array = np.array(values)
        check_scaling(RULED[name], array)
        check_scaling(RULED[name], array, array[::-1])
        check_scaling(RULED[name], array, array[::-1], array + 1)


@pytest.mark.parametrize("name", sorted({ufunc.__name__ for ufunc in ufuncs.RULES} - ROUNDING))
def test_ufunc_scales_as_its_unit_says(name):
    ufunc = getattr(np, name)
    for values in ARRAYS:
        array = np.array(values)
        check_scaling(ufunc, *[array, array[::-1] + 0.5][: ufunc.nin])
        for method in ("reduce", "accumulate", "outer"):
            check_scaling(getattr(ufunc, method), *[array, array][: 1 + (method == "outer")])


def test_fourier_transforms_keep_the_unit():
    assert get_dimensions(np.fft.fft(Q)) is volt.dim
    assert check_scaling(np.fft.rfft, np.array([1.0, 2.0, 4.0]))


def test_the_scaling_check_notices_a_wrong_rule(monkeypatch):
    monkeypatch.setitem(functions.RULES, np.var, functions.RULES[np.mean])
    with pytest.raises(AssertionError):
        check_scaling(np.var, np.array([1.0, 3.0]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_most_rules_are_exercised():
    array, matrix = (np.array(values) for values in ARRAYS)
    called = {
        name
        for name, func in RULED.items()
        if any([check_scaling(func, array), check_scaling(func, matrix), check_scaling(func, array, array)])
    }
    assert len(called) > 120, sorted(set(RULED) - called)


def test_names_in_the_table_are_numpy_s():
    missing = {
        name for _, _, names in functions._TABLE for name in names.split() if functions._find(name) is None
    }
    by_version = {
        "trapz", "trapezoid", "in1d", "cumulative_sum", "cumulative_prod", "matrix_transpose", "unstack",
        "unique_values", "unique_counts", "unique_inverse", "unique_all", "linalg.matrix_norm",
        "linalg.vector_norm", "linalg.svdvals", "linalg.cross", "linalg.outer", "linalg.tensordot",
        "linalg.matmul", "linalg.vecdot", "row_stack",
    }  # fmt: skip
    assert missing <= by_version


Q = [1.0, 2.0, 4.0] * mV


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (np.concatenate([Q, [3] * volt])[-1], 3 * volt),
        (np.stack([Q, Q])[1, 2], 4 * mV),
        (np.where(2 * mV < Q, Q, 0)[2], 4 * mV),
        (np.clip(Q, 0, 2 * mV)[2], 2 * mV),
        (np.linspace(0, 1 * mV, 3)[1], 0.5 * mV),
        (np.interp(1.5 * mV, Q, [1, 3, 5] * nA), 2 * nA),
        (
            np.trapezoid(Q, [0, 1, 2] * ms) if hasattr(np, "trapezoid") else 4.5 * uvolt * second,
            4.5 * mV * ms,
        ),
        (np.gradient(Q, 1 * ms)[0], 1 * mV / ms),
        (np.average(Q, weights=[1, 1, 2]), 2.75 * mV),
        (np.round([1.26] * volt, 1)[0], 1.3 * volt),
        (np.einsum("i,i", Q, Q), 21 * mV**2),
        (np.full_like(Q, 2 * nA)[0], 2 * nA),
        (np.linalg.norm([3, 4] * mV), 5 * mV),
        (np.linalg.det(np.eye(2) * mV), 1 * mV**2),
        (np.linalg.solve(np.eye(2) * nS, [1, 2] * pA)[1], 2 * mV),
        (np.max(Q, initial=9 * mV), 9 * mV),
        (np.add.reduce(Q), 7 * mV),
        (np.multiply.reduce(Q), 8 * mV**3),
        (np.subtract.outer(Q, Q)[0, 1], -1 * mV),
        (divmod(7 * mV, 2 * mV)[1], 1 * mV),
        (sum([1 * mV, 2 * mV]), 3 * mV),
    ],
)
def test_results_with_units(result, expected):
    assert get_dimensions(result) is get_dimensions(expected)
    assert float(result) == pytest.approx(float(expected))


def test_results_without_units():
    counts, edges = np.histogram(Q, bins=3)
    assert type(counts) is np.ndarray
    assert edges.dim is volt.dim
    density, _ = np.histogram(Q, bins=[0, 2, 5] * mV, density=True)
    assert density.dim is volt.dim**-1
    assert np.searchsorted(Q, 1.5 * mV) == 1
    assert np.array_equal(Q, Q.copy())
    assert isinstance((3 * mV) / mV, float)
    assert type(Q / mV) is np.ndarray
    assert np.arctan2(1 * mV, 1 * mV) == pytest.approx(np.pi / 4)


def test_closeness_is_relative_unless_a_tolerance_has_the_unit():
    assert not np.isclose(1 * nA, 2 * nA)
    assert np.allclose([1, 2] * nA, [1.5, 2.5] * nA, atol=0.6 * nA)
    assert np.isclose(1 * nA, 1.000001 * nA)
    with pytest.raises(DimensionMismatchError, match="atol has no units"):
        np.isclose(1 * nA, 2 * nA, atol=1e-12)
    with pytest.raises(DimensionMismatchError, match="b has units of volt"):
        np.allclose([1, 2] * nA, [1, 2] * mV)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: np.concatenate([Q, [3] * nA]),
            r"different dimensions, such as \[1\. 2\. 4\.\] mV and \[3\.\] nA",
        ),
        (lambda: np.concatenate([Q, [3]]), r"different dimensions"),
        (lambda: np.where([True], Q, 1), r"x has units of volt, y has no units"),
        (lambda: np.clip(Q, 0, 1), r"numpy\.clip\(.*a has units of volt, a_max has no units"),
        (lambda: np.sum(Q, initial=5), r"initial has no units"),
        (lambda: np.interp(1 * mV, [0, 1], Q), r"x has units of volt, xp has no units"),
        (lambda: np.searchsorted(Q, 5), r"a has units of volt, v has no units"),
        (lambda: np.histogram(Q, range=(0, 5)), r"range has no units"),
        (lambda: np.pad(Q, 1, constant_values=5), r"constant_values has no units"),
        (lambda: np.cumprod(Q), r"numpy\.cumprod expects a dimensionless argument"),
        (
            lambda: np.exp(3 * mV),
            r"^exp expects a dimensionless argument but got 3\. mV, which has units of volt",
        ),
        (lambda: np.copyto(np.zeros(3), Q), r"dst has no units, src has units of volt"),
        (lambda: np.add.at(Q.copy(), [0], 5), r"Cannot calculate"),
        (lambda: np.multiply.at(Q.copy(), [0], 5 * mV), r"would change the unit"),
        (lambda: np.hypot(3 * mV, 1), r"the first argument has units of volt, the second has no units"),
    ],
)
def test_mismatches_are_named(call, message):
    with pytest.raises(DimensionMismatchError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: np.apply_along_axis(np.sum, 0, Q),
            "numpy.apply_along_axis has no meaning for units in one of its",
        ),
        (lambda: np.save("x", Q), "numpy.save has no meaning for units"),
        (lambda: np.prod(Q, where=[True, False, True]), "where|dimensionless"),
        (lambda: np.multiply.accumulate(Q), "its elements would differ in unit"),
        (lambda: np.gcd(Q, Q), "not defined for quantities"),
        (lambda: np.sum(Q, axis=1 * mV), "its argument 'axis'"),
    ],
)
def test_functions_without_a_meaning_for_units_refuse_them(call, message):
    with pytest.raises((TypeError, DimensionMismatchError), match=message):
        call()


def test_writing_functions_check_first():
    target = np.zeros(3) * mV
    np.copyto(target, Q)
    np.put(target, [0], [5 * mV])
    np.add.at(target, [1], 1 * mV)
    assert target.tolist() == [5 * mV, 3 * mV, 4 * mV]
    with pytest.raises(DimensionMismatchError):
        np.put(target, [0], [5])
    assert target.tolist() == [5 * mV, 3 * mV, 4 * mV]


def test_names_that_replace_numpy_s():
    assert exp(0.0) == 1
    assert list(arange(0 * ms, 3 * ms, 1 * ms) / ms) == [0, 1, 2]
    assert linspace(0, 1 * mV, 3)[1] == 0.5 * mV
    assert where([True, False], [1, 2] * mV, 0).tolist() == [1 * mV, 0 * mV]
    assert type(ones_like(Q)) is type(zeros_like(Q)) is np.ndarray
    assert dot([1 * volt, 2 * volt], [1 * pA, 1 * pA]) == 3 * pwatt
    assert ptp([1 * mV, 4 * mV]) == 3 * mV
    values = np.array([-800.0, -1e-5, -1e-20, 0.0, 1e-10, 1.0, 700.0])
    expected = [1 / 800, 1 - 5e-6 + 1e-10 / 6, 1.0, 1.0, 1 + 5e-11, np.e - 1, np.expm1(700) / 700]
    np.testing.assert_allclose(exprel(values), expected, rtol=1e-15)
    assert exprel(1) == pytest.approx(np.e - 1)
    assert exprel(np.inf) == np.inf
    assert exprel(-np.inf) == 0
    with pytest.raises(
        DimensionMismatchError, match=r"^log expects .* got \[1\. 2\. 4\.\] mV, .* units of volt"
    ):
        log(Q)
    with pytest.raises(DimensionMismatchError, match=r"stop has units of second, step has"):
        arange(5 * ms, step=1 * mV)
    with pytest.raises(DimensionMismatchError, match=r"start has units of volt, stop has units of amp"):
        linspace(1 * mV, 2 * nA, 3)
    with pytest.raises(DimensionMismatchError, match=r"x has units of volt, y has units of amp"):
        where([True], 1 * mV, 1 * nA)
    with pytest.raises(TypeError, match="arange needs a value for 'stop'"):
        arange()
    with pytest.raises(TypeError, match="more than one value for 'stop'"):
        arange(3, stop=4)


def test_a_dimensionless_quantity_is_a_number():
    assert Quantity(3) + 1 == 4
    assert np.exp(Quantity(0)) == 1
    assert get_dimensions(np.sum(Quantity([1, 2]))) is DIMENSIONLESS
