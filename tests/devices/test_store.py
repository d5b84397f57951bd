"""store and restore: what comes back, files, errors."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from spikefarm import *
from spikefarm.core.session import Session, use_session
from spikefarm.devices import DeviceError
from spikefarm.devices.snapshots import FORMAT, SnapshotError


@pytest.fixture(autouse=True)
def runtime(fresh_session):
    set_device("runtime", target="numpy")


@pytest.fixture(params=["cpp", "numpy"])
def target(request, runtime):
    set_device("runtime", target=request.param)


def network(noise=0.3, N=4):
    cells = NeuronGroup(
        N,
        """dv/dt = (1.3 - v)/(5*ms) + 0.3*xi/sqrt(5*ms) : 1 (unless refractory)
           total : 1 (shared)
           w : 1""",
        threshold="v > 1",
        reset="v = 0; w += rand()",
        refractory=1 * ms,
        name="cells",
    )
    cells.run_regularly("total += 1", dt=1 * ms)
    spikes = SpikeMonitor(cells, "w", name="spikes")
    trace = StateMonitor(cells, ["v", "total"], record=[0, 2], dt=0.5 * ms, name="trace")
    rates = PopulationRateMonitor(cells, name="rates")
    return Network(cells, spikes, trace, rates)


def everything(net):
    states = net.get_states(units=False)
    return {f"{o}.{v}": np.array(x) for o, s in states.items() for v, x in s.items()} | {"t": float(net.t)}


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert_array_equal(a[name], b[name], err_msg=name)


def test_everything_comes_back(target):
    seed(5)
    net = network()
    net["cells"].v = "rand()"
    net.run(10 * ms)
    kept = everything(net)
    net.store()
    net.run(10 * ms)
    first = everything(net)
    assert first["t"] == 0.02
    assert first["spikes.N"] > kept["spikes.N"] > 0
    net.restore(restore_random_state=True)
    same(everything(net), kept)
    assert net["cells"].t == 10 * ms
    net.run(10 * ms)
    same(everything(net), first)
    net.restore()  # as often as one likes, and with other random numbers
    same(everything(net), kept)
    net.run(10 * ms)
    third = everything(net)
    assert third["t"] == first["t"]
    assert_array_equal(third["trace.t"], first["trace.t"])
    assert (third["cells.v"] != first["cells.v"]).all()


def test_strings_are_drawn_again_only_with_the_random_state(target):
    seed(5)
    cells = NeuronGroup(5, "v : 1", name="cells")
    net = Network(cells)
    cells.v = "rand()"
    net.store()
    cells.v = "rand()"
    first = cells.v[:]
    net.restore()
    cells.v = "rand()"
    assert (cells.v[:] != first).all()
    net.restore(restore_random_state=True)
    cells.v = "rand()"
    assert_array_equal(cells.v[:], first)


def test_several_names_and_a_change_between_runs(target):
    net = network()
    net.store("start")
    net.run(2 * ms)
    net.store("middle")
    net["cells"].w = 7
    defaultclock.dt = 0.05 * ms
    net.run(2 * ms)
    net.restore("start")
    assert net.t == 0 * ms
    assert defaultclock.dt == 0.1 * ms
    assert (net["cells"].w[:] == 0).all()
    assert len(net["trace"].t) == 0
    assert net["spikes"].num_spikes == 0
    net.restore("middle")
    assert net.t == 2 * ms
    net.run(1 * ms)
    assert_array_equal(np.rint(net["trace"].t / (0.1 * ms)), [0, 5, 10, 15, 20, 25])


def test_magic(target):
    seed(1)
    cells = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
    trace = StateMonitor(cells, "v", record=True)
    store()
    run(1 * ms)
    cells.v = 5
    restore()
    assert_array_equal(cells.v[:], [0, 0])
    run(0.5 * ms)
    assert len(trace.t) == 5


def test_a_file_holds_several_and_goes_to_another_process(target, tmp_path):
    seed(5)
    net = network()
    net.store("start", tmp_path / "kept")
    net.run(5 * ms)
    net.store("later", tmp_path / "kept")
    kept = everything(net)
    net.run(5 * ms)
    after = everything(net)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    with use_session(Session()):
        set_device("runtime", target=get_device().target)
        seed(99)
        other = network()
        other.restore("later", tmp_path / "kept", restore_random_state=True)
        same(everything(other), kept)
        other.run(5 * ms)
        same(everything(other), after)
        other.restore("start", tmp_path / "kept")
        assert other.t == 0 * ms


def test_a_file_is_plain_data(tmp_path):
    net = network()
    net.run(1 * ms)
    net.store("x", tmp_path / "kept")
    with np.load(tmp_path / "kept", allow_pickle=False) as archive:
        assert str(archive["format"]) == FORMAT
        assert all(archive[key].dtype.kind in "fiubU" for key in archive.files)
        assert_array_equal(archive["x/variables/cells/v"], net["cells"].v_[:])


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (
            lambda net, p: net.restore("other"),
            KeyError,
            r"no snapshot named 'other' of this network in memory; there is 'a'",
        ),
        (
            lambda net, p: net.restore("b", p / "kept"),
            SnapshotError,
            r"no snapshot named 'b' .* in .*kept; there is 'a'",
        ),
        (lambda net, p: net.restore("a", p / "none"), FileNotFoundError, "none"),
        (
            lambda net, p: net.restore("a", p / "text"),
            SnapshotError,
            r"text is no file of snapshots, or a damaged one",
        ),
        (
            lambda net, p: net.restore("a", p / "zip"),
            SnapshotError,
            r"zip is no file of snapshots of this version",
        ),
        (lambda net, p: net.store("a", p / "text"), SnapshotError, r"text is no file of snapshots"),
        (lambda net, p: net.store("a/b"), ValueError, r"'a/b' cannot be the name of a snapshot"),
        (
            lambda net, p: (net.remove(net["rates"]), net.restore("a")),
            SnapshotError,
            r"the network has no 'rates'",
        ),
        (lambda net, p: more(net).restore("a"), SnapshotError, r"of other objects: it has no 'extra'"),
        (
            lambda net, p: network(N=5).restore("a", p / "kept"),
            SnapshotError,
            r"4 value\(s\) of cells.v, which has 5",
        ),
    ],
)
def test_what_is_refused(action, error, message, tmp_path):
    net = network()
    net.run(1 * ms)
    net.store("a")
    net.store("a", tmp_path / "kept")
    (tmp_path / "text").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("x", "y")
    before = everything(net)
    with pytest.raises(error, match=message):
        action(net, tmp_path)
    if "rates" in net:
        after = everything(net)
        same({k: after[k] for k in before}, before)
    assert (tmp_path / "text").read_text() == "hello"


def more(net):
    net.add(NeuronGroup(1, "v : 1", name="extra"))
    return net


def test_a_trace_of_other_neurons_is_refused():
    net = network()
    net.run(1 * ms)
    net.store("a", "kept")
    with use_session(Session()):
        set_device("runtime")
        other = network()
        other.remove(other["trace"])
        other.add(StateMonitor(other["cells"], ["v", "total"], record=True, name="trace"))
        with pytest.raises(SnapshotError, match=r"'trace' records 4 row\(s\) of v, and did not when"):
            other.restore("a", "kept")


def test_a_damaged_file_is_told():
    net = network()
    net.store("a", "kept")
    data = Path("kept").read_bytes()
    Path("kept").write_bytes(data[: len(data) // 2])
    with pytest.raises(SnapshotError, match=r"kept is no file of snapshots, or a damaged one"):
        net.restore("a", "kept")


def test_a_run_cannot_be_left_in_the_middle():
    net = network()

    @network_operation
    def operation():
        net.store()

    net.add(operation)
    with pytest.raises(DeviceError, match=r"store\(\) was called from within a run"):
        net.run(1 * ms)


def test_standalone_says_what_to_do():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    net = network()
    net.run(1 * ms)
    for action in (net.store, net.restore):
        with pytest.raises(
            NotImplementedError, match=r"which a standalone program has not: call set_device\('runtime'"
        ):
            action()
