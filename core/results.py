"""Results of one run under the names that the script gave its objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .connections import PER_SYNAPSE
from .context import SHARED
from .dimensions import Dimension
from .infer import unit_of
from .model import Model, Population, Probe
from .records import RateRecord, SpikeRecord, StateRecord, with_unit

Read = Callable[[Sequence[str]], list[NDArray[Any]]]


@dataclass(frozen=True)
class ArrayField:
    """One array that storing an object means; ``ragged`` where its length differs between runs."""

    ragged: bool
    unit: str


@dataclass(frozen=True)
class Layout:
    """Which objects a model has and what can be read of each.

    Parameters
    ----------
    model : Model
        The model.
    names : mapping
        From the user's names to ids of the model.
    records : mapping
        For each state probe that records some neurons only, which.
    """

    model: Model
    names: Mapping[str, str]
    records: Mapping[str, NDArray[np.int64]]

    def find(self, name: str) -> Population | Probe:
        """The population or probe of that name.

        Raises
        ------
        KeyError
            Listing the names there are.
        """
        found = self.items.get(self.names.get(name, name))
        if found is not None:
            return found
        raise KeyError(f"The model has no object named {name!r}; it has {', '.join(sorted(self.names))}.")

    def arrays(self, spec: str) -> dict[str, ArrayField]:
        """What storing ``'object'`` or ``'object.variable'`` means, as named arrays."""
        name, _, variable = spec.partition(".")
        item = self.find(name)
        fields = self._fields(item)
        if not variable:
            if isinstance(item, Population):
                raise KeyError(
                    f"{name!r} is a group; name the variable to store, such as '{name}.{next(iter(fields))}'."
                )
            return {f"{name}_{field}": kind for field, kind in fields.items()}
        if variable not in fields:
            raise KeyError(f"{name!r} has nothing named {variable!r} to store; it has {', '.join(fields)}.")
        return {f"{name}_{variable}": fields[variable]}

    def _fields(self, item: Population | Probe) -> dict[str, ArrayField]:
        if isinstance(item, Population):
            each = item.size == PER_SYNAPSE
            return {
                v.name: ArrayField(each and not v.shared, unit_of(v.dim)) for v in item.variables if v.stored
            }
        if item.kind == "events":
            columns = {n: ArrayField(True, unit_of(self.dim_of(item, n))) for n in item.variables}
            return {**columns, "count": ArrayField(False, "1")}
        if item.kind == "rate":
            return {"t": ArrayField(False, "second"), "rate": ArrayField(False, "hertz")}
        dims = {n: ArrayField(self.grows(item, n), unit_of(self.dim_of(item, n))) for n in item.variables}
        return {"t": ArrayField(False, "second"), **dims}

    def grows(self, probe: Probe, variable: str) -> bool:
        """Whether runs may differ in how much they record at a time: of every synapse that there is."""
        every = probe.record == "all" and self.model.span(probe.source).size == PER_SYNAPSE
        return every and variable not in self.shared(probe)

    @cached_property
    def dims(self) -> dict[str, dict[str, Dimension]]:
        """Dimensions of what each probe records."""
        return {p.id: {n: self.dim_of(p, n) for n in p.variables} for p in self.model.probes}

    @cached_property
    def items(self) -> dict[str, Population | Probe]:
        """Populations and probes by id."""
        every: list[Population | Probe] = [*self.model.populations, *self.model.probes]
        return {item.id: item for item in every}

    def dim_of(self, probe: Probe, variable: str) -> Dimension:
        """Dimension of a recorded variable."""
        found = self.model.type_of(self.model.source(probe.source), variable)
        assert found is not None
        return found.dim

    def recorded(self, probe: Probe) -> NDArray[np.int64]:
        """Which neurons a state probe records."""
        if probe.id in self.records:
            return self.records[probe.id]
        return np.arange(self.model.span(probe.source).size)  # of synapses, `Results` knows

    def shared(self, probe: Probe) -> frozenset[str]:
        """Recorded variables that have one value for all neurons."""
        source = self.model.source(probe.source)
        shared = {v.name for v in source.variables if v.shared} | SHARED
        return frozenset(set(probe.variables) & shared)


class NotStoredError(LookupError):
    """Something was looked at that nobody stored."""


def exported_read(layout: Layout, get: Callable[[str], NDArray[Any]]) -> Read:
    """Outputs by their ids, from arrays as `Results.export` gives them.

    Parameters
    ----------
    layout : Layout
        Of the model.
    get : callable
        From a name of `Layout.arrays` to the array; raises ``KeyError`` for one that was not stored.

    Raises
    ------
    NotStoredError
        By the function returned, for what was not stored.
    """

    def one(id: str) -> NDArray[Any]:
        object, _, variable = id.rpartition(".")
        for name in [*(name for name, own in layout.names.items() if own == object), object]:
            try:
                array = get(f"{name}_{variable}")
            except KeyError:
                continue
            item = layout.find(object)
            states = isinstance(item, Probe) and item.kind == "states" and variable != "t"
            return array.T.reshape(-1) if states else array
        raise NotStoredError(f"{id!r} was not stored")

    return lambda ids: [one(id) for id in ids]


class Results:
    """What one run left behind; arrays are read when they are looked at.

    ``results['spikes']`` is a monitor's record, ``results['group']`` a group's final state, and
    ``results['group.v']`` one variable, all with units.
    """

    def __init__(self, layout: Layout, read: Read) -> None:
        self._layout = layout
        self._read = read
        self._cache: dict[str, NDArray[Any]] = {}

    def array(self, id: str) -> NDArray[Any]:
        """One output by its id, in base units."""
        if id not in self._cache:
            (self._cache[id],) = self._read([id])
        return self._cache[id]

    def __getitem__(self, name: str) -> Any:
        name, _, variable = name.partition(".")
        item = self._layout.find(name)
        if isinstance(item, Population):
            found: Any = GroupRecord(self, item, name)
            return getattr(found, variable) if variable else found
        dims = self._layout.dims[item.id]
        if item.kind == "rate":
            found = RateRecord(self._reader(item.id), name)
        elif item.kind == "events":
            size = self._layout.model.span(item.source).size
            found = SpikeRecord(self._reader(item.id), size, dims, name)
        else:
            record = self._recorded(item)
            found = StateRecord(self._reader(item.id), record, dims, self._layout.shared(item), name)
        return getattr(found, variable) if variable else found

    def _recorded(self, probe: Probe) -> NDArray[np.int64]:
        if probe.record == "all" and self._layout.model.span(probe.source).size == PER_SYNAPSE:
            return np.arange(len(self.array(f"{probe.source}.i")))
        return self._layout.recorded(probe)

    def _reader(self, id: str) -> Callable[[str], NDArray[Any]]:
        return lambda variable: self.array(f"{id}.{variable}")

    def export(self, spec: str) -> dict[str, NDArray[Any]]:
        """The arrays of `Layout.arrays`, in base units.

        Those of a state monitor have shape (neurons, samples); where it records every synapse, one row follows the
        other in one dimension, as runs may differ in their number.
        """
        name, _, _ = spec.partition(".")
        item = self._layout.find(name)
        result = {}
        for key in self._layout.arrays(spec):
            variable = key[len(name) + 1 :]
            if isinstance(item, Probe) and item.kind == "states" and variable != "t":
                rows = self[name].array(variable)
                result[key] = rows.ravel() if self._layout.arrays(spec)[key].ragged else rows
            else:
                result[key] = self.array(f"{item.id}.{variable}")
        return result


class GroupRecord:
    """State of a group at the end of a run: ``record.v`` with units, ``record.v_`` without."""

    def __init__(self, results: Results, population: Population, name: str) -> None:
        self._results = results
        self._population = population
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        stored = {v.name: v for v in self._population.variables if v.stored}
        bare = name[:-1] if name.endswith("_") else name
        if bare not in stored:
            raise AttributeError(f"{self._name} has no stored variable {name!r}; it has {', '.join(stored)}.")
        values = self._results.array(f"{self._population.id}.{bare}")
        found = values[0] if stored[bare].shared else values
        return found if name.endswith("_") else with_unit(found, stored[bare].dim)

    def __repr__(self) -> str:
        return f"<state of {self._name!r}>"
