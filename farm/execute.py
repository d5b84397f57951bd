"""From a study to a labelled data set: the store, what it has already, the rest through a cluster."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..store.layout import is_free
from ..store.log import RunLog
from ..store.memory import MemoryLog
from ..store.place import PathLike, Place, place_of
from ..store.runstore import RunStore
from ..store.schema import FAILED, MISSING
from ..store.writers import others
from .clusters import current_form
from .control import Session, Status, forget_dead, new_id
from .cores import cores
from .crews import begins_here, crew_for
from .estimate import guessed, measured, tried
from .loading import load
from .memory import hand_back
from .options import Options
from .plan import Estimate, Plan, count, duration
from .progress import Progress, wanted
from .reuse import Piece, pieces, to_simulate
from .schedule import Schedule
from .share import Share
from .shipping import elsewhere
from .study import Study
from .tally import Tally, how_to_go_on

if TYPE_CHECKING:
    import xarray as xr


class FailedRunsWarning(UserWarning):
    """Some runs of a sweep failed."""


def plan(study: Study, store: PathLike | None) -> Plan:
    """Return what a study would do, looking at the store but changing nothing."""
    path = None if store is None else place_of(store).path
    status, estimate, simulated = np.zeros(len(study), np.uint8), guessed(study), len(study)
    found = _existing(study, store)
    if found is not None:
        _, status = found.find(study.keys)
        missing = np.flatnonzero((status == MISSING) & study.space.is_run).astype(np.int64)
        simulated = to_simulate(pieces(study, found, each_once(study.keys, missing)))
        status = status[study.space.is_run]
        estimate = measured(found) or estimate
    cached, failed = int(np.count_nonzero(status != MISSING)), int(np.count_nonzero(status == FAILED))
    return _plan(study, cached, failed, path, estimate, simulated)


def dry_run(study: Study, time_limit: Any) -> Plan:
    """Do one run in this process and return a plan that knows what it cost."""
    return _plan(study, 0, 0, None, tried(study, Options.of(time_limit=time_limit).limit), len(study))


def _plan(
    study: Study, cached: int, failed: int, path: Path | str | None, estimate: Estimate | None, simulated: int
) -> Plan:
    builds, subject, space = study.builds, study.subject, study.space
    if builds is None:
        return Plan(subject, space, None, 0, cached, failed, path, simulated, estimate, cores())
    n = len(builds.simulations)
    ready = n - len(builds.missing())
    return Plan(
        subject,
        space,
        n,
        ready,
        cached,
        failed,
        path,
        simulated,
        estimate,
        cores(),
        builds.problems,
        study.lanes,
    )


def _existing(study: Study, store: PathLike | None) -> RunStore | None:
    """Return the store if it is there.

    Raises
    ------
    StoreError
        It cannot be used.
    """
    if store is None or is_free(place_of(store)):
        return None
    return RunStore.create_or_open(store, study.owner)


def execute(study: Study, options: Options) -> xr.Dataset:
    """Do what is missing of a study and return all of it.

    Errors as for `complete`.
    """
    start = time.perf_counter()
    with _place(study, options) as place:
        store, tally = _complete(study, options, place)
        data = store.dataset(study.id)
        if options.store is None:
            data = data.load()
    data = data.assign_attrs(tally.counts(len(study)))
    _report(study, tally, options, time.perf_counter() - start)
    return data


def complete(study: Study, options: Options) -> Tally:
    """Do what is missing of a study.

    Raises
    ------
    StoreError, OwnerError, LockedError
        The store cannot be used; nothing ran.
    RunsFailedError, FarmError
        See `Schedule.run`.
    SweepCancelledError
        Somebody asked for it; tells how to go on.
    KeyboardInterrupt
        After telling how to go on.
    """
    start = time.perf_counter()
    with _place(study, options) as place:
        _, tally = _complete(study, options, place)
    _report(study, tally, options, time.perf_counter() - start)
    return tally


def _complete(study: Study, options: Options, place: Place | None) -> tuple[RunLog, Tally]:
    here = begins_here(study.work, options)
    load(*(() if here else ("distributed",)), *(() if place is None else ("zarr",)), "xarray", "dask.base")
    if not options.overwrite:
        _existing(study, options.store)
    if not elsewhere(options):  # without a compiler nothing is written either
        _prepare(study, options.workers or os.cpu_count() or 1)
    if place is None:
        log = MemoryLog()
        return log, _fill(study, log, options)
    store = RunStore.create_or_open(place, study.owner, overwrite=options.overwrite)
    tally = _fill(study, store, options)
    study.forget()  # what follows takes memory of its own
    hand_back(len(study))
    # The last one of several clients that did the same sweep publishes it.
    if options.store is not None and options.publish and not others(place, study.id):
        with store.lock():
            if not store.is_published(study.id):
                store.publish(study.id)
                hand_back(len(study))
    return store, tally


def _prepare(study: Study, jobs: int) -> None:
    """Compile what has to be compiled."""
    if study.builds is not None and study.builds.missing():
        study.builds.prepare(jobs)


@contextmanager
def _place(study: Study, options: Options) -> Iterator[Place | None]:
    """Yield where to write: where the user said, the memory of this process, or a place that is gone afterwards."""
    if options.store is not None:
        yield place_of(options.store)
    elif begins_here(study.work, options):
        yield None
    else:
        with tempfile.TemporaryDirectory(prefix="spikefarm-", ignore_cleanup_errors=True) as folder:
            yield place_of(Path(folder) / "results.zarr")


def _fill(study: Study, store: RunLog, options: Options) -> Tally:
    """Do the runs that the store does not have."""
    written = store.written()
    _, status = store.find(study.keys, written)
    missing = (status == MISSING) & study.space.is_run
    if options.retry_failed:
        missing |= status == FAILED
    todo = _from_own_place(each_once(study.keys, np.flatnonzero(missing).astype(np.int64)))
    cached = len(study) - len(todo)
    if not len(todo):
        _record_again(study, store)
        return Tally(cached=cached, failed=int(np.count_nonzero(status == FAILED)))
    tally = Tally()
    for piece in pieces(study, store, todo):
        with Share(store, study.keys, written, study.id) as share:
            part = _simulate(study, piece, store, share, options)
        if not piece.simulates:
            part.cached, part.simulated = part.cached + part.simulated, 0
        tally.join(part)
    tally.cached += cached
    tally.failed += int(np.count_nonzero(status[~missing] == FAILED))
    return tally


def _from_own_place(runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Begin elsewhere than other clients that were started together with this one."""
    found = current_form()
    task, tasks = (0, 1) if found is None else found[0].rank()
    return np.roll(runs, -(len(runs) * task // tasks))


def each_once(keys: NDArray[np.uint8], runs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out runs that have the key of one before them, as a sample may have the same point twice."""
    beginnings = np.ascontiguousarray(keys[:, :8]).view(np.uint64)[runs, 0]
    if len(np.unique(beginnings)) == len(runs):
        return runs
    wanted = np.ascontiguousarray(keys[runs])
    _, first = np.unique(wanted.view("S32")[:, 0], return_index=True)
    return runs[np.sort(first)]


def _record_again(study: Study, store: RunLog) -> None:
    """Make a sweep the latest one, under whose name all of its runs are there."""
    definition = study.space.definition(study.known_outputs(store))
    latest = store.sweeps()[-1:]
    if store.place is not None and (
        [(s.id, s.dims, s.outputs) for s in latest] == [(study.id, definition.dims, definition.outputs)]
        and np.array_equal(latest[0].read(store.place)[1], study.keys)
    ):
        return  # it is
    with store.lock():
        store.record_sweep(study.id, definition, study.keys, study.record())


def _simulate(study: Study, piece: Piece, store: RunLog, share: Share, options: Options) -> Tally:
    n, before = len(study), len(study) - len(piece.runs)
    progress = Progress(n, before, wanted(options.progress))
    status = Status(new_id(), study.id, str(store.path), study.subject, total=n, done=before, cached=before)
    if store.place is not None:
        forget_dead(store.place)
    session = Session(store.place, status)
    try:
        with progress:
            crew = crew_for(piece, session, options)
            return Schedule(crew, study, piece, store, share, session, options, progress).run()
    except KeyboardInterrupt:
        if store.place is not None:
            options.tell(f"stopped: {how_to_go_on(progress.done, n, str(store.path))}")
        raise
    finally:
        session.end()


def _report(study: Study, tally: Tally, options: Options, seconds: float) -> None:
    options.tell(
        f"{count(len(study), 'run')}: {tally.simulated} simulated, {tally.cached} from the cache, "
        f"{tally.failed} failed; {duration(seconds)}"
    )
    if tally.failed:
        told = "".join(f"\n- {error}" for error in tally.errors)
        hint = f"{study.errors}; retry_failed=True does them again"
        warnings.warn(
            f"{count(tally.failed, 'run')} of {len(study)} failed; {hint}{told}",
            FailedRunsWarning,
            stacklevel=4,
        )
