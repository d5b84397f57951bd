"""Memory that a process has let go of and the C library keeps: large sweeps hand it back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def hand_back() -> None:
    """Return free memory to the system, where the C library is glibc; elsewhere there is no need, or no way."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
