"""Who adds runs to a store at this moment, and which runs each of them is at, so that no two do the same.

Beside the store lies a folder with a record for each writer, renewed every few seconds, and its claims: files of
the keys of runs that it has sent to workers. A claim is made, and others' claims are read, under the store's lock.
The claims of a writer that died are void: at once where it is known that its process is gone, otherwise when its
record has not changed for a minute of the observer's own clock.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from .place import Place
from .schema import KEY_BYTES

ENDING = ".writers"
BEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
_RECORD, _CLAIM = ".json", ".keys"


class Claims(ABC):
    """What keeps others from doing the same runs, for the time of a ``with`` block."""

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @abstractmethod
    def claim(self, keys: NDArray[np.uint8]) -> str:
        """Say that these runs are being done; needs the store's lock. Returns what `give_back` wants."""

    @abstractmethod
    def give_back(self, claim: str) -> None:
        """Say that these runs are in the store, or not being done any more."""

    @abstractmethod
    def claimed_elsewhere(self) -> NDArray[np.uint8]:
        """Return the keys of runs that other living writers are at, shape (n, 32); needs the store's lock."""


@final
class Writer(Claims):
    """One client that adds runs to a store, for the time of a ``with`` block.

    Parameters
    ----------
    store : Place
    purpose : str
        What the runs are for, by which others know that they are at the same.
    """

    def __init__(self, store: Place, purpose: str = "") -> None:
        self.purpose = purpose
        self.place = store.beside(ENDING)
        self.id = uuid.uuid4().hex[:12]
        self._count = 0
        self._beat = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, daemon=True)
        self._seen: dict[str, tuple[bytes | None, float]] = {}

    def __enter__(self) -> Writer:
        self._write_record()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(OSError):  # where the disk is full or gone, others will find that we are
            _forget(self.place, self.id)
            if not self.place.names():
                self.place.remove()

    def claim(self, keys: NDArray[np.uint8]) -> str:
        """Say that these runs are being done; needs the store's lock. Returns what `give_back` wants."""
        self._count += 1
        name = f"{self.id}.{self._count}{_CLAIM}"
        self.place.write(name, np.ascontiguousarray(keys).tobytes())
        return name

    def give_back(self, claim: str) -> None:
        """Say that these runs are in the store, or not being done any more."""
        self.place.delete(claim)

    def claimed_elsewhere(self) -> NDArray[np.uint8]:
        """Return the keys of runs that other living writers are at, shape (n, 32); needs the store's lock."""
        found = [np.empty((0, KEY_BYTES), np.uint8)]
        names = self.place.names()
        for writer in {name.partition(".")[0] for name in names} - {self.id}:
            if self._is_dead(writer):
                _forget(self.place, writer)
                continue
            for name in names:
                if name.startswith(writer) and name.endswith(_CLAIM):
                    found.append(np.frombuffer(self.place.read(name) or b"", np.uint8).reshape(-1, KEY_BYTES))
        return np.concatenate(found)

    def _is_dead(self, writer: str) -> bool:
        record, now = self.place.read(writer + _RECORD), time.monotonic()
        if record is not None and process_gone(record):
            return True
        known, since = self._seen.get(writer, (b"", now))
        if known != record or writer not in self._seen:
            self._seen[writer] = (record, now)
            return False
        return now - since > STALE_SECONDS

    def _keep_beating(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            with suppress(OSError):
                self._write_record()

    def _write_record(self) -> None:
        self._beat += 1
        record = {**myself(), "purpose": self.purpose, "beat": self._beat}
        self.place.write(self.id + _RECORD, json.dumps(record).encode())


def others(store: Place, purpose: str | None = None) -> list[str]:
    """Return who adds to a store, or does so for some purpose, in words, as far as one look can tell."""
    place = store.beside(ENDING)
    records = [place.read(name) for name in place.names() if name.endswith(_RECORD)]
    return list(_living([record for record in records if record is not None], purpose))


def _living(records: list[bytes], purpose: str | None) -> Iterator[str]:
    for record in records:
        if not process_gone(record):
            found = json.loads(record)
            if purpose not in (None, found["purpose"]):
                continue
            yield f"process {found['pid']} on {found['host']}"


def _forget(place: Place, writer: str) -> None:
    for name in place.names():
        if name.partition(".")[0] == writer:
            place.delete(name)


@functools.cache
def _machine() -> str:
    """Return what is the same for two processes that see each other's numbers."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return " ".join(parts)


def myself() -> dict[str, object]:
    import psutil

    pid = os.getpid()
    started = psutil.Process(pid).create_time()
    return {"host": socket.gethostname(), "machine": _machine(), "pid": pid, "started": started}


def process_gone(record: bytes) -> bool:
    """Whether a writer was a process of this machine that is no more."""
    import psutil

    try:
        found = json.loads(record)
        if found["machine"] != _machine():
            return False
        process = psutil.Process(int(found["pid"]))
        return bool(
            abs(process.create_time() - float(found["started"])) > 1
            or process.status() == psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return True
    except (ValueError, KeyError, TypeError):
        return False  # unreadable: the other rule decides
