"""Measure one network in spikefarm's standalone device.

python networks_spikefarm.py NAME REPEATS [FOLDER]. With a folder, the cache of builds is kept there: the second time is
a second start of the same script. Prints JSON.
"""

import json
import os
import resource
import sys
import tempfile
import time

started = time.perf_counter()


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


name, repeats = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as temporary:
    os.environ["SPIKEFARM_CACHE_DIR"] = sys.argv[3] if sys.argv[3:] else temporary
    import spikefarm
    from network_models import MODELS

    imported = time.perf_counter()
    if repeats:  # what all models of a machine share is compiled with the first of them, here
        spikefarm.set_device("cpp_standalone", build_on_run=False, directory=None)
        spikefarm.Network(spikefarm.NeuronGroup(1, "x : 1")).run(1 * spikefarm.ms)
        spikefarm.device.build(run=False)
        spikefarm.device.reinit()
    shared = children()
    begun = time.perf_counter()
    spikefarm.set_device("cpp_standalone", build_on_run=False, directory=None)
    spikefarm.seed(1)
    MODELS[name](spikefarm)
    simulation = spikefarm.device.simulation()
    declared = time.perf_counter()
    spikefarm.device.build(run=False)
    built = time.perf_counter()
    used = children() - shared
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        spikefarm.device.run()
        walls.append(time.perf_counter() - start)
    runner = simulation.runner()
    seeds = simulation.seed_inputs(1)
    whole, starts = [], []
    for _ in range(repeats):
        whole.append(runner.run(seeds))
        starts.append(
            runner.run({**seeds, **simulation.resolve_all({"run.duration": 1e-4 * spikefarm.second})})
        )
    runner.close()
    # What a run of one step takes is connecting synapses and the like, which Brian does not count as its loop either.
    loop, begin = min(whole, default=0), min(starts, default=0)
print(
    json.dumps(
        {
            "import": imported - started,
            "declare": declared - begun,
            "build": built - declared,
            "build_cpu": used,
            "host_cpu": shared,
            "loop": loop - begin if loop > 2 * begin else loop,
            "run": min(walls, default=0),
        }
    )
)
