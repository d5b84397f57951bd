"""Files of snapshots: what ``store(filename=…)`` writes and ``restore(filename=…)`` reads.

A file is a plain ``.npz`` archive of arrays, which holds no code: entries are called ``name/key``, where a snapshot's
keys are those of `Snapshot`. Any program that reads ``.npz`` can look into it.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .base import Array, DeviceError

FORMAT = "spikefarm snapshots 1"
_FORMAT_KEY = "format"


class SnapshotError(DeviceError, KeyError):
    """A snapshot that does not exist, cannot be read, or is of other objects."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Snapshot:
    """State of some objects at one moment, as arrays.

    Keys are ``variables/object/variable``, ``records/object/variable``, ``dt/object``, ``ticks/object`` (steps that
    the object's clock has made), ``assigned/object/variable`` (how many strings have been assigned), ``time`` and
    ``seed``.
    """

    arrays: Mapping[str, Array]

    def parts(self, kind: str) -> dict[tuple[str, str], Array]:
        """Arrays of one kind by object and variable (an empty one where there is none)."""
        found = {}
        for key, values in self.arrays.items():
            first, _, rest = key.partition("/")
            if first == kind and rest:
                owner, _, variable = rest.partition("/")
                found[owner, variable] = values
        return found

    @property
    def owners(self) -> frozenset[str]:
        """Names of the objects that it is of."""
        return frozenset(owner for owner, _ in self.parts("dt"))


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a snapshot."""
    if not isinstance(name, str) or not name or "/" in name or name == _FORMAT_KEY:
        raise ValueError(
            f"store(): {name!r:.60} cannot be the name of a snapshot; give a text without '/' other than 'format'."
        )


def read_file(path: str | os.PathLike[str]) -> dict[str, Snapshot]:
    """All snapshots of a file.

    Raises
    ------
    SnapshotError
        If it is no file of snapshots.
    FileNotFoundError
        If it does not exist.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if str(archive.get(_FORMAT_KEY, "")) != FORMAT:
                raise SnapshotError(f"{path} is no file of snapshots of this version ({FORMAT!r}).")
            arrays = {key: archive[key] for key in archive.files if key != _FORMAT_KEY}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SnapshotError(f"{path} is no file of snapshots, or a damaged one: {error}.") from None
    found: dict[str, dict[str, Array]] = {}
    for key, values in arrays.items():
        name, _, rest = key.partition("/")
        found.setdefault(name, {})[rest] = values
    return {name: Snapshot(parts) for name, parts in found.items()}


def add_to_file(path: str | os.PathLike[str], name: str, snapshot: Snapshot) -> None:
    """Add a snapshot to those of a file, in place of one of that name; the file is replaced when complete.

    Raises
    ------
    SnapshotError
        If there is a file that is none of snapshots.
    """
    target = Path(path)
    known = read_file(target) if target.exists() else {}
    known[name] = snapshot
    arrays = {f"{n}/{key}": values for n, s in known.items() for key, values in s.arrays.items()}
    handle, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **{_FORMAT_KEY: np.array(FORMAT)}, **arrays)
        os.replace(aside, target)
    except BaseException:
        os.unlink(aside)
        raise
