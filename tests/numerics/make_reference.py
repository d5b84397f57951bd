"""Record what Brian 2 computes, for `test_reference.py`: run with a Python that has Brian 2.

python tests/numerics/make_reference.py
"""

from pathlib import Path

import brian2
import numpy as np
from models import MODELS, PRELUDE

TARGET = Path(__file__).parent / "reference" / "brian2.npz"


def recorded(namespace):
    """Arrays by ``object.variable``, in base units."""
    found = {}
    for name, obj in namespace.items():
        if isinstance(obj, brian2.SpikeMonitor):
            found |= {f"{name}.i": np.array(obj.i), f"{name}.t": np.array(obj.t)}
        elif isinstance(obj, brian2.StateMonitor):
            found[f"{name}.t"] = np.array(obj.t)
            found |= {f"{name}.{v}": np.array(getattr(obj, v)) for v in obj.record_variables if v != "t"}
        elif isinstance(obj, brian2.NeuronGroup):
            variables = obj.equations.diff_eq_names | obj.equations.parameter_names
            found |= {f"{name}.{v}": np.array(getattr(obj, v + "_")) for v in variables}
    return found


def run(text):
    """Run one model as a script of its own."""
    brian2.start_scope()
    namespace = {}
    exec(compile("from brian2 import *\n" + PRELUDE + text, "model", "exec"), namespace)
    return recorded(namespace)


def main():
    brian2.prefs.codegen.target = "numpy"
    arrays = {"brian2": np.array(brian2.__version__), "numpy": np.array(np.__version__)}
    for name, text in MODELS.items():
        arrays[f"{name}/source"] = np.array(text)
        arrays |= {f"{name}/{key}": values for key, values in sorted(run(text).items())}
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET}: {len(MODELS)} models, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
