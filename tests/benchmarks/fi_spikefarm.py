"""The 200-point f-I sweep of one leaky integrate-and-fire neuron with spikefarm. Prints times as JSON."""

import time

started = time.perf_counter()

import json
import resource
import sys

import numpy as np
from spikefarm import *

imported = time.perf_counter()
set_device("cpp_standalone", build_on_run=False, directory=None)
tau = 10 * ms
group = NeuronGroup(
    1,
    """dv/dt = (v0 - v)/tau : volt (unless refractory)
       v0 : volt (shared, constant)""",
    threshold="v > 10*mV",
    reset="v = 0*mV",
    refractory=5 * ms,
    method="exact",
)
spikes = SpikeMonitor(group, name="spikes")
run(1 * second)
sweep = Sweep({group.v0: np.linspace(0, 20, 200) * mV})
sweep.simulation.build()
built = time.perf_counter()
data = sweep.run({"rate": lambda r: r["spikes"].num_spikes / second}, store=sys.argv[1], progress=False)
swept = time.perf_counter()
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(
    json.dumps(
        {
            "imports": imported - started,
            "build": built - imported,
            "sweep": swept - built,
            "total": swept - started,
            "rates": [float(x) for x in data.rate.values],
        }
    )
)
