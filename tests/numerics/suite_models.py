"""Small models, one subject each, in the words that Brian 2 and this package share: ``b`` is either of them.

`make_suite_reference.py` runs them with Brian 2, `test_suite.py` on every device and target. Each returns arrays in
base units by name.
"""

from functools import partial

import numpy as np

MODELS = {}
#: Those that need Python during or between runs, which a standalone program has not.
PYTHON_MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


def python_model(function):
    PYTHON_MODELS[function.__name__] = function
    return function


def simulate(b, duration, *objects, **names):
    network = b.Network(*objects)
    network.run(duration, namespace=names)
    return network


# ---- units and state


@model
def values_with_units(b):
    """Arrays with units in, arrays with units out, with and without the unit, changed in place."""
    group = b.NeuronGroup(5, "v : volt\ng : siemens\nE : volt (constant)\ncurrent = g*(E - v) : amp")
    group.v = b.linspace(-70 * b.mV, -50 * b.mV, 5)
    group.g = b.arange(1, 6) * b.nS
    group.E = -0.06 * b.volt
    group.v[1:3] += 5 * b.mV
    group.v_[4] = -0.045
    group.g[:] *= 2
    simulate(b, 0.1 * b.ms, group)
    product = group.g[:] * group.v[:]
    return {
        "v": group.v_[:],
        "g": group.g[:] / b.nS,
        "product": product / b.pA,
        "mean": [b.mean(group.v[:]) / b.mV, np.max(group.v[:]) / b.mV],
        "total": (group.v[:] - group.E[:]).sum() / b.volt,
    }


@model
def every_way_to_index(b):
    """Index, slice, list, mask and string, to read and to write."""
    group = b.NeuronGroup(10, "x : 1\ny : volt\nk : integer (constant)\nodd : boolean")
    group.k = "i % 3"
    group.odd = "i % 2 == 1"
    group.x = "i**2"
    group.x["k == 1"] = "-x"
    group.x[np.array([0, 9])] = [100, 200]
    group.x[2:4] = 0.5
    group.x[[5, 6]] = "i + 0.25"
    group.y["x > 50 or odd"] = "x*mV"
    group.y[-1] = 3 * b.volt
    simulate(b, 0.1 * b.ms, group)
    found = {"x": group.x[:], "y": group.y[:], "k": group.k[:], "odd": group.odd[:]}
    mask = np.arange(10) > 7
    return {**found, "part": group.x[3:6], "list": group.x[[1, 8]], "mask": group.x[mask], "one": group.x[4]}


@model
def state_by_name(b):
    """`state()` with and without units."""
    group = b.NeuronGroup(3, "v : volt\nw = 2*v : volt")
    group.state("v")[:] = "i*mV"
    group.state("v", use_units=False)[2] = 1
    simulate(b, 0.1 * b.ms, group)
    return {"v": group.state("v")[:], "plain": group.state("v", use_units=False)[:]}


@model
def shared_variables(b):
    """One value for all: read in equations, changed by code, used in a reset."""
    group = b.NeuronGroup(
        4,
        """dv/dt = (gain*i - v)/(5*ms) : 1
           gain : 1 (shared)
           twice = 2*gain : 1 (shared)
           pulses : integer (shared)""",
        threshold="v > twice",
        reset="v = gain/10",
        method="exact",
    )
    group.gain = 0.5
    group.run_regularly("pulses += 1; gain = 0.5 + 0.01*pulses", dt=2 * b.ms)
    spikes = b.SpikeMonitor(group)
    simulate(b, 12 * b.ms, group, spikes)
    return {"v": group.v[:], "pulses": group.pulses, "gain": group.gain, "i": spikes.i, "t": spikes.t}


# ---- equations, functions, names


