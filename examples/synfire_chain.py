"""A chain of pools: delays that agree keep a volley together, delays that do not let it dissolve.

Ten pools of a hundred noisy integrate-and-fire neurons follow one another, each neuron connected to all of the next
pool. The first pool is made to fire. The volley arrives in the next pool after the delays of the synapses, and where
these differ little it is a volley again. With delays of the same mean that differ more, spikes arrive one by one, and
somewhere along the chain nobody fires any more.

The figure shows both cases, and how many spikes there are in each pool for delays that differ more and more.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

POOLS, SIZE = 10, 100


def simulate(spread, noise=1.5 * mV, duration=70 * ms):
    """Run the chain with delays of 6 ms, more or less by up to `spread`."""
    start_scope()
    seed(3)
    tau, weight = 5 * ms, 0.25 * mV
    cells = NeuronGroup(
        POOLS * SIZE,
        "dv/dt = -v/tau + noise*sqrt(2/tau)*xi : volt (unless refractory)",
        threshold="v > 12*mV",
        reset="v = 0*mV",
        refractory=5 * ms,
        method="euler",
    )
    cells.v[:SIZE] = 13 * mV  # the first pool fires at once
    forward = Synapses(cells, cells, on_pre="v_post += weight")
    forward.connect(j="k for k in range(SIZE*(i//SIZE + 1), SIZE*(i//SIZE + 2)) if k < N_post")
    forward.delay = "6*ms + spread*(2*rand() - 1)"
    spikes = SpikeMonitor(cells)
    run(duration)
    return np.array(spikes.i), spikes.t / ms


def main(figure="synfire_chain.png", spreads=(1, 2, 2.5, 3, 4)):
    runs = {spread: simulate(spread * ms) for spread in spreads}
    counts = {spread: np.bincount(i // SIZE, minlength=POOLS) for spread, (i, t) in runs.items()}

    fig, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    colours = dict(zip(spreads, plt.cm.plasma(np.linspace(0, 0.85, len(spreads))), strict=True))
    for axis, spread in zip(axes[:2], (spreads[0], spreads[-2]), strict=True):
        i, t = runs[spread]
        axis.plot(t, i, ".", ms=1.5, color=colours[spread])
        axis.set(xlabel="time (ms)", ylabel="neuron", title=f"delays 6 ± {spread} ms")
        axis.set(xlim=(-2, 72), ylim=(0, POOLS * SIZE), yticks=np.arange(0, POOLS * SIZE + 1, SIZE))
        axis.grid(axis="y", lw=0.5)
    for spread, count in counts.items():
        axes[2].plot(np.arange(POOLS) + 1, count, "o-", ms=4, color=colours[spread], label=f"± {spread} ms")
    axes[2].set(xlabel="pool", ylabel="spikes in the pool", xticks=np.arange(1, POOLS + 1))
    axes[2].legend(title="delays 6 ms", loc="lower center", bbox_to_anchor=(0.68, 0.05))
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return counts


if __name__ == "__main__":
    main(*sys.argv[1:])
