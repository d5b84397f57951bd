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


@model
def described_methods(lib):
    """Coupled equations with time, a stimulus, refractoriness, by descriptions of two and three stages."""
    stimulus = lib.TimedArray([0.0, 1.0, -0.5, 2.0], dt=0.5 * lib.ms)
    ralston = lib.ExplicitStateUpdater(
        """k1 = dt*f(x, t)
           k2 = dt*f(x + 2*k1/3, t + 2*dt/3)
           x_new = x + k1/4 + 3*k2/4"""
    )
    kutta = lib.ExplicitStateUpdater(
        """a = f(x, t)
           b = f(x + dt*a/2, t + dt/2)
           c = f(x - dt*a + 2*dt*b, t + dt)
           x_new = x + dt*(a + 4*b + c)/6"""
    )
    found = {}
    for name, method in (("ralston", ralston), ("kutta", kutta)):
        group = lib.NeuronGroup(
            2,
            """dv/dt = (w*w - v + stimulus(t) + cos(t/ms))/(2*ms) : 1 (unless refractory)
               dw/dt = (v*(1 - w) + drive)/(5*ms) : 1
               drive = 0.5*i : 1""",
            threshold="v > 0.6",
            reset="v = 0.1",
            refractory=1 * lib.ms,
            method=method,
            namespace={"stimulus": stimulus},
            dt=0.25 * lib.ms,
            name=name,
        )
        group.v = [0.1, 0.5]
        found[name] = (group, lib.StateMonitor(group, ["v", "w"], record=True))
    lib.Network(*found.values()).run(5 * lib.ms)
    return {f"{name} {v}": getattr(trace, v) for name, (_, trace) in found.items() for v in "vw"}


def evaluate(lib, name):
    """Arrays of one model as plain floats."""
    return {key: np.asarray(value, dtype=float) for key, value in MODELS[name](lib).items()}
