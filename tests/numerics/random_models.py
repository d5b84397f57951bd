"""Models that draw random numbers, each with what closed form says of them.

A model returns arrays by name and is simulated on every device and target, which have to agree to the bit (the numpy
target to rounding); its check is a function of the same arrays. Tolerances are some five standard errors, with seeds
that stay the same, so a failure is never bad luck.
"""

import numpy as np
import spikefarm as b
from numpy.testing import assert_allclose

MODELS = {}


def model(check):
    """Register a model together with its check."""

    def decorate(function):
        MODELS[function.__name__] = function, check
        return function

    return decorate


def simulate(duration, *objects, **names):
    b.Network(*objects).run(duration, namespace=names)


def mean_and_variance(values, mean, variance, n=None):
    """Whether normal values have these moments."""
    n = np.size(values) if n is None else n
    assert abs(np.mean(values) - mean) < 5 * np.sqrt(variance / n)
    assert abs(np.var(values) - variance) < 5 * variance * np.sqrt(2 / n)


def poissonian(counts, mean):
    """Whether counts have the mean and the variance of a Poisson distribution."""
    assert abs(np.mean(counts) - mean) < 5 * np.sqrt(mean / np.size(counts))
    assert abs(np.var(counts) / np.mean(counts) - 1) < 5 * np.sqrt((2 + 1 / mean) / np.size(counts))


@model(lambda x: mean_and_variance(x["v"], 0.5, 0.09))
def ornstein_uhlenbeck():
    cells = b.NeuronGroup(
        4000, "dv/dt = (0.5 - v)/(2*ms) + 0.3*sqrt(2/(2*ms))*xi : 1", method="euler", dt=0.02 * b.ms
    )
    cells.v = "0.5 + 0.3*randn()"
    simulate(2 * b.ms, cells)
    return {"v": cells.v[:]}


def _two_noises(x):
    assert_allclose(np.corrcoef(x["u"] - x["w"], x["w"])[0, 1], 0, atol=0.08)
    mean_and_variance(x["u"] - x["w"], 0, 4e-3)
    mean_and_variance(x["w"], 0, 1e-3)


@model(_two_noises)
def two_noises():
    """One noise is shared by two equations of a neuron, the other its own."""
    cells = b.NeuronGroup(
        4000,
        "du/dt = xi_a*second**-0.5 + 2*xi_b*second**-0.5 : 1\ndw/dt = xi_a*second**-0.5 : 1",
        method="euler",
    )
    simulate(1 * b.ms, cells)
    return {"u": cells.u[:], "w": cells.w[:]}


@model(lambda x: mean_and_variance(np.log(x["x"]), 0, 0.25 * 4e-3))
def multiplicative_noise_by_heun():
    """In the sense of Stratonovich, log(x) diffuses freely."""
    cells = b.NeuronGroup(4000, "dx/dt = 0.5*x*xi*second**-0.5 : 1", method="heun")
    cells.x = 1
    simulate(4 * b.ms, cells)
    return {"x": cells.x[:]}


@model(lambda x: mean_and_variance(np.log(x["x"]), 0, 0.25 * 4e-3))
def multiplicative_noise_by_milstein():
    cells = b.NeuronGroup(4000, "dx/dt = 0.5*x*xi*second**-0.5 : 1", method="milstein")
    cells.x = 1
    simulate(4 * b.ms, cells)
    return {"x": cells.x[:]}


def _initial(x):
    assert 0 <= x["u"].min() < 0.01
    assert 0.99 < x["u"].max() < 1
    mean_and_variance(x["n"], 0, 1)
    assert abs(np.mean(x["u"]) - 0.5) < 5 / np.sqrt(12 * 3000)
    assert np.all(x["part"][:1000] == 0)
    assert np.all(x["part"][1000:] != 0)
    assert abs(np.corrcoef(x["u"], x["n"])[0, 1]) < 0.1
    assert np.all(x["kept"] == x["u"])


@model(_initial)
def random_initial_values():
    cells = b.NeuronGroup(3000, "u : 1\nn : 1\npart : 1\nkept : 1")
    cells.u = "rand()"
    cells.n = "randn()"
    cells[1000:].part = "randn()"
    cells.kept = "u"
    simulate(0.1 * b.ms, cells)
    return {name: getattr(cells, name)[:] for name in ("u", "n", "part", "kept")}


@model(lambda x: [poissonian(x["count"], 20), mean_and_variance(x["v"][x["count"] > 0], 0, 0.25)])
def random_threshold_and_reset():
    """A spike with probability 0.002 in each step; each sets v anew."""
    cells = b.NeuronGroup(2000, "v : 1", threshold="rand() < 0.002", reset="v = 0.5*randn()")
    spikes = b.SpikeMonitor(cells, record=False)
    simulate(1000 * b.ms, cells, spikes)
    return {"count": spikes.count, "v": cells.v[:]}


@model(lambda x: [poissonian(x["n"], 3), poissonian(x["big"], 50), mean_and_variance(x["sum"], 30, 30)])
def poisson_numbers():
    cells = b.NeuronGroup(3000, "n : integer\nbig : integer\nsum : 1")
    cells.n, cells.big = "poisson(3)", "poisson(50)"
    cells.run_regularly("sum += poisson(1.5)", dt=0.5 * b.ms)
    simulate(10 * b.ms, cells)
    return {name: getattr(cells, name)[:] for name in ("n", "big", "sum")}


