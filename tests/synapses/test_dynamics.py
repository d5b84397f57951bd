"""What synapses do in time: plasticity against closed forms, delays to the step, clocks, schedules."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *


def spiking(times, name=None, n=None):
    """Neurons that spike at times in ms, one time each (or several: a list)."""
    i = [k for k, ts in enumerate(times) for _ in np.atleast_1d(ts)]
    t = [t for ts in times for t in np.atleast_1d(ts)]
    return SpikeGeneratorGroup(n or len(times), i, t * ms, name=name)


def test_window_of_plasticity(target):
    """The change of weight by the time between two spikes is the closed form, on both sides, delays included."""
    lags = np.array([-40, -15, -3.2, -0.1, 0.1, 2.5, 12, 33])
    before = spiking(50 - np.minimum(lags, 0), "before")
    after = spiking(50 + np.maximum(lags, 0), "after")
    tau_x, tau_y = 9 * ms, 21 * ms
    s = Synapses(
        before,
        after,
        """w : 1
           dx/dt = -x/tau_x : 1 (event-driven)
           dy/dt = -y/tau_y : 1 (event-driven)""",
        on_pre="x += 0.1; w -= y",
        on_post="y += 0.12; w += x",
    )
    s.connect(j="i")
    s.w = 1
    Network(before, after, s).run(100 * ms)
    curve = np.where(lags > 0, 0.1 * np.exp(-lags / 9), -0.12 * np.exp(lags / 21))
    assert_allclose(s.w - 1, curve, rtol=1e-12)


def test_delays_shift_the_window(target):
    """With delays on both sides, what counts is when spikes reach the synapse."""
    before, after = spiking([10] * 4, "before"), spiking([12] * 4, "after")
    s = Synapses(
        before,
        after,
        "w : 1\ndx/dt = -x/(5*ms) : 1 (event-driven)",
        on_pre="x += 1",
        on_post="w += x",
    )
    s.connect(j="i")
    s.pre.delay = [0, 1, 3, 1.5] * ms
    s.post.delay = [0, 2, 0, 1.5] * ms
    Network(before, after, s).run(20 * ms)
    assert_allclose(s.w, [np.exp(-2 / 5), np.exp(-3 / 5), 0, np.exp(-2 / 5)], rtol=1e-12)


def test_order_of_both_sides(target):
    """Of a spike on each side in one step, that of the source comes first, unless it is said otherwise."""

    def weight(order):
        before, after = spiking([1]), spiking([1])
        s = Synapses(before, after, "w : 1\nx : 1", on_pre="x = 1", on_post="w += x")
        s.connect()
        s.post.order = order
        return before, after, s

    first, second = weight(1), weight(-2)
    Network(*first, *second).run(2 * ms)
    assert first[2].w[0] == 1
    assert second[2].w[0] == 0


def test_delays_to_the_step(target):
    """Rounded to the nearest step; 0 acts in the step of the spike, after its threshold."""
    delays = np.array([0, 0.04, 0.06, 0.1, 0.26, 1.0, 3.14159])
    source = spiking([1.0])
    cells = NeuronGroup(len(delays), "v : 1")
    s = Synapses(source, cells, on_pre="v_post += 1")
    s.connect()
    s.delay = delays * ms
    trace = StateMonitor(cells, "v", record=True, when="end")
    Network(source, cells, s, trace).run(6 * ms)
    arrival = np.argmax(trace.v > 0, axis=1)
    assert_array_equal(arrival, 10 + np.floor(delays / 0.1 + 0.5))
    assert (trace.v[:, -1] == 1).all()


def test_long_delays_and_bursts(target):
    """Every spike arrives, as often as it was sent, whatever is on its way already."""
    rng = np.random.default_rng(4)
    n, steps = 5, 120
    fired = rng.random((n, steps)) < 0.4
    i, t = np.nonzero(fired)
    source = SpikeGeneratorGroup(n, i, t * 0.1 * ms)
    cells = NeuronGroup(3, "v : 1")
    s = Synapses(source, cells, "w : 1", on_pre="v_post += w")
    a, b, wait = rng.integers(0, n, 40), rng.integers(0, 3, 40), rng.integers(0, 90, 40)
    s.connect(i=a, j=b)
    s.w = np.arange(1, 41)
    s.delay = wait * 0.1 * ms
    trace = StateMonitor(cells, "v", record=True, when="end")
    Network(source, cells, s, trace).run(steps * 0.1 * ms)
    expected = np.zeros((3, steps))
    for k, (pre, post, later) in enumerate(zip(a, b, wait, strict=True)):
        expected[post, later:] += (k + 1) * fired[pre, : steps - later]
    assert_array_equal(trace.v, np.cumsum(expected, axis=1))


def test_lastupdate(target):
    source = spiking([[1, 4], [2, 2.5], [7]])
    cells = NeuronGroup(1, "v : 1")
    s = Synapses(
        source, cells, "lastupdate : second\nsince : second", on_pre="since = t - lastupdate; v_post += 1"
    )
    s.connect()
    s.pre.delay = [0, 1, 0] * ms
    Network(source, cells, s).run(6 * ms)
    assert_allclose(s.lastupdate / ms, [4, 3.5, 0])
    assert_allclose(s.since / ms, [3, 0.5, 0])


def test_events_drive_both_sides(target):
    """Between events an event-driven variable is what it was; at each it is solved exactly, whatever the side."""
    before, after = spiking([[1, 9]]), spiking([[4]])
    s = Synapses(
        before,
        after,
        """dx/dt = (goal - x)/tau : 1 (event-driven)
           goal : 1
           tau : second
           seen : 1""",
        on_pre="seen = x",
        on_post="x += 1",
    )
    s.connect()
    s.goal, s.tau = 2, "6*ms"
    Network(before, after, s).run(9.5 * ms)

    def later(x, time):
        return 2 + (x - 2) * np.exp(-time / 6)

    assert_allclose(s.seen, later(later(0, 4) + 1, 5), rtol=1e-12)
    assert_allclose(s.lastupdate / ms, 9)


def test_clocks(target):
    """Events take effect at the clock of the neurons, equations of synapses are solved at their own."""
    fine, coarse = Clock(0.05 * ms, name="fine"), Clock(0.5 * ms, name="coarse")
    source = NeuronGroup(
        1, "dv/dt = 1/ms : 1", threshold="v > 0.99", reset="v = 0", method="euler", clock=fine
    )
    cells = NeuronGroup(1, "u : 1\nI : 1", clock=coarse)
    s = Synapses(source, cells, "dg/dt = 1/ms : 1 (clock-driven)\nI_post = g : 1 (summed)", on_pre="u_post += 1",
                 delay=0.3 * ms, method="euler", dt=0.25 * ms)  # fmt: skip
    s.connect()
    trace = StateMonitor(cells, ["u", "I"], record=0, clock=fine, when="end")
    Network(source, cells, s, trace).run(4 * ms)
    arrivals = trace.t[1:][np.diff(trace.u[0]) > 0] / ms
    assert_allclose(arrivals, [1.25, 2.25, 3.25], atol=1e-9)  # fired at 0.95 ms and so on
    ticks = np.floor(np.arange(80) / 5)  # of the synapses, whose sum comes before their update
    assert_allclose(trace.I[0], 0.25 * ticks, atol=1e-12)


def test_other_steps_between_runs(target):
    """Delays, and events on their way, are times: with another dt they take other numbers of steps."""
    source = spiking([[1, 3], [2]])
    cells = NeuronGroup(1, "v : 1")
    s = Synapses(source, cells, on_pre="v_post += 1", delay=2 * ms)
    s.connect()
    own = Synapses(source, cells, on_pre="v_post += 10")
    own.connect()
    own.delay = [1.1, 2.3] * ms
    trace = StateMonitor(cells, "v", record=0, when="end")
    network = Network(source, cells, s, own, trace)
    network.run(2 * ms)
    defaultclock.dt = 0.05 * ms
    network.run(4 * ms)
    change = np.diff(trace.v[0])
    assert_allclose(trace.t[1:][change > 0] / ms, [2.1, 3, 4, 4.1, 4.3, 5], atol=1e-9)
    assert_allclose(change[change > 0], [10, 1, 1, 10, 10, 1])


def test_connect_between_runs(target):
    """More synapses, other weights and delays, while events are on their way."""
    source = spiking([[1, 3], [2]])
    cells = NeuronGroup(2, "v : 1")
    s = Synapses(source, cells, "w : 1", on_pre="v_post += w")
    s.connect(i=1, j=0)
    s.w, s.delay = 1, 0.5 * ms
    network = Network(source, cells, s)
    network.run(2.3 * ms)
    s.connect(i=[0, 1], j=[1, 1])
    s.w, s.delay = "20 + i", "(1 + j)*ms"
    network.run(3 * ms)
    s.w[0] = 9
    network.run(1 * ms)
    assert_allclose(cells.v, [21, 20])  # what came at 2 ms arrives when it was due, with the weight of then
    assert_allclose(s.w, [9, 20, 21])


def test_sources_of_events(target):
    """Poisson neurons, parts of them, and events other than spikes."""
    poisson = PoissonGroup(20, rates="int(i > 4)*200*Hz", name="poisson")
    counts = NeuronGroup(20, "n : 1\nm : 1", name="counts")
    every = Synapses(poisson, counts, on_pre="n_post += 1", name="every")
    every.connect(j="i")
    some = Synapses(poisson[10:15], counts[2:4], on_pre="m_post += 1", name="some")
    some.connect(condition="i > 1")
    spikes = SpikeMonitor(poisson, name="spikes")
    Network(poisson, counts, every, some, spikes).run(50 * ms)
    assert spikes.count.sum() > 50
    assert_array_equal(counts.n, spikes.count)
    assert_array_equal(counts.m[2:4], [spikes.count[12:15].sum()] * 2)
    assert counts.m[:].sum() == 2 * spikes.count[12:15].sum()


def test_place_in_the_step(target):
    """A pathway acts where its ``when`` puts it: before the update of the neurons, or after the reset."""
    source = spiking([1, 1])
    cells = NeuronGroup(2, "dv/dt = -v/(1*ms) : 1", method="exact")
    early = Synapses(source, cells, on_pre={"early": "v_post += 1", "late": "v_post += 1"}, on_event="spike")
    early.connect(i=0, j=0)
    other = Synapses(source, cells, on_pre="v_post += 1")
    other.connect(i=1, j=1)
    early.early.when, early.late.when = "before_end", "end"
    trace = StateMonitor(cells, "v", record=True, when="after_synapses")
    Network(source, cells, early, other, trace).run(1.2 * ms)
    decay = np.exp(-0.1)
    assert_allclose(trace.v[:, -2:], [[0, 2 * decay], [1, decay]])


def test_gating_and_homeostasis(target):
    """Synapses that a variable of the neurons lets through, and weights that are scaled to a rate at each tick."""
    source = spiking([np.arange(1, 20)])
    cells = NeuronGroup(2, "v : 1\ngate : 1\nrate : 1")
    cells.gate = [0, 1]
    s = Synapses(source, cells, "w : 1", on_pre="v_post += w*gate_post; rate_post += 1")
    s.connect()
    s.w = 2
    s.run_regularly("w = clip(w*(1 + 0.5*int(rate_post < 3) - 0.5*int(rate_post > 8)), 0, 10)", dt=5 * ms)
    trace = StateMonitor(s, "w", record=True, dt=5 * ms, when="end")
    Network(source, cells, s, trace).run(20 * ms)
    assert_array_equal(trace.w, [[3, 3, 1.5, 0.75]] * 2)
    assert_allclose(cells.v, [0, 4 * 3 + 5 * 3 + 5 * 1.5 + 5 * 0.75])


def test_random_numbers_in_pathways(target):
    """Each synapse draws its own, anew at each event."""
    source = spiking([np.arange(1, 40)])
    cells = NeuronGroup(200, "n : 1\nlast : 1")
    s = Synapses(source, cells, "r : 1", on_pre="r = rand(); n_post += int(r < 0.25)")
    s.connect()
    Network(source, cells, s).run(45 * ms)
    assert len(np.unique(s.r)) == 200
    assert abs(np.mean(cells.n) - 39 / 4) < 5 * np.sqrt(39 * 0.1875 / 200)
    assert 0.5 < np.var(cells.n) / (39 * 0.1875) < 1.6
