"""Builds that travel: to machines without a compiler, where they fit, and unaltered."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spikefarm import *
from spikefarm.devices import BuildError, CompilerNotFoundError, current_simulation
from spikefarm.devices.cpp_standalone import backend as cpp_backend
from spikefarm.devices.cpp_standalone import parcel as parcels
from spikefarm.devices.cpp_standalone.cache import BuildCache, CacheError


@pytest.fixture
def simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path / "here"))
    device.reinit()
    set_device("cpp_standalone", build_on_run=False)
    group = NeuronGroup(2, "dv/dt = -v/(10*ms) : 1", method="exact", name="cells")
    group.v = 1
    run(10 * ms)
    simulation = current_simulation()
    simulation.build()
    yield simulation
    device.reinit()
    set_device("runtime")
    parcels.forget("job")


def without_compiler(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    def none(*_: object) -> None:
        raise CompilerNotFoundError("no C++ compiler on the PATH")

    monkeypatch.setattr(cpp_backend, "find_compiler", none)
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(cache))


def test_a_machine_without_a_compiler_runs_what_came(
    simulation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = simulation.pack()
    with simulation.runner() as runner:
        runner.run({})
        expected = [runner.read([name])[0] for name in runner._outputs]
    without_compiler(monkeypatch, tmp_path / "there")
    assert not simulation.built()
    parcels.receive("job", [pickle.loads(pickle.dumps(parcel))])
    assert simulation.built()
    with simulation.runner() as runner:
        runner.run({})
        for name, value in zip(runner._outputs, expected, strict=True):
            np.testing.assert_array_equal(runner.read([name])[0], value)
    assert [entry.key[:8] for entry in BuildCache().entries()] == ["shipped-"]
    assert simulation.pack() is not None  # and it can be sent on


@pytest.mark.parametrize(
    ("fit", "why"),
    [
        ("plan9 vax||", "it was made for plan9 vax, and this machine is"),
        (None, "it was made for another model of processor"),
        ("libc", r"it needs version 99\.1 of the C library, and this machine has"),
    ],
)
def test_what_does_not_fit_is_not_run(
    fit: str | None, why: str, simulation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is missing."""
    parcel = simulation.pack()
    own = parcels.Fit.of(parcel.fit)
    other = {None: replace(own, cpu="other").text(), "libc": replace(own, libc=(99, 1)).text()}.get(fit, fit)
    without_compiler(monkeypatch, tmp_path / "there")
    parcels.receive("job", [replace(parcel, fit=other)])
    assert not simulation.built()
    with pytest.raises(
        CompilerNotFoundError, match=rf"no C\+\+ compiler(.|\n)*a build came with the job, but {why}"
    ):
        simulation.build()
    parcels.forget("job")
    with pytest.raises(
        CompilerNotFoundError, match=r"no C\+\+ compiler(.|\n)*and no build came with the job"
    ):
        simulation.build()


def test_where_the_processor_differs_it_is_compiled(
    simulation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = simulation.pack()
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path / "there"))
    other = replace(parcels.Fit.of(parcel.fit), cpu="other").text()
    parcels.receive("job", [replace(parcel, fit=other)])
    assert not simulation.build().path.name.startswith("shipped-")


def test_an_altered_blob_is_refused(simulation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = simulation.pack()
    without_compiler(monkeypatch, tmp_path / "there")
    parcels.receive("job", [replace(parcel, blob=parcel.blob[:-1] + b"x")])
    with pytest.raises(BuildError, match="was altered on its way; run the same again"):
        simulation.build()
    assert BuildCache().entries() == []


def test_names_that_lead_elsewhere_are_refused(tmp_path: Path) -> None:
    import hashlib
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil", "x")
    blob = buffer.getvalue()
    bad = parcels.Parcel("a", parcels.Fit.here(False).text(), hashlib.sha256(blob).hexdigest(), blob)
    with pytest.raises(BuildError, match="has files that no build has"):
        parcels.unpack(bad, BuildCache(tmp_path))
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.skipif(os.getuid() != 0, reason="giving files to others needs root")
def test_what_others_can_alter_is_not_executed(simulation: Any, tmp_path: Path) -> None:
    path = simulation.build().path
    os.chown(path / "model.so", 12345, -1)
    with pytest.raises(CacheError, match=r"model\.so belongs to user 12345.*SPIKEFARM_CACHE_DIR"):
        simulation.build()
    os.chown(path / "model.so", 0, -1)
    (path / "model.so").chmod(0o666)
    with pytest.raises(CacheError, match=r"model\.so can be altered by others \(mode 666\).*chmod go-w"):
        simulation.build()
    (path / "model.so").chmod(0o644)
    path.chmod(0o777)
    with pytest.raises(CacheError, match=r"can be altered by others \(mode 777\)"):
        simulation.build()
    path.chmod(0o755)
    simulation.build()


CLIENT = """
import sys
from distributed import Client
from spikefarm import *
import numpy as np
set_device('cpp_standalone', build_on_run=False)
group = NeuronGroup(1, 'dv/dt = (drive - v)/(10*ms) : 1\\ndrive : 1 (shared, constant)', method='exact', name='cells')
run(10*ms)
with Client(sys.argv[1], set_as_default=False) as client:
    client.wait_for_workers(1, timeout=60)
    sweep = Sweep({group.drive: np.arange(8)})
    data = sweep.run({'v': lambda r: r['cells'].v[0]}, store='s.zarr', client=client, progress=False)
print(bool(np.allclose(data.v, np.arange(8)*(1 - np.exp(-1)))))
"""


@pytest.mark.slow
def test_a_sweep_on_a_node_without_a_compiler(tmp_path: Path) -> None:
    contact = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    bare = {**os.environ, "PATH": str(tmp_path), "SPIKEFARM_CACHE_DIR": str(tmp_path / "node")}
    bare.pop("CXX", None)
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [
        subprocess.Popen([*dask, "scheduler", *options, "--port", "0", "--scheduler-file", contact], **quiet)
    ]
    try:
        worker = [*dask, "worker", "--scheduler-file", contact, *options, "--no-nanny", "--nthreads", "1"]
        while not contact.exists():
            time.sleep(0.05)
        started.append(subprocess.Popen([*worker, "--local-directory", tmp_path], env=bare, **quiet))
        import json

        address = json.loads(contact.read_text())["address"]
        here = {**os.environ, "SPIKEFARM_CACHE_DIR": str(tmp_path / "here")}
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, address],
            cwd=tmp_path,
            env=here,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout == "True\n", done.stderr
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert [path.name[:8] for path in (tmp_path / "node" / "builds").iterdir()] == ["shipped-"]
