"""What the farm asks of the other layers, in one place: simulations, sessions, units, declared objects."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ..devices.base import DeviceError, Runner

if TYPE_CHECKING:
    from ..devices.base import Build, Machine, Parcel

Array = NDArray[Any]
Read = Callable[[Sequence[str]], list[Array]]

# What the other layers raise for a value or a name that they cannot take.
Refusal = (DeviceError, ValueError, TypeError, KeyError)


class ArrayField(Protocol):
    """One array that storing a monitor or a variable means."""

    @property
    def ragged(self) -> bool:
        """Whether its length differs from run to run."""

    @property
    def unit(self) -> str:
        """Base SI unit, ``'1'`` or ``''`` for plain numbers."""


class Results(Protocol):
    """One run's results, read when they are looked at."""

    @abstractmethod
    def __getitem__(self, name: str) -> Any: ...

    @abstractmethod
    def export(self, spec: str) -> Mapping[str, Any]:
        """Arrays of a monitor or a variable, in base SI units, by the names that `Simulation.arrays` gives."""


class Simulation(Protocol):
    """A model with its base values, and how a user's keys become inputs (see ``devices.simulation``)."""

    @property
    def model_hash(self) -> str: ...

    @property
    def numerics(self) -> str: ...

    @property
    def base(self) -> Mapping[str, Array]: ...

    def resolve(self, key: Any, value: Any) -> Mapping[str, Array]: ...

    def resolve_each(self, key: Any, values: Any) -> Mapping[str, Array]: ...

    def label(self, key: Any) -> str: ...

    def qualified_label(self, key: Any) -> str: ...

    def unit(self, key: Any) -> str: ...

    def magnitude(self, key: Any, value: Any) -> Any: ...

    def seed_inputs(self, seed: int) -> Mapping[str, Array]: ...

    def describe(self) -> str: ...

    def guessed_seconds(self) -> float: ...

    def why_alone(self) -> str: ...

    def advised_lanes(self) -> int: ...

    def in_lanes(self, lanes: int) -> Simulation: ...

    def provenance(self) -> Mapping[str, str]: ...

    def built(self) -> bool: ...

    def build(self) -> Build: ...

    def pack(self) -> Parcel | None: ...

    def machine(self) -> Machine | None: ...

    def without_values(self) -> Simulation: ...

    def runner(self) -> Runner: ...

    def results(self, read: Read) -> Results: ...

    def results_of(self, get: Callable[[str], Array]) -> Results: ...

    def arrays(self, spec: str) -> Mapping[str, ArrayField]: ...


def current_simulation() -> Simulation:
    """Return what the script has declared so far."""
    from .. import devices

    return cast(Simulation, devices.current_simulation())


def isolated_session(
    seed: int, time_limit: float | None = None, progress: Callable[[float], None] | None = None
) -> AbstractContextManager[Any]:
    """Return a context in which a function can declare, run and read, seen by nobody else."""
    from .. import devices

    return cast(AbstractContextManager[Any], devices.isolated_session(seed, time_limit, progress))


def declared_simulation(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Simulation | None:
    """Return what a function declares up to its first look at results, or None."""
    from .. import devices

    return cast("Simulation | None", devices.declared_simulation(function, arguments))


def running_session(seed: int) -> AbstractContextManager[Any]:
    """Return a context in which a function can declare and run step by step, seen by nobody else."""
    from .. import devices

    return cast(AbstractContextManager[Any], devices.running_session(seed))


def session_numerics() -> str:
    """Return what changes the numbers of a function that runs simulations, besides the function."""
    from .. import devices

    return str(devices.session_numerics())


def session_provenance() -> Mapping[str, str]:
    """Return versions, compiler and the like of functions that run simulations."""
    from .. import devices

    return devices.session_provenance()


def receive_builds(sender: str, parcels: Sequence[Parcel]) -> None:
    """Keep builds that came with a job until they are wanted."""
    from ..devices.cpp_standalone.parcel import receive

    receive(sender, parcels)


def forget_builds(sender: str) -> None:
    """Let go of builds that came with a job that is over."""
    from ..devices.cpp_standalone.parcel import forget

    forget(sender)


def fits(made: str, used: str) -> bool:
    """Whether builds made on one machine run on another, both as `devices.base.Machine.fit` has them."""
    from ..devices.cpp_standalone.parcel import fits

    return fits(made, used)


def split(value: Any) -> tuple[Array, str]:
    """Take a value apart into plain numbers in base units and its dimension in canonical text.

    The text is empty for plain numbers.
    """
    from ..core.units.dimension import DIMENSIONLESS
    from ..core.units.operand import get_dimensions

    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return array, ""
    dim = get_dimensions(value)
    return array, "" if dim is DIMENSIONLESS else dim.canonical()


def with_dimension(values: Any, dimension: str) -> Any:
    """Give plain numbers the dimension that `split` gave."""
    from ..core.units.dimension import Dimension
    from ..core.units.quantity import Quantity

    return Quantity(values, dim=Dimension.from_canonical(dimension)) if dimension else values


def unit_text(dimension: str) -> str:
    """Return the unit in base SI of a dimension that `split` gave, for people; empty for plain numbers."""
    from ..core.units.dimension import Dimension

    return Dimension.from_canonical(dimension).unit_text() if dimension else ""


def is_declared(value: object) -> bool:
    """Whether a value is an object of the model (a group, a monitor) rather than data."""
    from ..core.declared import Declared

    return isinstance(value, Declared)


def object_name(value: Any) -> str:
    """Return the name under which results know an object of the model."""
    return str(value.name)


def not_stored_error() -> type[Exception]:
    """Return what is raised where a function looks at something that was not stored."""
    from ..core.results import NotStoredError

    return NotStoredError


def dimension_error() -> type[Exception]:
    """Return what is raised where units do not match."""
    from ..core.units.dimension import DimensionMismatchError

    return DimensionMismatchError


def exported(monitor: Any) -> dict[str, Any]:
    """Return what a monitor has recorded, by name, as outputs of a run.

    Raises
    ------
    TypeError
        An object of the model that records nothing.
    """
    from ..core.monitors import EventRecorder, StateMonitor
    from ..core.ratemonitor import PopulationRateMonitor
    from .ragged import Ragged

    if isinstance(monitor, EventRecorder):
        columns = {name: Ragged(getattr(monitor, name)) for name in monitor.recorded_variables}
        return columns if monitor.record else {"count": monitor.count}
    if isinstance(monitor, PopulationRateMonitor):
        return {"t": monitor.t, "rate": monitor.rate}
    if isinstance(monitor, StateMonitor):
        return {"t": monitor.t, **{name: getattr(monitor, name) for name in monitor.record_variables}}
    raise TypeError(f"{monitor!r:.60} records nothing; return numbers, arrays or a monitor")