@model
def equations_put_together(b):
    """Addition, substitution of names by names and values, comments, lines that go on."""
    leak = b.Equations(
        """dx/dt = (rest - x)/tau_x    # towards rest
                   + inputs : volt
           rest : volt (constant)""",
        x="v",
        tau_x=8 * b.ms,
        inputs="drive",
    )
    group = b.NeuronGroup(
        3, leak + b.Equations("drive = k*mV/ms : volt/second\nk = 1 + i : 1") + "w : 1", method="exact"
    )
    group.rest = -60 * b.mV
    trace = b.StateMonitor(group, ["v", "drive"], record=True)
    simulate(b, 5 * b.ms, group, trace)
    return {"v": trace.v, "drive": trace.drive}


@model
def special_names(b):
    """t, dt, t_in_timesteps, i, N, lastspike and not_refractory, in all kinds of strings."""
    group = b.NeuronGroup(
        4,
        """dv/dt = (1 + i/N + sin(t/(3*ms)))/(2*ms) : 1 (unless refractory)
           since = t - lastspike : second
           steps : integer
           when_last : second
           free : integer
           width : second""",
        threshold="v > 1",
        reset="v = 0; when_last = lastspike; steps = t_in_timesteps",
        refractory="0.5*ms + i*0.3*ms",
        method="euler",
    )
    group.run_regularly("free += int(not_refractory); width = dt*N", when="end")
    spikes = b.SpikeMonitor(group)
    trace = b.StateMonitor(group, ["v", "not_refractory", "since"], record=True)
    simulate(b, 12 * b.ms, group, spikes, trace)
    return {
        "i": spikes.i,
        "t": spikes.t,
        "v": trace.v,
        "free": group.free[:],
        "able": trace.not_refractory,
        "since": trace.since[:, 60:],
        "when_last": group.when_last[:],
        "steps": group.steps[:],
        "width": group.width[:],
    }


FUNCTIONS = (
    "sin(x)", "cos(x)", "tan(x)", "sinh(x)", "cosh(x)", "tanh(x)", "arcsin(x/10)", "arccos(x/10)", "arctan(x)",
    "exp(x)", "log(x + 5)", "log10(x + 5)", "log1p(x + 5)", "expm1(x)", "exprel(x)", "sqrt(x + 4)", "abs(x)",
    "sign(x)", "ceil(x)", "floor(x)", "clip(x, -1, 2)", "int(x)", "int(x > 0)", "timestep(y, 0.1*ms)",
    "x**3", "x % 2", "(x + 4)**-0.5", "10**x", "x // 1",
)  # fmt: skip


@model
def all_functions(b):
    """The language's own functions and operators, where they might differ."""
    eqs = "x : 1\ny : second\n" + "\n".join(f"f{k} = {text} : 1" for k, text in enumerate(FUNCTIONS))
    group = b.NeuronGroup(9, eqs)
    group.x = [-3.7, -1, -0.5, -1e-9, 0, 0.3, 1, 2.5, 3]
    group.y = np.array([0, 0.1, 0.2, 0.3, 0.7, 0.95, 1.05, 12.3, 7000]) * b.ms
    names = [f"f{k}" for k in range(len(FUNCTIONS))]
    trace = b.StateMonitor(group, names, record=True)
    simulate(b, 0.1 * b.ms, group, trace)
    return {text: getattr(trace, name)[:, 0] for text, name in zip(FUNCTIONS, names, strict=True)}


@model
def timed_arrays(b):
    """One and two dimensions, as variable, threshold and weight; beyond both ends; with a dt off the grid."""
    wave = b.TimedArray(np.array([0, 1, -1, 2.0]) * b.nA, dt=0.7 * b.ms)
    table = b.TimedArray(np.arange(12).reshape(4, 3) / 10, dt=0.5 * b.ms)
    group = b.NeuronGroup(
        3,
        """dv/dt = (wave(t + i*0.7*ms)*100*Mohm - v)/(2*ms) : volt
           seen = table(t, i) : 1
           other = table(t, 2 - i) : 1
           n : 1""",
        threshold="seen > 0.7",
        reset="n += table(t, i)",
        method="euler",
    )
    trace = b.StateMonitor(group, ["v", "seen", "other"], record=True)
    simulate(b, 4 * b.ms, group, trace, wave=wave, table=table)
    outside = [float(wave(t * b.ms)) for t in (0, 0.69, 0.7, 2.2, 50)]
    return {"v": trace.v, "seen": trace.seen, "other": trace.other, "n": group.n[:], "outside": outside}


