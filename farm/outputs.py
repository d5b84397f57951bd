"""What is wanted of each run: functions of its results, and monitors or variables stored as they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from ..store.schema import RESERVED_NAMES, Column
from .adapters import Refusal, Results, Simulation, is_declared, object_name
from .axes import SweepError, refuse
from .fingerprint import FingerprintError, fingerprint
from .keys import digest
from .ragged import Ragged
from .values import OutputError, Value, as_value

HOW = (
    "give a dict from names to functions of the results, such as {'rate': lambda r: r['spikes'].num_spikes/second}, "
    "or names of monitors or variables, such as ['spikes', 'group.v']"
)


class Output(ABC):
    """Something wanted of each run."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the columns that it fills."""

    @abstractmethod
    def identity(self) -> bytes:
        """Return 32 bytes that stand for what is wanted, the same in every process."""

    @abstractmethod
    def evaluate(self, results: Results) -> Iterator[tuple[str, Value]]:
        """Yield the values of one run by column."""


@final
@dataclass(frozen=True)
class Computed(Output):
    """What a user's function makes of the results."""

    name: str
    function: Callable[[Results], Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Its one name."""
        return (self.name,)

    def identity(self) -> bytes:
        """Return what stands for the name and the function."""
        return digest(b"computed", self.name.encode(), fingerprint(self.function))

    def evaluate(self, results: Results) -> Iterator[tuple[str, Value]]:
        """Yield what the function returns."""
        try:
            value = self.function(results)
        except Exception as error:
            raise OutputError(f"output {self.name!r} raised {type(error).__name__}: {error}") from error
        yield self.name, as_value(self.name, value)


@final
@dataclass(frozen=True)
class Stored(Output):
    """A monitor or a variable as it is.

    Parameters
    ----------
    spec : str
        ``'spikes'`` or ``'group.v'``.
    fields : tuple of (field, column, ragged, unit)
        The arrays of it, where each goes and what it is.
    """

    spec: str
    fields: tuple[tuple[str, str, bool, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """One name an array."""
        return tuple(column for _, column, _, _ in self.fields)

    def identity(self) -> bytes:
        """Return what stands for the spec and the names."""
        return digest(b"stored", self.spec.encode(), *(part.encode() for f in self.fields for part in f[:2]))

    def evaluate(self, results: Results) -> Iterator[tuple[str, Value]]:
        """Yield the arrays."""
        arrays = results.export(self.spec)
        for name, column, ragged, unit in self.fields:
            array = arrays[name]
            content = array.values if isinstance(array, Ragged) else array
            yield column, Value(np.asarray(content), ragged, "" if unit == "1" else unit)


@final
@dataclass(frozen=True)
class Outputs:
    """Everything wanted of each run."""

    items: tuple[Output, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(name for item in self.items for name in item.names)

    def identity(self) -> bytes:
        """Return 32 bytes that stand for what is wanted, whatever its order.

        Raises
        ------
        SweepError
            A function refers to something without a content to compare.
        """
        found: list[bytes] = []
        problems: list[str] = []
        for item in self.items:
            try:
                found.append(item.identity())
            except FingerprintError as error:
                problems.append(f"output {item.names[0]!r} depends on {error}")
        refuse("outputs", problems)
        return identity_of(found)

    def evaluate(self, results: Results) -> dict[str, Value]:
        """Return the values of one run by column."""
        return {name: value for item in self.items for name, value in item.evaluate(results)}


def identity_of(identities: Sequence[bytes]) -> bytes:
    """Return what stands for several outputs, in whatever order."""
    return digest(*sorted(identities))


def as_outputs(outputs: Any, simulation: Simulation) -> Outputs:
    """Take what a user asked for.

    Parameters
    ----------
    outputs : dict, list, str or monitor
        A dict from names to functions of the results, to names of monitors or variables, or to monitors;
        or a list of such names or monitors; or one.
    simulation : Simulation

    Raises
    ------
    SweepError
        Tells all that is wrong.
    """
    problems: list[str] = []
    items: list[Output] = []
    for name, wanted in _named(outputs):
        try:
            items.append(_output(name, wanted, simulation))
        except Refusal as error:
            problems.append(str(error.args[0]) if error.args else str(error))
    if not items and not problems:
        problems.append(f"there are none; {HOW}")
    names = [name for item in items for name in item.names]
    problems += [
        f"output {name!r} is there more than once"
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    problems += name_problems(names)
    refuse("outputs", problems)
    return Outputs(tuple(items))


def name_problems(names: Sequence[str]) -> list[str]:
    """Return which names cannot be those of outputs, in words."""
    found = [
        f"{name!r} is a name that every sweep has; rename the output"
        for name in names
        if name in RESERVED_NAMES
    ]
    return found + [problem for name in names for problem in Column(name, np.dtype("f8")).problems()]


def _named(outputs: Any) -> Iterator[tuple[str | None, Any]]:
    if isinstance(outputs, Mapping):
        yield from outputs.items()
    elif isinstance(outputs, list | tuple):
        yield from ((None, item) for item in outputs)
    elif outputs is not None:
        yield None, outputs


def _output(name: str | None, wanted: Any, simulation: Simulation) -> Output:
    if name is not None and not isinstance(name, str):
        raise SweepError(f"the name {name!r:.40} of an output is a {type(name).__name__}; use text")
    if isinstance(wanted, str):
        return _stored(name, wanted, simulation)
    if is_declared(wanted):
        return _stored(name, object_name(wanted), simulation)
    if callable(wanted) and name is not None:
        return Computed(name, wanted)
    if callable(wanted):
        raise SweepError(f"the function {wanted!r:.60} has no name as an output; {HOW}")
    raise SweepError(f"output {name or wanted!r:.40} is a {type(wanted).__name__}; {HOW}")


def _stored(name: str | None, spec: str, simulation: Simulation) -> Stored:
    arrays = simulation.arrays(spec)  # named after the object: spikes_i, spikes_t
    target = spec.partition(".")[0]
    columns = {field: field if name is None else name + field.removeprefix(target) for field in arrays}
    if name is not None and len(arrays) == 1:
        columns = dict.fromkeys(arrays, name)
    return Stored(spec, tuple((f, columns[f], array.ragged, array.unit) for f, array in arrays.items()))
