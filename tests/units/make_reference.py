"""Record what Brian 2 says about units, for `test_reference.py`: run with a Python that has Brian 2.

python tests/units/make_reference.py
"""

import builtins
import json
import warnings
from pathlib import Path

import brian2
import brian2.units
import brian2.units.allunits as allunits
import brian2.units.constants as constants
import numpy as np
from brian2.units.fundamentalunits import get_dimensions
from expressions import DISPLAYED, EXPRESSIONS

HERE = Path(__file__).parent / "reference"
EXPONENTS = ("m", "kg", "s", "A", "K", "mol", "cd")


def exponents(dim):
    return [float(dim.dim.get_dimension(name)) for name in EXPONENTS]


def answer(text, names):
    """Return what an expression gives: an error's type, or value and dimension."""
    try:
        result = eval(text, dict(names))
    except builtins.Exception as error:
        return {"error": type(error).__name__}
    if isinstance(result, str):
        return {"text": result}
    return {"value": np.asarray(result).tolist(), "dim": exponents(get_dimensions(result))}


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    units = {
        name: [float(unit), exponents(unit.dim), unit.name, unit.dispname]
        for name in sorted(set(allunits.__all__) - {"celsius"})
        for unit in [getattr(allunits, name)]
    }
    names = {**vars(constants), **{name: getattr(allunits, name) for name in allunits.__all__}}
    names |= {name: value for name, value in vars(brian2).items() if not name.startswith("_")} | {"np": np}
    names |= {name: vars(builtins)[name] for name in ("abs", "float", "hash")}
    names |= {name: getattr(brian2.units, name) for name in brian2.units.__all__}
    names |= {"array": np.array, "inf": np.inf}
    write("units.json", {
        "brian2": brian2.__version__,
        "top_level": sorted(set(brian2.units.__all__)),
        "units": units,
    })  # fmt: skip
    write("expressions.json", {
        "brian2": brian2.__version__,
        "numpy": np.__version__,
        "displayed": {text: repr(eval(text, dict(names))) for text in DISPLAYED},
        "answers": {text: answer(text, names) for text in EXPRESSIONS},
    })  # fmt: skip


def write(name, content):
    lines = []
    for key, value in content.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f" {json.dumps(key)}: {{\n{rows}\n }}")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
