"""Models that run on Brian 2 and on spikefarm alike: each takes the library and gives arrays in base units."""

import numpy as np

MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


@model
def held_subexpressions(lib):
    """Constant over dt: out of order, through an ordinary subexpression, of a shared one, in a reset."""
    stimulus = lib.TimedArray([0.0, 1.0, -0.5, 2.0], dt=0.3 * lib.ms)
    group = lib.NeuronGroup(
        3,
        """dv/dt = (drive - v)/(2*ms) : 1
           drive = twice + gain + 0.1*i : 1 (constant over dt)
           twice = 2*start : 1
           start = v + stimulus(t) : 1 (constant over dt)
           high = v > 0.8 : boolean (constant over dt)
           whole = int(v*10) : integer (constant over dt)
           gain : 1 (shared)
           n : 1""",
        threshold="start > 1",
        reset="v -= 0.1*drive; n += start",
        method="rk4",
        namespace={"stimulus": stimulus},
    )
    group.v = [0.1, 0.5, 0.9]
    group.gain = 0.25
    names = ["v", "drive", "twice", "start", "high", "whole", "n"]
    early = lib.StateMonitor(group, names, record=True, when="start", name="early")
    late = lib.StateMonitor(group, names, record=True, when="end", name="late")
    lib.Network(group, early, late).run(1.5 * lib.ms)
    states = {
        f"{name} {when}": getattr(m, name) for when, m in (("early", early), ("late", late)) for name in names
    }
    return {**states, "last": group.drive[:], "high": group.high[:]}


def evaluate(lib, name):
    """Arrays of one model as plain floats."""
    return {key: np.asarray(value, dtype=float) for key, value in MODELS[name](lib).items()}
