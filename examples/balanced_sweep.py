"""Where is a network balanced? Rate and irregularity over the strength of inhibition and the drive, from a sweep.

The network of `balanced_network.py`, run for every combination of `g`, how much stronger an inhibitory synapse is than
an excitatory one, and of the external drive. All runs share one build; each has connections of its own. What they give
is kept in a Zarr store: started again, the script simulates nothing, and with more values only what is new.

The figure shows mean rate and mean CV of the intervals. There are four times as many excitatory neurons: with g below
4 excitation wins, and neurons fire as fast as they can, like clocks. Above, inhibition holds the balance, and firing
is slower and irregular.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from balanced_network import simulate, statistics
from matplotlib.colors import LogNorm
from spikefarm import *

GS, DRIVES = np.arange(3, 9.1, 1), np.arange(0.8, 2.1, 0.2)


@experiment
def balance(g, drive, duration=400 * ms):
    spikes = simulate(g, drive, duration)
    rates, cvs = statistics(spikes, duration)
    return {"rate": np.mean(rates), "cv": np.mean(cvs) if len(cvs) else np.nan}


def main(figure="balanced_sweep.png", gs=GS, drives=DRIVES, **fixed):
    store = Path(figure).with_suffix(".zarr")
    balance.sweep(g=gs, drive=drives, seed=1, store=store, **fixed)
    data = open_results(store)

    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained", sharey=True)
    maps = (
        ("rate", "mean rate (Hz)", {"norm": LogNorm(1, 500), "cmap": "viridis"}),
        ("cv", "mean CV of the intervals", {"vmin": 0, "cmap": "magma"}),
    )
    for axis, (name, label, looks) in zip(axes, maps, strict=True):
        data[name].plot(ax=axis, x="g", y="drive", cbar_kwargs={"label": ""}, **looks)
        axis.axvline(4, color="w", ls="--")
        axis.set(
            title=label,
            xlabel="strength of inhibition g",
            ylabel="drive (of threshold)" if axis is axes[0] else "",
        )
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return data


if __name__ == "__main__":
    main(*sys.argv[1:])
