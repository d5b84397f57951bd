"""Memory that a process has let go of and the C library keeps: large sweeps hand it back to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

LARGE = 100_000


def hand_back(runs: int) -> None:
    """After work on so many runs, return free memory to the system.

    It does nothing for few, nor where the C library is another one than glibc, which needs it.
    """
    if runs < LARGE:
        return
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
