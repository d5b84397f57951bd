"""Synapses that cannot be meant: each refused, with a message that names what is wrong."""

import pytest
from spikefarm import *
from spikefarm.core.equations import EquationError
from spikefarm.core.expr import ExpressionError
from spikefarm.core.integrators import UnsupportedEquationsError
from spikefarm.core.namespace import NamespaceError
from spikefarm.devices.base import SimulationError

TRACE = "dz/dt = -z/ms : 1 (event-driven)"


def neurons():
    before = NeuronGroup(4, "v : 1\nx : meter", threshold="v > 1", reset="v = 0", name="before")
    after = NeuronGroup(
        3,
        """dv/dt = -v/(5*ms) : 1
           I : 1
           J : amp
           K : 1 (constant)
           s : 1 (shared)
           twice = 2*v : 1""",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        name="after",
    )
    return before, after


def made(**arguments):
    arguments = {"name": "S", **arguments}
    return Synapses(*neurons(), **arguments)


DECLARED = [
    ({"model": 3}, TypeError, "model=3 must be a string or Equations"),
    ({"on_pre": 3}, TypeError, "on_pre=3 must be a string of statements or a dictionary"),
    ({"on_pre": "v + 1"}, ExpressionError, "the code of 'pre': 'v . 1' is not a statement"),
    ({"on_pre": "v += 1", "pre": "v += 1"}, ValueError, "on_pre and pre are the same"),
    ({"on_pre": {"a b": "v += 1"}}, ValueError, "'a b' cannot be the name of a pathway; use letters"),
    ({"on_pre": {"a_": "v += 1"}}, ValueError, "'a_' cannot be the name of a pathway; use letters"),
    (
        {"on_pre": {"connect": "v += 1"}},
        ValueError,
        "'connect' cannot be the name of a pathway, having a meaning",
    ),
    (
        {"model": "w : 1", "on_pre": {"w": "v += 1"}},
        ValueError,
        "'w' cannot be the name of a pathway, having",
    ),
    ({"on_pre": {"a": "v += 1"}, "on_post": {"a": "v += 1"}}, ValueError, "two pathways are named 'a'"),
    (
        {"on_pre": "v += 1", "on_event": "half"},
        ValueError,
        "'before' has no event named 'half'; it has spike",
    ),
    (
        {"on_pre": "v += 1", "on_event": {"post": "spike"}},
        ValueError,
        "on_event names 'post', but the pathways are pre",
    ),
    (
        {"on_pre": "v += 1", "delay": 3},
        DimensionMismatchError,
        "delay=3 of the pathway 'pre' has units of 1; give a time",
    ),
    ({"on_pre": "v += 1", "delay": 3 * mV}, DimensionMismatchError, "has units of volt; give a time"),
    ({"on_pre": "v += 1", "delay": -3 * ms}, ValueError, "must be finite and not negative"),
    ({"on_pre": "v += 1", "delay": float("nan") * ms}, ValueError, "delay=nan . second .* must be finite"),
    ({"on_pre": "v += 1", "delay": [1, 2] * ms}, TypeError, "is an array; set S.pre.delay after connect"),
    (
        {"on_pre": "v += 1", "delay": "i*ms"},
        TypeError,
        r"is a string; set S.pre.delay = 'i\*ms' after connect",
    ),
    ({"delay": 1 * ms}, ValueError, "delay=.* is meant for the pathway 'pre', but there are none"),
    (
        {"on_pre": "v += 1", "delay": {"post": 1 * ms}},
        ValueError,
        "delay names 'post', but the pathways are pre",
    ),
    ({"model": "i : 1"}, EquationError, "'i' has a meaning of its own"),
    ({"model": "delay : second"}, EquationError, "'delay' has a meaning of its own for synapses"),
    (
        {"model": "N_incoming : 1\nconnect : 1"},
        EquationError,
        "'N_incoming', 'connect' has a meaning of its own",
    ),
    ({"model": "q_post : 1"}, EquationError, "'q_post' would be a variable of the neurons at one end"),
    ({"model": "v_pre = 2 : 1"}, EquationError, "'v_pre' would be a variable of the neurons at one end"),
    (
        {"model": "dz/dt = -z/ms : 1 (event-driven, clock-driven)"},
        EquationError,
        "'z' cannot be event-driven and",
    ),
    (
        {"model": "dz/dt = -z/ms : 1 (lazy)"},
        EquationError,
        r"cannot be flagged \(lazy\); it may be \(clock-driven\)",
    ),
    (
        {"model": "dI_post/dt = 1/ms : 1 (summed)"},
        EquationError,
        r"differential equation cannot be flagged \(summed\)",
    ),
    ({"model": "I_post : 1 (summed)"}, EquationError, r"a parameter cannot be flagged \(summed\)"),
    (
        {"model": f"{TRACE}\ndy/dt = -z*y/ms : 1 (clock-driven)"},
        EquationError,
        "the clock-driven 'y' depends on the event-driven 'z', which is up to date at events only",
    ),
    (
        {"model": "dz/dt = -q/ms : 1 (event-driven)\nq = y*2 : 1\ndy/dt = -y/ms : 1 (clock-driven)"},
        EquationError,
        "the event-driven 'z' depends on the clock-driven 'y', which changes between events",
    ),
    (
        {"model": f"{TRACE}\nq = z : 1\nI_post = q : 1 (summed)"},
        EquationError,
        "the summed 'I_post' depends on the event-driven 'z'",
    ),
]


