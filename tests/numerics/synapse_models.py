"""Networks that run on Brian 2 and on spikefarm alike, and draw no random numbers."""

import numpy as np

MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


def spikes(lib, times, n=None, name="source"):
    """Neurons that spike at given times in ms: ``{neuron: [times]}``."""
    i = np.array([k for k, ts in times.items() for _ in ts])
    t = np.array([x for ts in times.values() for x in ts]) * lib.ms
    return lib.SpikeGeneratorGroup(n or max(times) + 1, i, t, name=name)


def leaky(lib, n, more="", **options):
    """Neurons that leak."""
    options = {"method": "euler", **options}
    return lib.NeuronGroup(n, "dv/dt = -v/(8*ms) : 1\n" + more, **options)


def network(lib, time, *objects):
    lib.Network(*objects).run(time * lib.ms)


@model
def plain_weights(lib):
    source = spikes(lib, {0: [1, 3, 5], 1: [2, 3.3], 2: [4]})
    target = leaky(lib, 4)
    s = lib.Synapses(source, target, "w : 1", on_pre="v_post += w")
    s.connect(i=[0, 2, 1, 0, 1, 0], j=[1, 0, 3, 2, 0, 1])
    s.w = "0.1*(i + 1) + 0.01*j"
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 8, source, target, s, trace)
    return {"v": trace.v, "i": np.array(s.i[:]), "j": np.array(s.j[:]), "w": np.array(s.w[:]), "n": len(s)}


@model
def delays_of_each(lib):
    source = spikes(lib, {0: [1, 3, 3.5], 1: [2, 3.3]})
    target = leaky(lib, 3)
    s = lib.Synapses(source, target, "w : 1", on_pre="v_post += w")
    s.connect()
    s.w = "0.1*i + 0.3*j + 0.1"
    s.delay = "0.14*ms*i + 0.55*ms*j + 0.05*ms"
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 8, source, target, s, trace)
    return {"v": trace.v, "delay": np.array(s.delay[:] / lib.second)}


@model
def a_common_delay(lib):
    source = spikes(lib, {0: [1, 3, 7.9], 1: [2, 3.3]})
    target = leaky(lib, 3)
    s = lib.Synapses(source, target, on_pre="v_post += 0.5", delay=1.24 * lib.ms)
    s.connect(i=[1, 0], j=[0, 2])
    trace = lib.StateMonitor(target, "v", record=True)
    net = lib.Network(source, target, s, trace)
    net.run(3.5 * lib.ms)
    net.run(6 * lib.ms)  # what was on its way arrives
    return {"v": trace.v}


@model
def delays_changed_between_runs(lib):
    source = spikes(lib, {0: [0.5, 1.5, 2.5, 3.5]})
    target = leaky(lib, 2)
    s = lib.Synapses(source, target, on_pre="v_post += 1")
    s.connect()
    s.delay = [0.3, 2.2] * lib.ms
    trace = lib.StateMonitor(target, "v", record=True)
    net = lib.Network(source, target, s, trace)
    net.run(2 * lib.ms)
    s.delay = "j*0.4*ms"
    net.run(4 * lib.ms)
    return {"v": trace.v}


@model
def several_pathways(lib):
    source = spikes(lib, {0: [1, 2], 1: [1.5]})
    target = leaky(lib, 2, "u : 1")
    s = lib.Synapses(
        source,
        target,
        "w : 1",
        on_pre={"fast": "v_post += w; w += 0.1", "slow": "u_post += 2*w; v_post -= 0.05"},
        delay={"slow": 0.7 * lib.ms},
    )
    s.connect()
    s.fast.delay = "0.2*ms*j"
    trace = lib.StateMonitor(target, ["v", "u"], record=True)
    network(lib, 4, source, target, s, trace)
    return {"v": trace.v, "u": trace.u, "w": np.array(s.w[:])}


