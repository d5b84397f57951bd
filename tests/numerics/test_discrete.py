"""Poisson and binomial draws: their distributions, independence, and where they can stand."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats
from spikefarm import *
from spikefarm.devices import isolated_session

COUNT = 20_000
MEANS = np.array([0.02, 0.5, 4, 9.99, 10, 12, 45.5, 1e3, 1e6, 1e14])
TRIALS = [
    (1, 0.5),
    (10, 0.3),
    (10, 0.95),
    (1000, 0.001),
    (1000, 0.5),
    (100, 0.7),
    (10**6, 0.3),
    (10**15, 1e-3),
]


def drawn_from(values, distribution):
    """Refuse with a probability of one in ten thousand what does come from a distribution of integers."""
    spread = np.random.default_rng(0).random(values.size)
    ranks = distribution.cdf(values) - spread * distribution.pmf(values)
    assert stats.kstest(ranks, "uniform").pvalue > 1e-4
    for found, wanted, error in [
        (values.mean(), distribution.mean(), distribution.std()),
        (values.var(), distribution.var(), distribution.var() * np.sqrt(2.01 + distribution.stats("k"))),
    ]:
        assert abs(found - wanted) < 4.5 * error / np.sqrt(values.size)


def test_poisson():
    with isolated_session(11):
        group = NeuronGroup(COUNT * MEANS.size, "mean : 1\nx : 1\ny : 1")
        group.mean = np.repeat(MEANS, COUNT)
        group.x = "poisson(mean)"
        group.y = "poisson(mean)"
        run(0 * ms)
        x, y = (np.asarray(group.state(name)).reshape(MEANS.size, COUNT) for name in "xy")
    for mean, first, second_ in zip(MEANS, x, y, strict=True):
        drawn_from(first, stats.poisson(mean))
        assert abs(np.corrcoef(first, second_)[0, 1]) < 4.5 / np.sqrt(COUNT)
        assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 4.5 / np.sqrt(COUNT)


def test_poisson_of_no_positive_mean_is_zero():
    with isolated_session(0):
        group = NeuronGroup(3, "mean : 1\nx : integer")
        group.mean = [0, -1, -np.inf]
        group.x = "poisson(mean)"
        run(0 * ms)
        assert_array_equal(np.asarray(group.x), 0)


def test_binomial():
    with isolated_session(12):
        group = NeuronGroup(COUNT, "\n".join(f"x{k} : 1\ny{k} : 1" for k in range(len(TRIALS))))
        for k, (n, p) in enumerate(TRIALS):
            exact, near = BinomialFunction(n, p, approximate=False), BinomialFunction(n, p)
            group.state(f"x{k}")[:] = "exact()"
            group.state(f"y{k}")[:] = "near()"
        run(0 * ms)
        found = [
            (np.asarray(group.state(f"x{k}")), np.asarray(group.state(f"y{k}"))) for k in range(len(TRIALS))
        ]
    for (n, p), (x, y) in zip(TRIALS, found, strict=True):
        drawn_from(x, stats.binom(n, p))
        assert abs(np.corrcoef(x, y)[0, 1]) < 4.5 / np.sqrt(COUNT)
        if n * p > 5 and n * (1 - p) > 5:
            assert stats.kstest(y, stats.norm(n * p, np.sqrt(n * p * (1 - p))).cdf).pvalue > 1e-4
        else:
            drawn_from(y, stats.binom(n, p))


def test_where_they_can_stand():
    """Each place and step draws anew; the parameters may be constants of the script, which change between runs."""
    with isolated_session(5):
        rate, hits = 300 * Hz, BinomialFunction(12, 0.5, approximate=False)
        group = NeuronGroup(
            400,
            """dv/dt = n/ms : 1
               n = poisson(rate*10*ms) + hits() : integer (constant over dt)
               s = hits() : integer (constant over dt, shared)
               last : integer""",
            threshold="poisson(2.0) > 1",
            reset="last = hits() - poisson(1.5*i)",
            method="euler",
        )
        trace = StateMonitor(group, ["n", "s"], record=True)
        run(2 * ms)
        hits, rate = BinomialFunction(0, 0.5, approximate=False), 0 * Hz
        run(1 * ms)
        n, s = np.asarray(trace.n), np.asarray(trace.s)
        last = np.asarray(group.last)
    assert_array_equal(n[:, 20:], 0)
    assert_array_equal(s[:, 20:], 0)
    total = n[:, :20].ravel()
    assert abs(total.mean() - 9) < 4.5 * np.sqrt(6 / total.size)
    assert abs(total.var() - 6) < 0.3
    assert len(np.unique(s[0, :20])) > 3
    assert last[0] >= 0
    assert last[300:].mean() < -300


def test_a_run_is_repeated_by_its_seed():
    def run_with(seed):
        with isolated_session(seed):
            group = NeuronGroup(20, "x = poisson(1e4) : 1 (constant over dt)")
            trace = StateMonitor(group, "x", record=True)
            run(1 * ms)
            return np.asarray(trace.x)

    assert_array_equal(run_with(3), run_with(3))
    assert np.mean(run_with(3) == run_with(4)) < 0.1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1, 0.5), ValueError, r"n=-1 is negative"),
        ((-1, 1.5), ValueError, r"n=-1 is negative and p=1\.5 does not lie between 0 and 1"),
        ((3, float("nan")), ValueError, r"p=nan does not lie between"),
        ((2.5, 0.5), TypeError, r"n=2\.5 is no number of trials; give an integer"),
        ((3, "half"), TypeError, r"p='half' is no probability"),
    ],
)
def test_no_binomial_distribution(arguments, error, message):
    with pytest.raises(error, match=message):
        BinomialFunction(*arguments)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("B(3)", r"B\(\) takes no arguments, but 'B\(3\)' gives 1"),
        ("B", r"'B' is a function and needs parentheses: write B\(\)"),
        ("A()", r"'A\(\)' is not an integer"),
        ("poisson()", r"poisson\(\) takes 1 argument"),
        ("poisson(dt)", r"has units of second, but poisson\(\) takes units of 1"),
    ],
)
def test_misuse_in_strings(value, message):
    with isolated_session(0):
        A, B = BinomialFunction(3, 0.1), BinomialFunction(3, 0.1, approximate=False)
        group = NeuronGroup(1, "x : integer")
        with pytest.raises((SyntaxError, DimensionMismatchError), match=message):
            group.x = value


def test_in_python():
    np.random.seed(1)
    exact, near = BinomialFunction(10, 0.3, approximate=False), BinomialFunction(100, 0.3)
    assert 0 <= exact() <= 10
    assert near() != int(near())
    assert repr(pickle.loads(pickle.dumps(near))) == "BinomialFunction(n=100, p=0.3, approximate=True)"
