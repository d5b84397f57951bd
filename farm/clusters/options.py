"""What a batch system is asked for."""

from __future__ import annotations

import json
import os
import re
from argparse import Namespace, _ActionsContainer
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, final

from ..axes import refuse

_MEMORY = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B?", re.IGNORECASE)
_PLAIN = re.compile(r"[\w.,:=@%+/~-]*")
_TIMES = (
    # "minutes", "minutes:seconds", "hours:minutes:seconds", and with "days-" before "hours[:minutes[:seconds]]"
    (re.compile(r"(\d+)"), (60,)),
    (re.compile(r"(\d+):(\d+)"), (60, 1)),
    (re.compile(r"(\d+):(\d+):(\d+)"), (3600, 60, 1)),
    (re.compile(r"(\d+)-(\d+)"), (86400, 3600)),
    (re.compile(r"(\d+)-(\d+):(\d+)"), (86400, 3600, 60)),
    (re.compile(r"(\d+)-(\d+):(\d+):(\d+)"), (86400, 3600, 60, 1)),
)
SHORTEST_SECONDS = 60
_BYTES = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@final
@dataclass(frozen=True)
class JobOptions:
    """What a batch system is asked for. Nothing of it changes a result.

    Parameters
    ----------
    jobs : int
        Worker jobs at most, tasks of the one job, or tasks of the array: what has `cpus` cores each.
    cpus : int
        Cores of each; it does so many runs at a time.
    memory : str
        Of each, such as ``'4GB'``.
    gpus : int
        Of each.
    time : str
        Wall time, as SLURM writes it: ``'90'`` (minutes), ``'12:00:00'``, ``'2-00'`` (days and hours).
    partition, account : str
        Empty for the site's default.
    interface : str
        Network interface between the nodes, such as ``'ib0'``; empty for the one of the host's name.
    folder : str
        For logs, and for the keys of encrypted connections, which only its owner can read: on a file system that
        all nodes see.
    extra : tuple of str
        Further arguments of ``sbatch``, such as ``'--constraint=avx512'``.
    wait : str
        How long the first worker may take to come up, as `time`; empty for as long as the queue takes.
    """

    jobs: int = 4
    cpus: int = 1
    memory: str = "2GB"
    gpus: int = 0
    time: str = "1:00:00"
    partition: str = ""
    account: str = ""
    interface: str = ""
    folder: str = "spikefarm-jobs"
    extra: tuple[str, ...] = ()
    wait: str = ""

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises
        ------
        SweepError
            All that is wrong.
        """
        problems = [
            f"{name}={value!r}: give a whole number, 1 or more"
            for name, value in (("jobs", self.jobs), ("cpus", self.cpus))
            if not isinstance(value, int) or value < 1
        ]
        if not isinstance(self.gpus, int) or self.gpus < 0:
            problems.append(f"gpus={self.gpus!r}: give a whole number, 0 or more")
        if not _MEMORY.fullmatch(self.memory):
            problems.append(f"memory={self.memory!r}: give a number with a unit, such as '4GB' or '500MB'")
        if _seconds(self.time) is None:
            problems.append(
                f"time={self.time!r}: give minutes, hours:minutes:seconds or days-hours, such as '90' or '12:00:00'"
            )
        elif self.seconds < SHORTEST_SECONDS:
            problems.append(f"time={self.time!r}: give a minute at least")
        if self.wait and not _seconds(self.wait):
            problems.append(
                f"wait={self.wait!r}: give minutes, hours:minutes:seconds or days-hours, or leave it out to wait "
                "for as long as it takes"
            )
        # dask-jobqueue puts these into scripts of a shell, so nothing may mean anything to one.
        problems += [
            f"{name}={word!r}: use letters, digits and any of . , : = @ % + / _ - only"
            for name in ("partition", "account", "interface", "folder", "extra")
            for word in ([*self.extra] if name == "extra" else [getattr(self, name)])
            if not _PLAIN.fullmatch(word)
        ]
        problems += [
            f"extra has {word!r}: give arguments of sbatch that begin with '-', such as '--constraint=avx512'"
            for word in self.extra
            if not word.startswith("-")
        ]
        refuse("cluster", problems)

    @property
    def seconds(self) -> int:
        """The wall time."""
        return _seconds(self.time) or 0

    @property
    def wait_seconds(self) -> float:
        """How long the first worker may take."""
        return float(_seconds(self.wait) or "inf")

    @property
    def megabytes(self) -> int:
        """The memory of each job, in units of 2**20 bytes, rounded up."""
        number = float(re.match(r"[\d.]+", self.memory)[0])  # type: ignore[index]
        unit = _BYTES[re.search(r"[KMGT]", self.memory, re.IGNORECASE)[0].upper()]  # type: ignore[index]
        return max(1, -int(-number * unit // 2**20))

    def gpu_arguments(self) -> list[str]:
        """Return what ``sbatch`` is told of GPUs."""
        return [f"--gpus-per-task={self.gpus}"] if self.gpus else []

    def resources(self) -> str:
        """Return what a worker has, as ``dask worker`` is told."""
        memory = f"memory={self.megabytes * 2**20}"
        return f"{memory},GPU={self.gpus}" if self.gpus else memory

    @property
    def shared(self) -> Path:
        """The folder, absolute."""
        return Path(self.folder).expanduser().absolute()

    def to_json(self) -> str:
        """Return the options as the environment of a job can hold them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> JobOptions:
        """Return the options that `to_json` wrote."""
        found: dict[str, Any] = json.loads(text)
        return cls(**{**found, "extra": tuple(found.get("extra", ()))})

    @classmethod
    def add_arguments(cls, parser: _ActionsContainer) -> None:
        """Declare these options for a command line."""
        default = cls()
        for name, kind, told in _ARGUMENTS:
            was = getattr(default, name)
            shown = f"{told} (default: {was})" if was != "" else told
            parser.add_argument(f"--{name}", type=kind, default=was, help=shown)
        parser.add_argument(
            "--extra", action="append", default=[], metavar="ARGUMENT", help="further argument of sbatch"
        )

    @classmethod
    def from_arguments(cls, found: Namespace) -> JobOptions:
        """Return the options that a command line gave."""
        given = {field.name: getattr(found, field.name) for field in fields(cls)}
        return cls(**{**given, "extra": tuple(found.extra)})


