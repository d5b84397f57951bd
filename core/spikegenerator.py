"""Groups that spike when they are told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dimensions import TIME
from .equations import Equations
from .events import SPIKE
from .group import Group, check_size
from .infer import unit_of
from .logs import get_logger
from .records import with_unit
from .units import DimensionMismatchError, get_dimensions

_logger = get_logger("spikefarm.core.spikegenerator")

#: A period of zero: nothing is repeated.
ONCE = 0.0
#: What `get_states` calls the spikes, as in Brian 2.
_GIVEN = {"neuron_index": "indices", "spike_time": "times", "period": "period"}


@dataclass(frozen=True, eq=False)
class Spikes:
    """Spikes to come: neuron and time (in seconds) of each as the script gave them, and the period."""

    indices: NDArray[np.int64]
    times: NDArray[np.float64]
    period: float = ONCE

    def binned(self, dt: float, size: int, what: str) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Put the spikes on a grid of time.

        A time belongs to the step that it lies in; a thousandth of a step is taken for rounding.

        Returns
        -------
        indices, bins, cycle
            Neuron and step of each spike in order of time, and the period in steps (0: none).

        Raises
        ------
        ValueError
            If two spikes of a neuron fall into one step, or the period is no multiple of ``dt``.
        """
        cycle = round(self.period / dt)
        if abs(self.period / dt - cycle) > 1e-4 or (self.period > 0 and cycle == 0):
            raise ValueError(
                f"{what}: the period of {self.period:g} s is not an integer multiple of its dt of {dt:g} s."
            )
        order = np.lexsort((self.indices, self.times))
        indices, bins = self.indices[order], ((self.times[order] + 1e-3 * dt) / dt).astype(np.int64)
        places = np.stack((bins, indices), axis=1)
        found, counts = np.unique(places, axis=0, return_counts=True)
        if (counts > 1).any():
            step, neuron = (int(x) for x in found[np.argmax(counts > 1)])
            raise ValueError(
                f"{what}: neuron {neuron} spikes more than once in the time step at {step * dt:g} s (dt is {dt:g} s), "
                f"and {int((counts > 1).sum())} such case(s) in all; use a smaller dt or drop spikes."
            )
        return indices, bins, cycle


class SpikeGeneratorGroup(Group):
    """Neurons that spike at given times.

    Indices, times and period are inputs of a build: they can be set again between runs (`set_spikes`), and by
    run arguments of the same size, as ``'name.indices'``, ``'name.times'`` and ``'name.period'``.

    Parameters
    ----------
    N : int
        Number of neurons.
    indices : array_like of int, shape (n,)
        Neuron of each spike.
    times : Quantity, shape (n,)
        Time of each spike, in any order.
    dt : Quantity, optional
        Time step, if not that of ``defaultclock``. A spike happens in the step that its time lies in.
    clock : Clock, optional
        Clock of the group.
    period : Quantity, optional
        Time after which the spikes are repeated, counted from time zero; none by default.
    when : str, optional
        Part of the time step in which spikes happen.
    order : int, optional
        Place among the objects of the same part of a time step.
    sorted : bool, optional
        Whether spikes are sorted by time, then by neuron; a wrong claim is refused.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    ValueError, TypeError, DimensionMismatchError
        For spikes or periods that cannot be; when it is run also for two spikes of a neuron in one time step
        and for a period that is no multiple of ``dt``.
    """

    _kind = "spikegeneratorgroup"

    def __init__(
        self,
        N: int,
        indices: Any,
        times: Any,
        dt: Any = None,
        clock: Any = None,
        period: Any = None,
        when: str = "thresholds",
        order: int = 0,
        sorted: bool = False,
        name: str | None = None,
    ) -> None:
        check_size("SpikeGeneratorGroup", N)
        spikes = _check_spikes("SpikeGeneratorGroup", int(N), indices, times, period, sorted)
        super().__init__(N, Equations(()), dt=dt, clock=clock, order=order, name=name)
        self._add_event(SPIKE, None, when)
        self._spikes = spikes
        self._fresh = True
        self._binned: tuple[NDArray[np.int64], int] = (np.zeros(0, dtype=np.int64), 0)

    @property
    def spikes(self) -> Spikes:
        """The spikes set last."""
        return self._spikes

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> Sequence[str]:
        return (
            *super()._state_names(subexpressions, read_only_variables),
            *(_GIVEN if read_only_variables else ()),
        )

    def _state_value(self, name: str, units: bool) -> Any:
        if name not in _GIVEN:
            return super()._state_value(name, units)
        found = getattr(self._spikes, _GIVEN[name])
        return with_unit(found, TIME) if units and name != "neuron_index" else found

    def set_spikes(self, indices: Any, times: Any, period: Any = None, sorted: bool = False) -> None:
        """Set the spikes of the runs from here on, in place of all set before; see the class.

        Times are those of the whole simulation. What lies before the next run's start is ignored, with a
        warning.
        """
        self._spikes = _check_spikes(self.name, self.N, indices, times, period, sorted)
        self._fresh = True

    def check(self, constants: Mapping[str, Any]) -> None:
        super().check(constants)
        what = f"SpikeGeneratorGroup {self.name!r}"
        _, bins, cycle = self._spikes.binned(self.clock.dt_, self.N, what)
        self._binned = bins, cycle

    def tell_late(self, start: float) -> None:
        """Warn of spikes set since the last run that lie before the start of this one."""
        bins, cycle = self._binned
        late = bins < round(start / self.clock.dt_)
        if self._fresh and not cycle and late.any():
            _logger.warning(
                f"SpikeGeneratorGroup {self.name!r}: {int(late.sum())} spike(s) lie before {start:g} s, when this run "
                "starts; they are ignored.",
                "late_spikes",
            )
        self._fresh = False


