"""Coupled linear equations whose coefficients differ between neurons: one matrix exponential each, once per run."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.core.session import Session, use_session

EQUATIONS = """dv/dt = (g - v)/tau : 1 (unless refractory)
               dg/dt = (drive - g)/(fall + i*ms) : 1
               tau : second (constant)
               fall : second (constant, shared)
               drive : 1"""


def closed_form(v, g, drive, tau, fall, t):
    """``g`` relaxes to ``drive``, ``v`` follows ``g``; rates differ."""
    a, b = 1 / tau, 1 / fall
    after = drive + (g - drive) * np.exp(-b * t)
    share = (g - drive) * a / (a - b)
    return drive + share * np.exp(-b * t) + (v - drive - share) * np.exp(-a * t), after


@pytest.mark.parametrize(
    "options",
    [
        {"device": "runtime", "target": "cpp"},
        {"device": "runtime", "target": "numpy"},
        {"device": "cpp_standalone", "directory": None, "build_on_run": False},
    ],
    ids=["cpp", "numpy", "standalone"],
)
def test_parameters_that_change_between_runs(options):
    with use_session(Session()):
        set_device(**options)
        cells = NeuronGroup(
            4, EQUATIONS, method="exact", threshold="v > 100", refractory=1 * ms, name="cells"
        )
        cells.tau, cells.fall, cells.drive = "(3 + 2*i)*ms", 8 * ms, "i"
        cells.v, cells.g = 1, "2 + i"
        network = Network(cells)
        network.run(5 * ms)
        cells.tau = "(20 - i)*ms"
        cells.drive = 0.5
        network.run(4 * ms)
        get_device().build()
        i = np.arange(4.0)
        fall = (8 + i) * 1e-3
        v, g = closed_form(np.ones(4), 2 + i, i, (3 + 2 * i) * 1e-3, fall, 5e-3)
        v, g = closed_form(v, g, 0.5, (20 - i) * 1e-3, fall, 4e-3)
        assert_allclose(cells.g[:], g, rtol=1e-11)
        assert_allclose(cells.v[:], v, rtol=1e-11)


def matrices(equations, python=False):
    with use_session(Session()) as session:
        cells = NeuronGroup(4, equations, method="exact", name="cells")
        objects = [cells]
        if python:
            objects.append(NetworkOperation(lambda: None))
        Network(objects).run(1 * ms)
        return lower(freeze(session).model)


def test_what_is_computed_once():
    plain = EQUATIONS.replace(" (unless refractory)", "")
    kernels = matrices(plain)
    assert [m.each for m in kernels.matrices] == [True]
    assert "matrix cells.M of each of cells = [" in kernels.dump()
    same = matrices(
        plain.replace("i*ms", "ms").replace("tau : second (constant)", "tau : second (constant, shared)")
    )
    assert [m.each for m in same.matrices] == [False]
    for other in (matrices(plain.replace("(constant)", "")), matrices(plain, python=True)):
        assert other.matrices == ()  # may change within the run
        assert any(kernel.matrices for kernel in other.kernels)
