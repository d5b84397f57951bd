"""Names, values, results and errors against those of Brian 2, as recorded by `make_reference.py`."""

import builtins
import json
from pathlib import Path

import numpy as np
import pytest
from spikefarm.core import units
from spikefarm.core.units import allunits, constants, get_dimensions
from units.expressions import DIFFERENT, DISPLAYED, EXPRESSIONS

REFERENCE = Path(__file__).parent / "reference"
UNITS = json.loads((REFERENCE / "units.json").read_text())
RECORDED = json.loads((REFERENCE / "expressions.json").read_text())

NAMES = {
    **{name: getattr(allunits, name) for name in allunits.__all__},
    **{name: getattr(constants, name) for name in constants.__all__},
    **{name: getattr(units, name) for name in units.__all__},
    **{name: vars(builtins)[name] for name in ("abs", "float", "hash")},
    "np": np,
    "array": np.array,
    "inf": np.inf,
}


def evaluate(text):
    with np.errstate(all="ignore"):
        return eval(text, dict(NAMES))


def test_top_level_names_are_those_of_brian2():
    assert sorted(set(units.__all__)) == UNITS["top_level"]


def test_all_units_have_the_names_and_values_of_brian2():
    ours = {
        name: [float(unit), [float(e) for e in unit.dim.exponents], unit.name, unit.dispname]
        for name in allunits.__all__
        if name in UNITS["units"]
        for unit in [getattr(allunits, name)]
    }
    assert ours == UNITS["units"]


def test_further_units_are_only_other_spellings_of_candle():
    further = set(allunits.__all__) - set(UNITS["units"]) - {"celsius"}
    assert {name for name in further if "candela" not in name} == set()
    assert allunits.mcandela == allunits.mcandle


@pytest.mark.parametrize("text", DISPLAYED)
def test_values_are_shown_as_in_brian2(text):
    assert repr(evaluate(text)) == RECORDED["displayed"][text]


@pytest.mark.parametrize("text", [text for text in EXPRESSIONS if text not in DIFFERENT])
def test_expression_agrees_with_brian2(text):
    expected = RECORDED["answers"][text]
    if "error" in expected:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            evaluate(text)
        assert type(caught.value).__name__ == expected["error"]
        return
    result = evaluate(text)
    if "text" in expected:
        assert result == expected["text"]
        return
    np.testing.assert_allclose(np.asarray(result), expected["value"], rtol=1e-14)
    dim = get_dimensions(result)
    assert [float(exponent) for exponent in dim.exponents] == pytest.approx(expected["dim"])
    if dim.is_dimensionless and text != "Quantity(3)":
        assert not isinstance(result, units.Quantity)
