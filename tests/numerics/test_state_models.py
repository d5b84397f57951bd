"""Models of state on every device and target, compared with each other and with Brian 2 (`make_state_reference.py`)."""

from pathlib import Path

import numpy as np
import pytest
import spikefarm
from numerics import state_models
from numerics.test_suite import ROUNDING, on_all
from numpy.testing import assert_allclose

REFERENCE = Path(__file__).parent / "reference" / "state.npz"


@pytest.mark.parametrize("name", state_models.MODELS)
def test_same_everywhere_and_as_in_brian2(name):
    found = on_all(lambda: state_models.evaluate(spikefarm, name))
    with np.load(REFERENCE) as saved:
        assert str(saved["brian2"]).startswith("2.")
        wanted = {key.split("/")[1]: saved[key] for key in saved.files if key.startswith(f"{name}/")}
    assert found.keys() == wanted.keys()
    for key, values in found.items():
        assert_allclose(values, wanted[key], err_msg=key, **ROUNDING)
