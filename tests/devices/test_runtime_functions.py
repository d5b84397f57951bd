"""What the runtime device evaluates itself: held subexpressions, discrete draws and user functions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session

MEANS = np.array([0.0, 0.3, 5, 9.5, 10, 40, 1e4, 1e9])


def doubled(x):
    return 2 * x


double = Function(doubled, arg_units=[volt], return_unit=volt)
double.implementations.add_implementation("cpp", "double doubled(double x) { return 2*x; }")


def simulated():
    """Draws of all kinds in assignments and in kernels, with a user function in an assignment."""
    few, near = BinomialFunction(12, 0.7, approximate=False), BinomialFunction(400, 0.3)
    many = BinomialFunction(1000, 0.4, approximate=False)
    group = NeuronGroup(
        MEANS.size * 50,
        """mean : 1
           dv/dt = n/ms : 1
           n = poisson(mean) : integer (constant over dt)
           s = few() + many() : integer (constant over dt, shared)
           x : 1
           y : 1
           w : volt
           z : 1""",
        threshold="i % 3 == 0",
        reset="z += poisson(mean + 1) + many()",
        method="euler",
    )
    group.mean = np.tile(MEANS, 50)
    group.x = "poisson(mean) + few()"
    group.y = "near() + many()"
    group.w = "double(i*mV)"
    run(0.3 * ms)
    return {name: np.array(getattr(group, name)) for name in ("v", "n", "s", "x", "y", "w", "z")}


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_the_same_draws_as_in_a_generated_program(target):
    with use_session(Session()):
        set_device("cpp_standalone", directory=None)
        seed(5)
        wanted = simulated()
    with use_session(Session()):
        set_device("runtime", target=target)
        seed(5)
        found = simulated()
    for name, values in wanted.items():
        if name in ("y", "w"):
            assert_allclose(found[name], values, rtol=1e-12, err_msg=name)
        else:
            assert_array_equal(found[name], values, err_msg=name)


def test_the_numpy_target_calls_user_functions_in_kernels():
    with use_session(Session()):
        set_device("runtime", target="numpy")
        group = NeuronGroup(
            3,
            "w = double(i*mV) : volt (constant over dt)\nn : volt",
            threshold="i > 0",
            reset="n += double(i*mV)",
        )
        run(0.2 * ms)
        assert_allclose(group.w[:], [0, 2, 4] * mV)
        assert_allclose(group.n[:], [0, 4, 8] * mV)


def test_indexed_functions_get_the_neurons_on_every_target():
    found = {}
    for target in ("cpp", "numpy"):
        with use_session(Session()):
            set_device("runtime", target=target)
            own = Function(
                lambda x, _vectorisation_idx: x + 10 * _vectorisation_idx,
                arg_units=[1],
                return_unit=1,
                arg_names=["x"],
                stateless=False,
                auto_vectorise=True,
            )
            code = "double own(double x, int _vectorisation_idx) { return x + 10*_vectorisation_idx; }"
            own.implementations.add_implementation("cpp", code)
            group = NeuronGroup(4, "n : 1", threshold="i % 2 == 1", reset="n = own(0.5)")
            run(0.1 * ms)
            found[target] = group.n[:]
    assert list(found["cpp"]) == list(found["numpy"]) == [0, 10.5, 0, 30.5]
