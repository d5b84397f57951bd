"""Record what Brian 2 makes of `synapse_models`: run it with a Python that has Brian 2.

python tests/numerics/make_synapse_reference.py
"""

import json
from pathlib import Path

import brian2
from synapse_models import MODELS, evaluate

brian2.prefs.codegen.target = "numpy"
found = {name: {key: v.tolist() for key, v in evaluate(brian2, name).items()} for name in MODELS}
target = Path(__file__).parent / "reference" / "synapses.json"
target.parent.mkdir(exist_ok=True)
target.write_text(json.dumps({"brian2": brian2.__version__, "models": found}, indent=None) + "\n")