@model
def names_of_runs(b):
    """A group's own namespace first, then that of the run, which may differ from run to run."""
    group = b.NeuronGroup(
        2,
        "dv/dt = (target - v)/tau : 1",
        namespace={"tau": 5 * b.ms},
        method="exact",
        threshold="v > top",
        reset="v = 0",
    )
    spikes = b.SpikeMonitor(group)
    trace = b.StateMonitor(group, "v", record=True, dt=1 * b.ms)
    network = b.Network(group, spikes, trace)
    for target, top in ((1, 0.5), (2.0, 1.5), (-1, 3)):
        network.run(4 * b.ms, namespace={"target": target, "top": top, "tau": 1 * b.second})
    return {"v": trace.v, "t": spikes.t, "i": spikes.i}


@model
def functions_with_values(b):
    """A function of the script's own with numbers and a table in its namespace, called in equations and resets."""

    @b.implementation(
        "cpp",
        """double looked_up(double x) {
               const int k = (int)floor(x);
               return _namespacetable[k < 0 ? 0 : k > 3 ? 3 : k];
           }""",
        namespace={"table": np.array([0.5, 2, -1, 4])},
    )
    @b.check_units(x=1, result=1)
    def looked_up(x):
        return np.array([0.5, 2, -1, 4])[np.clip(np.floor(x), 0, 3).astype(int)]

    group = b.NeuronGroup(
        4,
        "dv/dt = (looked_up(v) - v/4 + i)/(3*ms) : 1\nn : 1",
        threshold="v > 3",
        reset="v = -1; n += looked_up(n)",
        method="rk4",
        namespace={"looked_up": looked_up},
    )
    trace = b.StateMonitor(group, "v", record=True)
    simulate(b, 6 * b.ms, group, trace)
    return {"v": trace.v, "n": group.n[:]}


# ---- integrators

LINEAR = "dv/dt = (u - v)/(3*ms) : 1\ndu/dt = (0.5*i - u)/(7*ms) : 1"
NONLINEAR = """dv/dt = (v - v**3/3 - w + drive*i)/ms : 1
               dw/dt = 0.1*(v + 0.7 - 0.8*w)/ms : 1
               drive = 0.3 + 0.2*cos(t/(2*ms)) : 1"""
INDEPENDENT = "dv/dt = (i - 2)/(3*ms) : 1\nw : 1"


def integrated(b, equations, method, dt=0.1):
    group = b.NeuronGroup(4, equations, method=method, dt=dt * b.ms)
    group.v = "0.2*i - 0.1"
    trace = b.StateMonitor(group, "v", record=True)
    simulate(b, 6 * b.ms, group, trace)
    return {"v": trace.v, "t": trace.t}


for method in ("exact", "linear", "euler", "rk2", "rk4", "exponential_euler"):
    MODELS[f"linear equations by {method}"] = partial(integrated, equations=LINEAR, method=method)
for method in ("euler", "rk2", "rk4"):
    MODELS[f"nonlinear equations by {method}"] = partial(
        integrated, equations=NONLINEAR, method=method, dt=0.25
    )
MODELS["equations without coupling by independent"] = partial(
    integrated, equations=INDEPENDENT, method="independent"
)


# ---- kinds of neurons


@model
def izhikevich(b):
    group = b.NeuronGroup(
        4,
        """dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1
           du/dt = a*(slope*v - u)/ms : 1
           I : 1
           a : 1 (constant)
           slope : 1 (constant)
           c : 1 (constant)
           d : 1 (constant)""",
        threshold="v >= 30",
        reset="v = c; u += d",
        method="euler",
    )
    group.a, group.slope = [0.02, 0.1, 0.02, 0.02], [0.2, 0.2, 0.25, 0.2]
    group.c, group.d = [-65, -65, -65, -50], [8, 2, 2, 2]
    group.v, group.u, group.I = -65, "slope*v", 10
    spikes = b.SpikeMonitor(group)
    simulate(b, 60 * b.ms, group, spikes)
    return {"i": spikes.i, "t": spikes.t, "v": group.v[:], "u": group.u[:]}


