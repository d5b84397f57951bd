"""Models of `shared_models` against what Brian 2 made of them (see make_shared_reference.py)."""

import json
from pathlib import Path

import pytest
import spikefarm
from numpy.testing import assert_allclose

from .shared_models import MODELS, evaluate

REFERENCE = json.loads((Path(__file__).parent / "reference" / "models.json").read_text())["models"]


@pytest.mark.parametrize("name", MODELS)
def test_as_in_brian2(name, target):
    found = evaluate(spikefarm, name)
    assert set(found) == set(REFERENCE[name])
    for key, values in found.items():
        assert_allclose(values, REFERENCE[name][key], rtol=1e-12, atol=1e-15, err_msg=key)
