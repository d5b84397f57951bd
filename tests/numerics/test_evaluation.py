"""Expressions give the same numbers wherever their parts are computed: once, per run, per step or per neuron."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.devices import isolated_session

PAIRS = np.array([
    (7.0, 3.0), (-7.0, 3.0), (7.0, -3.0), (-7.0, -3.0), (49.0, 49.0), (98.0, 49.0), (0.3, 0.1), (1.0, 0.1),
    (6.0, 0.1), (0.0, 5.0), (2.5, 0.5), (1e9, 7.0), (3.0, 1e9), (1.0, 1.0), (0.75, 2.0),
])  # fmt: skip

EXPRESSIONS = {
    "{a} + {b}": np.add,
    "{a} - {b}": np.subtract,
    "{a}*{b}": np.multiply,
    "{a}/{b}": np.divide,
    "{a}//{b}": np.floor_divide,
    "{a} % {b}": np.mod,
    "floor({a}/{b})": lambda a, b: np.floor(a / b),
    "ceil({a}/{b})": lambda a, b: np.ceil(a / b),
    "int({a}/{b})": lambda a, b: np.trunc(a / b),
    "sign({a} - {b})": lambda a, b: np.sign(a - b),
    "int({a}/{b} >= 1)": lambda a, b: (a / b >= 1).astype(float),
    "int(not ({a} < {b}) and {a} != 1)": lambda a, b: (~(a < b) & (a != 1)).astype(float),
    "int({b} > 1 or {a} <= 0)": lambda a, b: ((b > 1) | (a <= 0)).astype(float),
    "clip({a}, -{b}, {b}*2)": lambda a, b: np.minimum(np.maximum(a, -b), b * 2),
    "abs({a})/abs({b})": lambda a, b: np.abs(a) / np.abs(b),
    "{a}**2 - {b}**3": lambda a, b: a**2 - b**3,
    "-{a}**2": lambda a, b: -(a**2),
    "({a} + {b})/({a}*{a} + 1)": lambda a, b: (a + b) / (a * a + 1),
}
#: Only to the last digits, as they go through functions of the engine's own.
ROUNDED = {
    "exp(clip({a}/{b}, -700, 700))": lambda a, b: np.exp(np.clip(a / b, -700, 700)),
    "exprel({a}/1e9)*{b}": lambda a, b: (
        np.where(a == 0, 1, np.expm1(a / 1e9) / np.where(a == 0, 1, a / 1e9)) * b
    ),
    "log(abs({a}) + 1)*{b}": lambda a, b: np.log(np.abs(a) + 1) * b,
    "abs({a})**({b}/1e8)": lambda a, b: np.abs(a) ** (b / 1e8),
    "sqrt(abs({a}))*{b}": lambda a, b: np.sqrt(np.abs(a)) * b,
    "tanh({a})*sin({b}) + arctan({a})": lambda a, b: np.tanh(a) * np.sin(b) + np.arctan(a),
}


def evaluated(a, b, pairs):
    """Every expression with the two operands written in this way, recorded and integrated."""
    texts = [text.format(a=a, b=b) for text in (*EXPRESSIONS, *ROUNDED)]
    count = len(texts)
    with isolated_session(0):
        ca, cb = float(pairs[0, 0]), float(pairs[0, 1])
        first, second_ = TimedArray([ca], dt=1 * ms), TimedArray([[cb]], dt=1 * ms)
        group = NeuronGroup(
            len(pairs),
            "pa : 1\npb : 1 (constant)\nsa : 1 (shared)\nsb : 1 (shared, constant)\nboth = sa + 0*pa : 1\n"
            + "\n".join(f"x{k} = {text} : 1" for k, text in enumerate(texts))
            + "\n"
            + "\n".join(f"dy{k}/dt = ({text})/dt : 1" for k, text in enumerate(texts)),
            method="euler",
        )
        group.pa, group.pb = pairs.T
        group.sa, group.sb = ca, cb
        states = StateMonitor(group, [f"x{k}" for k in range(count)], record=True)
        run(0.1 * ms)
        recorded = np.array([np.asarray(getattr(states, f"x{k}"))[:, 0] for k in range(count)])
        integrated = np.array([np.asarray(group.state(f"y{k}")) for k in range(count)])
    return recorded, integrated


@pytest.mark.parametrize(
    ("a", "b"),
    [("pa", "pb"), ("pa", "cb"), ("ca", "pb"), ("ca", "cb"), ("sa", "sb"), ("first(t)", "second_(t, 0)")],
)
def test_operands_of_every_kind(a, b):
    """Variables, shared values, constants of the script, TimedArrays: numpy's numbers to the last bit."""
    sets = [PAIRS] if (a, b) == ("pa", "pb") else [np.tile(pair, (len(PAIRS), 1)) for pair in PAIRS]
    for pairs in sets:
        recorded, integrated = evaluated(a, b, pairs)
        wanted = np.array([f(*pairs.T) for f in EXPRESSIONS.values()])
        rounded = np.array([f(*pairs.T) for f in ROUNDED.values()])
        exact = len(wanted)
        for k, text in enumerate(EXPRESSIONS):
            assert_array_equal(recorded[k], wanted[k], err_msg=text)
        assert_allclose(recorded[exact:], rounded, rtol=1e-13)
        assert_allclose(integrated, [*wanted, *rounded], rtol=1e-13)


