"""Rates of whole groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .events import SPIKE
from .monitors import Monitor, check_source, reader
from .neurons import Neurons
from .records import RateRecord


class PopulationRateMonitor(Monitor):
    """Record the rate of a group in each time step: spikes per neuron and time.

    Parameters
    ----------
    source : Group or Subgroup
        The group.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    ValueError
        If the group never spikes.
    """

    _kind = "ratemonitor"

    def __init__(self, source: Neurons, name: str | None = None) -> None:
        check_source("PopulationRateMonitor", source)
        source.find_event(SPIKE)
        super().__init__(name, source._root._clock, None, "end", 0)
        self.source = source
        self.event = SPIKE

    @property
    def data(self) -> RateRecord:
        """Everything recorded so far."""
        return RateRecord(reader(self), self.name)

    def recorded_names(self) -> tuple[str, ...]:
        return ("t", "rate")

    @property
    def t(self) -> Any:
        """Times of the steps."""
        return self.data.t

    @property
    def t_(self) -> NDArray[np.float64]:
        """Times of the steps in seconds."""
        return self.data.t_

    @property
    def rate(self) -> Any:
        """Rate in each step."""
        return self.data.rate

    @property
    def rate_(self) -> NDArray[np.float64]:
        """Rate in each step in hertz."""
        return self.data.rate_

    def smooth_rate(self, window: Any = "gaussian", width: Any = None) -> Any:
        """Smooth the rate; see `RateRecord.smooth_rate`."""
        return self.data.smooth_rate(window, width)

    def __len__(self) -> int:
        return len(self.t_)

    def __repr__(self) -> str:
        return f"<PopulationRateMonitor {self.name!r} of {self.source.name!r}>"
