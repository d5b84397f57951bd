"""Finished builds on this machine's disk, by key: made once, checked, evicted when they take too much."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ...core.preferences import prefs
from ..base import DeviceError

_RECORD = "files.json"  # what an entry consists of: its absence, or any difference, makes it worthless
_USED = ".used"  # its time is when the entry was last used
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_TOUCH_SECONDS = 60.0
_STALE_SECONDS = 3600.0
_NO_LIMIT = 1 << 40  # megabytes

# Entries whose contents this process has read and found right, with what their record looked like then.
_verified: dict[Path, tuple[int, int]] = {}
_touched: dict[Path, float] = {}


class CacheError(DeviceError):
    """The cache's directory cannot be used."""


@dataclass(frozen=True)
class CacheEntry:
    """One build in the cache: its key, directory, bytes, and when it was last used (seconds since 1970)."""

    key: str
    path: Path
    size: int
    used: float


def default_root() -> Path:
    """Return ``$SPIKEFARM_CACHE_DIR``, what the preferences say, or where this system keeps users' caches."""
    named = os.environ.get("SPIKEFARM_CACHE_DIR") or prefs["codegen.cache_dir"]
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("spikefarm", appauthor=False))


def default_limit() -> int:
    """Return the bytes that a cache may take: ``$SPIKEFARM_CACHE_MB`` megabytes, or what the preferences say."""
    preferred = prefs["codegen.max_cache_dir_size"] or _NO_LIMIT
    named = os.environ.get("SPIKEFARM_CACHE_MB", str(preferred))
    try:
        megabytes = int(named)
        if megabytes < 0:
            raise ValueError
    except ValueError:
        raise CacheError(
            f"SPIKEFARM_CACHE_MB is {named!r}; it must be a whole number of megabytes, 0 or more"
        ) from None
    return megabytes << 20


def mark_used(entry: Path) -> None:
    """Note that `entry`, a directory of the cache, is in use, so that it is the last to be evicted.

    Writes at most once a minute and process, and nothing at all where the cache is read-only.
    """
    now = time.monotonic()
    if now - _touched.get(entry, -_TOUCH_SECONDS) >= _TOUCH_SECONDS:
        _touched[entry] = now
        with suppress(OSError):  # somebody else's cache, or an entry that has just been evicted
            os.utime(entry / _USED)


