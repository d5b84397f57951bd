"""Matrix exponentials against scipy, extended precision and closed forms."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def expm(functions, A):
    A = np.ascontiguousarray(A, np.float64)
    P = np.empty_like(A)
    functions.test_expm.restype = ctypes.c_bool
    assert functions.test_expm(len(A), pointer(A), pointer(P))
    return P


def phi1(functions, A, dt):
    A = np.ascontiguousarray(A, np.float64)
    P, Q = np.empty_like(A), np.empty_like(A)
    functions.test_phi1(pointer(A), ctypes.c_double(dt), pointer(P), pointer(Q))
    return P, Q


def expm_extended(A):
    """The Taylor series in extended precision after 2^-40 of it, squared back as exp - 1."""
    B = A.astype(np.longdouble) * np.longdouble(2) ** -40
    E = term = B
    for k in range(2, 12):
        term = term @ B / k
        E = E + term
    for _ in range(40):
        E = 2 * E + E @ E
    return np.eye(len(A)) + E


@pytest.mark.parametrize("n", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("norm", [1e-9, 1e-3, 0.4, 3, 50])
def test_expm_is_accurate_and_that_of_scipy(functions, n, norm):
    from scipy.linalg import expm as scipy_expm

    A = np.random.default_rng(n).normal(size=(n, n))
    A *= norm / np.abs(A).sum(axis=0).max()
    found, exact = expm(functions, A), expm_extended(A)
    largest = np.abs(exact).max()
    assert np.abs(found - exact).max() < 2e-16 * (2 + norm) * largest
    assert np.abs(found - scipy_expm(A)).max() < 1e-12 * largest  # scipy's own error at |A| = 50


@pytest.mark.parametrize("stiffness", [0.1, 10, 1e4])
def test_stiff_decay_comes_out_to_the_last_digits(functions, stiffness):
    A = np.array([[-1, 1, 0], [0, -stiffness, 1], [0, 0, -0.01]])
    np.testing.assert_allclose(expm(functions, A), expm_extended(A).astype(float), rtol=0, atol=1e-15)


def test_units_do_not_matter(functions):
    # A membrane in volts, a current in amperes, dt = 0.1 ms: entries from 1e-3 to 1e6.
    dt, tau, tau_current, capacitance = 1e-4, 20e-3, 5e-3, 200e-12
    P = expm(functions, np.array([[-dt / tau, dt / capacitance], [0, -dt / tau_current]]))
    coupling = (np.exp(-dt / tau) - np.exp(-dt / tau_current)) / (1 / tau_current - 1 / tau) / capacitance
    np.testing.assert_allclose(P, [[np.exp(-dt / tau), coupling], [0, np.exp(-dt / tau_current)]], rtol=5e-15)
    scale = np.diag([2.0**30, 2.0**-20])
    A = np.array([[0.3, -2], [1.5, -0.7]])
    scaled = scale @ A @ np.linalg.inv(scale)
    np.testing.assert_allclose(
        expm(functions, scaled), scale @ expm(functions, A) @ np.linalg.inv(scale), rtol=1e-14
    )


def test_oscillation_keeps_its_amplitude(functions):
    P = expm(functions, np.array([[0, 100.0], [-100.0, 0]]))
    expected = [[np.cos(100), np.sin(100)], [-np.sin(100), np.cos(100)]]
    np.testing.assert_allclose(P, expected, atol=1e-13)


@pytest.mark.parametrize(
    "A",
    [
        [[-50, 0], [0, -200]],
        [[-50, 3], [10, -200]],
        [[0, 0], [0, 0]],
        [[0, 1], [0, 0]],
        [[1, -1], [2, -2]],
        [[0, 300], [-300, 0]],
    ],
)
@pytest.mark.parametrize("dt", [1e-4, 0.02])
def test_phi1_integrates_singular_matrices_too(functions, A, dt):
    augmented = np.block([[np.array(A, float), np.eye(2)], [np.zeros((2, 4))]])
    expected = expm_extended(augmented * dt).astype(float)
    P, Q = phi1(functions, A, dt)
    np.testing.assert_allclose(P, expected[:2, :2], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(Q, expected[:2, 2:], rtol=1e-14, atol=1e-15 * dt)


def test_phi1_of_one_linear_equation(functions):
    P, Q = phi1(functions, [[-100, 0], [0, -1e-7]], 1e-4)
    np.testing.assert_allclose(np.diag(P), np.exp([-0.01, -1e-11]), rtol=2e-16)
    np.testing.assert_allclose(np.diag(Q), [-np.expm1(-0.01) / 100, -np.expm1(-1e-11) / 1e-7], rtol=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_gives_nan_and_an_end(functions, bad):
    assert np.isnan(expm(functions, [[bad, 1], [0, 1]])).all()
