"""Models of parts of groups, links between groups, shared state and networks, in the words of `suite_models`."""

import numpy as np

MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


@model
def parts_of_groups(b):
    """Set, record and change consecutive neurons; strings count from the first of them, subexpressions do not."""
    group = b.NeuronGroup(
        12,
        "dv/dt = (drive - v)/(5*ms) : 1\ndrive : 1\nx = i + 10*drive : 1\nk : integer",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        name="group",
    )
    part = group[2:9]
    inner = part[1:4]
    part.drive = "1.1 + i/N"
    part.drive["i > 4"] = "1 + x/100"
    part.v[[0, 3]] = 0.5
    inner.k = [4, 5, 6]
    inner.k["i > 0"] = "k*N + i"
    group[10:].drive = 3
    part.run_regularly("k += i; drive += 0.01*N", dt=2 * b.ms)
    spikes, states = (
        b.SpikeMonitor(part, "x"),
        b.StateMonitor(inner, ["v", "x"], record=[0, 2], dt=1 * b.ms),
    )
    rates = b.PopulationRateMonitor(inner)
    b.Network(group, spikes, states, rates).run(20 * b.ms, namespace={})
    return {
        "v": group.v[:],
        "drive": group.drive[:],
        "k": group.k[:],
        "i": spikes.i[:],
        "t": spikes.t / b.ms,
        "at": spikes.x[:],
        "count": spikes.count[:],
        "states": np.asarray(states.v),
        "seen": np.asarray(states.x),
        "rate": rates.rate / b.Hz,
        "inner": inner.v[1:],
    }


@model
def links_between_groups(b):
    """In part, by index, by an index that changes, to a single value; Brian 2 needs the subgroup to be kept."""
    source = b.NeuronGroup(
        6,
        "dv/dt = -v/(5*ms) : volt",
        method="exact",
        name="a_source",
    )
    single = b.NeuronGroup(1, "dz/dt = 1/second : 1", method="euler", name="a_single")
    follower = b.NeuronGroup(
        3,
        """du/dt = (part + chosen - u)/(3*ms) : volt
           part : volt (linked)
           chosen : volt (linked)
           pointed : volt (linked)
           only : 1 (linked)
           idx : integer""",
        method="euler",
        name="b_follower",
    )
    source.v = "(1 + i)*mV"
    follower.idx = [2, 0, 1]
    part = source[2:5]
    follower.part = b.linked_var(part, "v")
    follower.chosen = b.linked_var(source, "v", index=np.array([5, 5, 0]))
    follower.pointed = b.linked_var(source, "v", index="idx")
    follower.only = b.linked_var(single, "z")
    follower.run_regularly("idx = (idx + 1) % 6", dt=0.5 * b.ms)
    trace = b.StateMonitor(follower, ["u", "part", "pointed", "only"], record=True, dt=0.3 * b.ms, when="end")
    b.Network(source, single, follower, trace).run(5 * b.ms, namespace={})
    names = ("u", "part", "pointed", "only")
    return {name: np.asarray(getattr(trace, name)) for name in names} | {"idx": follower.idx[:]}


@model
def shared_statements_first(b):
    group = b.NeuronGroup(3, "v : 1\ntotal : 1 (shared)\nlevel : 1 (shared)", name="group")
    group.run_regularly("total += 1; level = total**2; v += level*i", dt=0.2 * b.ms)
    b.Network(group).run(1 * b.ms, namespace={})
    return {"v": group.v[:], "total": group.total, "level": group.level}


@model
def switched_off_for_a_while(b):
    group = b.NeuronGroup(
        2, "dv/dt = 1/ms : 1", threshold="v > 0.35", reset="v = 0", method="euler", name="group"
    )
    group.run_regularly("v += 0.01", dt=0.5 * b.ms)
    spikes, trace = b.SpikeMonitor(group), b.StateMonitor(group, "v", record=0)
    network = b.Network(group, spikes, trace)
    network.run(1 * b.ms, namespace={})
    group.active = trace.active = False
    network.run(1 * b.ms, namespace={})
    group.active = True
    network.run(1 * b.ms, namespace={})
    return {"v": group.v[:], "t": spikes.t / b.ms, "recorded": trace.t / b.ms, "trace": trace.v[0]}


@model
def times_of_two_networks(b):
    def declare(name, dt):
        group = b.NeuronGroup(2, "x = t/ms : 1\nset_at : 1", dt=dt, name=name)
        trace = b.StateMonitor(group, "x", record=0)
        return group, trace, b.Network(group, trace)

    first, first_trace, first_network = declare("first_group", 0.1 * b.ms)
    later, later_trace, later_network = declare("later_group", 0.25 * b.ms)
    first_network.run(1 * b.ms, namespace={})
    later_network.run(0.5 * b.ms, namespace={})
    first.set_at, later.set_at = "t/ms", "t/ms + i"
    first_network.run(0.5 * b.ms, namespace={})
    later_network.run(0.5 * b.ms, namespace={})
    return {
        "first": first_trace.x[0],
        "later": later_trace.x[0],
        "set_at": np.concatenate([first.set_at[:], later.set_at[:]]),
        "t": [first_network.t / b.ms, later_network.t / b.ms, first.t / b.ms, later.t / b.ms],
    }


@model
def states_of_a_network(b):
    group = b.NeuronGroup(
        3,
        "dv/dt = -v/ms : volt (unless refractory)\nk : integer\ns : 1 (shared)",
        method="exact",
        name="group",
        threshold="v > 1.5*mV",
        reset="v = 0*mV",
        refractory=1 * b.ms,
    )
    group.v, group.k, group.s = "i*mV", "i", 4
    spikes = b.SpikeMonitor(group, "v", name="spikes")
    trace = b.StateMonitor(group, ["v", "k"], record=[2, 0], name="trace")
    network = b.Network(group, spikes, trace)
    network.run(0.5 * b.ms, namespace={})
    states = network.get_states(units=False)
    chosen = {
        "group": ("v", "k", "s", "t", "N", "lastspike", "not_refractory"),
        "spikes": ("i", "t", "v", "count", "N"),
    }
    chosen["trace"] = ("t", "v", "k")
    return {f"{o}.{v}": np.asarray(states[o][v]) for o, names in chosen.items() for v in names}


@model
def the_first_method_that_fits(b):
    methods = ("exact", "rk4", "euler")
    linear = b.NeuronGroup(2, "dv/dt = -v/ms : 1", method=methods)
    other = b.NeuronGroup(2, "dv/dt = -v**2/ms : 1", method=methods)
    linear.v = other.v = "1 + i"
    b.Network(linear, other).run(1 * b.ms, namespace={})
    return {"linear": linear.v[:], "other": other.v[:]}


def evaluate(b, name):
    return {key: np.array(np.asarray(value), dtype=float) for key, value in MODELS[name](b).items()}
