"""CPU time to build the demo's model with Brian 2: everything after the import."""

import json
import resource
import tempfile
import time

from brian2 import *


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


before, start = cpu(), time.perf_counter()
set_device("cpp_standalone", build_on_run=False)
tau = 10 * ms
sigma = 2 * mV
group = NeuronGroup(
    1,
    """dv/dt = (drive - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
       drive : volt (shared, constant)""",
    threshold="v > 10*mV",
    reset="v = 0*mV",
    refractory=5 * ms,
    method="euler",
)
spikes = SpikeMonitor(group)
run(1 * second)
device.build(run=False, directory=tempfile.mkdtemp())
after, end = cpu(), time.perf_counter()
print(json.dumps({"python": after[0] - before[0], "compiler": after[1] - before[1], "wall": end - start}))
