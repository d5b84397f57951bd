"""A store's place on the file system: who may write, how a whole hierarchy appears and goes.

A lock file lies next to the store. What is being made lies next to it too, under a name with ``.aside-``,
until it is whole and takes its place by rename.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import layout as disk
from .layout import FORMAT, MARK, Layout
from .schema import LockedError, StoreError


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


@contextmanager
def file_lock(folder: Path) -> Iterator[None]:
    """Hold the file next to the store that says who writes."""
    import filelock

    path = folder.with_name(folder.name + ".lock")
    lock = filelock.FileLock(path, timeout=0, thread_local=False)
    # Read first: some versions of filelock empty the file even when they do not get the lock.
    holder = path.read_text(errors="replace").strip() if path.is_file() else ""
    try:
        lock.acquire()
    except filelock.Timeout as err:
        if not path.exists():  # some file systems refuse in words that filelock takes for contention
            raise StoreError(
                f"cannot write next to {folder}: {path.name} cannot be made there; choose another path"
            ) from err
        raise LockedError(
            f"the store {folder} is being written to by {holder or 'another process'}: wait for it to "
            "finish, or choose another path; reading needs no lock"
        ) from err
    except OSError as err:
        raise StoreError(f"cannot write next to {folder}: {err.strerror}; choose another path") from err
    try:
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
        yield
    finally:
        lock.release()


def is_free(folder: Path) -> bool:
    """Whether a store can be made there: nothing, or an empty folder."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def create(folder: Path, owner: str, attrs: Mapping[str, Any], layout: Layout, overwrite: bool) -> None:
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
        with file_lock(folder):
            if not overwrite and not is_free(folder):
                return  # somebody was quicker
            new, old = aside_of(folder), aside_of(folder)
            disk.create_skeleton(new, layout, {**attrs, MARK: mark})
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            clear_asides(folder)
    except OSError as err:
        raise StoreError(f"cannot make a store at {folder}: {err.strerror}; choose another path") from err


def aside_of(folder: Path) -> Path:
    """Return an unused path next to a store, on the same file system."""
    return folder.with_name(f"{folder.name}.aside-{uuid.uuid4().hex[:8]}")


def clear_asides(folder: Path) -> None:
    """Delete what was being made or being replaced when somebody was interrupted. Needs the lock."""
    for path in folder.parent.iterdir():
        if path.name.startswith(f"{folder.name}.aside-"):
            shutil.rmtree(path, ignore_errors=True)
