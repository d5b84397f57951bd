"""What Brian 2 makes of two of the examples: ``python make_brian_reference.py``, in an environment that has it.

The examples are taken as they are, but for the line that imports the library.
"""

import json
import sys
from pathlib import Path
from types import ModuleType

import brian2

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "examples"
brian2.prefs.codegen.target = "cython"


def example(name):
    """The names of an example that runs in Brian 2; its figure is not wanted."""
    for module in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(module, ModuleType(module))
    source = (FOLDER / f"{name}.py").read_text()
    found = {"__name__": name}
    exec(source.replace("from spikefarm import", "from brian2 import"), found)
    return found


def balanced_network(seeds=6):
    names, duration = example("balanced_network"), 1 * brian2.second
    found = {"rate": [], "cv": []}
    for seed in range(seeds):
        brian2.start_scope()
        brian2.seed(seed)
        rates, cvs = names["statistics"](names["simulate"](duration=duration), duration)
        found["rate"].append(round(float(rates.mean()), 3))
        found["cv"].append(round(float(cvs.mean()), 4))
    return found


def hodgkin_huxley_network():
    brian2.start_scope()
    pyramids, baskets, *_ = example("hodgkin_huxley_network")["simulate"](100 * brian2.ms)
    return {
        name: [round(float(t), 3) for t in spikes.t / brian2.ms]
        for name, spikes in (("pyramids", pyramids), ("baskets", baskets))
    }


if __name__ == "__main__":
    reference = {
        "brian": brian2.__version__,
        "balanced_network": balanced_network(),
        "hodgkin_huxley_network": hodgkin_huxley_network(),
    }
    (HERE / "brian.json").write_text(json.dumps(reference) + "\n")