def _check_spikes(what: str, size: int, indices: Any, times: Any, period: Any, claimed: bool) -> Spikes:
    """Take spikes as a user gives them; all problems are reported at once."""
    if get_dimensions(times) != TIME and np.size(times):
        raise DimensionMismatchError(
            f"{what}: times have units of {unit_of(get_dimensions(times))} instead of second."
        )
    neurons, seconds = np.asarray(indices), np.asarray(times, dtype=float)
    repeat = ONCE if period is None else period
    if get_dimensions(repeat) != TIME and np.any(np.asarray(repeat)):
        raise DimensionMismatchError(
            f"{what}: period={period!r:.60} has units of {unit_of(get_dimensions(repeat))} instead of second."
        )
    if neurons.ndim != 1 or seconds.ndim != 1 or np.ndim(repeat):
        raise TypeError(f"{what}: indices and times are one-dimensional arrays, the period a single time.")
    cycle = float(np.asarray(repeat))
    problems = []
    if neurons.size and (neurons.dtype.kind not in "iuf" or (neurons != np.floor(neurons)).any()):
        problems.append("indices must be integers")
    elif neurons.size and (neurons.min() < 0 or neurons.max() >= size):
        bad = neurons[(neurons < 0) | (neurons >= size)]
        problems.append(f"the index {bad[0]} is not one of the {size} neuron(s), 0 to {size - 1}")
    if neurons.size != seconds.size:
        problems.append(
            f"there are {neurons.size} indices, but {seconds.size} times; give one of each per spike"
        )
    if not np.isfinite(seconds).all() or (seconds < 0).any():
        problems.append("spike times must be finite and not negative")
    if not np.isfinite(cycle) or cycle < 0:
        problems.append(f"the period is {period!r}; it must be a finite time, and not negative")
    elif cycle and seconds.size and seconds.max() >= cycle:
        problems.append(
            f"the period of {cycle:g} s must be greater than all spike times; the last one is {seconds.max():g} s"
        )
    if problems:
        raise ValueError(f"{what}: " + "; ".join(problems) + ".")
    spikes = Spikes(neurons.astype(np.int64), seconds.astype(np.float64), cycle)
    if claimed and (np.lexsort((spikes.indices, spikes.times)) != np.arange(len(spikes.times))).any():
        raise ValueError(f"{what}: sorted=True, but the spikes are not sorted by time, then by index.")
    return spikes
