"""The choice of integrators, random numbers in equations, endless refractoriness, on every device."""

import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.expr import ExpressionError
from spikefarm.core.integrators import UnsupportedEquationsError
from spikefarm.core.session import Session, use_session

DEVICES = [
    {"device": "runtime", "target": "cpp"},
    {"device": "runtime", "target": "numpy"},
    {"device": "cpp_standalone", "directory": None},
]


@pytest.fixture(params=DEVICES, ids=["cpp", "numpy", "standalone"])
def device(request):
    with use_session(Session()):
        set_device(**request.param)
        yield request.param["device"]


midpoint = ExplicitStateUpdater("x_new = x + dt*f(x + dt*f(x, t)/2, t + dt/2)")


def after_one_step(equation, method, **options):
    with use_session(Session()):
        set_device("runtime", target="numpy")
        cells = NeuronGroup(1, equation, method=method, **options)
        cells.v = 1
        run(0.1 * ms)
        return cells.v[0]


def by_kind(equations):
    return "exact" if len(equations) == 1 else midpoint


@pytest.mark.parametrize(
    ("equation", "method", "value"),
    [
        ("dv/dt = -v/ms : 1", ("exact", "euler"), np.exp(-0.1)),
        ("dv/dt = -v**2/ms : 1", ("exact", "euler"), 0.9),
        ("dv/dt = -v**2/ms : 1", ["exact", "exponential_euler", midpoint, "euler"], 1 - 0.1 * 0.95**2),
        ("dv/dt = -v**2/ms : 1", "RK2", 1 - 0.1 * 0.95**2),
        ("dv/dt = -v/ms : 1", "Exponential_Euler", np.exp(-0.1)),
        ("dv/dt = -v/ms : 1", by_kind, np.exp(-0.1)),
        ("dv/dt = -v**2/ms : 1\nw : 1", by_kind, 1 - 0.1 * 0.95**2),
        ("dv/dt = -v**2/ms : 1", euler, 0.9),
    ],
)
def test_methods(equation, method, value):
    assert_allclose(after_one_step(equation, method, method_options={"simplify": False}), value, rtol=1e-12)


def test_what_was_chosen_is_told(caplog):
    with caplog.at_level(logging.INFO, "spikefarm"):
        after_one_step("dv/dt = -v**3/ms : 1", ("exact", "rk4"))
    assert any("Several integration methods were given" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        ("rk5", ValueError, r"method='rk5' is not an integrator; choose one of exact, linear"),
        (("euler", "rk5"), ValueError, r"method='rk5' is not an integrator"),
        ((), ValueError, r"names no integrator; leave it out"),
        (3, ValueError, r"method=3 is not the name of an integrator, nor an ExplicitStateUpdater"),
        (lambda equations: "x_new = x", ValueError, r"method='x_new = x' is not an integrator"),
        (lambda equations: 5, TypeError, r"returned 5; a function returns the name of an integrator"),
    ],
)
def test_methods_that_cannot_be(method, error, message):
    with pytest.raises(error, match=message):
        after_one_step("dv/dt = -v**2/ms : 1", method)


def test_a_list_of_which_none_fits():
    with pytest.raises(
        UnsupportedEquationsError, match=r"none of the integrators given fits .* exact: .*; rk4:"
    ):
        after_one_step("dv/dt = -v*xi*ms**-0.5 : 1", ("exact", "rk4"))


def test_other_arguments_that_cannot_be():
    with pytest.raises(TypeError, match=r"method_options: 'absolute_error' is no option of an integrator"):
        NeuronGroup(1, "dv/dt = -v/ms : 1", method_options={"absolute_error": 1e-6})
    with pytest.raises(
        ValueError, match=r"dtype=<class 'numpy.float16'> is not supported; give float32 or float64"
    ):
        NeuronGroup(1, "dv/dt = -v/ms : 1", dtype=np.float16)
    with pytest.raises(ValueError, match=r"'a__b' cannot be the name of an object: use single underscores"):
        NeuronGroup(1, "v : 1", name="a__b")
    group = NeuronGroup(1, "dv/dt = xi*ms**-0.5 : 1\ndu/dt = -u/ms + 2*xi*ms**-0.5 : 1")
    with pytest.raises(
        ExpressionError, match=r"'xi' stands in the equations of 'v', 'u'; call it xi_1 in all of them"
    ):
        Network(group).run(1 * ms)


def test_an_endless_refractory_period_begins_with_the_first_spike(device):
    cells = NeuronGroup(2, "v = t/ms + i : 1", threshold="v > 0.5", refractory=inf * second, name="cells")
    spikes = SpikeMonitor(cells)
    network = Network(cells, spikes)
    network.run(2 * ms)
    assert_array_equal(spikes.count, [1, 1])
    assert_allclose(spikes.t / ms, [0, 0.6])


def test_powers_of_integers(device):
    n = 3
    cells = NeuronGroup(2, "z = 2**(n - 1) + i**2 : integer\nk : integer\nw = 2**(-n) : 1")
    cells.k = "3**n"
    trace = StateMonitor(cells, ["z", "k", "w"], record=True)
    run(0.1 * ms)
    assert_array_equal(trace.z[:, 0], [4, 5])
    assert_array_equal(trace.k[:, 0], [27, 27])
    assert_allclose(trace.w[:, 0], 0.125)


@pytest.mark.parametrize(
    ("method", "variance"), [("euler", 1.0), ("rk4", 10 / 36), ("heun", 0.5), ("exponential_euler", 1.0)]
)
def test_random_numbers_in_equations_are_drawn_at_each_evaluation(method, variance):
    """Each stage of a method draws its own, as in Brian 2; so variances are sums over the squares of its weights."""
    found = []
    for options in DEVICES:
        with use_session(Session()):
            set_device(**options)
            seed(3)
            cells = NeuronGroup(4000, "dv/dt = (rand() + 0*v)/ms + poisson(2)*0/ms : 1", method=method)
            run(1 * ms)
            found.append(cells.v[:])
    assert_allclose(found[1], found[0], rtol=1e-9)
    assert_allclose(found[2], found[0], rtol=1e-12)
    steps = 0.1 * 10
    assert abs(found[0].mean() - 0.5 * steps) < 5 * np.sqrt(variance / 12 * 0.1 / 4000)
    assert_allclose(found[0].var(), variance / 12 * 0.01 * 10, rtol=0.12)  # five standard errors


def test_exact_does_not_take_random_numbers():
    cells = NeuronGroup(1, "dv/dt = (rand() - v)/ms : 1", method="exact", name="cells")
    set_device("runtime", target="numpy")
    with pytest.raises(
        UnsupportedEquationsError, match=r"the equation of 'v' draws random numbers, which are not"
    ):
        Network(cells).run(1 * ms)
