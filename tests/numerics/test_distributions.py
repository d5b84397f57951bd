"""Numbers drawn in a simulation: their distributions, and that nothing about one tells anything about another.

Seeds are fixed, so a test that passes always does; p-values above one in a thousand count as agreement.
"""

import numpy as np
import pytest
import spikefarm as b
from numerics.conftest import TARGETS, simulated_on
from scipy import stats

CELLS, STEPS = 60, 400
KINDS = ("uniform", "other", "normal", "few", "many", "hits", "rare")


def draw(target, seed):
    """Arrays of neurons by steps, of each kind."""
    with simulated_on(target, seed):
        group = b.NeuronGroup(
            CELLS,
            """uniform = rand() : 1 (constant over dt)
               other = rand() : 1 (constant over dt)
               normal = randn() : 1 (constant over dt)
               few = poisson(2.5) : integer (constant over dt)
               many = poisson(40) : integer (constant over dt)
               hits = trials() : 1 (constant over dt)
               rare = seldom() : 1 (constant over dt)""",
            namespace={
                "trials": b.BinomialFunction(12, 0.3, approximate=False),
                "seldom": b.BinomialFunction(1000, 0.002, approximate=False),
            },
        )
        trace = b.StateMonitor(group, KINDS, record=True, when="end")
        b.Network(group, trace).run(STEPS * 0.1 * b.ms)
        return {kind: np.asarray(getattr(trace, kind), dtype=float) for kind in KINDS}


@pytest.fixture(scope="module")
def drawn():
    return draw("cpp", 11)


@pytest.mark.parametrize(("kind", "cdf"), [("uniform", "uniform"), ("other", "uniform"), ("normal", "norm")])
def test_continuous_numbers(drawn, kind, cdf):
    """Kolmogorov and Smirnov, of all numbers, of a neuron's, of a step's."""
    for values in (drawn[kind].ravel(), drawn[kind][7], drawn[kind][:, 123]):
        assert stats.kstest(values, cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        ("few", stats.poisson(2.5)),
        ("many", stats.poisson(40)),
        ("hits", stats.binom(12, 0.3)),
        ("rare", stats.binom(1000, 0.002)),
    ],
)
def test_whole_numbers(drawn, kind, law):
    """Chi-square over the values that are expected more than ten times, the others being one at each end."""
    values = drawn[kind].ravel()
    assert np.array_equal(values, np.round(values))
    inner = [k for k in range(int(law.mean() * 4) + 20) if law.pmf(k) * values.size > 10]
    low, high = inner[0], inner[-1]
    counts = np.bincount(np.clip(values, low, high).astype(int), minlength=high + 1)[low:]
    expected = law.pmf(np.arange(low, high + 1)) * values.size
    expected[0], expected[-1] = law.cdf(low) * values.size, law.sf(high - 1) * values.size
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def unrelated(one, other):
    """Whether two arrays are uncorrelated, in value and in square."""
    n = np.size(one)
    for x, y in ((one, other), ((one - one.mean()) ** 2, (other - other.mean()) ** 2)):
        assert abs(np.corrcoef(x.ravel(), y.ravel())[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize("kind", KINDS)
def test_neurons_and_steps_are_independent(drawn, kind):
    values = drawn[kind]
    for lag in (1, 2, 7):
        unrelated(values[lag:], values[:-lag])  # neurons
        unrelated(values[:, lag:], values[:, :-lag])  # steps
    unrelated(values[1:, 1:], values[:-1, :-1])


@pytest.mark.parametrize(
    ("one", "other"), [("uniform", "other"), ("uniform", "normal"), ("few", "many"), ("hits", "rare")]
)
def test_places_of_a_model_are_independent(drawn, one, other):
    unrelated(drawn[one], drawn[other])
    unrelated(drawn[one][:, 1:], drawn[other][:, :-1])


@pytest.mark.parametrize("seed", [10, 12, 11 + 2**32])
def test_seeds_are_independent(drawn, seed):
    others = draw("cpp", seed)
    for kind in KINDS:
        assert not np.array_equal(drawn[kind], others[kind])
        unrelated(drawn[kind], others[kind])


def test_the_same_seed_draws_the_same_everywhere(drawn):
    for target in TARGETS:
        found = draw(target, 11)
        for kind in KINDS:
            exactly = kind != "normal" or target != "numpy"
            np.testing.assert_allclose(found[kind], drawn[kind], rtol=0, atol=0 if exactly else 1e-14)
