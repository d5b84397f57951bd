"""Integrators described in text: order of convergence, noise, and what a description may say."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session
from spikefarm.devices import isolated_session

HEUN3 = """k1 = dt*f(x, t)
           k2 = dt*f(x + k1/3, t + dt/3)
           k3 = dt*f(x + 2*k2/3, t + 2*dt/3)
           x_new = x + (k1 + 3*k3)/4"""
RK4 = """k1 = dt*f(x, t)
         k2 = dt*f(x + k1/2, t + dt/2)
         k3 = dt*f(x + k2/2, t + dt/2)
         k4 = dt*f(x + k3, t + dt)
         x_new = x + (k1 + 2*k2 + 2*k3 + k4)/6"""
MIDPOINT = "x_new = x + dt*f(x + dt*f(x, t)/2, t + dt/2)"
# p = cos(t/T)**2 + 1, q = sin(t/T)
DRIVEN = """dp/dt = -2*q*cos(t/T)/T : 1
            dq/dt = (p - 1)/cos(t/T)/T : 1"""


def final(steps, methods):
    with isolated_session(0):
        T = 16 * ms
        defaultclock.dt = T / steps
        groups = [NeuronGroup(1, DRIVEN, method=method) for method in methods]
        for group in groups:
            group.p = 2
        Network(groups).run(T)
        return np.array([float(group.q[0]) for group in groups])


def test_order():
    methods = [ExplicitStateUpdater(s) for s in ("x_new = x + dt*f(x, t)", MIDPOINT, HEUN3, RK4)]
    errors = [np.abs(final(steps, methods) - np.sin(1)) for steps in (64, 128)]
    assert_allclose(np.log2(errors[0] / errors[1]), [1, 2, 3, 4], atol=0.2)


def test_a_described_method_is_the_built_in_one():
    found = final(16, [ExplicitStateUpdater(RK4), "rk4", ExplicitStateUpdater(MIDPOINT), "rk2"])
    assert_allclose(found[0], found[1], rtol=1e-13)
    assert_allclose(found[2], found[3], rtol=1e-13)


def noisy(equations, method, steps=200):
    with isolated_session(3):
        defaultclock.dt = 0.05 * ms
        group = NeuronGroup(
            50, equations, method=method, name="cells", threshold="t == 2*ms", refractory=1 * ms
        )
        group.v = 1
        group.w = 0.5
        run(steps * 0.05 * ms)
        return np.asarray(group.v), np.asarray(group.w)


def test_noise():
    """The same numbers are drawn as in a built-in method, each variable with its own noise."""
    maruyama = ExplicitStateUpdater("x_new = x + dt*f(x, t) + g(x, t)*dW", stochastic="additive")
    additive = """dv/dt = (w - v)/(5*ms) + 0.3*xi_v*ms**-0.5 : 1 (unless refractory)
                  dw/dt = -w/(20*ms) + 0.1*xi_w*ms**-0.5 : 1"""
    for found, wanted in zip(noisy(additive, maruyama), noisy(additive, "euler"), strict=True):
        assert_allclose(found, wanted, rtol=1e-12)
    milstein = ExplicitStateUpdater(
        """support = x + g(x, t)*dt**0.5
           x_new = x + dt*f(x, t) + g(x, t)*dW + (g(support, t) - g(x, t))*dW**2/(2*dt**0.5)""",
        stochastic="multiplicative",
    )
    factors = """dv/dt = -v/(5*ms) + 0.3*v*xi_v*ms**-0.5 : 1 (unless refractory)
                 dw/dt = (v - w)/(20*ms) + 0.2*sin(w)*xi_w*ms**-0.5 : 1"""
    for found, wanted in zip(noisy(factors, milstein), noisy(factors, "milstein"), strict=True):
        assert_allclose(found, wanted, rtol=1e-10)


def test_registered_and_part_of_the_model():
    updater = ExplicitStateUpdater(MIDPOINT)
    StateUpdateMethod.register("my_midpoint", updater)
    StateUpdateMethod.register("my_midpoint", ExplicitStateUpdater(MIDPOINT))
    with use_session(Session()) as session:
        group = NeuronGroup(1, "dv/dt = -v/ms : 1", method="my_midpoint")
        run(0 * ms)
        assert group
        model = freeze(session).model
    text = "explicit deterministic: x_new = x + dt * f(x + dt * f(x, t) / 2, t + dt / 2)"
    assert f"clock=defaultclock order=0 {text}\n" in model.dump()
    assert pickle.loads(pickle.dumps(updater)) == updater
    for name in ("euler", "auto", "my_midpoint"):
        with pytest.raises(ValueError, match=f"register\\('{name}'\\): the name is taken"):
            StateUpdateMethod.register(name, ExplicitStateUpdater(RK4))
    with pytest.raises(TypeError, match="must be an ExplicitStateUpdater"):
        StateUpdateMethod.register("other", "x_new = x")


@pytest.mark.parametrize(
    ("description", "stochastic", "message"),
    [
        ("k = dt*f(x, t)", None, "the last line has to be 'x_new = …'"),
        ("x_new = x + f(x, t)", None, "Cannot calculate"),
        ("x_new = x + dt*f(t, x)", None, "'t' in 'f\\(t, x\\)' does not fit: the state has the units of x"),
        ("x_new = x + dt*f(x, 2)", None, "'2' in 'f\\(x, 2\\)' does not fit: the time is in second"),
        ("x_new = x + dt*f(x)", None, "'f\\(x\\)' has to be f\\(state, time\\)"),
        ("x_new = x + y*f(x, t)", None, "'y' is not known here; there are x, t, dt"),
        ("x_new = x + dt*h(x, t)", None, "h\\(\\) is not known here; there are f"),
        ("x_new = x + dW*g(x, t)", None, "'dW' is not known here"),
        ("x = x + dt*f(x, t)\nx_new = x", None, "'x' has a meaning of its own or is set twice"),
        ("x_new = dt", None, "the result does not have the units of x"),
        ("x_new = x + +", None, "is not a valid expression"),
    ],
)
def test_descriptions_that_make_no_sense(description, stochastic, message):
    with pytest.raises(SyntaxError, match=message):
        ExplicitStateUpdater(description, stochastic)


def test_equations_that_a_description_is_not_for():
    additive = ExplicitStateUpdater("x_new = x + dt*f(x, t) + g(x, t)*dW", stochastic="additive")
    for method, equations, message in [
        (ExplicitStateUpdater(RK4), "dv/dt = xi*ms**-0.5 : 1", r"it has no term for noise \(xi\)"),
        (additive, "dv/dt = v*xi*ms**-0.5 : 1", "it is for additive noise"),
        (additive, "dv/dt = xi_a*ms**-0.5 + xi_b*ms**-0.5 : 1", "more than one noise term"),
    ]:
        with isolated_session(0):
            group = NeuronGroup(1, equations, method=method, name="cells")
            run(1 * ms)
            with pytest.raises(ValueError, match=f"cells: method='explicit .* cannot integrate .*{message}"):
                group.v[:]

    def refuses(equations, variables):
        return len(equations) < 2

    picky = ExplicitStateUpdater(RK4, custom_check=refuses)
    with use_session(Session()):
        assert NeuronGroup(1, "dv/dt = -v/ms : 1", method=picky)
        with pytest.raises(ValueError, match=r"ExplicitStateUpdater.* refuses these equations"):
            NeuronGroup(1, "dv/dt = -v/ms : 1\nw : 1", method=picky)
        with pytest.raises(
            ValueError, match=r"method=3 is not the name of an integrator.*choose one of exact"
        ):
            NeuronGroup(1, "dv/dt = -v/ms : 1", method=3)
    with pytest.raises(ValueError, match="stochastic='some'; give 'additive' or 'multiplicative' or nothing"):
        ExplicitStateUpdater("x_new = x", stochastic="some")
