"""Whether a store is whole, and making it so: every file is read, and what cannot be read is done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import layout as disk
from .compaction import delete_slots
from .completed import read_completed
from .files import Files, lost_files
from .gather import gather_ragged
from .place import PathLike, Place, place_of
from .runstore import RunStore
from .schema import KEY_COLUMN, SPAN_SUFFIX, Array, StoreError
from .sweeps import list_sweeps

if TYPE_CHECKING:
    import zarr

AGAIN = "its batch of runs is forgotten, and done again with the sweep"
NEVER_EMPTY = ("status", "finished", "host")  # of a batch that was written


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a store.

    Parameters
    ----------
    where : str
        The part of the hierarchy.
    what : str
        In words.
    remedy : str
        What `repair_store` does about it.
    slot : int
        Which slot it concerns, -1 for none.
    """

    where: str
    what: str
    remedy: str
    slot: int = -1

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


@dataclass(frozen=True)
class Report:
    """What a look at a whole store found.

    Parameters
    ----------
    path : str
    runs : int
        Runs that are there.
    problems : tuple of Problem
    repaired : bool
        Whether the remedies were applied.
    """

    path: str
    runs: int
    problems: tuple[Problem, ...]
    repaired: bool = False

    @property
    def ok(self) -> bool:
        """Whether the store is whole now."""
        return self.repaired or not self.problems

    def __str__(self) -> str:
        if not self.problems:
            return f"{self.path}: {self.runs} runs, all of them readable"
        done = "repaired" if self.repaired else "repair_store does what stands behind each"
        lines = "".join(f"\n- {problem}" for problem in self.problems)
        return f"{self.path}: {self.runs} runs, {len(self.problems)} problem(s), {done}:{lines}"


def check_store(path: PathLike) -> Report:
    """Read every file of a store and say what is wrong. Nothing is changed.

    Every chunk has a checksum, so a file that was cut short or altered is found wherever it is.

    Parameters
    ----------
    path : path or URL

    Returns
    -------
    Report
        Print it.

    Raises
    ------
    StoreError
        No store there, or nothing of it can be read.
    """
    place = place_of(path)
    attrs = disk.require_store(place)
    problems = list(_problems(place, disk.layout_of(attrs)))
    bad = {problem.slot for problem in problems}
    slots = [slot for slot in disk.written_slots(place) if slot not in bad]
    return Report(str(place), _count(place, slots), tuple(problems))


def repair_store(path: PathLike) -> Report:
    """Make a store whole again: take away what cannot be read, and publish anew.

    Runs that are lost by this are done again when their sweep is run again.

    Parameters
    ----------
    path : path or URL
        The store. Nobody may add to it meanwhile.

    Returns
    -------
    Report
        What was wrong, and has been put right.

    Raises
    ------
    StoreError
        No store there, or nothing of it can be read.
    LockedError
        Somebody has the store's lock.
    """
    store = RunStore.open(path)
    report = check_store(path)
    if not report.problems:
        return report
    with store.lock():
        bad = sorted({problem.slot for problem in report.problems if problem.slot >= 0})
        delete_slots(store.place, store.layout, bad)
        published = store.place.names(disk.RESULTS)
        for problem in report.problems:
            if problem.where.startswith((f"{disk.SWEEPS}/", disk.RESULTS)):
                store.place.remove(problem.where.split(" ")[0])
        root = disk.open_group(store.place, "r+")
        disk.resize_rows(root, disk.count_rows(root))
        disk.consolidate(store.place)
        if published and list_sweeps(store.place):
            store.publish()
    return Report(report.path, report.runs, report.problems, repaired=True)


def _count(place: Place, slots: list[int]) -> int:
    try:
        return len(read_completed(place, slots))
    except Exception:  # whatever a codec raises; the report says where
        return 0


def _problems(place: Place, layout: disk.Layout) -> Iterator[Problem]:
    root = disk.open_group(place)
    arrays, broken = _arrays(root)
    yield from broken
    lengths = {array.shape[0] for name, array in arrays.items() if name.startswith(f"{disk.RUNS}/")}
    if len(lengths) > 1:
        yield Problem(disk.RUNS, f"arrays have {sorted(lengths)} rows", "they are given the same length")
    for path, slot in lost_files(place):
        yield Problem(f"{path} slot {slot}", "its file is missing", AGAIN, slot)
    for slot in disk.written_slots(place):
        yield from _slot_problems(place, arrays, layout, slot)
    yield from _sweep_problems(place)
    yield from _published_problems(place)


