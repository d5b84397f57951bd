"""A wave on a sheet of neurons that are connected by distance.

Sixteen hundred neurons lie on a grid, 50 µm apart. The probability of a synapse falls with distance as a Gaussian
does, and its delay grows with distance. A spark in one corner sets off a wave, which goes over the sheet once: neurons
that have fired need a long rest.

The figure shows the targets of one neuron, the numbers of targets beside what the probabilities make of them, when each
neuron fires, and how far the wave has come by then.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

SIDE = 40
SPACING, WIDTH = 50 * um, 150 * um


def simulate(duration):
    """Run the sheet; returns places of the neurons, synapses and spikes."""
    tau = 10 * ms
    sheet = NeuronGroup(
        SIDE**2,
        """dv/dt = (current - v)/tau : 1 (unless refractory)
           dcurrent/dt = -current/(3*ms) : 1
           x : meter (constant)
           y : meter (constant)""",
        threshold="v > 1",
        reset="v = 0",
        refractory=1 * second,
        method="exact",
    )
    sheet.x = "(i % SIDE)*SPACING"
    sheet.y = "(i // SIDE)*SPACING"
    sheet.v = "rand()*0.3"
    sheet.current["sqrt(x**2 + y**2) < 300*um"] = 10  # the spark

    synapses = Synapses(
        sheet,
        sheet,
        "distance = sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2) : meter",
        on_pre="current_post += 1.5",
    )
    synapses.connect("i != j", p="0.5*exp(-((x_pre - x_post)**2 + (y_pre - y_post)**2)/(2*WIDTH**2))")
    synapses.delay = "0.5*ms + distance/(0.2*meter/second)"
    spikes = SpikeMonitor(sheet)
    run(duration)
    return sheet, synapses, spikes


def expected_targets(x, y):
    """Mean and variance of the number of targets of each neuron, by its place."""
    p = 0.5 * np.exp(-((x[:, None] - x) ** 2 + (y[:, None] - y) ** 2) / (2 * float(WIDTH) ** 2))
    np.fill_diagonal(p, 0)
    return p.sum(1), (p * (1 - p)).sum(1)


def main(figure="travelling_wave.png", duration=120 * ms):
    seed(2)
    sheet, synapses, spikes = simulate(duration)
    x, y = np.array(sheet.x), np.array(sheet.y)
    targets = synapses.N_outgoing_pre
    mean, variance = expected_targets(x, y)
    when = np.full(SIDE**2, np.nan)
    when[spikes.i] = spikes.t / ms
    away = np.hypot(x, y) * 1e3
    fired = np.isfinite(when) & (away > 0.4)
    slope, start = np.polyfit(when[fired], away[fired], 1)
    print(f"{np.isfinite(when).sum()} of {SIDE**2} neurons fired; the wave runs at {slope:.3f} m/s")
    draw(x * 1e3, y * 1e3, synapses, targets, mean, variance, when, away, (slope, start), figure)
    return targets, mean, variance, slope


def draw(x, y, synapses, targets, mean, variance, when, away, line, figure):
    """Places in mm, times in ms."""
    fig, axes = plt.subplots(2, 2, figsize=(9, 8), layout="constrained")
    one = SIDE * SIDE // 2 + SIDE // 2
    near = synapses.j[one, :]
    axes[0, 0].plot(x, y, ".", ms=1, color="0.7")
    axes[0, 0].plot(x[near], y[near], ".", ms=5, color="tab:blue", label=f"its {len(near)} targets")
    axes[0, 0].plot(x[one], y[one], "*", ms=12, color="tab:red", label="a neuron")
    axes[0, 0].set(title="Connections of one neuron", xlabel="x (mm)", ylabel="y (mm)", aspect="equal")
    axes[0, 0].legend(loc="lower right")

    bins = np.arange(targets.min(), targets.max() + 2) - 0.5
    middles = (bins[:-1] + bins[1:]) / 2
    expected = np.exp(-((middles[:, None] - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    axes[0, 1].hist(targets, bins, color="tab:blue", alpha=0.5, label="made")
    axes[0, 1].plot(middles, expected.sum(1), "k", label="expected")
    axes[0, 1].set(title="Fewer at the edges", xlabel="targets of a neuron", ylabel="neurons")
    axes[0, 1].legend()

    image = axes[1, 0].imshow(
        when.reshape(SIDE, SIDE), origin="lower", extent=(0, x.max(), 0, y.max()), cmap="viridis"
    )
    fig.colorbar(image, ax=axes[1, 0], label="time of the spike (ms)", shrink=0.8)
    axes[1, 0].set(title="The wave", xlabel="x (mm)", ylabel="y (mm)")
    axes[1, 1].plot(when, away, ".", ms=2, color="tab:green")
    ends = np.array([np.nanmin(when), np.nanmax(when)])
    axes[1, 1].plot(ends, np.polyval(line, ends), "k", label=f"{line[0]:.2f} m/s")
    axes[1, 1].set(title="Its speed", xlabel="time of the spike (ms)", ylabel="distance from the corner (mm)")
    axes[1, 1].legend(loc="lower right")
    fig.savefig(figure, dpi=70)
    plt.close(fig)


if __name__ == "__main__":
    main(*sys.argv[1:])
