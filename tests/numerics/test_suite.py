"""The model suite: every model on every device and target, compared with each other and with others' results.

Models that run on Brian 2 too are compared with what it computed (`make_suite_reference.py`), models that draw random
numbers with closed form; compiled code gives the same bits on both devices, numpy the same to rounding. More of the
suite: `test_reference`, `test_brian_reference`, `test_reference_models`.
"""

from pathlib import Path

import numpy as np
import pytest
import spikefarm
from numerics import brian_models, models, random_models, shared_models, suite_models
from numerics.conftest import simulated_on
from numpy.testing import assert_allclose, assert_array_equal

REFERENCE = Path(__file__).parent / "reference" / "suite.npz"

#: Values that are zero but for rounding differ from zero by some steps of the last digit of what they are made of.
ROUNDING = {"rtol": 1e-10, "atol": 1e-13}


#: The runtime device evaluates strings that set values in numpy, whose logarithm and cosine, which make normal numbers,
#: differ from ours in the last digit.
NORMAL_AT_FIRST = {"ornstein_uhlenbeck", "random_initial_values"}


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as saved:
        return dict(saved)


def on(target, simulate, seed):
    """Arrays of a model simulated on a device and target."""
    with simulated_on(target, seed):
        return {key: np.asarray(value, dtype=float) for key, value in simulate().items()}


def on_all(simulate, seed=0, exactly=True, standalone=True):
    """Arrays of a model, after seeing that they are the same everywhere; compiled ones ``exactly`` the same."""
    found = on("cpp_standalone" if standalone else "cpp", simulate, seed)
    for target in ("cpp", "numpy"):
        other = on(target, simulate, seed)
        assert found.keys() == other.keys()
        for key, values in found.items():
            if target == "cpp" and exactly:
                assert_array_equal(other[key], values, err_msg=f"{key} on {target}")
            else:
                assert_allclose(other[key], values, err_msg=f"{key} on {target}", **ROUNDING)
    return found


@pytest.mark.parametrize("name", [*suite_models.MODELS, *suite_models.PYTHON_MODELS])
def test_same_everywhere_and_as_in_brian2(name, reference):
    """After a change of models: python tests/numerics/make_suite_reference.py, with a Python that has Brian 2."""
    standalone = name in suite_models.MODELS
    found = on_all(lambda: suite_models.evaluate(spikefarm, name), standalone=standalone)
    wanted = {
        key.split("/")[1].replace("|", "/"): v for key, v in reference.items() if key.startswith(f"{name}/")
    }
    assert found.keys() == wanted.keys()
    for key, values in found.items():
        assert_allclose(values, wanted[key], err_msg=key, **ROUNDING)


@pytest.mark.parametrize("name", random_models.MODELS)
def test_same_everywhere_and_as_in_theory(name):
    simulate, check = random_models.MODELS[name]
    seed = list(random_models.MODELS).index(name) + 1
    found = on_all(simulate, seed, exactly=name not in NORMAL_AT_FIRST)
    check({key: v.astype(int) if key == "i" else v for key, v in found.items()})


def test_the_suite_is_large():
    parts = (suite_models, random_models, models, brian_models, shared_models)
    assert sum(len(part.MODELS) for part in parts) >= 60


def test_references_say_what_made_them(reference):
    assert str(reference["brian2"]).startswith("2.")
