"""Subexpressions that are evaluated once per time step."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.devices import isolated_session


def test_kernels(session):
    group = NeuronGroup(
        4,
        """dv/dt = (b + s - v)/second : 1
           b = 2*a + s : 1 (constant over dt)
           a = c + rand() : 1 (constant over dt)
           c = v**2 : 1
           s = randn() : 1 (constant over dt, shared)""",
        method="euler",
    )
    run(1 * ms)
    text = re.sub(r"#\d+", "#", lower(freeze(session).model).dump())
    start = text.index("kernel neurongroup held_shared")
    assert text[start : text.index("kernel neurongroup update")].splitlines() == [
        "kernel neurongroup held_shared clock=defaultclock when=before_start order=0",
        "  draw normal#",
        "  s = normal#",
        "kernel neurongroup held clock=defaultclock when=before_start order=0",
        "  draw uniform#",
        "  a = v ** 2 + uniform#",
        "  b = 2 * a + s",
    ]
    model = freeze(session).model.dump()
    assert "  b = 2 * a + s : 0,0,0,0,0,0,0 float (constant over dt)\n" in model
    assert "  s = randn() : 0,0,0,0,0,0,0 float (constant over dt, shared)\n" in model


def test_one_draw_for_all_uses_of_a_step():
    with isolated_session(3):
        group = NeuronGroup(
            50,
            """dv/dt = (u - u)/second : 1
               u = rand() : 1 (constant over dt)
               s = rand() : 1 (constant over dt, shared)
               du : 1
               ds : 1""",
            threshold="u > 0.5 and u <= 0.5 or s < s - 1 or t >= 0*ms",
            reset="du = u - u + v; ds += s",
            method="rk4",
        )
        trace = StateMonitor(group, ["u", "s"], record=True)
        run(2 * ms)
        assert_array_equal(np.asarray(group.v), 0)
        u, s = np.asarray(trace.u), np.asarray(trace.s)
        assert u.shape == (50, 20)
        assert_array_equal(s, np.tile(s[0], (50, 1)))
        assert len(np.unique(u)) == 1000
        assert len(np.unique(s)) == 20
        assert_array_equal(np.asarray(group.u), u[:, -1])
        assert group.s == s[0, -1]
        total = np.zeros(50)
        for value in s[0]:
            total += value
        assert_array_equal(np.asarray(group.ds), total)


def test_zero_before_the_first_run():
    group = NeuronGroup(2, "x = 3*volt : volt (constant over dt)\nplain = 3*volt : volt")
    assert_array_equal(group.x / volt, [0, 0])
    with pytest.raises(
        NotImplementedError, match=r"neurongroup\.plain is a subexpression, of which no values are kept"
    ):
        group.plain[:]
    with pytest.raises(
        TypeError, match=r"neurongroup\.x is a subexpression and follows from other variables"
    ):
        group.x = 2 * volt


@pytest.mark.parametrize(
    ("equations", "message"),
    [
        ("x = rand() : 1", r"draws random numbers each time .* give it the flag \(constant over dt\)"),
        (
            "dv/dt = -v/ms : 1\ns = v : 1 (constant over dt, shared)",
            "'s' is shared by all neurons, but 'v' depends",
        ),
        ("x = 3*volt : amp (constant over dt)", "has units of volt instead of amp"),
    ],
)
def test_refused(equations, message):
    group = NeuronGroup(1, equations, method="euler")
    with pytest.raises((SyntaxError, DimensionMismatchError), match=message):
        run(1 * ms)


@pytest.mark.parametrize("line", ["a : 1 (constant over dt)", "da/dt = 1/ms : 1 (constant over dt)"])
def test_only_subexpressions_have_the_flag(line):
    with pytest.raises(ValueError, match=r"cannot be flagged \(constant over dt\)"):
        NeuronGroup(1, line)


def test_held_subexpressions_in_a_circle():
    with pytest.raises(ValueError, match="in a circle: a -> b -> a"):
        NeuronGroup(1, "a = b : 1 (constant over dt)\nb = a : 1 (constant over dt)")
