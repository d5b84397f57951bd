"""Two models to do 200 times, for Brian 2 and spikefarm alike: each takes the library and declares itself."""

import numpy as np

RUNS = 200


def f_i(lib):
    """One leaky integrate-and-fire neuron; what it is driven by differs from run to run."""
    ms, mV = lib.ms, lib.mV
    group = lib.NeuronGroup(
        1,
        """dv/dt = (v0 - v)/tau : volt (unless refractory)
           v0 : volt (shared, constant)""",
        threshold="v > 10*mV", reset="v = 0*mV", refractory=5 * ms, method="exact", name="group",
        namespace={"tau": 10 * ms},
    )  # fmt: skip
    spikes = lib.SpikeMonitor(group, name="spikes")
    network = lib.Network(group, spikes)
    network.run(1 * lib.second)
    return network, group.v0, np.linspace(0, 20, RUNS) * mV


def noisy(lib):
    """100 noisy neurons with the same 1,000 synapses in all runs, and noise of each run's own."""
    ms = lib.ms
    space = {"tau": 10 * ms, "sigma": 0.5, "w": 0.05}
    group = lib.NeuronGroup(
        100, "dv/dt = (1 - v)/tau + sigma*xi*tau**-0.5 : 1 (unless refractory)", threshold="v > 1",
        reset="v = 0", refractory=2 * ms, method="euler", name="group", namespace=space,
    )  # fmt: skip
    synapses = lib.Synapses(group, group, on_pre="v_post += w", name="synapses", namespace=space)
    source, target = np.divmod(np.random.default_rng(1).choice(10_000, 1_000, replace=False), 100)
    synapses.connect(i=source, j=target)
    spikes = lib.SpikeMonitor(group, name="spikes")
    network = lib.Network(group, synapses, spikes)
    network.run(1 * lib.second)
    return network, None, None


MODELS = {"f_i": f_i, "noisy": noisy}