@pytest.mark.parametrize(("arguments", "error", "message"), DECLARED, ids=str)
def test_declaration(arguments, error, message):
    with pytest.raises(error, match=message):
        made(**arguments)


def test_ends():
    with pytest.raises(TypeError, match="the source is int 3; give a group"):
        Synapses(3)
    with pytest.raises(TypeError, match="the target is str 'x'; give a group"):
        Synapses(neurons()[0], "x")


def test_flags_of_neurons():
    with pytest.raises(
        EquationError, match=r"\(event-driven\) of 'x': only equations of Synapses take this flag"
    ):
        NeuronGroup(1, "dx/dt = -x/ms : 1 (event-driven)")


CONNECTED = [
    (
        {"i": [0, 5], "j": [1, 1]},
        IndexError,
        r"pair \(i=5, j=1\) at position 1 lies outside: i goes from 0 to 3. 1 pair",
    ),
    (
        {"i": [0, 0], "j": [1, -1]},
        IndexError,
        r"pair \(i=0, j=-1\) at position 1 lies outside: j goes from 0 to 2",
    ),
    ({"j": "i"}, SimulationError, r"pair \(i=3, j=3\) lies outside the 4 source\(s\) and 3 target\(s\)"),
    ({"i": "j + 2"}, SimulationError, r"pair \(i=4, j=2\) lies outside"),
    ({"p": 1.5}, ValueError, "p=1.5; a probability lies between 0 and 1"),
    ({"p": float("nan")}, ValueError, "p=nan; a probability lies"),
    ({"p": True}, TypeError, "p=True is no probability; give a number or a string"),
    ({"p": "2*ms"}, DimensionMismatchError, r"p: '2 \* ms' has units of second instead of 1"),
    ({"p": "chance"}, NamespaceError, "S.connect: 'chance' could not be resolved"),
    ({"condition": "i != k"}, NamespaceError, "'k' could not be resolved"),
    ({"condition": "i + j"}, ExpressionError, "'i . j' is a number, but a truth value is needed"),
    ({"condition": "x_pre > 1"}, DimensionMismatchError, "'x_pre' has units of metre"),
    ({"condition": "i = j"}, ExpressionError, "S.connect: 'i = j' is not a valid expression"),
    (
        {"condition": "w > 0"},
        ExpressionError,
        "'w' belongs to synapses, which there are once they have been made",
    ),
    ({"condition": "N_incoming < 3"}, ExpressionError, "'N_incoming' belongs to synapses"),
    ({"condition": 3}, TypeError, "condition=3 must be a string such as 'i != j', True or False"),
    ({"condition": "i != j", "i": 1}, ValueError, "give either a condition, or i and j, not both"),
    ({"i": 1}, ValueError, "j is missing; give both i and j, or a condition"),
    ({"i": [1, 2], "j": [1, 2, 0]}, ValueError, r"i has 2 element\(s\) and j has 3"),
    ({"i": [1.0, 2], "j": [1, 2]}, TypeError, "must be an integer, integers in one dimension or a string"),
    ({"i": [True], "j": [1]}, TypeError, "must be an integer, integers in one dimension or a string"),
    ({"i": [[1]], "j": [[1]]}, TypeError, "must be an integer, integers in one dimension or a string"),
    (
        {"i": "j", "j": "i"},
        TypeError,
        "a string for one side goes through all neurons of the other; give one",
    ),
    ({"n": -1}, ValueError, "n=-1; the number of synapses of a pair cannot be negative"),
    ({"n": 1.5}, TypeError, "n=1.5 is no number of synapses"),
    ({"n": "1.5"}, ExpressionError, r"n: '1.5' is not an integer; write int\(…\)"),
    ({"n": "q"}, NamespaceError, "'q' could not be resolved"),
    ({"skip_if_invalid": True}, ValueError, "skip_if_invalid only concerns"),
    ({"j": "i", "p": 0.5}, ValueError, "p=0.5 cannot be combined with a string for i or j; write"),
    ({"j": "0.5*i"}, ExpressionError, r"'0.5 \* i' is not an integer"),
    ({"j": "k, 1"}, ExpressionError, "must be a single expression for one index"),
    ({"j": "k for k in"}, ExpressionError, "is neither an expression nor"),
    ({"j": "k for k in [1, 2]"}, ExpressionError, r"must go through range\(stop\)"),
    ({"j": "k for k in sample(3)"}, ExpressionError, "through sample"),
    ({"j": "k for k in sample(3, p=0.1, size=2)"}, ExpressionError, "through sample"),
    ({"j": "k for k in range(3) for l in range(2)"}, ExpressionError, "must have one 'for' with one name"),
    ({"j": "k for k in range(0, 3, 0)"}, SimulationError, "the step of a range is zero"),
    (
        {"j": "k for k in sample(3, size=5)"},
        SimulationError,
        r"a sample of 5 is to be taken of 3 value\(s\)",
    ),
    (
        {"j": "k for k in sample(3, size=-1)"},
        SimulationError,
        r"a sample of -1 is to be taken of 3 value\(s\)",
    ),
    ({"j": "k for k in sample(3, size=1.5)"}, ExpressionError, "size: '1.5' is not an integer"),
    (
        {"j": "k for k in range(I_post)"},
        ExpressionError,
        "'I_post', which is not known before the neuron at the other",
    ),
    ({"j": "k for k in range(j)"}, ExpressionError, "'j', which is not known before"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), CONNECTED, ids=str)
