"""Exact integration against matrix exponentials and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from spikefarm import *
from spikefarm.devices import isolated_session

DT = 0.5  # ms; rates below are per ms

THREE = "\n".join(
    [
        *(
            f"d{row}/dt = ({row}x*x + {row}y*y + {row}z*z + {row}b)/ms : 1"  # e.g. xy: from y to x
            for row in "xyz"
        ),
        *(f"{row}{column} : 1" for row in "xyz" for column in "xyzb"),
    ]
)


def solution(matrix, constant, start, time):
    """``x' = matrix x + constant`` after a time, by the exponential of the augmented matrix.

    The constant goes first: scipy's way with upper triangular matrices is wrong in the tenth digit where
    two eigenvalues nearly coincide.
    """
    size = len(start)
    augmented = np.zeros((size + 1, size + 1))
    augmented[1:, 1:] = matrix
    augmented[1:, 0] = constant
    return (expm(augmented * time) @ np.append(1, start))[1:]


def run_three(matrices, constants, starts, steps):
    """Each neuron integrates a linear system of its own, which takes a propagator of its own."""
    count = len(NAMED)  # as many for all tests: one build
    with isolated_session(0):
        defaultclock.dt = DT * ms
        group = NeuronGroup(count, THREE, method="exact")
        for r, row in enumerate("xyz"):
            for c, column in enumerate("xyz"):
                group.state(row + column).assign(slice(None), matrices[:, r, c])
            group.state(row + "b").assign(slice(None), constants[:, r])
            group.state(row).assign(slice(None), starts[:, r])
        run(steps * DT * ms)
        return np.column_stack([np.asarray(group.state(v)) for v in "xyz"])


NAMED = {
    "diagonal": [[-0.1, 0, 0], [0, -2.0, 0], [0, 0, 0.05]],
    "nothing moves": np.zeros((3, 3)),
    "no rate, coupled": [[0, 1.0, 0], [0, 0, 1.0], [0, 0, 0]],
    "alpha synapse and membrane": [[-0.1, 1.0, 0], [0, -0.2, 0.2], [0, 0, -0.2]],
    "all time constants equal": [[-0.2, 0.2, 0], [0, -0.2, 0.2], [0, 0, -0.2]],
    "nearly equal": [[-0.2, 0.2, 0], [0, -0.2 - 1e-9, 0.2], [0, 0, -0.2 + 1e-9]],
    "oscillator": [[0, 1.0, 0], [-4.0, 0, 0], [0, 0, 0]],
    "damped oscillator": [[0, 1.0, 0], [-4.0, -0.4, 1.0], [0, 0, -0.1]],
    "critically damped": [[0, 1.0, 0], [-4.0, -4.0, 0], [0, 0, 0]],
    "rotation in space": [[0, -1.0, 0.5], [1.0, 0, -0.3], [-0.5, 0.3, 0]],
    "stiff": [[-1e4, 1e4, 0], [0.1, -0.2, 0.1], [0, 1e-3, -1e-3]],
    "singular": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]],
    "growing": [[0.3, 0.1, 0], [0.1, 0.2, 0.1], [0, 0.1, 0.3]],
    "large and small entries": [[-0.05, 1e8, 0], [0, -0.2, 0], [0, 1e-9, -1.0]],
}


def test_many_systems_at_once():
    matrices = np.array(list(NAMED.values()), dtype=float)
    constants = np.tile([0.3, -1.0, 2.0], (len(NAMED), 1))
    starts = np.tile([1.0, -2.0, 0.5], (len(NAMED), 1))
    found = run_three(matrices, constants, starts, 40)
    for name, A, b, x, value in zip(NAMED, matrices, constants, starts, found, strict=True):
        wanted = solution(A, b, x, 40 * DT)
        assert_allclose(value, wanted, rtol=1e-11, atol=1e-12 * abs(wanted).max(), err_msg=name)


rates = st.floats(-3, 3) | st.sampled_from([0.0, 1.0, -1.0, 1e-8])


@settings(max_examples=10, deadline=None)
@given(arrays(float, (len(NAMED), 3, 3), elements=rates), arrays(float, (len(NAMED), 3), elements=rates))
def test_any_system(matrices, constants):
    starts = np.ones((len(NAMED), 3))
    found = run_three(matrices, constants, starts, 2)
    for A, b, x, value in zip(matrices, constants, starts, found, strict=True):
        wanted = solution(A, b, x, 2 * DT)
        assert_allclose(value, wanted, rtol=1e-11, atol=1e-12 * max(abs(wanted).max(), 1))


def test_alpha_synapse_in_time():
    """Two equal time constants: the resonance term t*exp(-t/tau), sample by sample."""
    with isolated_session(0):
        tau, w = 5 * ms, 2.0
        group = NeuronGroup(1, "dg/dt = (x - g)/tau : 1\ndx/dt = -x/tau : 1", method="exact")
        group.x = w
        states = StateMonitor(group, ["g", "x"], record=0)
        run(50 * ms)
        t = np.asarray(states.t) / 5e-3
        assert_allclose(states.g[0], w * t * np.exp(-t), rtol=1e-12)
        assert_allclose(states.x[0], w * np.exp(-t), rtol=1e-12)


@pytest.mark.parametrize("damping", [0, 10, 200, 500, 2000])
def test_oscillator_in_time(damping):
    """Undamped, underdamped, critical and overdamped by run-time constants alone; constant drive."""
    with isolated_session(0):
        omega, gamma, force = 500.0 / second, damping / second, 3.0
        group = NeuronGroup(
            1,
            """dx/dt = v : 1
               dv/dt = force*omega**2 - omega**2*x - gamma*v : Hz""",
            method="exact",
        )
        group.x = 1
        states = StateMonitor(group, ["x", "v"], record=0)
        run(20 * ms)
        A = np.array([[0, 1], [-(500.0**2), -damping]])
        wanted = [solution(A, [0, force * 500.0**2], [1, 0], t) for t in np.asarray(states.t)[::20]]
        assert_allclose(np.asarray(states.x[0])[::20], np.array(wanted)[:, 0], rtol=0, atol=2e-12)
        assert_allclose(np.asarray(states.v[0])[::20], np.array(wanted)[:, 1], rtol=0, atol=2e-9)


@pytest.mark.parametrize("rate", [0.0, 1e-12, 1.0, -1.0, 1e3, 1e6])
def test_one_equation(rate):
    """``dv/dt = c - rate v`` for rates from none to stiff."""
    with isolated_session(0):
        k, c = rate / second, 7.0 / second
        group = NeuronGroup(2, "dv/dt = c - k*v : 1", method="exact")
        group.v = [2.0, -1.0]
        states = StateMonitor(group, "v", record=True)
        run(10 * ms)
        t = np.asarray(states.t)
        shift = 7.0 * t if rate == 0 else -7.0 / rate * np.expm1(-rate * t)
        wanted = np.array([[2.0], [-1.0]]) * np.exp(-rate * t) + shift
        assert_allclose(states.v, wanted, rtol=1e-12, atol=4e-16)  # where it decays by e**-100 in a step


@pytest.mark.parametrize("tau", [1.0, 7.3, 10.0, 20.0, 33.3])
def test_what_is_driven_to_a_value_never_exceeds_it(tau):
    """Not by the last bit either: at v0 equal to the threshold a neuron would fire once in a while."""
    with isolated_session(0):
        tau_m, targets = tau * ms, np.linspace(0.1, 20, 40)
        one = NeuronGroup(40, "dv/dt = (target - v)/tau_m : 1\ntarget : 1 (constant)", method="exact")
        two = NeuronGroup(
            40,
            """dv/dt = (target + g - v)/tau_m : 1
               dg/dt = -g/(2*ms) : 1
               target : 1 (constant)""",
            method="exact",
        )
        one.target = two.target = targets
        run(2 * second)
        first, second_ = np.asarray(one.v), np.asarray(two.v)
    assert (first <= targets).all()
    assert_allclose(first, targets, rtol=1e-13)
    assert_array_equal(second_, first)


def test_input_held_over_each_step():
    """A TimedArray, in drive and in rate, is constant over dt; its value is the one at the step's start."""
    values, speeds = np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.1, 0.0, 2.0, 0.4])
    with isolated_session(0):
        drive, speed = TimedArray(values, dt=1 * ms), TimedArray(speeds / ms, dt=1.5 * ms)
        one = NeuronGroup(1, "dv/dt = (drive(t) - v)/(2*ms) : 1", method="exact")
        two = NeuronGroup(1, "dx/dt = y/ms : 1\ndy/dt = drive(t)/ms - speed(t)*x : 1", method="exact")
        first = StateMonitor(one, "v", record=0)
        second = StateMonitor(two, ["x", "y"], record=0)
        defaultclock.dt = 0.5 * ms
        run(6 * ms)
        found = np.array([first.v[0], second.x[0], second.y[0]])
    v, xy = np.zeros(1), np.zeros(2)
    for step in range(12):
        assert_allclose(found[:, step], [*v, *xy], rtol=1e-12, atol=1e-15)
        u, k = values[min(step // 2, 3)], speeds[min(step // 3, 3)]
        v = solution([[-0.5]], [u / 2], v, 0.5)
        xy = solution([[0, 1], [-k, 0]], [0, u], xy, 0.5)


def test_flagged_variables_stand_still_while_refractory():
    """v and u rest while neuron 0 is refractory; w goes on, seeing v at rest. Neuron 1 never spikes."""
    with isolated_session(0):
        groups, monitors = {}, {}
        for method in ("exact", "euler", "exponential_euler", "rk2", "rk4", "heun", "milstein"):
            group = NeuronGroup(
                2,
                """dv/dt = (w - v)/(10*ms) : 1 (unless refractory)
                   dw/dt = (v - w)/(20*ms) - u/second : 1
                   du/dt = (v - u)/(5*ms) : 1 (unless refractory)""",
                threshold="v > 1",
                reset="v = 0.25",
                refractory=4 * ms,
                method=method,
            )
            group.v = [1.5, 0.5]
            group.w = 0.75
            groups[method], monitors[method] = group, StateMonitor(group, ["v", "w", "u"], record=True)
        Network(groups, monitors).run(8 * ms)
        found = {m: [np.asarray(getattr(states, name)) for name in "vwu"] for m, states in monitors.items()}
    for method, (v, _, u) in found.items():
        # the spike comes at the end of step 0, and steps 1 to 39 are refractory
        assert_array_equal(v[0, 1:41], 0.25, err_msg=method)
        assert_array_equal(u[0, 1:41], u[0, 1], err_msg=method)
        assert (np.diff(v[0, 40:]) > 0).all(), method
        assert (np.diff(v[1]) != 0).all(), method
    x = np.array(found["exact"])  # variable, neuron, step
    A = np.array([[-0.1, 0.1, 0], [0.05, -0.05, -1e-3], [0.2, 0, -0.2]])
    wanted = solution(A * [[0], [1], [0]], np.zeros(3), x[:, 0, 1], 3.9)
    assert_allclose(x[:, 0, 40], wanted, rtol=1e-12)
    assert_allclose(x[:, 0, 79], solution(A, np.zeros(3), wanted, 3.9), rtol=1e-12)
    assert_allclose(x[:, 1, 79], solution(A, np.zeros(3), [0.5, 0.75, 0], 7.9), rtol=1e-12)


def test_exponential_euler_is_exact_for_one_linear_equation():
    with isolated_session(0):
        defaultclock.dt = 7 * ms
        group = NeuronGroup(1, "dv/dt = (b - v)/(10*ms) + b*0.1/ms : 1\nb : 1", method="exponential_euler")
        group.v = 4
        group.b = 1.5
        run(21 * ms)
        assert_allclose(group.v[0], 3.0 + np.exp(-2.1), rtol=1e-14)


def test_automatic_choice():
    """Linear equations are integrated exactly, others with Euler, multiplicative noise with Heun."""
    with isolated_session(0):
        tau = 10 * ms
        chosen = {
            "exact": NeuronGroup(1, "dv/dt = -v/tau : 1"),
            "euler": NeuronGroup(1, "dv/dt = -v**2/tau : 1"),
            "euler, noise": NeuronGroup(1, "dv/dt = -v/tau + 0.1*xi*tau**-0.5 : 1"),
            "heun": NeuronGroup(1, "dv/dt = -v/tau + 0.1*v*xi*tau**-0.5 : 1"),
        }
        explicit = {
            name: NeuronGroup(1, group.equations, method=name.split(",")[0]) for name, group in chosen.items()
        }
        for group in (*chosen.values(), *explicit.values()):
            group.v = 1
        Network(chosen.values(), explicit.values()).run(1 * ms)
        for name in ("exact", "euler"):
            assert chosen[name].v[0] == explicit[name].v[0]
        assert_allclose(chosen["exact"].v[0], np.exp(-0.1), rtol=1e-14)
        assert chosen["euler"].v[0] != pytest.approx(1 / 1.1, rel=1e-4)


@pytest.mark.parametrize(
    ("method", "equations", "message"),
    [
        ("exact", "dv/dt = -v**2/tau : 1", "the equation of 'v' is not linear as it is written"),
        (
            "exact",
            "dv/dt = (sin(t/tau) - v)/tau : 1",
            "the equation of 'v' depends on time other than through",
        ),
        ("exact", "dv/dt = -v/tau + xi*tau**-0.5 : 1", r"it has no term for noise \(xi\)"),
        ("exponential_euler", "dv/dt = -v**3/tau : 1", "the equation of 'v' is not linear in 'v'"),
        ("rk2", "dv/dt = -v/tau + xi*tau**-0.5 : 1", r"it has no term for noise \(xi\)"),
        ("rk4", "dv/dt = -v/tau + xi*tau**-0.5 : 1", r"it has no term for noise \(xi\)"),
        ("exponential_euler", "dv/dt = -v/tau + xi*tau**-0.5 : 1", r"it has no term for noise \(xi\)"),
        (
            "euler",
            "dv/dt = -v/tau + v*xi*tau**-0.5 : 1",
            "the noise is multiplicative .* use 'heun' or 'milstein'",
        ),
        ("euler", "dv/dt = sin(t/tau)*xi*tau**-0.5 : 1", "the noise is multiplicative"),
        ("heun", "dv/dt = xi**2 : 1", "must enter as a sum of terms such as sigma"),
        (
            "milstein",
            "dv/dt = v*xi_1*tau**-0.5 : 1\ndw/dt = w*xi_1*tau**-0.5 : 1",
            "the noise is not diagonal .* use 'heun'",
        ),
        (
            "milstein",
            "dv/dt = w*xi_1*tau**-0.5 : 1\ndw/dt = w*xi_2*tau**-0.5 : 1",
            "the noise of 'v' depends on other variables that are noisy; use 'heun'",
        ),
    ],
)
def test_equations_a_method_cannot_integrate(method, equations, message):
    with isolated_session(0):
        tau = 10 * ms
        group = NeuronGroup(1, equations, method=method, name="cells")
        run(1 * ms)
        with pytest.raises(ValueError, match=f"cells: method='{method}' cannot integrate .*{message}"):
            group.v[:]
