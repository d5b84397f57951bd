"""Networks, magic runs, names, clocks and seeds."""

import numpy as np
import pytest
from spikefarm import (
    Clock,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    collect,
    defaultclock,
    ms,
    mV,
    run,
    second,
    seed,
    start_scope,
)
from spikefarm.core.freeze import FreezeError, freeze
from spikefarm.core.network import MagicError
from spikefarm.core.session import (
    ApplyEntry,
    RunEntry,
    SeedEntry,
    Session,
    SessionDevice,
    current_session,
    use_session,
)

faraway = None


def runs(session):
    return [entry for entry in session.program if isinstance(entry, RunEntry)]


def spiking(N=1, **arguments):
    return NeuronGroup(N, "v : 1", threshold="v > 1", **arguments)


# -- magic -----------------------------------------------------------------------------------------------------


def test_a_magic_run_takes_what_is_visible(session):
    group, monitor = spiking(), None
    monitor = SpikeMonitor(group)
    hidden = [spiking()]
    run(1 * ms)
    (entry,) = runs(session)
    assert entry.objects == (group, monitor)
    assert hidden[0] not in entry.objects


def test_a_magic_run_sees_globals(session):
    global faraway
    faraway = spiking()
    try:
        run(1 * ms)
    finally:
        found, faraway = faraway, None
    assert runs(session)[0].objects == (found,)


def test_objects_are_taken_once_and_in_the_order_of_declaration(session):
    zebra = spiking()
    again = zebra
    ape = spiking()
    run(1 * ms)
    assert runs(session)[0].objects == (zebra, ape)
    assert again is zebra


def test_collect_sees_what_run_sees():
    group = spiking()
    other = spiking()
    assert collect() == {group, other}

    def inner():
        mine = spiking()
        return mine, collect(), collect(level=1)

    mine, here, above = inner()
    assert (here, above) == ({mine}, {group, other})


def test_start_scope_hides_what_was_declared_before(session):
    old = spiking()
    start_scope()
    new = spiking()
    run(1 * ms)
    assert runs(session)[0].objects == (new,)
    assert (old.name, new.name) == ("neurongroup", "neurongroup_1")


def test_an_explicit_network_still_runs_objects_of_an_old_scope(session):
    old = spiking()
    start_scope()
    Network(old).run(1 * ms)
    assert runs(session)[0].objects == (old,)


def test_objects_of_other_sessions_are_neither_seen_nor_run(session):
    with use_session(Session()):
        foreign = spiking()
    with pytest.raises(MagicError):
        run(1 * ms)
    with pytest.raises(ValueError, match="'neurongroup' cannot run here: declared in another session"):
        Network(foreign).run(1 * ms)
    assert session.program == []


def test_a_magic_run_of_nothing():
    with pytest.raises(MagicError) as caught:
        run(1 * ms)
    assert str(caught.value) == (
        "run() found no objects: groups and monitors must be visible as variables where run() is called. Objects kept "
        "in lists or attributes belong into a Network(…), whose run() runs them."
    )


def test_a_run_reaches_the_device():
    class Device(SessionDevice):
        def __init__(self):
            self.runs = 0

        def after_run(self, session, entry):
            self.runs += entry.duration > 0

        def read(self, session, owner, variable):
            return None

        def why_unavailable(self):
            return "wait"

    device = Device()
    with use_session(Session(device=device)):
        group = spiking()
        run(1 * ms)
        run(1 * ms)
        with pytest.raises(NotImplementedError, match="are not known before the simulation has run: wait"):
            group.v[:]
    assert device.runs == 2


# -- networks ----------------------------------------------------------------------------------------------------


def test_a_network_is_a_collection():
    a, b, c = spiking(), spiking(), spiking()
    network = Network(a, [b, {"key": c}], (a,), name="net")
    assert network.objects == (a, b, c)
    assert list(network) == [a, b, c]
    assert len(network) == 3
    assert a in network
    assert "neurongroup_1" in network
    assert "other" not in network
    assert network["neurongroup_2"] is c
    assert repr(network) == "<Network 'net': neurongroup, neurongroup_1, neurongroup_2>"
    network.remove(b, [c])
    assert network.objects == (a,)
    assert Network(network).objects == (a,)
    assert repr(Network()) == "<Network 'network': empty>"


def test_wrong_members():
    network = Network(spiking(name="a"))
    for item in (5, "a", None, [5]):
        with pytest.raises(TypeError, match="A network takes groups, monitors and collections of them, not "):
            network.add(item)
    with pytest.raises(ValueError, match="network already has an object named 'a'; names must be unique"):
        network.add(spiking(name="a"))
    with pytest.raises(ValueError, match="'b' is not part of network, so it cannot be removed"):
        network.remove(spiking(name="b"))
    with pytest.raises(KeyError, match=r"network has no object named 'c'; it has \['a'\]"):
        network["c"]
    with pytest.raises(ValueError, match="'a b' cannot be the name of an object"):
        Network(name="a b")
    with pytest.raises(TypeError, match="5 cannot be the name of an object: give a string"):
        Network(name=5)


