"""A store in a folder. What is being made lies next to it (``.aside-`` in its name) and takes its place by rename."""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from .place import WITNESS, Place
from .schema import LockedError, StoreError

ASIDE = ".aside-"


@final
@dataclass(frozen=True)
class LocalPlace(Place):
    """A folder of a file system that all writers see.

    Parameters
    ----------
    folder : Path
        Absolute.
    """

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder

    def __str__(self) -> str:
        return str(self.folder)

    def zarr(self) -> Any:
        return str(self.folder)

    def below(self, folder: str) -> LocalPlace:
        return LocalPlace(self.folder / folder)

    def beside(self, ending: str) -> LocalPlace:
        return LocalPlace(self.folder.with_name(self.folder.name + ending))

    def problem(self) -> str:
        if self.folder.exists() and not self.folder.is_dir():
            return f"{self.folder} is a file, not a store: a store is a folder; choose another path"
        return ""

    def prepare(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)

    def exists(self) -> bool:
        return self.folder.exists()

    def writable(self) -> bool:
        return os.access(self.folder, os.W_OK)

    def identity(self) -> object:
        # Numbers of inodes are given again, and clocks of file systems may be coarse; the content has the store's id.
        witness = self.folder / WITNESS
        stat = witness.stat()
        return stat.st_dev, stat.st_ino, stat.st_mtime_ns, witness.read_bytes()

    def names(self, folder: str = "") -> list[str]:
        try:
            return sorted(entry.name for entry in os.scandir(self.folder / folder))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def sizes(self, folder: str = "") -> dict[str, int]:
        files = (path for path in (self.folder / folder).rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.stat().st_size for path in sorted(files)}

    def read(self, key: str) -> bytes | None:
        try:
            return (self.folder / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, data: bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            aside.write_bytes(data)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def delete(self, key: str) -> None:
        (self.folder / key).unlink(missing_ok=True)

    def remove(self, folder: str = "") -> None:
        aside = self._aside()
        with suppress(FileNotFoundError):
            (self.folder / folder).rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def assemble(self, folder: str, fill: Callable[[Place], None]) -> None:
        aside = self._aside()
        fill(LocalPlace(aside))
        # What is replaced goes afterwards, so that there is always something.
        old = self._aside()
        if (self.folder / folder).exists():
            (self.folder / folder).rename(old)
        aside.rename(self.folder / folder)
        shutil.rmtree(old, ignore_errors=True)

    def tidy(self) -> None:
        with os.scandir(self.folder.parent) as entries:  # there may be many
            left = [entry.path for entry in entries if entry.name.startswith(self.folder.name + ASIDE)]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the file next to the store that says who writes; the system lets go of it when its holder dies."""
        import filelock

        path = self.beside(".lock").folder
        lock = filelock.FileLock(path, timeout=timeout, thread_local=False)
        # Read first: some versions of filelock empty the file even when they do not get the lock.
        holder = path.read_text(errors="replace").strip() if path.is_file() else ""
        try:
            lock.acquire()
        except filelock.Timeout as err:
            if not path.exists():  # some file systems refuse in words that filelock takes for contention
                raise StoreError(
                    f"cannot write next to {self}: {path.name} cannot be made there; choose another path"
                ) from err
            raise LockedError(
                f"the store {self} is being written to by {holder or 'another process'}: wait for it to "
                "finish, or choose another path; reading needs no lock"
            ) from err
        except OSError as err:
            raise StoreError(f"cannot write next to {self}: {err.strerror}; choose another path") from err
        try:
            path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
            yield
        finally:
            lock.release()

    def _aside(self) -> Path:
        """Return an unused path next to the store, on the same file system."""
        return self.beside(f"{ASIDE}{uuid.uuid4().hex[:8]}").folder
