"""The store as its one coordinating client sees it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .completed import Completed, check_keys, find_rows, read_completed
from .layout import FORMAT, MARK, Layout
from .place import PathLike, Place, check_json, place_of
from .schema import (
    NO_ATTRS,
    RESERVED_NAMES,
    Array,
    Column,
    LockedError,
    OwnerError,
    Slot,
    StoreError,
)
from .sweeps import RecordedSweep, SweepDefinition, find_sweep, list_sweeps, next_group, write_sweep
from .target import PlaceTarget, Target
from .trouble import told
from .writers import Writer, others

if TYPE_CHECKING:
    import xarray as xr

PUBLISH_LIMIT = 256 * 10**6
LOCK_SECONDS = 120.0


@final
@dataclass(frozen=True)
class RunStore:
    """Completed runs by key, in one Zarr hierarchy in a folder or under a URL.

    Clients that add runs declare columns, reserve slots and record sweeps, each time holding `lock` for a
    moment. Any number of workers write batches meanwhile (`write_batch`), and anybody reads at any time.

    Parameters
    ----------
    place : Place
        Where the hierarchy is.
    id : str
        Identity, drawn when the store was made.
    owner : str
        Whose runs these are.
    layout : Layout
        Sizes it was made with.
    """

    place: Place
    id: str
    owner: str
    layout: Layout
    _held: list[Any] = field(default_factory=list, repr=False, compare=False)

    @property
    def path(self) -> Any:
        """Where the hierarchy is, as a user has it: an absolute `Path`, or a URL."""
        return self.place.path

    @classmethod
    def create_or_open(
        cls,
        path: PathLike,
        owner: str,
        attrs: Mapping[str, Any] = NO_ATTRS,
        *,
        overwrite: bool = False,
        layout: Layout | None = None,
    ) -> RunStore:
        """Open the store at a path for writing, or make a new one there.

        Parameters
        ----------
        path : path or URL
            Where the hierarchy is, customarily ending in ``.zarr``. Missing parents are made.
        owner : str
            Whose runs these are. A store that has another owner is refused.
        attrs : mapping
            What a new store says of itself; anything JSON can hold.
        overwrite : bool
            Start afresh, deleting a store that is there, whoever owns it. What is not a store is never
            deleted.
        layout : Layout, optional
            Sizes for a new store.

        Raises
        ------
        OwnerError
            The store is somebody else's.
        LockedError
            It is to be overwritten while somebody adds to it.
        StoreError
            The path is a file, another kind of folder or Zarr hierarchy, or cannot be written. Nothing
            was written.
        """
        place = place_of(path)
        check_json("attrs of the store", attrs)
        if MARK in attrs:
            raise StoreError(f"{MARK!r} cannot be among the attrs of a store, the store itself uses it")
        fresh = disk.is_free(place)
        if not fresh:
            disk.require_store(place)
        if fresh or overwrite:
            _create(place, owner, attrs, layout or Layout(), overwrite)
        store = cls.open(place)
        if store.owner != owner:
            raise OwnerError(
                f"the store {place} belongs to {store.owner!r}, not to {owner!r}: choose another path, "
                "or give overwrite=True to delete what is in it"
            )
        return store

    @classmethod
    def open(cls, path: PathLike) -> RunStore:
        """Open the store that is there for writing, whoever owns it.

        Raises
        ------
        StoreError
            No store there, or it cannot be written.
        """
        place = place_of(path)
        found = disk.require_store(place)
        if not place.writable():
            raise StoreError(f"the store {place} cannot be written by this user: choose another path")
        return cls(place, found["id"], found["owner"], disk.layout_of(found))

    @contextmanager
    def lock(self, timeout: float | None = None) -> Iterator[None]:
        """Be the one client that changes what the store consists of. Hold it for moments only.

        Each of the actions that need it puts in order what an interrupted one left. In one thread, it may
        be taken again while it is held.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for another one; by default two minutes.

        Raises
        ------
        LockedError
            Another process has it all this time; or this one, through another `RunStore`.
        StoreError
            The store is gone or was replaced.
        """
        if self._held:
            yield
            return
        with told(self.place), self.place.lock(LOCK_SECONDS if timeout is None else timeout):
            if disk.require_store(self.place)["id"] != self.id:
                raise StoreError(f"the store {self.path} was replaced by another meanwhile: open it again")
            self.place.tidy()
            self._held.append(None)
            try:
                yield
            finally:
                self._held.pop()

    def _require_lock(self, action: str) -> None:
        if not self._held:
            raise StoreError(f"{action} writes to {self.path}: do it inside 'with store.lock():'")

    @property
    def target(self) -> Target:
        """Where workers put batches."""
        return PlaceTarget(self.place)

    def claims(self, purpose: str) -> Writer:
        """Return what tells others which runs one client is at."""
        return Writer(self.place, purpose)

    def dataset(self, sweep_id: str) -> xr.Dataset:
        """Return a sweep as a labelled data set; see `open_results`."""
        from .results import open_results

        return open_results(self.place, sweep_id)

    def columns(self) -> dict[str, Column]:
        """Return the columns declared so far, by name."""
        found = disk.read_columns(disk.open_group(self.place))
        return {name: column for name, column in found.items() if name not in RESERVED_NAMES}

    def declare(self, columns: Sequence[Column]) -> None:
        """Make sure that the store has these columns. Rows from before read as NaN, zero or empty.

        Raises
        ------
        StoreError
            A column cannot be stored, or one of that name differs (all that is wrong is listed). No
            column was added.
        """
        self._require_lock("declare")
        root = disk.open_group(self.place, "r+")
        have = disk.read_columns(root)
        problems = [problem for column in columns for problem in column.problems()]
        problems += _clashes(columns, have)
        if problems:
            raise StoreError(f"cannot declare columns of {self.path}: " + "; ".join(problems))
        new = tuple(column for column in columns if column.name not in have)
        for column in new:
            check_json(f"attrs of column {column.name!r}", column.attrs)
        if new:
            disk.create_columns(root, self.layout, new, disk.count_rows(root))
            disk.consolidate(self.place)

    def reserve(self, n_batches: int) -> list[Slot]:
        """Hand out slots, one a batch, that nobody ever had before. One that stays unused costs nothing.

        Workers may go on writing to slots that they have; they need no notice. A slot is never given
        twice, lest a worker of an earlier session, still alive somewhere, write into it.

        Raises
        ------
        StoreError
            The store has no room for so many.
        """
        self._require_lock("reserve")
        root = disk.open_group(self.place, "r+")
        first = disk.count_rows(root) // self.layout.rows
        if n_batches < 0 or first + n_batches > self.layout.max_slots:
            raise StoreError(
                f"cannot reserve {n_batches} slots in {self.path}: {first} are taken and it has room for "
                f"{self.layout.max_slots}; use a new store"
            )
        disk.resize_rows(root, (first + n_batches) * self.layout.rows)
        disk.consolidate(self.place)
        return [Slot(i, self.layout.rows, self.id) for i in range(first, first + n_batches)]

    def release(self, slots: Sequence[Slot]) -> None:
        """Give back slots that no worker was ever given, so that the log is no longer than need be.

        Only those at the very end can be given back; the others stay, empty. A slot that has been sent to
        a worker must not be in `slots`, not even when nothing came back.
        """
        self._require_lock("release")
        root = disk.open_group(self.place, "r+")
        end = disk.count_rows(root) // self.layout.rows
        given = {slot.index for slot in slots if slot.store == self.id} - set(self.written())
        before = end
        while end - 1 in given:
            end -= 1
        if end != before:
            disk.resize_rows(root, end * self.layout.rows)
            disk.consolidate(self.place)

    def written(self) -> list[int]:
        """Return the slots that have a batch, at the price of listing one folder."""
        return disk.written_slots(self.place)

    def completed(self, slots: Sequence[int] | None = None) -> Completed:
        """Return which runs are in the store, done or failed; or in some of its slots, sorted."""
        with told(self.place):
            return read_completed(self.place, None if slots is None else list(slots))

    def find(
        self, keys: Array, slots: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return row and status of each of some runs, as `Completed.find` does, in less memory."""
        with told(self.place):
            return find_rows(self.place, keys, None if slots is None else list(slots))

    def record_sweep(
        self,
        sweep_id: str,
        definition: SweepDefinition,
        keys: Array,
        provenance: Mapping[str, Any] = NO_ATTRS,
    ) -> None:
        """Say which runs make up a sweep, whether they are in the store yet or not.

        It becomes the latest sweep, and takes the place of one of the same id.

        Parameters
        ----------
        sweep_id : str
        definition : SweepDefinition
        keys : uint8 array, shape (n_runs, 32)
            Of every cell, in C order of the dimensions; all zero where a cell is no run.
        provenance : mapping
            How the runs came about, in what JSON can hold.

        Raises
        ------
        StoreError
            The definition is at odds with itself or the keys (all that is wrong is listed). Nothing was
            written.
        """
        self._require_lock("record_sweep")
        keys = check_keys(keys)
        check_json(f"provenance of sweep {sweep_id!r}", provenance)
        for axis in definition.axes:
            check_json(f"attrs of axis {axis.name!r}", axis.attrs)
        problems = list(definition.problems(len(keys), self.columns()))
        if problems:
            raise StoreError(f"cannot record sweep {sweep_id!r} in {self.path}: " + "; ".join(problems))
        earlier = [found for found in list_sweeps(self.place) if found.id == sweep_id]
        self.place.assemble(
            next_group(self.place), lambda new: write_sweep(new, sweep_id, definition, keys, provenance)
        )
        for found in earlier:
            self.place.remove(found.group)
        disk.consolidate(self.place)

    def sweeps(self) -> list[RecordedSweep]:
        """Return the sweeps recorded so far, the latest last."""
        return list_sweeps(self.place)

    def is_published(self, sweep_id: str) -> bool:
        """Whether the group ``results`` has a copy of that sweep with all that is in the store of it."""
        from .publish import is_current

        return any(is_current(self.place, sweep) for sweep in self.sweeps() if sweep.id == sweep_id)

    def publish(self, sweep_id: str | None = None, limit: int = PUBLISH_LIMIT) -> dict[str, str]:
        """Put a copy of a sweep over its axes into the group ``results``, instead of the one there.

        Anybody can read it with ``xarray.open_zarr(path, group='results')``. Ragged outputs are flat
        arrays there, with ``_start`` and ``_size`` over the axes.

        Parameters
        ----------
        sweep_id : str, optional
            The latest by default.
        limit : int
            Outputs of more bytes are left out.

        Returns
        -------
        dict
            What was left out, and why; also among the attributes of the group.

        Raises
        ------
        StoreError
            No such sweep.
        """
        self._require_lock("publish")
        from .publish import write_results

        sweep = find_sweep(self.place, sweep_id)
        left_out: dict[str, str] = {}
        if self.place.names(disk.RESULTS):
            # Metadata first forgets the old copy, lest it describe the new one.
            self.place.remove(disk.RESULTS)
            disk.consolidate(self.place)
        self.place.assemble(
            disk.RESULTS, lambda new: left_out.update(write_results(new, self.place, sweep, limit))
        )
        disk.consolidate(self.place)
        return left_out


