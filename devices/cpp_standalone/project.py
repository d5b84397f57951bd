"""The exported project: a source tree that can be read, changed and run without Python."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...core.model import Model
from ..base import Array, Build, DeviceError
from .backend import SOURCE
from .compile import engine_files

#: Longer inputs go into files of their own.
INLINE = 1
LISTING = "project.json"


class ProjectError(DeviceError):
    """A project directory that cannot be used."""


def check_directory(path: Path) -> None:
    """Refuse a directory that cannot be written, before anything is made.

    Raises
    ------
    ProjectError
        Naming the directory and what is in the way.
    """
    nearest = path
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise ProjectError(f"{path} cannot be a directory: {nearest} is a file; choose another one.")
    try:
        probe = nearest / f".spikefarm-{id(path)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written ({error.strerror}); choose another directory or change its permissions."
        ) from None


def export_project(directory: Path, build: Build, model: Model, inputs: Mapping[str, Array]) -> None:
    """Write the project tree: sources, engine, Makefile, parameters and a listing of what was written."""
    engine = directory / "engine"
    arrays = directory / "arrays"
    engine.mkdir(parents=True, exist_ok=True)
    written = [SOURCE, "model.txt", "kernels.txt", "parameters.txt", "Makefile"]
    for name in (SOURCE, "model.txt", "kernels.txt"):
        shutil.copyfile(build.path / name, directory / name)
    for source in engine_files():
        shutil.copyfile(source, engine / source.name)
        written.append(f"engine/{source.name}")
    makefile = Path(__file__).parent / "engine" / "Makefile.project"
    flags = build.manifest.provenance["flags"]
    text = makefile.read_text().replace("@CXX@", build.manifest.provenance.get("cxx", "g++"))
    (directory / "Makefile").write_text(text.replace("@CXXFLAGS@", flags))
    written += _write_parameters(directory, arrays, model, inputs)
    (directory / LISTING).write_text(json.dumps({"model": model.hash, "files": written}, indent=1))


def _write_parameters(directory: Path, arrays: Path, model: Model, inputs: Mapping[str, Array]) -> list[str]:
    lines = [
        f"# Inputs of model {model.hash}",
        "# name = value (base SI units), or name = @file.npy; change a value and run again.",
    ]
    written = []
    for item in model.inputs:
        if item.id not in inputs:
            continue
        value = inputs[item.id]
        unit = item.dim.unit_text()
        if value.size == INLINE:
            lines.append(f"{item.id} = {_number(value[0])}  # {unit}")
            continue
        name = f"arrays/{item.id.replace(':', '-').replace('@', '-')}.npy"
        arrays.mkdir(exist_ok=True)
        np.save(directory / name, value)
        lines.append(f"{item.id} = @{name}  # {value.size} values, {unit}")
        written.append(name)
    (directory / "parameters.txt").write_text("\n".join(lines) + "\n")
    return written


def _number(value: np.generic) -> str:
    return str(int(value)) if value.dtype.kind in "iub" else repr(float(value))


def delete_project(directory: Path, code: bool, data: bool, results: list[Path], force: bool) -> None:
    """Remove what was exported and what was saved; other files only with ``force``."""
    if force:
        shutil.rmtree(directory, ignore_errors=True)
        return
    if data:
        for path in results:
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
    listing = directory / LISTING
    if code and listing.is_file():
        names = json.loads(listing.read_text())["files"]
        for name in (*names, LISTING, "main"):
            (directory / name).unlink(missing_ok=True)
        for folder in ("engine", "arrays", "build"):
            _remove_if_empty(directory / folder)
    _remove_if_empty(directory)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
