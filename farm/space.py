"""The points of a sweep: what varies along each dimension, and any run's inputs by its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..store.sweeps import Axis, SweepDefinition
from . import adapters
from .keys import LANES, Array, Words

REPEAT = "repeat"


@dataclass(frozen=True)
class Keyed:
    """The values of one key along a dimension.

    Parameters
    ----------
    label : str
        What people call it.
    long_name, unit, dimension : str
        Its full name; base SI unit for people; dimension in canonical text.
    plain : sequence, length n
        What labels the points: plain values in base units, or anything.
    values : mapping from input to sequence, length n
        What it sets; None where a point leaves the input as the model has it.
    words : uint64 array, shape (n, 4)
        Sums of the digests of the values.
    """

    label: str
    long_name: str
    unit: str
    dimension: str
    plain: Sequence[Any] | Array
    values: Mapping[str, Sequence[Any] | Array]
    words: Words = field(repr=False, compare=False)

    def take(self, index: Array) -> Keyed:
        """Return some of the points, in any order and with repeats."""
        values = {name: taken(levels, index) for name, levels in self.values.items()}
        return replace(self, plain=taken(self.plain, index), values=values, words=self.words[index])

    def join(self, others: Sequence[Keyed]) -> Keyed:
        """Return the points of several, one after the other."""
        every = (self, *others)
        names = dict.fromkeys(name for one in every for name in one.values)
        values = {
            name: joined([one.values.get(name, [None] * len(one.words)) for one in every]) for name in names
        }
        words = np.concatenate([one.words for one in every])
        return replace(self, plain=joined([one.plain for one in every]), values=values, words=words)

    def arrays(self) -> Array:
        """Return the values with units, as one array where they are numbers."""
        plain = np.asarray(self.plain) if _is_numbers(self.plain) else np.empty(0)
        if plain.ndim == 1 and len(plain):
            return cast(Array, adapters.with_dimension(plain, self.dimension))
        objects = np.empty(len(self.plain), object)
        objects[:] = list(self.plain)
        return objects


@dataclass(frozen=True)
class Steps:
    """Keys that vary together along one dimension.

    Parameters
    ----------
    dim : str
        Name of the dimension.
    keyed : tuple of Keyed
    size : int
        Number of points.
    """

    dim: str
    keyed: tuple[Keyed, ...]
    size: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that are set."""
        return tuple(name for key in self.keyed for name in key.values)

    @property
    def words(self) -> Words:
        """Sums of the digests of the values of each point, shape (n, 4)."""
        return sum((key.words for key in self.keyed), np.zeros((self.size, LANES), np.uint64))

    def coordinates(self) -> tuple[Axis, ...]:
        """Return what labels the points."""
        return tuple(axis for key in self.keyed for axis in coordinates(key, self.dim))

    def take(self, index: Array) -> Steps:
        """Return some of the points."""
        return Steps(self.dim, tuple(key.take(index) for key in self.keyed), len(index))


@dataclass(frozen=True)
class Space:
    """All runs of a sweep in C order: the last axis varies fastest, and the repeat faster still.

    Parameters
    ----------
    axes : tuple of Steps
    repeats : int
        Several make a dimension of their own.
    kept : bool array, shape of the axes, optional
        Which points are runs; all of them by default.
    """

    axes: tuple[Steps, ...]
    repeats: int = 1
    kept: NDArray[np.bool_] | None = field(default=None, compare=False)

    @property
    def dims(self) -> dict[str, int]:
        """Lengths of the dimensions, in order."""
        dims = {axis.dim: axis.size for axis in self.axes}
        return {**dims, REPEAT: self.repeats} if self.repeats > 1 else dims

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(axis.size for axis in self.axes)

    def __len__(self) -> int:
        """Return the number of cells, those that are no runs included."""
        return prod(self.shape) * self.repeats

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self) if self.kept is None else int(np.count_nonzero(self.kept)) * self.repeats

    @cached_property
    def is_run(self) -> NDArray[np.bool_]:
        """Which cells are runs."""
        if self.kept is None:
            return np.ones(len(self), bool)
        return np.repeat(self.kept.reshape(-1), self.repeats)

    def point(self, run: int) -> dict[str, Any]:
        """Return the inputs in which a run differs from the model.

        Parameters
        ----------
        run : int
            From 0 to the number of cells minus one.
        """
        found: dict[str, Any] = {}
        rest = run // self.repeats
        for stride, levels in self._levels:
            place, rest = divmod(rest, stride)
            for name, values in levels:
                value = values[place]
                if value is not None:
                    found[name] = value
        return found

    @cached_property
    def _levels(self) -> list[tuple[int, list[tuple[str, Any]]]]:
        """Of each axis, how many points lie between its values, and what these set."""
        strides = [prod(self.shape[i + 1 :]) for i in range(len(self.axes))]
        return [
            (stride, [(name, values) for key in axis.keyed for name, values in key.values.items()])
            for stride, axis in zip(strides, self.axes, strict=True)
        ]

    def definition(self, outputs: tuple[str, ...]) -> SweepDefinition:
        """Return the shape of the sweep as a store keeps it."""
        axes = [coordinate for axis in self.axes for coordinate in axis.coordinates()]
        if self.repeats > 1:
            axes.append(Axis(REPEAT, REPEAT, np.arange(self.repeats)))
        return SweepDefinition(self.dims, tuple(axes), outputs)

    def problems(self) -> list[str]:
        """Return what is wrong with the names of axes and dimensions, in words."""
        dims = [axis.dim for axis in self.axes]
        twice = sorted({dim for dim in dims if dims.count(dim) > 1})
        found = [f"{dim!r} names several dimensions; give one of the designs a name=..." for dim in twice]
        if REPEAT in dims:
            found.append(f"{REPEAT!r} is the dimension of repeats; rename the axis")
        if self.kept is not None and not self.kept.any():
            found.append("no point is left; loosen where() or exclude()")
        return found or list(self.definition(()).problems(len(self), {}))

    def packed(self) -> Space:
        """Return what is needed to look runs up, without what identifies them: it travels to workers."""
        nothing = np.empty((0, LANES), np.uint64)
        axes = tuple(
            replace(axis, keyed=tuple(replace(key, plain=(), words=nothing) for key in axis.keyed))
            for axis in self.axes
        )
        return Space(axes, self.repeats)


