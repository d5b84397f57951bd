"""Models that between them use everything there is: for golden texts, hashes and pickles.

Each function declares a model in the current session, runs it and returns its objects.
"""

from numpy import arange
from spikefarm import (
    Clock,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    run,
    second,
    seed,
)
from spikefarm.core.session import ApplyEntry, current_session


def lif():
    """A leaky neuron, integrated exactly, with a refractory period."""
    tau, v_rest, v_threshold = 10 * ms, -70 * mV, -50 * mV
    group = NeuronGroup(
        1,
        """dv/dt = (v_rest + drive - v)/tau : volt (unless refractory)
           drive : volt (shared, constant)""",
        threshold="v > v_threshold",
        reset="v = v_rest",
        refractory=5 * ms,
        method="exact",
    )
    group.v = "v_rest"
    group.drive = 25 * mV
    spikes = SpikeMonitor(group, name="spikes")
    run(1 * second, namespace={"tau": tau, "v_rest": v_rest, "v_threshold": v_threshold})
    return group, spikes


def noisy():
    """Noise, a stimulus, truth values, several runs and run arguments."""
    namespace = {
        "stimulus": TimedArray([0, 1, 2] * mV, dt=5 * ms),
        "patterns": TimedArray([[0, 1], [2, 3]] * mV, dt=1 * ms),
        "tau": 20 * ms,
        "sigma": 2 * mV,
        "step": 2,
        "on": True,
    }
    group = NeuronGroup(
        20,
        """dv/dt = (stimulus(t) + patterns(t, column) - v)/tau + sigma*xi*tau**-0.5 : volt (unless refractory)
           theta : volt
           column : integer (constant)
           quiet : boolean
           total : integer""",
        threshold="v > theta and not quiet and on",
        reset="""jump = rand()*sigma
                 v -= 3*mV + jump
                 theta += jump/2
                 total += step""",
        refractory="theta/mV*ms",
    )
    group.theta = "10*mV + randn()*mV"
    group.theta["i < 5 and rand() < 0.5"] = "12*mV"
    group.column[:10] = 1
    group.column["i >= 10"] = "i % 2"
    group.quiet[[0, 3]] = True
    current_session().program.append(ApplyEntry())
    spikes = SpikeMonitor(group)
    counts = SpikeMonitor(group, record=False, name="counts")
    network = Network(group, spikes, counts)
    seed(5)
    network.run(10 * ms, namespace=namespace)
    group.v = 0 * mV
    seed()
    network.run(20 * ms, namespace={**namespace, "tau": 30 * ms})
    return group, spikes, counts


def hodgkin_huxley():
    """Exponential Euler, nested subexpressions and recordings."""
    group = NeuronGroup(
        3,
        """dv/dt = (I - g_na*m**3*h*(v - 50*mV) - g_l*(v + 70*mV))/C : volt
           dm/dt = alpha*(1 - m) - beta*m : 1
           dh/dt = (0.5 - h)/(2*ms) : 1
           alpha = 0.1*exprel(-u)/ms : Hz
           beta = 4*exp(-u/18)/ms : Hz
           u = clip((v + 40*mV)/mV, -100, 100) : 1
           g_na : siemens/meter**2
           g_l : siemens/meter**2 (shared)
           C : farad/meter**2 (constant)
           I : amp/meter**2""",
        threshold="v > 0*mV",
        refractory="v > 0*mV",
        method="exponential_euler",
    )
    group.v = -65 * mV
    group.I = "i*amp/meter**2"
    states = StateMonitor(group, ["v", "alpha", "g_l", "i"], record=[0, 2], dt=1 * ms, name="states")
    spikes = SpikeMonitor(group)
    run(100 * ms)
    return group, states, spikes


def coupled():
    """Propagator matrices: once per run, per neuron, and with what stands still while refractory."""
    synapses = """dv/dt = (g - v)/tau : 1 (unless refractory)
                  dg/dt = -g/tau_g : 1"""
    alike = NeuronGroup(
        4, synapses, threshold="v > 1", reset="v = 0; g += 1", refractory=2 * ms, name="alike"
    )
    differing = NeuronGroup(
        4,
        """dv/dt = (g - v)/own : 1
           dg/dt = -g/tau_g : 1
           own : second (constant)""",
        name="differing",
        namespace={"tau_g": 3 * ms},
        order=-1,
    )
    differing.own = arange(1, 5) * 10 * ms
    states = StateMonitor(alike, True, record=True, when="after_resets", order=2)
    run(50 * ms, namespace={"tau": 10 * ms, "tau_g": 5 * ms})
    return alike, differing, states


