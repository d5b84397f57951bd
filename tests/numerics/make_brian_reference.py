"""Run `brian_models` with Brian 2 and write what comes out: python tests/numerics/make_brian_reference.py."""

import json
from pathlib import Path

import brian2
from brian_models import MODELS

brian2.prefs.codegen.target = "numpy"
target = Path(__file__).parent / "reference" / "brian.json"
target.parent.mkdir(exist_ok=True)
found = {"brian2": brian2.__version__, **{name: model(brian2) for name, model in MODELS.items()}}
target.write_text(json.dumps(found))
