"""Where a store is: a folder, or a prefix of an object store, and the little that both can do.

Files are known by keys such as ``runs/zarr.json``. Writing one is always all or nothing. A lock, and what the
writers of a store tell each other, lie beside it under its name with an ending (``x.zarr.lock``).
"""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from .schema import StoreError

WITNESS = "ragged/zarr.json"  # written when a store is made, and never again


class Place(ABC):
    """Where a store is. Frozen, hashable and picklable: workers have one too."""

    @property
    @abstractmethod
    def path(self) -> Path | str:
        """What a user calls it: an absolute path, or a URL."""

    def __str__(self) -> str:
        return str(self.path)

    def __dask_tokenize__(self) -> object:
        # Dask takes equal names for equal contents, and what is here may change between two looks.
        return str(self), time.time_ns()

    @abstractmethod
    def zarr(self) -> Any:
        """Return what zarr opens."""

    @abstractmethod
    def below(self, folder: str) -> Place:
        """Return the place of a folder in this one."""

    @abstractmethod
    def beside(self, ending: str) -> Place:
        """Return the place whose name is this one's with an ending."""

    @abstractmethod
    def problem(self) -> str:
        """Say in words why no store can be read or made here whatever is done; empty if it can."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what a store here needs to exist."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether anything is here."""

    @abstractmethod
    def writable(self) -> bool:
        """Whether this user may write, as far as can be told without doing it."""

    @abstractmethod
    def identity(self) -> object:
        """Return what changes when the store is replaced by another.

        Raises
        ------
        FileNotFoundError
            Nothing here.
        """

    @abstractmethod
    def names(self, folder: str = "") -> list[str]:
        """Return the names of what is in a folder, sorted; nothing where there is no such folder."""

    @abstractmethod
    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return keys and bytes of all files in a folder and below it."""

    @abstractmethod
    def read(self, key: str) -> bytes | None:
        """Return what a file holds, None where there is none."""

    @abstractmethod
    def write(self, key: str, data: bytes) -> None:
        """Put a file in place, instead of the one there."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Take a file away, if it is there."""

    @abstractmethod
    def remove(self, folder: str = "") -> None:
        """Take a folder away with all that is in it; on a file system in one step."""

    @abstractmethod
    def assemble(self, folder: str, fill: Callable[[Place], None]) -> None:
        """Make a folder, instead of one that is there: `fill` is given where to write.

        On a file system it appears by rename when it is whole, elsewhere file by file.
        """

    @abstractmethod
    def tidy(self) -> None:
        """Delete what somebody who was interrupted left beside the store. Needs the lock."""

    @abstractmethod
    def lock(self, timeout: float) -> AbstractContextManager[None]:
        """Be the only one who changes what the store consists of.

        Raises
        ------
        LockedError
            Somebody else was, for `timeout` seconds.
        StoreError
            Nobody can.
        """


PathLike = str | os.PathLike[str] | Place


def place_of(path: PathLike) -> Place:
    """Return the place that a path or a URL means.

    Raises
    ------
    StoreError
        A URL that no installed library knows.
    """
    if isinstance(path, Place):
        return path
    text = os.fspath(path)
    if "://" in text and not text.startswith("file://"):
        from .remote import RemotePlace

        return RemotePlace.of(text)
    from .local import LocalPlace

    return LocalPlace(Path(text.removeprefix("file://")).expanduser().absolute())


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
