"""Short-term plasticity: synapses that tire and synapses that warm up.

After Tsodyks and Markram (1997), each spike releases a part `u` of the resources `x` that a synapse has left. Spikes
raise `u` (facilitation), releasing lowers `x` (depression), and both recover between spikes. The same rule gives
synapses of either kind, by the time constants of the two. Fed with regular trains, they settle at responses for which
there is a closed form.

The figure shows responses to eight spikes and a late ninth one, and where responses settle at different rates.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

#: Use of a synapse at rest, and how fast resources and use recover.
KINDS = {
    "depressing": {"U": 0.5, "tau_x": 600 * ms, "tau_u": 20 * ms},
    "facilitating": {"U": 0.08, "tau_x": 100 * ms, "tau_u": 800 * ms},
}
COLOURS = dict(zip(KINDS, ("tab:blue", "tab:red"), strict=True))


def plastic(sources, targets):
    """Synapses from each source to two targets: the first half of them by depressing synapses, the others not."""
    synapses = Synapses(
        sources,
        targets,
        """du/dt = -u/tau_u : 1 (event-driven)
           dx/dt = (1 - x)/tau_x : 1 (event-driven)
           response : 1
           U : 1 (constant)
           tau_u : second (constant)
           tau_x : second (constant)""",
        on_pre="""u += U*(1 - u)
                  response = u*x
                  x -= response
                  g_post += response""",
    )
    synapses.connect(j="k for k in range(i, N_post, N_pre)")
    for number, values in enumerate(KINDS.values()):
        part = slice(number * sources.N, (number + 1) * sources.N)
        for name, value in values.items():
            getattr(synapses, name)[:, part] = value
    synapses.x = 1
    return synapses


def train():
    """Conductances of both targets over time."""
    start_scope()
    times = np.append(np.arange(8) * 50, 900) + 50
    source = SpikeGeneratorGroup(1, np.zeros(9, dtype=int), times * ms)
    targets = NeuronGroup(2, "dg/dt = -g/(8*ms) : 1", method="exact")
    synapses = plastic(source, targets)
    traces = StateMonitor(targets, "g", record=True)
    run(1100 * ms)
    return traces


def settled(rates, duration):
    """Response to the last spike of long regular trains, of shape (kinds, rates)."""
    start_scope()
    n = len(rates)
    trains = [np.arange(1, duration * rate) / rate for rate in rates]
    indices = np.repeat(np.arange(n), [len(train) for train in trains])
    sources = SpikeGeneratorGroup(n, indices, np.concatenate(trains))
    targets = NeuronGroup(2 * n, "g : 1")
    synapses = plastic(sources, targets)
    run(duration)
    return np.array(synapses.response)[np.lexsort((synapses.i, synapses.j))].reshape(2, n)


def closed_form(rates, U, tau_x, tau_u):
    """Response that a regular train settles at: `u` and `x` are then the same at each spike."""
    u = U / (1 - (1 - U) * np.exp(-1 / (rates * tau_u)))
    kept = np.exp(-1 / (rates * tau_x))
    x = (1 - kept) / (1 - (1 - u) * kept)
    return u * x


def main(figure="short_term_plasticity.png", duration=8 * second):
    rates = np.array([1, 2, 4, 5, 8, 10, 16, 20, 40, 50, 80, 100]) * Hz
    traces, responses = train(), settled(rates, duration)
    theory = np.array([closed_form(rates, **values) for values in KINDS.values()])
    print(f"largest difference from the closed form: {np.abs(responses - theory).max():.1e}")

    fig, axes = plt.subplot_mosaic(
        [["depressing", "rates"], ["facilitating", "rates"]], figsize=(9, 4), layout="constrained"
    )
    fine = np.geomspace(1, 100, 200) * Hz
    for k, (kind, values) in enumerate(KINDS.items()):
        axes[kind].plot(traces.t / ms, traces.g[k], color=COLOURS[kind])
        axes[kind].set(ylabel="conductance", title=f"a {kind} synapse", ylim=(0, 0.55 if k == 0 else 0.45))
        axes["rates"].plot(fine / Hz, closed_form(fine, **values), color=COLOURS[kind], alpha=0.5)
        axes["rates"].plot(rates / Hz, responses[k], "o", ms=5, color=COLOURS[kind], label=kind)
    axes["facilitating"].set(xlabel="time (ms)")
    axes["depressing"].sharex(axes["facilitating"])
    axes["depressing"].tick_params(labelbottom=False)
    axes["rates"].set(xscale="log", xlabel="rate of spikes (Hz)", ylabel="response, settled", ylim=(0, None))
    axes["rates"].set(title="simulated (points), closed form (lines)")
    axes["rates"].legend()
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return responses, theory


if __name__ == "__main__":
    main(*sys.argv[1:])
