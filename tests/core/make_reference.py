"""Record which integrators Brian 2 takes for the systems of `systems`.

Run by a Python that has Brian 2: ``python tests/core/make_reference.py``.
"""

import json
import logging
from pathlib import Path

import brian2
from brian2 import Network, NeuronGroup, TimedArray, ms, prefs
from brian2.utils.logger import catch_logs
from systems import METHODS, SYSTEMS

NAMESPACE = {"tau": 10 * ms, "tau2": 5 * ms, "I": TimedArray([0, 1], dt=1 * ms)}


def chosen(logs):
    """The method that the automatic choice has logged."""
    for _, _, message in logs:
        if "using method '" in message:
            return message.split("using method '")[1].split("'")[0]
    raise AssertionError("Brian 2 has not logged its choice")


def tried(equations, **method):
    """Whether Brian 2 integrates the equations, and what it logs."""
    with catch_logs(log_level=logging.INFO) as logs:
        group = NeuronGroup(2, equations, **method)
        try:
            Network(group).run(0 * ms, namespace=NAMESPACE)
        except brian2.BrianObjectException:
            return False, logs
    return True, logs


def main():
    prefs.codegen.target = "numpy"
    answers = {}
    for name, equations in SYSTEMS.items():
        done, logs = tried(equations)
        answers[name] = {
            "auto": chosen(logs) if done else None,
            "accepted": [m for m in METHODS if tried(equations, method=m)[0]],
        }
    reference = {"brian2": brian2.__version__, "systems": answers}
    path = Path(__file__).parent / "reference" / "integrators.json"
    path.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
