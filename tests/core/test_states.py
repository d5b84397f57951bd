"""get_states and set_states: names, formats, errors."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.context import LONG_AGO


def group():
    cells = NeuronGroup(
        3,
        """dv/dt = -v/ms : volt
           w = 2*v : volt
           k : integer
           c : 1 (constant)
           s : 1 (shared)
           x : 1 (linked)""",
        threshold="v > 1*mV",
        refractory=1 * ms,
        name="cells",
    )
    cells.x = linked_var(cells, "c")
    cells.v = [1, 2, 3] * mV
    return cells


STORED = ["lastspike", "not_refractory", "v", "k", "c", "s"]


def test_what_is_taken_by_default():
    cells = group()
    states = cells.get_states()
    assert sorted(states) == sorted([*STORED, "x", "N", "i", "dt", "t", "t_in_timesteps"])
    assert sorted(cells.get_states(read_only_variables=False)) == sorted(STORED)
    assert_array_equal(states["v"] / mV, [1, 2, 3])
    assert states["dt"] == 0.1 * ms
    assert states["N"] == 3
    assert states["s"] == 0
    assert (states["lastspike"] == LONG_AGO * second).all()
    plain = cells.get_states(["v", "s"], units=False)
    assert type(plain["v"]) is np.ndarray
    assert list(plain) == ["v", "s"]
    assert list(cells.get_states("k")) == ["k"]
    assert_array_equal(cells[1:].get_states("v", units=False)["v"], [2e-3, 3e-3])
    states["v"][:] = 0 * mV
    assert_array_equal(cells.v / mV, [1, 2, 3])  # a copy


def test_what_is_taken_can_be_set():
    cells = group()
    before = cells.get_states(read_only_variables=False)
    cells.set_states({"v": 7 * mV, "k": [1, 2, 3], "c": 4, "s": 5})
    assert_array_equal(cells.v / mV, [7, 7, 7])
    assert (cells.c == 4).all()
    assert cells.s == 5
    cells.set_states(before)
    assert_array_equal(cells.v / mV, [1, 2, 3])
    cells.set_states({"v": [4, 5, 6]}, units=False)
    assert_array_equal(cells.v_[:], [4, 5, 6])
    cells[1:].set_states({"v": [8, 9] * mV})
    assert_allclose(cells.v_[:], [4, 8e-3, 9e-3])


def test_names_in_strings_are_the_callers():
    cells = group()
    amount = 3 * mV
    cells.set_states({"v": "amount"})
    network = Network(cells)
    network.set_states({"cells": {"v": "2*amount"}})
    entries = [e for e in cells.session.program if isinstance(getattr(e, "value", None), str)]
    assert [e.constants["amount"].value for e in entries] == [3e-3, 3e-3]


def test_pandas():
    cells = group()
    table = cells.get_states(["v", "k", "s"], units=False, format="pandas")
    assert list(table.columns) == ["v", "k", "s"]
    assert_array_equal(table["v"], [1e-3, 2e-3, 3e-3])
    table["v"] *= 2
    table["s"] = 3.0
    cells.set_states(table, units=False, format="pandas")
    assert_array_equal(cells.v_[:], [2e-3, 4e-3, 6e-3])
    assert cells.s == 3
    everything = Network(cells).get_states(units=False, format="pandas", read_only_variables=False)
    assert isinstance(everything["cells"], pd.DataFrame)
    Network(cells).set_states(everything, units=False, format="pandas")


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda g: g.get_states("u"), KeyError, r"cells has no variable 'u'"),
        (lambda g: g.get_states(format="xml"), ValueError, r"format='xml' is none of 'dict', 'pandas'"),
        (lambda g: g.get_states(format="pandas"), ValueError, r"keeps no units; say units=False"),
        (
            lambda g: g.set_states({"u": 1, "i": 2, "w": 3 * mV}),
            KeyError,
            "(?s)'u'.*i is read-only.*subexpression",
        ),
        (lambda g: g.set_states({"i": [1, 2, 3]}), TypeError, r"cells.i is read-only"),
        (lambda g: g.set_states({"x": [1, 2, 3]}), TypeError, r"cells.x is a linked variable"),
        (
            lambda g: g.set_states({"k": 3, "v": [1, 2] * mV}),
            ValueError,
            r"cells.v takes one value or an array",
        ),
        (lambda g: g.set_states({"k": 3, "v": 1}), DimensionMismatchError, r"cells.v has units of volt"),
        (lambda g: g.set_states([1]), TypeError, r"takes a dictionary by variable, not list"),
        (
            lambda g: Network(g).set_states({"them": {}}),
            KeyError,
            r"no object\(s\) 'them' with variables",
        ),
        (
            lambda g: SpikeMonitor(g, name="m").set_states({"t": 1}),
            TypeError,
            r"m: what a monitor has recorded cannot",
        ),
        (
            lambda g: SpikeMonitor(g, name="m").get_states("v"),
            KeyError,
            r"m has no variable 'v'; it has i, t",
        ),
    ],
)
def test_what_is_refused(action, error, message):
    cells = group()
    with pytest.raises(error, match=message):
        action(cells)
    assert (cells.k == 0).all()  # nothing has been set
