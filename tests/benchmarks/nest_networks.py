"""The two networks of `network_models` that NEST has models for, on one thread. Prints JSON: seconds of the simulation.

python nest_networks.py current_based|brunel. Run with a Python that has NEST 3.
"""

import json
import sys
import time

import nest


def prepare():
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.SetKernelStatus({"resolution": 0.1, "local_num_threads": 1, "rng_seed": 1})


def current_based():
    """4,000 neurons, 2 % connected, exponential currents."""
    neuron = {"tau_m": 20.0, "C_m": 20.0, "E_L": -49.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0}
    neurons = nest.Create("iaf_psc_exp", 4000, {**neuron, "tau_syn_ex": 5.0, "tau_syn_in": 10.0})
    neurons.V_m = nest.random.uniform(-60.0, -50.0)
    rule = {"rule": "pairwise_bernoulli", "p": 0.02}
    for source, weight in ((neurons[:3200], 1.62), (neurons[3200:], -9.0)):
        nest.Connect(source, neurons, rule, {"weight": weight, "delay": 0.1})


def brunel():
    """10,000 neurons, 10 million synapses with delays of their own."""
    neuron = {"tau_m": 20.0, "C_m": 20.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0, "t_ref": 2.0}
    neurons = nest.Create("iaf_psc_delta", 10000, neuron)
    neurons.V_m = nest.random.uniform(0.0, 20.0)
    rule = {"rule": "pairwise_bernoulli", "p": 0.1}
    delay = nest.random.uniform(1.0, 2.0)
    for source, weight in ((neurons[:8000], 0.1), (neurons[8000:], -0.5)):
        nest.Connect(source, neurons, rule, {"weight": weight, "delay": delay})
    drive = nest.Create("poisson_generator", params={"rate": 20_000.0})
    nest.Connect(drive, neurons, syn_spec={"weight": 0.1, "delay": 0.1})


prepare()
{"current_based": current_based, "brunel": brunel}[sys.argv[1]]()
nest.Prepare()
start = time.perf_counter()
nest.Run(1000.0)
seconds = time.perf_counter() - start
nest.Cleanup()
print(json.dumps({"loop": seconds}))
