"""Runtime mode side by side with Brian 2 (cython): python runtime.py brian2|spikefarm

Prints JSON, in seconds: the first use of a new model (code generation and compilation), a single neuron for
10,000 steps, and the same with a network operation at every step.
"""

import json
import random as numbers
import sys
import time

if sys.argv[1] == "brian2":
    from brian2 import *

    prefs.codegen.target = "cython"
    BrianLogger.log_level_error()
else:
    from spikefarm import *

    prefs.logging.console_log_level = "ERROR"


def seconds(function, times=5):
    """The shortest of several."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found)


def neuron(**options):
    eqs = "dv/dt = (1.5 - v)/(10*ms) : 1 (unless refractory)"
    return NeuronGroup(1, eqs, threshold="v > 1", reset="v = 0", refractory=5 * ms, method="exact", **options)


def first_use():
    # a number that is part of the model's text makes it new to every cache
    number = numbers.randrange(10**9)
    group = NeuronGroup(
        1,
        f"dv/dt = ((1.5 + {number}e-12) - v)/(10*ms) : 1 (unless refractory)",
        threshold=f"v > 1 + {number}e-12",
        reset=f"v = {number}e-12",
        refractory=5 * ms,
        method="exact",
    )
    spikes = SpikeMonitor(group)
    start = time.perf_counter()
    Network(group, spikes).run(0.1 * ms)
    return time.perf_counter() - start


def main():
    group = neuron()
    spikes = SpikeMonitor(group)
    network = Network(group, spikes)
    network.run(1 * ms)
    plain = seconds(lambda: network.run(1 * second))

    other = neuron()
    others = SpikeMonitor(other)
    count = [0]

    @network_operation
    def count_up():
        count[0] += 1

    called = Network(other, others, count_up)
    called.run(1 * ms)
    operated = seconds(lambda: called.run(1 * second))

    @network_operation
    def look():
        last[0] = third.v[0]

    last = [0]
    third = neuron()
    reading = Network(third, look)
    reading.run(1 * ms)
    read = seconds(lambda: reading.run(1 * second))
    compiled = min([first_use() for _ in range(3)])
    print(json.dumps({"first": compiled, "plain": plain, "operation": operated, "reading": read}))


main()
