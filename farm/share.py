"""Sharing a sweep with other clients of the same store: nobody does a run that somebody else has done or is at."""

from __future__ import annotations

from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..store.completed import KeyIndex
from ..store.log import RunLog
from .keys import Array

Runs = NDArray[np.int64]


@final
class Share:
    """One client's part of a sweep, for the time of a ``with`` block.

    Parameters
    ----------
    store : RunLog
    keys : uint8 array, shape (n, 32)
        Of every run of the sweep.
    written : list of int
        Slots of the store that were looked at already, when it was found out what is to be done.
    purpose : str
        What the runs are for, by which others know that they are at the same.
    """

    def __init__(self, store: RunLog, keys: Array, written: list[int], purpose: str) -> None:
        self.store, self.keys = store, keys
        self.writer = store.claims(purpose)
        self.known = set(written)  # slots that need no look any more, our own among them
        self.done = np.zeros(len(keys), bool)  # elsewhere, since this began
        self.claims: dict[str, set[int]] = {}
        self.claim_of: dict[int, str] = {}

    def __enter__(self) -> Share:
        self.writer.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        self.writer.__exit__(*reason)

    def claim(self, runs: Runs, limit: int | None = None) -> Runs:
        """Return those of some runs, the first `limit` at most, that are now ours to do.

        Of the others, `done` tells which ones somebody else has done meanwhile.
        """
        with self.store.lock():
            # Claims first: whose claim is gone by then has its runs in the store.
            taken = np.zeros(len(self.keys), bool)
            taken[self._runs_of(self.writer.claimed_elsewhere())] = True
            self._look()
            mine = runs[~(taken | self.done)[runs]][:limit]
            if len(mine):
                self._claim(mine)
        return mine

    def _claim(self, runs: Runs) -> None:
        claim = self.writer.claim(self.keys[runs])
        self.claims[claim] = set(runs.tolist())
        self.claim_of.update(dict.fromkeys(runs.tolist(), claim))

    def finish(self, runs: Runs) -> None:
        """Say that runs that were ours are in the store."""
        for run in runs.tolist():
            claim = self.claim_of.pop(run, None)
            if claim is not None:
                self.claims[claim].discard(run)
                if not self.claims[claim]:
                    del self.claims[claim]
                    self.writer.give_back(claim)

    def _look(self) -> None:
        """Note what others have written since the last look."""
        new = [slot for slot in self.store.written() if slot not in self.known]
        if new:
            self.known.update(new)
            self.done[self._runs_of(self.store.completed(new).keys)] = True

    def _runs_of(self, keys: Array) -> Runs:
        """Return which runs of this sweep have these keys."""
        if not len(keys):
            return np.empty(0, np.int64)
        if not len(keys):
            return np.empty(0, np.int64)
        found = self._index.find(keys)
        return found[found >= 0]

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)