_ARGUMENTS: tuple[tuple[str, Any, str], ...] = (
    ("jobs", int, "worker jobs at most, or tasks"),
    ("cpus", int, "cores of each: so many runs at a time"),
    ("memory", str, "memory of each"),
    ("gpus", int, "GPUs of each"),
    ("time", str, "wall time of a job"),
    ("partition", str, "partition; the site's default unless given"),
    ("account", str, "account to charge"),
    ("interface", str, "network interface between nodes, such as ib0"),
    ("wait", str, "how long the first worker may take; as long as the queue takes unless given"),
    ("folder", str, "for logs and keys, on a file system that all nodes see"),
)


def _seconds(text: str) -> int | None:
    for pattern, units in _TIMES:
        found = pattern.fullmatch(text)
        if found:
            return sum(int(n) * unit for n, unit in zip(found.groups(), units, strict=True))
    return None


def make_private(folder: Path) -> Path:
    """Make a folder that nobody else can look into, for logs and keys.

    Raises
    ------
    SweepError
        It is there and belongs to somebody else, or cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
        if owner == os.getuid():
            folder.chmod(0o700)
    except OSError as error:
        refuse("cluster", [f"folder {folder} cannot be made: {error.strerror}; choose another folder"])
    if owner != os.getuid():
        refuse("cluster", [f"folder {folder} belongs to user {owner}; choose one of your own"])
    return folder