def stochastic():
    """Stochastic methods on clocks of their own."""
    slow = Clock(1 * ms, name="slow")
    heun = NeuronGroup(
        30,
        "dx/dt = -x*x/second + 0.1*x*xi_1/second**0.5 + 0.2*y*xi_2/second**0.5 : 1\ny : 1",
        clock=slow,
        name="heun",
    )
    milstein = NeuronGroup(
        3, "dx/dt = -x/second + sqrt(x)*xi/second**0.5 : 1", method="milstein", dt=0.5 * ms
    )
    rk = NeuronGroup(3, "dx/dt = sin(2*pi*t/second)*y*Hz : 1\ndy/dt = -x*Hz : 1", method="rk4", clock=slow)
    heun.x = milstein.x = 1
    states = StateMonitor(heun, "x", record=slice(0, 2))
    run(10 * ms)
    return heun, milstein, rk, states


def algebra():
    """Every function and operator, integers and truth values."""
    group = NeuronGroup(
        5,
        """a = sin(x) + cos(x) + tan(x) + arcsin(x/10) + arccos(x/10) + arctan(x) : 1
           b = sinh(x) + cosh(x) + tanh(x) + exp(x) + log(1 + x) + log10(1 + x) + log1p(x) + expm1(x) + exprel(x) : 1
           c = sqrt(x) + abs(x) + sign(x) + ceil(x) + floor(x) + clip(x, 0, n) + int(x > 1) + timestep(t, dt) : 1
           d = x**2 + x**-1 + x**0.5 + 2**n + x % 2 + x // 2 + n % 3 + n // 2 + n/2 : 1
           k = n*2 + i - N + t_in_timesteps : integer
           p = (x < 1 or x >= 2 and not q) != (n == 3) : boolean
           q : boolean
           x : 1
           n : integer (constant)""",
        threshold="p or rand() < 0.001",
        reset="x = rand() + randn(); n_old = n; q = n_old > 2; x += a*e - pi",
    )
    group.x = "rand()"
    states = StateMonitor(group, ["a", "b", "c", "d", "k", "p", "N", "dt"], record=False)
    run(1 * ms)
    return group, states


def plastic():
    """Synapses of every kind: rules and pairs, both sides, sums, delays of each, and synapses onto synapses."""
    tau, chance = 20 * ms, 0.1
    inputs = PoissonGroup(50, rates=20 * Hz, name="inputs")
    cells = NeuronGroup(
        10,
        """dv/dt = (drive + gap - v)/tau : 1 (unless refractory)
           drive : 1
           gap : 1""",
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        method="euler",
        name="cells",
    )
    learned = Synapses(
        inputs,
        cells,
        """w : 1
           dx/dt = -x/tau : 1 (event-driven)
           dy/dt = -y/(30*ms) : 1 (event-driven)""",
        on_pre={"pre": "v_post += w; x += 0.1; w = clip(w - y, 0, 1)", "slow": "drive_post += 0.01*rand()"},
        on_post="y += 0.1; w = clip(w + x, 0, 1)",
        delay={"slow": 5 * ms},
        name="learned",
    )
    learned.connect(p="chance", condition="i % 10 != j")
    learned.w = "0.1*rand() + 0.01*N_incoming"
    learned.pre.delay = "1*ms + rand()*ms"
    gaps = Synapses(cells, cells, "g : 1 (shared)\ngap_post = g*(v_pre - v_post) : 1 (summed)", name="gaps")
    gaps.connect(j="k for k in range(i - 1, i + 2) if k != i", skip_if_invalid=True)
    gaps.g = 0.2
    gate = Synapses(cells[2:4], learned, on_pre="w_post *= 0.9", name="gate")
    gate.connect(i=[0, 1, 1], j=[0, 1, 2])
    weights = StateMonitor(learned, ["w", "v_post"], record=[0, 3], dt=10 * ms)
    run(100 * ms)
    return inputs, cells, learned, gaps, gate, weights


MODELS = {
    function.__name__: function
    for function in (lif, noisy, hodgkin_huxley, coupled, stochastic, algebra, plastic)
}