def test_literals():
    """Numbers written into the model are calculated with beforehand."""
    recorded, integrated = evaluated("7.0", "(-3.0)", np.tile([7.0, -3.0], (2, 1)))
    wanted = [f(np.full(2, 7.0), np.full(2, -3.0)) for f in (*EXPRESSIONS.values(), *ROUNDED.values())]
    assert_allclose(recorded, wanted, rtol=1e-13)
    assert_allclose(integrated, wanted, rtol=1e-13)


def test_quotients_of_integers_round_as_in_python():
    """49*(1/49) is less than 1: no reciprocal may stand for a division whose last bit decides."""
    with isolated_session(0):
        n = 49
        group = NeuronGroup(
            500,
            """dv/dt = (floor(i/n) + int(i/n) + int(i/n >= 3))/dt : 1
               row = int(i/n) : integer
               column = i % n : integer
               again = i // n : integer
               twice = (i - 250) // (n*2) : integer
               rest = (i - 250) % (n*2) : integer
               square = (i - 250)**2 : integer
               later = i/n >= 3 : boolean""",
            method="euler",
            threshold="i/n == 2",
        )
        names = ["row", "column", "again", "twice", "rest", "square", "later"]
        states = StateMonitor(group, names, record=True)
        spikes = SpikeMonitor(group)
        run(0.1 * ms)
        found = {name: np.asarray(getattr(states, name))[:, 0] for name in names}
        v, fired = np.asarray(group.v), spikes.i
    i = np.arange(500)
    wanted = [i // 49, i % 49, i // 49, (i - 250) // 98, (i - 250) % 98, (i - 250) ** 2, i >= 147]
    for name, values in zip(names, wanted, strict=True):
        assert_array_equal(found[name], values, err_msg=name)
    assert found["row"].dtype == np.int32
    assert found["later"].dtype == bool
    assert_allclose(v, 2 * (i // 49) + (i >= 147), rtol=1e-14)
    assert_array_equal(fired, [98])


def test_integers_have_room_for_what_is_calculated():
    """They are stored in 32 bits, but a product on the way to the result may be larger."""
    with isolated_session(0):
        big = 70000
        group = NeuronGroup(
            2,
            """k : integer
               far = k*k // big : integer
               cube = k**3/1e9 : 1
               scaled = (k*1000000) % 7 : integer""",
        )
        group.k = [big, -big]
        states = StateMonitor(group, ["far", "cube", "scaled"], record=True)
        run(0.1 * ms)
        far, cube, scaled = (np.asarray(getattr(states, name))[:, 0] for name in ("far", "cube", "scaled"))
    assert_array_equal(far, [70000, 70000])
    assert_array_equal(cube, [343000.0, -343000.0])
    assert_array_equal(scaled, [70000 * 10**6 % 7, -70000 * 10**6 % 7])


@pytest.mark.parametrize("enabled", [True, False])
def test_conditions_on_what_all_neurons_share(enabled):
    """Truth values computed once, per run or per step, in a condition with one computed per neuron."""
    with isolated_session(0):
        on, level = enabled, 3
        group = NeuronGroup(
            3,
            """v : 1
               open : boolean (shared)
               kept : boolean (shared, constant)
               held : boolean (constant)""",
            threshold="v > 0 and not on and level > 2",
        )
        other = NeuronGroup(
            3,
            "v : 1\nopen : boolean (shared)\nkept : boolean (shared, constant)",
            threshold="v > 0 and (not open or not kept) and t < 2*ms",
        )
        third = NeuronGroup(3, "v : 1", threshold="not (v > 0) or level % 2 == 0 or on")
        group.v = other.v = third.v = [0, 1, 2]
        other.open = other.kept = enabled
        counts = [
            SpikeMonitor(g, record=False, name=f"count_{k}") for k, g in enumerate((group, other, third))
        ]
        Network(group, other, third, counts).run(3 * ms)
        first, second_, last = (np.asarray(c.count) for c in counts)
    assert_array_equal(first, [0, 0, 0] if enabled else [0, 30, 30])
    assert_array_equal(second_, [0, 0, 0] if enabled else [0, 20, 20])
    assert_array_equal(last, [30, 30, 30] if enabled else [30, 0, 0])


def test_what_decays_for_long_ends_above_subnormal_numbers():
    """Arithmetic on those is slow; nothing else is lost."""
    with isolated_session(0):
        defaultclock.dt = 0.05 * ms
        groups = {m: NeuronGroup(2, "da/dt = -a/ms : 1", method=m) for m in ("exact", "euler", "rk2")}
        for group in groups.values():
            group.a = [1e-300, 1.0]
        Network(groups).run(60 * ms)
        found = {method: np.asarray(group.a) for method, group in groups.items()}
    steps = {"exact": np.exp(-0.05), "euler": 1 - 0.05, "rk2": 1 - 0.05 + 0.05**2 / 2}
    for method, (tiny, normal) in found.items():
        assert tiny == 0 or 2**-1022 < tiny < 1e-304, method
        assert_allclose(normal, steps[method] ** 1200, rtol=1e-12, err_msg=method)


# -- several runs -------------------------------------------------------------------------------------------


def test_a_name_may_stand_for_other_things_in_each_run():
    """Constants that become reals or integers, and TimedArrays bound in turn; the last one returns."""
    with isolated_session(0):
        rate, drive = 3, TimedArray([1.0, 2.0], dt=1 * ms)
        first = drive
        group = NeuronGroup(1, "dv/dt = rate/ms : 1\ndw/dt = drive(t)/ms : 1\nu : 1", method="euler")
        run(2 * ms)
        rate, drive = 3.5, TimedArray([10.0, 20.0, 30.0], dt=2 * ms)
        run(2 * ms)
        rate, drive = -2, first
        group.u = "drive(t - 3.5*ms) + rate"
        run(1 * ms)
        v, w, u = group.v[0], group.w[0], group.u[0]
    assert_allclose(v, 3 * 2 + 3.5 * 2 - 2)
    assert_allclose(w, 1 + 2 + 2 * 20 + 2)
    assert u == 1 - 2


def test_dt_and_constants_change_between_runs():
    """Everything that is computed once per run is computed again."""
    with isolated_session(0):
        tau = 10 * ms
        equations = "dv/dt = -v/tau : 1\ndw/dt = (v - w)/tau : 1"
        groups = {m: NeuronGroup(1, equations, method=m) for m in ("exact", "euler", "rk4")}
        states = {m: StateMonitor(g, ["v", "w"], record=0, when="end") for m, g in groups.items()}
        for group in groups.values():
            group.v = 1
        net = Network(groups, states)
        net.run(1 * ms)
        tau = 5 * ms
        net.run(1 * ms)
        defaultclock.dt = 0.5 * ms
        net.run(2 * ms)
        found = {method: np.asarray(monitor.v[0]) for method, monitor in states.items()}
        t = np.asarray(states["exact"].t) * 1e3
    steps = np.r_[np.full(20, 0.1), np.full(4, 0.5)]
    x = steps / np.r_[np.full(10, 10.0), np.full(14, 5.0)]
    factors = {"exact": np.exp(-x), "euler": 1 - x, "rk4": 1 - x + x**2 / 2 - x**3 / 6 + x**4 / 24}
    for method, factor in factors.items():
        assert_allclose(found[method], np.cumprod(factor), rtol=1e-13, err_msg=method)
    assert_allclose(t, np.r_[np.arange(20) * 0.1, 2, 2.5, 3, 3.5], atol=1e-12)


def test_a_dt_that_does_not_fit_the_time_so_far():
    with isolated_session(0):
        group = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
        run(1 * ms)
        defaultclock.dt = 0.3 * ms
        with pytest.raises(ValueError, match="dt of defaultclock changes from"):
            run(1 * ms)
        assert_allclose(group.v[0], 1)
    with isolated_session(0):  # 0.3 ms fits, and so does what is not changed
        group = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
        run(0.85 * ms)
        run(0.05 * ms)
        defaultclock.dt = 0.3 * ms
        run(0.9 * ms)
        assert_allclose(group.v[0], 1.8)


@pytest.mark.parametrize("duration", [0.0, 0.05, 0.1, 0.1001, 0.25, 0.3, 0.30000001, 1.0])
def test_durations_off_the_grid(duration):
    """Steps begin at 0, dt, ... as long as they begin before the end; none is counted twice."""
    with isolated_session(0):
        group = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
        states = StateMonitor(group, "v", record=0)
        for _ in range(3):
            run(duration * ms)
        t = np.round(np.asarray(states.t) * 1e4).astype(int)
    assert_array_equal(t, np.arange(np.ceil(np.round(3 * duration / 0.1, 5))))
