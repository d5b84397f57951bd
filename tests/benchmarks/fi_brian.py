"""The same sweep with Brian 2, in the way its documentation gives for parallel runs."""

import time

started = time.perf_counter()

import json
import multiprocessing
import tempfile

import numpy as np
from brian2 import *
from brian2.devices import device_module

imported = time.perf_counter()


class Simulation:
    def __init__(self):
        tau = 10 * ms
        group = NeuronGroup(
            1,
            """dv/dt = (v0 - v)/tau : volt (unless refractory)
               v0 : volt (shared, constant)""",
            threshold="v > 10*mV",
            reset="v = 0*mV",
            refractory=5 * ms,
            method="exact",
            name="group",
            namespace={"tau": tau},
        )
        spikes = SpikeMonitor(group, name="spikes")
        self.network = Network([group, spikes])
        self.network.run(1 * second)
        device.build(run=False, directory=tempfile.mkdtemp())
        self.device = get_device()

    def run(self, item):
        number, v0 = item
        device_module.active_device = self.device
        self.device.run(run_args={self.network["group"].v0: v0 * volt}, results_directory=f"result_{number}")
        return int(self.network["spikes"].num_spikes)


if __name__ == "__main__":
    set_device("cpp_standalone", build_on_run=False)
    simulation = Simulation()
    built = time.perf_counter()
    with multiprocessing.Pool(multiprocessing.cpu_count()) as pool:
        rates = pool.map(simulation.run, list(enumerate(np.linspace(0, 20e-3, 200))))
    swept = time.perf_counter()
    print(
        json.dumps(
            {
                "imports": imported - started,
                "build": built - imported,
                "sweep": swept - built,
                "total": swept - started,
                "rates": [float(x) for x in rates],
            }
        )
    )