def test_connect(arguments, error, message, in_numpy):
    s = made(model="w : 1", on_pre="v += w")
    with pytest.raises(error, match=message):
        s.connect(**arguments)
    assert len(s) == 0


RUN = [
    ({"on_pre": "v_post += 1*mV"}, DimensionMismatchError, r"the code of 'pre': .*'v_post' has units of 1"),
    ({"on_pre": "v_post += gain"}, NamespaceError, "'gain' could not be resolved"),
    ({"on_pre": "q_post += 1"}, ExpressionError, "reads 'q_post' before anything has been assigned"),
    ({"on_pre": "q_post = 1"}, ExpressionError, "'q_post' would be set but never used"),
    ({"on_pre": "K_post += 1"}, ExpressionError, "sets 'K_post', which is a constant parameter"),
    ({"on_pre": "s_post += 1"}, ExpressionError, "sets 's_post', which is shared between neurons"),
    ({"on_pre": "twice_post = 1"}, ExpressionError, "sets 'twice_post', which is a subexpression"),
    ({"on_pre": "i = 1"}, ExpressionError, "sets 'i', which is a special variable"),
    (
        {"on_pre": "v_post = w"},
        ExpressionError,
        "depends on the order of synapses: it leaves 'v_post' with the value",
    ),
    (
        {"on_pre": "v_post += w; w += v_post"},
        ExpressionError,
        "it reads 'v_post', which synapses that come first",
    ),
    ({"on_pre": "v_post += w; v_post *= 2"}, ExpressionError, "changes 'v_post' in different ways"),
    ({"on_pre": "v += w; v_post *= 2"}, ExpressionError, "changes 'v(_post)?' in different ways"),
    ({"on_pre": "y = w; v_post = y"}, ExpressionError, "leaves 'v_post' with the value of the last"),
    (
        {"on_pre": "v += w; w = twice_post"},
        ExpressionError,
        "it reads 'twice_post', which synapses that come first",
    ),
    (
        {"model": "w : 1\nq = v_post/2 : 1", "on_pre": "v += w; w = q"},
        ExpressionError,
        "it reads 'q', which synapses",
    ),
    (
        {"model": "w : 1\ndz/dt = (v_post - z)/ms : 1 (event-driven)", "on_pre": "v += z"},
        ExpressionError,
        "The equation of 'z' reads 'v_post', which synapses that come first have changed",
    ),
    (
        {"model": "Z_post = 1 : 1 (summed)"},
        ExpressionError,
        "'after' has no parameter 'Z' for 'Z_post'.*add 'Z : 1'",
    ),
    ({"model": "v_post = 1 : 1 (summed)"}, ExpressionError, "after.v is given by a differential equation"),
    ({"model": "twice_post = 1 : 1 (summed)"}, ExpressionError, "after.twice is a subexpression"),
    (
        {"model": "J_post = 1 : 1 (summed)"},
        ExpressionError,
        "'J_post' has units of 1, but after.J has units of amp",
    ),
    ({"model": "K_post = 1 : 1 (summed)"}, ExpressionError, r"after.K is flagged \(constant\)"),
    ({"model": "s_post = 1 : 1 (summed)"}, ExpressionError, r"after.s is flagged \(shared\)"),
    ({"model": "I = 1 : 1 (summed)"}, ExpressionError, "'I' must end in _post or _pre"),
    (
        {"model": "dz/dt = -z**2/ms : 1 (event-driven)", "on_pre": "z += 1"},
        UnsupportedEquationsError,
        "'z' is not linear as it is written",
    ),
    (
        {"model": "dz/dt = -z/ms + xi/ms**0.5 : 1 (event-driven)", "on_pre": "z += 1"},
        UnsupportedEquationsError,
        "of 'z' has noise; flag",
    ),
    (
        {"model": "dz/dt = -z*sin(t/ms)/ms : 1 (event-driven)", "on_pre": "z += 1"},
        UnsupportedEquationsError,
        "of 'z' depends on time",
    ),
    ({"model": "w : 1\nq = w*volt : 1"}, DimensionMismatchError, "'w . volt' has units of volt"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), RUN, ids=str)
