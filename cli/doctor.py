"""``spikefarm doctor``: whether this machine has what simulations and sweeps need."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .command import FAILED, OK, Command, add_json, show, table

GOOD, NOTE, BAD = "ok", "note", "FAIL"


@dataclass(frozen=True)
class Finding:
    """What one look has found, and what to do about it."""

    what: str
    state: str
    found: str
    remedy: str = ""


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding(
        "Python", GOOD if good else BAD, platform.python_version(), "" if good else "install 3.11 or later"
    )


def _packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    yield Finding("spikefarm", GOOD, version("spikefarm"))
    for text in requires("spikefarm") or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(wanted.name)
        except PackageNotFoundError:
            yield Finding(wanted.name, BAD, "missing", f"pip install '{wanted.name}{wanted.specifier}'")
            continue
        good = wanted.specifier.contains(found, prereleases=True)
        remedy = "" if good else f"pip install '{wanted.name}{wanted.specifier}'"
        yield Finding(wanted.name, GOOD if good else BAD, found, remedy)


def _optional() -> Iterator[Finding]:
    from importlib.util import find_spec

    for module, use in (
        ("scipy", "Latin hypercubes and Sobol samples"),
        ("matplotlib", "plots"),
        ("h5py", "export to NetCDF, with h5netcdf"),
        ("dask_jobqueue", "clusters that run jobs"),
    ):
        name = module.replace("_", "-")
        if find_spec(module) is None:
            yield Finding(name, NOTE, f"missing, for {use}", f"pip install {name}")
        else:
            yield Finding(name, GOOD, f"installed, for {use}")


def _compiler() -> Iterator[Finding]:
    from ..devices.base import DeviceError
    from ..devices.cpp_standalone.backend import CPPBackend

    try:
        about = CPPBackend().provenance()
        yield Finding("compiler", GOOD, about["compiler"])
        yield _compiles()
    except DeviceError as error:
        yield Finding("compiler", BAD, "none", str(error))


def _compiles() -> Finding:
    """Compile and run the smallest model."""
    from ..devices import isolated_session

    try:
        with isolated_session(0):
            from .. import NeuronGroup, Quantity, run, second

            group: Any = NeuronGroup(1, "dv/dt = -v/(0.01*second) : 1", name="doctor")
            group.v = 1
            run(Quantity(1e-3, dim=second.dim))
            value = float(group.v[0])
    except Exception as error:
        return Finding("a model", BAD, f"{type(error).__name__}: {error}", "see the message of the compiler")
    good = abs(value - 0.904837) < 1e-5
    told = f"compiled and ran, v = {value:.6f}"
    return Finding(
        "a model", GOOD if good else BAD, told, "" if good else "the result is wrong: try another compiler"
    )


def _machine() -> Iterator[Finding]:
    import psutil

    from ..devices.cpp_standalone.toolchain import cpu_target

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("processor", GOOD, f"{cores} cores for this process, {cpu_target()[:60]}")
    memory = psutil.virtual_memory().available / 1e9
    good = memory > 1
    yield Finding(
        "memory", GOOD if good else NOTE, f"{memory:.1f} GB free", "" if good else "end other programs"
    )


def _ports() -> Iterator[Finding]:
    with closing(socket.socket()) as probe:
        try:
            probe.bind(("127.0.0.1", 0))
            probe.listen()
        except OSError as error:
            yield Finding(
                "loopback", BAD, str(error), "workers need connections within this machine; allow them"
            )
            return
    yield Finding("loopback", GOOD, "connections within this machine work")
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8787))
            yield Finding("dashboard port", GOOD, "8787 is free")
        except OSError:
            yield Finding(
                "dashboard port", NOTE, "8787 is taken", "none needed: the next sweep takes another"
            )


def _folders() -> Iterator[Finding]:
    from ..devices.cpp_standalone.cache import BuildCache

    for what, folder, remedy in (
        ("cache of builds", BuildCache().root, "set SPIKEFARM_CACHE_DIR to a folder that you can write"),
        ("this folder", Path.cwd(), "work in a folder that you can write, or give stores other paths"),
        ("temporary files", Path(tempfile.gettempdir()), "set TMPDIR to a folder that you can write"),
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x")
            free = shutil.disk_usage(folder).free / 1e9
            roomy = free > 1
            yield Finding(
                what, GOOD if roomy else NOTE, f"{folder}, {free:.0f} GB free", "" if roomy else "make room"
            )
        except OSError as error:
            yield Finding(what, BAD, f"{folder}: {error.strerror}", remedy)


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _optional,
    _compiler,
    _machine,
    _ports,
    _folders,
)


def _run(options: argparse.Namespace) -> int:
    findings = [finding for look in LOOKS for finding in look()]
    rows = [(f.state, f.what, f.found + (f": {f.remedy}" if f.remedy else "")) for f in findings]
    bad = sum(f.state == BAD for f in findings)
    last = f"{bad} to be put right" if bad else "all well"
    show([asdict(f) for f in findings], options.json, f"{table(rows)}\n{last}")
    return FAILED if bad else OK


COMMAND = Command(
    "doctor",
    "Look whether this machine has what simulations and sweeps need, and say what to do where it has not.",
    "spikefarm doctor\nspikefarm doctor --json",
    add_json,
    _run,
)
