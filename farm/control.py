"""Sweeps that are on their way: what each client tells of its own, and what others may ask of it.

Beside a store lies a folder ``x.zarr.sessions`` with two files for each client at work: a record of how far it is,
and what it has been asked to do, if anything. So a sweep can be watched, paused and cancelled by whoever can write
beside its store.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, final

from ..store.place import PathLike, Place, place_of
from ..store.writers import myself, process_gone

ENDING = ".sessions"
STALE_SECONDS = 60.0
RATE_SECONDS = 30.0  # over which a rate is taken


class Wish(StrEnum):
    """What a sweep can be asked to do."""

    RUN = "resume"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass
class Status:
    """How far a sweep is.

    Parameters
    ----------
    id : str
        Of the client's session.
    sweep, store, subject : str
        Name of the sweep, where its results go, what it runs.
    total, done, failed, cached : int
        Runs; `done` has those that failed and those that were there already.
    state : str
        ``running``, ``paused``, ``finished``, ``cancelled``, ``stopped`` or ``died``.
    started, updated : float
        Seconds since 1970.
    rate : float
        Runs per second of late.
    errors : list of str
        The first few different ones.
    dashboard : str
        Address of the cluster's.
    token : str
        Of the job, as workers know it.
    """

    id: str
    sweep: str
    store: str
    subject: str
    total: int
    done: int = 0
    failed: int = 0
    cached: int = 0
    state: str = "running"
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    rate: float = 0.0
    errors: list[str] = field(default_factory=list)
    dashboard: str = ""
    token: str = ""
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    process: dict[str, Any] = field(default_factory=myself)

    @property
    def eta(self) -> float | None:
        """Seconds that it will still take, None where nobody can tell."""
        left = self.total - self.done
        return 0.0 if not left else left / self.rate if self.rate > 0 and self.state == "running" else None

    def as_json(self) -> dict[str, Any]:
        """Return all figures."""
        return {**asdict(self), "eta": self.eta}

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> Status:
        """Return what `as_json` gave."""
        return cls(**{name: found[name] for name in cls.__dataclass_fields__ if name in found})


@final
class Session:
    """A client's own sweep, for the time that it is at it.

    Parameters
    ----------
    store : Place, optional
        Nobody is told where there is none.
    status : Status
        Kept up to date by the caller.
    """

    def __init__(self, store: Place | None, status: Status) -> None:
        self.place, self.status = None if store is None else store.beside(ENDING), status
        self.wish = Wish.RUN
        self._history: list[tuple[float, int]] = [(time.time(), status.done)]

    def tell(self) -> None:
        """Renew the record. What cannot be written is left: a sweep does not depend on being watched."""
        status, now = self.status, time.time()
        self._history = [(t, n) for t, n in self._history if now - t < RATE_SECONDS] or self._history[-1:]
        self._history.append((now, status.done))
        since, before = self._history[0]
        status.rate = (status.done - before) / (now - since) if now > since else 0.0
        status.updated = now
        if self.place is None:
            return
        with suppress(OSError):
            self.place.write(f"{status.id}.json", json.dumps(status.as_json()).encode())

    def look(self) -> Wish:
        """Return what this sweep is asked to do."""
        asked = None
        if self.place is None:
            return self.wish
        with suppress(OSError):
            asked = self.place.read(f"{self.status.id}.wish")
        if asked is not None:
            with suppress(OSError):
                self.place.delete(f"{self.status.id}.wish")
            self.ask(asked.decode())
        return self.wish

    def ask(self, text: str) -> None:
        """Take a wish, however it came here; one that is none is ignored."""
        with suppress(ValueError):
            self.wish = Wish(text)

    def end(self) -> None:
        """Take the record away, and what those left behind who were killed."""
        if self.place is None:
            return
        with suppress(OSError):
            for name in self.place.names():
                if name.startswith(self.status.id):
                    self.place.delete(name)
            if not self.place.names():
                self.place.remove()


def new_id() -> str:
    """Return a name for a session."""
    return uuid.uuid4().hex[:8]


def sessions(store: PathLike | Place) -> list[Status]:
    """Return the sweeps that are on their way into a store, the earliest first.

    One whose process is gone, or that did not tell anything for a minute, has state ``died``.
    """
    place = place_of(store).beside(ENDING)
    found = []
    for name in place.names():
        blob = place.read(name) if name.endswith(".json") else None
        if blob is None:
            continue
        status = Status.of_json(json.loads(blob))
        if process_gone(json.dumps(status.process).encode()) or time.time() - status.updated > STALE_SECONDS:
            status.state = "died"
        found.append(status)
    return sorted(found, key=lambda status: status.started)


def forget_dead(store: Place) -> None:
    """Take away the records of sweeps whose clients died."""
    with suppress(OSError):
        place = store.beside(ENDING)
        for status in sessions(store):
            if status.state == "died":
                place.delete(f"{status.id}.json")
                place.delete(f"{status.id}.wish")


def ask(store: PathLike | Place, wish: Wish, session: str | None = None) -> list[Status]:
    """Ask sweeps to pause, to go on or to end.

    Parameters
    ----------
    store : path
    wish : Wish
    session : str, optional
        Which one, by its id or the name of the sweep; all that are on their way into the store by default.

    Returns
    -------
    list of Status
        Of those that were asked.
    """
    place = place_of(store).beside(ENDING)
    asked = [
        status
        for status in sessions(store)
        if status.state != "died" and session in (None, status.id, status.sweep)
    ]
    for status in asked:
        place.write(f"{status.id}.wish", wish.encode())
    return asked
