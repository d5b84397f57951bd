"""Lowering: nothing is computed in a loop that could be computed before it, and other properties of Kernels."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm import Network, NeuronGroup, StateMonitor, TimedArray, ms, mV, run, seed
from spikefarm.core.expr import (
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Expr,
    Lit,
    Logic,
    MatrixEntry,
    Param,
    TimedCall,
    Unary,
    Var,
    parse,
    text,
    walk,
)
from spikefarm.core.freeze import freeze
from spikefarm.core.integrators import UnsupportedEquationsError
from spikefarm.core.kernels import KernelError
from spikefarm.core.lower import fold_numbers, lower
from spikefarm.core.session import Session, use_session

from core.models import MODELS


def lowered(declare):
    with use_session(Session()) as session:
        kept = declare()
        kernels = lower(freeze(session).model)
    assert kept
    return kernels


def group_of(model, namespace=None, N=3, **arguments):
    """Kernels of a single group; constants are numbers unless given."""

    def declare():
        group = NeuronGroup(N, model, **arguments)
        names = {"tau": 10 * ms, "a": 1.5, "b": 2.5, "flag": True, "I": TimedArray([1, 2], dt=1 * ms)}
        Network(group).run(1 * ms, namespace={**names, **(namespace or {})})
        return group

    return lowered(declare)


def kernel_of(kernels, kind):
    return next(k for k in kernels.kernels if k.kind == kind)


def lines_of(kernels, kind):
    return [line.strip() for line in list(kernel_of(kernels, kind).dump())[1:]]


# -- hoisting ------------------------------------------------------------------------------------------------


def is_invariant(node: Expr, shared: set[str]) -> bool:
    """Whether an expression has the same value for all neurons: an independent statement of the rule."""
    if isinstance(node, Lit | Param | Const):
        return True
    if isinstance(node, Var):
        return node.name in shared
    if isinstance(node, Binary | Compare | Logic | Unary | Call | TimedCall):
        return bool(node.children()) and all(is_invariant(child, shared) for child in node.children())
    return False


def left_in_loops(kernels):
    """What is invariant and calculated for each neuron all the same."""
    for kernel in kernels.kernels:
        if not kernel.population or kernel.single:
            continue
        population = kernels.model.population(kernel.population)
        fixed = {"dt", "N"} | {
            v.name for v in population.variables if v.shared and v.kind == "parameter" and v.constant
        }
        changing = {"t", "t_in_timesteps"} | {
            v.name for v in population.variables if v.shared and v.kind == "parameter"
        }
        per_step = kernel.kind in ("update", "threshold", "held")
        shared = fixed | changing if per_step else fixed
        own = {s.target for s in kernel.body if s.local} | {s.target for s in kernel.body}
        for expr in (*(s.expr for s in kernel.body), *([kernel.condition] if kernel.condition else [])):
            for node in walk(expr):
                timed = any(isinstance(n, TimedCall) for n in walk(node)) and not per_step
                if node.children() and is_invariant(node, shared - own) and not timed:
                    yield f"{kernel.owner} {kernel.kind}: {text(node)}"
        for scalar in kernel.scalars:
            for node in walk(scalar.expr):
                if node.children() and is_invariant(node, fixed) and not isinstance(node, TimedCall):
                    yield f"{kernel.owner} {kernel.kind}, every step: {text(node)}"


@pytest.mark.parametrize("name", MODELS)
def test_nothing_that_does_not_change_stays_in_a_loop(name):
    assert list(left_in_loops(lowered(MODELS[name]))) == []


SHARED = "s : 1 (shared)\nc : 1 (shared, constant)\nw : 1\n"


@pytest.mark.parametrize(
    ("equation", "body", "constants", "scalars"),
    [
        ("dv/dt = (a + b)*v/tau : 1", "v = v + k1 * v * k0 * k2", 3, 0),
        ("dv/dt = (a*b + w)/tau : 1", "v = v + (k1 + w) * k0 * k2", 3, 0),
        ("dv/dt = (2*c + w)/tau : 1", "v = v + (k1 + w) * k0 * k2", 3, 0),
        ("dv/dt = (2*s + w)/tau : 1", "v = v + (_s0 + w) * k0 * k1", 2, 1),
        ("dv/dt = (I(t) - v)/tau : 1", "v = v + (_s0 - v) * k0 * k1", 2, 1),
        ("dv/dt = (I(t + tau) - v)/tau : 1", "v = v + (_s0 - v) * k0 * k1", 2, 1),
    ],
)
def test_what_does_not_change_is_computed_once(equation, body, constants, scalars):
    kernels = group_of(SHARED + equation, method="exponential_euler")
    assert lines_of(kernels, "update")[-2:][0].replace("local _next_", "") == body
    assert len(kernels.constants) == constants
    assert len(kernel_of(kernels, "update").scalars) == scalars


def test_one_constant_for_one_expression():
    kernels = group_of("dv/dt = -v/tau : 1\ndw/dt = -w/tau + v/tau : 1", method="euler")
    assert [text(c.expr) for c in kernels.constants] == ["1.0 / $tau"]


def test_constants_of_two_groups_are_computed_in_the_context_of_each():
    def declare():
        groups = [NeuronGroup(1, "dv/dt = -v/tau : 1", method="euler", dt=k * ms) for k in (1, 2)]
        Network(groups).run(1 * ms, namespace={"tau": 10 * ms})
        return groups

    kernels = lowered(declare)
    assert [(c.name, c.population) for c in kernels.constants] == [
        ("k0", "neurongroup"),
        ("k1", "neurongroup_1"),
    ]


def test_divisions_become_multiplications_only_where_rounding_does_not_matter():
    kernels = group_of(
        "dv/dt = (w/b - floor(w/b) + int(w/b > 1) + (w % b)/4)/second : 1\nw : 1",
        method="euler",
        threshold="w/b > 1",
        reset="v = w/b",
    )
    update = " ".join(lines_of(kernels, "update"))
    assert "local _x0 = w / $b" in update
    assert "w * k0 - floor(_x0) + int(_x0 > 1)" in update
    assert "w % $b * 0.25" in update
    assert lines_of(kernels, "threshold") == ["where w / $b > 1"]
    assert lines_of(kernels, "reset") == ["v = w / $b"]


def test_matrices_are_computed_once_where_all_neurons_have_the_same():
    once = group_of("dv/dt = (g - v)/tau : 1\ndg/dt = -g/(a*tau) : 1")
    assert [m.propagator.name for m in once.matrices] == ["neurongroup.M"]
    assert kernel_of(once, "update").matrices == ()
    shared = group_of("dv/dt = (g - v)/u : 1\ndg/dt = -g/tau : 1\nu : second (shared, constant)")
    assert len(shared.matrices) == 1
    each = group_of("dv/dt = (g - v)/u : 1\ndg/dt = -g/tau : 1\nu : second")
    assert each.matrices == ()
    assert len(kernel_of(each, "update").matrices) == 1
    driven = group_of("dv/dt = (g - v)*I(t)/tau : 1\ndg/dt = -g/tau : 1")
    assert driven.matrices == ()


# -- numbers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("10*0.5", "5.0"), ("2 + 3*4", "14"), ("7/2", "3.5"), ("1/0", "1 / 0"), ("-(3)", "-3"), ("--3", "3"),
        ("+x", "x"), ("2**3", "8"), ("2**-1", "0.5"), ("(-2)**2", "(-2) ** 2"), ("2**0.5", "1.4142135623730951"),
        ("10**400", "10 ** 400"),
        ("x**-1", "x ** (-1)"), ("x*1", "x"), ("1*x", "x"), ("x/1.0", "x"), ("x*0", "0.0"), ("0/x", "0.0"),
        ("x - 0", "x - 0"),
        ("2*x*3", "2 * x * 3"), ("2*3*x", "6 * x"), ("-x", "-x"), ("f(1 + 1)", "f(2)"), ("1 + 1 < x", "2 < x"),
        ("9007199254740993*3", "9007199254740993 * 3"),
    ],
)  # fmt: skip
def test_literals_are_calculated_with(source, wanted):
    kernel = kernel_of(group_of("v : 1", threshold="v > 1"), "threshold")
    folded = fold_numbers(replace(kernel, condition=parse(source)))
    assert text(folded.condition) == wanted


NUMBERS = {"inf": math.inf, "nan": math.nan}
numbers = st.one_of(st.integers(0, 20), st.floats(0, 1e3, allow_nan=False))
trees = st.recursive(
    numbers.map(Lit),
    lambda t: st.one_of(st.builds(Binary, st.sampled_from("+-*/"), t, t), st.builds(Unary, st.just("-"), t)),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_folding_does_not_change_a_value(tree):
    kernel = kernel_of(group_of_threshold(), "threshold")
    folded = fold_numbers(replace(kernel, condition=tree)).condition
    try:
        value = eval(text(tree), NUMBERS)
    except ZeroDivisionError:
        return
    if math.isfinite(value):  # 0*x is 0, whatever x is
        assert eval(text(folded), NUMBERS) == pytest.approx(value, rel=1e-12, abs=0)


def group_of_threshold(made=[]):  # noqa: B006 - one group for all examples
    if not made:
        made.append(group_of("v : 1", threshold="v > 1"))
    return made[0]


# -- subexpressions ------------------------------------------------------------------------------------------


def test_subexpressions_are_put_into_each_other():
    kernels = group_of(
        "dv/dt = -x/tau : 1\nx = y + z : 1\ny = 2*z : 1\nz = v**2 : 1", threshold="x > y", method="euler"
    )
    assert lines_of(kernels, "threshold") == ["where 2 * v ** 2 + v ** 2 > 2 * v ** 2"]
    assert lines_of(kernels, "update")[:2] == [
        "local _x0 = v ** 2",
        "local _next_v = v + -(2 * _x0 + _x0) * k0 * dt",
    ]
    assert not any(
        isinstance(n, Var) and n.name in "xyz"
        for k in kernels.kernels
        for e in k.expressions()
        for n in walk(e)
    )


def test_subexpressions_in_assignments_and_recordings():
    def declare():
        group = NeuronGroup(3, "v : 1\nx = 2*v : 1")
        group.v["x > 3"] = "x + 1"
        states = StateMonitor(group, ["x", "v"], record=True)
        run(1 * ms)
        return group, states

    kernels = lowered(declare)
    assert lines_of(kernels, "states") == ["local x = 2 * v", "local v = v"]
    assert [a.dump() for a in kernels.assigns] == ["assign neurongroup.v[2 * v > 3] = 2 * v + 1"]


# -- order, arrays, methods ------------------------------------------------------------------------------------


def test_kernels_are_ordered_by_their_place_in_the_time_step():
    def declare():
        late = NeuronGroup(1, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0", order=2, name="late")
        early = NeuronGroup(1, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0", order=-1, name="early")
        monitors = [
            StateMonitor(late, "v", record=True, when=when, order=order, name=f"m{place}")
            for place, (when, order) in enumerate(
                [("end", 0), ("groups", 0), ("before_start", 5), ("start", 0), ("groups", 2)]
            )
        ]
        Network(late, early, monitors).run(1 * ms)
        return monitors

    kernels = lowered(declare)
    assert [f"{k.owner} {k.kind}" for k in kernels.kernels] == [
        *("m2 states", "m3 states", "early update", "m1 states", "late update", "m4 states"),
        *("early threshold", "late threshold", "early reset", "late reset", "m0 states"),
    ]


def test_arrays_of_the_state():
    kernels = group_of(
        "v : volt\nn : integer\nb : boolean\ns : 1 (shared)\nx = v*2 : volt",
        N=4,
        threshold="b",
        refractory=1 * ms,
    )
    assert [(a.variable, a.dtype, a.size, a.initial) for a in kernels.arrays] == [
        ("v", "float64", 4, 0.0),
        ("n", "int32", 4, 0.0),
        ("b", "bool", 4, 0.0),
        ("s", "float64", 1, 0.0),
        ("lastspike", "float64", 4, -1e4),
        ("not_refractory", "bool", 4, 1.0),
    ]


def test_refractoriness_comes_before_the_equations():
    timed = lines_of(group_of("dv/dt = 1/ms : 1", threshold="v > 1", refractory=1 * ms), "update")
    assert timed[0] == "not_refractory = floor((t - lastspike) * k0 + 0.001) >= k1 or lastspike <= (-10000.0)"
    empty = group_of("v : 1", threshold="v > 1")
    assert [k.kind for k in empty.kernels] == ["threshold"]
    only = group_of("v : 1", threshold="v > 1", refractory="v > 2")
    assert [k.kind for k in only.kernels] == ["update", "threshold"]
    assert lines_of(only, "threshold")[0] == "where v > 1 and not_refractory"


def test_equations_unless_refractory_stand_still():
    still = lines_of(
        group_of("dv/dt = 1/ms : 1 (unless refractory)", threshold="v > 1", refractory=1 * ms), "update"
    )
    assert still[-1] == "v = select(not_refractory, v + k2, v)"
    never = lines_of(group_of("dv/dt = 1/ms : 1 (unless refractory)", threshold="v > 1"), "update")
    assert never[-1] == "v = v + k0"


def test_an_integrator_that_does_not_fit_is_refused():
    with pytest.raises(
        UnsupportedEquationsError, match="neurongroup: method='exact' cannot integrate these equations"
    ):
        group_of("dv/dt = v**2/tau : 1", method="exact")


# -- random numbers ------------------------------------------------------------------------------------------


def streams(kernels):
    return {(k.owner, k.kind): tuple(d.stream for d in k.draws) for k in kernels.kernels if k.draws}


def test_every_draw_has_a_stream_of_its_own():
    for declare in MODELS.values():
        kernels = lowered(declare)
        drawn = [n for k in kernels.kernels for e in k.expressions() for n in walk(e) if isinstance(n, Draw)]
        assigned = [
            n for a in kernels.assigns for e in a.expressions() for n in walk(e) if isinstance(n, Draw)
        ]
        every = [d.stream for k in kernels.kernels for d in k.draws] + [d.stream for d in assigned]
        assert len(every) == len(set(every))
        assert {d.stream for d in drawn} <= set(every)


def test_streams_do_not_depend_on_what_else_is_declared():
    def declare(more):
        def inner():
            objects = []
            if more:
                objects += [NeuronGroup(1, "dx/dt = xi/ms**0.5 : 1", threshold="x > rand()", name="other")]
                objects[0].x = "randn()"
                seed(3)
            group = NeuronGroup(
                5, "dx/dt = xi/ms**0.5 : 1", threshold="x > 1", reset="x = rand() + rand()", name="group"
            )
            group.x = "rand()"
            objects.append(group)
            if more:
                objects.append(StateMonitor(group, "x", record=True))
            Network(objects).run(1 * ms)
            return objects

        return inner

    alone, together = lowered(declare(False)), lowered(declare(True))
    assert streams(alone).items() <= streams(together).items()
    assert len(streams(alone)[("group", "reset")]) == 2
    assert alone.assigns[-1] == together.assigns[-1]


def test_one_noise_term_is_one_number():
    kernels = group_of("dv/dt = xi_a/ms**0.5 : 1\ndw/dt = -xi_a/ms**0.5 + xi_b/ms**0.5 : 1")
    assert len(kernel_of(kernels, "update").draws) == 2


# -- verify --------------------------------------------------------------------------------------------------


@pytest.fixture
def kernels(session):
    MODELS["noisy"]()
    return lower(freeze(session).model)


def with_kernel(kernels, kind, **changes):
    changed = (replace(k, **changes) if k.kind == kind else k for k in kernels.kernels)
    return replace(kernels, kernels=tuple(changed))


def test_kernels_of_models_are_well_formed(kernels):
    kernels.verify()


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Const("k99"), "neurongroup uses the constant k99, which is not computed"),
        (
            MatrixEntry("neurongroup.M.P", 0, 0),
            "neurongroup uses the matrix neurongroup.M.P, which is not computed",
        ),
        (Draw("uniform", 5), "neurongroup draws from stream 5, which is not its own"),
    ],
)
def test_what_is_used_must_be_computed(kernels, condition, message):
    with pytest.raises(KernelError) as caught:
        with_kernel(kernels, "threshold", condition=condition).verify()
    assert str(caught.value) == message


def test_streams_must_not_be_shared(kernels):
    update = kernel_of(kernels, "update")
    with pytest.raises(KernelError, match="two draws share a stream"):
        with_kernel(kernels, "threshold", draws=update.draws).verify()
    assign = replace(kernels.assigns[0], expr=update.draws[0])
    with pytest.raises(KernelError, match="two draws share a stream"):
        replace(kernels, assigns=(assign, *kernels.assigns[1:])).verify()


def test_all_contradictions_come_at_once(kernels):
    broken = Binary("+", Const("k99"), MatrixEntry("x.M.P", 0, 0))
    with pytest.raises(KernelError) as caught:
        with_kernel(kernels, "threshold", condition=broken).verify()
    assert len(str(caught.value).splitlines()) == 2


def test_the_hash_is_known_without_lowering(monkeypatch, session):
    import spikefarm.core.lower as module

    monkeypatch.setattr(module, "lower", None)
    MODELS["hodgkin_huxley"]()
    assert len(freeze(session).model.hash) == 64
    assert mV
