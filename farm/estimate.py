"""What a run will cost: by runs in a store, by trying one, or by the size of the model."""

from __future__ import annotations

import os
import time

import numpy as np

from ..store.layout import RAGGED, RUNS
from ..store.place import Place
from ..store.results import open_results
from ..store.runstore import RunStore
from .plan import Estimate
from .study import Study
from .values import column_of

LOG_BYTES = 60  # of a run in the log, compressed: key, seed, times, status


def measured(store: RunStore) -> Estimate | None:
    """Return what runs of the latest sweep in a store cost; None where it has none."""
    if not store.sweeps():
        return None
    with open_results(store.place) as data:
        times = data.wall_time.values
    n = len(store.completed())
    if not n or not np.isfinite(times).any():
        return None
    return Estimate(float(np.nanmean(times)), _bytes(store.place) / n, "by the runs in the store")


def _bytes(place: Place) -> int:
    return sum(sum(place.sizes(part).values()) for part in (RUNS, RAGGED))


def tried(study: Study, time_limit: float | None) -> Estimate:
    """Do the first run in this process and return what it cost, once what it needs is compiled.

    Raises
    ------
    Exception
        What goes wrong.
    """
    run = int(np.argmax(study.space.is_run))
    if study.builds is not None:
        study.builds.prepare(os.cpu_count() or 1)
    executor = study.work.executor()
    try:
        for _ in range(1 if study.builds is not None else 2):  # the first may compile
            start = time.perf_counter()
            values = executor.run(study.space.point(run), int(study.seeds[run]), time_limit)
            seconds = time.perf_counter() - start
    finally:
        executor.close()
    n_bytes = LOG_BYTES + sum(
        value.array.nbytes + (16 if column_of(name, value).ragged else 0) for name, value in values.items()
    )
    return Estimate(seconds, n_bytes, "by one run, before compression")


def guessed(study: Study) -> Estimate | None:
    """Return an order of magnitude by the models' sizes; None where they are not known."""
    if study.builds is None or not study.builds.simulations:
        return None
    seconds = float(np.mean([s.guessed_seconds() for s in study.builds.simulations]))
    n_bytes = LOG_BYTES + 8 * max(1, len(study.outputs))
    return Estimate(seconds, n_bytes, "a guess; dry_run() tells more")
