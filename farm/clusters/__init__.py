"""Where runs are done on a cluster: forms of using a batch system, one a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..axes import refuse
from .form import CLUSTER, OPTIONS, ClusterError, ClusterForm, Submitted
from .options import JobOptions
from .slurm_array import SlurmArray
from .slurm_batch import SlurmBatch
from .slurm_jobs import SlurmJobs

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["CLUSTER", "FORMS", "OPTIONS", "ClusterError", "ClusterForm", "JobOptions", "Submitted"]
__all__ += ["SlurmArray", "SlurmBatch", "SlurmJobs", "current_form", "form_named", "slurm_jobs"]

FORMS: Mapping[str, ClusterForm] = {form.name: form for form in (SlurmJobs(), SlurmBatch(), SlurmArray())}


def form_named(name: str) -> ClusterForm:
    """Return a form of cluster.

    Raises
    ------
    SweepError
        There is none of that name.
    """
    if name not in FORMS:
        refuse("cluster", [f"there is no cluster {name!r}; there are {', '.join(FORMS)}"])
    return FORMS[name]


def current_form() -> tuple[ClusterForm, JobOptions] | None:
    """Return which form of cluster this process was submitted to, and with which options; None if to none.

    Raises
    ------
    SweepError
        The environment names one that there is not.
    """
    name = os.environ.get(CLUSTER)
    if not name:
        return None
    return form_named(name), JobOptions.from_json(os.environ.get(OPTIONS, "{}"))


@contextmanager
def slurm_jobs(options: JobOptions | None = None, *, processes: bool = False) -> Iterator[Client]:
    """Have SLURM start workers as jobs of their own, for the time of a ``with`` block.

    Parameters
    ----------
    options : JobOptions, optional
    processes : bool
        A process for each run at a time, for experiments, rather than a thread.

    Yields
    ------
    distributed.Client
        For ``sweep.run(..., client=client)``.

    Raises
    ------
    SweepError
        Options make no sense.
    RuntimeError
        A package is missing.
    ClusterError
        No worker can come up, in SLURM's words; or none came for as long as ``options.wait``.
    """
    with FORMS["slurm-jobs"].connect(options or JobOptions(), processes, None, {}) as client:
        yield client
