"""run_regularly with random numbers; the rest is tested against Brian 2."""

import numpy as np
from spikefarm import *
from spikefarm.devices import isolated_session


def draws(seed, n=1000):
    with isolated_session(seed):
        group = NeuronGroup(n, "x : 1\ny : 1\nsame : 1 (shared)")
        group.run_regularly("x = rand(); y = 2*randn() + 1", dt=1 * ms)
        group.run_regularly("same = rand()", dt=1 * ms)
        states = StateMonitor(group, ["x", "y", "same"], record=True, dt=1 * ms)
        run(20 * ms)
        return np.asarray(states.x), np.asarray(states.y), np.asarray(states.same)


def test_random_numbers():
    """A number of its own for each neuron and execution, from the right distribution."""
    x, y, same = draws(4)
    x, y = x[:, 1:], y[:, 1:]  # the monitor comes first in the first step: both have order 0 at the start
    assert len(np.unique(x)) == x.size
    assert abs(x.mean() - 0.5) < 4 / np.sqrt(12 * x.size)
    assert abs(y.mean() - 1) < 4 * 2 / np.sqrt(y.size)
    assert abs(y.std() - 2) < 4 * 2 / np.sqrt(2 * y.size)
    assert abs(np.corrcoef(x.ravel(), y.ravel())[0, 1]) < 4 / np.sqrt(x.size)
    assert abs(np.corrcoef(x[:, 1:].ravel(), x[:, :-1].ravel())[0, 1]) < 4 / np.sqrt(x.size)
    assert (same == same[0]).all()
    assert len(np.unique(same[0])) > 18
    assert (draws(4)[0][:, 1:] == x).all()
    assert not (draws(5)[0][:, 1:] == x).any()
