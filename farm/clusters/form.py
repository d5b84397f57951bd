"""What a form of cluster is: how a script is submitted to it, and where the runs are done once it runs there."""

from __future__ import annotations

import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..axes import refuse
from .options import JobOptions, make_private

if TYPE_CHECKING:
    from distributed import Client

CLUSTER, OPTIONS = "SPIKEFARM_CLUSTER", "SPIKEFARM_CLUSTER_OPTIONS"
JOB_SCRIPT = Path(__file__).resolve().parent / "job.sh"


class ClusterError(RuntimeError):
    """The batch system did not do what it was asked to."""


@dataclass(frozen=True)
class Submitted:
    """A job that a batch system has taken.

    Parameters
    ----------
    job : str
        Its number.
    command : tuple of str
        What was called.
    log : Path
        Where it writes.
    """

    job: str
    command: tuple[str, ...]
    log: Path


class ClusterForm(ABC):
    """One way of using a batch system.

    Attributes
    ----------
    name : str
        As the command line has it.
    summary : str
        A line for people.
    needs_store : bool
        Whether results can only come together in a store.
    elsewhere : bool
        Whether workers may be on other machines than the script.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs_store: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = True

    @abstractmethod
    def arguments(self, options: JobOptions) -> list[str]:
        """Return what ``sbatch`` is told beside what all forms tell it."""

    @abstractmethod
    def connect(
        self,
        options: JobOptions,
        processes: bool,
        workers: int | None,
        needs: Mapping[str, float],
        tell: Callable[[str], None] = print,
    ) -> AbstractContextManager[Client]:
        """Return a context in which workers do runs; only in a job of this form.

        Parameters
        ----------
        options : JobOptions
        processes : bool
            Whether runs keep Python busy, so that each needs a process.
        workers : int, optional
            Runs at a time, by default as many as the job has cores for.
        needs : mapping
            What each run takes of a worker: ``memory`` in bytes, ``GPU``.
        tell : callable
            Says a line to the user.
        """

    def rank(self) -> tuple[int, int]:
        """Return which of how many equal clients this one is, so that they begin at different runs."""
        return 0, 1

    def submit(
        self, script: str | Path, arguments: Sequence[str] = (), options: JobOptions | None = None
    ) -> Submitted:
        """Have a script run; its sweeps use this form of cluster wherever they are given no other.

        Nothing is put together for a shell: what is called is a list of words, and the job's script is always
        the same.

        Raises
        ------
        SweepError
            Options make no sense, or there is no such script.
        ClusterError
            The batch system refused, in its own words.
        """
        options = options or JobOptions()
        options.check()
        path = Path(script).expanduser().absolute()
        if not path.is_file():
            refuse("cluster", [f"there is no script {path}"])
        log = make_private(options.shared) / f"{path.stem}-%j.log"
        command = (
            "sbatch",
            "--parsable",
            f"--job-name={path.stem}",
            f"--output={log}",
            f"--time={options.time}",
            *(f"--{key}={value}" for key, value in common(options)),
            *self.arguments(options),
            *options.extra,
            str(JOB_SCRIPT),
            *(sys.executable, str(path), *arguments),
        )
        job = call(command, {CLUSTER: self.name, OPTIONS: options.to_json()}).partition(";")[0]
        return Submitted(job, command, Path(str(log).replace("%j", job)))


def common(options: JobOptions) -> list[tuple[str, str]]:
    """Return what jobs of all forms are asked for, where it was given."""
    given = (("partition", options.partition), ("account", options.account))
    return [(key, value) for key, value in given if value]


def call(command: Sequence[str], environment: dict[str, str]) -> str:
    """Call a program of the batch system and return what it says.

    Raises
    ------
    ClusterError
        It is not there, or refused, in its own words.
    """
    import os

    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
        )
    except FileNotFoundError:
        raise ClusterError(
            f"there is no {command[0]!r} on this machine: submit from a login node of the cluster, or leave the "
            "cluster out to run here"
        ) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ClusterError(f"{command[0]} refused (exit status {done.returncode}): {said}")
    return done.stdout.strip()
