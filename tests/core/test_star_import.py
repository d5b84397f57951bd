"""What ``from spikefarm import *`` brings, against Brian 2's list as recorded by `make_names_reference.py`."""

import builtins
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import spikefarm
from spikefarm.core import numpynames

RECORDED = json.loads((Path(__file__).parent / "reference" / "names.json").read_text())
STAR: dict = {}
exec("from spikefarm import *", STAR)

#: numpy's, but Python's own are better (as in Brian 2 where matplotlib is installed), or of no use in a script.
LEFT_OUT = set("abs bool bytes max min pow round test random_integers get_state set_state".split()) | set(
    "BitGenerator Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence".split()
)
#: Brian 2's inner classes, and what spikefarm does not have (docs/coming_from_brian2.md).
BRIANS_OWN = set(
    """BrianObject BrianObjectException BrianPreference CodeRunner CythonCodeObject NumpyCodeObject DEFAULT_CONSTANTS
    DEFAULT_UNITS EventClock Expression Group ImportExport MagicNetwork Nameable SpikeSource Statements Subgroup
    Trackable VariableOwner all_devices check_cache magic_network logger std_silent restore_initial_state
    Cylinder Morphology Section Soma SpatialNeuron gsl_rk2 gsl_rk4 gsl_rk8pd gsl_rkck gsl_rkf45""".split()
)
#: Being written.
TO_COME: set = set()


def test_names_of_brian2_are_there():
    missing = set(RECORDED["names"]) - set(STAR) - LEFT_OUT - BRIANS_OWN - TO_COME
    assert missing == set()


def test_python_keeps_its_own_names():
    overridden = {name for name in LEFT_OUT if name in STAR}
    assert overridden == set()
    assert {name for name in STAR if hasattr(builtins, name) and not name.startswith("_")} <= {
        "all",
        "any",
        "divmod",
        "sum",
    }


def test_names_are_public():
    assert [name for name in spikefarm.__all__ if name.startswith("_")] == []


@pytest.mark.parametrize("module", ["random", "fft", "linalg"])
def test_lists_of_names_are_numpys(module):
    assert set(getattr(numpynames, f"_{module.upper()}")) <= set(getattr(np, module).__all__)


def test_names_that_two_parts_of_numpy_share():
    assert STAR["random"](3).shape == (3,)
    assert STAR["power"] is np.power
    assert STAR["fft"] is np.fft.fft
    assert STAR["linalg"] is np.linalg
    assert STAR["seed"] is spikefarm.seed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clip([1, 5]*mV, 0*mV, 2*mV)/mV", [1, 2]),
        ("mean([1, 2]*mV)/mV", 1.5),
        ("linspace(0*mV, 1*mV, 3)/mV", [0, 0.5, 1]),
        ("arange(0*ms, 3*ms, 1*ms)/ms", [0, 1, 2]),
        ("concatenate([[1]*mV, [2]*mV])/mV", [1, 2]),
        ("sqrt(4*mV**2)/mV", 2),
        ("array([1, 2])*nA/pA", [1000, 2000]),
        ("sum([1, 2]*mV)/mV", 3),
        ("max(1*mV, 2*mV)/mV", 2),
        ("norm([3, 4])", 5),
        ("sum(x for x in [1*mV, 2*mV])/mV", 3),
        ("any(x > 5 for x in [1, 2])", False),
        ("all(x > 1 for x in [1, 2])", False),
        ("any(array([[1, 0], [0, 0]]), axis=1)", [True, False]),
    ],
)
def test_functions_mind_units(text, expected):
    np.testing.assert_allclose(eval(text, STAR), expected)


@pytest.mark.parametrize(
    "text", ["exp(1*mV)", "sin(1*ms)", "log(2*nA)", "clip(1*mV, 0, 2)", "linspace(0*mV, 1*nA, 3)"]
)
def test_functions_refuse_wrong_units(text):
    with pytest.raises(spikefarm.DimensionMismatchError):
        eval(text, STAR)


def test_a_name_of_numpy_is_no_constant():
    group = spikefarm.NeuronGroup(1, "dv/dt = (gamma - v)/(10*ms) : 1")
    with pytest.raises(KeyError, match="'gamma' could not be resolved: in the script it is numpy's function"):
        spikefarm.Network(group).run(1 * spikefarm.ms, namespace=STAR)


def test_a_name_of_numpy_can_be_a_variable():
    group = spikefarm.NeuronGroup(2, "gamma : 1\ndbeta/dt = gamma/second : 1")
    group.gamma = 3
    assert list(group.gamma[:]) == [3, 3]
    spikefarm.Network(group).run(1 * spikefarm.ms, namespace=STAR)


def test_suggestions_are_names_that_equations_can_use():
    group = spikefarm.NeuronGroup(1, "dv/dt = -v/tua : 1")
    with pytest.raises(KeyError, match=r"Did you mean tau or tan\?"):
        spikefarm.Network(group).run(
            1 * spikefarm.ms, namespace={**STAR, "tau": 1 * spikefarm.ms, "tuat": len}
        )


def test_unknown_attributes_are_errors():
    with pytest.raises(AttributeError, match="spikefarm has no 'NeuronGruop'"):
        spikefarm.NeuronGruop


def test_import_alone_loads_no_late_parts_of_numpy():
    code = "import sys, spikefarm; print([m for m in ('numpy.fft', 'numpy.ma', 'dask') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