def taken(values: Sequence[Any] | Array, index: Array) -> Sequence[Any] | Array:
    """Return values at some places."""
    return values[index] if isinstance(values, np.ndarray) else [values[i] for i in index.tolist()]


def joined(parts: Sequence[Sequence[Any] | Array]) -> Sequence[Any] | Array:
    """Return values one after the other, as an array where all are arrays of one kind."""
    kinds = {(p.shape[1:], p.dtype) if type(p) is np.ndarray else None for p in parts}
    if None not in kinds and len(kinds) == 1:
        return np.concatenate(parts)
    return [value for part in parts for value in part]


def first_duplicate(words: Words) -> tuple[int, int] | None:
    """Return two places with equal values, or None."""
    _, first, which = np.unique(words[:, 0], return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(len(words)))
    return (int(first[which[again[0]]]), int(again[0])) if len(again) else None


def stacked(values: list[Any]) -> Sequence[Any] | Array:
    """Put plain arrays of one shape and type into one array; leave anything else as it is."""
    kinds = {(v.shape, v.dtype) if type(v) is np.ndarray else None for v in values}
    return np.stack(values) if len(kinds) == 1 and None not in kinds else values


def _is_numbers(values: Sequence[Any] | Array) -> bool:
    """Whether these are numbers, or arrays of numbers of one shape."""
    if isinstance(values, np.ndarray):
        return values.dtype.kind in "biufc"
    plain = [np.asarray(value) for value in values]
    return all(v.dtype.kind in "biufc" for v in plain) and len({v.shape for v in plain}) == 1


def coordinates(key: Keyed, dim: str) -> tuple[Axis, ...]:
    """Return what labels the points of an axis.

    Numbers and text label by themselves. Arrays of one shape become a coordinate beside the dimension, whose
    points are numbered then; what is neither is numbered and described.
    """
    attrs = {"long_name": key.long_name} if key.long_name else {}
    with_unit = {**attrs, "units": key.unit} if key.unit not in ("", "1") else attrs
    values, label = key.plain, key.label
    numbers = _is_numbers(values)
    shown = np.asarray(values) if numbers else np.array([f"{value!r:.80}" for value in values])
    if not numbers and all(isinstance(value, str) for value in values):
        return (Axis(label, dim, np.array(values), with_unit),)
    if label != dim or (numbers and shown.ndim == 1):
        return (Axis(label, dim, shown, with_unit),)
    told = {**attrs, "comment": f"number of the value in {label}_values"}
    return (
        Axis(label, dim, np.arange(len(values)), told),
        Axis(f"{label}_values", dim, shown, with_unit),
    )


def record_of_space(space: Space) -> dict[str, Any]:
    """Return what of the axes their coordinates do not say."""
    keys = {
        key.label: {
            "key": key.long_name or key.label,
            "dimension": key.dimension,
            "described": _is_described(key.plain),
        }
        for axis in space.axes
        for key in axis.keyed
    }
    return {"keys": keys, "excluded": len(space) - space.runs}


def _is_described(plain: Any) -> bool:
    if isinstance(plain, np.ndarray) or all(isinstance(value, str) for value in plain):
        return False
    arrays = [np.asarray(value) for value in plain]
    return any(a.dtype.kind not in "biufc" for a in arrays) or len({a.shape for a in arrays}) > 1