@model
def plasticity(lib):
    """Spike-timing dependent, with traces that are solved from event to event and delays on both sides."""
    before = spikes(lib, {0: [1, 6, 11, 30], 1: [3, 4, 21]}, name="before")
    after = spikes(lib, {0: [2, 7.5, 10, 29.5], 1: [4.4, 20]}, name="after")
    s = lib.Synapses(
        before,
        after,
        """w : 1
           dx/dt = -x/(9*ms) : 1 (event-driven)
           dy/dt = -y/(13*ms) : 1 (event-driven)""",
        on_pre="x += 0.1; w = clip(w - y, 0, 1)",
        on_post="y += 0.12; w = clip(w + x, 0, 1)",
    )
    s.connect()
    s.w = 0.5
    s.pre.delay = "0.3*ms*j + 0.2*ms*i"
    s.post.delay = "0.1*ms + 0.4*ms*i"
    trace = lib.StateMonitor(s, ["w", "x"], record=True)
    network(lib, 35, before, after, s, trace)
    return {
        "trace w": trace.w,
        "trace x": trace.x,
        "w": np.array(s.w[:]),
        "x": np.array(s.x[:]),
        "y": np.array(s.y[:]),
    }


@model
def coupled_traces(lib):
    """Two event-driven variables that depend on each other, and one that is driven."""
    source = spikes(lib, {0: [1, 3, 3.5, 9], 1: [2, 8.3]})
    target = leaky(lib, 1)
    s = lib.Synapses(
        source,
        target,
        """da/dt = (b - a)/(3*ms) : 1 (event-driven)
           db/dt = -b/(5*ms) : 1 (event-driven)
           dc/dt = (2 - c)/(4*ms) : 1 (event-driven)""",
        on_pre="b += 1; v_post += a + 0.1*c",
    )
    s.connect()
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 10, source, target, s, trace)
    return {
        "v": trace.v,
        "a": np.array(s.a[:]),
        "b": np.array(s.b[:]),
        "c": np.array(s.c[:]),
        "last": np.array(s.lastupdate[:] / lib.second),
    }


@model
def depression_and_facilitation(lib):
    source = spikes(lib, {0: np.arange(1, 40, 2.0), 1: [5, 10, 30]})
    target = leaky(lib, 2)
    s = lib.Synapses(
        source,
        target,
        """dx/dt = (1 - x)/(30*ms) : 1 (event-driven)
           du/dt = -u/(50*ms) : 1 (event-driven)
           U : 1""",
        on_pre="u += U*(1 - u); r = u*x; x -= r; v_post += r",
    )
    s.connect()
    s.x = 1
    s.U = "0.2 + 0.1*j"
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 45, source, target, s, trace)
    return {"v": trace.v, "x": np.array(s.x[:]), "u": np.array(s.u[:])}


@model
def equations_at_each_step(lib):
    source = spikes(lib, {0: [1, 3, 3.5], 1: [2, 3.3]})
    target = leaky(lib, 2, "I : 1")
    s = lib.Synapses(
        source,
        target,
        """dg/dt = -g/(2*ms) : 1 (clock-driven)
           I_post = g*w*(1 - v_post) : 1 (summed)
           w : 1""",
        on_pre="g += 1",
        method="euler",
    )
    s.connect()
    s.w = "0.5 + i + 2*j"
    trace = lib.StateMonitor(target, "I", record=True)
    network(lib, 6, source, target, s, trace)
    return {"I": trace.I, "g": np.array(s.g[:])}


@model
def gap_junctions(lib):
    group = lib.NeuronGroup(4, "dv/dt = (0.3*i + 1.5 - v + gap)/(5*ms) : 1\ngap : 1", method="euler",
                            threshold="v > 1.4", reset="v = 0")  # fmt: skip
    s = lib.Synapses(group, group, "w : 1\ngap_post = w*(v_pre - v_post) : 1 (summed)")
    s.connect(condition="i != j")
    s.w = 0.2
    trace, fired = lib.StateMonitor(group, "v", record=True), lib.SpikeMonitor(group)
    network(lib, 40, group, s, trace, fired)
    return {"v": trace.v, "i": np.array(fired.i[:]), "t": fired.t / lib.second}


