"""Calls in a process of their own, which can be ended: Python cannot interrupt a call that does not return."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, final

from ..devices.base import DeviceError, TimeLimitError
from . import live
from .values import Value
from .work import ToldError

if TYPE_CHECKING:
    from .calls import CallWork

CODE = f"from {__name__} import main; main()"
START_SECONDS = 120.0
TELL_SECONDS = 0.2  # between messages of how far a run is
WATCH_SECONDS = 0.5  # between looks at whether the parent is still there


class ProcessDiedError(DeviceError):
    """The process of a run died, by a signal or by ending itself."""


@final
class Child:
    """A child process, which is started when it is needed first, and again after it was ended.

    Parameters
    ----------
    work : CallWork
        What is called there.
    """

    def __init__(self, work: CallWork) -> None:
        self._work = work
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    def call(self, point: Mapping[str, Any], seed: int, time_limit: float) -> dict[str, Value]:
        """Do one run; as for `Executor.run`.

        Raises
        ------
        TimeLimitError
            The call took longer than the limit and what the work allows beyond it; it was ended.
        ProcessDiedError
            It took its process with it.
        ToldError
            It raised something else.
        """
        import cloudpickle

        pipe = self._pipe or self._start()
        try:
            pipe.send_bytes(cloudpickle.dumps((point, seed, time_limit)))
            found: dict[str, Value] | None = self._answer(pipe, time_limit + self._work.spare)
        except (EOFError, OSError):
            raise ProcessDiedError(f"the process of the call {self._how_it_ended()}") from None
        if found is None:
            self.close()
            more = f" and {self._work.spare:g} s more" if self._work.spare else ""
            raise TimeLimitError(
                f"the call was ended after its time limit of {time_limit:g} s{more} of wall time"
            )
        return found

    def _answer(self, pipe: Connection, limit: float) -> Any:
        """Wait for what becomes of a call, None if it takes too long."""
        deadline = time.monotonic() + limit
        while pipe.poll(max(deadline - time.monotonic(), 0)):
            kind, content = pickle.loads(pipe.recv_bytes())
            if kind == "error":
                raise ToldError(content)
            if kind == "done":
                return content
            live.tell(content)
        return None

    def _start(self) -> Connection:
        import cloudpickle

        self._pipe, theirs = Pipe()
        command = [sys.executable, "-c", CODE, str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
        )
        theirs.close()
        self._pipe.send_bytes(cloudpickle.dumps((sys.path, cloudpickle.dumps(self._work))))
        try:
            ready = self._answer(self._pipe, START_SECONDS)
        except (EOFError, OSError):
            raise ProcessDiedError(f"the process for the call {self._how_it_ended()}") from None
        except ToldError:
            self.close()
            raise
        if ready is None:
            self.close()
            raise ProcessDiedError(f"the process for the call did not start within {START_SECONDS:g} s")
        return self._pipe

    def _how_it_ended(self) -> str:
        process = self._process
        assert process is not None
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)
        status = process.poll()
        self.close()
        if status is not None and status < 0:
            return f"died of signal {-status} ({signal.Signals(-status).name})"
        return f"ended by itself, with exit status {status}"

    def close(self) -> None:
        """End the process, and what it has started."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


# -- in the child ---------------------------------------------------------------------------------------


@final
class _Parent:
    """The other end of the pipe; several threads tell it things."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self._lock = threading.Lock()

    def tell(self, kind: str, content: Any) -> None:
        message = pickle.dumps((kind, content))
        with self._lock:
            self.pipe.send_bytes(message)

    def tell_progress(self) -> None:
        """Pass on how far the run is, for ever."""
        last = None
        while True:
            time.sleep(TELL_SECONDS)
            for fraction in [current["fraction"] for current in live.snapshot()]:
                if fraction is not None and fraction != last:
                    last = fraction
                    self.tell("fraction", fraction)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.killpg(0, signal.SIGKILL)


def _serve(pipe: Connection) -> None:
    """Make calls until the parent closes the pipe."""
    import cloudpickle

    from .worker import describe

    parent = _Parent(pipe)
    paths, blob = cloudpickle.loads(pipe.recv_bytes())
    sys.path.extend(path for path in paths if path not in sys.path)
    try:
        work = cloudpickle.loads(blob)
    except Exception as problem:
        parent.tell("error", describe(problem))
        return
    parent.tell("done", True)
    threading.Thread(target=parent.tell_progress, daemon=True).start()
    while True:
        message = pipe.recv_bytes()
        live.begin("", 0)
        try:
            told = ("done", work.call(*cloudpickle.loads(message)))
        except (Exception, SystemExit) as problem:
            told = ("error", describe(problem))
        finally:
            live.end()
        parent.tell(*told)


def main() -> None:
    """Be the child process."""
    number, parent = map(int, sys.argv[1:])
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    with suppress(EOFError, OSError):
        _serve(Connection(number))