@model
def adaptive_exponential(b):
    group = b.NeuronGroup(
        3,
        """dv/dt = (30*nS*(-70.6*mV - v) + 30*nS*2*mV*exp((v + 50.4*mV)/(2*mV)) - w + I)/(281*pF) : volt
           dw/dt = (4*nS*(v + 70.6*mV) - w)/(144*ms) : amp
           I : amp (constant)""",
        threshold="v > -40*mV",
        reset="v = -70.6*mV; w += 0.0805*nA",
        refractory=2 * b.ms,
        method="rk4",
    )
    group.v = -70.6 * b.mV
    group.I = "0.6*nA + 0.2*nA*i"
    spikes = b.SpikeMonitor(group, "w")
    simulate(b, 60 * b.ms, group, spikes)
    return {"i": spikes.i, "t": spikes.t, "w": spikes.w, "v": group.v[:]}


@model
def quadratic_with_bursts(b):
    """Refractory by a condition, an event for its end, a counter per neuron."""
    group = b.NeuronGroup(
        3,
        """dv/dt = (v*v + I - h)/ms : 1
           dh/dt = -h/(20*ms) : 1
           I : 1 (constant)
           bursts : integer
           first : second""",
        threshold="v > 5",
        reset="v = -2; h += 0.3; first += int(bursts == 0)*t",
        refractory="v > 4",
        events={"tired": "h > 1.2"},
        method="rk2",
    )
    group.I = "0.5 + 0.5*i"
    group.run_on_event("tired", "h = 0; bursts += 1")
    tired = b.EventMonitor(group, "tired")
    simulate(b, 40 * b.ms, group, tired)
    return {"t": tired.t, "i": tired.i, "bursts": group.bursts[:], "first": group.first[:], "v": group.v[:]}


# ---- subgroups and links


