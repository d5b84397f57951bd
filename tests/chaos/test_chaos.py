"""Whatever is killed, filled up or removed: no completed run is lost or done again, no wrong value is read.

Every test draws its moments from a seed; together they are over fifty.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chaos_study import FIRST, begun, check, kept, padding, run_study, study
from farm_fake import rate
from spikefarm.farm import FarmError, open_results
from spikefarm.farm.cluster import embedded
from spikefarm.store import StoreError

pytestmark = pytest.mark.slow

WORKER_KILLS, CLIENT_KILLS, PAIR_KILLS, SCHEDULER_KILLS = 16, 30, 4, 3


def test_there_are_enough_moments() -> None:
    assert WORKER_KILLS + CLIENT_KILLS + PAIR_KILLS + SCHEDULER_KILLS >= 50


def forked() -> multiprocessing.context.ForkServerContext:
    """Processes that start quickly, since what they import is there already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["distributed.dashboard.scheduler", "zarr", "xarray", "chaos_study"])
    return context


# -- workers ---------------------------------------------------------------------------------------------------


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """The workers themselves: children of the nannies that start them again."""
    found = []
    for child in process.children(recursive=True):
        try:
            command = child.cmdline()
            if "multiprocessing.spawn" in " ".join(command) and "resource_tracker" not in " ".join(command):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def test_workers_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    n = 5000
    random = np.random.default_rng(2026)
    killed: list[int] = []
    stop = threading.Event()

    def kill_now_and_then() -> None:
        me = psutil.Process()
        while not stop.wait(random.uniform(0.1, 1.2)) and len(killed) < WORKER_KILLS:
            victims = workers_of(me)
            if victims and begun(tmp_path):
                victim = victims[int(random.integers(len(victims)))]
                try:
                    victim.send_signal(signal.SIGKILL)
                except psutil.NoSuchProcess:
                    continue
                killed.append(victim.pid)

    with embedded(True, 2) as client:
        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        try:
            data = study(tmp_path, n, pause=0.004).run(
                {"rate": rate}, store=tmp_path / "s.zarr", client=client, batch_seconds=0.2, progress=False
            )
        finally:
            stop.set()
            killer.join()
    print(f"{len(killed)} workers killed, {len(begun(tmp_path)) - n} runs begun again")
    assert len(killed) >= WORKER_KILLS // 2
    check(data, n)
    assert (data.status == 1).all()


# -- clients ---------------------------------------------------------------------------------------------------


def test_clients_are_killed(tmp_path: Path) -> None:
    """One after the other; each goes on where the last one was killed."""
    n, random, context = 600, np.random.default_rng(1), forked()
    done: set[int] = set()
    for _ in range(CLIENT_KILLS):
        before = len(begun(tmp_path))
        child = context.Process(target=run_study, args=(str(tmp_path), n, 0.004))
        child.start()
        wait_for(lambda before=before, child=child: len(begun(tmp_path)) > before or not child.is_alive())
        child.join(random.uniform(0, 0.15))
        child.kill()
        child.join()
        assert done.isdisjoint(begun(tmp_path)[before:])  # nothing that is there is done again
        now = kept(tmp_path, n)
        assert done <= now  # and nothing is lost
        done = now
    last = context.Process(target=run_study, args=(str(tmp_path), n, 0.0))
    before = len(begun(tmp_path))
    last.start()
    last.join(60)
    assert last.exitcode == 0
    assert sorted(begun(tmp_path)[before:]) == sorted(set(range(FIRST, FIRST + n)) - done)
    check(open_results(tmp_path / "s.zarr").load(), n)


def test_one_of_two_clients_is_killed(tmp_path: Path) -> None:
    """The other one does the rest, what the killed one was at included."""
    random, context = np.random.default_rng(3), forked()
    for turn in range(PAIR_KILLS):
        folder = tmp_path / str(turn)
        folder.mkdir()
        n = 300
        pair = [context.Process(target=run_study, args=(str(folder), n, 0.004)) for _ in range(2)]
        for child in pair:
            child.start()
        wait_for(lambda folder=folder: len(begun(folder)) > 10)
        time.sleep(random.uniform(0, 0.5))
        victim = pair.pop(int(random.integers(2)))
        victim.kill()
        victim.join()
        pair[0].join(60)
        assert pair[0].exitcode == 0
        check(open_results(folder / "s.zarr").load(), n)
        again = len(begun(folder)) - n
        assert again <= 100  # what was on its way, at most


