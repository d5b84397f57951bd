"""A simulation in this process: what the runtime device needs of a target."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..base import Array

#: Called with the number of a place at which the model calls Python, or -1 now and then; True to stop.
Callback = Callable[[int], bool]
POLL = -1


class Context(ABC):
    """The state of one Model, advanced by its only run step again and again."""

    @abstractmethod
    def state(self, id: str) -> Array:
        """A state array by id (``population.variable``): a view that may be written to."""

    @abstractmethod
    def resize(self, id: str, count: int) -> None:
        """Give a state array without a fixed size another one; its values are to be set then."""

    @abstractmethod
    def records(self, id: str) -> Array:
        """What a monitor has recorded since the context was made, as a copy."""

    @abstractmethod
    def switch(self, number: int, active: bool) -> None:
        """Switch an object of a model that calls Python on or off, by its number among `Model.objects`."""

    @abstractmethod
    def resume(self, time: float, clocks: Mapping[str, tuple[float, int]]) -> None:
        """Go on at a time, with the dt and the ticks of each clock so far."""

    @abstractmethod
    def clocks(self) -> Mapping[str, tuple[float, float, int]]:
        """Time, dt and ticks of each clock."""

    @abstractmethod
    def time(self) -> float:
        """Time reached by the runs so far."""

    def profile(self) -> tuple[Sequence[str], Array]:
        """Labels of kernels, and the seconds that each has taken since the context was made, if that is measured."""
        return (), np.zeros(0)

    @abstractmethod
    def run(self, inputs: Mapping[str, Array], callback: Callback) -> None:
        """Advance by the duration among the inputs.

        Raises
        ------
        SimulationError
            If it fails.
        """

    @abstractmethod
    def stop(self) -> None:
        """End the run after the current time step."""

    @abstractmethod
    def close(self) -> None:
        """Free what the context holds; views of its state become invalid."""
