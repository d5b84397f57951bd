"""What SLURM says of jobs that have not ended: which wait, what for, and which of them wait for ever."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

COMMAND = ("squeue", "--noheader", f"--user={os.getuid()}", "--format=%i|%T|%r|%S")
PENDING = "PENDING"

# Reasons of which waiting is no cure (squeue(1), "JOB REASON CODES"), and what is.
HOPELESS: Mapping[str, str] = MappingProxyType(
    {
        "PartitionTimeLimit": "ask for less --time, or for another --partition",
        "PartitionNodeLimit": "ask for fewer --cpus or less --memory, or for another --partition",
        "PartitionConfig": "ask for less, or for another --partition",
        "JobHeldUser": "it is held: release it with 'scontrol release', or leave --hold out of --extra",
        "JobHeldAdmin": "it is held by an administrator: ask them",
        "launch failed requeued held": "it could not be started: ask an administrator",
        "BadConstraints": "no node is like that: ask for less, or change --constraint in --extra",
        "DependencyNeverSatisfied": "leave the dependency out of --extra",
        "InvalidAccount": "give an --account that may compute here",
        "AccountNotAllowed": "give an --account that the partition takes, or another --partition",
        "InvalidQOS": "give another --qos in --extra",
        "QOSNotAllowed": "give a --qos in --extra that the partition takes, or another --partition",
        "ReservationDeleted": "leave the reservation out of --extra",
        "AssocMaxWallDurationPerJobLimit": "ask for less --time",
        "QOSMaxWallDurationPerJobLimit": "ask for less --time",
        "AssocMaxCpuPerJobLimit": "ask for fewer --cpus",
        "QOSMaxCpuPerJobLimit": "ask for fewer --cpus",
        "AssocMaxMemPerJob": "ask for less --memory",
        "QOSMaxMemoryPerJob": "ask for less --memory",
        "AssocMaxGRESPerJob": "ask for fewer --gpus",
        "QOSMaxGRESPerJob": "ask for fewer --gpus",
    }
)


@dataclass(frozen=True)
class Queued:
    """A job as the queue has it.

    Parameters
    ----------
    job, state, reason, start : str
        Its number; its state, such as ``PENDING``; what it waits for; when SLURM expects to start it, ``N/A`` where
        it does not know.
    """

    job: str
    state: str
    reason: str
    start: str

    @property
    def hopeless(self) -> str:
        """Why it will never start, and what to do about it; empty where it may."""
        # SLURM writes "(launch failed requeued held)" and "PartitionTimeLimit" alike.
        reason = self.reason.strip("()").replace("_", " ")
        remedy = HOPELESS.get(reason, "") if self.state == PENDING else ""
        return remedy and f"SLURM will not start job {self.job} ({reason}): {remedy}"


def read_queue(text: str) -> dict[str, Queued]:
    """Return the jobs that `COMMAND` printed, by number."""
    parts = (line.split("|") for line in text.splitlines() if line.count("|") == 3)
    return {job: Queued(job, state, reason, start) for job, state, reason, start in parts}


def summary(jobs: Iterable[Queued]) -> str:
    """Return in a few words what jobs are at."""
    jobs = list(jobs)
    if not jobs:
        return "no job in the queue"
    states = Counter(
        f"{job.state.lower()} ({job.reason})" if job.state == PENDING else job.state.lower() for job in jobs
    )
    told = ", ".join(f"{n} {state}" for state, n in states.items())
    expected = min(
        (job.start for job in jobs if job.start[:1].isdigit() and job.state == PENDING), default=""
    )
    return told + (f", the first expected to start {expected.replace('T', ' ')}" if expected else "")
