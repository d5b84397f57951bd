"""A lock where there is no file system: an object that says who has it, renewed for as long as it is held."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .schema import LockedError

if TYPE_CHECKING:
    from .remote import RemotePlace

RENEW_SECONDS = 5.0
STALE_SECONDS = 60.0  # an object that did not change for so long belongs to nobody any more
POLL_SECONDS = 0.1


@contextmanager
def lease(place: RemotePlace, store: str, timeout: float) -> Iterator[None]:
    """Hold the object at `place`.

    It is created where there is none, which object stores do for one of several. One whose holder has died is
    taken over when it has not changed for a minute of the waiting client's own clock.

    Raises
    ------
    LockedError
        Somebody else had it for `timeout` seconds.
    """
    token = uuid.uuid4().hex
    _acquire(place, token, store, timeout)
    stop = threading.Event()
    thread = threading.Thread(target=_renew, args=(place, token, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        held = place.version()
        if held is not None and _token(held[0]) == token:
            place.delete("")


def _acquire(place: RemotePlace, token: str, store: str, timeout: float) -> None:
    start = time.monotonic()
    seen: tuple[bytes, object] | None = None
    since = start
    while not place.create(_content(token, 0)):
        found, now = place.version(), time.monotonic()
        if found != seen:
            seen, since = found, now
        elif found is not None and now - since > STALE_SECONDS and place.swap(_content(token, 0), found[1]):
            return
        if now - start >= timeout:
            holder = _holder(found[0]) if found is not None else "another process"
            raise LockedError(
                f"the store {store} is being written to by {holder}: wait for it to finish, or choose "
                "another path; reading needs no lock"
            )
        time.sleep(POLL_SECONDS)


def _renew(place: RemotePlace, token: str, stop: threading.Event) -> None:
    beat = 0
    while not stop.wait(RENEW_SECONDS):
        beat += 1
        held = place.version()
        if held is None or _token(held[0]) != token or not place.swap(_content(token, beat), held[1]):
            return  # taken over: this process was taken for dead


def _content(token: str, beat: int) -> bytes:
    who = f"process {os.getpid()} on {socket.gethostname()}"
    return json.dumps({"token": token, "holder": who, "beat": beat}).encode()


def _token(content: bytes) -> str:
    return str(json.loads(content).get("token"))


def _holder(content: bytes) -> str:
    return str(json.loads(content).get("holder"))
