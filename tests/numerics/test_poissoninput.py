"""Input from Poisson processes in distribution, for few and for many spikes in a step."""

import numpy as np
import pytest
from scipy import stats
from spikefarm import *
from spikefarm.devices import isolated_session


@pytest.mark.parametrize(
    ("count", "rate"), [(1, 300.0), (5, 4000.0), (1000, 2.0), (1000, 500.0), (100000, 50.0), (20, 9000.0)]
)
def test_binomial_in_each_step(count, rate):
    """5000 neurons for 4 steps of 0.1 ms: chi-squared against the binomial distribution, and independence."""
    with isolated_session(count):
        group = NeuronGroup(5000, "x : 1")
        drive = PoissonInput(group, "x", count, rate * Hz, 1)
        states = StateMonitor(group, "x", record=True, when="end")
        run(0.4 * ms)
        sums = np.asarray(states.x)
    drawn = np.diff(np.concatenate((np.zeros((5000, 1)), sums), axis=1), axis=1)
    wanted = stats.binom(count, rate * 1e-4)
    edges = np.unique(wanted.ppf([0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98])).tolist()
    edges = [-1.0, *[e for e in edges if 0 <= e < count], float(count)]
    expected = np.diff(wanted.cdf(edges)) * drawn.size
    observed = np.histogram(drawn, bins=np.array(edges) + 0.5)[0]
    assert observed.sum() == drawn.size
    kept = expected > 5
    assert (
        stats.chisquare(observed[kept], expected[kept] * observed[kept].sum() / expected[kept].sum()).pvalue
        > 1e-4
    )
    bound = 4.5 / np.sqrt(5000)
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < bound
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < bound
    assert drive.group is group


def test_other_values_by_run_arguments():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    group = NeuronGroup(3, "x : 1\ngain : 1", name="cells")
    group.gain = [1, 2, 3]
    drive = PoissonInput(group, "x", 4, 10 * kHz, 0.5, name="drive")
    other = PoissonInput(group, "x", 1, 10 * kHz, "gain", name="other")
    run(1 * ms)
    device.build()
    assert group.x[:].tolist() == [30, 40, 50]
    device.run(run_args={"drive.N": 2, "drive.weight": 1, "other.rate": 0 * Hz})
    assert group.x[:].tolist() == [20, 20, 20]
    assert (drive.when, other.when) == ("synapses", "synapses")