def test_an_empty_network_cannot_run():
    with pytest.raises(MagicError, match="The network is empty; add groups and monitors before running it"):
        Network().run(1 * ms)


@pytest.mark.parametrize("make", [SpikeMonitor, lambda group: StateMonitor(group, "v", record=True)])
def test_a_monitor_needs_its_source(make):
    monitor = make(spiking())
    with pytest.raises(
        ValueError, match="records from 'neurongroup', which is not part of what runs; add the group"
    ):
        Network(monitor).run(1 * ms)
    with pytest.raises(ValueError, match="records from 'neurongroup', which is not part of what runs"):
        run(1 * ms)


def test_time_goes_on_over_runs():
    network = Network(spiking())
    assert network.t == 0 * second
    network.run(2 * ms)
    network.run(3 * ms)
    assert network.t == 5 * ms


@pytest.mark.parametrize(
    ("duration", "error", "message"),
    [
        (5, DimensionMismatchError, "the duration of run() is 5 with units of 1 instead of second."),
        (0, DimensionMismatchError, "the duration of run() is 0 with units of 1 instead of second."),
        (
            5 * mV,
            DimensionMismatchError,
            "the duration of run() is 5. * mvolt with units of volt instead of second.",
        ),
        (
            -1 * ms,
            ValueError,
            "the duration of run() is -1. * msecond; it must be a finite time of zero or more.",
        ),
        (float("nan") * second, ValueError, "it must be a finite time of zero or more."),
        (float("inf") * second, ValueError, "it must be a finite time of zero or more."),
        ([1, 2] * ms, TypeError, "the duration of run() is an array of shape (2,); give a single time."),
        ("5*ms", TypeError, "the duration of run() is str '5*ms'; give a time such as 10*ms."),
        (None, TypeError, "the duration of run() is NoneType None; give a time such as 10*ms."),
    ],
)
def test_wrong_durations(session, duration, error, message):
    group = spiking()
    for start in (run, Network(group).run):
        with pytest.raises(error) as caught:
            start(duration)
        assert message in str(caught.value)
    assert session.program == []


def test_a_run_may_take_no_time(session):
    group = spiking()
    run(0 * ms)
    run(np.float64(3) * ms)
    assert [entry.duration for entry in runs(session)] == [0, 0.003]
    assert group


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"report": "loud"}, ValueError, "report='loud': choose 'text' (or 'stdout'), 'stderr', a function, or None."),
        ({"report": 5}, ValueError, "report=5: choose 'text' (or 'stdout'), 'stderr', a function, or None."),
        ({"report": "text", "report_period": 5}, DimensionMismatchError, "report_period is 5 with units of 1"),
        ({"report_period": -1 * ms}, ValueError, "report_period is -1. * msecond; it must be a positive finite time."),
    ],
)  # fmt: skip
def test_wrong_reports(session, arguments, error, message):
    group = spiking()
    for start in (run, Network(group).run):
        with pytest.raises(error) as caught:
            start(1 * ms, **arguments)
        assert message in str(caught.value)
    assert session.program == []


def test_reports_are_asked_for_in_brian2s_order(session):
    group = spiking()
    run(1 * ms, "text", 5 * second, {"x": 1}, False, 0)
    group = spiking()
    Network(group).run(1 * ms, report="stderr", profile=False)
    assert [entry.report.period for entry in runs(session)] == [5.0, 10.0]


# -- names -----------------------------------------------------------------------------------------------------


def test_names_are_numbered_by_kind(session):
    objects = [spiking(), spiking(), spiking(name="own"), spiking(name="exc*"), spiking(name="exc*")]
    assert [o.name for o in objects] == ["neurongroup", "neurongroup_1", "own", "exc", "exc_1"]
    assert SpikeMonitor(objects[0]).name == "spikemonitor"
    assert StateMonitor(objects[0], "v", record=True).name == "statemonitor"
    assert session._count == 7


def test_the_name_of_an_object_that_is_gone_is_free_again():
    first = spiking()
    del first
    assert spiking().name == "neurongroup"


def test_a_name_may_be_taken_again_as_long_as_only_one_of_the_two_runs(session):
    old = spiking(name="g")
    new = spiking(name="g")
    Network(new).run(1 * ms)
    assert freeze(session).names == {"g": "g"}
    with pytest.raises(
        ValueError, match=r"Two objects named 'g' would run in one program; choose another name, or call"
    ):
        Network(old).run(1 * ms)
    other = [spiking(name="h"), spiking(name="h")]
    with pytest.raises(ValueError, match="already has an object named 'h'"):
        Network(other)


# -- sessions ----------------------------------------------------------------------------------------------------


def test_sessions_nest():
    outer = current_session()
    with use_session(Session()) as inner:
        assert current_session() is inner
        with use_session(Session()) as innermost:
            assert current_session() is innermost
        assert current_session() is inner
    assert current_session() is outer


def test_a_session_can_be_reset(session):
    group = spiking()
    run(1 * ms)
    defaultclock.dt = 1 * ms
    session.reset()
    assert session.program == []
    assert defaultclock.dt == 0.1 * ms
    with pytest.raises(MagicError):
        run(1 * ms)
    assert group.name == "neurongroup"


