"""Poisson processes in distribution."""

import numpy as np
import pytest
from scipy import stats
from spikefarm import *
from spikefarm.devices import RunArgumentError, isolated_session


def counts_and_times(seed, rates, duration, n=500, **options):
    with isolated_session(seed):
        group = PoissonGroup(n, rates, **options)
        spikes = SpikeMonitor(group)
        run(duration)
        return spikes.count.copy(), np.asarray(spikes.i), np.asarray(spikes.t)


def test_counts_are_binomial_and_intervals_geometric():
    """In each step of 0.1 ms a spike with probability rates*dt = 0.03, independently."""
    counts, i, t = counts_and_times(3, 300 * Hz, 200 * ms)
    steps = np.round(t * 1e4).astype(int)
    assert abs(counts.mean() - 60) < 4 * np.sqrt(60 * 0.97 / 500)
    assert (
        stats.kstest(counts + np.random.default_rng(1).random(500) - 0.5, lambda x: smooth_cdf(x)).pvalue
        > 1e-3
    )
    intervals = np.concatenate([np.diff(steps[i == k]) for k in range(500)])
    observed = np.bincount(intervals, minlength=40)[1:40]
    expected = len(intervals) * stats.geom(0.03).pmf(np.arange(1, 40))
    # intervals are cut off by the end of the run, which makes long ones a little rarer
    assert np.abs(observed - expected).max() < 5 * np.sqrt(expected.max()) + 0.02 * expected.max()
    assert len(set(zip(i.tolist(), steps.tolist(), strict=True))) == len(i)


def smooth_cdf(x):
    """Of a binomial count plus a uniform number from -1/2 to 1/2."""
    binomial = stats.binom(2000, 0.03)
    whole = np.floor(x + 0.5)
    return binomial.cdf(whole - 1) + (x + 0.5 - whole) * binomial.pmf(whole)


def test_rates_of_each_neuron_and_of_time():
    stimulus = TimedArray([100, 0, 400] * Hz, dt=50 * ms)
    _, i, t = counts_and_times(
        5, "stimulus(t)*(1 + int(i >= 250))", 150 * ms, namespace={"stimulus": stimulus}
    )
    part = (t + 1e-9) // 0.05
    found = [[np.sum((part == k) & ((i >= 250) == late)) for k in range(3)] for late in (False, True)]
    wanted = np.array([[1250, 0, 5000], [2500, 0, 10000]])
    assert np.all(np.abs(np.array(found) - wanted) <= 4 * np.sqrt(wanted))


def test_same_seed_same_spikes():
    first, second, other = (counts_and_times(seed, 100 * Hz, 20 * ms, n=50)[2] for seed in (1, 1, 2))
    assert first.tolist() == second.tolist() != other.tolist()


def test_rates_by_run_argument():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    group = PoissonGroup(4, [0, 10, 1e9, 0] * Hz, dt=1 * ms, name="noise")
    spikes = SpikeMonitor(group)
    run(10 * ms)
    group.rates[0] = 1e9 * Hz
    run(10 * ms)
    device.build()
    assert [spikes.count[k] for k in (0, 2, 3)] == [10, 20, 0]
    device.run(run_args={group.rates: 0 * Hz})
    assert [spikes.count[k] for k in (0, 2, 3)] == [10, 0, 0]
    with pytest.raises(RunArgumentError, match=r"'noise.rates' cannot be negative, but -1. \* hertz is"):
        device.run(run_args={"noise.rates": -1 * Hz})
