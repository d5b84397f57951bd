"""A store under a URL: an object store through obstore, anything else that fsspec knows.

Objects appear whole, but nothing can be renamed. So what consists of several objects is made in place, and
counts once the part that is written last is there.
"""

from __future__ import annotations

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, final

from .place import Place
from .schema import StoreError

OBSTORE_SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
_REMEDY = "pip install obstore, or fsspec with the package for that protocol"


class Objects(ABC):
    """What is needed of a library for object stores; keys are below the URL that was opened."""

    @abstractmethod
    def zarr(self) -> Any:
        """Return a Zarr store."""

    @abstractmethod
    def get(self, key: str) -> tuple[bytes, object] | None:
        """Return an object and what identifies this version of it."""

    @abstractmethod
    def put(self, key: str, data: bytes) -> None:
        """Write an object."""

    @abstractmethod
    def create(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one; whether it was written."""

    @abstractmethod
    def swap(self, key: str, data: bytes, version: object) -> bool:
        """Write an object if it still is of that version; whether it was written."""

    @abstractmethod
    def delete(self, keys: list[str]) -> None:
        """Delete objects, those that are there."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Return the names right below a folder."""

    @abstractmethod
    def walk(self, folder: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object below a folder."""


@final
@dataclass(frozen=True)
class RemotePlace(Place):
    """A URL, such as ``s3://bucket/folder/x.zarr``.

    Credentials, region and endpoint come from the environment, as the library has it (``AWS_ACCESS_KEY_ID``,
    ``AWS_ENDPOINT`` …), on workers from theirs; or from `options`, which then travel to the workers.

    Parameters
    ----------
    url : str
        Without a slash at its end.
    options : str
        JSON of arguments for ``obstore.store.from_url``, or for fsspec's file system.
    """

    url: str
    options: str = field(default="{}", repr=False)

    @classmethod
    def of(cls, url: str, **options: Any) -> RemotePlace:
        """Return the place of a URL.

        Raises
        ------
        StoreError
            No installed library knows it.
        """
        place = cls(url.rstrip("/"), json.dumps(options, sort_keys=True))
        if not place.url.partition("://")[2].strip("/").count("/") and not url.startswith("memory:"):
            raise StoreError(f"{url} names no store: give one in the bucket, such as {place.url}/x.zarr")
        objects(place.url, place.options)
        return place

    @property
    def path(self) -> str:
        return self.url

    def __str__(self) -> str:
        return self.url

    @property
    def _objects(self) -> Objects:
        return objects(self.url, self.options)

    def zarr(self) -> Any:
        return self._objects.zarr()

    def below(self, folder: str) -> RemotePlace:
        return RemotePlace(f"{self.url}/{folder}", self.options)

    def beside(self, ending: str) -> RemotePlace:
        return RemotePlace(self.url + ending, self.options)

    def problem(self) -> str:
        return ""

    def prepare(self) -> None:
        """Nothing: object stores have no folders."""

    def exists(self) -> bool:
        return bool(self.names())

    def writable(self) -> bool:
        return True

    def identity(self) -> object:
        found = self.read("zarr.json")
        if found is None:
            raise FileNotFoundError(self.url)
        return json.loads(found).get("attributes", {}).get("spikefarm", {}).get("id")

    def names(self, folder: str = "") -> list[str]:
        return sorted(self._objects.names(folder))

    def sizes(self, folder: str = "") -> dict[str, int]:
        return dict(sorted(self._objects.walk(folder)))

    def read(self, key: str) -> bytes | None:
        found = self._objects.get(key)
        return None if found is None else found[0]

    def write(self, key: str, data: bytes) -> None:
        self._objects.put(key, data)

    def delete(self, key: str) -> None:
        self._objects.delete([key])

    def remove(self, folder: str = "") -> None:
        # The metadata goes first, so that nobody opens what is half gone.
        keys = [key for key, _ in self._objects.walk(folder)]
        first = [key for key in keys if key == f"{folder}/zarr.json".lstrip("/")]
        self._objects.delete(first)
        self._objects.delete([key for key in keys if key not in first])

    def assemble(self, folder: str, fill: Callable[[Place], None]) -> None:
        self.remove(folder)
        fill(self.below(folder) if folder else self)

    def tidy(self) -> None:
        """Nothing lies beside an object store's prefix."""

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        from .lease import lease

        return lease(self.beside(".lock"), str(self), timeout)

    # What a lease needs, on the object itself.

    def version(self) -> tuple[bytes, object] | None:
        """Return the object at this very place, and its version."""
        return self._objects.get("")

    def create(self, data: bytes) -> bool:
        """Write the object at this very place unless there is one."""
        return self._objects.create("", data)

    def swap(self, data: bytes, version: object) -> bool:
        """Write the object at this very place if it still is of that version."""
        return self._objects.swap("", data, version)


class WeakLockWarning(UserWarning):
    """A store's lock cannot keep several clients apart for certain."""


IN_PROCESS = ("memory", ("memory",))  # nobody else can reach these


@lru_cache(maxsize=64)
def objects(url: str, options: str) -> Objects:
    """Return the library's handle for a URL.

    Raises
    ------
    StoreError
        No installed library knows it.
    """
    try:
        if url.partition("://")[0] in OBSTORE_SCHEMES:
            try:
                return _Obstore(url, options)
            except ImportError:
                pass
        return _Fsspec(url, options)
    except (ImportError, ValueError) as err:
        raise StoreError(f"cannot use the store {url}: {err}; {_REMEDY}") from err


def _join(prefix: str, key: str) -> str:
    return "/".join(part for part in (prefix, key) if part)


@final
class _Obstore(Objects):
    """Keys are relative to the bucket, since an object store's prefix cannot itself be an object."""

    def __init__(self, url: str, options: str) -> None:
        from obstore.store import from_url

        scheme, _, rest = url.partition("://")
        bucket, _, self.prefix = rest.partition("/")
        self.whole, self.options = url, json.loads(options)
        self.store = from_url(f"{scheme}://{bucket}", **self.options)

    def zarr(self) -> Any:
        from obstore.store import from_url
        from zarr.storage import ObjectStore

        return ObjectStore(from_url(self.whole, **self.options))

    def get(self, key: str) -> tuple[bytes, object] | None:
        import obstore

        try:
            found = obstore.get(self.store, _join(self.prefix, key))
        except FileNotFoundError:
            return None
        return bytes(found.bytes()), found.meta["e_tag"]

    def put(self, key: str, data: bytes) -> None:
        import obstore

        obstore.put(self.store, _join(self.prefix, key), data)

    def create(self, key: str, data: bytes) -> bool:
        import obstore

        try:
            obstore.put(self.store, _join(self.prefix, key), data, mode="create")
        except obstore.exceptions.AlreadyExistsError:
            return False
        return True

    def swap(self, key: str, data: bytes, version: object) -> bool:
        import obstore

        mode: Any = {"e_tag": version}
        try:
            obstore.put(self.store, _join(self.prefix, key), data, mode=mode)
        except (obstore.exceptions.PreconditionError, FileNotFoundError):
            return False
        return True

    def delete(self, keys: list[str]) -> None:
        import obstore

        if keys:
            obstore.delete(self.store, [_join(self.prefix, key) for key in keys])

    def names(self, folder: str) -> list[str]:
        import obstore

        prefix = _join(self.prefix, folder) + "/"
        found = obstore.list_with_delimiter(self.store, prefix)
        files = [meta["path"] for meta in found["objects"]]
        return [path.rstrip("/").rsplit("/", 1)[-1] for path in [*files, *found["common_prefixes"]]]

    def walk(self, folder: str) -> Iterator[tuple[str, int]]:
        import obstore

        for part in obstore.list(self.store, _join(self.prefix, folder) + "/"):
            for meta in part:
                yield meta["path"][len(self.prefix) + 1 :], meta["size"]


@final
class _Fsspec(Objects):
    def __init__(self, url: str, options: str) -> None:
        import fsspec

        self.url, self.options = url, json.loads(options)
        self.fs, self.root = fsspec.core.url_to_fs(url, **self.options)
        self._warned = self.fs.protocol in IN_PROCESS

    def _path(self, key: str) -> str:
        return _join(self.root, key)

    def _warn(self) -> None:
        """Say once, when a lock is taken for the first time, that it is not a safe one."""
        if not self._warned:
            self._warned = True
            store = self.url.removesuffix(".lock")
            warnings.warn(
                f"the store {store} is reached through fsspec, which has no conditional writes: its lock does not keep "
                "clients apart for certain; let one client at a time write to it, or use s3://, gs:// or az:// with "
                "obstore (pip install 'spikefarm[remote]')",
                WeakLockWarning,
                stacklevel=2,
            )

    def zarr(self) -> Any:
        from zarr.storage import FsspecStore

        return FsspecStore.from_url(self.url, storage_options=self.options or None)

    def get(self, key: str) -> tuple[bytes, object] | None:
        try:
            found = bytes(self.fs.cat_file(self._path(key)))
        except (FileNotFoundError, IsADirectoryError):
            return None
        return found, found

    def put(self, key: str, data: bytes) -> None:
        self.fs.pipe_file(self._path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        self._warn()
        try:
            self.fs.pipe_file(self._path(key), data, mode="create")
        except FileExistsError:
            return False
        return True

    def swap(self, key: str, data: bytes, version: object) -> bool:
        # fsspec has no conditional writes; between these two lines lie milliseconds of a minute.
        found = self.get(key)
        if found is None or found[1] != version:
            return False
        self.put(key, data)
        return True

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            try:
                self.fs.rm_file(self._path(key))
            except FileNotFoundError:
                continue

    def names(self, folder: str) -> list[str]:
        try:
            found = self.fs.ls(self._path(folder), detail=False, refresh=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        own = self._path(folder).strip("/")
        return [p.rstrip("/").rsplit("/", 1)[-1] for p in found if p.strip("/") != own]

    def walk(self, folder: str) -> Iterator[tuple[str, int]]:
        top = self.root.strip("/")
        for path, info in self.fs.find(self._path(folder), detail=True).items():
            yield path.strip("/")[len(top) :].lstrip("/"), int(info["size"] or 0)
