"""Runs that are calls of a user's function: of an experiment, which declares and simulates, or of a task."""

from __future__ import annotations

import random
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np

from ..core.preferences import prefs
from . import live
from .adapters import exported, is_declared, isolated_session
from .child import Child
from .outputs import name_problems
from .values import OutputError, Value, as_value
from .work import Executor, Work

#: What a function's models say of themselves is not repeated by each run.
_QUIET = {"logging.console_log_level": "ERROR"}


class CallWork(Work):
    """Calls of a function, which hold the interpreter.

    Attributes
    ----------
    spare : float
        Seconds that a call may take beyond its limit, for what the limit is not about.
    """

    spare: ClassVar[float] = 0.0

    @property
    def holds_interpreter(self) -> bool:
        """They do, as any Python code."""
        return True

    @abstractmethod
    def call(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        """Call the function here; as for `Executor.run`."""

    def executor(self) -> Executor:
        """Return what calls the function: here, or where there is a limit in a process that can be ended."""
        return _CallExecutor(self)


@final
class _CallExecutor(Executor):
    def __init__(self, work: CallWork) -> None:
        self.work = work
        self.child = Child(work)

    def run(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        if time_limit is None:
            return self.work.call(point, seed, None)
        return self.child.call(point, seed, time_limit)

    def close(self) -> None:
        self.child.close()


@final
@dataclass(frozen=True)
class FunctionWork(CallWork):
    """Calls of a function that declares, runs and returns outputs by name.

    The user's preferences travel along. A limit is that of the simulation.
    """

    spare: ClassVar[float] = 60.0
    function: Callable[..., Any]
    fixed: Mapping[str, Any]
    preferences: Mapping[str, Any] = field(default_factory=prefs.changed)

    def call(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        overridden = prefs.override({**self.preferences, **_QUIET})
        with seeded(seed), overridden, isolated_session(seed, time_limit, live.tell):
            return function_values(self.function(**self.fixed, **point))


def function_values(returned: Any) -> dict[str, Value]:
    """Take what an experiment returned.

    Raises
    ------
    OutputError
        No dict from names to values.
    """
    if not isinstance(returned, Mapping) or not returned or not all(isinstance(n, str) for n in returned):
        raise OutputError(
            f"the function returned {returned!r:.60}; return a dict from names to numbers, arrays, Quantities, "
            "Ragged or monitors"
        )
    found: dict[str, Value] = {}
    for name, value in returned.items():
        if is_declared(value):
            found |= {
                f"{name}_{field}": as_value(f"{name}_{field}", v) for field, v in exported(value).items()
            }
        else:
            found[name] = as_value(name, value)
    problems = name_problems(list(found))
    if problems:
        raise OutputError("; ".join(problems))
    return found


_drawing = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's and numpy's own random numbers, and put them back as they were.

    There is one set of them in a process, so the threads of a process take turns.
    """
    with _drawing:
        python, legacy = random.getstate(), np.random.get_state()
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
