"""Spike-timing dependent plasticity: its curve, and which inputs win by it.

The first experiment gives every synapse one pair of spikes with a lag of its own and compares the change of its
weight with the closed form of the rule, `A*exp(-lag/tau)`. The second lets 200 inputs compete for the control of
a neuron: half of them share spikes, as if they saw the same thing, half of them are on their own. All weights
start equal; those of the inputs that fire together grow, the others vanish.

The figure shows the curve, the weights of both halves over time, and where they end.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

tau_plus, tau_minus = 17 * ms, 34 * ms
A_plus, A_minus = 0.01, -0.006  # depression has more area: what is left to chance loses

#: Traces that each spike raises, solved only when spikes arrive.
TRACES = """
    w : 1
    dplus/dt = -plus/tau_plus : 1 (event-driven)
    dminus/dt = -minus/tau_minus : 1 (event-driven)
"""


def curve(lags):
    """Change of weight after one pair of spikes, at lag = time of the post- minus that of the presynaptic spike."""
    start_scope()
    n, middle = len(lags), 200 * ms
    before = SpikeGeneratorGroup(n, range(n), middle - lags / 2)
    after = SpikeGeneratorGroup(n, range(n), middle + lags / 2)
    synapses = Synapses(
        before,
        after,
        TRACES,
        on_pre="plus += A_plus; w += minus",
        on_post="minus += A_minus; w += plus",
    )
    synapses.connect(j="i")
    run(2 * middle)
    return np.array(synapses.w)


def competition(duration):
    """Weights over time: those of 100 inputs that see the same flashes, then those of 100 that do not."""
    start_scope()
    seed(5)
    flash = TimedArray(np.random.default_rng(5).random(int(duration / (10 * ms))) < 0.1, dt=10 * ms)
    inputs = PoissonGroup(200, "15*Hz*(10*flash(t)*int(i < 100) + int(i >= 100))")
    neuron = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    synapses = Synapses(
        inputs,
        neuron,
        TRACES,
        on_pre="v_post += 0.08*w; plus += A_plus; w = clip(w + minus, 0, 1)",
        on_post="minus += A_minus; w = clip(w + plus, 0, 1)",
    )
    synapses.connect()
    synapses.w = 0.5
    weights = StateMonitor(synapses, "w", record=True, dt=duration / 200)
    run(duration)
    return weights.t / second, np.array(weights.w), np.array(synapses.w)


def main(figure="stdp.png", duration=60 * second):
    lags = np.concatenate([np.arange(-80, 0, 4), np.arange(4, 81, 4)]) * ms
    change = curve(lags)
    t, weights, final = competition(duration)
    print(f"mean weight at the end: {final[:100].mean():.2f} together, {final[100:].mean():.2f} alone")

    fig, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    for side, A, tau in ((-1, A_minus, tau_minus), (1, A_plus, tau_plus)):
        fine = np.linspace(0, 80, 200)
        axes[0].plot(
            side * fine, A * np.exp(-fine * ms / tau), color="0.6", label="closed form" if side > 0 else None
        )
    axes[0].plot(lags / ms, change, "k.", label="simulated")
    axes[0].axhline(0, color="k", lw=0.5)
    axes[0].set(xlabel="lag, post after pre (ms)", ylabel="change of weight", title="One pair of spikes")
    axes[0].legend()

    halves = {"together": slice(0, 100), "alone": slice(100, 200)}
    for (label, half), colour in zip(halves.items(), ("tab:red", "tab:blue"), strict=True):
        mean, low, high = weights[half].mean(0), *np.quantile(weights[half], (0.1, 0.9), axis=0)
        axes[1].plot(t, mean, color=colour, label=label)
        axes[1].fill_between(t, low, high, color=colour, alpha=0.2, lw=0)
        axes[2].hist(final[half], np.linspace(0, 1, 21), color=colour, alpha=0.6, label=label)
    axes[1].set(
        xlabel="time (s)", ylabel="weight: mean, 10 to 90 %", title="Inputs that fire together, or alone"
    )
    axes[2].set(xlabel="weight at the end", ylabel="synapses", title="Two camps")
    axes[1].legend()
    axes[2].legend()
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return lags, change, final


if __name__ == "__main__":
    main(*sys.argv[1:])