class BuildCache:
    """Builds by key below one directory, shared by all processes of a user.

    An entry appears by rename when it is complete, so readers need no lock. A lock per key makes one of
    several processes build while the others wait.

    Parameters
    ----------
    root : path, optional
        By default that of `default_root`.
    max_bytes : int, optional
        What the entries may take together before the least recently used are removed. By default that of
        `default_limit`.
    """

    def __init__(self, root: Path | None = None, max_bytes: int | None = None) -> None:
        self.root = Path(root).absolute() if root is not None else default_root()
        self.max_bytes = default_limit() if max_bytes is None else max_bytes

    def get(self, key: str) -> Path | None:
        """Return the directory of an entry whose files are what they were when it was made, or None."""
        path = self._path(key)
        if not (path / _RECORD).exists():
            return None
        _check_owners(path, self.root)
        if not _intact(path):
            return None
        mark_used(path)
        return path

    def make(self, key: str, fill: Callable[[Path], None]) -> Path:
        """Return the entry of `key`, made by `fill` where there is none.

        Parameters
        ----------
        key : str
            Letters, digits, ``_``, ``.`` and ``-``.
        fill : callable
            Writes the entry's files into the empty directory it is given. What it raises is passed on, and
            nothing stays behind.

        Raises
        ------
        CacheError
            When the cache's directory cannot be written.
        """
        found = self.get(key)
        if found is not None:
            return found
        self._prepare()
        with self._lock(key):
            found = self.get(key)  # by whoever had the lock before
            if found is not None:
                return found
            self._discard(self._path(key))
            for leftover in self._building.glob(f"{key}@*"):  # its builder held this lock, so it is dead
                shutil.rmtree(leftover, ignore_errors=True)
            path = self._fill(key, fill)
        self._sweep()
        self._evict(spare=path)
        return path

    def entries(self) -> list[CacheEntry]:
        """Return what is in the cache, the most recently used first."""
        found = []
        for path in self._builds.glob("*"):
            try:
                size = sum(size for size, _ in _read_record(path).values())
                used = (path / _USED).stat().st_mtime
            except (OSError, ValueError):
                continue  # being removed, or damaged: `make` will replace it
            found.append(CacheEntry(path.name, path, size, used))
        return sorted(found, key=lambda entry: (-entry.used, entry.key))

    def size(self) -> int:
        """Return the bytes that all entries take."""
        return sum(entry.size for entry in self.entries())

    def clear(self) -> int:
        """Remove every entry that nobody is making at this moment; return how many."""
        removed = sum(self._remove(path.name) for path in list(self._builds.glob("*")))
        self._sweep(age=0)
        return removed

    # --- inside -------------------------------------------------------------------------------------

    @property
    def _builds(self) -> Path:
        return self.root / "builds"

    @property
    def _building(self) -> Path:
        return self.root / "building"

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} cannot be the key of a build: letters, digits, '_', '.' and '-' only")
        return self._builds / key

    def _prepare(self) -> None:
        try:
            for folder in (self._builds, self._building, self.root / "locks"):
                if not folder.exists():
                    folder.mkdir(parents=True, exist_ok=True)  # another thread may be quicker
                    for made in (self.root, folder):  # whatever the umask: nobody else puts builds there
                        made.chmod(made.stat().st_mode & ~0o022)
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(f"no permission to write {folder}")
        except OSError as error:
            raise CacheError(
                f"the build cache {self.root} cannot be written ({error}); "
                "set SPIKEFARM_CACHE_DIR to a directory on a local disk that can"
            ) from error

    @contextmanager
    def _lock(self, key: str, timeout: float = -1) -> Iterator[None]:
        from filelock import FileLock

        try:
            lock = FileLock(self.root / "locks" / f"{key}.lock", timeout=timeout)
            lock.acquire()
        except NotImplementedError:  # a file system without locks: renaming still keeps entries whole
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def _fill(self, key: str, fill: Callable[[Path], None]) -> Path:
        # A sibling, hence on the same file system, hence renamed in one step.
        aside = self._building / f"{key}@{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path = self._path(key)
        try:
            aside.mkdir()
            fill(aside)
            _write_record(aside)
            try:
                aside.rename(path)
            except OSError:
                if not path.exists():  # else: without locks, another process was quicker
                    raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return path

    def _discard(self, path: Path) -> None:
        """Take an entry away in one step, so that nobody sees half of it."""
        _verified.pop(path, None)
        _touched.pop(path, None)
        aside = self._building / f"{path.name}@removed-{uuid.uuid4().hex[:8]}"
        try:
            path.rename(aside)
        except OSError:
            return
        shutil.rmtree(aside, ignore_errors=True)

    def _remove(self, key: str) -> bool:
        from filelock import Timeout

        try:
            with self._lock(key, timeout=0):
                self._discard(self._path(key))
        except Timeout:
            return False
        return not self._path(key).exists()

    def _sweep(self, age: float = _STALE_SECONDS) -> None:
        """Remove what builders that were killed left behind."""
        from filelock import Timeout

        for leftover in list(self._building.glob("*")):
            try:
                if time.time() - leftover.stat().st_mtime < age:
                    continue
                with self._lock(leftover.name.partition("@")[0], timeout=0):
                    shutil.rmtree(leftover, ignore_errors=True)
            except (Timeout, OSError):
                continue

    def _evict(self, spare: Path) -> None:
        entries = self.entries()
        total = sum(entry.size for entry in entries)
        for entry in reversed(entries):
            if total <= self.max_bytes:
                return
            if entry.path != spare and self._remove(entry.key):
                total -= entry.size


def _check_owners(entry: Path, root: Path) -> None:
    """Refuse what somebody else could have put there or could alter: it is going to be executed.

    Raises
    ------
    CacheError
        Names what is wrong, and the remedy.
    """
    trusted = (os.getuid(), 0)
    try:
        for path in (root, entry.parent, entry, *(p for p in entry.iterdir() if p.name != _USED)):
            status = path.stat()
            if status.st_uid not in trusted:
                raise CacheError(
                    f"{path} belongs to user {status.st_uid}, whose builds are not executed; set "
                    "SPIKEFARM_CACHE_DIR to a directory of your own"
                )
            if status.st_mode & 0o022:
                raise CacheError(
                    f"{path} can be altered by others (mode {status.st_mode & 0o777:o}), so it is not executed; "
                    f"chmod go-w {path}, or set SPIKEFARM_CACHE_DIR to a directory of your own"
                )
    except FileNotFoundError:
        return  # being removed


def _write_record(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o022)
    files = {
        path.relative_to(folder).as_posix(): [path.stat().st_size, _digest(path)]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    (folder / _RECORD).write_text(json.dumps(files, indent=1) + "\n")
    (folder / _USED).touch()


def _read_record(folder: Path) -> dict[str, tuple[int, str]]:
    files = json.loads((folder / _RECORD).read_text())
    if not isinstance(files, dict):
        raise ValueError(f"{folder / _RECORD} is not a record of files")
    return {name: (int(size), str(digest)) for name, (size, digest) in files.items()}


def _intact(folder: Path) -> bool:
    """Whether every file is as recorded: its size always, its contents once per process."""
    try:
        status = (folder / _RECORD).stat()
        files = _read_record(folder)
        if any((folder / name).stat().st_size != size for name, (size, _) in files.items()):
            return False
        seen = (status.st_mtime_ns, status.st_ino)
        if _verified.get(folder) != seen:
            if any(_digest(folder / name) != digest for name, (_, digest) in files.items()):
                return False
            _verified[folder] = seen
    except (OSError, ValueError, TypeError):
        return False
    return True


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
