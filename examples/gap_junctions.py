"""Gap junctions make cells tick together.

Thirty oscillating cells after Morris and Lecar (1981), each driven a little differently and so with a rhythm of its
own, have electrical contacts: one pair in five, chosen at random. Current through a junction follows the difference
of the two potentials; what a cell receives is summed over its junctions at every step. The junctions are closed at
first and open half-way, by changing a constant between two runs.

The figure shows all spikes, and how much the cells' phases agree: the length of the mean phase vector, which is 1
when all are together.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

CELLS = 30
EQUATIONS = """
    dv/dt = (drive + junctions - leak - calcium - potassium)/(20*uF/cm**2) : volt
    leak = (2*msiemens/cm**2)*(v + 60*mV) : amp/meter**2
    calcium = (4.4*msiemens/cm**2)*(1 + tanh((v + 1.2*mV)/(18*mV)))/2*(v - 120*mV) : amp/meter**2
    potassium = (8*msiemens/cm**2)*w*(v + 84*mV) : amp/meter**2
    dw/dt = 0.04*((1 + tanh((v - 2*mV)/(30*mV)))/2 - w)*cosh((v - 2*mV)/(60*mV))/ms : 1
    junctions : amp/meter**2
    drive : amp/meter**2 (constant)
"""


def simulate(duration):
    """Run the cells with junctions closed, then open, for half of the time each."""
    draw = np.random.default_rng(8)
    cells = NeuronGroup(CELLS, EQUATIONS, threshold="v > 0*mV", refractory="v > 0*mV", method="rk4")
    cells.v = draw.uniform(-60, 20, CELLS) * mV
    cells.drive = draw.uniform(95, 110, CELLS) * uamp / cm**2

    i, j = np.triu_indices(CELLS, k=1)
    chosen = draw.random(len(i)) < 0.2
    i, j = i[chosen], j[chosen]
    contacts = Synapses(cells, cells, "junctions_post = conductance*(v_pre - v_post) : amp/meter**2 (summed)")
    contacts.connect(i=np.append(i, j), j=np.append(j, i))  # current flows both ways

    traces = StateMonitor(cells, "junctions", record=True, dt=1 * ms)
    spikes = SpikeMonitor(cells)
    conductance = 0 * msiemens / cm**2
    run(duration / 2)
    conductance = 0.1 * msiemens / cm**2
    run(duration / 2)
    return traces, spikes


def agreement(spikes, times):
    """Length of the mean phase vector; a cell's phase goes from 0 to 1 between two of its spikes."""
    phases = [
        np.interp(times, train, np.arange(len(train)), left=np.nan, right=np.nan)
        for train in spikes.spike_trains().values()
    ]
    return np.abs(np.mean(np.exp(2j * np.pi * np.array(phases)), axis=0))


def main(figure="gap_junctions.png", duration=6 * second):
    traces, spikes = simulate(duration)
    together = agreement(spikes, traces.t)

    fig, axes = plt.subplots(2, 1, figsize=(8, 5), sharex=True, layout="constrained", height_ratios=[3, 2])
    axes[0].plot(spikes.t / second, spikes.i, "k|", ms=5)
    axes[0].set(ylabel="cell", xlim=(0, duration / second))
    axes[1].plot(traces.t / second, together, "k")
    axes[1].set(xlabel="time (s)", ylabel="agreement of phases", ylim=(0, 1.05))
    for each in axes:
        each.axvline(duration / 2 / second, color="tab:red", ls="--")
    axes[1].text(duration / 4 / second, 0.5, "junctions closed", ha="center")
    axes[1].text(duration * 0.75 / second, 0.5, "junctions open", ha="center")
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return together, np.array(traces.junctions)


if __name__ == "__main__":
    main(*sys.argv[1:])
