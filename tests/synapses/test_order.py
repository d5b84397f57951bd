"""Which code of synapses comes out the same in any order: the check against all orders of a few synapses."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from spikefarm import *
from spikefarm.core.expr import ExpressionError
from spikefarm.core.session import Session, use_session
from spikefarm.core.synapseorder import check_order

VALUES = st.sampled_from(
    ("w", "z", "v_pre", "u_pre", "v_post", "u_post", "double_post", "half", "2", "x", "t")
)
TARGETS = st.sampled_from(("w", "v_post", "u_post", "v_pre", "x", "v"))
STATEMENTS = st.one_of(
    st.builds("{} {}= {}".format, TARGETS, st.sampled_from(("+", "-", "*", "/", "")), VALUES),
    st.builds("{0} = {0} + {1}*{2}".format, TARGETS, VALUES, VALUES),
    st.builds("{0} = {1} - {0}".format, TARGETS, VALUES),
    st.builds("{} = {} + {}".format, TARGETS, VALUES, VALUES),
)
BLOCKS = st.lists(STATEMENTS, min_size=1, max_size=3)
EQUATIONS = "v : 1\nu : 1\ndouble = 2*v : 1"


def accepted(code, itself):
    with use_session(Session()):
        before = NeuronGroup(3, EQUATIONS, threshold="v > 1", reset="v = 0")
        after = before if itself else NeuronGroup(3, EQUATIONS)
        s = Synapses(before, after, "w : 1\nz : 1\nhalf = v_post/2 : 1", on_pre=code)
        try:
            check_order(s, s.pre.statements, "the code")
        except ExpressionError:
            return False
        return True


def outcome(code, itself, pairs):
    """Variables of the neurons and synapses, after synapses in that order have done what the code says."""
    before = {"v": [1.5, 0.7, 0.3], "u": [0.2, 1.1, 2.0]}
    after = before if itself else {"v": [0.4, 1.9, 1.2], "u": [3.0, 0.6, 0.8]}
    weights = {}
    for number, (i, j) in pairs:
        own = {"w": 0.3 + 0.4 * number, "z": 1.0 + number, "t": 5.0}
        for line in code.split("\n"):
            seen = {
                "v_pre": before["v"][i],
                "u_pre": before["u"][i],
                "v_post": after["v"][j],
                "u_post": after["u"][j],
            }
            known = {
                **seen,
                "v": after["v"][j],
                "double_post": 2 * after["v"][j],
                "half": after["v"][j] / 2,
                **own,
            }
            target = line.split()[0]
            exec(line, {}, known)
            variable, _, side = (target if "_" in target else f"{target}_post").partition("_")
            if target in ("w", "x"):
                own[target] = known[target]
            else:
                (before if side == "pre" else after)[variable][i if side == "pre" else j] = known[target]
        weights[number] = own["w"]
    return [*before["v"], *before["u"], *after["v"], *after["u"], *(weights[n] for n in sorted(weights))]


@given(BLOCKS, st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_accepted_has_one_outcome(lines, itself):
    code = "\n".join(lines)
    first = next((k for k, line in enumerate(lines) if line.startswith("x =")), None)
    assume(
        "x" not in code or (first is not None and "x" not in "".join(lines[:first]) and code.count("x") > 1)
    )
    assume("x" not in code or "x" not in lines[first][1:])
    assume(accepted(code, itself))
    synapses = list(enumerate(((0, 0), (0, 1), (1, 1), (2, 1))))
    with np.errstate(all="ignore"):
        found = [outcome(code, itself, order) for order in permutations(synapses)]
    assert_allclose(found, [found[0]] * len(found), rtol=1e-9)


@pytest.mark.parametrize(
    "code",
    [
        "v_post += w",
        "v_post += w*v_pre",
        "v_post -= w; w += 0.1*u_pre",
        "v_post *= 0.5",
        "v_post /= 2; u_post += w",
        "v_post = w + v_post",
        "u_post = 3; w = v_post",
        "v_pre += z; v_post += 2*z",
        "w = clip(w + u_pre*double_post, 0, 1)",
    ],
)
def test_what_is_useful_is_accepted(code):
    assert accepted(code, False)
    assert accepted(code, True) == (code != "v_post += w*v_pre")


def test_order_that_matters(target):
    """Synapses are worked through in the order of their sources' events, by delay and number."""
    source = SpikeGeneratorGroup(3, [0, 2, 1, 0], [1, 1, 1.2, 2] * ms)
    cells = NeuronGroup(2, "last : 1\nchain : 1")
    cells.chain = 1
    s = Synapses(
        source, cells, "w : 1", on_pre="last_post = w; chain_post = 2*chain_post + w", order_matters=True
    )
    s.connect(i=[2, 0, 1, 0, 2], j=[0, 0, 0, 1, 1])
    s.w = [1, 2, 3, 4, 5]
    s.delay = [0, 0, 0, 0.2, 0] * ms
    trace = StateMonitor(cells, ["last", "chain"], record=True, dt=1 * ms, when="end")
    Network(source, cells, s, trace).run(2.1 * ms)
    assert_allclose(trace.last[:, 1:], [[1, 2], [5, 4]])
    first = 2 * (2 * 1 + 2) + 1
    assert_allclose(cells.chain, [2 * (2 * first + 3) + 2, 2 * (2 * 1 + 5) + 4])
