"""What goes wrong with the place of a store while it is used, in words that say what to do."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .place import Place
from .schema import LockedError, StoreError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
VITAL = ("zarr.json", "runs/zarr.json", "runs/key/zarr.json", "sweeps/zarr.json")
_LOOKS, _PAUSE = 5, 0.1


@contextmanager
def told(place: Place) -> Iterator[None]:
    """Tell that a disk is full, or that the store was deleted, instead of what came of it.

    Raises
    ------
    StoreError
        From the error that was raised.
    """
    try:
        yield
    except LockedError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise StoreError(
                f"cannot write to the store {place}: {error.strerror}; make room, then run the same again to go on"
            ) from error
        _tell_if_gone(place, error)
        raise
    except (StoreError, KeyError, ValueError, TypeError) as error:
        _tell_if_gone(place, error)
        raise


def _tell_if_gone(place: Place, error: Exception) -> None:
    # Deleting a folder takes a while, and what is gone first is a matter of chance: hence several looks.
    for look in range(_LOOKS):
        if any(place.read(key) is None for key in VITAL):
            raise StoreError(
                f"there is no store at {place} any more, or not all of it: was it moved or deleted? Run the same "
                "again to make a new one"
            ) from error
        if isinstance(error, StoreError):
            return
        time.sleep(_PAUSE * (look < _LOOKS - 1))
