"""What the environment says of sweeps that say nothing themselves; the command line sets it."""

from __future__ import annotations

import os

from .axes import SweepError

SCHEDULER, WORKERS, QUIET = "SPIKEFARM_SCHEDULER", "SPIKEFARM_WORKERS", "SPIKEFARM_QUIET"


def scheduler() -> str | None:
    """Return the address of the Dask scheduler to use, if one is named."""
    return os.environ.get(SCHEDULER) or None


def workers() -> int | None:
    """Return how many runs at a time, if that is said.

    Raises
    ------
    SweepError
        Not a number of workers.
    """
    text = os.environ.get(WORKERS)
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise SweepError(f"{WORKERS}={text!r}: give a whole number, 1 or more, or nothing for all cores")
    return int(text)


def quiet() -> bool:
    """Whether sweeps that are not told otherwise say nothing."""
    return bool(os.environ.get(QUIET))
