"""The store as its one coordinating client sees it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from . import layout as disk
from . import place
from .completed import Completed, check_keys, read_completed
from .layout import MARK, Layout
from .schema import (
    NO_ATTRS,
    RESERVED_NAMES,
    Array,
    Column,
    OwnerError,
    Slot,
    StoreError,
)
from .sweeps import RecordedSweep, SweepDefinition, find_sweep, list_sweeps, next_group, write_sweep

PUBLISH_LIMIT = 256 * 10**6


@final
@dataclass(frozen=True)
class RunStore:
    """Completed runs by key, in one Zarr hierarchy on a file system.

    One client at a time declares columns, reserves slots and records sweeps, holding `lock`. Any number of
    workers write batches meanwhile (`write_batch`), and anybody reads at any time.

    Parameters
    ----------
    path : Path
        Folder of the hierarchy, absolute.
    id : str
        Identity, drawn when the store was made.
    owner : str
        Whose runs these are.
    layout : Layout
        Sizes it was made with.
    """

    path: Path
    id: str
    owner: str
    layout: Layout
    _held: list[Any] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def create_or_open(
        cls,
        path: str | os.PathLike[str],
        owner: str,
        attrs: Mapping[str, Any] = NO_ATTRS,
        *,
        overwrite: bool = False,
        layout: Layout | None = None,
    ) -> RunStore:
        """Open the store at a path for writing, or make a new one there.

        Parameters
        ----------
        path : path
            Folder of the hierarchy, customarily ending in ``.zarr``. Missing parents are made.
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
            It is to be overwritten while another process writes to it.
        StoreError
            The path is a file, another kind of folder or Zarr hierarchy, or cannot be written. Nothing
            was written.
        """
        folder = Path(path).expanduser().absolute()
        place.check_json("attrs of the store", attrs)
        if MARK in attrs:
            raise StoreError(f"{MARK!r} cannot be among the attrs of a store, the store itself uses it")
        fresh = place.is_free(folder)
        if not fresh:
            disk.check_store(folder)
        if fresh or overwrite:
            place.create(folder, owner, attrs, layout or Layout(), overwrite)
        store = cls.open(folder)
        if store.owner != owner:
            raise OwnerError(
                f"the store {folder} belongs to {store.owner!r}, not to {owner!r}: choose another path, "
                "or give overwrite=True to delete what is in it"
            )
        return store

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunStore:
        """Open the store that is there for writing, whoever owns it.

        Raises
        ------
        StoreError
            No store there, or it cannot be written.
        """
        folder = Path(path).expanduser().absolute()
        found = disk.check_store(folder)
        if not os.access(folder, os.W_OK):
            raise StoreError(f"the store {folder} cannot be written by this user: choose another path")
        return cls(folder, found["id"], found["owner"], disk.layout_of(found))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one client that writes to this store; what an interrupted one left is put in order.

        Raises
        ------
        LockedError
            Another process is; or this one, through another `RunStore`.
        """
        with place.file_lock(self.path):
            if disk.check_store(self.path)["id"] != self.id:
                raise StoreError(f"the store {self.path} was replaced by another meanwhile: open it again")
            place.clear_asides(self.path)
            root = disk.open_group(self.path, "r+")
            disk.resize_rows(root, disk.count_rows(root))
            disk.consolidate(self.path)
            self._held.append(None)
            try:
                yield
            finally:
                self._held.pop()

    def _require_lock(self, action: str) -> None:
        if not self._held:
            raise StoreError(f"{action} writes to {self.path}: do it inside 'with store.lock():'")

    def columns(self) -> dict[str, Column]:
        """Return the columns declared so far, by name."""
        found = disk.read_columns(disk.open_group(self.path))
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
        root = disk.open_group(self.path, "r+")
        have = disk.read_columns(root)
        problems = [problem for column in columns for problem in column.problems()]
        problems += _clashes(columns, have)
        if problems:
            raise StoreError(f"cannot declare columns of {self.path}: " + "; ".join(problems))
        new = tuple(column for column in columns if column.name not in have)
        for column in new:
            place.check_json(f"attrs of column {column.name!r}", column.attrs)
        if new:
            disk.create_columns(root, self.layout, new, disk.count_rows(root))
            disk.consolidate(self.path)

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
        root = disk.open_group(self.path, "r+")
        first = disk.count_rows(root) // self.layout.rows
        if n_batches < 0 or first + n_batches > self.layout.max_slots:
            raise StoreError(
                f"cannot reserve {n_batches} slots in {self.path}: {first} are taken and it has room for "
                f"{self.layout.max_slots}; use a new store"
            )
        disk.resize_rows(root, (first + n_batches) * self.layout.rows)
        disk.consolidate(self.path)
        return [Slot(i, self.layout.rows, self.id) for i in range(first, first + n_batches)]

    def release(self, slots: Sequence[Slot]) -> None:
        """Give back slots that no worker was ever given, so that the log is no longer than need be.

        Only those at the very end can be given back; the others stay, empty. A slot that has been sent to
        a worker must not be in `slots`, not even when nothing came back.
        """
        self._require_lock("release")
        root = disk.open_group(self.path, "r+")
        end = disk.count_rows(root) // self.layout.rows
        given = {slot.index for slot in slots if slot.store == self.id} - set(disk.written_slots(self.path))
        before = end
        while end - 1 in given:
            end -= 1
        if end != before:
            disk.resize_rows(root, end * self.layout.rows)
            disk.consolidate(self.path)

    def completed(self) -> Completed:
        """Return which runs are in the store, done or failed."""
        return read_completed(self.path)

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
        place.check_json(f"provenance of sweep {sweep_id!r}", provenance)
        for axis in definition.axes:
            place.check_json(f"attrs of axis {axis.name!r}", axis.attrs)
        problems = list(definition.problems(len(keys), self.columns()))
        if problems:
            raise StoreError(f"cannot record sweep {sweep_id!r} in {self.path}: " + "; ".join(problems))
        earlier = [found for found in list_sweeps(self.path) if found.id == sweep_id]
        aside = place.aside_of(self.path)
        write_sweep(aside, sweep_id, definition, keys, provenance)
        aside.rename(next_group(self.path))
        for found in earlier:
            shutil.rmtree(self.path / found.group)
        disk.consolidate(self.path)

    def sweeps(self) -> list[RecordedSweep]:
        """Return the sweeps recorded so far, the latest last."""
        return list_sweeps(self.path)

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

        aside, folder = place.aside_of(self.path), self.path / disk.RESULTS
        left_out = write_results(aside, self.path, find_sweep(self.path, sweep_id), limit)
        if folder.exists():
            # Metadata first forgets the old copy, lest it describe the new one.
            folder.rename(place.aside_of(self.path))
            disk.consolidate(self.path)
        aside.rename(folder)
        disk.consolidate(self.path)
        place.clear_asides(self.path)
        return left_out


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
