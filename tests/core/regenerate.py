"""Write the golden texts again: ``python tests/core/regenerate.py``, then read the diff."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.core.session import Session, use_session
from spikefarm.devices.cpp_standalone.emit import emit_model

from core.models import MODELS

#: Models of which the C++ is kept to the end; it is much the same for all from the interface on.
WHOLE = ("lif", "plastic")
INTERFACE = "// ---- the interface ----"
#: Models of which the C++ of several runs side by side is kept too.
IN_LANES = ("lif", "stochastic")
GOLDEN = Path(__file__).parent / "golden"


def texts(name):
    """File names and texts of one model: the Model, its Kernels and their C++."""
    with use_session(Session()) as session:
        MODELS[name]()
        model = freeze(session).model
    kernels = lower(model)
    found = {
        f"{name}.model.txt": model.dump(),
        f"{name}.kernels.txt": kernels.dump(),
        f"{name}.cpp": emit_model(kernels),
    }
    if name in IN_LANES:
        found[f"{name}.lanes.cpp"] = emit_model(kernels, lanes=16)
    return {file: text if name in WHOLE else text.partition(INTERFACE)[0] for file, text in found.items()}


def main():
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.iterdir():
        old.unlink()
    for name in MODELS:
        for file, text in texts(name).items():
            (GOLDEN / file).write_text(text)


if __name__ == "__main__":
    main()