@model
def refractory_targets(lib):
    source = spikes(lib, {0: np.arange(1, 20, 0.7)})
    target = lib.NeuronGroup(2, "dv/dt = -v/(9*ms) : 1 (unless refractory)\ndu/dt = -u/(9*ms) : 1",
                             threshold="v > 1", reset="v = 0", refractory=2 * lib.ms, method="exact")  # fmt: skip
    s = lib.Synapses(source, target, "w : 1", on_pre="v_post += w; u_post += w")
    s.connect()
    s.w = "0.4 + 0.3*j"
    trace, fired = lib.StateMonitor(target, ["v", "u"], record=True), lib.SpikeMonitor(target)
    network(lib, 22, source, target, s, trace, fired)
    return {"v": trace.v, "u": trace.u, "i": np.array(fired.i[:]), "t": fired.t / lib.second}


@model
def subgroups_at_both_ends(lib):
    source = lib.NeuronGroup(
        6, "dv/dt = (i + 1)/(7.7*ms) : 1", threshold="v > 1", reset="v = 0", method="euler"
    )
    target = leaky(lib, 7, "x : 1")
    target.x = "i**2"
    s = lib.Synapses(source[2:5], target[3:6], "w : 1", on_pre="v_post += w + 0.01*x_post")
    s.connect(condition="i != j")
    s.w = "i + 10*j"
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 9, source, target, s, trace)
    return {"v": trace.v, "i": np.array(s.i[:]), "j": np.array(s.j[:]), "w": np.array(s.w[:])}


@model
def recurrent(lib):
    """A network that drives itself, with inhibition; spikes must agree to the step."""
    group = lib.NeuronGroup(
        30,
        """dv/dt = (1.6 + 0.02*i - v + g)/(10*ms) : 1 (unless refractory)
           dg/dt = -g/(4*ms) : 1""",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.5 * lib.ms,
        method="exact",
    )
    group.v = "i/30.0"
    excite = lib.Synapses(group, group, on_pre="g_post += 0.06", name="excite")
    excite.connect(condition="(i*7 + j*3) % 5 == 0 and i < 20")
    excite.delay = "1*ms + 0.1*ms*(i % 7)"
    inhibit = lib.Synapses(group, group, on_pre="g_post -= 0.4", delay=0.5 * lib.ms, name="inhibit")
    inhibit.connect(condition="(i + j) % 3 == 0 and i >= 20")
    fired = lib.SpikeMonitor(group)
    network(lib, 100, group, excite, inhibit, fired)
    return {"i": np.array(fired.i[:]), "t": fired.t / lib.second, "n": [len(excite), len(inhibit)]}


@model
def other_events(lib):
    group = lib.NeuronGroup(2, "dv/dt = (i + 1)/(3*ms) : 1\nw : 1", threshold="v > 1.2", reset="v = 0",
                            events={"half": "v > 0.6 and v < 0.7"}, method="euler")  # fmt: skip
    s = lib.Synapses(group, group, on_pre={"a": "w_post += 1", "b": "w_post += 0.01"}, on_event={"a": "half"})
    s.connect(condition="i != j")
    trace = lib.StateMonitor(group, "w", record=True)
    network(lib, 15, group, s, trace)
    return {"w": trace.w}