def test_run(arguments, error, message, in_numpy):
    s = made(**{"model": "w : 1", **arguments})
    s.connect()
    with pytest.raises(error, match=message):
        Network(s.source, s.target, s).run(1 * ms)


SET = [
    ("delay", 3, DimensionMismatchError, "S.pre.delay has units of second, but 3 has units of 1"),
    ("delay", 3 * mV, DimensionMismatchError, "has units of volt"),
    ("delay", -1 * ms, ValueError, "S.pre.delay takes finite times of zero or more"),
    ("delay", [1, 2] * ms, ValueError, r"array of shape \(12,\), but the shape given is \(2,\)"),
    ("delay", float("nan") * ms, ValueError, "cannot be set to NaN"),
    ("delay", float("inf") * ms, ValueError, "takes finite times"),
    ("delay", "3", DimensionMismatchError, "'3' has units of 1 instead of second"),
    ("delay", "later*ms", NamespaceError, "S.pre.delay: 'later' could not be resolved"),
    ("w", 3 * mV, DimensionMismatchError, "S.w has units of 1"),
    ("w", [1, 2], ValueError, r"array of shape \(12,\)"),
    ("w", "q", NamespaceError, "S.w: 'q' could not be resolved"),
    ("i", 3, TypeError, r"S.i is read-only; connect\(\) makes synapses"),
    ("N_incoming", 3, TypeError, "S.N_incoming is read-only"),
    ("v_post", 3, TypeError, "S.v_post belongs to the neurons; set it there"),
    ("twice", 3, TypeError, "S.twice belongs to the neurons|subexpression"),
    ("half", 3, TypeError, "S.half is a subexpression and follows from other variables"),
    ("weight", 3, AttributeError, "S has no variable 'weight' to set"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), SET, ids=str)
def test_set(name, value, error, message, in_numpy):
    s = made(model="w : 1\nhalf = w/2 : 1", on_pre="v += w")
    s.connect()
    with pytest.raises(error, match=message):
        setattr(s, name, value)


INDEX = [
    ((0, 7), IndexError, r"S.w\[\(0, 7\)\]: 7 lies outside 3 neuron"),
    ((7, 0), IndexError, "7 lies outside 4 neuron"),
    ((0, 1, 2), IndexError, "a third part needs Synapses.*multisynaptic_index"),
    ((1,), IndexError, "an index has two parts, for i and for j"),
    (50, IndexError, "50"),
    ("q > 1", NamespaceError, "'q' could not be resolved"),
    ("i", ExpressionError, "'i' is a number, but a truth value is needed"),
]


@pytest.mark.parametrize(("index", "error", "message"), INDEX, ids=str)
def test_index(index, error, message, in_numpy):
    s = made(model="w : 1")
    s.connect()
    with pytest.raises(error, match=message):
        s.w[index] = 1
    with pytest.raises(error, match=message):
        s.w[index]


