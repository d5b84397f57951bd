"""Runs in a resident process, and everything that can happen to it."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest
from spikefarm.devices.base import Build, SimulationCrashError, SimulationError, TimeLimitError
from spikefarm.devices.cpp_standalone import protocol
from spikefarm.devices.cpp_standalone.host import HostProcess
from spikefarm.devices.cpp_standalone.runner import HostRunner

from . import reference

ABORT, HANG, FALL, LEAVE, CHATTER = 1, 2, 3, 4, 5
EVERY = ["group.v", "spikes.i", "flags", "noise", "count32", "seeds"]


def base(**changes):
    values = {
        "tau": np.array([2.0]),
        "noise_size": np.array([10]),
        "seed": np.array([2**63 + 5], np.uint64),
        "mode": np.array([0]),
        "rates": np.arange(4.0),
    }
    return values | {name: np.asarray(value) for name, value in changes.items()}


def mode(number):
    return {"mode": np.array([number])}


@pytest.fixture
def ready(runner):
    runner.set_base(base())
    return runner


def gone(pid, seconds=10):
    for _ in range(int(seconds / 0.02)):
        try:
            with open(f"/proc/{pid}/stat") as status:
                if status.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_run_gives_what_the_model_computes(ready):
    seconds, (v, spikes, flags, noise, counts, seeds) = ready.run_and_read(
        {"group.v:override": np.array(3.0)}, EVERY
    )
    assert 0 <= seconds < 10
    np.testing.assert_allclose(v, 3 * np.exp(-0.5) * np.arange(4), rtol=1e-15)
    assert list(spikes) == [0, 3, 6, 9]
    assert flags.dtype == bool
    assert list(flags) == [True, False, True]
    np.testing.assert_array_equal(noise, reference.normal_exact(10, 2**63 + 5, 0, 0))
    assert counts.dtype == np.int32
    assert list(counts) == [0, -1, -2]
    assert list(seeds) == [2**63 + 5]
    assert all(array.flags.writeable for array in (v, spikes, flags))


def test_reading_later_gives_the_same(ready):
    _, at_once = ready.run_and_read({}, EVERY)
    for first, later in zip(at_once, ready.read(EVERY), strict=True):
        np.testing.assert_array_equal(first, later)
    assert ready.read([]) == []
    assert [array.size for array in ready.read(["flags", "noise", "flags"])] == [3, 10, 3]


def test_each_run_starts_from_the_base(ready):
    ready.run({"group.v:override": np.ones(4), "noise_size": np.array([0])})
    v, noise = ready.read(["group.v", "noise"])
    assert v.any()
    assert noise.size == 0
    ready.run({})
    v, noise = ready.read(["group.v", "noise"])
    assert not v.any()
    assert noise.size == 10
    ready.set_base(base(noise_size=[3]))
    ready.run({})
    assert ready.read(["noise"])[0].size == 3


def test_what_is_read_after_every_run_comes_along_with_it(ready, monkeypatch):
    sent = []
    exchange = HostRunner._exchange

    def count(self, message, *rest):
        sent.append(protocol.HEADER.unpack_from(message)[0])
        return exchange(self, message, *rest)

    monkeypatch.setattr(HostRunner, "_exchange", count)
    for size in (5, 6, 7):
        ready.run({"noise_size": np.array([size])})
        assert [a.size for a in ready.read(["noise"])] == [size]
        assert [a.size for a in ready.read(["flags"])] == [3]
    assert sent == [protocol.BASE, protocol.RUN, protocol.READ, protocol.READ, protocol.RUN, protocol.RUN]
    sent.clear()
    first, second = (
        ready.read(["noise"]),
        ready.read(["noise"]),
    )  # again: from the process, and an array of its own
    assert np.array_equal(first, second)
    assert not np.shares_memory(first, second)
    assert [a.size for a in ready.read(["noise", "flags", "noise"])] == [7, 3, 7]
    assert sent == [protocol.READ] * 3
    sent.clear()
    ready.run({"noise_size": np.array([100_000])})
    assert ready.read(["spikes.i"])[0].size == 33_334
    ready.run({})  # noise was not looked at, and there were too many spikes to bring them unasked
    assert ready.read(["noise"])[0].size == 10
    assert sent == [protocol.RUN, protocol.READ, protocol.RUN, protocol.READ]


def test_large_arrays_pass(ready):
    _, (noise, spikes) = ready.run_and_read({"noise_size": np.array([300_001])}, ["noise", "spikes.i"])
    np.testing.assert_array_equal(noise, reference.normal_exact(300_001, 2**63 + 5, 0, 0))
    assert spikes.size == 100_001


def test_two_runners_on_two_threads_do_not_mix(probe, host):
    def work(seed, results):
        with HostRunner(probe, host) as runner:
            runner.set_base(base(noise_size=[100], seed=np.array([seed], np.uint64)))
            for _ in range(200):
                results.append(runner.run_and_read({}, ["noise"])[1][0])

    outcomes = {seed: [] for seed in (1, 2)}
    threads = [threading.Thread(target=work, args=item) for item in outcomes.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, results in outcomes.items():
        expected = reference.normal_exact(100, seed, 0, 0)
        assert len(results) == 200
        assert all(np.array_equal(result, expected) for result in results)


# --- bad input ----------------------------------------------------------------------------------------


def test_all_problems_of_the_inputs_come_at_once(ready):
    bad = {
        "tau": np.array([np.nan]),
        "nonesuch": np.array([1]),
        "rates": np.ones(3),
        "mode": np.array([2**40]),
        "noise_size": np.array([1.5]),
        "seed": np.array([-1]),
        "group.v:override": np.array([1, np.nan, 0, 0]),
    }
    with pytest.raises(SimulationError) as caught:
        ready.run(bad)
    assert str(caught.value).splitlines() == [
        "tau is nan, which is not a usable value",
        "this build has no input 'nonesuch'",
        "rates has 3 elements; it needs 4",
        "mode is int32, which cannot hold 1099511627776",
        "noise_size is int64, and float64 cannot stand for it",
        "seed is uint64, which cannot hold -1",
        "group.v:override is nan at element 1, which is not a usable value",
    ]
    ready.run({"group.v:override": np.array([1, np.inf, 0, 0])})  # infinity is a number


def test_the_number_of_elements(ready):
    for size in (1, 4):
        ready.run({"group.v:override": np.ones(size)})
    with pytest.raises(SimulationError, match=r"group\.v:override has 2 elements; it needs 4 or 1"):
        ready.run({"group.v:override": np.ones(2)})
    with pytest.raises(SimulationError, match="rates has 1 elements; it needs 4"):
        ready.run({"rates": np.ones(1)})


def test_missing_values_are_named(runner):
    with pytest.raises(SimulationError, match="no value was given for 'mode', 'noise_size', 'rates', 'seed'"):
        runner.run({"tau": np.array([1.0])})
    runner.run(base())  # everything given for the run alone is as good


def test_unknown_outputs_are_named(ready):
    with pytest.raises(SimulationError, match=r"no output 'w', 'x'; it has 'count32', 'flags'"):
        ready.read(["x", "flags", "w"])


def test_nothing_can_be_read_before_a_run_or_after_a_failure(ready, tmp_path):
    for action in (lambda: ready.read(["flags"]), lambda: ready.save(tmp_path / "x.npz")):
        with pytest.raises(SimulationError, match="no completed run"):
            action()
        ready.run({})
        action()
        with pytest.raises(SimulationError, match="tau must be above 0"):
            ready.run({"tau": np.array([-1.0])})
    assert ready.run({}) >= 0


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_time_limit_is_a_time(ready, limit):
    with pytest.raises(SimulationError, match="time limit must be above 0"):
        ready.run({}, limit)


def test_a_runner_does_not_travel(ready):
    with pytest.raises(TypeError, match="stays in its process"):
        pickle.dumps(ready)


# --- saving -------------------------------------------------------------------------------------------


def test_saved_results_are_read_by_numpy(ready, tmp_path):
    ready.run({"noise_size": np.array([1001]), "group.v:override": np.arange(4.0)})
    path = tmp_path / "ünï code.npz"
    ready.save(path)
    with np.load(path) as saved:
        assert sorted(saved) == sorted(EVERY)
        for name, array in zip(EVERY, ready.read(EVERY), strict=True):
            assert saved[name].dtype == array.dtype
            np.testing.assert_array_equal(saved[name], array)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_saved_says_why(ready, tmp_path):
    ready.run({})
    with pytest.raises(
        SimulationError, match=re.escape(f"cannot write {tmp_path}/no/x.npz.partial: No such file")
    ):
        ready.save(tmp_path / "no" / "x.npz")
    (tmp_path / "taken.npz").mkdir()
    with pytest.raises(SimulationError, match=r"taken\.npz: Is a directory"):
        ready.save(tmp_path / "taken.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["taken.npz"]


# --- what goes wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ABORT, r"was ended by SIGABRT \(Aborted\) and said nothing"),
        (FALL, r"was ended by SIGSEGV \(Segmentation fault\); it said:\nabout to fall"),
        (LEAVE, "ended with exit status 7"),
    ],
)
def test_a_crash_costs_one_run(ready, kind, message):
    ready.run({})
    with pytest.raises(SimulationCrashError, match=message):
        ready.run(mode(kind))
    with pytest.raises(SimulationError, match="no completed run"):
        ready.read(["flags"])
    assert ready.run_and_read({}, ["noise"])[1][0].size == 10  # with the base it was given before


def test_a_time_limit_ends_a_run(ready):
    ready.run({}, time_limit=1e9)
    with pytest.raises(TimeLimitError, match=r"time limit of 0\.2 s"):
        ready.run(mode(HANG), time_limit=0.2)
    assert ready.run({}, time_limit=60) >= 0


def test_a_model_that_prints_much_is_not_held_up(ready):
    assert ready.run(mode(CHATTER), time_limit=60) >= 0


def test_an_interrupt_ends_the_run_and_not_the_runner(ready):
    class Interrupt(BaseException):
        pass

    def interrupt(*_):
        raise Interrupt

    ready.run({})
    pid = ready._host.pid
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Interrupt):
            ready.run(mode(HANG), time_limit=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert gone(pid)
    assert ready.run({}) >= 0


def test_a_host_killed_between_runs_is_replaced(ready):
    ready.run({})
    os.kill(ready._host.pid, signal.SIGKILL)
    with pytest.raises(SimulationCrashError, match="SIGKILL"):
        ready.run({})
    assert ready.run({}) >= 0


def test_closing_ends_the_process(ready):
    ready.run({})
    pid = ready._host.pid
    ready.close()
    ready.close()
    assert gone(pid)
    assert ready.run({}) >= 0  # and it can be taken up again


def test_a_host_does_not_keep_descriptors(probe, host):
    before = len(os.listdir("/proc/self/fd"))
    for number in (0, ABORT, 0):
        with HostRunner(probe, host) as runner:
            runner.set_base(base(mode=[number]))
            with contextlib.suppress(SimulationCrashError):
                runner.run({})
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_is_no_model(probe, host, tmp_path):
    (tmp_path / "model.so").write_text("not code")
    with HostRunner(Build(tmp_path, probe.manifest), host) as runner:
        runner.set_base(base())
        with pytest.raises(SimulationCrashError, match="exit status 1; it said:\ncannot load the model"):
            runner.run({})
    with HostRunner(Build(tmp_path, probe.manifest), tmp_path / "nohost") as runner:
        runner.set_base(base())
        with pytest.raises(SimulationError, match="nohost could not be started"):
            runner.run({})


@pytest.mark.parametrize(
    ("operation", "payload", "message"),
    [
        (99, b"", "unknown operation 99"),
        (protocol.RUN, b"", "malformed request"),
        (protocol.RUN, b"\1\0\0\0\0\0\0\0", "malformed request"),
        (protocol.READ, b"\1\0\0\0\0\0\0\0\x63\0\0\0\0\0\0\0", "malformed request"),
        (protocol.READ, b"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "there is no run to read from"),
        (protocol.SAVE, b"x\0\0\0\0\0\0\0", "there is no run to save"),
        (protocol.BASE, b"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0", "malformed request"),
        (protocol.BASE, b"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" + b"\xff" * 8, "malformed request"),
    ],
)
def test_requests_that_make_no_sense_are_refused(probe, host, operation, payload, message):
    process = HostProcess(host, probe.path / "model.so")
    try:
        with pytest.raises(SimulationError, match=message):
            process.exchange(protocol.request(operation, [payload]), 30)
    finally:
        process.quit()


# --- parents and children -----------------------------------------------------------------------------

SCRIPT = """
import ctypes, os, pickle, sys, time
import numpy as np
from pathlib import Path
from spikefarm.devices.cpp_standalone.runner import HostRunner
build, host, base = pickle.loads(bytes.fromhex(sys.argv[1]))
runner = HostRunner(build, host)
runner.set_base(base)
runner.run({})
"""


def start(probe, host, code):
    argument = pickle.dumps((probe, host, base())).hex()
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT + code, argument], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("sibling", ["", "ctypes.CDLL(None).fork() or (time.sleep(9), os._exit(0))\n"])
def test_no_host_outlives_its_parent(probe, host, sibling):
    code = "print(runner._host.pid, flush=True)\n" + sibling + "runner.run({'mode': np.array([2])})\n"
    process = start(probe, host, code)
    pid = int(process.stdout.readline())
    time.sleep(0.1)
    process.kill()
    process.wait()
    assert gone(pid, seconds=5)  # a copy of the pipe in somebody else's hands does not keep it alive
    process.stdout.close()


def test_a_fork_gets_its_own_host(probe, host):
    code = """
mine = runner._host.pid
child = os.fork()
if child == 0:
    try:
        runner.read(["flags"])
    except Exception as error:
        print("child", error, flush=True)
    _, (noise,) = runner.run_and_read({"noise_size": np.array([7])}, ["noise"])
    print("child", noise.size, runner._host.pid != mine, flush=True)
    runner.close()
    os._exit(0)
print("status", os.waitpid(child, 0)[1])
print("parent", runner.read(["noise"])[0].size, runner._host.pid == mine)
print("again", runner.run_and_read({}, ["noise"])[1][0].size, runner._host.pid == mine)
"""
    output, _ = start(probe, host, code).communicate(timeout=60)
    assert output.splitlines() == [
        "child there is no completed run to read from",
        "child 7 True",
        "status 0",
        "parent 10 True",
        "again 10 True",
    ]
