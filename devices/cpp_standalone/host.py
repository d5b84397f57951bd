"""The resident process behind a runner: its pipes, its words on stderr, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from ..base import SimulationCrashError, SimulationError, TimeLimitError
from .protocol import HEADER, PROGRESS, QUIT, request, take_seconds

_STDERR_TAIL = 8192
_PIPE_BYTES = 1 << 20
_LONG_WAIT = 3600.0  # seconds; poll() takes no longer than some weeks

_living: weakref.WeakSet[HostProcess] = weakref.WeakSet()


class HostProcess:
    """One running host. It ends with its pipes, and is used by one thread at a time.

    Parameters
    ----------
    executable, model : path
        The host program and the shared object that it loads.
    """

    def __init__(self, executable: Path, model: Path) -> None:
        requests_in, self._requests = os.pipe()
        self._replies, replies_out = os.pipe()
        errors_in, errors_out = os.pipe()
        self._errors = errors_in
        self.pid_of_owner = os.getpid()
        self._tail = b""
        command = [str(executable), "--serve", str(requests_in), str(replies_out), str(model)]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=errors_out, pass_fds=(requests_in, replies_out)
            )
        except OSError as error:
            self._close_pipes()
            raise SimulationError(f"the host process {executable} could not be started: {error}") from error
        finally:
            for fd in (requests_in, replies_out, errors_out):
                os.close(fd)
        for fd in (self._requests, self._replies, self._errors):
            os.set_blocking(fd, False)
        for fd in (self._requests, self._replies):
            _enlarge(fd)
        self._poll = select.poll()
        self._poll.register(self._errors, select.POLLIN)
        _living.add(self)

    @property
    def pid(self) -> int:
        """The process id of the host."""
        return self._process.pid

    def exchange(
        self, message: bytes, time_limit: float | None, progress: Callable[[float], None] | None = None
    ) -> bytearray:
        """Send a request and return the payload of the reply.

        ``progress`` is called now and then with the completed fraction of a run that was asked to tell it.

        Raises
        ------
        SimulationError
            The host answered with an error; it can be used again.
        SimulationCrashError, TimeLimitError
            The host is gone.
        """
        deadline = None if time_limit is None else time.monotonic() + time_limit
        try:
            self._send(message, deadline)
            while True:
                status, _, size = HEADER.unpack(self._receive(HEADER.size, deadline))
                reply = self._receive(size, deadline)
                if status != PROGRESS:
                    break
                if progress is not None:
                    progress(take_seconds(reply)[0])
        except TimeoutError:
            self.kill()
            raise TimeLimitError(
                f"the simulation was ended after its time limit of {time_limit:g} s of wall time"
            ) from None
        except (EOFError, BrokenPipeError):
            raise SimulationCrashError(self._obituary()) from None
        except BaseException:  # Ctrl-C and the like: a half-finished exchange cannot be taken up again
            self.kill()
            raise
        if status != 0:
            raise SimulationError(reply.rstrip(b"\0").decode(errors="replace"))
        return reply

    def quit(self) -> None:
        """End the host: ask for it where there is time, insist where not."""
        with contextlib.suppress(OSError):  # busy or dead
            os.write(self._requests, request(QUIT, []))
        self._close_requests()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=0.5)
        self.kill()

    def kill(self) -> None:
        """End the host at once."""
        self._process.kill()
        self._process.wait()
        self._close_pipes()

    def abandon(self) -> None:
        """Let go of a host that belongs to the process this one was forked from."""
        self._close_pipes()
        self._process.returncode = 0  # not ours to wait for

    # --- inside -------------------------------------------------------------------------------------

    def _send(self, data: bytes, deadline: float | None) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._requests, view) :]
            except BlockingIOError:
                self._wait(self._requests, select.POLLOUT, deadline)

    def _receive(self, size: int, deadline: float | None) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            try:
                count = os.readv(self._replies, [view])
            except BlockingIOError:
                self._wait(self._replies, select.POLLIN, deadline)
                continue
            if count == 0:
                raise EOFError
            view = view[count:]
        return data

    def _wait(self, fd: int, event: int, deadline: float | None) -> None:
        """Wait for one pipe, taking in meanwhile what the host prints, so that it never waits for us."""
        self._poll.register(fd, event)
        try:
            while True:
                left = _LONG_WAIT if deadline is None else min(_LONG_WAIT, deadline - time.monotonic())
                if left <= 0:
                    raise TimeoutError
                ready = dict(self._poll.poll(1000 * left))
                if self._errors in ready and not self._listen():
                    self._poll.unregister(self._errors)
                if fd in ready:
                    return
        finally:
            self._poll.unregister(fd)

    def _listen(self) -> bool:
        """Take in what is on stderr; False at its end."""
        while True:
            try:
                text = os.read(self._errors, 65536)
            except BlockingIOError:
                return True
            if not text:
                return False
            self._tail = (self._tail + text)[-_STDERR_TAIL:]

    def _obituary(self) -> str:
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # it closed its pipes and goes on: of no use to anybody
            self._process.kill()
            status = self._process.wait()
        self._listen()
        self._close_pipes()
        if status < 0:
            cause = f"was ended by {_signal_name(-status)}"
        else:
            cause = f"ended with exit status {status}"
        said = self._tail.decode(errors="replace").strip()
        return f"the simulating process {cause}" + (f"; it said:\n{said}" if said else " and said nothing")

    def _close_requests(self) -> None:
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1

    def _close_pipes(self) -> None:
        self._close_requests()
        for fd in (self._replies, self._errors):
            if fd >= 0:
                os.close(fd)
        self._replies = self._errors = -1
        _living.discard(self)


def _enlarge(fd: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a limit of the system: slower for large outputs, nothing else
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _signal_name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({signal.strsignal(number)})"
    except ValueError:
        return f"signal {number}"


def _abandon_all() -> None:
    for host in list(_living):
        host.abandon()


# A forked child must not hold the pipes of its parent's hosts open.
os.register_at_fork(after_in_child=_abandon_all)
