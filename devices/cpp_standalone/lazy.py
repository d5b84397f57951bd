"""The standalone device inside a function: it builds and runs when results are first looked at."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping

from ...core.declared import Declared
from ...core.expr import Expr
from ...core.freeze import freeze
from ...core.monitors import Monitor
from ...core.namespace import Resolved
from ...core.session import RunEntry, Session, SessionDevice
from .. import known
from ..base import Array, DeviceError, Runner
from ..simulation import Simulation
from ..user import refuse_python
from .backend import CPPBackend
from .emit_entries import time_of

#: Idle runners of this process by build key: a function called a thousand times starts one host.
_idle: dict[tuple[int, str], list[Runner]] = {}
_lock = threading.Lock()
_KEPT = 4


class LazyStandaloneDevice(SessionDevice):
    """Runs the program of a session once, from its start, when a result is first read.

    Parameters
    ----------
    seed : int
        Master seed of the run.
    time_limit : float, optional
        Seconds after which the run is ended.
    progress : callable, optional
        Called now and then with the completed fraction of the run.
    """

    def __init__(
        self,
        seed: int,
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.backend = CPPBackend()
        self._seed = seed
        self._time_limit, self._progress = time_limit, progress
        self._names: Mapping[str, str] = {}
        self._networks: Mapping[str, int] = {}
        self._runner: Runner | None = None
        self._key = ""
        self._outputs: frozenset[str] = frozenset()
        self._values: dict[str, Array] = {}

    def check_run(self, session: Session, entry: RunEntry) -> None:
        refuse_python(entry)
        if entry.report.tell is not None:
            raise DeviceError(
                "run(report=…): within an experiment, runs tell no progress of their own; leave it out."
            )

    def after_run(self, session: Session, entry: RunEntry) -> None:
        if self._runner is not None:
            raise DeviceError(
                "run() was called after results had been read; within an experiment, read results after the "
                "last run()."
            )

    def why_unavailable(self) -> str:
        return "call run() first"

    def connections(self, session: Session, synapses: Declared) -> tuple[Array, Array] | None:
        return known.connections(session, synapses, self if self._runner is not None else None)

    def evaluate(
        self, session: Session, owner: Declared, expr: Expr, constants: Mapping[str, Resolved], rows: range
    ) -> Array | None:
        return known.value(owner, expr, constants)

    def read(self, session: Session, owner: Declared, variable: str) -> Array | None:
        if not session.ran:
            return None
        if self._runner is None:
            self._run(session)
        id = self._names.get(owner.name)
        if id is None:
            return None
        records = isinstance(owner, Monitor)
        times = time_of(self._networks.get(owner._network or "", 0))
        output = times if variable == "t" and not records else f"{id}.{variable}"
        if output not in self._outputs:
            return None
        if output not in self._values:
            assert self._runner is not None
            (self._values[output],) = self._runner.read([output])
        return self._values[output]

    def _run(self, session: Session) -> None:
        simulation = Simulation(freeze(session), self.backend)
        build = simulation.build()
        runner = _lease(build.manifest.key) or self.backend.runner(build)
        try:
            inputs = {**simulation.base, **simulation.seed_inputs(self._seed)}
            runner.run(inputs, self._time_limit, self._progress)
        except BaseException:
            _give_back(build.manifest.key, runner)
            raise
        self._networks = simulation.frozen.networks
        self._names, self._runner, self._key = simulation.frozen.names, runner, build.manifest.key
        self._outputs = frozenset(o.id for o in build.manifest.outputs)

    def close(self) -> None:
        """Hand the runner back for the next session."""
        runner, self._runner = self._runner, None
        if runner is not None:
            _give_back(self._key, runner)


class DeclaredSignal(BaseException):
    """A function has declared its model and wants results; no error, and not for functions to catch."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__("results were read")
        self.simulation = simulation


class DeclaringDevice(LazyStandaloneDevice):
    """Goes as far as the first look at results, and raises what has been declared until then."""

    def __init__(self) -> None:
        super().__init__(0)

    def _run(self, session: Session) -> None:
        raise DeclaredSignal(Simulation(freeze(session), self.backend))


def _lease(key: str) -> Runner | None:
    with _lock:
        waiting = _idle.get((os.getpid(), key))
        return waiting.pop() if waiting else None


def _give_back(key: str, runner: Runner) -> None:
    with _lock:
        waiting = _idle.setdefault((os.getpid(), key), [])
        if len(waiting) < _KEPT:
            waiting.append(runner)
            return
    runner.close()
