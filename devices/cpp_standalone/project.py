"""A model as a source tree that is read, changed, built with make and run without Python."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..base import Array, InputSpec
from .compile import ENGINE, engine_files
from .runner import convert

_LINES_OF_NUMBERS = 1  # longer arrays get a file of their own


def write_project(
    folder: Path,
    source: str,
    inputs: Sequence[InputSpec],
    values: Mapping[str, Array],
    make_settings: str = "",
) -> None:
    """Write ``model.cpp``, ``engine/``, ``Makefile``, ``parameters.txt`` and ``arrays/``.

    Files that are there already are replaced, others are left alone.

    Parameters
    ----------
    folder : path
        Made if need be.
    source : str
        The generated translation unit.
    inputs, values
        What the model reads, and the values that ``./main`` takes when it is told nothing else.
    make_settings : str
        Lines at the beginning of the Makefile.

    Raises
    ------
    ValueError
        When a value does not fit its input; nothing has been written then.
    OSError
        When the folder cannot be written.
    """
    specs = {spec.id: spec for spec in inputs}
    unknown = sorted(set(values) - set(specs))
    if unknown:
        raise ValueError(f"this model has no input {', '.join(map(repr, unknown))}")
    converted = {name: convert(value, specs[name]) for name, value in values.items()}
    (folder / "engine").mkdir(parents=True, exist_ok=True)
    for path in engine_files():
        shutil.copyfile(path, folder / "engine" / path.name)
    (folder / "Makefile").write_text(make_settings + (ENGINE / "Makefile.project").read_text())
    (folder / "model.cpp").write_text(source)
    write_parameters(folder, inputs, converted)


def write_parameters(folder: Path, inputs: Sequence[InputSpec], values: Mapping[str, Array]) -> None:
    """Write ``parameters.txt`` and, for inputs of several elements, ``arrays/*.npy``.

    An input without a value becomes a comment, so that a reader sees what could be set.
    """
    lines = [
        "# Inputs in base SI units: a number, several separated by commas, or @FILE.npy.",
        "# `./main NAME=VALUE` overrides a line.",
    ]
    for spec in inputs:
        unit = f"  # {spec.unit}" if spec.unit not in ("", "1") else ""
        value = values.get(spec.id)
        if value is None:
            lines.append(f"# {spec.id} ={unit}")
        elif value.size > _LINES_OF_NUMBERS:
            path = Path("arrays") / f"{_file_name(spec.id)}.npy"
            (folder / "arrays").mkdir(exist_ok=True)
            np.save(folder / path, value)
            lines.append(f"{spec.id} = @{path}{unit}")
        else:
            numbers = ", ".join(repr(number) for number in value.tolist())
            lines.append(f"{spec.id} = {numbers}{unit}")
    (folder / "parameters.txt").write_text("\n".join(lines) + "\n")


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)
