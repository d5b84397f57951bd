"""Waiting for the first worker of a cluster of jobs, which may take hours on a busy site."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from .form import ClusterError
from .options import JobOptions
from .watch import Watch

if TYPE_CHECKING:
    from distributed import Client

FIRST_LOOK, LONGEST_PAUSE = 5.0, 30.0  # seconds between questions to SLURM
FIRST_WORD, LONGEST_SILENCE = 15.0, 600.0  # seconds between words about the queue


def wait_for_first(client: Client, watch: Watch, options: JobOptions, tell: Callable[[str], None]) -> None:
    """Wait until there is a worker, and say every now and then what SLURM says of the jobs.

    Raises
    ------
    ClusterError
        None will come, or none came for longer than was to be waited.
    """
    start, pause, word = time.monotonic(), FIRST_LOOK, FIRST_WORD
    while True:
        left = start + options.wait_seconds - time.monotonic()
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=max(min(pause, left), 0.1))
            return
        watch.cluster.sync(watch.look)
        problem = watch.submissions.refusal or watch.problem
        if problem:
            raise ClusterError(f"no worker can come up: {problem}")
        if left <= pause:
            raise ClusterError(
                f"no worker came up within wait={options.wait!r}: {watch.summary()}; wait longer, or ask for less"
            )
        if time.monotonic() - start >= word:
            tell(f"waiting for the first worker: {watch.summary()}; Ctrl-C gives up")
            word = min(2 * word, word + LONGEST_SILENCE)
        pause = min(2 * pause, LONGEST_PAUSE)
