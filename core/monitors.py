"""Monitors: what is recorded while a simulation runs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .declared import Declared
from .events import SPIKE
from .neurons import Neurons
from .records import SpikeRecord, StateRecord
from .states import StateHolder


class Monitor(Declared, StateHolder):
    """What records something of a group; results know it by its name."""

    source: Neurons
    _relation = "records from"

    @property
    def _needs(self) -> tuple[Declared, ...]:
        return (self.source._root,)

    @abstractmethod
    def recorded_names(self) -> tuple[str, ...]:
        """What is recorded."""

    def kept(self, variable: str) -> int | None:
        """How many values of a variable are kept at most; ``None`` for all."""
        return None

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> Sequence[str]:
        return (*self.recorded_names(), "N") if read_only_variables else ()

    def _state_value(self, name: str, units: bool) -> Any:
        if name == "N":
            return len(self)
        if name not in self.recorded_names():
            raise KeyError(
                f"{self.name} has no variable {name!r}; it has {', '.join(self.recorded_names())}, N."
            )
        return getattr(self, name if units else f"{name}_")

    def _set_state_values(self, values: Mapping[str, Any], units: bool, level: int) -> None:
        if values:
            raise TypeError(
                f"{self.name}: what a monitor has recorded cannot be set, but {', '.join(values)} is."
            )

    @abstractmethod
    def __len__(self) -> int:
        """Number of events or times recorded."""


class EventRecorder(Monitor):
    """What monitors of events have in common."""

    def __init__(
        self,
        source: Neurons,
        event: str,
        variables: Any,
        record: bool,
        when: str | None,
        order: int | None,
        name: str | None,
    ) -> None:
        what = type(self).__name__
        check_source(what, source)
        place = source.find_event(event).check
        if not isinstance(record, bool):
            raise TypeError(f"{what}: record={record!r:.60} must be True or False.")
        extra = () if variables is None else _variable_names(what, source, variables)
        if "count" in extra:
            raise ValueError(
                f"{what}: 'count' is the number of events of each neuron; record another variable."
            )
        if extra and not record:
            raise ValueError(
                f"{what}: record=False only counts, so {', '.join(extra)} would not be recorded."
            )
        super().__init__(
            name,
            source._root._clock,
            None,
            place.when if when is None else when,
            place.order + 1 if order is None else order,
        )
        self.source = source
        self.event = event
        self.record = record
        self.recorded_variables = tuple(dict.fromkeys(("i", "t", *extra))) if record else ()

    @property
    def data(self) -> SpikeRecord:
        """Everything recorded so far."""
        types = {n: self.source.variable_types[n].dim for n in self.recorded_variables}
        return SpikeRecord(reader(self), self.source.N, types, self.name)

    def recorded_names(self) -> tuple[str, ...]:
        return (*self.recorded_variables, "count")

    def _state_value(self, name: str, units: bool) -> Any:
        return self.count if name == "count" else super()._state_value(name, units)

    @property
    def t_(self) -> NDArray[np.float64]:
        """Time of each event in seconds."""
        return self.data.t_

    @property
    def it(self) -> tuple[Any, Any]:
        """``(i, t)``."""
        return self.data.i, self.data.t

    @property
    def it_(self) -> tuple[Any, Any]:
        """``(i, t)`` without units."""
        return self.data.i, self.t_

    @property
    def count(self) -> NDArray[np.int32]:
        """Number of events of each neuron."""
        return self.data.count

    @property
    def num_events(self) -> int:
        """Number of events of all neurons."""
        return self.data.num_events

    def event_trains(self) -> dict[int, Any]:
        """Times of events by neuron."""
        return self.data.event_trains()

    def values(self, variable: str) -> dict[int, Any]:
        """Values of a recorded variable at the events, by neuron."""
        return self.data.values(variable)

    def all_values(self) -> dict[str, dict[int, Any]]:
        """Values of every recorded variable at the events, by name and neuron."""
        return self.data.all_values()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "recorded_variables" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.data, name)

    def __len__(self) -> int:
        return self.num_events

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of {self.event!r} of {self.source.name!r}>"


class EventMonitor(EventRecorder):
    """Record an event of a group.

    Parameters
    ----------
    source : Group or Subgroup
        The group.
    event : str
        Name of the event.
    variables : str or list of str, optional
        Variables to record at each event besides neuron (``i``) and time (``t``).
    record : bool, optional
        Whether to record each event, or only to count them.
    when : str, optional
        Part of the time step; that in which the event happens by default.
    order : int, optional
        Place among the objects of the same part of a time step; right after the event by default.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    ValueError
        If the group has no such event or no such variable.
    """

    _kind = "eventmonitor"

    def __init__(
        self,
        source: Neurons,
        event: str,
        variables: str | list[str] | tuple[str, ...] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(source, event, variables, record, when, order, name)


class SpikeMonitor(EventRecorder):
    """Record the spikes of a group.

    Parameters
    ----------
    source : Group or Subgroup
        The group.
    variables : str or list of str, optional
        Variables to record at each spike besides neuron (``i``) and time (``t``), before the reset.
    record : bool, optional
        Whether to record each spike, or only to count them.
    when : str, optional
        Part of the time step; that in which the threshold is looked at by default.
    order : int, optional
        Place among the objects of the same part of a time step; right after the threshold by default.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    ValueError
        If the group never spikes, or has no such variable.
    """

    _kind = "spikemonitor"

    def __init__(
        self,
        source: Neurons,
        variables: str | list[str] | tuple[str, ...] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(source, Neurons) and SPIKE not in source.events:
            raise ValueError(
                f"SpikeMonitor: {source.name!r} has no threshold, so it never spikes; give it one."
            )
        super().__init__(source, SPIKE, variables, record, when, order, name)

    @property
    def num_spikes(self) -> int:
        """Number of spikes of all neurons."""
        return self.num_events

    def spike_trains(self) -> dict[int, Any]:
        """Times of spikes by neuron."""
        return self.event_trains()

    def __repr__(self) -> str:
        return f"<SpikeMonitor {self.name!r} of {self.source.name!r}>"


class StateMonitor(Monitor):
    """Record variables of a group over time.

    Parameters
    ----------
    source : Group or Subgroup
        The group.
    variables : str or list of str
        What to record.
    record : bool, int or list of int
        ``True`` for all neurons, or which ones.
    dt : Quantity, optional
        Time between samples, if not the time step of the group.
    clock : Clock, optional
        Clock that says when to record.
    when : str, optional
        Part of the time step in which to record: before the group's update by default.
    order : int, optional
        Place among the objects of the same part of a time step.
    name : str, optional
        Name, unique in the script.
    """

    _kind = "statemonitor"

    def __init__(
        self,
        source: Neurons,
        variables: str | list[str] | tuple[str, ...] | bool,
        record: Any,
        dt: Any = None,
        clock: Any = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        check_source("StateMonitor", source)
        names = _variable_names("StateMonitor", source, variables)
        if "t" in names:
            raise ValueError(
                "StateMonitor: the times of the samples are always recorded, as t; leave 't' out."
            )
        indices = _record_indices(source, record)
        if clock is None and dt is None:
            clock = source._root._clock
        super().__init__(name, clock, dt, when, order)
        self.source = source
        self.record_variables = names
        self.indices = indices

    @property
    def record(self) -> NDArray[np.int64]:
        """Which neurons are recorded."""
        return np.arange(self.source.N) if self.indices is None else self.indices

    @property
    def data(self) -> StateRecord:
        """Everything recorded so far."""
        types = {n: self.source.variable_types[n].dim for n in self.record_variables}
        shared = frozenset(n for n in types if self.source.state(n).shared)
        return StateRecord(reader(self), self.record, types, shared, self.name)

    def recorded_names(self) -> tuple[str, ...]:
        return ("t", *self.record_variables)

    def record_single_timestep(self) -> None:
        """Record the values as they are now, on the runtime device: after a run, those at its end.

        Raises
        ------
        TypeError
            Before the first run.
        NotImplementedError
            In standalone mode.
        """
        if self._network is None:
            raise TypeError(f"{self.name}: a single time step can be recorded once there has been a run.")
        self.session.device.record_now(self)

    def _state_value(self, name: str, units: bool) -> Any:
        """As in Brian 2, a variable has a row for each time here, and a column for each neuron."""
        values = super()._state_value(name, units)
        return values.T if name in self.record_variables else values

    @property
    def t(self) -> Any:
        """Times of the samples."""
        return self.data.t

    @property
    def t_(self) -> NDArray[np.float64]:
        """Times of the samples in seconds."""
        return self.data.t_

    def __getitem__(self, index: Any) -> StateRecord:
        return self.data[index]

    def __getattr__(self, name: str) -> Any:
        if "record_variables" not in self.__dict__ or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.data, name)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"<StateMonitor {self.name!r} of {self.source.name!r}: {', '.join(self.record_variables)}>"


def check_source(kind: str, source: Any) -> None:
    """Refuse what is no group."""
    if not isinstance(source, Neurons):
        raise TypeError(f"{kind}: the source is {type(source).__name__} {source!r:.60}; give a NeuronGroup.")


def _variable_names(what: str, source: Neurons, variables: Any) -> tuple[str, ...]:
    if variables is True:
        return tuple(source.equations)
    names = (variables,) if isinstance(variables, str) else variables
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names) or not names:
        raise TypeError(
            f"{what}: variables={variables!r:.60} must be a name, a list of names, or True for all."
        )
    unknown = [n for n in names if n not in source.variable_types]
    if unknown:
        raise ValueError(
            f"{what}: {source.name!r} has no variable(s) {', '.join(map(repr, unknown))}; it has "
            f"{', '.join(source.variable_types)}."
        )
    return tuple(dict.fromkeys(names))


def _record_indices(source: Neurons, record: Any) -> NDArray[np.int64] | None:
    if record is True:
        return None
    if record is False:
        return np.array([], dtype=np.int64)
    if isinstance(record, slice):
        return np.arange(source.N, dtype=np.int64)[record]
    array = np.atleast_1d(np.asarray(record))
    if (array.dtype.kind not in "iu" and array.size) or array.ndim != 1:
        raise TypeError(
            f"StateMonitor: record={record!r:.60} must be True, False, an index or a list of indices."
        )
    size = source.known_size
    if size is None:  # synapses that a simulation makes: it checks
        if (array < 0).any():
            raise IndexError(f"StateMonitor: record holds {array.min()}, but synapses count from 0.")
        return array.astype(np.int64)
    outside = array[(array < -size) | (array >= size)]
    if outside.size:
        raise IndexError(
            f"StateMonitor: record holds the index {outside[0]}, but {source.name!r} has {size} neuron(s)."
        )
    return np.where(array < 0, array + size, array).astype(np.int64)


def reader(monitor: Declared) -> Any:
    """A function that reads what a monitor has recorded."""
    session = monitor.session

    def read(variable: str) -> NDArray[Any]:
        found = session.device.read(session, monitor, variable)
        if found is None:
            raise NotImplementedError(
                f"{monitor.name} has recorded nothing yet: {session.device.why_unavailable()}."
            )
        return found

    return read
