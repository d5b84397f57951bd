"""200 runs with spikefarm.

python sweep_spikefarm.py MODEL [repeats] [store]. Prints JSON: seconds of the parts, and how
often each run spiked.
"""

import time

started = time.perf_counter()

import json
import sys

import spikefarm
from sweep_models import MODELS, RUNS

imported = time.perf_counter()
spikefarm.set_device("cpp_standalone", build_on_run=False)
_, variable, values = MODELS[sys.argv[1]](spikefarm)
sweep = spikefarm.Sweep({}, repeats=RUNS) if variable is None else spikefarm.Sweep({variable: values})
outputs = {"n": lambda results: results["spikes"].num_spikes}
store = sys.argv[3] if sys.argv[3:] else None
data = sweep.run(outputs, store, progress=False)  # builds, too
spikes = [int(n) for n in data.n.values]
total = time.perf_counter() - started
# What has been built is there and what has to be imported was; without a store every run is done again.
phases = []
for _ in range(int(sys.argv[2]) if sys.argv[2:] else 1):
    start = time.perf_counter()
    again = sweep.run(outputs, progress=False).n.values
    phases.append(time.perf_counter() - start)
    assert spikes == [int(n) for n in again]
print(
    json.dumps(
        {"import": imported - started, "phase": min(phases, default=0.0), "total": total, "spikes": spikes}
    )
)
