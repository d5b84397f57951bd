"""Functions of the script's own: units, code in the model, values as inputs, state."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.freeze import FreezeError, freeze
from spikefarm.core.session import Session, use_session
from spikefarm.devices import current_simulation, isolated_session


@implementation("cpp", "double boxed(double x, double w) { return fabs(x) < w ? 1 : 0; }")
@check_units(x=volt, w="x", result=1)
def boxed(x, w):
    return 1.0 * (abs(x) < w)


@implementation("cpp", "double squared(double x) { return x*x; }")
@check_units(x=None, result=lambda dim: dim**2)
def squared(x):
    return x**2


@check_units(x=1, result=1)
def python_only(x):
    return x


def table_function(values, scale=1.0, name="looked_up"):
    function = Function(
        lambda k: values[k], arg_units=[1], arg_types=["integer"], return_unit=volt, arg_names=["k"]
    )
    code = f"double {name}(int k) {{ return _namespacescale*_namespacevalues[k]; }}"
    function.implementations.add_implementation("cpp", code, namespace={"values": values, "scale": scale})
    return function


def frozen(equations, **names):
    with use_session(Session()) as session:
        group = NeuronGroup(2, equations, namespace=names)
        run(0 * ms)
        assert group
        return freeze(session)


def test_the_code_is_part_of_the_model_and_its_values_are_not():
    first = frozen("x = f(i) : volt", f=table_function([1, 2] * mV))
    other_values = frozen("x = f(i) : volt", f=table_function([3, 2] * mV, 7.0))
    other_code = frozen("x = f(i) : volt", f=table_function([1, 2] * mV, name="read"))
    assert first.model.hash == other_values.model.hash
    assert first.model.hash != other_code.model.hash
    assert_array_equal(other_values.values["f.values"], [3e-3, 2e-3])
    assert (
        "function f looked_up reads=[scale=f.scale, values=f.values[]] needs=[]\n"
        "  | double looked_up(int k) { return _namespacescale*_namespacevalues[k]; }\n"
    ) in first.model.dump()
    assert "x = f!(i) : " in first.model.dump()
    assert pickle.loads(pickle.dumps(first)).model.hash == first.model.hash


def test_everywhere_in_a_model():
    """In subexpressions, the threshold, the reset, assignments, a shared variable, and once per run."""
    f = table_function(np.array([-10.0, 0.5, 20.0]) * mV, 2.0)
    with isolated_session(0):
        width = 3 * mV
        group = NeuronGroup(
            3,
            """dv/dt = (boxed(v, width) + squared(2.0)*boxed(width, width))*mV/ms : volt
               start : volt
               n : 1
               level = f(1) : volt (shared)""",
            threshold="boxed(v - 10*mV, 0.05*mV) > 0",
            reset="n += squared(n + 1); v = f(i)",
            method="euler",
        )
        group.start = "f(2 - i)"
        group.start["boxed(start, width) > 0"] = "squared(f(i)/mV)*mV"
        group.v = [9.96, 0, -3] * mV
        trace = StateMonitor(group, ["v", "level"], record=True)
        run(0.5 * ms)
        assert_allclose(trace.v[1] / mV, [0, 0.1, 0.2, 0.3, 0.4], atol=1e-12)
        assert_allclose(trace.v[2] / mV, [-3, -3, -3, -3, -3], atol=1e-12)
        assert_allclose(trace.v[0] / mV, [9.96, -20, -20, -20, -20])
        assert_array_equal(np.asarray(group.n), [1, 0, 0])
        assert_allclose(trace.level / mV, np.ones((3, 5)))
        assert_allclose(group.start / mV, [40, 1, -20])


def test_values_of_a_function_are_run_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with use_session(Session()):
        set_device("cpp_standalone", build_on_run=False, directory=None)
        f = table_function(np.array([1.0, 2.0]) * mV)
        group = NeuronGroup(2, "x = f(i) : volt (constant over dt)")
        run(0.1 * ms)
        device.build(run=False)
        device.run(run_args={"f.values": [5, 6] * mV})
        assert_allclose(group.x / mV, [5, 6])
        device.run(run_args={"f.scale": 3})
        assert_allclose(group.x / mV, [3, 6])
        with pytest.raises(ValueError, match=r"'f\.values' takes an array of shape \(2,\)"):
            device.run(run_args={"f.values": 5 * mV})


def test_dependencies_types_and_the_languages_own_functions():
    half = Function(lambda x: x / 2, arg_units=[1], return_unit=1)
    half.implementations.add_implementation("cpp", "double halve(double x) { return x/2; }", name="halve")

    @implementation(
        "cpp",
        """
        #include <vector>
        #define FACTOR 10
        static inline int64_t mixed(int64_t n, double x, bool on) {
            std::vector<double> parts = {clip(x, 0, 1), sign(x), exprel(x), exp(x), abs(x), half(x)};
            double sum = 0;
            for (double part : parts) sum += part;
            return on ? n*FACTOR + (int64_t)floor(sum) : -n;
        }""",
        dependencies={"half": half, "clip": DEFAULT_FUNCTIONS["clip"]},
    )
    @declare_types(n="integer", on="boolean", result="integer")
    @check_units(n=1, x=1, on=bool, result=1)
    def mixed(n, x, on):
        return 0

    with isolated_session(0):
        group = NeuronGroup(3, "y : integer\nx : 1")
        group.x = [-1.5, 0, 2.5]
        group.y = "mixed(i + 3, x, x >= 0)"
        run(0 * ms)
        wanted = [np.clip(x, 0, 1) + np.sign(x) + (np.expm1(x) / x if x else 1) + np.exp(x) + abs(x) + x / 2
                  for x in (0, 2.5)]  # fmt: skip
        assert_array_equal(np.asarray(group.y), [-3, 40 + np.floor(wanted[0]), 50 + np.floor(wanted[1])])


def exponential():
    function = Function(
        lambda scale, _vectorisation_idx: -scale * np.log(1 - np.random.rand(len(_vectorisation_idx))),
        arg_units=[second], return_unit=second, stateless=False, auto_vectorise=True,
    )  # fmt: skip
    function.implementations.add_implementation(
        "cpp",
        """double waiting(double scale, int _vectorisation_idx) {
               return -scale*log(1 - _rand(_vectorisation_idx))*(_rand(_vectorisation_idx) < 2);
           }""",
    )
    return function


def test_functions_with_state():
    """Each use draws numbers of its own; a run is repeated by its seed; hoisting leaves them alone."""

    def drawn(seed):
        waiting = exponential()
        with isolated_session(seed):
            group = NeuronGroup(
                3000, "a = waiting(2*ms) : second (constant over dt)\nb : second\nc : second", threshold="True",
                reset="c = waiting(1*ms) - waiting(1*ms)",
            )  # fmt: skip
            group.b = "waiting(1*ms)"
            trace = StateMonitor(group, "a", record=True)
            run(0.3 * ms)
            return [np.asarray(v) / 1e-3 for v in (trace.a, group.b, group.c)]

    a, b, c = drawn(1)
    assert len(np.unique(a)) == a.size
    for values, mean, spread in [(a, 2, 2), (b, 1, 1), (c, 0, np.sqrt(2))]:
        assert abs(values.mean() - mean) < 4.5 * spread / np.sqrt(values.size)
        assert abs(values.std() / spread - 1) < 0.1
    assert abs(np.corrcoef(a[:, 0], a[:, 1])[0, 1]) < 4.5 / np.sqrt(3000)
    again, other = drawn(1), drawn(2)
    assert_array_equal(a, again[0])
    assert_array_equal(c, again[2])
    assert (a != other[0]).all()


def test_a_function_with_state_in_equations():
    waiting = exponential()
    with isolated_session(0):
        group = NeuronGroup(1, "x = waiting(1*ms) : second", name="cells")
        with pytest.raises(
            SyntaxError, match=r"'waiting\(1 \* ms\)' draws random numbers .*constant over dt"
        ):
            run(0 * ms)
        assert group


leak = Function(
    None, arg_names=["g", "E", "v"], arg_units=[siemens, volt, volt], return_unit=amp, expression="g*(E - v)"
)


def test_an_expression_is_integrated_exactly():
    with isolated_session(0):
        C, E = 100 * pF, -60 * mV
        called = NeuronGroup(2, "dv/dt = leak(10*nS, E, v)/C : volt", method="exact")
        written = NeuronGroup(2, "dv/dt = 10*nS*(E - v)/C : volt", method="exact")
        run(3 * ms)
        assert_array_equal(np.asarray(called.v), np.asarray(written.v))
    assert_allclose(leak(1 * nS, -60 * mV, -70 * mV) / pA, 10)
    with use_session(Session()):
        NeuronGroup(1, "x = leak(E, E, E) : amp")
        group = NeuronGroup(1, "x = leak(E, E, E) : amp")
        with pytest.raises(DimensionMismatchError, match="instead of amp"):
            run(0 * ms, namespace={"E": 1 * volt, "leak": leak})
        assert group


def test_python_alone_is_not_enough():
    with use_session(Session()):
        group = NeuronGroup(1, "x = python_only(1.0*N) : 1")
        set_device("cpp_standalone", build_on_run=False, directory=None)
        run(0 * ms)
        assert group
        simulation = current_simulation()
        with pytest.raises(
            NotImplementedError, match=r"'python_only' is used .* Python only\. Give it an impl.*'cpp'"
        ):
            simulation.build()


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("x = boxed(1*mV) : 1", r"boxed\(\) takes 2 argument\(s\), but 'boxed\(1 \* mV\)' gives 1"),
        (
            "x = boxed(1*mV, 2*nA) : 1",
            r"'2 \* nA' of boxed\(\) .* units of amp, but boxed\(\) takes units of volt for 'w'",
        ),
        ("x = boxed(1, 2) : 1", r"'1' of boxed\(\) in 'boxed\(1, 2\)' has units of 1, but .* volt for 'x'"),
        (
            "x = squared(2*mV) : volt",
            r"has units of kg.* instead of volt|volt\*\*2 instead of volt|instead of volt",
        ),
        ("x = boxed : 1", r"'boxed' is a function and needs arguments: write boxed\(…\)"),
        (
            "x = plain(2) : 1",
            r"'plain' is a Python function that does not say which units it takes; decorate",
        ),
        ("x = f(1.5) : volt", r"The argument '1\.5' of f\(\) is not an integer; write int\(…\)"),
    ],
)
def test_wrong_calls(equation, message):
    def plain(x):
        return x

    f = table_function([1.0, 2.0] * mV)
    with use_session(Session()):
        group = NeuronGroup(1, equation)
        with pytest.raises((SyntaxError, KeyError, DimensionMismatchError), match=message):
            run(0 * ms)
        assert group


def test_one_name_for_two_functions():
    with use_session(Session()) as session:
        group = NeuronGroup(1, "x = f(0) : volt")
        run(0 * ms, namespace={"f": table_function([1.0] * mV)})
        run(0 * ms, namespace={"f": table_function([2.0] * mV)})
        with pytest.raises(FreezeError, match=r"'f': a name stands for .* another function in another"):
            freeze(session)
        assert group


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Function(lambda x: x), ValueError, "does not say which units it takes; decorate it with @check_units"),
        (lambda: Function(None), TypeError, "give a Python function, or an expression"),
        (lambda: Function(lambda x: x, arg_units=["y"]), ValueError, "that of the argument 'y', which does not exist"),
        (lambda: Function(lambda x: x, arg_units=[1, 1]), ValueError, r"arg_names has 1 element\(s\), arg_units has 2"),
        (lambda: Function(abs, arg_units=[1], return_type="complex"), ValueError, "'complex' is no type"),
        (lambda: implementation("fortran", "x"), ValueError, "no target named 'fortran'; implement functions for cpp"),
        (lambda: implementation("cpp", 3), TypeError, "the code is int; give a string"),
        (lambda: implementation("cpp", {"code": ""}), ValueError, "code blocks are 'support_code'"),
        (lambda: implementation("cpp", "", libraries=["m"]), NotImplementedError, "libraries cannot be given"),
        (lambda: implementation("cpp", "", namespace={"a": "b"}), TypeError, "value 'a' of a function is 'b'"),
        (lambda: implementation("cpp", "", dependencies={"a": abs}), TypeError, "dependency 'a' of a function is"),
        (lambda: implementation("cpp", "", discard_units=True), TypeError, "discard_units is for 'numpy' only"),
        (lambda: implementation("numpy", "x"), TypeError, "decorates the implementation itself"),
        (lambda: declare_types(y="float")(abs), ValueError, "there is no argument 'y'"),
        (lambda: declare_types(x="complex")(abs), ValueError, "x='complex' is none of any, float"),
    ],
)  # fmt: skip
def test_wrong_declarations(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_in_python_they_keep_their_units():
    assert boxed(1 * mV, 2 * mV) == 1
    assert repr(boxed) == "<Function boxed(x, w)>"
    with pytest.raises(DimensionMismatchError):
        boxed(1 * mV, 2 * nA)

    @implementation("numpy", discard_units=True)
    @check_units(x=volt, result=volt)
    def same(x):
        return x

    assert same(3 * mV) == 3 * mV
    assert same.implementations["numpy"].discard_units
