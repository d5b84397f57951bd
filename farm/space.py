"""The points of a sweep: what varies along each dimension, and any run's inputs by its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..store.sweeps import Axis, SweepDefinition
from .keys import Array, Words

REPEAT = "repeat"


@dataclass(frozen=True)
class Steps:
    """Inputs that vary together along one dimension.

    Parameters
    ----------
    dim : str
        Name of the dimension.
    coordinates : tuple of Axis
        What labels it.
    values : mapping from input to sequence
        One value a point.
    words : uint64 array, shape (points, 4)
        Sums of the digests of the values.
    """

    dim: str
    coordinates: tuple[Axis, ...]
    values: Mapping[str, Sequence[Any] | Array]
    words: Words = field(repr=False, compare=False)

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.words)


@dataclass(frozen=True)
class Space:
    """All runs of a sweep in C order: the last axis varies fastest, and the repeat faster still.

    Parameters
    ----------
    axes : tuple of Steps
    repeats : int
        Several make a dimension of their own.
    """

    axes: tuple[Steps, ...]
    repeats: int = 1

    @property
    def dims(self) -> dict[str, int]:
        """Lengths of the dimensions, in order."""
        dims = {axis.dim: axis.size for axis in self.axes}
        return {**dims, REPEAT: self.repeats} if self.repeats > 1 else dims

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        return tuple(axis.size for axis in self.axes)

    def __len__(self) -> int:
        return prod(self._shape) * self.repeats

    def point(self, run: int) -> dict[str, Any]:
        """Return the inputs in which a run differs from the model.

        Parameters
        ----------
        run : int
            From 0 to the number of runs minus one.
        """
        places = np.unravel_index(run // self.repeats, self._shape) if self.axes else ()
        return {
            name: values[int(place)]
            for axis, place in zip(self.axes, places, strict=True)
            for name, values in axis.values.items()
        }

    def definition(self, outputs: tuple[str, ...]) -> SweepDefinition:
        """Return the shape of the sweep as a store keeps it."""
        axes = [coordinate for axis in self.axes for coordinate in axis.coordinates]
        if self.repeats > 1:
            axes.append(Axis(REPEAT, REPEAT, np.arange(self.repeats)))
        return SweepDefinition(self.dims, tuple(axes), outputs)

    def problems(self) -> list[str]:
        """Return what is wrong with the names of axes and dimensions, in words."""
        dims = [axis.dim for axis in self.axes]
        twice = sorted({dim for dim in dims if dims.count(dim) > 1})
        found = [f"{dim!r} names several dimensions; give one of the Zips a name=..." for dim in twice]
        if REPEAT in dims:
            found.append(f"{REPEAT!r} is the dimension of repeats; rename the axis")
        return found or list(self.definition(()).problems(len(self), {}))


def first_duplicate(words: Words) -> tuple[int, int] | None:
    """Return two places with equal values, or None."""
    _, first, which = np.unique(words[:, 0], return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(len(words)))
    return (int(first[which[again[0]]]), int(again[0])) if len(again) else None


def stacked(values: list[Any]) -> Sequence[Any] | Array:
    """Put plain arrays of one shape and type into one array; leave anything else as it is."""
    kinds = {(v.shape, v.dtype) if type(v) is np.ndarray else None for v in values}
    return np.stack(values) if len(kinds) == 1 and None not in kinds else values


def coordinates(label: str, dim: str, values: list[Any], unit: str, long_name: str = "") -> tuple[Axis, ...]:
    """Return what labels the points of an axis.

    Numbers and text label by themselves. Arrays of one shape become a coordinate beside the dimension, whose
    points are numbered then; what is neither is numbered and described.

    Parameters
    ----------
    label, dim : str
        Names of the coordinate and of its dimension, equal unless several keys go in step.
    values : list
        Plain values in base units: numbers, text, arrays, or anything.
    unit : str
        Their unit; ``''`` or ``'1'`` for none.
    """
    attrs = {"long_name": long_name} if long_name else {}
    with_unit = {**attrs, "units": unit} if unit not in ("", "1") else attrs
    plain = [np.asarray(value) for value in values]
    numbers = all(v.dtype.kind in "biufc" for v in plain) and len({v.shape for v in plain}) == 1
    text = all(isinstance(value, str) for value in values)
    if text or (numbers and plain[0].ndim == 0):
        return (Axis(label, dim, np.array([v[()] for v in plain]), with_unit),)
    shown = np.stack(plain) if numbers else np.array([f"{value!r:.80}" for value in values])
    if label != dim:
        return (Axis(label, dim, shown, with_unit),)
    return (
        Axis(
            label, dim, np.arange(len(values)), {**attrs, "comment": f"number of the value in {label}_values"}
        ),
        Axis(f"{label}_values", dim, shown, with_unit),
    )
