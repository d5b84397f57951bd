"""What varies in a sweep, as the user says it: grids, keys in step, and products of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np


class SweepError(ValueError):
    """A sweep cannot be done as it was asked for; nothing ran and nothing was written."""


def refuse(what: str, problems: Sequence[str]) -> None:
    """Raise all problems of one input at once, if there are any.

    Raises
    ------
    SweepError
    """
    if problems:
        raise SweepError(f"{what} has {len(problems)} problem(s):\n" + "\n".join(f"- {p}" for p in problems))


@dataclass(frozen=True)
class Factor:
    """Keys that go in step along one dimension; `name` is the dimension's where it is not the key's own."""

    keys: tuple[tuple[Any, Any], ...]
    name: str | None = None


class Design(ABC):
    """A plan of points. Designs multiply: ``Grid({...}) * Zip({...})`` has each point of one with each of the other."""

    @abstractmethod
    def factors(self) -> tuple[Factor, ...]:
        """Return what varies along each dimension, in order."""

    def __mul__(self, other: Design | Mapping[Any, Any]) -> Design:
        return Product(self, as_design(other))

    def __rmul__(self, other: Mapping[Any, Any]) -> Design:
        return as_design(other) * self


@final
@dataclass(frozen=True, eq=False)
class Grid(Design):
    """Every value of each key with every value of the others: one dimension a key.

    Parameters
    ----------
    axes : mapping from key to values
        Keys as in `Sweep`; values a list or an array, with units.
    """

    axes: Mapping[Any, Any]

    def factors(self) -> tuple[Factor, ...]:
        """Return one factor a key."""
        return tuple(Factor((item,)) for item in self.axes.items())


@final
@dataclass(frozen=True, eq=False)
class Zip(Design):
    """The values of several keys in step, the first of each, then the second of each, along one dimension.

    Parameters
    ----------
    axes : mapping from key to values
        All of one length.
    name : str, optional
        Name of the dimension; by default the names of the keys joined by ``_``.
    """

    axes: Mapping[Any, Any]
    name: str | None = None

    def factors(self) -> tuple[Factor, ...]:
        """Return a single factor with all keys."""
        return (Factor(tuple(self.axes.items()), self.name),)


@final
@dataclass(frozen=True, eq=False)
class Product(Design):
    """Every point of one design with every point of another."""

    left: Design
    right: Design

    def factors(self) -> tuple[Factor, ...]:
        """Return the factors of both."""
        return self.left.factors() + self.right.factors()


def as_design(axes: object) -> Design:
    """Take a plain mapping for a grid.

    Raises
    ------
    SweepError
        Neither a design nor a mapping.
    """
    if isinstance(axes, Design):
        return axes
    if isinstance(axes, Mapping):
        return Grid(axes)
    raise SweepError(
        f"axes are the {type(axes).__name__} {axes!r:.60}: give a dict from keys to values, such as "
        "{group.v0: [1, 2, 3]*mV}, or a Grid, a Zip or a product of these"
    )


def as_list(values: object) -> list[Any]:
    """Return the values of an axis one by one.

    Raises
    ------
    SweepError
        Says why these are no values of an axis.
    """
    if isinstance(values, str | bytes):
        raise SweepError(f"its values are the text {values!r:.40}; give a list or an array")
    if isinstance(values, Mapping | set | frozenset):
        raise SweepError(
            f"its values are a {type(values).__name__}, which has no order; give a list or an array"
        )
    if is_scalar(values):
        raise SweepError(f"{values!r:.40} is a single value; give a list or an array, or set it in the model")
    assert isinstance(values, Iterable)
    found = list(values)
    if not found:
        raise SweepError("it has no values; give at least one")
    return found


def is_scalar(value: object) -> bool:
    """Whether a value is one thing rather than several in order."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, str | bytes | Mapping | set | frozenset) or not isinstance(value, Iterable)
