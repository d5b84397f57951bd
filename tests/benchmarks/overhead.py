"""What one run costs beyond the time loop: of `device.run`, and in a sweep. python overhead.py brian|spikefarm

In a sweep: 2,000 runs of one neuron one by one on one worker, the whole of ``Sweep.run`` into a new store on disk, less
as many times the loop of a single run; the same without a store. Prints JSON.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from sweep_models import f_i

RUNS, ALONE = 2000, 200


def seconds(function, times):
    start = time.perf_counter()
    for k in range(times):
        function(k)
    return (time.perf_counter() - start) / times


def with_brian():
    import brian2

    brian2.BrianLogger.log_level_error()
    brian2.set_device("cpp_standalone", build_on_run=False)
    network, variable, values = f_i(brian2)
    brian2.device.build(run=False, directory=tempfile.mkdtemp())
    loops = []

    def once(k):
        brian2.device.run(run_args={variable: values[k % len(values)]})
        network["spikes"].num_spikes
        loops.append(brian2.device._last_run_time)

    once(0)
    whole = seconds(once, ALONE)
    return {"device_run": whole, "overhead": whole - sum(loops[1:]) / ALONE}


def with_spikefarm():
    import numpy as np
    import spikefarm

    spikefarm.set_device("cpp_standalone", build_on_run=False, directory=None)
    network, variable, values = f_i(spikefarm)
    spikefarm.device.build(run=False)

    def once(k):
        spikefarm.device.run(run_args={variable: values[k % len(values)]})
        network["spikes"].num_spikes

    once(0)
    whole = seconds(once, ALONE)
    many = np.linspace(11, 20, RUNS) * spikefarm.mV
    sweep = spikefarm.Sweep({variable: many})
    outputs = {"n": lambda results: results["spikes"].num_spikes}
    runner = sweep.simulation.runner()
    inputs = {**sweep.space.point(RUNS // 2), **sweep.simulation.seed_inputs(1)}
    loop = min(runner.run(inputs) for _ in range(ALONE))
    runner.close()
    found = {"device_run": whole}
    with tempfile.TemporaryDirectory() as folder:
        for name, store in (("memory", None), ("overhead", Path(folder) / "s.zarr")):
            sweep.run(outputs, None if store is None else f"{store}.first", progress=False, lanes=1)
            start = time.perf_counter()
            sweep.run(outputs, store, progress=False, workers=1, lanes=1)
            found[name] = (time.perf_counter() - start) / RUNS - loop
    return found


print(json.dumps(with_brian() if sys.argv[1] == "brian" else with_spikefarm()))
