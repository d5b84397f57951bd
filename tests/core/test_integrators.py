"""Which integrator fits which equations, and what is said where none does."""

import json
from pathlib import Path

import pytest
from spikefarm import Equations, Network, NeuronGroup, TimedArray, ms
from spikefarm.core.freeze import freeze
from spikefarm.core.integrators import (
    INTEGRATORS,
    PREFERENCE,
    UnsupportedEquationsError,
    method_names,
)
from spikefarm.core.lower import lower
from spikefarm.core.session import Session, use_session

from core.systems import METHODS, SYSTEMS

REFERENCE = json.loads((Path(__file__).parent / "reference" / "integrators.json").read_text())

#: Where this differs from Brian 2, and why.
AUTO = {
    "constant_rate": "exact",  # the same numbers as Euler's
    "oscillator": "exact",  # Brian 2 has no exact solution with complex rates
    "noise_times_noise": None,  # no stochastic differential equation at all
}
ACCEPTED = {
    "constant_rate": {"exact": True},
    "oscillator": {"exact": True},
    "noise_times_noise": {"euler": False, "heun": False},
    # an exponential of v is not linear in v, which Brian 2 does not notice
    "exponential": {"exponential_euler": False},
    "adaptation": {"exponential_euler": False},
}


def method_of(equations, **arguments):
    """The integrator that the equations get."""
    namespace = {"tau": 10 * ms, "tau2": 5 * ms, "I": TimedArray([0, 1], dt=1 * ms)}
    with use_session(Session()) as session:
        group = NeuronGroup(2, equations, **arguments)
        Network(group).run(1 * ms, namespace=namespace)
        kernels = lower(freeze(session).model)
    return dict(kernels.methods)["neurongroup"]


def refusal(equations, **arguments):
    with pytest.raises(UnsupportedEquationsError) as caught:
        method_of(equations, **arguments)
    return str(caught.value)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_automatic_choice_is_brian2s(name):
    wanted = AUTO.get(name, REFERENCE["systems"][name]["auto"])
    if wanted is None:
        assert "no integrator fits these equations" in refusal(SYSTEMS[name])
    else:
        assert method_of(SYSTEMS[name]) == wanted


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_methods_are_accepted_as_in_brian2(name):
    answer = REFERENCE["systems"][name]["accepted"]
    wanted = {m: ACCEPTED.get(name, {}).get(m, m in answer) for m in METHODS}
    given = {}
    for method in METHODS:
        try:
            given[method] = method_of(SYSTEMS[name], method=method) == method
        except UnsupportedEquationsError:
            given[method] = False
    assert given == wanted


def test_the_reference_says_which_brian2_it_is_of():
    assert REFERENCE["brian2"].startswith("2.")
    assert set(REFERENCE["systems"]) == set(SYSTEMS)


def test_linear_is_another_name_of_exact():
    assert method_of(SYSTEMS["decay"], method="linear") == "exact"


def test_every_integrator_has_names_of_its_own():
    assert len(method_names()) == len(set(method_names()))
    assert set(PREFERENCE) <= set(method_names())
    assert {i.names[0] for i in INTEGRATORS} == set(METHODS)


@pytest.mark.parametrize(
    ("name", "method", "reason"),
    [
        ("noise", "exact", "it has no term for noise (xi)"),
        ("quadratic", "exact", "the equation of 'v' is not linear as it is written"),
        ("time", "exact", "the equation of 'v' depends on time other than through TimedArray(t)"),
        ("noise", "exponential_euler", "it has no term for noise (xi)"),
        ("quadratic", "exponential_euler", "the equation of 'v' is not linear in 'v' as it is written"),
        ("noise", "rk2", "it has no term for noise (xi)"),
        ("noise", "rk4", "it has no term for noise (xi)"),
        ("multiplicative", "euler", "the noise is multiplicative (its factor depends on state or time)"),
        ("noise_times_noise", "heun", "noise (xi) must enter as a sum of terms such as sigma*xi"),
        ("noise_times_noise", "milstein", "noise (xi) must enter as a sum of terms such as sigma*xi"),
        ("two_noises", "milstein", "the noise is not diagonal"),
        ("common_noise", "milstein", "the noise is not diagonal"),
    ],
)
def test_a_refusal_names_group_method_and_reason(name, method, reason):
    message = refusal(SYSTEMS[name], method=method)
    assert message.startswith(f"neurongroup: method={method!r} cannot integrate these equations: ")
    assert reason in message


def test_milstein_refuses_noise_whose_factor_another_equation_moves():
    equations = SYSTEMS["noise_of_other"].replace("-w/tau", "-w/tau + xi_2*tau**-0.5")
    assert "use 'heun'" in refusal(equations, method="milstein")


def test_the_automatic_choice_says_why_none_fits():
    message = refusal("dv/dt = xi**2 : 1")
    assert message == (
        "neurongroup: no integrator fits these equations. exact: it has no term for noise (xi); euler: noise (xi) "
        "must enter as a sum of terms such as sigma*xi; heun: noise (xi) must enter as a sum of terms such as "
        "sigma*xi."
    )


def test_an_unknown_method_is_refused_with_the_names_there_are():
    with pytest.raises(
        ValueError,
        match=r"method='rk45' is not an integrator; choose one of exact, linear, independent, euler",
    ):
        NeuronGroup(1, "dv/dt = 1/second : 1", method="rk45")


def test_equations_reach_the_integrator_as_an_object_too():
    assert method_of(Equations(SYSTEMS["chain"])) == "exact"
