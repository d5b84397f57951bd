"""200 runs with Brian 2 as its documentation has it: a pool of processes, each with a results directory of its own.

python sweep_brian.py MODEL [repeats]. Prints JSON: seconds of the parts, and the number of spikes of each run.
"""

import time

started = time.perf_counter()

import json
import multiprocessing
import sys
import tempfile

import brian2
from brian2.devices import device_module
from sweep_models import MODELS, RUNS

imported = time.perf_counter()


class Simulation:
    def __init__(self, model):
        self.network, self.variable, self.values = model(brian2)
        brian2.device.build(run=False, directory=tempfile.mkdtemp())
        self.device = brian2.get_device()

    def run(self, number):
        device_module.active_device = self.device
        chosen = {} if self.variable is None else {self.network["group"].v0: self.values[number]}
        self.device.run(run_args=chosen, results_directory=f"result_{number}")
        return int(self.network["spikes"].num_spikes)


if __name__ == "__main__":
    brian2.BrianLogger.log_level_error()
    brian2.set_device("cpp_standalone", build_on_run=False)
    simulation = Simulation(MODELS[sys.argv[1]])
    built = time.perf_counter()
    phases, ends = [], []
    for _ in range(int(sys.argv[2]) if sys.argv[2:] else 1):
        start = time.perf_counter()
        with multiprocessing.Pool(multiprocessing.cpu_count()) as pool:
            spikes = pool.map(simulation.run, range(RUNS))
            phases.append(time.perf_counter() - start)
        ends.append(time.perf_counter())
    print(
        json.dumps(
            {
                "import": imported - started,
                "build": built - imported,
                "phase": min(phases),
                "total": ends[0] - started,
                "spikes": spikes,
            }
        )
    )