def _create(place: Place, owner: str, attrs: Mapping[str, Any], layout: Layout, overwrite: bool) -> None:
    """Make a store, with `overwrite` instead of the one that is there."""
    mark = {
        "format": FORMAT,
        "id": uuid.uuid4().hex,
        "owner": owner,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "layout": disk.layout_attrs(layout),
    }
    try:
        place.prepare()
        with place.lock(LOCK_SECONDS):
            if not overwrite and not disk.is_free(place):
                return  # somebody was quicker
            busy = others(place)
            if busy:
                raise LockedError(
                    f"the store {place} is being written to by {', '.join(busy)}: wait for them to finish, "
                    "or choose another path; reading needs no lock"
                )
            place.assemble("", lambda new: disk.create_skeleton(new, layout, {**attrs, MARK: mark}))
            place.tidy()
    except OSError as err:
        raise StoreError(f"cannot make a store at {place}: {err.strerror}; choose another path") from err


def _clashes(columns: Sequence[Column], have: Mapping[str, Column]) -> Iterator[str]:
    """Yield what keeps columns from living beside each other, in words."""
    seen = dict(have)
    for column in columns:
        if column.name in RESERVED_NAMES:
            yield f"column {column.name!r} has a name that the store itself uses: rename the output"
            continue
        other = seen.setdefault(column.name, column)
        if not column.matches(other):
            yield (
                f"column {column.name!r} is {other.describe()} and cannot become {column.describe()}: "
                "rename the output or use another store"
            )
    lengths = {"run": -1, "start_stop": 2}
    for column in seen.values():
        for dim, length in zip(column.dims, column.shape, strict=False):
            if dim in seen or lengths.setdefault(dim, length) != length:
                yield (
                    f"dimension {dim!r} of column {column.name!r} has length {length}, and that name means "
                    "something else in the store: rename the dimension"
                )
