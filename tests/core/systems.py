"""Equations whose integrators are compared with Brian 2's choice; importable with and without spikefarm."""

METHODS = ("exact", "euler", "exponential_euler", "rk2", "rk4", "heun", "milstein")

#: Name, equations, constants as (value, unit). In Brian 2 ``I(t)`` is a TimedArray of two samples.
SYSTEMS: dict[str, str] = {
    "decay": "dv/dt = -v/tau : 1",
    "constant_rate": "dv/dt = 1/tau : 1",
    "driven": "dv/dt = (v0 - v)/tau : 1\nv0 : 1",
    "different_taus": "dv/dt = -v/taus : 1\ntaus : second (constant)",
    "changing_taus": "dv/dt = -v/taus : 1\ntaus : second",
    "chain": "dv/dt = (g - v)/tau : 1\ndg/dt = -g/tau2 : 1",
    "oscillator": "dv/dt = w/tau : 1\ndw/dt = -v/tau : 1",
    "subexpression": "dv/dt = (g - v)/tau : 1\ng = 2*v0 : 1\nv0 : 1",
    "sum_by_factor": "dv/dt = ((1 - v) - 3*(v - v0))/tau : 1\nv0 : 1",
    "timed_array": "dv/dt = (I(t) - v)/tau : 1",
    "time": "dv/dt = (t/second - v)/tau : 1",
    "sine": "dv/dt = (sin(2*pi*t/tau2) - v)/tau : 1",
    "conductance": "dv/dt = (v0 - v + g*(1 - v))/tau : 1\ndg/dt = -g/tau2 : 1\nv0 : 1",
    "quadratic": "dv/dt = (v**2 - 1)/tau : 1",
    "exponential": "dv/dt = (-v + exp(v))/tau : 1",
    "adaptation": "dv/dt = (-v + exp(v) - w)/tau : 1\ndw/dt = (v - w)/tau2 : 1",
    "gating": "dv/dt = m**3*(1 - v)/tau : 1\ndm/dt = (1 - m)*a - m*b : 1\na = exp(v)/tau : Hz\nb = 1/tau : Hz",
    "noise": "dv/dt = -v/tau + sigma*xi*tau**-0.5 : 1\nsigma : 1",
    "two_noises": "dv/dt = -v/tau + xi_1*tau**-0.5 + 2*xi_2*tau**-0.5 : 1",
    "common_noise": "dv/dt = -v/tau + xi_c*tau**-0.5 : 1\ndw/dt = -w/tau + 2*xi_c*tau**-0.5 : 1",
    "noise_in_one": "dv/dt = (w - v)/tau : 1\ndw/dt = -w/tau + xi*tau**-0.5 : 1",
    "multiplicative": "dv/dt = -v/tau + v*xi*tau**-0.5 : 1",
    "root_noise": "dv/dt = -v/tau + sqrt(v)*xi*tau**-0.5 : 1",
    "noise_of_other": "dv/dt = -v/tau + w*xi*tau**-0.5 : 1\ndw/dt = -w/tau : 1",
    "noise_in_time": "dv/dt = -v/tau + sin(t/tau)*xi*tau**-0.5 : 1",
    "noise_times_noise": "dv/dt = -v/tau + xi_1*xi_2 : 1",
}
