"""Measure one network in Brian 2's standalone device. Run with a Python that has Brian 2.

python networks_brian.py NAME REPEATS [FOLDER]. With a folder, the project is kept there: the second time is a second
start of the same script. Prints JSON.
"""

import json
import resource
import sys
import tempfile
import time

started = time.perf_counter()

import brian2
from network_models import MODELS

name, repeats = sys.argv[1], int(sys.argv[2])
brian2.prefs.devices.cpp_standalone.openmp_threads = 0
brian2.BrianLogger.log_level_error()
with tempfile.TemporaryDirectory() as temporary:
    folder = sys.argv[3] if sys.argv[3:] else temporary
    begun = time.perf_counter()
    brian2.set_device("cpp_standalone", build_on_run=False, directory=folder)
    brian2.seed(1)
    MODELS[name](brian2)
    declared = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    brian2.device.build(directory=folder, run=False, debug=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    built = time.perf_counter()
    loops, walls = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        brian2.device.run()
        walls.append(time.perf_counter() - start)
        loops.append(brian2.device._last_run_time)
print(
    json.dumps(
        {
            "import": begun - started,
            "declare": declared - begun,
            "build": built - declared,
            "build_cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "loop": min(loops, default=0),
            "run": min(walls, default=0),
        }
    )
)
