"""Builds on their way to other machines: one blob with a digest, unpacked where it fits.

A build is tied to the processor that it was compiled for (``-march=native``) and to the system's C library. With it
goes the host, the program that loads it, so that a machine without a compiler can run it.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base import BuildError, Parcel
from .cache import BuildCache
from .toolchain import cpu_target

HOST = "host"
_FILES = 100  # and no more, whatever a blob says
_BYTES = 1 << 28


@dataclass(frozen=True)
class Fit:
    """What a machine must be like to run a build.

    Parameters
    ----------
    system : str
        Operating system and kind of processor.
    libc : tuple of int
        Version of the C library, at least; empty where it does not matter.
    cpu : str
        Model and instructions of the processor; empty where any will do.
    """

    system: str
    libc: tuple[int, ...]
    cpu: str

    @classmethod
    def here(cls, native: bool) -> Fit:
        """Return what fits builds of this machine."""
        return cls(f"{sys.platform} {platform.machine()}", _libc(), cpu_target() if native else "")

    def text(self) -> str:
        """Return it as a parcel has it."""
        return "|".join((self.system, ".".join(map(str, self.libc)), self.cpu))

    @classmethod
    def of(cls, text: str) -> Fit:
        """Return what `text` gave."""
        system, libc, cpu = text.split("|")
        return cls(system, tuple(int(n) for n in libc.split(".") if n), cpu)

    def problem(self, machine: Fit | None = None) -> str:
        """Say why a build that needs this cannot run on a machine, by default this one; empty if it can."""
        here = machine or Fit.here(bool(self.cpu))
        if self.system != here.system:
            return f"it was made for {self.system}, and this machine is {here.system}"
        if self.libc > here.libc:
            wants, has = (".".join(map(str, v)) for v in (self.libc, here.libc))
            return f"it needs version {wants} of the C library, and this machine has {has}"
        if self.cpu and self.cpu != here.cpu:
            return "it was made for another model of processor"
        return ""


def _libc() -> tuple[int, ...]:
    return tuple(int(part) for part in platform.libc_ver()[1].split(".") if part.isdigit())


_received: dict[str, dict[str, list[Parcel]]] = {}  # by sender and identity


def receive(sender: str, parcels: Iterable[Parcel]) -> None:
    """Keep parcels until a build is wanted."""
    found: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        found.setdefault(parcel.identity, []).append(parcel)
    _received[sender] = found


def received(identity: str) -> Sequence[Parcel]:
    """Return the parcels of a build that came, for whatever machines."""
    return [parcel for found in list(_received.values()) for parcel in found.get(identity, ())]


def forget(sender: str) -> None:
    """Let go of parcels; what was unpacked stays in the cache."""
    _received.pop(sender, None)


def fits(made: str, used: str) -> bool:
    """Whether a build that needs ``made`` runs on a machine that is ``used``, both in the words of parcels."""
    return not Fit.of(made).problem(Fit.of(used))


def pack(identity: str, build: Path, host: Path, native: bool) -> Parcel:
    """Put a build and its host into a blob."""
    buffer = io.BytesIO()
    files = sorted(p for p in build.iterdir() if p.is_file() and p.name[0] != "." and p.name != "files.json")
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)
        if not (build / HOST).exists():
            archive.write(host, HOST)
    blob = buffer.getvalue()
    return Parcel(identity, Fit.here(native).text(), hashlib.sha256(blob).hexdigest(), blob)


def unpack(parcel: Parcel, cache: BuildCache) -> Path:
    """Return where the build of a parcel is in the cache, unpacked now if need be.

    Raises
    ------
    BuildError
        The blob is not what was sent.
    CacheError
        The cache cannot be used.
    """
    return cache.make(f"shipped-{parcel.digest[:40]}", lambda folder: _fill(folder, parcel))


def _fill(folder: Path, parcel: Parcel) -> None:
    if hashlib.sha256(parcel.blob).hexdigest() != parcel.digest:
        raise BuildError("a build that came with the job was altered on its way; run the same again")
    with zipfile.ZipFile(io.BytesIO(parcel.blob)) as archive:
        entries = archive.infolist()
        plain = all(os.path.basename(entry.filename) == entry.filename for entry in entries)
        if len(entries) > _FILES or sum(entry.file_size for entry in entries) > _BYTES or not plain:
            raise BuildError(
                "a build that came with the job has files that no build has; it was not unpacked"
            )
        archive.extractall(folder)
    (folder / HOST).chmod(0o700)
