"""Where runs are done when the user gave no cluster: one on this machine, seen by this machine alone."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .axes import refuse
from .cores import cores

if TYPE_CHECKING:
    from distributed import Client

LOOPBACK = "127.0.0.1"
NOTHING: Mapping[str, float] = MappingProxyType({})
DASHBOARD_PORT = 8787
STOCK_SECONDS = 3.0  # until Dask's own pages are there too

# `dask spec`, which starts a worker and stays with it, but not longer than the process that wanted it.
WATCHED = """
import os, sys, threading, time
parent = int(sys.argv.pop(1))
def watch():
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from dask.__main__ import main
main()
"""


def capacity(needs: Mapping[str, float]) -> dict[str, float]:
    """Return what this machine has of what a run needs.

    Raises
    ------
    SweepError
        Less than one run needs, or nobody knows.
    """
    known = {"memory": _memory, "GPU": _gpus}
    has = {name: known[name]() for name in needs if name in known}
    refuse(
        "run",
        [
            f"resources: nobody knows how much {name!r} this machine has, only memory and GPU; give a client of "
            "a cluster whose workers were started with --resources"
            for name in needs
            if name not in known
        ]
        + [
            f"resources: a run needs {need:g} of {name!r}, and this machine has {has[name]:g}"
            for name, need in needs.items()
            if name in has and has[name] < need
        ],
    )
    return has


def at_a_time(workers: int | None, needs: Mapping[str, float] = NOTHING) -> int:
    """Return how many runs this machine can do at a time.

    Parameters
    ----------
    workers : int, optional
        As many as the user wants; by default one a core.
    needs : mapping
        What each run takes of the machine.

    Raises
    ------
    SweepError
        The machine has less than one run needs.
    """
    has = capacity(needs)
    return min([workers or cores(), *(int(has[name] // need) for name, need in needs.items())])


def _memory() -> float:
    import psutil

    return float(psutil.virtual_memory().available)


def _gpus() -> float:
    """Return how many GPUs this process may use: those that CUDA_VISIBLE_DEVICES names, or that NVIDIA's tool lists."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return float(len([name for name in named.split(",") if name.strip() not in ("", "-1")]))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0.0
    return float(listed.stdout.count("GPU "))


@contextmanager
def embedded(processes: bool, workers: int | None, needs: Mapping[str, float] = NOTHING) -> Iterator[Client]:
    """Run a cluster for the duration of a ``with`` block.

    Parameters
    ----------
    processes : bool
        Workers in processes of their own, for runs that keep Python busy; else threads of this process.
        Neither imports the user's script again, so a script needs no ``__main__`` guard.
    workers : int, optional
        How many runs at a time; by default as many as this process may use cores.
    needs : mapping
        What each run takes of the machine: ``memory`` in bytes, ``GPU``.

    Raises
    ------
    SweepError
        The machine has less than one run needs.
    """
    from distributed import Client

    has, n = capacity(needs), at_a_time(workers, needs)
    with _quiet_start(processes, n, has) as cluster, Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(n if processes else 1)
        try:
            with stock_pages(cluster.scheduler):
                yield client
        except BaseException:
            cluster.sync(_abandon, cluster)
            raise


