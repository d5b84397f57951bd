"""What one run of a sweep costs beyond the simulation itself, with spikefarm and with Brian's device.run."""

import json
import sys
import tempfile
import time

import numpy as np

brian = sys.argv[1] == "brian"
if brian:
    from brian2 import *
else:
    from spikefarm import *

set_device("cpp_standalone", build_on_run=False, **({} if brian else {"directory": None}))
group = NeuronGroup(
    1,
    """dv/dt = (v0 - v)/(10*ms) : volt (unless refractory)
       v0 : volt (shared, constant)""",
    threshold="v > 10*mV",
    reset="v = 0*mV",
    refractory=5 * ms,
    method="exact",
)
spikes = SpikeMonitor(group, name="spikes")
run(1 * second)
values = np.linspace(11, 20, 2000) * mV
if brian:
    device.build(run=False, directory=tempfile.mkdtemp())
    device.run(run_args={group.v0: values[0]})
    start, inside = time.perf_counter(), 0.0
    for v0 in values[:200]:
        device.run(run_args={group.v0: v0})
        spikes.num_spikes
        inside += device._last_run_time
    wall, runs = time.perf_counter() - start, 200
    print(
        json.dumps({"per_run": wall / runs, "simulation": inside / runs, "overhead": (wall - inside) / runs})
    )
else:
    device.build(run=False)
    device.run(run_args={group.v0: values[0]})
    start = time.perf_counter()
    for v0 in values[:200]:
        device.run(run_args={group.v0: v0})
        spikes.num_spikes
    alone = (time.perf_counter() - start) / 200

    from distributed import Client

    outputs = {"rate": lambda r: r["spikes"].num_spikes / second}
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        with tempfile.TemporaryDirectory() as folder:
            sweep = Sweep({group.v0: values})
            start = time.perf_counter()
            data = sweep.run(outputs, store=f"{folder}/sweep.zarr", client=client, progress=False)
            wall = time.perf_counter() - start
    inside = float(data.wall_time.sum())
    runs = len(values)
    print(
        json.dumps(
            {
                "device_run": alone,
                "per_run": wall / runs,
                "simulation": inside / runs,
                "overhead": (wall - inside) / runs,
            }
        )
    )
