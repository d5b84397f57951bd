"""Spikes of integrate-and-fire neurons: exact counts on the grid of time, rates against theory."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.special import erfcx
from spikefarm import *
from spikefarm.devices import isolated_session

# -- without noise ----------------------------------------------------------------------------------------


def steps_to_threshold(v0, vt, tau, dt):
    """How many exact steps from 0 until v exceeds vt; infinite for v0 <= vt."""
    if v0 <= vt:
        return np.inf
    k = int(np.floor(tau / dt * np.log(v0 / (v0 - vt)))) - 1
    while v0 * -np.expm1(-k * dt / tau) <= vt:
        k += 1
    return k


def fire(v0, dt, tau, refractory, duration, vt=10.0):
    """Spike times in steps, neuron by neuron; times in ms, potentials in mV."""
    with isolated_session(0):
        defaultclock.dt = dt * ms
        tau_m, threshold = tau * ms, vt * mV
        group = NeuronGroup(
            len(v0),
            """dv/dt = (drive - v)/tau_m : volt (unless refractory)
               drive : volt (constant)""",
            threshold="v > threshold",
            reset="v = 0*mV",
            refractory=refractory * ms,
            method="exact",
        )
        group.drive = np.asarray(v0) * mV
        spikes = SpikeMonitor(group)
        run(duration * ms)
        trains = spikes.spike_trains()
        return [np.asarray(trains[k]) / (dt * 1e-3) for k in range(len(v0))]


@pytest.mark.parametrize(
    ("dt", "tau", "refractory"),
    [
        (0.1, 10.0, 5.0),
        (0.1, 10.0, 0.0),
        (0.1, 20.0, 0.1),
        (0.05, 7.3, 2.0),
        (0.125, 10.0, 3.0),
        (1.0, 10.0, 5.0),
    ],
)
def test_frequency_current_curve(dt, tau, refractory):
    """Every spike at the step that the exact solution says, and the rate of the closed form but for the grid."""
    drive = np.array([5.0, 10.0, 10.001, 10.5, 12.0, 15.0, 20.0, 40.0, 100.0])
    found = fire(drive, dt, tau, refractory, 1000.0)
    for v0, train in zip(drive, found, strict=True):
        steps = steps_to_threshold(v0, 10.0, tau, dt)
        if np.isinf(steps):
            assert len(train) == 0
            continue
        period = steps + max(round(refractory / dt) - 1, 0)
        wanted = np.arange(steps - 1, round(1000.0 / dt), period)
        assert_allclose(train, wanted, rtol=0, atol=1e-6, err_msg=f"v0={v0}")
        interval = refractory + tau * np.log(v0 / (v0 - 10.0))  # 1/rate of the closed form, in ms
        assert -dt - 1e-9 < period * dt - interval <= dt + 1e-9


@pytest.mark.parametrize("dt", [0.1, 0.01, 0.2, 0.5, 0.05, 0.3, 0.025, 1 / 3])
def test_refractory_periods_are_whole_steps(dt):
    """A neuron above threshold spikes once per refractory period, whatever 5/0.1 is in binary numbers."""
    for steps in (1, 2, 3, 7, 10, 25, 30, 50, 57, 70, 90):
        with isolated_session(0):
            defaultclock.dt = dt * ms
            group = NeuronGroup(1, "v : 1", threshold="v > 0", refractory=steps * dt * ms)
            group.v = 1
            spikes = SpikeMonitor(group)
            run(3.5 * steps * dt * ms)
            found = np.round(np.asarray(spikes.t) / (dt * 1e-3)).astype(int)
        assert_array_equal(found, np.arange(4) * steps, err_msg=f"{steps} steps of {dt} ms")


@pytest.mark.parametrize(
    ("refractory", "steps"),
    [(5.0, 50), (4.9, 49), (0.25, 2), (0.299, 2), (0.29999, 3), (0.3, 3), (0.05, 1), (0.0, 1)],
)
def test_refractory_period_off_the_grid(refractory, steps):
    """A period that is no multiple of dt ends with the last whole step in it; dt is 0.1 ms."""
    with isolated_session(0):
        group = NeuronGroup(1, "v : 1", threshold="v > 0", refractory=refractory * ms)
        group.v = 1
        spikes = SpikeMonitor(group)
        run(10 * ms)
        found = np.round(np.asarray(spikes.t) * 1e4).astype(int)
    assert_array_equal(found, np.arange(0, 100, steps))


def test_refractory_period_late_in_a_long_run():
    """After 100 s, times are sums with rounding errors of many steps; periods are still exact."""
    with isolated_session(0):
        group = NeuronGroup(1, "v : 1", threshold="v > 0", refractory=5 * ms)
        group.v = 1
        spikes = SpikeMonitor(group)
        run(100 * second)
        steps = np.round(np.asarray(spikes.t) * 1e4).astype(int)
    assert_array_equal(steps, np.arange(0, 10**6, 50))


def test_refractory_period_by_string():
    """Per neuron, with constants, parameters, and what changes at a spike."""
    with isolated_session(0):
        base = 1 * ms
        group = NeuronGroup(
            5,
            """v : 1
               extra : second
               count : integer""",
            threshold="v > 0",
            reset="count += 1",
            refractory="base + i*0.3*ms + extra + (count > 3)*2*ms".replace("(count > 3)", "int(count > 3)"),
        )
        group.v = 1
        group.extra = "0.1*ms*(i % 2)"
        spikes = SpikeMonitor(group)
        run(20 * ms)
        trains = {k: np.round(np.asarray(t) * 1e4).astype(int) for k, t in spikes.spike_trains().items()}
    for i, train in trains.items():
        short = 10 + 3 * i + i % 2
        wanted = [0, short, 2 * short, 3 * short]
        while wanted[-1] + short + 20 < 200:
            wanted.append(wanted[-1] + short + 20)
        assert_array_equal(train, wanted[: len(train)])
        assert len(train) == sum(step < 200 for step in wanted)


def test_refractory_while_above_threshold():
    """One spike for each time that v comes up, and one at the start: what has not spiked is not refractory."""
    with isolated_session(0):
        group = NeuronGroup(
            1,
            """dv/dt = -2*pi*sin(2*pi*t/(5*ms) + 0.3)/(5*ms) : 1
               dw/dt = 1/ms : 1 (unless refractory)""",
            threshold="v > 0.5",
            refractory="v > 0.5",
            method="rk4",
        )
        group.v = "cos(0.3)"
        spikes = SpikeMonitor(group)
        states = StateMonitor(group, ["v", "not_refractory", "w"], record=0, when="end")
        run(20 * ms)
        fired = np.round(np.asarray(spikes.t) * 1e4).astype(int)
        v, free, w = (np.asarray(x[0]) for x in (states.v, states.not_refractory, states.w))
    before = np.r_[-1, v[:-1]]  # the condition is looked at before v moves
    assert_array_equal(fired, np.flatnonzero((before <= 0.5) & (v > 0.5)))
    assert len(fired) == 5
    assert_array_equal(free, (before <= 0.5) & ~np.isin(np.arange(200), fired))
    assert_allclose(np.diff(w, prepend=0), np.where(before > 0.5, 0, 0.1), atol=1e-12)


def test_a_condition_holds_only_from_a_spike_on():
    with isolated_session(0):
        group = NeuronGroup(
            3,
            "dv/dt = 1/ms : 1 (unless refractory)",
            threshold="v > 2.05 + 10*int(i > 0)",
            reset="v = 0",
            refractory="i < 2 and t < 5*ms or v < -1",
            method="euler",
        )
        group.v[2] = -2
        states = StateMonitor(group, "v", record=True, when="end")
        run(8 * ms)
        v = np.asarray(states.v)
    assert_allclose(v[0, [19, 20, 49, 50, 69]], [2, 0, 0, 0.1, 2.0], atol=1e-12)
    assert_allclose(v[1], np.arange(1, 81) * 0.1)
    assert_allclose(v[2], np.arange(1, 81) * 0.1 - 2, atol=1e-12)


def test_refractory_until_a_condition_ends():
    """A spike-triggered variable that decays: the neuron is held until it is small."""
    with isolated_session(0):
        group = NeuronGroup(
            1,
            """dv/dt = 1/ms : 1 (unless refractory)
               dh/dt = -h/(2*ms) : 1""",
            threshold="v > 0.95",
            reset="v = 0; h += 1",
            refractory="h > 0.2",
            method="exact",
        )
        spikes = SpikeMonitor(group)
        run(30 * ms)
        steps = np.round(np.asarray(spikes.t) * 1e4).astype(int)
    # the same in plain Python
    v, h, wanted = 0.0, 0.0, []
    for step in range(300):
        free = not h > 0.2
        v = v + 0.1 if free else v
        h *= np.exp(-0.05)
        if v > 0.95 and free:
            wanted.append(step)
            v, h = 0.0, h + 1
    assert_array_equal(steps, wanted)
    assert len(wanted) > 3


def test_statements_of_a_reset_in_order():
    """Each statement sees what those before it have set; locals live for one spike."""
    with isolated_session(0):
        jump = 3
        group = NeuronGroup(
            2,
            """v : 1
               a : 1
               b : 1
               k : integer
               up : boolean""",
            threshold="v > 0",
            reset="""
            old = a
            a = b + jump
            b = old*2 + a
            k += 2
            k *= i + 1
            up = not up
            a -= int(up)
            """,
        )
        group.v = 1
        group.a = [1, 5]
        states = StateMonitor(group, ["a", "b", "k", "up"], record=True)
        run(0.5 * ms)
        a, b, k, up = (np.asarray(getattr(states, name)) for name in ("a", "b", "k", "up"))
    for i, start in enumerate((1.0, 5.0)):
        x, y, n, flag = start, 0.0, 0, False
        for step in range(5):
            assert (a[i, step], b[i, step], k[i, step], up[i, step]) == (x, y, n, flag)
            old = x
            x = y + 3
            y = old * 2 + x
            n = (n + 2) * (i + 1)
            flag = not flag
            x -= flag


# -- with noise ------------------------------------------------------------------------------------------


def siegert(mu, sigma, tau, threshold, reset, refractory):
    """Rate of a leaky integrate-and-fire neuron in white noise (Siegert 1951, Ricciardi 1977), per ms.

    ``dv = (mu - v)/tau dt + sigma sqrt(2/tau) dW``: sigma is the standard deviation of v without threshold.
    """
    low, high = (np.array([reset, threshold]) - mu) / (np.sqrt(2) * sigma)
    mean, _ = quad(lambda u: erfcx(-u), low, high)  # exp(u**2) (1 + erf(u))
    return 1 / (refractory + tau * np.sqrt(np.pi) * mean)


def discrete_rate(mu, sigma, tau, threshold, reset, refractory, dt):
    """The same for the Euler-Maruyama scheme, which is an Ornstein-Uhlenbeck process watched every dt.

    Its time constant and deviation follow from the factor 1 - dt/tau of each step. A crossing is seen only at
    the end of a step, as if the threshold lay -zeta(1/2)/sqrt(2 pi) = 0.5826 standard deviations of a step
    higher (Siegmund 1979; Broadie, Glasserman and Kou 1997), up to terms of order dt.
    """
    decay = 1 - dt / tau
    tau_eff = -dt / np.log(decay)
    step = sigma * np.sqrt(2 * dt / tau)
    sigma_eff = step / np.sqrt(1 - decay**2)
    held = max(round(refractory / dt) - 1, 0) * dt
    return siegert(mu, sigma_eff, tau_eff, threshold + 0.5826 * step, reset, held)


@pytest.mark.parametrize(
    ("mu", "sigma", "refractory"), [(8.0, 2.0, 0.0), (8.0, 2.0, 5.0), (12.0, 1.0, 2.0), (5.0, 5.0, 2.0)]
)
def test_noisy_rate(mu, sigma, refractory):
    """Sub- and suprathreshold; sharp enough to see the effect of the grid and of one refractory step."""
    count, dt, duration = 1000, 0.1, 600.0
    with isolated_session(17):
        defaultclock.dt = dt * ms
        drive, noise, tau = mu * mV, sigma * mV, 10 * ms
        group = NeuronGroup(
            count,
            "dv/dt = (drive - v)/tau + noise*sqrt(2/tau)*xi : volt (unless refractory)",
            threshold="v > 10*mV",
            reset="v = 0*mV",
            refractory=refractory * ms,
            method="euler",
        )
        group.v = "rand()*5*mV"
        spikes = SpikeMonitor(group)
        run(duration * ms)
        t, i = np.asarray(spikes.t) * 1e3, np.asarray(spikes.i)
    late = t >= 100.0  # past the start
    rates = np.bincount(i[late], minlength=count) / (duration - 100.0)
    error = rates.std() / np.sqrt(count)
    wanted = discrete_rate(mu, sigma, 10.0, 10.0, 0.0, refractory, dt)
    assert abs(rates.mean() - wanted) < 4 * error + 0.002 * wanted, (rates.mean(), wanted, error)
    assert error < 0.01 * wanted
    # without the correction for the grid, theory lies clearly above
    assert siegert(mu, sigma, 10.0, 10.0, 0.0, refractory) > wanted + 4 * error
