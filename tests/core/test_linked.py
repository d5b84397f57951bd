"""Linked variables: what is refused, and what the Model says of them."""

import numpy as np
import pytest
from spikefarm import *
from spikefarm.core.equations import EquationError
from spikefarm.core.expr import ExpressionError
from spikefarm.core.freeze import freeze
from spikefarm.core.session import current_session


def source():
    return NeuronGroup(
        10, "v : volt\nk : integer\nw = 2*v : volt\nage = t : second\ns : 1 (shared)", name="source"
    )


def owner(N=3, equations="x : volt (linked)\nplain : volt\nidx : integer\nfloating : 1", **options):
    return NeuronGroup(N, equations, name="owner", **options)


def unlinked():
    return NeuronGroup(3, "x : volt (linked)", name="unlinked")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda a: linked_var(3),
            TypeError,
            r"linked_var\(3, None\): give a group and the name of its variable",
        ),
        (lambda a: linked_var(a), TypeError, r"give a group and the name"),
        (lambda a: linked_var(a, "u"), KeyError, r"source has no variable 'u'"),
        (lambda a: linked_var(a, "v", index=2), TypeError, r"index=2 must be a list of integers"),
        (lambda a: linked_var(a, "v", index=[0.5]), TypeError, r"must be a list of integers"),
        (
            lambda a: linked_var(a, "v"),
            ValueError,
            r"'owner' has 3 neuron\(s\), but source.v has 10 value\(s\); say",
        ),
        (lambda a: linked_var(a[:4], "v"), ValueError, r"but source\[0:4\].v has 4 value"),
        (
            lambda a: linked_var(a, "v", index=[1, 2]),
            ValueError,
            r"index has 2 element\(s\), but 'owner' has 3",
        ),
        (lambda a: linked_var(a, "v", index=[1, 2, 10]), IndexError, r"index holds 10, but 'source' has 10"),
        (
            lambda a: linked_var(a[:2], "v", index=[1, 2, 0]),
            IndexError,
            r"index holds 2, but 'source\[0:2\]' has 2",
        ),
        (
            lambda a: linked_var(a, "v", index="nowhere"),
            ValueError,
            r"index='nowhere' is no integer variable",
        ),
        (
            lambda a: linked_var(a, "v", index="floating"),
            ValueError,
            r"declare it as 'floating : integer \(constant\)'",
        ),
        (
            lambda a: linked_var(a, "k"),
            DimensionMismatchError,
            r"owner.x has units of volt, but source.k .* of 1",
        ),
        (
            lambda a: linked_var(unlinked(), "x"),
            ValueError,
            r"unlinked.x is a linked variable itself; link that",
        ),
        (
            lambda a: 3 * volt,
            TypeError,
            r"owner.x is a linked variable and has no values of its own; say what",
        ),
        (lambda a: "3*volt", TypeError, r"owner.x is a linked variable"),
    ],
)
def test_what_is_refused(make, error, message):
    first, follower = source(), owner()
    with pytest.raises(error, match=message):
        follower.x = make(first)


def test_what_else_is_refused():
    first, follower = source(), owner()
    with pytest.raises(
        TypeError, match=r"owner.plain cannot be linked: declare it .* 'plain : unit \(linked\)'"
    ):
        follower.plain = linked_var(first, "v", index=[0, 1, 2])
    with pytest.raises(TypeError, match=r"owner\[0:2\].x: only a variable of a whole group"):
        follower[:2].x = linked_var(first[:2], "v")
    with pytest.raises(TypeError, match=r"owner.x: only a variable of a whole group"):
        follower.x[0] = linked_var(first[:1], "v")
    with pytest.raises(TypeError, match=r"owner.x has not been linked yet"):
        follower.x[:]
    follower.x = linked_var(first[:3], "v")
    with pytest.raises(TypeError, match=r"owner.x has been linked already, to source\[0:3\].v"):
        follower.x = linked_var(first[3:6], "v")


def test_flags():
    with pytest.raises(
        EquationError, match=r"what \(linked\) stands for decides the rest; give no other flag"
    ):
        Equations("x : 1 (linked, constant)")
    with pytest.raises(EquationError, match=r"a subexpression cannot be flagged \(linked\)"):
        Equations("x = 1 : 1 (linked)")


def test_times_need_one_clock():
    first = source()
    follower = NeuronGroup(10, "x : second (linked)", dt=1 * ms, name="slow")
    with pytest.raises(ValueError, match=r"slow.x: source.age depends on time, which has other steps there"):
        follower.x = linked_var(first, "age")
    with pytest.raises(ValueError, match=r"slow.x: source.t depends on time"):
        follower.x = linked_var(first, "t")


def test_what_is_refused_when_it_runs():
    first, follower = source(), owner(threshold="x > 1*volt", reset="x = 0*volt")
    with pytest.raises(
        ExpressionError, match=r"'x' flagged \(linked\), but linked|flagged \(linked\), but linked to nothing"
    ):
        Network(first, follower).run(1 * ms)
    follower.x = linked_var(first[:3], "v")
    with pytest.raises(ExpressionError, match=r"sets 'x', which is linked to a variable of another group"):
        Network(first, follower).run(1 * ms)
    third = NeuronGroup(3, "x : volt (linked)", name="third")
    third.x = linked_var(first[:3], "v")
    with pytest.raises(
        ValueError, match=r"'third' has variables linked to 'source', which is not part of what runs"
    ):
        Network(third).run(1 * ms)


def test_the_model_reads_the_other_group():
    first, follower = source(), owner()
    follower.x = linked_var(first[2:], "w", index=[7, 0, 0])
    third = NeuronGroup(2, "y : volt (linked)\nwhich : integer", name="third")
    third.y = linked_var(follower, "x", index="which")
    Network(first, follower, third).run(1 * ms)
    frozen = freeze(current_session())
    text = frozen.model.dump()
    assert "x = 2 * source.v[$owner.x:link[i] + 2] : 2,1,-3,-1,0,0,0 float (linked)" in text
    assert "y = 2 * source.v[$owner.x:link[within(third.which[i], 3)] + 2]" in text
    assert list(frozen.values["owner.x:link"]) == [7, 0, 0]


def test_values_before_a_run():
    first, follower = source(), owner()
    first.v = np.arange(10) * volt
    follower.x = linked_var(first[2:], "v", index="idx")
    follower.idx = [7, 0, 1]
    assert np.array_equal(follower.x / volt, [9, 2, 3])
    assert follower.x[1] == 2 * volt
    assert np.array_equal(follower[1:].x / volt, [2, 3])
    follower.idx = [7, 0, 8]
    with pytest.raises(
        IndexError, match=r"owner.idx holds the index 8, but 'source\[2:10\]', .* has 8 neuron"
    ):
        follower.x[:]


def test_synapses_have_no_links():
    first, last = source(), follower_of_synapses()
    synapses = Synapses(first, first, "w : volt", name="synapses")
    with pytest.raises(
        TypeError, match=r"last.x: synapses.w belongs to synapses, whose number is known in a run only"
    ):
        last.x = linked_var(synapses, "w")
    with pytest.raises(
        EquationError, match=r"Synapses: 'w' cannot be flagged \(linked\); synapses see the variables"
    ):
        Synapses(first, first, "w : volt (linked)")


def follower_of_synapses():
    return NeuronGroup(3, "x : volt (linked)", name="last")