@contextmanager
def stock_pages(scheduler: Any, wait: float = STOCK_SECONDS) -> Iterator[None]:
    """Add Dask's own pages to the dashboard of a cluster that lasts; importing Bokeh for them takes a while."""
    over = threading.Event()

    def add() -> None:
        if over.wait(wait):
            return
        with suppress(ImportError):
            from distributed.dashboard.scheduler import connect

            from .dashboard.plugin import link_page

            args = (scheduler.http_application, scheduler.http_server, scheduler)
            if not over.is_set():
                scheduler.loop.add_callback(connect, *args)
                scheduler.loop.add_callback(link_page, scheduler)

    thread = threading.Thread(target=add, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _quiet_start(processes: bool, n: int, has: dict[str, float]) -> Any:
    import dask

    # Runs are in child processes, so Dask's profile of its threads tells nothing; it takes more memory by the hour.
    with warnings.catch_warnings(), dask.config.set({"distributed.worker.profile.enabled": processes}):
        # Somebody may take the port between the look at it and its use; then Dask takes another and says so.
        warnings.filterwarnings("ignore", message="Port .* is already in use")
        return _processes(n, has) if processes else _threads(n, has)


async def _abandon(cluster: Any) -> None:
    """Close workers in this process without waiting for the runs that they are at."""
    from distributed import Worker

    for worker in cluster.workers.values():
        if isinstance(worker, Worker):
            await worker.close(executor_wait=False)


class OpenClusterWarning(UserWarning):
    """Anybody on the network can run code on a cluster, as the user who started it."""


def warn_if_open(client: Client) -> None:
    """Say loudly what an unencrypted cluster that listens beyond this machine risks."""
    address = str(client.scheduler_info(n_workers=0)["address"])
    scheme, _, place = address.partition("://")
    host = place.rpartition(":")[0].strip("[]")
    if scheme in ("tcp", "ws") and not _is_loopback(host):
        warnings.warn(
            f"the cluster at {address} has no encryption and listens beyond this machine: whoever reaches that port "
            "can run any code as the user who started it; start it with TLS (deploy/tls makes keys, docs/security.md)",
            OpenClusterWarning,
            stacklevel=2,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def dashboard(client: Client) -> str:
    """Return the address of a cluster's dashboard, empty if it has none."""
    services = client.scheduler_info(n_workers=0).get("services", {})
    if "dashboard" not in services:
        return ""
    if str(client.scheduler_info(n_workers=0)["address"]).startswith("inproc"):
        return f"http://{LOOPBACK}:{services['dashboard']}/status"
    return str(client.dashboard_link)


def _threads(n: int, has: dict[str, float]) -> Any:
    from distributed import Worker

    options = {
        "protocol": "inproc://",
        "nthreads": n,
        "resources": has,
        "memory_limit": 0,  # this process is the user's; it is not for a worker to pause it
        "dashboard": False,
        "dashboard_address": f"{LOOPBACK}:0",  # by default it would listen on all interfaces
        "silence_logs": logging.CRITICAL,
    }
    worker = {"cls": Worker, "options": options}
    return _cluster({0: worker}, {"protocol": "inproc://"})


def _processes(n: int, has: dict[str, float]) -> Any:
    """Start workers as programs of their own, with a scheduler in this process.

    They end when this process does, however it ends.
    """
    import asyncio

    from distributed.deploy.subprocess import SubprocessWorker

    class WatchedWorker(SubprocessWorker):
        async def _start(self) -> None:
            spec = json.dumps({"cls": self.worker_class, "opts": self.worker_kwargs})
            arguments = (str(os.getpid()), "spec", self.scheduler, "--spec", spec)
            self.process = await asyncio.create_subprocess_exec(sys.executable, "-c", WATCHED, *arguments)

    each = {name: amount / n for name, amount in has.items()}
    options = {
        "host": LOOPBACK,
        "nthreads": 1,
        "resources": each,
        "memory_limit": "auto",
        "silence_logs": logging.CRITICAL,
    }
    worker = {"cls": WatchedWorker, "options": {"worker_kwargs": options}}
    # A run that kills a worker would kill others; it is tried again alone.
    return _cluster(dict.fromkeys(range(n), worker), {"host": LOOPBACK, "allowed_failures": 0})


def _cluster(workers: dict[int, Any], options: dict[str, Any]) -> Any:
    from distributed import Scheduler, SpecCluster

    web = {"dashboard": False, "dashboard_address": f"{LOOPBACK}:{_dashboard_port()}"}  # pages come later
    return SpecCluster(
        scheduler={"cls": Scheduler, "options": {"port": 0, **web, **options}},
        worker=workers[0],
        workers=workers,
        silence_logs=logging.CRITICAL,
        name="spikefarm",
    )


def _dashboard_port() -> int:
    """Return the customary port, or any (0) when it is taken: asking first spares a warning."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, DASHBOARD_PORT))
        except OSError:
            return 0
    return DASHBOARD_PORT
