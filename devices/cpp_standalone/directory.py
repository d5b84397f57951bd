"""The directory of a project: checked before it is used, listed, and deleted without touching what is not ours."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ...core.model import Model
from ..base import Array, Build, DeviceError
from .backend import READABLE, SOURCE
from .options import make_settings, preferred_options
from .project import write_project

FOLDERS = ("engine", "arrays")
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
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written ({error.strerror}); choose another directory or change its permissions."
        ) from None


def export_project(directory: Path, build: Build, model: Model, inputs: Mapping[str, Array]) -> None:
    """Write the project tree, and a listing of what was written so that it can be deleted again."""
    source = (build.path / SOURCE).read_text()
    write_project(directory, source, build.manifest.inputs, inputs, make_settings(preferred_options()))
    for name in READABLE:
        shutil.copyfile(build.path / name, directory / name)
    written = [SOURCE, "Makefile", "parameters.txt", *READABLE]
    written += [str(p.relative_to(directory)) for f in FOLDERS for p in (directory / f).glob("*.*")]
    (directory / LISTING).write_text(json.dumps({"model": model.hash, "files": sorted(written)}, indent=1))


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
        objects = [str(Path(name).with_suffix(".o")) for name in names if name.endswith(".cpp")]
        for name in (*names, *objects, LISTING, "main", "model.so"):
            (directory / name).unlink(missing_ok=True)
        for folder in FOLDERS:
            _remove_if_empty(directory / folder)
    _remove_if_empty(directory)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
