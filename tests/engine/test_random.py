"""Counter-based random numbers: the generator, the definition of a draw, and their statistics."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import reference

u64 = st.integers(0, 2**64 - 1)
u32 = st.integers(0, 2**32 - 1)


def draw(library, name, n, seed=1, stream=0, step=0):
    out = np.full(n + 1, 99.0)
    arguments = (ctypes.c_int64(n), ctypes.c_uint64(seed), ctypes.c_uint32(stream), ctypes.c_uint64(step))
    getattr(library, f"test_{name}")(out.ctypes.data_as(ctypes.c_void_p), *arguments)
    assert out[n] == 99.0  # nothing is written beyond the end
    return out[:n]


# Known answers of Random123 (kat_vectors, philox4x32 10): counter, key, result.
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_philox_gives_the_known_answers(functions, counter, key, result):
    block, low, high, stream = counter
    arguments = np.array([block, low | high << 32, stream, key[0] | key[1] << 32], np.uint64)
    words = np.empty(2, np.uint64)
    functions.test_philox(arguments.ctypes.data_as(ctypes.c_void_p), words.ctypes.data_as(ctypes.c_void_p))
    found = [int(half) for word in words for half in (word & np.uint64(0xFFFFFFFF), word >> np.uint64(32))]
    assert found == result
    assert [int(word) for word in reference.philox(counter, key)] == result


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2000), u64, u32, u64)
def test_a_fill_is_the_single_draws_and_the_definition(functions, n, seed, stream, step):
    for kind, defined in (("uniform", reference.uniform), ("normal", reference.normal_exact)):
        filled = draw(functions, f"fill_{kind}", n, seed, stream, step)
        single = draw(functions, f"single_{kind}", n, seed, stream, step)
        assert filled.tobytes() == single.tobytes()
        # -0.0 and 0.0 are the same number here
        assert np.array_equal(filled, defined(n, seed, stream, step))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 300), st.integers(2, 40), u64, u32, st.one_of(u64, st.just(2**32 - 3)))
def test_draws_made_ahead_are_those_of_their_step(functions, n, steps, seed, stream, first):
    first = min(first, 2**64 - 300)
    for kind, defined in (("uniform", reference.uniform), ("normal", reference.normal_exact)):
        out = np.empty((steps + 1, n))
        arguments = (ctypes.c_int64(n), ctypes.c_int64(steps), ctypes.c_uint64(seed), ctypes.c_uint32(stream))
        ahead = getattr(functions, f"test_ahead_{kind}")
        ahead(out.ctypes.data_as(ctypes.c_void_p), *arguments, ctypes.c_uint64(first))
        for row, step in enumerate([*range(steps), steps - 2]):
            np.testing.assert_array_equal(out[row], defined(n, seed, stream, first + step))


@pytest.mark.parametrize("n", [1, 2, 3, 511, 512, 513, 1023, 1024, 1025, 5000])
def test_the_same_bits_with_other_vector_units(functions, plain_functions, n):
    for kind in ("uniform", "normal"):
        native = draw(functions, f"fill_{kind}", n, 7, 3, 2**40 + 1)
        assert native.tobytes() == draw(plain_functions, f"fill_{kind}", n, 7, 3, 2**40 + 1).tobytes()


def test_normals_are_box_muller_of_the_uniforms(functions):
    found = draw(functions, "fill_normal", 100_000, 5, 6, 7)
    np.testing.assert_allclose(found, reference.normal(100_000, 5, 6, 7), rtol=0, atol=4e-15)


def test_uniforms_are_uniform(functions):
    from scipy import stats

    found = draw(functions, "fill_uniform", 200_000, 11)
    assert found.min() >= 0
    assert found.max() < 1
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_normals_are_normal(functions):
    from scipy import stats

    found = draw(functions, "fill_normal", 200_000, 12)
    assert stats.kstest(found, "norm").pvalue > 0.01
    assert stats.jarque_bera(found).pvalue > 0.01


def test_first_draws_over_steps_and_seeds_are_normal(functions):
    from scipy import stats

    over_steps = [draw(functions, "fill_normal", 1, 13, 0, step)[0] for step in range(4000)]
    over_seeds = [draw(functions, "fill_normal", 1, seed)[0] for seed in range(4000)]
    assert stats.kstest(over_steps, "norm").pvalue > 0.01
    assert stats.kstest(over_seeds, "norm").pvalue > 0.01


@pytest.mark.parametrize("kind", ["fill_uniform", "fill_normal"])
def test_streams_steps_seeds_and_elements_are_uncorrelated(functions, kind):
    n = 20_000
    base = draw(functions, kind, n)
    others = [
        draw(functions, kind, n, stream=1),
        draw(functions, kind, n, step=1),
        draw(functions, kind, n, step=2**32),
        draw(functions, kind, n, seed=2),
        draw(functions, kind, n, seed=1 + 2**32),
        np.roll(base, 1),
        np.roll(base, n // 2),
        np.roll(base**2, n // 2),
    ]
    correlations = [abs(np.corrcoef(base, other)[0, 1]) for other in others]
    assert max(correlations) < 4 / np.sqrt(n)
