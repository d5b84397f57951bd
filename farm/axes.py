"""What varies in a sweep, as the user says it: grids, keys in step, and products of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, final

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
    """Keys that go in step along one dimension; `name` is the dimension's where it is not the key's own.

    A `sample` may have the same point twice, by chance.
    """

    keys: tuple[tuple[Any, Any], ...]
    name: str | None = None
    sample: bool = False


T = TypeVar("T")
Predicate = Callable[..., Any]


class Maker(Protocol[T]):
    """What designs are put together with; `farm.resolve` has the one there is."""

    @abstractmethod
    def along(self, factor: Factor) -> T:
        """Make one dimension."""

    @abstractmethod
    def product(self, parts: Sequence[T]) -> T:
        """Make every point of each with every point of the others."""

    @abstractmethod
    def concatenation(self, parts: Sequence[T], name: str) -> T:
        """Make one dimension with the points of all, one after the other."""

    @abstractmethod
    def chosen(self, part: T, predicate: Predicate, keep: bool) -> T:
        """Leave out points for which a predicate does not give `keep`."""


class Design(ABC):
    """A plan of points.

    Designs multiply: ``Grid({...}) * Zip({...})`` has each point of one with each of the other; they add up:
    ``Grid({...}) + Grid({...})`` has the points of both, one after the other; and points can be left out with
    `where` and `exclude`.
    """

    @abstractmethod
    def varied(self) -> Iterator[Any]:
        """Yield all keys, those that occur twice twice."""

    @abstractmethod
    def make(self, maker: Maker[T]) -> T:
        """Put the points together."""

    def where(self, predicate: Predicate) -> Design:
        """Keep only the points for which a function says so; dimensions stay, with holes in them.

        Parameters
        ----------
        predicate : callable
            Its arguments are named as the axes are: ``lambda tau, v0: v0 > 2*mV``. It is called once with all
            values as arrays with units; where it cannot take arrays (``and``, ``if``), once for each point.
        """
        return Chosen(self, predicate, True)

    def exclude(self, predicate: Predicate) -> Design:
        """Leave out the points for which a function says so; see `where`."""
        return Chosen(self, predicate, False)

    def __mul__(self, other: Design | Mapping[Any, Any]) -> Design:
        return Product((self, as_design(other)))

    def __rmul__(self, other: Mapping[Any, Any]) -> Design:
        return as_design(other) * self

    def __add__(self, other: Design | Mapping[Any, Any]) -> Design:
        return Concat(self, other)

    def __radd__(self, other: Mapping[Any, Any]) -> Design:
        return Concat(other, self)


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

    def varied(self) -> Iterator[Any]:
        """Yield the keys."""
        return iter(self.axes)

    def make(self, maker: Maker[T]) -> T:
        """Make a dimension a key."""
        return maker.product([maker.along(Factor((item,))) for item in self.axes.items()])


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

    def varied(self) -> Iterator[Any]:
        """Yield the keys."""
        return iter(self.axes)

    def make(self, maker: Maker[T]) -> T:
        """Make a single dimension with all keys."""
        return maker.along(Factor(tuple(self.axes.items()), self.name))


@final
@dataclass(frozen=True, eq=False)
class Points(Design):
    """Points one by one, along one dimension.

    Parameters
    ----------
    points : sequence of mappings from key to value
        What a point does not mention is as the model has it.
    name : str
        Name of the dimension.
    """

    points: Sequence[Mapping[Any, Any]]
    name: str = "point"

    def varied(self) -> Iterator[Any]:
        """Yield the keys of every point."""
        return (key for point in self.points for key in point)

    def make(self, maker: Maker[T]) -> T:
        """Make a single dimension of stretches of points that have the same keys."""
        stretches: list[list[Mapping[Any, Any]]] = []
        for point in self.points:
            if stretches and list(stretches[-1][0]) == list(point):
                stretches[-1].append(point)
            else:
                stretches.append([point])
        parts = [
            maker.along(
                Factor(tuple((key, [point[key] for point in points]) for key in points[0]), self.name)
            )
            for points in stretches
        ]
        return maker.concatenation(parts, self.name)


@final
@dataclass(frozen=True, eq=False)
class Product(Design):
    """Every point of each design with every point of the others."""

    parts: tuple[Design, ...]

    def varied(self) -> Iterator[Any]:
        """Yield the keys of all."""
        return (key for part in self.parts for key in part.varied())

    def make(self, maker: Maker[T]) -> T:
        """Make the dimensions of all."""
        return maker.product([part.make(maker) for part in self.parts])


@final
class Concat(Design):
    """The points of several designs, one after the other along one dimension.

    A point that was there before is left out. What a design does not mention is as the model has it.

    Parameters
    ----------
    *parts : design or dict
    name : str
        Name of the dimension.
    """

    def __init__(self, *parts: Design | Mapping[Any, Any], name: str = "point") -> None:
        self.parts, self.name = tuple(as_design(part) for part in parts), name

    def varied(self) -> Iterator[Any]:
        """Yield the keys of all."""
        return (key for part in self.parts for key in part.varied())

    def make(self, maker: Maker[T]) -> T:
        """Make a single dimension of all points."""
        return maker.concatenation([part.make(maker) for part in self.parts], self.name)


@final
@dataclass(frozen=True, eq=False)
class Chosen(Design):
    """A design without some of its points."""

    design: Design
    predicate: Predicate
    keep: bool

    def varied(self) -> Iterator[Any]:
        """Yield the keys of the whole."""
        return self.design.varied()

    def make(self, maker: Maker[T]) -> T:
        """Make the whole and leave points out."""
        return maker.chosen(self.design.make(maker), self.predicate, self.keep)


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
        "{group.v0: [1, 2, 3]*mV}, or a Grid, a Zip, Points, a sample, or sums and products of these"
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
