"""A balanced random network: excitation and inhibition cancel on average, and spikes are left to chance.

Sixteen hundred excitatory and four hundred inhibitory integrate-and-fire neurons are connected at random, one
pair in ten. Inhibition is `g` times as strong as excitation and wins, so that the network settles where the
mean input stays below threshold and fluctuations make neurons fire: irregularly, each in its own time. Every
synapse has a delay of its own.

The figure shows the spikes of some neurons, the mean rates of both populations, and how neurons differ: in their
rates, as they have different numbers of inputs, and in the coefficients of variation (CV) of their intervals.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

EXCITATORY, INHIBITORY = 1600, 400
COLOURS = ["tab:red", "tab:blue"]


def simulate(g=6.0, drive=1.1, duration=1 * second):
    """Run the network; `drive` is the mean of the external input in units of the threshold."""
    tau, threshold, weight = 15 * ms, 15 * mV, 0.4 * mV
    cells = NeuronGroup(
        EXCITATORY + INHIBITORY,
        "dv/dt = -v/tau : volt (unless refractory)",
        threshold="v > threshold",
        reset="v = threshold/2",
        refractory=2 * ms,
        method="exact",
    )
    cells.v = "rand()*threshold"
    external = PoissonInput(cells, "v", N=160, rate=drive * threshold / (160 * weight * tau), weight=weight)

    excitation = Synapses(cells[:EXCITATORY], cells, on_pre="v_post += weight")
    excitation.connect(p=0.1)
    excitation.delay = "0.5*ms + rand()*1.5*ms"
    inhibition = Synapses(cells[EXCITATORY:], cells, on_pre="v_post -= g*weight")
    inhibition.connect(p=0.1)
    inhibition.delay = "0.5*ms + rand()*1.5*ms"

    spikes = SpikeMonitor(cells, name="spikes")
    run(duration)
    return spikes


def statistics(spikes, duration, settling=100 * ms):
    """Rate of each neuron, and the CV of intervals of those that have five or more."""
    trains = [train[train >= settling] for train in spikes.spike_trains().values()]
    rates = np.array([len(train) for train in trains]) / (duration - settling)
    intervals = [np.diff(train) for train in trains if len(train) > 5]
    return rates, np.array([np.std(each) / np.mean(each) for each in intervals])


def draw(spikes, rates, cvs, duration, figure):
    fig, axes = plt.subplot_mosaic(
        [["raster", "rates"], ["raster", "rates"], ["time", "cvs"]], figsize=(10, 6), layout="constrained"
    )
    first, last = EXCITATORY - 80, EXCITATORY + 20  # neighbours on both sides of the border
    shown = (spikes.i >= first) & (spikes.i < last)
    colour = np.where(spikes.i[shown] < EXCITATORY, *COLOURS)
    axes["raster"].scatter(spikes.t[shown] / ms, spikes.i[shown], s=2.5, c=colour, linewidths=0)
    axes["raster"].set(
        ylabel="neuron", title="80 excitatory and 20 inhibitory neurons", ylim=(first - 1, last)
    )

    bins = np.arange(0, duration / ms + 1, 5)
    groups = {"excitatory": spikes.i < EXCITATORY, "inhibitory": spikes.i >= EXCITATORY}
    for (label, members), size, colour in zip(groups.items(), (EXCITATORY, INHIBITORY), COLOURS, strict=True):
        count, _ = np.histogram(spikes.t[members] / ms, bins)
        axes["time"].stairs(count / size / 5e-3, bins, color=colour, label=label)
    axes["time"].set(xlabel="time (ms)", ylabel="mean rate (Hz)", ylim=(0, 100))
    axes["time"].legend(loc="upper right", ncols=2)
    axes["time"].sharex(axes["raster"])

    axes["rates"].hist(rates / Hz, bins=np.arange(0, 101, 4), color="0.5")
    axes["rates"].axvline(np.mean(rates) / Hz, color="k", ls="--", label=f"mean {np.mean(rates) / Hz:.1f} Hz")
    axes["rates"].set(xlabel="rate of a neuron (Hz)", ylabel="neurons", title="Neurons differ")
    axes["cvs"].hist(cvs, bins=np.linspace(0, 1.5, 31), color="0.5")
    axes["cvs"].axvline(np.mean(cvs), color="k", ls="--", label=f"mean {np.mean(cvs):.2f}")
    axes["cvs"].set(xlabel="CV of the intervals", ylabel="neurons")
    for name in ("rates", "cvs"):
        axes[name].legend()
    fig.savefig(figure, dpi=75)
    plt.close(fig)


def main(figure="balanced_network.png", duration=1 * second):
    seed(11)
    spikes = simulate(duration=duration)
    rates, cvs = statistics(spikes, duration)
    print(f"mean rate {np.mean(rates)}, mean CV {np.mean(cvs):.2f}")
    draw(spikes, rates, cvs, duration, figure)
    return rates, cvs


if __name__ == "__main__":
    main(*sys.argv[1:])
