"""The cluster of a sweep that was given none: on this machine alone, and gone with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace

import psutil
import pytest
from spikefarm.farm.cluster import (
    DASHBOARD_PORT,
    LOOPBACK,
    OpenClusterWarning,
    dashboard,
    embedded,
    stock_pages,
    warn_if_open,
)
from spikefarm.farm.progress import Progress, wanted


def listeners() -> set[tuple[str, int]]:
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = [c.laddr for p in processes for c in p.net_connections() if c.status == psutil.CONN_LISTEN]
    return {(address.ip, address.port) for address in found}


@pytest.mark.parametrize("processes", [False, True])
def test_it_listens_to_this_machine_only(processes: bool) -> None:
    before = listeners()
    with embedded(processes, 1) as client:
        opened = listeners() - before
        assert opened
        assert {ip for ip, _ in opened} == {LOOPBACK}
        address = dashboard(client)
        assert address.startswith(f"http://{LOOPBACK}:")
        assert (LOOPBACK, int(address.rsplit(":", 1)[1].partition("/")[0])) in opened
        assert (client.submit(os.getpid).result() == os.getpid()) is not processes


def test_a_taken_port_is_no_matter(recwarn: pytest.WarningsRecorder) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((LOOPBACK, DASHBOARD_PORT))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which serves as well
        with embedded(False, 1) as client:
            assert f":{DASHBOARD_PORT}/" not in dashboard(client)
    assert [w for w in recwarn if "Port" in str(w.message)] == []


def test_dasks_own_pages_come_later() -> None:
    with embedded(False, 1) as client:
        address = dashboard(client)

        def page() -> str:
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    return str(answer.read())
            except urllib.error.HTTPError as error:
                return str(error.code)

        assert page() == "404"
        with stock_pages(client.cluster.scheduler, 0):
            assert wait_until(lambda: '<a href="spikefarm">' in page())


SCRIPT = """
import os
from spikefarm.farm.cluster import embedded
with embedded(True, 1) as client:
    print(client.submit(os.getppid).result(), client.submit(os.getpid, pure=False).result(), flush=True)
    os.kill(os.getpid(), 9)
"""


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_workers_end_with_a_process_that_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == -9
    nanny, worker = map(int, done.stdout.split())
    assert wait_until(lambda: gone(nanny) and gone(worker))


def test_a_bar_is_shown_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wanted(True)
    assert not wanted(False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert wanted(None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not wanted(None)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert wanted(None)


def test_the_bar_counts_what_was_there_already(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(10, 4, show=True) as progress:
        progress.update(3, 1)
    assert "8/10" in (err := capsys.readouterr().err)
    assert "1 failed" in err
    with Progress(10, 4, show=False) as progress:
        progress.update(3, 1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("tcp://192.0.2.7:8786", True),
        ("tcp://[2001:db8::1]:8786", True),
        ("tcp://head-node:8786", True),
        ("ws://192.0.2.7:8786", True),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
        ("tcp://localhost:8786", False),
        ("tls://192.0.2.7:8786", False),
        ("inproc://192.0.2.7/1/1", False),
    ],
)
def test_what_an_open_cluster_risks_is_said(
    address: str, warned: bool, recwarn: pytest.WarningsRecorder
) -> None:
    warn_if_open(SimpleNamespace(scheduler_info=lambda n_workers: {"address": address}))  # type: ignore[arg-type]
    told = [str(w.message) for w in recwarn if w.category is OpenClusterWarning]
    assert len(told) == warned
    if warned:
        assert f"the cluster at {address} has no encryption" in told[0]
        assert "whoever reaches that port can run any code" in told[0]