@model
def parts_of_groups(b):
    """Set, read, recorded, nested; single neurons; strings that count from 0."""
    group = b.NeuronGroup(
        12, "dv/dt = (1 + 0.1*k - v)/(4*ms) : 1\nk : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    low, high = group[:5], group[5:]
    low.k = "i + N"
    high.k = "10*i"
    high[2:4].k = -3
    high.v["k > 40"] = 0.7
    spikes = [b.SpikeMonitor(part) for part in (low, high, high[3:6], group[7:8])]
    trace = b.StateMonitor(high[1:4], "v", record=[0, 2])
    rate = b.PopulationRateMonitor(low)
    low.run_regularly("k += 0.5", dt=2 * b.ms)
    simulate(b, 12 * b.ms, group, spikes, trace, rate)
    found = {f"spikes {k}": [m.i, m.t / b.ms] for k, m in enumerate(spikes)}
    return {**found, "v": trace.v, "rate": rate.rate, "k": group.k[:], "count": spikes[2].count}


@model
def linked_variables(b):
    """Whole, by index, from a part, shared, and a subexpression of the other group."""
    source = b.NeuronGroup(
        4, "dx/dt = (i - x)/(5*ms) : 1\ntwice = 2*x : 1\nbias : 1 (shared)", method="exact", order=-1
    )
    source.bias = 0.25
    group = b.NeuronGroup(
        4,
        """dv/dt = (a + c + d - v)/(3*ms) : 1
           a : 1 (linked)
           c : 1 (linked)
           d : 1 (linked)""",
        method="euler",
    )
    more = b.NeuronGroup(6, "y : 1 (linked)\nz = y + i : 1")
    group.a = b.linked_var(source, "x")
    group.c = b.linked_var(source.twice)
    group.d = b.linked_var(source, "bias")
    more.y = b.linked_var(source, "x", index=[3, 2, 1, 0, 3, 3])
    trace, other = b.StateMonitor(group, "v", record=True), b.StateMonitor(more, "z", record=True)
    simulate(b, 6 * b.ms, source, group, more, trace, other)
    return {"v": trace.v, "z": other.z, "y": more.y[:]}


# ---- inputs


@model
def certain_poisson(b):
    """Rates at which a spike in each step, or none at all, is certain: numbers, strings, a TimedArray."""
    table_of = b.TimedArray(np.array([[0, 20000], [20000, 0], [20000, 20000]]) * b.Hz, dt=1 * b.ms)
    constant = b.PoissonGroup(3, rates=np.array([0, 20000, 0]) * b.Hz)
    formula = b.PoissonGroup(4, rates="20000*Hz*int(i % 2 == 0)")
    table = b.PoissonGroup(2, rates="table_of(t, i)", namespace={"table_of": table_of})
    monitors = [b.SpikeMonitor(group) for group in (constant, formula, table)]
    simulate(b, 3 * b.ms, constant, formula, table, monitors)
    return {f"{k} {name}": getattr(m, name) for k, m in enumerate(monitors) for name in ("i", "t", "count")}


@model
def part_of_poisson(b):
    noise = b.PoissonGroup(6, rates="10000*Hz*int(i > 1)")
    whole, part = b.SpikeMonitor(noise), b.SpikeMonitor(noise[1:4])
    simulate(b, 0.5 * b.ms, noise, whole, part)
    return {"i": part.i, "t": part.t, "count": part.count, "all": whole.count}


# ---- monitors


@model
def what_spike_monitors_tell(b):
    group = b.NeuronGroup(
        3,
        "dv/dt = (1.2 + i - v)/(6*ms) : 1\nn : integer",
        threshold="v > 1",
        reset="v = 0; n += 1",
        method="exact",
    )
    full = b.SpikeMonitor(group, variables=["v", "n"])
    bare = b.SpikeMonitor(group, record=False)
    simulate(b, 30 * b.ms, group, full, bare)
    trains, values = full.spike_trains(), full.values("n")
    everything = full.all_values()
    return {
        "i": full.i,
        "t": full.t,
        "v": full.v,
        "count": bare.count,
        "num": [full.num_spikes, bare.num_spikes],
        **{f"train {k}": trains[k] for k in range(3)},
        **{f"n {k}": values[k] for k in range(3)},
        **{f"all {k}": everything["v"][k] for k in range(3)},
        "it": np.array(full.it[0]),
    }


@model
def what_state_monitors_tell(b):
    """Subsets, clocks, places of the time step, subexpressions, integers, shared variables."""
    group = b.NeuronGroup(
        5,
        """dv/dt = (2 - v)/(3*ms) : 1
           double = 2*v : 1
           count : integer
           common : 1 (shared)""",
        threshold="v > 1",
        reset="v = 0; count += 1",
        method="exact",
    )
    group.v = "i*0.15"
    group.common = 3
    every = b.StateMonitor(group, ["v", "double", "count"], record=[4, 0])
    slow = b.StateMonitor(group, "v", record=True, dt=0.7 * b.ms, when="end")
    one = b.StateMonitor(group, "v", record=2, when="before_resets", order=3)
    common = b.StateMonitor(group, "common", record=True)
    simulate(b, 5 * b.ms, group, every, slow, one, common)
    return {
        "v": every.v,
        "double": every.double,
        "count": every.count,
        "slow": slow.v,
        "slow t": slow.t,
        "one": one[2].v,
        "four": every[4].v,
        "common": np.asarray(common.common).ravel()[:50],
    }


# ---- running


@model
def clocks_side_by_side(b):
    """Steps of 0.1, 0.25 and 1 ms; code and records with steps of their own."""
    groups = [
        b.NeuronGroup(1, "dv/dt = (1 - v)/(2*ms) : 1\nn : 1", method="euler", dt=dt * b.ms, order=k)
        for k, dt in enumerate((0.1, 0.25, 1.0))
    ]
    groups[0].run_regularly("n += t/ms", dt=0.5 * b.ms)
    traces = [b.StateMonitor(group, "v", record=True) for group in groups]
    late = b.StateMonitor(groups[0], "v", record=True, dt=0.5 * b.ms)
    simulate(b, 4 * b.ms, groups, traces, late)
    found = {f"v {k}": trace.v for k, trace in enumerate(traces)}
    return {**found, "late": late.v, "n": groups[0].n[:], "t": traces[1].t}


@model
def order_within_a_step(b):
    """Code of several places and orders of the time step, each a digit."""
    group = b.NeuronGroup(1, "x : 1")
    for place, order, digit in (
        ("start", 0, 1), ("end", 0, 9), ("groups", 1, 4), ("groups", -1, 2), ("before_groups", 0, 3),
        ("after_end", 0, 8), ("resets", 0, 7), ("thresholds", 0, 5), ("synapses", 0, 6),
    ):  # fmt: skip
        group.run_regularly(f"x = (x % 1e8)*10 + {digit}", when=place, order=order)
    trace = b.StateMonitor(group, "x", record=True, when="after_end", order=1)
    simulate(b, 0.3 * b.ms, group, trace)
    return {"x": trace.x}


@model
def objects_come_and_go(b):
    """A monitor is added for the second run and removed before the third."""
    group = b.NeuronGroup(
        2, "dv/dt = (1 + i - v)/(5*ms) : 1", threshold="v > 0.9", reset="v = 0", method="exact"
    )
    spikes, late = b.SpikeMonitor(group), b.StateMonitor(group, "v", record=True)
    network = b.Network(group, [spikes])
    network.run(5 * b.ms)
    network.add(late)
    network.run(5 * b.ms)
    network.remove(late)
    network.run(5 * b.ms)
    return {"i": spikes.i, "t": spikes.t, "late": late.t, "v": late.v, "len": len(network.objects)}


@model
def runs_of_many_lengths(b):
    """Durations on and off the grid, and a run of no duration."""
    group = b.NeuronGroup(1, "dv/dt = step/ms : 1\nn : integer", method="euler")
    group.run_regularly("n += 1")
    trace = b.StateMonitor(group, ["v", "n"], record=True)
    network = b.Network(group, trace)
    for step, duration in enumerate((1, 0.05, 0.05, 0, 0.149, 0.101, 2)):
        network.run(duration * b.ms, namespace={"step": step + 1})
    return {"v": trace.v, "n": trace.n, "t": trace.t, "end": float(network.t)}


@model
def two_networks(b):
    """Each has its own time."""
    one = b.NeuronGroup(1, "dv/dt = -v/(3*ms) : 1\nseen : second", method="exact")
    two = b.NeuronGroup(1, "dv/dt = -v/(3*ms) : 1\nseen : second", method="exact")
    for group in (one, two):
        group.v = 1
        group.run_regularly("seen = t", when="end")
    first, second = b.Network(one), b.Network(two)
    first.run(2 * b.ms)
    second.run(1 * b.ms)
    return {"one": one.v[:], "two": two.v[:], "seen": [float(one.seen[0]), float(two.seen[0])]}


@model
def objects_at_rest(b):
    """What is not active does nothing, and its monitor records nothing new."""
    group = b.NeuronGroup(2, "dv/dt = 1/ms : 1\nn : 1", threshold="v > 1.55", reset="v = 0", method="euler")
    code = group.run_regularly("n += 1", dt=1 * b.ms)
    spikes, trace = b.SpikeMonitor(group), b.StateMonitor(group, "v", record=True, dt=0.5 * b.ms)
    network = b.Network(group, spikes, trace)
    network.run(3 * b.ms)
    trace.active = False
    code.active = False
    network.run(3 * b.ms)
    trace.active = True
    network.run(1 * b.ms)
    return {"v": trace.v, "t": trace.t, "n": group.n[:], "spikes": spikes.t}


# ---- with Python in between


def oscillator(b):
    return b.NeuronGroup(
        3,
        "dv/dt = (1.5 + 0.2*i - v)/(4*ms) : 1\nn : integer",
        threshold="v > 1",
        reset="v = 0; n += 1",
        method="exact",
    )


@python_model
def python_at_every_step(b):
    """Functions with and without the time, a method, clocks and places of their own, reading and writing."""
    group = oscillator(b)
    seen = []

    class Watcher:
        def __init__(self):
            self.times = []

        def look(self, t):
            self.times.append(float(np.asarray(t / b.second)))

    watcher = Watcher()
    method = b.NetworkOperation(watcher.look, dt=1 * b.ms)

    @b.network_operation(dt=0.5 * b.ms, when="end")
    def push():
        seen.append(float(group.v[1]))
        group.v[0] += 0.01
        group.v_[2] = group.v_[2] * 0.99

    @b.network_operation(when="start", order=1)
    def count(t):
        if t > 2.95 * b.ms:
            group.n[1] = 100

    trace = b.StateMonitor(group, "v", record=True)
    simulate(b, 4 * b.ms, group, trace, push, count, method)
    return {"v": trace.v, "seen": seen, "times": watcher.times, "n": group.n[:]}


@python_model
def stopped_runs(b):
    """A run is ended by the network's method, and another one goes on from there."""
    group = oscillator(b)
    spikes = b.SpikeMonitor(group)
    network = b.Network(group, spikes)
    found = []

    @b.network_operation
    def end():
        if len(spikes.i) >= 4 * (len(found) + 1):
            network.stop()

    network.add(end)
    for _ in range(2):
        network.run(50 * b.ms)
        found.append([float(network.t), *group.v[:]])
    return {"found": found, "t": spikes.t, "i": spikes.i}


@python_model
def stored_and_restored(b):
    """Three ways on from one state, and back to the beginning."""
    group = oscillator(b)
    spikes, trace = b.SpikeMonitor(group), b.StateMonitor(group, "v", record=True)
    network = b.Network(group, spikes, trace)
    network.store("fresh")
    network.run(3 * b.ms)
    network.store()
    found = []
    for start in (0.1, 0.5, 0.9):
        network.restore()
        group.v = start
        network.run(4 * b.ms)
        found.append([float(network.t), spikes.num_spikes, *group.v[:], *group.n[:], trace.v.sum()])
    network.restore("fresh")
    network.run(1 * b.ms)
    return {"found": found, "t": trace.t, "v": trace.v}


@python_model
def states_as_values(b):
    """Taken from one group and given to another; read between runs, by every kind of index."""
    one, two = oscillator(b), oscillator(b)
    first, second = b.Network(one), b.Network(two)
    first.run(5 * b.ms)
    two.set_states(one.get_states(["v", "n"]))
    second.run(2 * b.ms)
    states = two.get_states(["v", "n"], units=False)
    above = two.v["n > 0"]
    return {"v": states["v"], "n": states["n"], "above": above, "one": one.v[1:], "i": two.v["i != 1"]}


@python_model
def single_steps_recorded(b):
    group = oscillator(b)
    trace = b.StateMonitor(group, "v", record=True, dt=1 * b.ms)
    network = b.Network(group, trace)
    network.run(3 * b.ms)
    trace.record_single_timestep()
    network.run(1 * b.ms)
    return {"t": trace.t, "v": trace.v}


@python_model
def changes_between_runs(b):
    """Values, time steps and constants in a loop of runs."""
    group = b.NeuronGroup(2, "dv/dt = (drive - v)/tau : 1\ndrive : 1", method="exact")
    network = b.Network(group)
    found = []
    for k in range(4):
        group.drive = [k, -k]
        group.v["i == 0"] += 0.5
        network.run(2 * b.ms, namespace={"tau": (k + 1) * b.ms})
        found.append(np.array(group.v[:]))
    return {"found": found}


def evaluate(b, name):
    """Arrays of one model as plain floats."""
    found = {**MODELS, **PYTHON_MODELS}[name](b)
    return {key: np.asarray(value, dtype=float) for key, value in found.items()}
