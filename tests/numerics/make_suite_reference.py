"""Record what Brian 2 makes of `suite_models`: run it with a Python that has Brian 2.

python tests/numerics/make_suite_reference.py
"""

from pathlib import Path

import brian2
import numpy as np
from suite_models import MODELS, PYTHON_MODELS, evaluate

brian2.prefs.codegen.target = "numpy"
arrays = {"brian2": np.array(brian2.__version__)}
for name in (*MODELS, *PYTHON_MODELS):
    brian2.start_scope()
    arrays |= {f"{name}/{key.replace('/', '|')}": values for key, values in evaluate(brian2, name).items()}
target = Path(__file__).parent / "reference" / "suite.npz"
np.savez_compressed(target, **arrays)
print(f"{target}: {len(MODELS) + len(PYTHON_MODELS)} models, {target.stat().st_size / 1e3:.0f} kB")