# -- schedulers ------------------------------------------------------------------------------------------------


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and a worker as processes of their own."""
    contact = folder / f"scheduler-{time.monotonic_ns()}.json"
    dask = [sys.executable, "-m", "dask"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", *options, "--port", "0", "--scheduler-file", contact], **quiet
    )
    started = [scheduler]
    try:
        wait_for(contact.exists)
        address = json.loads(contact.read_text())["address"]
        more = ["--nthreads", "2", "--no-nanny", "--death-timeout", "5", "--local-directory", folder]
        started.append(subprocess.Popen([*dask, "worker", address, *options, *more], **quiet))
        yield address, scheduler
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_schedulers_are_killed(tmp_path: Path) -> None:
    from distributed import Client

    n, random = 800, np.random.default_rng(4)
    done: set[int] = set()
    for turn in range(SCHEDULER_KILLS + 1):
        before = len(begun(tmp_path))
        with (
            cluster(tmp_path) as (address, scheduler),
            Client(address, set_as_default=False, timeout=5) as client,
        ):
            client.wait_for_workers(1, timeout=60)
            sweep = study(tmp_path, n, pause=0.004)
            options = {
                "store": tmp_path / "s.zarr",
                "client": client,
                "progress": False,
                "batch_seconds": 0.1,
            }
            if turn == SCHEDULER_KILLS:
                data = sweep.run({"rate": rate}, **options)
                break
            delay = random.uniform(0.1, 0.6)
            begins = lambda before=before: len(begun(tmp_path)) > before  # noqa: E731
            killer = threading.Thread(target=kill_later, args=(scheduler, begins, delay))
            killer.start()
            with pytest.raises((FarmError, OSError), match=r"run the same again to go on"):
                sweep.run({"rate": rate}, **options)
            killer.join()
        time.sleep(0.5)  # a worker may still write what it was at
        now = kept(tmp_path, n)
        assert done <= now
        assert done.isdisjoint(begun(tmp_path)[before:])
        done = now
    check(data, n)


def kill_later(process: subprocess.Popen[bytes], condition: Callable[[], bool], delay: float) -> None:
    wait_for(condition)
    time.sleep(delay)
    process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


# -- places ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_the_disk_is_full(small_disk: Path, tmp_path: Path) -> None:
    n, store = 2000, small_disk / "s.zarr"
    outputs = {"rate": rate, "padding": padding}
    options: dict[str, Any] = {"store": store, "workers": 2, "batch_seconds": 0.02, "progress": False}
    with pytest.raises(
        StoreError, match=r"s.zarr: No space left on device; make room, then run the same again to go on"
    ):
        study(tmp_path, n).run(outputs, **options)
    before = begun(tmp_path)
    with pytest.raises((StoreError, OSError), match="No space left on device"):
        study(tmp_path, n).run(outputs, **options)
    subprocess.run(["mount", "-o", "remount,size=200m", small_disk], check=True)
    again = len(begun(tmp_path))
    data = study(tmp_path, n).run(outputs, **options)
    assert data.attrs["simulated"] < n  # what was written before it was full is there
    assert len(begun(tmp_path)) - again == data.attrs["simulated"]
    assert before
    check(data, n)
    for value, padded in zip(data.rate.values[::97], data.padding.values[::97], strict=True):
        np.testing.assert_array_equal(padded, np.random.default_rng(int(value * 1e6)).random(500))


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.6])
def test_the_store_is_removed(delay: float, tmp_path: Path) -> None:
    import shutil

    n, store = 600, tmp_path / "s.zarr"
    options: dict[str, Any] = {"store": store, "workers": 2, "batch_seconds": 0.05, "progress": False}

    def remove() -> None:
        wait_for(lambda: bool(begun(tmp_path)))
        time.sleep(delay)
        shutil.rmtree(store, ignore_errors=True)

    remover = threading.Thread(target=remove)
    remover.start()
    with pytest.raises((StoreError, OSError), match=r"there is no store at .*s\.zarr"):
        study(tmp_path, n, pause=0.005).run({"rate": rate}, **options)
    remover.join()
    shutil.rmtree(store, ignore_errors=True)  # what was written meanwhile
    check(study(tmp_path, n).run({"rate": rate}, **options), n)


# -- runs ------------------------------------------------------------------------------------------------------

MODEL = """
from spikefarm import *
import numpy as np

@implementation('cpp', '''
double misbehave(double x) {
    if (x == 3.0) std::abort();
    if (x == 5.0) for (volatile int i = 0;; ) { i = i + 1; }
    if (x == 7.0) *(volatile int *)0 = 1;
    return x;
}''')
@check_units(x=1, result=1)
def misbehave(x):
    return x

set_device('cpp_standalone', build_on_run=False)
group = NeuronGroup(1, '''dv/dt = misbehave(kind)/second : 1
                          kind : 1 (shared, constant)''', method='euler')
run(10*ms)
sweep = Sweep({group.kind: np.arange(40)*1.0})
import warnings
warnings.simplefilter('ignore')
data = sweep.run({'v': lambda r: r['neurongroup'].v[0]}, store='s.zarr', time_limit=1, workers=2, progress=False)
bad = [3, 5, 7]
good = [k for k in range(40) if k not in bad]
assert (data.status.values[bad] == 2).all() and (data.status.values[good] == 1).all()
assert np.allclose(data.v.values[good], np.array(good)*0.01)
for k in bad:
    print(k, data.error.values[k])
"""


def test_runs_that_crash_and_one_that_never_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MODEL], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert "SimulationCrashError" in told["3"]
    assert "TimeLimitError" in told["5"]
    assert "SimulationCrashError" in told["7"]
