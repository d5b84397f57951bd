"""Builds on clusters of several machines: workers as programs of their own, each with a cache of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

# A processor of another kind, as far as builds can tell.
OTHER_CPU = """
from spikefarm.devices.cpp_standalone import toolchain
toolchain._cpu_facts = lambda: iter(["another processor"])
"""

CLIENT = """
import os, sys, time
import numpy as np
from distributed import Client
from spikefarm import *

@experiment(structural=['n'])
def settle(drive, n):
    group = NeuronGroup(n, 'dv/dt = (drive - v)/(10*ms) : 1', method='exact')
    run(10*ms)
    value = group.v[n - 1]
    time.sleep(0.1)
    return {'v': value, 'node': int(os.environ['NODE'])}

if __name__ == '__main__':
    drive, n = np.arange(1, 5.0), [1, 2, 3]
    with Client(sys.argv[1], set_as_default=False) as client:
        client.wait_for_workers(int(sys.argv[2]), timeout=60)
        data = settle.sweep(drive=drive, n=n, store='s.zarr', client=client, progress=False, batch_seconds=0.01)
    right = np.allclose(data.v, np.outer(drive, np.ones(3))*(1 - np.exp(-1)))
    print(right, sorted(set(data.node.values.ravel().tolist())))
"""


class Site:
    """A scheduler and machines that are processes, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[Any]] = []
        (folder / "other").mkdir()
        (folder / "other" / "sitecustomize.py").write_text(OTHER_CPU)
        (folder / "client.py").write_text(CLIENT)
        self.contact = folder / "scheduler.json"
        self._dask("scheduler", "--port", "0", env=dict(os.environ))

    def machine(self, name: str, compiler: bool, other: bool = False) -> dict[str, str]:
        """What a program on a machine finds around it."""
        found = {**os.environ, "SPIKEFARM_CACHE_DIR": str(self.folder / name), "NODE": name[-1]}
        found.pop("CXX", None)
        if not compiler:
            found["PATH"] = str(self.folder)
        if other:
            found["PYTHONPATH"] = str(self.folder / "other")
        return found

    def worker(self, name: str, compiler: bool, other: bool = False) -> None:
        folder = self.folder / f"scratch {name}"
        folder.mkdir()
        options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(folder)]
        self._dask("worker", *options, env=self.machine(name, compiler, other))

    def _dask(self, *words: str, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self.contact)]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.started.append(subprocess.Popen(command, env=env, **quiet))

    def sweep(self, compiler: bool) -> subprocess.CompletedProcess[str]:
        """Run the script on a machine of its own."""
        while not self.contact.exists():
            time.sleep(0.05)
        address = json.loads(self.contact.read_text())["address"]
        return subprocess.run(
            [sys.executable, "client.py", address, str(len(self.started) - 1)],
            cwd=self.folder,
            env=self.machine("client", compiler),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def cached(self, name: str) -> list[str]:
        """What is in the cache of a machine: models that it compiled, and such as were sent."""
        builds = self.folder / name / "builds"
        found = [path for path in builds.glob("*") if (path / "model.so").exists()]
        return sorted("sent" if path.name.startswith("shipped-") else "compiled" for path in found)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    try:
        yield made
    finally:
        for process in made.started:
            process.kill()
            process.wait()


def test_a_worker_with_a_compiler_makes_them_for_all(site: Site) -> None:
    """Neither the client nor the other node has a compiler."""
    site.worker("node 1", compiler=True)
    site.worker("node 2", compiler=False)
    done = site.sweep(compiler=False)
    assert done.stdout == "True [1, 2]\n", done.stderr
    assert site.cached("node 1") == ["compiled"] * 3
    assert set(site.cached("node 2")) == {"sent"}
    assert site.cached("client") == []


def test_each_kind_of_processor_has_builds_of_its_own(site: Site) -> None:
    """Those for one come from the client, the other node has to compile."""
    site.worker("node 1", compiler=False)
    site.worker("node 2", compiler=True, other=True)
    done = site.sweep(compiler=True)
    assert done.stdout == "True [1, 2]\n", done.stderr
    assert set(site.cached("node 1")) == {"sent"}
    assert site.cached("node 2") == ["compiled"] * 3
    assert site.cached("client") == ["compiled"] * 3


def test_without_any_compiler_it_says_what_is_missing(site: Site) -> None:
    """Rather than let the worker without one fail one run after another."""
    site.worker("node 1", compiler=True)
    site.worker("node 2", compiler=False, other=True)
    done = site.sweep(compiler=False)
    assert done.returncode == 1
    told = done.stderr.splitlines()[-1]
    assert "CompilerNotFoundError: 1 of 2 workers can do no run (tcp://127.0.0.1:" in told
    assert "Install a compiler on one machine of their kind, for example g++, or leave them out" in told
    assert list(open_completed(site)) == []


def open_completed(site: Site) -> Any:
    from spikefarm.store import RunStore

    return RunStore.open(site.folder / "s.zarr").completed().rows
