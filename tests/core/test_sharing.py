"""Repeated values become variables, loops are cut into stages, and no number changes."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spikefarm import Function, Network, NeuronGroup, Synapses, ms
from spikefarm.core.expr import Binary, Call, Compare, Lit, Unary, Var, text, walk
from spikefarm.core.freeze import freeze
from spikefarm.core.kernels import Kernel
from spikefarm.core.lower import lower
from spikefarm.core.sharing import share_values
from spikefarm.core.staging import make_stages
from spikefarm.core.statements import Stmt

#: Variables that each element has, and locals, which are set before they are read.
STATE, LOCALS = ("a", "b", "c"), ("p", "q")
FUNCTIONS = {
    "f": lambda x: math.tanh(x) + 0.1,
    "g": lambda x: 1 / (1 + x * x),
    "select": lambda which, yes, no: yes if which else no,
}


def trees(names):
    leaves = st.one_of(st.sampled_from(names).map(Var), st.sampled_from((0, 1, 2.5, 1.0)).map(Lit))

    def nodes(children):
        chosen = st.builds(Compare, st.sampled_from(("<", ">=")), children, children)
        return st.one_of(
            st.builds(Binary, st.sampled_from("+-*"), children, children),
            st.builds(Unary, st.just("-"), children),
            st.builds(lambda name, x: Call(name, (x,)), st.sampled_from("fg"), children),
            st.builds(lambda c, x, y: Call("select", (c, x, y)), chosen, children, children),
        )

    return st.recursive(leaves, nodes, max_leaves=5)


@st.composite
def bodies(draw):
    """Statements that repeat some of a few expressions, in between setting what these read."""
    known = list(STATE)
    pool = draw(st.lists(trees(STATE), min_size=1, max_size=4))
    statements = []
    for _ in range(draw(st.integers(1, 6))):
        repeated = draw(st.sampled_from(pool))
        other = draw(st.one_of(trees(known), st.sampled_from(pool)))
        target = draw(st.sampled_from(STATE + LOCALS))
        statements.append(Stmt(target, Binary("+", Call("f", (repeated,)), other), local=target in LOCALS))
        known += [target] * (target not in known)
    return tuple(statements)


def value(expr, names):
    return eval(text(expr), {**FUNCTIONS, **names})  # noqa: S307: what the test made itself


ELEMENTS = ({"a": 0.5, "b": -1.25, "c": 2.0}, {"a": -3.0, "b": 0.0, "c": 0.75})


def run_one_by_one(body):
    result = []
    for element in ELEMENTS:
        names = dict(element)
        for s in body:
            names[s.target] = value(s.expr, names)
        result.append([names[name] for name in STATE])
    return result


def run_in_stages(stages):
    """Loop after loop; what does not cross over is lost at the end of a loop."""
    everything = [dict(element) for element in ELEMENTS]
    for stage in stages.loops:
        for names in everything:
            own = {}
            for s in stage.body:
                kept = names if not s.local or s.target in stages.crossing else own
                kept[s.target] = value(s.expr, {**names, **own})
        for s in stage.calls:
            for names in everything:
                names[s.target] = value(s.expr, names)
    return [[names[name] for name in STATE] for names in everything]


def shared(body, population=None):
    return share_values(_Neurons(), Kernel("update", "", "", "", "groups", 0, body=body)).body


class _Neurons:
    """A Model as far as sharing looks at one."""

    ends = None

    def population(self, _):
        return self


@given(bodies())
@settings(max_examples=60, deadline=None)
@example((Stmt("a", Call("f", (Var("b"),))), Stmt("b", Lit(1)), Stmt("c", Call("f", (Var("b"),)))))
def test_no_number_changes(body):
    expected = run_one_by_one(body)
    written = shared(body)
    assert run_one_by_one(written) == expected
    for functions in ((), ("f",), ("f", "g")):
        assert run_in_stages(make_stages(written, functions)) == expected
        assert run_in_stages(make_stages(written, functions, {"a", "c"})) == expected


@given(bodies())
@settings(max_examples=30, deadline=None)
def test_nothing_dear_is_left_twice_in_a_statement(body):
    for s in shared(body):
        calls = [text(n) for n in walk(s.expr) if isinstance(n, Call) and n.function != "select"]
        assert len(calls) == len(set(calls))


def lines(body, **kwargs):
    return [str(s) for s in shared(body, **kwargs)]


def f(name):
    return Call("exp", (Var(name),))


def test_a_variable_that_changes_in_between_has_two_values():
    body = (Stmt("p", f("a"), local=True), Stmt("a", f("a")), Stmt("b", f("a")), Stmt("c", f("a")))
    assert lines(body) == [
        "local _x0 = exp(a)",
        "local p = _x0",
        "a = _x0",
        "local _x1 = exp(a)",
        "b = _x1",
        "c = _x1",
    ]


def test_whole_and_real_numbers_are_not_the_same():
    ratio = [Binary("//", Var("a"), Lit(n)) for n in (2, 2.0, 2)]
    body = tuple(Stmt(name, expr) for name, expr in zip("bcd", ratio, strict=True))
    assert lines(body) == ["local _x0 = a // 2", "b = _x0", "c = a // 2.0", "d = _x0"]


def test_what_costs_little_is_not_shared():
    product = Binary("*", Var("a"), Var("b"))
    assert lines((Stmt("c", product), Stmt("d", product))) == ["c = a * b", "d = a * b"]


def test_stages_need_few_arrays():
    """What only the last loop needs is computed there."""
    early = Binary("*", Var("a"), Var("b"))
    body = (
        Stmt("p", early, local=True),
        Stmt("a", Binary("+", Call("exp", (Call("exp", (Var("a"),)),)), Var("p"))),
    )
    stages = make_stages(body, ("exp",))
    assert [[str(s) for s in stage.body] for stage in stages.loops] == [
        ["local _y0 = a"],
        ["local _y1 = _y0"],
        ["local p = a * b", "a = _y1 + p"],
    ]
    assert stages.crossing == {"_y0", "_y1"}


def test_what_is_written_apart_is_kept_until_the_end():
    body = (
        Stmt("a", Compare(">", Var("b"), Lit(1))),
        Stmt("b", Call("select", (Var("a"), Lit(0), Var("b")))),
    )
    stages = make_stages(body, (), {"a"})
    assert [[str(s) for s in stage.body] for stage in stages.loops] == [
        ["local _b0 = b > 1", "b = select(_b0, 0, b)"],
        ["a = _b0"],
    ]
    assert stages.crossing == {"_b0"}


# -- in models -------------------------------------------------------------------------------------------------


def kernels_of(session, kind):
    return [k for k in lower(freeze(session).model).kernels if k.kind == kind]


def test_neurons_at_both_ends_of_a_synapse_may_be_the_same(session):
    """Having set ``v_post``, ``v_pre`` may be another."""
    group = NeuronGroup(2, "v : 1\nw : 1", threshold="v > 1")
    synapses = Synapses(group, group, on_pre="w_post += exp(v_pre)\nv_post += exp(v_pre)", order_matters=True)
    synapses.connect()
    Network(group, synapses).run(1 * ms)
    (kernel,) = kernels_of(session, "pathway")
    assert [str(s) for s in kernel.body] == ["w_post = w_post + exp(v_pre)", "v_post = v_post + exp(v_pre)"]


@pytest.mark.parametrize(("stateless", "count"), [(True, 1), (False, 2)])
def test_functions_with_state_are_called_each_time(session, stateless, count):
    noise = Function(lambda x: x, arg_units=[1], return_unit=1, stateless=stateless)
    noise.implementations.add_implementation("cpp", "double noise(double x) { return x; }", name="noise")
    group = NeuronGroup(2, "dv/dt = (noise(w) - v*noise(w))/ms : 1\nw : 1", method="euler")
    Network(group).run(1 * ms, namespace={"noise": noise})
    (kernel,) = kernels_of(session, "update")
    assert sum(str(s).count("noise") for s in kernel.body) == count


def test_a_function_of_the_scripts_own_is_called_only_where_it_is_asked_for(session):
    """What refractory neurons have no use for might not even be defined for them."""
    group = NeuronGroup(
        2,
        """dv/dt = (noise(w) - v)/ms : 1 (unless refractory)
           du/dt = (noise(w) - u)/ms : 1 (unless refractory)
           w : 1""",
        threshold="v > 1",
        refractory=1 * ms,
        method="euler",
    )
    noise = Function(lambda x: x, arg_units=[1], return_unit=1)
    noise.implementations.add_implementation("cpp", "double noise(double x) { return x; }", name="noise")
    Network(group).run(1 * ms, namespace={"noise": noise})
    (kernel,) = kernels_of(session, "update")
    assert not any(str(s).startswith("local _x") for s in kernel.body)
