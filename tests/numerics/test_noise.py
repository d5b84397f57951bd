"""Stochastic integration: moments, sense and order against theory; independence of the numbers drawn.

Seeds are fixed, so nothing here passes by chance twice; bounds are five standard errors of what is measured.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.devices import isolated_session

MANY = 10000


def within(found, wanted, error, factor=5):
    """Whether a measurement lies within so many standard errors."""
    assert np.all(np.abs(np.subtract(found, wanted)) < factor * np.asarray(error)), (found, wanted, error)


# -- additive noise -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ornstein_uhlenbeck():
    """Samples every 5 ms, dt = 0.5 ms, by method."""
    with isolated_session(11):
        tau, sigma, mu = 10 * ms, 2.0, 5.0
        defaultclock.dt = 0.5 * ms
        groups, monitors = {}, {}
        for method in ("euler", "heun", "milstein"):
            groups[method] = NeuronGroup(
                MANY, "dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : 1", method=method
            )
            groups[method].v = -3
            monitors[method] = StateMonitor(groups[method], "v", record=True, dt=5 * ms)
        Network(groups, monitors).run(100.5 * ms)
        return {method: np.asarray(monitor.v) for method, monitor in monitors.items()}


@pytest.mark.parametrize("method", ["euler", "heun", "milstein"])
def test_ornstein_uhlenbeck(ornstein_uhlenbeck, method):
    """Mean, variance and autocorrelation of the discrete process, known for each scheme."""
    v = ornstein_uhlenbeck[method]
    sigma, mu, h = 2.0, 5.0, 0.05
    decay = 1 - h + h**2 / 2 if method == "heun" else 1 - h
    kick = sigma * np.sqrt(2 * h) * ((1 - h / 2) if method == "heun" else 1)
    steps = 10 * np.arange(v.shape[1])
    spread = kick**2 * (1 - decay ** (2 * steps)) / (1 - decay**2)
    assert_array_equal(v[:, 0], -3)
    within(v.mean(0)[1:], (mu + (-3 - mu) * decay**steps)[1:], np.sqrt(spread[1:] / MANY))
    within(v.var(0)[1:], spread[1:], spread[1:] * np.sqrt(2 / MANY))
    late = v[:, -1] - v[:, -1].mean()
    lagged = [np.mean(late * (v[:, -1 - lag] - v[:, -1 - lag].mean())) for lag in (1, 2, 4)]
    within(lagged, spread[-1] * decay ** (10 * np.array([1, 2, 4])), spread[-1] / np.sqrt(MANY / 2))
    # and the continuous process it approaches
    assert_allclose(spread[-1], sigma**2, rtol=h)


def test_noise_is_white_and_normal():
    """Increments of xi: moments of the normal distribution; no correlation in time or between neurons."""
    with isolated_session(5):
        group = NeuronGroup(1000, "dv/dt = xi*ms**-0.5 : 1", method="euler")
        states = StateMonitor(group, "v", record=True)
        run(50.1 * ms)
        dv = np.diff(np.asarray(states.v), axis=1) / np.sqrt(0.1)
    n = dv.size
    assert dv.shape == (1000, 500)
    within(dv.mean(), 0, 1 / np.sqrt(n))
    within([np.mean(dv**k) for k in (2, 3, 4, 6)], [1, 0, 3, 15], np.sqrt(np.array([2, 15, 96, 10170]) / n))
    within(np.mean(np.abs(dv) > 3), 0.0026998, np.sqrt(0.0027 / n))
    assert np.abs(dv).max() < 6.5
    in_time = [np.mean(dv[:, lag:] * dv[:, :-lag]) for lag in range(1, 20)]
    between = [np.mean(dv[lag:] * dv[:-lag]) for lag in (*range(1, 20), 499, 500, 501)]
    within(in_time + between, 0, 1 / np.sqrt(n / 2))
    assert len(np.unique(dv)) > 0.999 * n


def test_small_groups_draw_the_same_way():
    """Below a certain size numbers are drawn where they are used; the numbers are as good."""
    with isolated_session(5):
        group = NeuronGroup(3, "dv/dt = xi*ms**-0.5 : 1", method="euler")
        states = StateMonitor(group, "v", record=True)
        run(2000 * ms)
        dv = np.diff(np.asarray(states.v), axis=1) / np.sqrt(0.1)
    n = dv.shape[1]
    within(dv.mean(1), 0, 1 / np.sqrt(n))
    within(dv.var(1), 1, np.sqrt(2 / n))
    cross = np.corrcoef([*dv[:, 1:], *dv[:, :-1]]) - np.eye(6)
    within(cross, 0, 1 / np.sqrt(n))


def test_the_same_xi_is_the_same_number():
    """One xi_0 drives both equations of a neuron; xi_1 and xi_2 are independent."""
    with isolated_session(3):
        group = NeuronGroup(
            500,
            """da/dt = xi_0*ms**-0.5 : 1
               db/dt = 2*xi_0*ms**-0.5 : 1
               dc/dt = xi_1*ms**-0.5 : 1
               dd/dt = xi_2*ms**-0.5 : 1
               df/dt = (xi_1 - xi_2 + 3*xi_2)*ms**-0.5 : 1""",
            method="euler",
        )
        other = NeuronGroup(500, "da/dt = xi*ms**-0.5 : 1", method="euler")
        net = Network(group, other)
        net.run(10 * ms)
        a, b, c, d, f = (np.asarray(group.state(name)) for name in "abcdf")
        second = np.asarray(other.a)
    assert_allclose(b, 2 * a, rtol=1e-13)
    assert_allclose(f, c + 2 * d, rtol=1e-11, atol=1e-12)
    correlated = np.corrcoef([a, c, d, second]) - np.eye(4)
    within(correlated, 0, 1 / np.sqrt(500))


def test_noise_that_depends_on_time():
    """``sin(t) xi``: variance is the integral of the square."""
    with isolated_session(8):
        equations = "dv/dt = sin(t/(2*ms))*xi*ms**-0.5 : 1"
        groups = [NeuronGroup(MANY, equations, method=method) for method in ("heun", "milstein")]
        Network(groups).run(10 * ms)
        variances = [np.asarray(group.v).var() for group in groups]
    wanted = 5 - np.sin(10) / 2  # integral of sin(t/2)**2 from 0 to 10
    within(variances, wanted, wanted * np.sqrt(2 / MANY))


def test_flagged_noise_stands_still_too():
    with isolated_session(2):
        group = NeuronGroup(
            20,
            """dv/dt = xi_0*ms**-0.5 : 1 (unless refractory)
               dw/dt = xi_0*ms**-0.5 : 1""",
            threshold="v > 100",
            reset="v = 0",
            refractory=2 * ms,
            method="euler",
        )
        group.v["i < 10"] = 200
        states = StateMonitor(group, ["v", "w"], record=True)
        run(4 * ms)
        v, w = np.asarray(states.v), np.asarray(states.w)
    assert_array_equal(v[:10, 1:21], 0)
    assert (np.diff(v[10:]) != 0).all()
    assert (np.diff(w) != 0).all()
    assert_allclose(np.diff(v[10:]), np.diff(w[10:]), atol=1e-12)  # one xi


# -- multiplicative noise: Stratonovich ------------------------------------------------------------------

MU, SIGMA = 0.3, 0.8  # of geometric Brownian motion over unit time


METHODS = ("heun", "milstein")


def ends(equations, steps, count, seed, methods=METHODS):
    """Final values after unit time of one group for each method.

    The first noise of a model draws the same numbers in every model at the same seed, and so does the second.
    """
    with isolated_session(seed):
        mu, sigma = MU / second, SIGMA
        defaultclock.dt = 1 / steps * second
        groups = [NeuronGroup(count, equations, method=method) for method in methods]
        for group in groups:
            group.x = 1
        Network(groups).run(1 * second)
        return [np.asarray(group.x) for group in groups]


GEOMETRIC = "dx/dt = mu*x + sigma*x*xi*second**-0.5 : 1"
MOTION = "dx/dt = xi*second**-0.5 : 1"


def test_strong_order_in_the_stratonovich_sense():
    """Path by path, x(1) tends to exp(mu + sigma W(1)) with order 1: no Itô correction of sigma**2/2."""
    steps = np.array([16, 32, 64, 128])
    errors, ito = {m: [] for m in METHODS}, {}
    for n in steps:
        paths = zip(METHODS, ends(GEOMETRIC, n, MANY, 21), ends(MOTION, n, MANY, 21), strict=True)
        for method, x, w in paths:
            errors[method].append(np.abs(x - np.exp(MU + SIGMA * (w - 1))).mean())
            ito[method] = np.abs(x - np.exp(MU - SIGMA**2 / 2 + SIGMA * (w - 1))).mean()
    for method, found in errors.items():
        order = -np.polyfit(np.log2(steps), np.log2(found), 1)[0]
        assert 0.85 < order < 1.25, (method, found)
        assert ito[method] > 10 * found[-1], method


def test_moments_in_the_stratonovich_sense():
    """E x(1) = exp(mu + sigma**2/2) and E log x(1) = mu; in the Itô sense exp(mu) and mu - sigma**2/2."""
    mean = np.exp(MU + SIGMA**2 / 2)
    deviation = mean * np.sqrt(np.exp(SIGMA**2) - 1)
    bias = 1 / 128
    assert abs(np.exp(MU) - mean) > 10 * deviation / np.sqrt(MANY)
    for x in ends(GEOMETRIC, 128, MANY, 4):
        assert abs(x.mean() - mean) < 5 * deviation / np.sqrt(MANY) + bias
        assert abs(np.log(x).mean() - MU) < 5 * SIGMA / np.sqrt(MANY) + bias
        within(np.log(x).std(), SIGMA, SIGMA / np.sqrt(2 * MANY) + bias / 5)


def test_noise_shared_by_a_multiplicative_system():
    """Heun with two variables and two noises: a rotation kept on its circle, as in the Stratonovich sense."""
    with isolated_session(6):
        defaultclock.dt = 0.5 * ms
        group = NeuronGroup(
            200,
            """dx/dt = -y*xi_0*second**-0.5 : 1
               dy/dt = x*xi_0*second**-0.5 : 1""",
            method="heun",
        )
        group.x = 1
        run(1 * second)
        radius = np.hypot(np.asarray(group.x), np.asarray(group.y))
    assert_allclose(radius, 1, atol=5e-3)  # the Itô sense would end at exp(1/2)


# -- which numbers are drawn ------------------------------------------------------------------------------


def increments(seed, size=40, durations=(2 * ms,), steps=(0.1 * ms,)):
    with isolated_session(seed):
        group = NeuronGroup(size, "dv/dt = xi*ms**-0.5 : 1", method="euler")
        states = StateMonitor(group, "v", record=True, when="end")
        for duration, dt in zip(durations, steps, strict=True):
            defaultclock.dt = dt
            run(duration)
        return np.diff(np.asarray(states.v), axis=1, prepend=0)


def test_runs_with_different_seeds_are_independent():
    runs = np.array([increments(seed).ravel() for seed in (0, 1, 2, 2**32, 2**32 + 1, 2**63, 2**64 - 1)])
    correlated = np.corrcoef(runs) - np.eye(len(runs))
    within(correlated, 0, 1 / np.sqrt(runs.shape[1]))
    assert len(np.unique(runs)) == runs.size


def test_a_split_run_draws_what_a_whole_one_does():
    whole = increments(9, durations=[4 * ms], steps=[0.1 * ms])
    split = increments(9, durations=[1 * ms, 3 * ms], steps=[0.1 * ms] * 2)
    assert_array_equal(whole, split)


@pytest.mark.parametrize("second_step", [0.05, 0.2, 0.4])
def test_numbers_are_not_drawn_again_after_a_change_of_dt(second_step):
    """Steps are numbered from 0 ms by dt, so a changed dt could come across the same numbers again."""
    dv = increments(9, durations=[4 * ms, 4 * ms], steps=[0.1 * ms, second_step * ms])
    normal = dv / np.sqrt(np.r_[np.full(40, 0.1), np.full(round(4 / second_step), second_step)])
    rounded = np.round(normal, 9)
    assert len(np.unique(rounded)) == rounded.size


def test_draws_in_strings():
    """rand() in the threshold, the reset and initial values: uniform, and independent of one another."""
    with isolated_session(14):
        group = NeuronGroup(
            4000,
            """start : 1
               other : 1
               last : 1
               count : integer""",
            threshold="rand() < 0.25",
            reset="last = rand(); count += 1",
        )
        group.start = "rand()"
        group.other = "randn()"
        run(2 * ms)
        start, other, last = (np.asarray(group.state(name)) for name in ("start", "other", "last"))
        count = np.asarray(group.count)
    for uniform in (start, last[count > 0]):
        n = len(uniform)
        within([uniform.mean(), uniform.var()], [1 / 2, 1 / 12], [np.sqrt(1 / 12 / n), np.sqrt(1 / 180 / n)])
        assert uniform.min() >= 0
        assert uniform.max() < 1
    within([other.mean(), other.var()], [0, 1], [1 / np.sqrt(4000), np.sqrt(2 / 4000)])
    within([count.mean(), count.var()], [5, 3.75], [np.sqrt(3.75 / 4000), 3.75 * np.sqrt(2.5 / 4000)])
    correlated = np.corrcoef([start, other, last, count]) - np.eye(4)
    within(correlated[:2], 0, 1 / np.sqrt(4000))
