"""Order of convergence of every method, from errors at halved time steps against closed forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from spikefarm import *
from spikefarm.devices import isolated_session

ORDERS = {"euler": 1, "exponential_euler": 1, "rk2": 2, "heun": 2, "rk4": 4, "milstein": 1}

# y follows the logistic equation y' = y (1 - y); each equation is linear in its own variable, as
# exponential Euler asks for
NONLINEAR = """
dx/dt = -x*y/T : 1
dy/dt = x*y/T : 1
"""
# v = exp(-sin(t/T) - t**2/T**2): the slope depends on time, through a subexpression of a subexpression
TIMED = """
phase = t/T : 1
slope = (cos(phase) + 2*phase)/T : Hz
dv/dt = -v*slope : 1
"""
# two coupled variables and time: p = cos(t/T)**2 + 1, q = sin(t/T)
DRIVEN = """
dp/dt = -2*q*cos(t/T)/T : 1
dq/dt = (p - 1)/cos(t/T)/T : 1
"""
STEPS = np.array([16, 32, 64, 128])


def final_values(steps):
    """Variables of every method at the end of one T, with so many steps."""
    with isolated_session(0):
        T = 16 * ms
        defaultclock.dt = T / steps
        groups = {}
        for method in ORDERS:
            groups["nonlinear", method] = NeuronGroup(1, NONLINEAR, method=method, name=f"nonlinear_{method}")
            groups["nonlinear", method].x = 0.9
            groups["nonlinear", method].y = 0.1
            groups["timed", method] = NeuronGroup(1, TIMED, method=method, name=f"timed_{method}")
            groups["timed", method].v = 1
            groups["driven", method] = NeuronGroup(1, DRIVEN, method=method, name=f"driven_{method}")
            groups["driven", method].p = 2
        Network(groups.values()).run(T)
        first = {"nonlinear": "y", "timed": "v", "driven": "q"}
        return {key: float(group.state(first[key[0]])[0]) for key, group in groups.items()}


@pytest.fixture(scope="module")
def errors():
    exact = {"nonlinear": 1 / (1 + 9 * np.exp(-1)), "timed": np.exp(-np.sin(1) - 1), "driven": np.sin(1)}
    runs = [final_values(int(steps)) for steps in STEPS]
    return {key: np.array([abs(run[key] - exact[key[0]]) for run in runs]) for key in runs[0]}


@pytest.mark.parametrize("method", ORDERS)
@pytest.mark.parametrize("problem", ["nonlinear", "timed", "driven"])
def test_order(errors, problem, method):
    found = errors[problem, method]
    orders = np.log2(found[:-1] / found[1:])
    assert_allclose(orders[-1], ORDERS[method], atol=0.2, err_msg=f"errors {found}")
    assert (np.diff(found) < 0).all()


def test_methods_of_one_order_are_not_one_method(errors):
    """Each method is itself: heun, say, is no other name for rk2."""
    for problem in ("nonlinear", "timed"):
        first = [errors[problem, method][0] for method in ("rk2", "heun", "euler", "exponential_euler")]
        assert len(set(first)) == len(first)


def test_two_steps_against_classical_formulas():
    """Time enters at each stage where the formula says."""
    with isolated_session(0):
        h = 0.25
        defaultclock.dt = h * second
        after = {}
        for method in ORDERS:
            group = NeuronGroup(1, "dv/dt = (-v*(2 + t/second))/second : 1", method=method)
            group.v = 1.5
            after[method] = group
        Network(after.values()).run(2 * h * second)
        found = {method: float(group.v[0]) for method, group in after.items()}

    def f(t, v):
        return -v * (2 + t)

    def rk2(t, v):
        return v + h * f(t + h / 2, v + h / 2 * f(t, v))

    def heun(t, v):
        return v + h / 2 * (f(t, v) + f(t + h, v + h * f(t, v)))

    def rk4(t, v):
        k1 = f(t, v)
        k2 = f(t + h / 2, v + h / 2 * k1)
        k3 = f(t + h / 2, v + h / 2 * k2)
        k4 = f(t + h, v + h * k3)
        return v + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def euler(t, v):
        return v + h * f(t, v)

    def exponential_euler(t, v):
        return v * np.exp(-(2 + t) * h)

    formulas = {
        "euler": euler,
        "milstein": euler,
        "rk2": rk2,
        "heun": heun,
        "rk4": rk4,
        "exponential_euler": exponential_euler,
    }
    for method, step in formulas.items():
        assert_allclose(found[method], step(h, step(0, 1.5)), rtol=1e-13, err_msg=method)
