"""How long it takes to declare a network of ten objects and to have its hash. Prints JSON: first time and best."""

import json
import time

from spikefarm import *


def declare():
    start = time.perf_counter()
    device.reinit()
    set_device("cpp_standalone", build_on_run=False)
    tau = 10 * ms
    cells = {
        name: NeuronGroup(
            n,
            """dv/dt = (ge + gi - v)/tau : 1 (unless refractory)
               dge/dt = -ge/(5*ms) : 1
               dgi/dt = -gi/(10*ms) : 1""",
            threshold="v > 1", reset="v = 0", refractory=5 * ms, method="exact", name=name,
        )
        for name, n in (("exc", 800), ("inh", 200), ("out", 100))
    }  # fmt: skip
    objects = list(cells.values())
    for source, target, code in (
        ("exc", "inh", "ge_post += 0.1"), ("inh", "exc", "gi_post -= 0.4"), ("exc", "out", "ge_post += 0.1"),
        ("exc", "exc", "ge_post += 0.1"),
    ):  # fmt: skip
        synapses = Synapses(cells[source], cells[target], on_pre=code)
        synapses.connect(p=0.1)
        objects.append(synapses)
    objects += [SpikeMonitor(cells["exc"]), StateMonitor(cells["inh"], "v", record=[0, 1])]
    objects.append(PopulationRateMonitor(cells["out"]))
    assert len(objects) == 10
    Network(objects).run(1 * second)
    identity = device.simulation().model_hash
    return time.perf_counter() - start, identity


first, identity = declare()
again = [declare() for _ in range(10)]
assert {identity} == {found for _, found in again}
print(json.dumps({"first": first, "best": min(seconds for seconds, _ in again)}))
