"""Measure one network in spikefarm's standalone device; prints JSON."""

import json
import os
import resource
import sys
import tempfile
import time

with tempfile.TemporaryDirectory() as folder:
    os.environ["SPIKEFARM_CACHE_DIR"] = folder
    import spikefarm
    from network_models import MODELS

    name, repeats = sys.argv[1], int(sys.argv[2])
    begun = time.perf_counter()
    spikefarm.set_device("cpp_standalone", build_on_run=False)
    spikefarm.seed(1)
    MODELS[name](spikefarm)
    declared = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    simulation = spikefarm.device.simulation()
    simulation.build()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    built = time.perf_counter()
    runner = simulation.runner()
    walls, starts = [], []
    seeds = simulation.seed_inputs(1)
    for _ in range(repeats):
        start = time.perf_counter()
        runner.run(seeds)
        walls.append(time.perf_counter() - start)
        start = time.perf_counter()
        runner.run({**seeds, **simulation.resolve_all({"run.duration": 1e-4 * spikefarm.second})})
        starts.append(time.perf_counter() - start)
    runner.close()
print(
    json.dumps(
        {
            "declare": declared - begun,
            "build": built - declared,
            "build_cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "loop": min(walls) - min(starts) if min(walls) > 2 * min(starts) else min(walls),
            "run": min(walls),
        }
    )
)