def test_a_program_without_a_run_cannot_be_frozen(session):
    with pytest.raises(
        FreezeError, match=r"There is nothing to simulate: the script has not called run\(\) yet"
    ):
        freeze(session)
    group = spiking()
    group.v = 3
    with pytest.raises(FreezeError, match="There is nothing to simulate"):
        freeze(session)


# -- clocks ----------------------------------------------------------------------------------------------------


def test_the_default_clock_belongs_to_the_session():
    assert defaultclock.dt == 0.1 * ms
    defaultclock.dt = 0.5 * ms
    assert defaultclock.dt_ == 0.0005
    with use_session(Session()):
        assert defaultclock.dt == 0.1 * ms
    defaultclock.dt_ = 0.002
    assert defaultclock.dt == 2 * ms
    assert repr(defaultclock) == "Clock(dt=2. * msecond, name='defaultclock')"


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (5, DimensionMismatchError, "defaultclock.dt is 5 with units of 1 instead of second."),
        (
            5 * mV,
            DimensionMismatchError,
            "defaultclock.dt is 5. * mvolt with units of volt instead of second.",
        ),
        (0 * ms, ValueError, "defaultclock.dt is 0. * second; it must be a positive finite time."),
        (-1 * ms, ValueError, "defaultclock.dt is -1. * msecond; it must be a positive finite time."),
        (float("nan") * ms, ValueError, "it must be a positive finite time."),
        ([1, 2] * ms, TypeError, "defaultclock.dt is an array of shape (2,); give a single time."),
        ("1*ms", TypeError, "defaultclock.dt is str '1*ms'; give a time such as 10*ms."),
        (None, TypeError, "defaultclock.dt is NoneType None; give a time such as 10*ms."),
    ],
)
def test_wrong_time_steps(value, error, message):
    with pytest.raises(error) as caught:
        defaultclock.dt = value
    assert message in str(caught.value)
    assert defaultclock.dt == 0.1 * ms
    with pytest.raises(error) as caught:
        Clock(value)
    assert message.replace("defaultclock", "clock") in str(caught.value)


def test_the_default_clock_has_nothing_else_to_set():
    with pytest.raises(AttributeError, match="defaultclock has no attribute 't' that can be set"):
        defaultclock.t = 1 * ms


def test_each_run_has_the_time_step_of_its_moment(session):
    own = Clock(2 * ms, name="slow")
    groups = [spiking(), spiking(clock=own), spiking(dt=3 * ms)]
    network = Network(groups)
    network.run(12 * ms)
    defaultclock.dt = 0.2 * ms
    own.dt = 4 * ms
    network.run(1 * ms)
    assert [[round(1e3 * dt, 9) for _, dt in entry.clocks] for entry in runs(session)] == [
        [0.1, 2, 3],
        [0.2, 4, 3],
    ]
    frozen = freeze(session)
    dts = {i.id: round(1e3 * frozen.values[i.id].item(), 9) for i in frozen.model.inputs if i.kind == "dt"}
    assert dts == {
        "defaultclock.dt": 0.1,
        "neurongroup_1.clock.dt": 2,
        "neurongroup_2.clock.dt": 3,
        "defaultclock.dt@1": 0.2,
        "neurongroup_1.clock.dt@1": 4,
        "neurongroup_2.clock.dt@1": 3,
    }


def test_clocks_of_one_name_are_told_apart(session):
    groups = [spiking(clock=Clock(1 * ms)), spiking(clock=Clock(2 * ms))]
    Network(groups).run(1 * ms)
    assert [dt for _, dt in runs(session)[0].clocks] == [0.001, 0.002]
    assert freeze(session).values["neurongroup_1.clock.dt"] == 0.002


# -- seeds -----------------------------------------------------------------------------------------------------


def test_seeds_are_part_of_the_program(session):
    group = spiking()
    seed(7)
    run(1 * ms)
    seed()
    seed(np.int64(2**40))
    session.program.append(ApplyEntry())
    run(1 * ms)
    assert [e.value for e in session.program if isinstance(e, SeedEntry)] == [7, None, 2**40]
    frozen = freeze(session)
    assert frozen.seeds == (None, 7, None, 2**40)
    steps = [
        line.split()[0]
        for line in frozen.model.dump().splitlines()
        if line.startswith(("seed", "run", "apply"))
    ]
    assert steps == ["seed", "run", "seed", "seed", "apply", "run"]
    assert group


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("x", TypeError, "seed() takes an integer or None, not 'x'."),
        (1.5, TypeError, "seed() takes an integer or None, not 1.5."),
        (True, TypeError, "seed() takes an integer or None, not True."),
        (-1, ValueError, "seed(-1): a seed lies between 0 and 2**64 - 1."),
        (2**64, ValueError, "seed(18446744073709551616): a seed lies between 0 and 2**64 - 1."),
    ],
)
def test_wrong_seeds(session, value, error, message):
    with pytest.raises(error) as caught:
        seed(value)
    assert str(caught.value) == message
    assert session.program == []
