"""The main job, end to end: how fast does a noisy neuron fire?

A leaky integrate-and-fire neuron with noise is simulated at every combination of input and membrane time
constant, many times each: 2,000 runs of one biological second. The model is compiled once, the runs are
farmed out over all cores, and their results land in one labelled store. Start it twice: the second time
everything comes from the store.
"""

from pathlib import Path

import numpy as np
from spikefarm import *

HERE = Path("demo")
STORE = HERE / "rates.zarr"
FIGURE = HERE / "rates.png"

set_device("cpp_standalone", build_on_run=False, directory=HERE / "project")

tau = 10 * ms
sigma = 2 * mV
threshold = 10 * mV
group = NeuronGroup(
    1,
    """dv/dt = (drive - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
       drive : volt (shared, constant)""",
    threshold="v > threshold",
    reset="v = 0*mV",
    refractory=5 * ms,
    method="euler",
)
spikes = SpikeMonitor(group, name="spikes")
run(1 * second)

sweep = Sweep(
    {group.drive: np.linspace(4, 22, 20) * mV, "tau": np.array([5, 10, 20, 40, 80]) * ms},
    repeats=20,
    seed=2026,
)


def theory(drive, tau, sigma=2e-3, threshold=10e-3, reset=0.0, refractory=5e-3, dt=1e-4):
    """Stationary rate in Hz after Siegert (1951) and Ricciardi (1977).

    Threshold and reset are moved by 0.5826 standard deviations of one step's noise, which is what looking at
    the membrane potential only once per step amounts to (Broadie, Glasserman and Kou 1997).
    """
    from math import erfc, exp, pi, sqrt

    shift = 0.5826 * sigma * sqrt(2 * dt / tau)
    low = (reset + shift - drive) / (sigma * sqrt(2))
    high = (threshold + shift - drive) / (sigma * sqrt(2))
    x = np.linspace(low, high, 2001)
    y = np.array([exp(v * v) * erfc(-v) for v in x])
    area = np.sum((y[1:] + y[:-1]) / 2) * (x[1] - x[0])
    return 1 / (refractory + tau * sqrt(pi) * area)


def table(data):
    """Mean rates and what theory says, for a few inputs."""
    rate = data.rate.mean("repeat")
    print("\nfiring rate in Hz: simulated (theory)")
    print("   input  " + "".join(f"  tau = {1e3 * t:<9.0f}ms" for t in data.tau.values))
    for k in range(0, data.sizes["drive"], 4):
        drive = float(data.drive[k])
        cells = [
            f"{float(rate.isel(drive=k).sel(tau=t)):8.1f} ({theory(drive, float(t)):5.1f})  "
            for t in data.tau.values
        ]
        print(f"{1e3 * drive:6.1f} mV " + "".join(cells))


def figure(data):
    """Rates over input, one curve for each time constant, over the curves of theory."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    mean, spread = data.rate.mean("repeat"), data.rate.std("repeat")
    fine = np.linspace(float(data.drive.min()), float(data.drive.max()), 120)
    colours = plt.cm.viridis(np.linspace(0, 0.85, data.sizes["tau"]))
    fig, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for t, colour in zip(data.tau.values, colours, strict=True):
        axes.plot(1e3 * fine, [theory(d, t) for d in fine], color=colour, lw=1.2)
        axes.errorbar(
            1e3 * data.drive,
            mean.sel(tau=t),
            spread.sel(tau=t),
            fmt="o",
            ms=4,
            color=colour,
            capsize=2,
            label=f"{1e3 * t:.0f} ms",
        )
    axes.set_xlabel("input (mV)")
    axes.set_ylabel("firing rate (Hz)")
    axes.set_title("Noisy integrate-and-fire neuron: simulation (points) and theory (lines)")
    axes.axvline(1e3 * float(threshold), color="0.7", lw=1, ls=":", zorder=0)
    axes.annotate(
        "threshold",
        (1e3 * float(threshold), axes.get_ylim()[1] * 0.95),
        color="0.5",
        ha="right",
        rotation=90,
        va="top",
    )
    axes.legend(title="membrane time constant", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    fig.savefig(FIGURE, dpi=150)
    print(f"\nfigure: {FIGURE}")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    outputs = {"rate": lambda r: r["spikes"].num_spikes / (1 * second)}
    print(sweep.plan(outputs, store=STORE))
    data = sweep.run(outputs, store=STORE)
    table(data)
    figure(data)
    print(f"store:  {STORE}  (xarray: spikefarm.open_results({str(STORE)!r}))")
