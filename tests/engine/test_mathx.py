"""Python's operators and vectorising functions against Python and numpy."""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

reals = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(-(2**63), 2**63 - 1)
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1e-300, 1e300, -1e300])


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def apply(library, name, *arrays):
    dtype = np.int64 if name.endswith("_int") else np.float64
    arrays = [np.ascontiguousarray(array, dtype) for array in arrays]
    out = np.empty_like(arrays[0])
    getattr(library, f"test_{name}")(*map(pointer, arrays), pointer(out), ctypes.c_int64(out.size))
    return out


def ulps(found, exact):
    """Largest distance in units in the last place from a result in extended precision."""
    return float(np.max(np.abs(found - exact) / np.spacing(np.abs(exact.astype(np.float64)))))


@settings(max_examples=200, deadline=None)
@given(reals, reals)
def test_mod_and_floordiv_of_reals_are_those_of_numpy(functions, x, y):
    with np.errstate(all="ignore"):
        for name, numpy_function in (("mod", np.mod), ("floordiv", np.floor_divide)):
            found, expected = apply(functions, name, [x], [y])[0], numpy_function(x, y)
            assert found == expected or (math.isnan(found) and math.isnan(expected)), (name, found, expected)


@settings(max_examples=200, deadline=None)
@given(wholes, st.one_of(wholes, st.integers(-3, 3)))
def test_mod_and_floordiv_of_whole_numbers_are_those_of_python(functions, x, y):
    assume((x, y) != (-(2**63), -1))
    expected = (0, 0) if y == 0 else (x % y, x // y)
    assert (
        apply(functions, "mod_int", [x], [y])[0],
        apply(functions, "floordiv_int", [x], [y])[0],
    ) == expected


def test_the_smallest_whole_number_by_minus_one_does_not_trap(functions):
    assert apply(functions, "mod_int", [-(2**63)], [-1])[0] == 0
    assert apply(functions, "floordiv_int", [-(2**63)], [-1])[0] == -(2**63)


def test_exponentials_are_accurate(functions):
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [rng.uniform(-708, 709, 50_000), rng.uniform(-1, 1, 50_000), rng.uniform(-1e-6, 1e-6, 9999)]
    )
    exact = x.astype(np.longdouble)
    assert ulps(apply(functions, "exp", x), np.exp(exact)) < 1.1
    assert ulps(apply(functions, "expm1", x), np.expm1(exact)) < 2
    assert ulps(apply(functions, "exprel", x), np.expm1(exact) / exact) < 2.5


def test_logarithm_is_accurate(functions):
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [rng.uniform(0, 3, 50_000), 10 ** rng.uniform(-307, 308, 50_000), 1 + rng.uniform(-1e-4, 1e-4, 9999)]
    )
    assert ulps(apply(functions, "log", x), np.log(x.astype(np.longdouble))) < 1


@pytest.mark.parametrize(
    ("name", "numpy_function"), [("exp", np.exp), ("expm1", np.expm1), ("log", np.log), ("sign", np.sign)]
)
def test_special_values_are_those_of_numpy(functions, name, numpy_function):
    x = np.concatenate([SPECIAL, [709.78, 709.79, 710, -744, -745.2, -800, 1, -1]])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(apply(functions, name, x), numpy_function(x), rtol=1e-15, atol=5e-324)


def test_exprel_at_the_ends(functions):
    np.testing.assert_array_equal(
        apply(functions, "exprel", [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-320, -1e5]),
        [1, 1, np.inf, 0, np.nan, 1, 1e-5],
    )


def test_sine_and_cosine_of_turns(functions):
    u = np.concatenate([np.random.default_rng(3).uniform(0, 1, 100_000), np.arange(9) / 8])
    sine, cosine = np.empty_like(u), np.empty_like(u)
    functions.test_sincos_turn(pointer(u), pointer(sine), pointer(cosine), ctypes.c_int64(u.size))
    angle = u.astype(np.longdouble) * 2 * np.longdouble("3.14159265358979323846264338327950288")
    assert np.abs(sine - np.sin(angle)).max() < 2e-16
    assert np.abs(cosine - np.cos(angle)).max() < 2e-16
    assert list(sine[-9::2]) == [0, 1, 0, -1, 0]
    assert list(cosine[-9::2]) == [1, 0, -1, 0, 1]


def test_a_loop_gives_each_element_what_it_gets_alone(functions):
    x = np.random.default_rng(4).uniform(-700, 700, 37)
    for name in ("exp", "expm1", "exprel", "log"):
        alone = [apply(functions, name, [value])[0] for value in x]
        np.testing.assert_array_equal(apply(functions, name, x), alone)


def test_powers(functions):
    x = np.array([1.5, 1.5, 1.5, -2, -2, np.nan])
    np.testing.assert_array_equal(apply(functions, "power", x), [1.5**5, 1.5**-2, 1, -32, 0.25, 1])


def test_minimum_maximum_and_clip_let_nan_through(functions):
    x, y = np.array([1, 2, np.nan, 1, -np.inf]), np.array([2, 1, 1, np.nan, 3])
    np.testing.assert_array_equal(apply(functions, "minimum", x, y), np.minimum(x, y))
    np.testing.assert_array_equal(apply(functions, "maximum", x, y), np.maximum(x, y))
    out = np.empty_like(x)
    functions.test_clip(pointer(x), pointer(out), ctypes.c_int64(5), ctypes.c_double(0), ctypes.c_double(1.5))
    np.testing.assert_array_equal(out, np.clip(x, 0, 1.5))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([1e-4, 5e-5, 1e-3, 2.5e-5, 1e-1, 0.3]))
def test_a_time_belongs_to_its_step(functions, step, dt):
    functions.test_timestep.restype = ctypes.c_int64
    for time in (step * dt, step * dt * (1 - 2e-16), step * dt + 0.9 * dt):
        assert functions.test_timestep(ctypes.c_double(time), ctypes.c_double(dt)) == step


def test_buffers_grow(functions):
    functions.test_buffer.restype = ctypes.c_int64
    out = np.empty(1004, np.int64)
    assert functions.test_buffer(pointer(out), ctypes.c_int64(1000)) == 1004
    np.testing.assert_array_equal(out, [*range(1000), -1, -2, 0, 0])
