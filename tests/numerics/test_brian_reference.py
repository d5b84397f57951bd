"""The models of `brian_models` against what Brian 2 made of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import spikefarm
from numerics.brian_models import MODELS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "brian.json").read_text())


def compare(found, wanted, path=""):
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), path
        for key in wanted:
            compare(found[key], wanted[key], f"{path}/{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), f"{path}: {len(found)} values instead of {len(wanted)}"
        for place, pair in enumerate(zip(found, wanted, strict=True)):
            compare(*pair, f"{path}[{place}]")
    else:
        assert np.isclose(found, wanted, rtol=1e-9, atol=1e-12), f"{path}: {found} instead of {wanted}"


@pytest.mark.parametrize("name", MODELS)
def test_same_as_brian(name, target):
    found = MODELS[name](spikefarm)
    compare(json.loads(json.dumps(found)), REFERENCE[name])
