"""What keys mean: inputs of a simulation, or arguments of a function."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from . import adapters
from .adapters import Array, Refusal, Simulation
from .axes import as_list
from .fingerprint import FingerprintError, fingerprint
from .keys import LANES, Words, array_digest, array_digests, as_words, digest
from .space import Keyed, stacked

SHOWN = 3  # problems of one key that are spelled out


class RefusedError(Exception):
    """Values that a key cannot take; `problems` has all that is wrong, in words."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def text(error: BaseException) -> str:
    """Return what an error says. A KeyError shows its argument quoted; people want the sentence."""
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


class Vocabulary(ABC):
    """Which keys there are and what their values set."""

    @abstractmethod
    def label(self, key: Any) -> str:
        """Return the short name of a key, or raise one of `Refusal`."""

    @abstractmethod
    def full_label(self, key: Any) -> str:
        """Return the full name of a key."""

    @abstractmethod
    def keyed(self, key: Any, label: str, values: Any) -> Keyed:
        """Take the values of a key.

        Raises
        ------
        RefusedError
        """

    @abstractmethod
    def unset(self, like: Keyed, n: int) -> Keyed:
        """Return `n` points at which a key has the value that it has by default.

        Raises
        ------
        RefusedError
        """


@final
@dataclass(frozen=True)
class Inputs(Vocabulary):
    """Inputs of a simulation."""

    simulation: Simulation

    def label(self, key: Any) -> str:
        """Return the name of a variable, a constant or a TimedArray."""
        return self.simulation.label(key)

    def full_label(self, key: Any) -> str:
        """Return the name with that of its group."""
        return self.simulation.qualified_label(key)

    def keyed(self, key: Any, label: str, values: Any) -> Keyed:
        """Turn values into inputs."""
        sim = self.simulation
        try:
            listed = values if _is_flat(values) else as_list(values)
        except Refusal as error:
            raise RefusedError([text(error)]) from None
        found = self._at_once(key, np.asanyarray(listed)) if _is_flat(listed) else None
        inputs = found or _transposed(_each(listed, lambda value: sim.resolve(key, value)))
        plain: Any = _labels(next(iter(found.values()))) if found else None
        if plain is None:
            plain = [sim.magnitude(key, value) for value in listed]
        words = sum((_words(name, rows) for name, rows in inputs.items()), np.zeros((1, LANES), np.uint64))
        _, dimension = adapters.split(listed[0])
        return Keyed(label, sim.qualified_label(key), sim.unit(key), dimension, plain, inputs, words)

    def _at_once(self, key: Any, values: Array) -> Mapping[str, Array] | None:
        """Take single values all together; None if anything is wrong, which is told value by value."""
        try:
            return self.simulation.resolve_each(key, values)
        except Refusal:
            return None

    def unset(self, like: Keyed, n: int) -> Keyed:
        """Return the values of the model, or nothing where an input has none."""
        base = self.simulation.base
        values: dict[str, Any] = {}
        words: Words = np.zeros((1, LANES), np.uint64)
        plain: Any = np.nan
        for name in like.values:
            if name in base:
                values[name] = np.broadcast_to(base[name], (n, len(base[name])))
                words = words + as_words([array_digest(name, base[name])])
                plain = base[name][0].item() if len(base[name]) == 1 else base[name]
            else:
                values[name] = [None] * n
        words = np.broadcast_to(words, (n, LANES))
        return Keyed(like.label, like.long_name, like.unit, like.dimension, [plain] * n, values, words)


@final
@dataclass(frozen=True)
class Arguments(Vocabulary):
    """Arguments of a function.

    Parameters
    ----------
    told : str
        Its signature, for people.
    names : tuple of str
    free : bool
        Whether it takes others too.
    defaults : mapping
    """

    told: str
    names: tuple[str, ...]
    free: bool
    defaults: Mapping[str, Any]

    def label(self, key: Any) -> str:
        """Return the argument's name."""
        if not isinstance(key, str) or (key not in self.names and not self.free):
            raise ValueError(f"{key!r:.60} is no argument of the function; {self.told}")
        return key

    def full_label(self, key: Any) -> str:
        """Return the argument's name."""
        return str(key)

    def keyed(self, key: Any, label: str, values: Any) -> Keyed:
        """Take values as they are."""
        try:
            listed = as_list(values)
        except Refusal as error:
            raise RefusedError([text(error)]) from None
        words = as_words(_each(listed, lambda value: argument_digest(label, value)))
        plain, dimension = listed, ""
        if all(np.asarray(v).dtype.kind in "biufc" for v in listed):
            parts = [adapters.split(value) for value in listed]
            if len({dimension for _, dimension in parts}) > 1:
                raise RefusedError(["its values have different units; give all of them the same"])
            plain, dimension = [array for array, _ in parts], parts[0][1]
        unit = adapters.unit_text(dimension)
        return Keyed(label, "", unit, dimension, plain, {label: listed}, words)

    def unset(self, like: Keyed, n: int) -> Keyed:
        """Return the default of the argument."""
        if like.label not in self.defaults:
            raise RefusedError([f"the argument {like.label!r} is missing from some points; {self.told}"])
        one = self.keyed(like.label, like.label, [self.defaults[like.label]])
        return one.take(np.zeros(n, np.int64))


def argument_digest(name: str, value: Any) -> bytes:
    """Return what stands for an argument and its value.

    Raises
    ------
    FingerprintError
    """
    return digest(name.encode(), fingerprint(value))


def _is_flat(values: Any) -> bool:
    return (
        isinstance(values, np.ndarray) and values.ndim == 1 and values.size > 0 and values.dtype.kind in "iuf"
    )


def _labels(rows: Array) -> Array:
    return rows[:, 0]


def _each(values: Any, action: Callable[[Any], Any]) -> list[Any]:
    """Do something with each value.

    Raises
    ------
    RefusedError
        With what is wrong, each problem once.
    """
    found: list[Any] = []
    wrong: dict[str, int] = {}
    for value in values:
        try:
            found.append(action(value))
        except (FingerprintError, *Refusal) as error:
            wrong[text(error)] = wrong.get(text(error), 0) + 1
    problems = list(wrong)[:SHOWN]
    if len(wrong) > SHOWN:
        problems.append(f"{sum(wrong.values())} of its {len(values)} values are wrong in all")
    if problems:
        raise RefusedError(problems)
    return found


def _transposed(rows: list[Mapping[str, Array]]) -> dict[str, Any]:
    return {name: stacked([row[name] for row in rows]) for name in rows[0]}


def _words(name: str, rows: Any) -> Words:
    if isinstance(rows, np.ndarray):
        return array_digests(name, rows)
    return as_words(array_digest(name, row) for row in rows)
