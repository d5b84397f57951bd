"""Taking and putting back the state of the runtime device: `store` and `restore`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...core.context import SPECIAL
from ...core.declared import Declared
from ...core.group import Group
from ...core.monitors import EventRecorder, Monitor, StateMonitor
from ...core.synapses import Synapses
from ...core.variables import VariableView
from ..base import Array
from ..snapshots import Snapshot, SnapshotError

if TYPE_CHECKING:
    from .device import RuntimeDevice


@dataclass(frozen=True)
class Keeper:
    """Works on the tables of a device, which runs nothing meanwhile.

    Parameters
    ----------
    device : RuntimeDevice
        The device.
    objects : tuple of Declared
        Whose state is meant.
    network : str
        The network whose time it is.
    """

    device: RuntimeDevice
    objects: tuple[Declared, ...]
    network: str

    def take(self) -> Snapshot:
        """The state as it is now, copied."""
        device = self.device
        arrays: dict[str, Array] = {}
        for obj in self.objects:
            _, ticks = device._clocks.get(obj.clock, (0.0, 0))
            arrays[f"dt/{obj.name}"] = np.array(obj.clock.dt_)
            arrays[f"ticks/{obj.name}"] = np.array(ticks, dtype=np.int64)
            for variable in stored_variables(obj):
                arrays[f"variables/{obj.name}/{variable}"] = device._stored(obj, variable).copy()
            for variable in recorded_variables(obj):
                arrays[f"records/{obj.name}/{variable}"] = np.array(device._recorded(obj, variable))
            for variable, times in device._assigned.get(obj, {}).items():
                arrays[f"assigned/{obj.name}/{variable}"] = np.array(times, dtype=np.int64)
        arrays["time"] = np.array(device._times.get(self.network, 0.0))
        arrays["seed"] = np.array(device._seed, dtype=np.uint64)
        return Snapshot(arrays)

    def put(self, snapshot: Snapshot, random_state: bool) -> None:
        """Make the state what it was.

        Raises
        ------
        SnapshotError
            Listing what does not fit; nothing is changed then.
        """
        problems = list(self._misfits(snapshot))
        if problems:
            raise SnapshotError("restore(): the snapshot is of other objects: " + "; ".join(problems) + ".")
        device = self.device
        device._retire()
        by_name = {obj.name: obj for obj in self.objects}
        for (owner, variable), values in snapshot.parts("variables").items():
            synapses = by_name[owner]
            if isinstance(synapses, Synapses) and variable.endswith(".delay"):
                count = len(snapshot.arrays[f"variables/{owner}/i"])
                if count != 1:
                    synapses.have_delays(variable.removesuffix(".delay"), values.size == count)
            device._state.setdefault(by_name[owner], {})[variable] = values.copy()
        for (owner, variable), values in snapshot.parts("records").items():
            device._records.setdefault(by_name[owner], {})[variable] = [values.copy()]
        device._times[self.network] = float(snapshot.arrays["time"])
        for obj in self.objects:
            obj._network = obj.clock._network = self.network
        for (owner, _), dt in snapshot.parts("dt").items():
            by_name[owner].clock._dt = float(dt)
        if random_state:
            self._put_random(snapshot, by_name)

    def _put_random(self, snapshot: Snapshot, by_name: Mapping[str, Declared]) -> None:
        """Numbers that are drawn depend on the seed, on the steps made and on what has been assigned."""
        device = self.device
        device._seed = int(snapshot.arrays["seed"])
        for (owner, _), ticks in snapshot.parts("ticks").items():
            clock = by_name[owner].clock
            device._clocks[clock] = (clock.dt_, int(ticks))
        for obj in self.objects:
            device._assigned.pop(obj, None)
        for (owner, variable), times in snapshot.parts("assigned").items():
            device._assigned.setdefault(by_name[owner], {})[variable] = int(times)

    def _misfits(self, snapshot: Snapshot) -> Iterator[str]:
        own = {obj.name for obj in self.objects}
        for name in sorted(own - snapshot.owners):
            yield f"it has no {name!r}"
        for name in sorted(snapshot.owners - own):
            yield f"the network has no {name!r}"
        for obj in (o for o in self.objects if o.name in snapshot.owners):
            yield from self._misfits_of(obj, snapshot)

    def _misfits_of(self, obj: Declared, snapshot: Snapshot) -> Iterator[str]:
        variables = {v: a for (o, v), a in snapshot.parts("variables").items() if o == obj.name}
        records = {v: a for (o, v), a in snapshot.parts("records").items() if o == obj.name}
        wanted, recorded = set(stored_variables(obj)), set(recorded_variables(obj))
        if set(variables) != wanted or set(records) != recorded:
            found = ", ".join(sorted({*variables, *records})) or "nothing"
            have = ", ".join(sorted(wanted | recorded)) or "nothing"
            yield f"it has {found} of {obj.name!r}, which has {have}"
            return
        for name, values in variables.items():
            size = len(self.device._stored(obj, name))
            if isinstance(obj, Synapses):
                if values.size != 1 and name in {p.variable for p in obj.pathways if p.fixed is not None}:
                    yield f"it has a delay for each synapse of {obj.name}.{name}, which is one for all"
                continue  # a snapshot has its own connections
            if values.shape != (size,):
                yield f"it has {values.size} value(s) of {obj.name}.{name}, which has {size}"
        if isinstance(obj, StateMonitor):
            yield from _misfits_of_trace(obj, records)


def _misfits_of_trace(monitor: StateMonitor, records: Mapping[str, Array]) -> Iterator[str]:
    for name in monitor.record_variables:
        rows = 1 if monitor.source.state(name).shared else len(monitor.record)
        if records[name].size != rows * records["t"].size:
            yield f"{monitor.name!r} records {rows} row(s) of {name}, and did not when the snapshot was taken"


def stored_variables(obj: Declared) -> Iterable[str]:
    """Variables of an object with values of their own."""
    if isinstance(obj, Synapses):
        return obj.stored_names()
    if isinstance(obj, Group):
        return [n for n in obj.variable_types if n not in SPECIAL and VariableView(obj, n).has_values]
    return ["count"] if isinstance(obj, EventRecorder) else []


def recorded_variables(obj: Declared) -> tuple[str, ...]:
    """What a monitor records that grows."""
    if not isinstance(obj, Monitor):
        return ()
    return tuple(n for n in obj.recorded_names() if n != "count")
