"""Comparison with what Brian 2 computed (see `make_reference.py`): spikes to the step, values to 1e-10."""

from pathlib import Path

import numpy as np
import pytest
from numerics.models import MODELS, PRELUDE
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import SpikeMonitor, StateMonitor
from spikefarm.core.group import NeuronGroup

REFERENCE = Path(__file__).parent / "reference" / "brian2.npz"


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as saved:
        return dict(saved)


def recorded(namespace):
    """Arrays by ``object.variable``, in base units."""
    found = {}
    for name, obj in namespace.items():
        if isinstance(obj, SpikeMonitor):
            found |= {f"{name}.i": np.array(obj.i), f"{name}.t": np.array(obj.t)}
        elif isinstance(obj, StateMonitor):
            found[f"{name}.t"] = np.array(obj.t)
            found |= {f"{name}.{v}": np.array(getattr(obj, v)) for v in obj.record_variables}
        elif isinstance(obj, NeuronGroup):
            variables = obj.equations.diff_eq_names | obj.equations.parameter_names
            variables |= {"lastspike", "not_refractory"} & obj.variable_types.keys()
            found |= {f"{name}.{v}": np.array(obj.state(v)) for v in variables}
    return found


def test_reference_is_of_these_models(reference):
    """After a change of models: python tests/numerics/make_reference.py, with a Python that has Brian 2."""
    assert reference["brian2"]
    sources = {key.split("/")[0]: str(value) for key, value in reference.items() if key.endswith("/source")}
    assert sources == MODELS


@pytest.mark.parametrize("name", MODELS)
def test_same_as_brian(reference, name, target):
    namespace = {}
    exec(compile("from spikefarm import *\n" + PRELUDE + MODELS[name], name, "exec"), namespace)
    found = recorded(namespace)
    wanted = {key.split("/")[1]: value for key, value in reference.items() if key.startswith(f"{name}/")}
    assert sorted(found) == sorted(wanted.keys() - {"source"})
    for key, values in found.items():
        if key.endswith(".t"):  # to the step: times are multiples of a common microsecond
            assert_array_equal(np.round(values * 1e8), np.round(wanted[key] * 1e8), err_msg=key)
        elif values.dtype.kind == "f":
            scale = np.abs(wanted[key]).max(initial=0)
            # what is shared is recorded once here, once for every neuron there
            assert_allclose(
                values + 0 * wanted[key], wanted[key], rtol=1e-10, atol=1e-11 * scale, err_msg=key
            )
        else:
            assert_array_equal(values + 0 * wanted[key].astype(int), wanted[key], err_msg=key)
    assert sum(v.size for v in found.values()) > 20
