"""The store as its one coordinating client sees it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from . import layout as disk
from .completed import Completed, read_completed
from .layout import FORMAT, MARK, Layout
from .schema import (
    NO_ATTRS,
    RESERVED_NAMES,
    Column,
    LockedError,
    OwnerError,
    Slot,
    StoreError,
)


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
        check_json("attrs of the store", attrs)
        if MARK in attrs:
            raise StoreError(f"{MARK!r} cannot be among the attrs of a store, the store itself uses it")
        fresh = _is_free(folder)
        if not fresh:
            disk.check_store(folder)
        if fresh or overwrite:
            _create(folder, owner, attrs, layout or Layout(), overwrite)
        return cls._open(folder, owner)

    @classmethod
    def _open(cls, folder: Path, owner: str) -> RunStore:
        found = disk.check_store(folder)
        if found["owner"] != owner:
            raise OwnerError(
                f"the store {folder} belongs to {found['owner']!r}, not to {owner!r}: "
                "choose another path, or give overwrite=True to delete what is in it"
            )
        if not os.access(folder, os.W_OK):
            raise StoreError(f"the store {folder} cannot be written by this user: choose another path")
        return cls(folder, found["id"], owner, disk.layout_of(found))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one client that writes to this store; what an interrupted one left is put in order.

        Raises
        ------
        LockedError
            Another process is; or this one, through another `RunStore`.
        """
        with _file_lock(self.path):
            if disk.check_store(self.path)["id"] != self.id:
                raise StoreError(f"the store {self.path} was replaced by another meanwhile: open it again")
            _clear_asides(self.path)
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
            check_json(f"attrs of column {column.name!r}", column.attrs)
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


def check_json(what: str, attrs: Mapping[str, Any]) -> None:
    """Refuse attributes that JSON cannot hold.

    Raises
    ------
    StoreError
        Names every such entry.
    """
    bad = []
    for name, value in attrs.items():
        try:
            json.dumps({name: value}, allow_nan=False)
        except (TypeError, ValueError):
            bad.append(f"{name!r} ({type(value).__name__})")
    if bad:
        raise StoreError(
            f"{what} must be text, finite numbers, lists and dicts, which these are not: {', '.join(bad)}"
        )


def _clashes(columns: Sequence[Column], have: Mapping[str, Column]) -> Iterator[str]:
    seen: dict[str, Column] = {}
    for column in columns:
        if column.name in RESERVED_NAMES:
            yield f"column {column.name!r} has a name that the store itself uses: rename the output"
            continue
        other = have.get(column.name) or seen.get(column.name)
        if other is not None and not column.matches(other):
            yield (
                f"column {column.name!r} is {other.describe()} and cannot become {column.describe()}: "
                "rename the output or use another store"
            )
        seen[column.name] = column


@contextmanager
def _file_lock(folder: Path) -> Iterator[None]:
    """Hold the file next to the store that says who writes."""
    import filelock

    path = folder.with_name(folder.name + ".lock")
    lock = filelock.FileLock(path, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout as err:
        holder = path.read_text(errors="replace").strip() or "another process"
        raise LockedError(
            f"the store {folder} is being written to by {holder}: wait for it to finish, or choose another "
            "path; reading needs no lock"
        ) from err
    except OSError as err:
        raise StoreError(f"cannot write next to {folder}: {err.strerror}; choose another path") from err
    try:
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
    finally:
        lock.release()


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def _create(folder: Path, owner: str, attrs: Mapping[str, Any], layout: Layout, overwrite: bool) -> None:
    """Make a store aside and move it into place; with `overwrite`, for the one that is there."""
    mark = {
        "format": FORMAT,
        "id": uuid.uuid4().hex,
        "owner": owner,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "layout": disk.layout_attrs(layout),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _file_lock(folder):
            if not overwrite and not _is_free(folder):
                return  # somebody was quicker
            new, old = _aside(folder), _aside(folder)
            disk.create_skeleton(new, layout, {**attrs, MARK: mark})
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            _clear_asides(folder)
    except OSError as err:
        raise StoreError(f"cannot make a store at {folder}: {err.strerror}; choose another path") from err


def _aside(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.aside-{uuid.uuid4().hex[:8]}")


def _clear_asides(folder: Path) -> None:
    """Delete what was being made or being replaced when somebody was interrupted. Needs the lock."""
    for path in folder.parent.iterdir():
        if path.name.startswith(f"{folder.name}.aside-"):
            shutil.rmtree(path, ignore_errors=True)
