"""Which runs this process is at, and how far each is: told to whoever watches."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any


@dataclass
class Current:
    """One run on its way.

    Parameters
    ----------
    token : str
        Of its job.
    run : int
        Its number.
    started : float
        When, in seconds since 1970.
    fraction : float or None
        How much of it is done, if it tells.
    done : int
        Runs that this thread has done before for this job.
    """

    token: str
    run: int
    started: float
    fraction: float | None = None
    done: int = 0


_current: dict[int, Current] = {}
_done: dict[tuple[str, int], int] = {}


def begin(token: str, run: int) -> None:
    """This thread begins a run."""
    me = threading.get_ident()
    _current[me] = Current(token, run, time.time(), done=_done.get((token, me), 0))


def end() -> None:
    """This thread has ended its run."""
    me = threading.get_ident()
    ended = _current.pop(me, None)
    if ended is not None:
        _done[ended.token, me] = ended.done + 1


def tell(fraction: float) -> None:
    """Tell how far this thread's run is."""
    current = _current.get(threading.get_ident())
    if current is not None:
        current.fraction = float(fraction)


def report(elapsed: Any, fraction: float, *_: Any) -> None:
    """Tell how far this thread's run is; usable as ``run(..., report=report)``."""
    tell(fraction)


def forget(token: str) -> None:
    """Forget a job that has ended."""
    for key in [key for key in _done if key[0] == token]:
        del _done[key]


def snapshot() -> list[dict[str, Any]]:
    """Return the runs on their way, as JSON has them."""
    now = time.time()
    return [
        {
            "token": c.token,
            "run": c.run,
            "seconds": now - c.started,
            "fraction": c.fraction,
            "done": c.done,
        }
        for c in list(_current.values())
    ]
