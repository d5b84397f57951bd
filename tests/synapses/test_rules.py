"""Which synapses rules make: against loops in Python, between devices, and in distribution."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerics.conftest import simulated_on
from scipy import stats
from spikefarm import *
from spikefarm.core.bounds import bounds
from spikefarm.core.expr import Name, Var, parse, text, transform

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))
NUMBERS = st.integers(-3, 8).map(str)


def _terms(names):
    leaves = st.one_of(st.sampled_from(names), NUMBERS.map(lambda n: f"({n})"))

    def larger(terms):
        return st.one_of(
            st.builds("({} {} {})".format, terms, st.sampled_from("+-*"), terms),
            st.builds("({} {} {})".format, terms, st.sampled_from(("//", "%")), st.integers(1, 4)),
            st.builds("abs({})".format, terms),
        )

    return st.recursive(leaves, larger, max_leaves=4)


def _conditions(names):
    terms = _terms(names)
    compared = st.builds(
        "({} {} {})".format, terms, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), terms
    )
    joined = st.builds("({} {} {})".format, compared, st.sampled_from(("and", "or")), compared)
    return st.one_of(compared, joined, compared.map("not {}".format))


def groups(sources, targets):
    equations = "x : integer\nv : 1"
    before, after = NeuronGroup(sources, equations), NeuronGroup(targets, equations)
    before.x, after.x = "(3*i + 1) % 5", "(2*i + 3) % 7"
    return before, after


def value(expression, i, j, sizes, **more):
    """A string as Python understands it."""
    own = {"N_pre": sizes[0], "N_post": sizes[1], "x_pre": (3 * i + 1) % 5, "abs": abs}
    if j is not None:
        own |= {"j": j, "x_post": (2 * j + 3) % 7}
    return eval(expression, {"i": i, **own, **more})


def made(sizes, **rule):
    with simulated_on("numpy"):
        s = Synapses(*groups(*sizes))
        s.connect(**rule)
        return list(zip(s.i[:].tolist(), s.j[:].tolist(), strict=True))


@given(SIZES, _conditions(("i", "j", "x_pre", "x_post", "N_pre", "N_post")))
@settings(max_examples=80, deadline=None)
def test_conditions(sizes, condition):
    every = product(range(sizes[0]), range(sizes[1]))
    assert made(sizes, condition=condition) == [p for p in every if value(condition, *p, sizes)]


@given(SIZES, *[_terms(("i", "N_post", "x_pre"))] * 2, st.sampled_from((-3, -1, 1, 2)), st.data())
@settings(max_examples=80, deadline=None)
def test_generators(sizes, start, stop, step, data):
    index = data.draw(_terms(("i", "k", "N_pre")))
    condition = data.draw(_conditions(("i", "k", "x_pre", "j")))
    rule = f"{index} for k in range({start}, {stop}, {step}) if {condition}"
    wanted = []
    for i in range(sizes[0]):
        for k in range(value(start, i, None, sizes), value(stop, i, None, sizes), step):
            j = value(index, i, None, sizes, k=k)
            if 0 <= j < sizes[1] and value(condition, i, j, sizes, k=k):
                wanted.append((i, j))
    assert made(sizes, j=rule, skip_if_invalid=True) == wanted


@given(_conditions(("i", "j", "a")), st.integers(-5, 5), st.integers(-5, 5))
@settings(max_examples=150, deadline=None)
def test_bounds_lose_nothing(condition, i, a):
    resolved = transform(parse(condition), lambda n: Var(n.id) if isinstance(n, Name) else None)
    lower, upper = bounds(resolved, "j", frozenset({"x"}))
    names = {"i": i, "a": a, "abs": abs}
    for j in range(-12, 13):
        if eval(condition, {**names, "j": j}):
            assert all(eval(text(e), dict(names)) <= j for e in lower), (condition, lower)
            assert all(eval(text(e), dict(names)) >= j for e in upper), (condition, upper)


def test_bounds_that_are_found():
    """What conditions of bands and blocks leave of a range."""

    def found(condition):
        resolved = transform(parse(condition), lambda n: Var(n.id) if isinstance(n, Name) else None)
        lower, upper = bounds(resolved, "j", frozenset())
        return [[eval(text(e), {"i": 7}) for e in part] for part in (lower, upper)]

    assert found("abs(i - j) <= 2") == [[5], [9]]
    assert found("i//5 == j//5") == [[5], [10]]
    assert found("j > i + 1 and 2 > j - i") == [[8], [9]]
    assert found("i == j") == [[7], [7]]
    assert found("j*i < 3 or i == j") == [[], []]


RULES = {
    "all": {},
    "not itself": {"condition": "i != j"},
    "diagonal": {"j": "i", "skip_if_invalid": True},
    "other side": {"i": "j % 6"},
    "band": {"condition": "abs(i - j) <= 1"},
    "range": {"j": "k for k in range(i - 2, i + 3) if k != i and x_post > 1", "skip_if_invalid": True},
    "backwards": {"j": "k for k in range(8, i, -2)"},
    "by p": {"p": 0.4},
    "by p of each": {"p": "0.2 + 0.1*x_pre"},
    "distance": {"condition": "i != j", "p": "exp(-(i - j)**2/8.0)"},
    "sample": {"j": "k for k in sample(N_post, p=0.3)"},
    "many": {"j": "k for k in sample(0, N_post, 2, p=0.7)"},
    "size": {"j": "k for k in sample(N_post, size=3)"},
    "most": {"i": "k for k in sample(N_pre, size=N_pre - 1)"},
    "if rand": {"j": "k for k in range(N_post) if rand() < 0.3"},
    "random index": {"j": "int(rand()*N_post) for k in range(4)"},
    "random range": {"j": "k for k in range(int(rand()*N_post))"},
    "several": {"p": 0.5, "n": "1 + i % 2"},
    "pairs by p": {"i": [0, 1, 2, 3, 4, 5] * 3, "j": [0, 1, 2] * 6, "p": 0.5},
    "pairs twice": {"i": [0, 3], "j": [1, 2], "n": 2},
    "normal": {"j": "clip(int(i + 2*randn()), 0, N_post - 1) for k in range(3)"},
}


def pairs(target, seed):
    with simulated_on(target, seed):
        before, after = groups(6, 9)
        every = [Synapses(before, after, name=f"s{k}") for k in range(len(RULES))]
        for s, rule in zip(every, RULES.values(), strict=True):
            s.connect(**rule)
        Network(before, after, *every).run(0 * ms)
        return {
            name: list(zip(s.i[:].tolist(), s.j[:].tolist(), strict=True))
            for name, s in zip(RULES, every, strict=True)
        }


def test_devices_agree():
    """What C++ and numpy make of rules, those by chance included; another seed takes no other build."""
    first, again, other = pairs("cpp_standalone", 5), pairs("numpy", 5), pairs("cpp_standalone", 6)
    assert first == again
    assert other == pairs("numpy", 6)
    fixed = {"all", "not itself", "diagonal", "other side", "band", "range", "backwards", "pairs twice"}
    assert {name for name in RULES if first[name] == other[name]} == fixed
    assert first["diagonal"] == [(k, k) for k in range(6)]
    assert [i for i, _ in first["size"]] == np.repeat(np.arange(6), 3).tolist()
    assert len(set(first["size"])) == 18


# -- distributions: with fixed seeds, thresholds far from what they give ----------------------------------------


def degrees(**rule):
    with simulated_on("numpy", 3):
        before, after = NeuronGroup(300, "v : 1"), NeuronGroup(400, "v : 1")
        s = Synapses(before, after)
        s.connect(**rule)
        return s.N_outgoing_pre, s.N_incoming_post, s.i[:], s.j[:]


@pytest.mark.parametrize(
    "rule",
    [
        {"p": 0.1},
        {"j": "k for k in sample(N_post, p=0.1)"},
        {"i": "k for k in sample(N_pre, p=0.1)"},
        {"j": "k for k in range(N_post) if rand() < 0.1"},
        {"condition": "i >= 0", "p": "0.1 + 0.0*j"},
    ],
    ids=str,
)
def test_degrees_are_binomial(rule):
    outgoing, incoming, i, j = degrees(**rule)
    assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == len(i)
    for degree, others in ((outgoing, 400), (incoming, 300)):
        count = len(degree)
        mean, variance = others * 0.1, others * 0.09
        assert abs(degree.mean() - mean) < 4 * np.sqrt(variance / count)
        ratio = degree.var(ddof=1) / variance
        assert stats.chi2.ppf(1e-4, count - 1) < ratio * (count - 1) < stats.chi2.ppf(1 - 1e-4, count - 1)
    far = np.abs(i / 300 - j / 400) > 0.5
    assert stats.binomtest(int(far.sum()), len(i), 0.25).pvalue > 1e-4  # no place is preferred


def test_samples_of_a_size():
    outgoing, incoming, i, j = degrees(j="k for k in sample(N_post, size=40)")
    assert (outgoing == 40).all()
    assert len(set(zip(i.tolist(), j.tolist(), strict=True))) == len(i)
    assert abs(incoming.mean() - 30) < 1e-12
    ratio = (incoming.var(ddof=1)) / (300 * 0.09)
    assert stats.chi2.ppf(1e-4, 399) < ratio * 399 < stats.chi2.ppf(1 - 1e-4, 399)


def test_probability_by_distance():
    _, _, i, j = degrees(p="exp(-abs(i - j)/50.0)", condition="i != j")
    distance = np.abs(i - j)
    every = np.abs(np.arange(300)[:, None] - np.arange(400)[None, :])
    for low, high in ((1, 20), (20, 60), (60, 120), (120, 300)):
        chance = np.exp(-every[(every >= low) & (every < high)] / 50)
        found = ((distance >= low) & (distance < high)).sum()
        assert abs(found - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())
    assert distance.min() == 1


def test_cost_is_that_of_the_synapses(monkeypatch):
    """A constant probability, a range and a sample never look at all pairs."""
    from spikefarm.devices.runtime import connecting

    seen = []
    made = connecting._Rule.made

    def counted(self, near, own, draw):
        seen.append(len(near))
        return made(self, near, own, draw)

    monkeypatch.setattr(connecting._Rule, "made", counted)
    with simulated_on("numpy", 1):
        cells = NeuronGroup(2000, "v : 1")
        for rule in (
            {"p": 0.002},
            {"j": "k for k in sample(N_post, size=4)"},
            {"condition": "abs(i - j) < 3"},
            {"condition": "i//4 == j//4"},
            {"j": "i"},
        ):
            seen.clear()
            s = Synapses(cells, cells)
            s.connect(**rule)
            assert sum(seen) < 3 * len(s) + 1, rule
            assert len(s) > 0