TO_ITSELF = {
    "v_post += v_pre": "reads 'v_pre', which synapses that come first have changed",
    "u_post += 1; v_pre += u_post": "reads 'u_post'",
    "u_post += 1; u_pre *= 2": "changes 'u_post' and 'u_pre' in different ways",
    "u_post = 1; u_pre = 2": "changes 'u_post' and 'u_pre' in different ways",
}


@pytest.mark.parametrize(("code", "message"), TO_ITSELF.items())
def test_both_ends_in_one_group(code, message, in_numpy):
    """What is written at one end is read at the other: of other synapses of the same step."""

    def simulate(sources, targets, **options):
        cells = NeuronGroup(4, "v : 1\nu : 1", threshold="v > 1", reset="v = 0")
        s = Synapses(cells[sources], cells[targets], on_pre=code, **options)
        s.connect()
        Network(cells, s).run(0.1 * ms)

    for sources, targets in ((slice(0, 4), slice(0, 4)), (slice(0, 3), slice(2, 4))):
        with pytest.raises(ExpressionError, match=message):
            simulate(sources, targets)
    simulate(slice(0, 4), slice(0, 4), order_matters=True)
    if "v_pre += u_post" not in code:
        simulate(slice(0, 2), slice(2, 4))  # of other neurons


def test_before_connect(in_numpy):
    s = made(model="w : 1\nscale : 1 (shared)", on_pre="v += w")
    s.scale = 2
    for name in ("w", "delay"):
        with pytest.raises(TypeError, match=r"call S.connect\(\) first; there are no synapses yet"):
            setattr(s, name, "1*ms" if name == "delay" else 1)
    with pytest.raises(ValueError, match=r"'S' has no synapses, because connect\(\) has never been called"):
        Network(s.source, s.target, s).run(1 * ms)
    s.connect(condition=False)
    Network(s.source, s.target, s).run(1 * ms)
    assert len(s) == 0


def test_attributes(in_numpy):
    s = made(model="w : 1")
    s.connect()
    with pytest.raises(AttributeError, match="S has no pathways, so there is no delay"):
        s.delay
    with pytest.raises(AttributeError, match="S has no variable or pathway 'pre'; it has w"):
        s.pre
    with pytest.raises(TypeError, match="synapses are not gone through one by one"):
        iter(s)
    other = made(on_pre="v += 1", name="other")
    with pytest.raises(ValueError, match="when='soon' is no place of a time step"):
        other.pre.when = "soon"
    with pytest.raises(TypeError, match=r"order=1.5 must be an integer"):
        other.pre.order = 1.5


def test_two_sums_in_one_variable(in_numpy):
    def simulate(*parts):
        before, after = neurons()
        network = Network(before, after)
        for number, part in enumerate(parts):
            s = Synapses(before, after[part], "I_post = v_pre : 1 (summed)", name=f"s{number}")
            s.connect()
            network.add(s)
        network.run(0.1 * ms)

    simulate(slice(0, 1), slice(1, 3))  # of different neurons
    device.reinit()
    with pytest.raises(ValueError, match=r"s0.I_post and s1.I_post would both be summed in after.I"):
        simulate(slice(0, 2), slice(1, 3))


def test_all_problems_at_once(in_numpy):
    s = made(model="w : 1\nZ_post = w : 1 (summed)", on_pre="v_post = w", on_post="i = 2")
    s.connect()
    with pytest.raises(ExpressionError, match=r"(?s)3 problem.*Z_post.*order of synapses.*special variable"):
        Network(s.source, s.target, s).run(1 * ms)
    with pytest.raises(EquationError, match=r"(?s)'q_pre'.*'delay'|'delay'.*'q_pre'"):
        made(model="q_pre : 1\ndelay : second")


def test_what_simulations_find(target):
    """Delays that strings make, and pairs that rules find."""
    before, after = neurons()
    s = Synapses(before, after, on_pre="v_post += 1", name="S")
    s.connect()
    s.delay = "(j - 1)*ms"

    def simulate():
        Network(before, after, s).run(1 * ms)
        return s.delay[:]

    with pytest.raises(
        SimulationError, match=r"S[.]pre[.]delay holds a delay that is negative, no number, or longer"
    ):
        simulate()


def test_pairs_that_rules_find(target):
    before, after = neurons()
    s = Synapses(before, after, name="S")

    def simulate():
        s.connect(j="i + 2")
        Network(before, after, s).run(1 * ms)
        return s.i[:]

    with pytest.raises(SimulationError, match=r"S.connect: the pair \(i=1, j=3\) lies outside"):
        simulate()