def _arrays(root: zarr.Group) -> tuple[dict[str, zarr.Array[Any]], list[Problem]]:
    """Return all arrays of the log by their paths, and what is wrong with their metadata."""
    found: dict[str, zarr.Array[Any]] = {}
    for group in (disk.RUNS, disk.RAGGED):
        try:
            members: Any = root[group]
            found |= {f"{group}/{name}": array for name, array in members.arrays()}
        except Exception as error:  # whatever it is that makes metadata unreadable
            raise StoreError(
                f"the metadata of {group} cannot be read: {error}; restore them from a copy"
            ) from error
    try:
        disk.read_columns(root)
    except KeyError as error:
        raise StoreError(
            f"the array {disk.RAGGED}/{error} is gone; restore its zarr.json from a copy"
        ) from error
    return found, []


def _slot_problems(
    place: Place, arrays: Mapping[str, zarr.Array[Any]], layout: disk.Layout, slot: int
) -> Iterator[Problem]:
    rows = slice(slot * layout.rows, (slot + 1) * layout.rows)
    values: dict[str, Array] = {}
    for path, array in arrays.items():
        if not path.startswith(f"{disk.RUNS}/"):
            continue
        try:
            values[path] = np.asarray(array[rows])
        except Exception as error:  # codecs raise what they like
            yield Problem(f"{path} slot {slot}", f"cannot be read ({_short(error)})", AGAIN, slot)
    key = values.get(f"{disk.RUNS}/{KEY_COLUMN.name}")
    if key is None:
        return
    there = key.any(axis=1)
    for name in NEVER_EMPTY:
        mine = values.get(f"{disk.RUNS}/{name}")
        if mine is not None and there.any() and not _filled(mine[there]):
            yield Problem(f"{disk.RUNS}/{name} slot {slot}", "its file is missing", AGAIN, slot)
    for path, spans in values.items():
        if path.endswith(SPAN_SUFFIX):
            name = path.removeprefix(f"{disk.RUNS}/").removesuffix(SPAN_SUFFIX)
            what = _ragged_problem(place, arrays[f"{disk.RAGGED}/{name}"], spans[there], layout, slot)
            if what:
                yield Problem(f"{disk.RAGGED}/{name} slot {slot}", what, AGAIN, slot)


def _filled(values: Array) -> bool:
    """Whether there is anything beside what is read where nothing was written."""
    return bool(np.isfinite(values).any() if values.dtype.kind == "f" else values.any())


def _ragged_problem(
    place: Place, array: zarr.Array[Any], spans: Array, layout: disk.Layout, slot: int
) -> str:
    used = spans[spans[:, 1] > spans[:, 0]] if len(spans) else spans
    if not len(used):
        return ""
    first, last = slot * layout.ragged_span, (slot + 1) * layout.ragged_span
    if (spans[:, 1] < spans[:, 0]).any() or used.min() < first or used.max() > last:
        return "runs point at values of others"
    try:
        gather_ragged(array, used)
    except Exception as error:  # codecs raise what they like
        return f"cannot be read ({_short(error)})"
    files = Files(place, array.path, layout.ragged_shard)
    numbers = files.of_spans(used)
    lost = files.lost(numbers)
    # Before format 2, a file of nothing but zeros was not written; times of spikes are zero seldom enough.
    enough = 1 if disk.require_store(place)["format"] >= disk.ALL_WRITTEN else len(numbers)
    return "its file is missing" if len(lost) >= enough else ""


def _sweep_problems(place: Place) -> Iterator[Problem]:
    try:
        sweeps = list_sweeps(place)
    except Exception as error:  # an unreadable zarr.json
        yield Problem(
            disk.SWEEPS, f"cannot be listed ({_short(error)})", "run the sweeps again to record them"
        )
        return
    for sweep in sweeps:
        try:
            definition, keys = sweep.read(place)
            wrong = list(definition.problems(len(keys), {}))
        except Exception as error:
            wrong = [f"cannot be read ({_short(error)})"]
        for what in wrong:
            yield Problem(
                sweep.group, f"sweep {sweep.id!r} {what}", "it is forgotten; run it again, its runs are kept"
            )
    known = {sweep.group.rpartition("/")[2] for sweep in sweeps}
    for name in place.names(disk.SWEEPS):
        if name.isdigit() and name not in known and place.read(f"{disk.SWEEPS}/{name}/zarr.json") is None:
            yield Problem(f"{disk.SWEEPS}/{name}", "has no zarr.json", "it is removed; run the sweep again")


def _published_problems(place: Place) -> Iterator[Problem]:
    if not place.names(disk.RESULTS):
        return
    try:
        group: Any = disk.open_group(place)[disk.RESULTS]
        for _, array in group.arrays():
            array[...]
    except Exception as error:
        yield Problem(disk.RESULTS, f"cannot be read ({_short(error)})", "the latest sweep is published anew")


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