def _binomials(x):
    mean_and_variance(x["exact"], 6, 6 * 0.7)
    mean_and_variance(x["near"], 120, 120 * 0.6)
    assert np.all(x["exact"] == np.round(x["exact"]))
    assert x["exact"].min() >= 0
    assert x["exact"].max() <= 20


@model(_binomials)
def binomial_numbers():
    few, many = b.BinomialFunction(20, 0.3, approximate=False), b.BinomialFunction(300, 0.4)
    cells = b.NeuronGroup(3000, "exact : 1\nnear : 1", namespace={"few": few, "many": many})
    cells.run_regularly("exact = few(); near = many()")
    simulate(0.1 * b.ms, cells)
    return {"exact": cells.exact[:], "near": cells.near[:]}


@model(
    lambda x: [
        poissonian(x["constant"], 8),
        mean_and_variance(x["each"] / np.sqrt(np.arange(1, 801) / 40), 0, 1),
    ]
)
def poisson_groups():
    """One rate, and one for each neuron: counts around their means in units of the standard deviation."""
    one, many = b.PoissonGroup(800, rates=40 * b.Hz), b.PoissonGroup(800, rates=np.arange(1, 801) / 8 * b.Hz)
    spikes = [b.SpikeMonitor(group, record=False) for group in (one, many)]
    simulate(200 * b.ms, one, many, spikes)
    return {"constant": spikes[0].count, "each": spikes[1].count - np.arange(1, 801) / 40}


def _changing(x):
    late = x["t"] > 0.1
    poissonian(np.bincount(x["i"][~late], minlength=1000), 2)
    poissonian(np.bincount(x["i"][late], minlength=1000), 6)
    poissonian(x["formula"][::2], 10)
    assert not x["formula"][1::2].any()


@model(_changing)
def changing_rates():
    course = b.TimedArray([20, 60] * b.Hz, dt=100 * b.ms)
    timed = b.PoissonGroup(1000, rates="course(t)", namespace={"course": course})
    formula = b.PoissonGroup(1000, rates="50*Hz*int(i % 2 == 0)")
    spikes, counts = b.SpikeMonitor(timed), b.SpikeMonitor(formula, record=False)
    simulate(200 * b.ms, timed, formula, spikes, counts)
    return {"i": spikes.i, "t": spikes.t, "formula": counts.count}


@model(lambda x: [mean_and_variance(x["v"] / 0.1, 100, 99), mean_and_variance(x["w"][400:] / 0.2, 40, 39.6)])
def poisson_inputs():
    """100 processes of 10 Hz in 100 ms; and 40 of them for a part of the group."""
    cells = b.NeuronGroup(800, "v : 1\nw : 1")
    whole = b.PoissonInput(cells, "v", N=100, rate=10 * b.Hz, weight=0.1)
    part = b.PoissonInput(cells[400:], "w", N=40, rate=10 * b.Hz, weight="0.2")
    simulate(100 * b.ms, cells, whole, part)
    assert not cells.w[:400].any()
    return {"v": cells.v[:], "w": cells.w[:]}


@model(lambda x: [mean_and_variance(x["v"], 0, 10), mean_and_variance(x["common"], 0, 1, 10)])
def numbers_held_for_a_step():
    """A subexpression that is constant over dt draws once a step, a shared one once for all."""
    cells = b.NeuronGroup(
        2000,
        """dv/dt = kick/(0.1*ms) : 1
           kick = randn() : 1 (constant over dt)
           common = randn() : 1 (constant over dt, shared)""",
        method="rk4",
    )
    trace = b.StateMonitor(cells, "common", record=True)
    simulate(1 * b.ms, cells, trace)
    return {"v": cells.v[:], "common": np.asarray(trace.common).ravel()[:10]}


@model(lambda x: [mean_and_variance(x["first"], 0, 1), mean_and_variance(x["first"] - x["second"], 0, 2)])
def several_runs():
    """Later runs draw other numbers."""
    cells = b.NeuronGroup(2000, "v : 1\nw : 1\nk : integer (shared)")
    cells.run_regularly("v = v*int(k > 0) + randn()*int(k == 0); w = randn()")
    cells.run_regularly("k += 1", when="end")
    network = b.Network(cells)
    network.run(0.1 * b.ms)
    network.run(0.1 * b.ms)
    return {"first": cells.v[:], "second": cells.w[:]}


@model(lambda x: assert_allclose(np.mean(x["rate"]), 1 / (0.02 * np.log(1 / (1 - 1 / 1.5))), rtol=0.06))
def noisy_firing():
    """A little noise on a leaky neuron leaves its rate: that without noise, tau*log(drive/(drive - 1))."""
    cells = b.NeuronGroup(
        500,
        "dv/dt = (1.5 - v)/(20*ms) + 0.05*xi/sqrt(20*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
    )
    cells.v = "rand()"
    rate = b.PopulationRateMonitor(cells)
    spikes = b.SpikeMonitor(cells)
    simulate(200 * b.ms, cells, rate, spikes)
    return {"rate": rate.rate, "i": spikes.i, "t": spikes.t}
