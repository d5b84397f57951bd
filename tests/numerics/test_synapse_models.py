"""Networks of `synapse_models` against what Brian 2 made of them (see make_synapse_reference.py)."""

import json
from pathlib import Path

import pytest
import spikefarm
from numpy.testing import assert_allclose

from .synapse_models import MODELS, evaluate

REFERENCE = json.loads((Path(__file__).parent / "reference" / "synapses.json").read_text())["models"]
#: Models that look at synapses before anything has run, or select by a string.
READ_AT_ONCE = {"made_by_rules", "counted_pairs"}


@pytest.mark.parametrize("name", MODELS)
def test_as_in_brian2(name, target):
    if target == "cpp_standalone" and name in READ_AT_ONCE:
        pytest.skip("needs a device whose statements take effect at once")
    found = evaluate(spikefarm, name)
    assert set(found) == set(REFERENCE[name])
    for key, values in found.items():
        assert_allclose(values, REFERENCE[name][key], rtol=1e-11, atol=1e-14, err_msg=key)
