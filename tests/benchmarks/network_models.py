"""Networks to measure, for Brian 2 and spikefarm alike: each takes the library, declares itself and runs."""

MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


@model
def membranes(lib, seconds=1.0):
    """10,000 noisy membranes."""
    ms = lib.ms
    tau = 10 * ms
    sigma = 0.5
    group = lib.NeuronGroup(
        10000, "dv/dt = (1 - v)/tau + sigma*xi*tau**-0.5 : 1", threshold="v > 2.5", reset="v = 0",
        method="euler", namespace={"tau": tau, "sigma": sigma},
    )  # fmt: skip
    lib.Network(group).run(seconds * lib.second)


@model
def current_based(lib, seconds=1.0):
    """4,000 neurons, 2 % connected, exponential currents."""
    ms, mV = lib.ms, lib.mV
    space = {"tm": 20 * ms, "te": 5 * ms, "ti": 10 * ms, "rest": -49 * mV, "vr": -60 * mV, "vt": -50 * mV}
    group = lib.NeuronGroup(
        4000,
        """dv/dt = (ge + gi - (v - rest))/tm : volt (unless refractory)
           dge/dt = -ge/te : volt
           dgi/dt = -gi/ti : volt""",
        threshold="v > vt", reset="v = vr", refractory=5 * ms, method="exact", namespace=space,
    )  # fmt: skip
    group.v = "-60*mV + rand()*10*mV"
    we, wi = 60 * 0.27 / 10 * mV, -20 * 4.5 / 10 * mV
    excite = lib.Synapses(group[:3200], group, on_pre="ge_post += we", namespace={"we": we})
    inhibit = lib.Synapses(group[3200:], group, on_pre="gi_post += wi", namespace={"wi": wi})
    excite.connect(p=0.02)
    inhibit.connect(p=0.02)
    lib.Network(group, excite, inhibit).run(seconds * lib.second)


@model
def hodgkin_huxley(lib, seconds=1.0):
    """4,000 neurons with sodium and potassium channels, conductance-based synapses."""
    ms, mV, nS, pF = lib.ms, lib.mV, lib.nS, lib.pF
    space = {
        "Cm": 200 * pF, "gl": 10 * nS, "El": -60 * mV, "EK": -90 * mV, "ENa": 50 * mV, "g_na": 20000 * nS,
        "g_kd": 6000 * nS, "VT": -63 * mV, "te": 5 * ms, "ti": 10 * ms, "Ee": 0 * mV, "Ei": -80 * mV,
    }  # fmt: skip
    group = lib.NeuronGroup(
        4000,
        """dv/dt = (gl*(El-v) + ge*(Ee-v) + gi*(Ei-v) - g_na*(m*m*m)*h*(v-ENa) - g_kd*(n*n*n*n)*(v-EK))/Cm : volt
           dm/dt = am*(1-m) - bm*m : 1
           dn/dt = an*(1-n) - bn*n : 1
           dh/dt = ah*(1-h) - bh*h : 1
           dge/dt = -ge/te : siemens
           dgi/dt = -gi/ti : siemens
           am = 0.32*(mV**-1)*4*mV/exprel((13*mV-v+VT)/(4*mV))/ms : Hz
           bm = 0.28*(mV**-1)*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
           ah = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
           bh = 4/(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
           an = 0.032*(mV**-1)*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
           bn = 0.5*exp((10*mV-v+VT)/(40*mV))/ms : Hz""",
        threshold="v > -20*mV", refractory=3 * ms, method="exponential_euler", namespace=space,
    )  # fmt: skip
    group.v = "El + (randn()*5 - 5)*mV"
    group.ge = "(randn()*1.5 + 4)*10*nS"
    group.gi = "(randn()*12 + 20)*10*nS"
    excite = lib.Synapses(group[:3200], group, on_pre="ge_post += we", namespace={"we": 6 * nS})
    inhibit = lib.Synapses(group[3200:], group, on_pre="gi_post += wi", namespace={"wi": 67 * nS})
    excite.connect(p=0.02)
    inhibit.connect(p=0.02)
    lib.Network(group, excite, inhibit).run(seconds * lib.second)


@model
def brunel(lib, seconds=1.0):
    """10,000 neurons, 10 million synapses with delays of their own."""
    ms, mV = lib.ms, lib.mV
    space = {"tm": 20 * ms, "vr": 10 * mV, "vt": 20 * mV}
    group = lib.NeuronGroup(
        10000, "dv/dt = -v/tm : volt (unless refractory)", threshold="v > vt", reset="v = vr", refractory=2 * ms,
        method="exact", namespace=space,
    )  # fmt: skip
    group.v = "rand()*20*mV"
    j = 0.1 * mV
    excite = lib.Synapses(group[:8000], group, on_pre="v_post += J", namespace={"J": j})
    inhibit = lib.Synapses(group[8000:], group, on_pre="v_post += J", namespace={"J": -5 * j})
    for synapses in (excite, inhibit):
        synapses.connect(p=0.1)
        synapses.delay = "1*ms + 1*ms*rand()"
    drive = lib.PoissonInput(group, "v", 1000, 20 * lib.Hz, j)
    lib.Network(group, excite, inhibit, drive).run(seconds * lib.second)


@model
def stdp(lib, seconds=10.0):
    """1,000 Poisson inputs with plastic weights on one neuron."""
    ms, mV = lib.ms, lib.mV
    space = {"tm": 10 * ms, "te": 5 * ms, "El": -74 * mV, "Ee": 0 * mV, "vt": -54 * mV, "vr": -60 * mV}
    inputs = lib.PoissonGroup(1000, 15 * lib.Hz)
    neuron = lib.NeuronGroup(
        1, "dv/dt = (ge*(Ee - v) + El - v)/tm : volt\ndge/dt = -ge/te : 1", threshold="v > vt", reset="v = vr",
        method="euler", namespace=space,
    )  # fmt: skip
    top = 0.01
    plastic = {"tp": 20 * ms, "td": 20 * ms, "gmax": top, "dp": 0.01 * top, "dd": -0.0105 * top}
    synapses = lib.Synapses(
        inputs,
        neuron,
        """w : 1
           da/dt = -a/tp : 1 (event-driven)
           db/dt = -b/td : 1 (event-driven)""",
        on_pre="ge_post += w; a += dp; w = clip(w + b, 0, gmax)",
        on_post="b += dd; w = clip(w + a, 0, gmax)",
        namespace=plastic,
    )
    synapses.connect()
    synapses.w = "rand()*gmax"
    fired = lib.SpikeMonitor(inputs)
    lib.Network(inputs, neuron, synapses, fired).run(seconds * lib.second)


@model
def one_neuron(lib, seconds=1.0):
    """A single integrate-and-fire neuron."""
    tau = 10 * lib.ms
    group = lib.NeuronGroup(
        1, "dv/dt = (2 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", namespace={"tau": tau}
    )
    fired = lib.SpikeMonitor(group)
    lib.Network(group, fired).run(seconds * lib.second)