@model
def made_by_rules(lib):
    source, target = leaky(lib, 6, name="source"), leaky(lib, 9, "x : 1", name="target")
    target.x = "i % 3"
    rules = {
        "all": {},
        "diagonal": {"j": "i"},
        "from the other side": {"i": "j % 6"},
        "condition": {"condition": "i != j and x_post > 0"},
        "band": {"condition": "abs(i - j) <= 1"},
        "blocks": {"condition": "i//2 == j//2"},
        "beyond": {"condition": "j >= i + 2 and j < 2*i"},
        "near": {"j": "k for k in range(i - 2, i + 3) if k != i", "skip_if_invalid": True},
        "steps": {"j": "k for k in range(i, N_post, 3) if x_post < 2"},
        "shifted": {"j": "k + 1 for k in range(0, 8, i + 1)"},
        "several": {"condition": "i == j", "n": "i + 1"},
        "twice": {"i": [0, 3, 3], "j": [1, 2, 2], "n": 2},
        "to one": {"i": [0, 3, 5], "j": 4},
        "backwards": {"j": "k for k in range(8, 2, -2)"},
    }
    found = {}
    for name, rule in rules.items():
        s = lib.Synapses(source, target, "w : 1")
        s.connect(**rule)
        found[f"{name} i"], found[f"{name} j"] = np.array(s.i[:]), np.array(s.j[:])
    return found


@model
def counted_pairs(lib):
    source, target = leaky(lib, 3, name="source"), leaky(lib, 4, name="target")
    s = lib.Synapses(source, target, "w : 1\nx : 1", multisynaptic_index="k")
    s.connect(condition="i <= j", n=2)
    s.connect(i=[0, 2, 0], j=[1, 3, 0])
    s.w = "1/(1.0*N_incoming)"
    s.x = "N_outgoing + 100*k"
    s.w["i == 1 and k == 0"] = 5
    s.x[0, 1] = 7
    s.x[2, :] = -1
    found = {
        "w": s.w[:],
        "x": s.x[:],
        "k": s.k[:],
        "of one": s.w[1, :],
        "in": s.N_incoming[:],
        "slice": s.x[3:6],
        "by string": s.w["j == 2"],
        "pairs": s.w[:, 1],
        "third": s.x[:, :, 1],
    }
    return {name: np.array(values) for name, values in found.items()}


@model
def onto_synapses(lib):
    source = spikes(lib, {0: [1, 3], 1: [2]})
    target = leaky(lib, 2)
    s = lib.Synapses(source, target, "w : 1", on_pre="v_post += w", name="inner")
    s.connect(i=[1, 0, 0], j=[0, 0, 1])
    s.w = [0.1, 0.2, 0.3]
    gate = spikes(lib, {0: [1.5], 1: [2.5]}, name="gate")
    m = lib.Synapses(gate, s, on_pre="w_post *= 2", name="outer")
    m.connect(i=[0, 1, 1], j=[1, 0, 2])
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 5, source, target, s, gate, m, trace)
    return {"v": trace.v, "w": np.array(s.w[:])}


@model
def code_for_synapses(lib):
    source = spikes(lib, {0: [1, 3], 1: [2]})
    target = leaky(lib, 2, "total : 1")
    s = lib.Synapses(
        source, target, "w : 1\nlimit : 1 (shared)\nsquare = w**2 : 1", on_pre="v_post += square"
    )
    s.connect()
    s.limit = 0.8
    s.w = 0.4
    s.run_regularly("w = clip(w*1.3, 0, limit)", dt=1 * lib.ms)
    trace = lib.StateMonitor(target, "v", record=True)
    network(lib, 5, source, target, s, trace)
    return {"v": trace.v, "w": np.array(s.w[:])}


@model
def summed_in_sources(lib):
    source, target = leaky(lib, 3, "load : 1", name="source"), leaky(lib, 4, name="target")
    target.v = "i + 1"
    s = lib.Synapses(source, target, "load_pre = v_post : 1 (summed)")
    s.connect(condition="i <= j")
    trace = lib.StateMonitor(source, "load", record=True, when="end")
    network(lib, 1, source, target, s, trace)
    return {"load": trace.load}


def evaluate(lib, name):
    """Arrays of one model as plain floats."""
    return {key: np.asarray(value, dtype=float) for key, value in MODELS[name](lib).items()}
