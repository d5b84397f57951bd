"""A recorder for long runs, which keeps the last values only."""

from __future__ import annotations

import math
from typing import Any

from .clock import check_time
from .dimensions import TIME
from .monitors import StateMonitor
from .neurons import Neurons
from .units import Quantity


def samples(duration: float, dt: float) -> int:
    """Number of steps that a duration is, one at least; a ten-thousandth of a step is taken for rounding."""
    return max(1, math.ceil(duration / dt - 1e-4))


class RecentStateMonitor(StateMonitor):
    """Record variables of a group over time, and keep the last values only.

    What it holds is what a `StateMonitor` would have recorded during the last ``duration``. It takes no more than
    twice the memory of that, however long the run. The duration is an input of the build: runs can change it, as
    ``'name.duration'``.

    Parameters
    ----------
    source, variables, record
        As for `StateMonitor`.
    duration : Quantity
        For how long values are kept.
    dt, clock, when, order, name
        As for `StateMonitor`.

    Raises
    ------
    DimensionMismatchError, TypeError, ValueError
        If the duration is not a single positive time.
    """

    _kind = "recentstatemonitor"

    def __init__(
        self,
        source: Neurons,
        variables: str | list[str] | tuple[str, ...] | bool,
        record: Any,
        duration: Any,
        dt: Any = None,
        clock: Any = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        self.duration_ = check_time(duration, "RecentStateMonitor: duration")
        super().__init__(source, variables, record, dt, clock, when, order, name)

    @property
    def duration(self) -> Quantity:
        """For how long values are kept."""
        return Quantity.with_dimensions(self.duration_, TIME)

    def kept(self, variable: str) -> int:
        rows = 1 if variable == "t" or self.source.state(variable).shared else len(self.record)
        return rows * samples(self.duration_, self.clock.dt_)
