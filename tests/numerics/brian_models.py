"""Deterministic models in the words that Brian 2 and this package share: ``b`` is either of them.

`make_brian_reference.py` runs them with Brian 2, `test_brian_reference.py` with this package.
"""

from functools import partial

import numpy as np


def plain(values):
    return np.asarray(values).tolist()


def run_all(b, duration, *objects):
    network = b.Network(*objects)
    network.run(duration, namespace={})
    return network


def custom_events(b):
    """An event besides spikes, with code of its own; refractoriness holds back spikes only."""
    ms = b.ms
    group = b.NeuronGroup(
        4,
        """dv/dt = (1.3 + 0.2*i - v)/(10*ms) : 1 (unless refractory)
           crossings : integer
           level : 1""",
        threshold="v > 1",
        reset="v = 0",
        refractory=3 * ms,
        events={"half": "v > level", "held": "v == 0 and t > 20*ms"},
        method="exact",
    )
    group.level = 0.5
    group.run_on_event("half", "crossings += 1; level += 0.05")
    group.run_on_event("held", "level = 0.4", when="end")
    spikes = b.SpikeMonitor(group, ["crossings", "level"])
    half = b.EventMonitor(group, "half", variables=["v", "level"])
    held = b.EventMonitor(group, "held", record=False)
    run_all(b, 60 * ms, group, spikes, half, held)
    return {
        "spikes": [plain(spikes.i), plain(spikes.t), plain(spikes.crossings), plain(spikes.level)],
        "half": [plain(half.i), plain(half.t), plain(half.v), plain(half.level)],
        "held": plain(held.count),
        "values": plain(half.values("level")[2]),
        "trains": plain(half.event_trains()[1]),
        "num": [int(m.num_events) for m in (half, held, spikes)],
    }


PLACES = {
    "default": ("thresholds", "resets", "after_thresholds", "after_resets"),
    "reset first": ("thresholds", "before_groups", "after_thresholds", "after_resets"),
    "late": ("end", "resets", "before_groups", "start"),
    "event after reset": ("thresholds", "resets", "end", "after_end"),
}


def event_schedule(b, places):
    """Events looked at, and code executed, in other parts of the time step."""
    ms = b.ms
    check, reset, event, code = places
    group = b.NeuronGroup(
        2,
        "dv/dt = (1 + i)/ms : 1\nw : 1",
        threshold="v > 3.05",
        reset="v = 0; w += 1",
        events={"high": "v > 2.95"},
        method="euler",
    )
    group.thresholder["spike"].when = check
    group.resetter["spike"].when = reset
    group.run_on_event("high", "v = v - 0.7; w += 100", when=code)
    group.set_event_schedule("high", when=event)
    spikes = b.SpikeMonitor(group, "v")
    high = b.EventMonitor(group, "high", "w")
    states = b.StateMonitor(group, ["v", "w"], record=True, when="after_end", order=1)
    run_all(b, 8 * ms, group, spikes, high, states)
    return {
        "spikes": [plain(spikes.i), plain(spikes.t), plain(spikes.v)],
        "high": [plain(high.t), plain(high.w)],
        "states": [plain(states.v), plain(states.w)],
    }


GIVEN = {
    "rounding": ([0, 1, 2, 0, 1, 2, 3], [0.05, 0.0999, 0.09991, 0.1, 0.2999, 0.3001, 0.30001], {}),
    "order": ([3, 0, 1, 2, 2, 0], [0.42, 0.41, 0.41, 0.4, 1.7, 1.2], {}),
    "period": ([1, 0, 2], [0.1, 0.25, 0.99], {"period": 1}),
    "own dt": ([1, 0, 2, 1], [1, 1.26, 2.4999, 4], {"dt": 0.5}),
    "none": ([], [], {}),
    "when": ([0, 1], [0.3, 1.3], {"when": "end"}),
}


def given_spikes(b, given):
    """Spikes on the grid of time."""
    indices, times, options = given
    options = {name: value if name == "when" else value * b.ms for name, value in options.items()}
    group = b.SpikeGeneratorGroup(4, indices, times * b.ms, **options)
    spikes = b.SpikeMonitor(group)
    run_all(b, 5.3 * b.ms, group, spikes)
    return {"i": plain(spikes.i), "t": plain(spikes.t), "count": plain(spikes.count)}


