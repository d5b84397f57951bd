"""Record the names that Brian 2's star import brings, for `test_star_import.py`: run with a Python that has Brian 2.

python tests/core/make_names_reference.py
"""

import json
from pathlib import Path
from types import ModuleType

import brian2

names: dict = {}
exec("from brian2 import *", names)
found = sorted(
    name for name, value in names.items() if not name.startswith("_") and not isinstance(value, ModuleType)
)
path = Path(__file__).parent / "reference" / "names.json"
path.write_text(json.dumps({"brian2": brian2.__version__, "names": found}, indent=0) + "\n")
