"""What becomes of a sweep: figures, slots of the store, and the ways in which it can end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..store.log import RunLog
from ..store.memory import SCHEME
from ..store.schema import Slot
from .worker import BatchReceipt

MAX_RESERVE = 256
SHOWN_ERRORS = 3


class RunsFailedError(RuntimeError):
    """No run succeeded, so nothing is known of what the outputs look like; no run was recorded."""


class SweepCancelledError(RuntimeError):
    """Somebody asked for a sweep to end; completed runs are in the store."""


class FarmError(RuntimeError):
    """The cluster could not go on; completed runs are in the store."""


@dataclass
class Tally:
    """What became of the runs of a sweep."""

    simulated: int = 0
    failed: int = 0
    cached: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    def counts(self, runs: int) -> dict[str, int]:
        """Return the figures, for so many runs."""
        return {"runs": runs, "simulated": self.simulated, "cached": self.cached, "failed": self.failed}

    def join(self, other: Tally) -> None:
        """Count what became of other runs of the sweep."""
        self.simulated += other.simulated
        self.failed += other.failed
        self.cached += other.cached
        self.seconds += other.seconds
        self.errors += [e for e in other.errors if e not in self.errors][: SHOWN_ERRORS - len(self.errors)]

    def add(self, receipt: BatchReceipt) -> None:
        """Count a batch."""
        self.simulated += receipt.n_done + receipt.n_failed
        self.failed += receipt.n_failed
        self.seconds += receipt.seconds
        self.errors += [e for e in receipt.errors if e not in self.errors][: SHOWN_ERRORS - len(self.errors)]


@dataclass
class Slots:
    """Slots of a store, reserved ahead of need."""

    store: RunLog
    ready: deque[Slot] = field(default_factory=deque)
    ahead: int = 4

    def take(self) -> Slot:
        """Return a slot that nobody has."""
        if not self.ready:
            with self.store.lock():
                self.ready.extend(self.store.reserve(self.ahead))
            self.ahead = min(2 * self.ahead, MAX_RESERVE)
        return self.ready.popleft()

    def give_back(self) -> None:
        """Return to the store what was not used."""
        if self.ready:
            with self.store.lock():
                self.store.release(tuple(self.ready))
        self.ready.clear()


def how_to_go_on(done: int, n: int, store: str) -> str:
    """Return what to tell when a sweep ends early."""
    if store.startswith(SCHEME):
        return f"{done} of {n} runs were done, and are forgotten; give store=... to keep them"
    return f"{done} of {n} runs are in {store}; run the same again to do the others"


def spread(n: int, wanted: int) -> list[int]:
    """Return up to `wanted` of the numbers below `n`, the first, then far from each other.

    Multiples of the golden ratio modulo one (Weyl's equidistribution) leave no large gap at any count.
    """
    places = (np.arange(4 * wanted) * 0.6180339887498949 % 1.0 * n).astype(int)
    return list(dict.fromkeys(places.tolist()))[: min(wanted, n)]


def none_succeeded(errors: Sequence[str]) -> str:
    """Return what to tell when no pilot succeeded."""
    different = list(dict.fromkeys(errors))
    told = "".join(f"\n- {error}" for error in different[:SHOWN_ERRORS])
    return f"none of the {len(errors)} runs that were tried first succeeded, so the sweep stopped:{told}"