def changed_spikes(b):
    """Other spikes in the second run, some of them too late, and a period in the third."""
    ms = b.ms
    group = b.SpikeGeneratorGroup(3, [0, 1, 2], [1, 2, 12] * ms)
    spikes = b.SpikeMonitor(group)
    network = run_all(b, 5 * ms, group, spikes)
    network.run(2 * ms, namespace={})
    group.set_spikes([2, 1, 0], [3, 7.5, 8] * ms)
    network.run(3 * ms, namespace={})
    group.set_spikes([2, 1], [0.2, 0.7] * ms, period=2 * ms)
    network.run(5 * ms, namespace={})
    return {"i": plain(spikes.i), "t": plain(spikes.t)}


def regular_code(b):
    """Code at each tick of clocks of its own, in several places of the time step."""
    ms = b.ms
    group = b.NeuronGroup(
        3,
        """dv/dt = (1 + i - v)/(5*ms) : 1
           w : 1
           last : second
           count : integer
           total : 1 (shared)""",
        threshold="v > 1.5",
        reset="v = 0",
        method="exact",
    )
    group.run_regularly("w = w*0.5 + v; count += 1", when="end", dt=1 * ms)
    group.run_regularly("last = t", dt=2.5 * ms, order=1)
    group.run_regularly("old = v; v = old + 0.1*dt/ms; w += i", dt=0.3 * ms, when="after_groups")
    group.run_regularly("total += dt/ms", dt=0.7 * ms)
    spikes = b.SpikeMonitor(group, "w")
    states = b.StateMonitor(group, ["v", "w", "last", "count"], record=True, when="after_end")
    run_all(b, 12 * ms, group, spikes, states)
    return {
        "spikes": [plain(spikes.i), plain(spikes.t), plain(spikes.w)],
        "states": [plain(states.v), plain(states.w), plain(states.last), plain(states.count)],
        "total": float(np.asarray(group.total[:]).reshape(-1)[0]),
    }


def rates(b):
    """Rates of whole groups, raw and smoothed."""
    ms = b.ms
    group = b.NeuronGroup(
        10, "dv/dt = (1.2 + 0.3*i - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    given = b.SpikeGeneratorGroup(4, [0, 1, 2, 0], [1, 1, 2, 5] * ms, dt=0.5 * ms)
    first, second = b.PopulationRateMonitor(group), b.PopulationRateMonitor(given)
    run_all(b, 30 * ms, group, given, first, second)
    weights = np.array([1.0, 2.0, 4.0])
    return {
        "raw": [plain(first.t), plain(first.rate), plain(second.t), plain(second.rate)],
        "flat": [plain(first.smooth_rate("flat", width)) for width in (0.1 * ms, 1 * ms, 1.15 * ms, 3 * ms)],
        "gaussian": [plain(first.smooth_rate("gaussian", width)) for width in (0.1 * ms, 1 * ms, 1.03 * ms)],
        "weights": plain(second.smooth_rate(weights)),
    }


def held_input(b):
    """Code and certain input (a spike of each process in each step) leave out what is refractory."""
    ms = b.ms
    group = b.NeuronGroup(
        2,
        "dv/dt = -v/(50*ms) : 1 (unless refractory)\ndw/dt = -w/(50*ms) : 1\ngain : 1",
        threshold="v > 3",
        reset="v = 0",
        refractory=1 * ms,
        method="exact",
    )
    group.gain = [1, 2]
    group.run_regularly("v += 0.01; w += 0.01")
    every = 1 / group.clock.dt
    first = b.PoissonInput(group, "v", 3, every, 0.05)
    second = b.PoissonInput(group, "w", 2, every, "0.1*gain")
    states = b.StateMonitor(group, ["v", "w"], record=True, when="end")
    run_all(b, 8 * ms, group, first, second, states)
    return {"v": plain(states.v), "w": plain(states.w)}


MODELS = {
    "held input": held_input,
    "rates": rates,
    "regular code": regular_code,
    **{f"given spikes: {name}": partial(given_spikes, given=given) for name, given in GIVEN.items()},
    "changed spikes": changed_spikes,
    "custom events": custom_events,
    **{f"schedule: {name}": partial(event_schedule, places=places) for name, places in PLACES.items()},
}
