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


@model
def user_functions(lib):
    """In C++ here and in Python there, with types and units that follow from the arguments."""

    @lib.implementation(
        "cpp",
        """double rectified(double I, double low) { return I < low ? 0 : I > 3e-9 ? 100 : (I/1e-9 - 1)*50; }""",
    )
    @lib.check_units(I=lib.amp, low=lib.amp, result=lib.Hz)
    def rectified(I, low):
        x = np.asarray(I) / 1e-9
        return np.where(x < np.asarray(low) / 1e-9, 0, np.where(x > 3, 100, (x - 1) * 50)) * lib.Hz

    @lib.implementation("cpp", "double twice(double x) { return 2*x; }")
    @lib.check_units(x=None, result=lambda dim: dim)
    def twice(x):
        return 2 * x

    group = lib.NeuronGroup(
        5,
        """dv/dt = (rectified(I, 1*nA) - v)/(5*ms) : Hz
           I = base*(1 + v/(80*Hz)) : amp
           base : amp
           n : 1""",
        threshold="twice(v) > twice(40*Hz)",
        reset="v = twice(v)/4; n += rectified(twice(base), 0*nA)/Hz",
        method="rk2",
        namespace={"rectified": rectified, "twice": twice},
    )
    group.base = "(0.5 + 0.7*i)*nA"
    trace = lib.StateMonitor(group, ["v", "I"], record=True)
    lib.Network(group, trace).run(12 * lib.ms)
    return {"v": trace.v, "I": trace.I, "n": group.n[:]}


def evaluate(lib, name):
    """Arrays of one model as plain floats."""
    return {key: np.asarray(value, dtype=float) for key, value in MODELS[name](lib).items()}
