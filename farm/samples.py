"""Designs whose points are drawn: at random, as a Latin hypercube, or as a Sobol sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from . import adapters
from .axes import Design, Factor, Maker, SweepError, as_list, is_scalar, refuse

T = TypeVar("T")
Unit = NDArray[np.float64]  # coordinates from 0 to 1


class Distribution(ABC):
    """How the values of one key are spread: a map from the interval from 0 to 1."""

    @abstractmethod
    def at(self, u: Unit) -> Any:
        """Return the values, with units, whose cumulative probabilities these are."""


def _bounds(name: str, *values: Any) -> tuple[list[float], str]:
    """Return plain numbers and the dimension that they share.

    Raises
    ------
    SweepError
    """
    parts = [adapters.split(value) for value in values]
    if len({dimension for _, dimension in parts}) > 1 or any(array.ndim for array, _ in parts):
        raise SweepError(f"{name}({', '.join(map(repr, values))}): give single numbers of the same units")
    numbers = [float(array) for array, _ in parts]
    if not np.isfinite(numbers).all():
        raise SweepError(f"{name}({', '.join(map(repr, values))}): give finite numbers")
    return numbers, parts[0][1]


@final
@dataclass(frozen=True)
class Uniform(Distribution):
    """Anything between two numbers, all equally likely."""

    low: Any
    high: Any

    def at(self, u: Unit) -> Any:
        """Return values between the bounds."""
        (low, high), dimension = _bounds("Uniform", self.low, self.high)
        if not low < high:
            raise SweepError(f"Uniform({self.low!r}, {self.high!r}): give the lower bound first")
        return adapters.with_dimension(low + u * (high - low), dimension)


@final
@dataclass(frozen=True)
class LogUniform(Distribution):
    """Anything between two positive numbers, all orders of magnitude equally likely."""

    low: Any
    high: Any

    def at(self, u: Unit) -> Any:
        """Return values between the bounds."""
        (low, high), dimension = _bounds("LogUniform", self.low, self.high)
        if not 0 < low < high:
            raise SweepError(f"LogUniform({self.low!r}, {self.high!r}): give bounds above 0, the lower first")
        return adapters.with_dimension(np.exp(np.log(low) + u * np.log(high / low)), dimension)


@final
@dataclass(frozen=True)
class Normal(Distribution):
    """A normal distribution with mean and standard deviation."""

    mean: Any
    sd: Any

    def at(self, u: Unit) -> Any:
        """Return values of the distribution."""
        from statistics import NormalDist

        (mean, sd), dimension = _bounds("Normal", self.mean, self.sd)
        if not sd > 0:
            raise SweepError(f"Normal({self.mean!r}, {self.sd!r}): give a standard deviation above 0")
        inverse = np.vectorize(NormalDist().inv_cdf, otypes=[float])
        inside = np.clip(u, 2.0**-54, 1 - 2.0**-53)  # neither end has a value
        return adapters.with_dimension(mean + sd * inverse(inside), dimension)


@final
@dataclass(frozen=True)
class Choice(Distribution):
    """One of several values, all equally likely."""

    values: Any

    def at(self, u: Unit) -> Any:
        """Return one of the values for each place."""
        values = as_list(self.values)
        return [values[min(int(place), len(values) - 1)] for place in u * len(values)]


@final
@dataclass(frozen=True)
class Quantile(Distribution):
    """Any distribution, by its quantile function, such as ``scipy.stats.gamma(2).ppf``.

    Parameters
    ----------
    function : callable
        From an array of probabilities to values.
    unit : optional
        That the values are multiplied by.
    """

    function: Callable[[Unit], Any]
    unit: Any = 1

    def at(self, u: Unit) -> Any:
        """Return what the function makes of it."""
        return self.function(u) * self.unit


class Sample(Design):
    """`n` points drawn from distributions, along one dimension.

    Parameters
    ----------
    ranges : mapping from key to (low, high), list or Distribution
        A pair in parentheses is `Uniform`, a list or an array is a `Choice`.
    n : int
        Number of points.
    seed : int
        The same seed gives the same points.
    name : str
        Name of the dimension.

    Raises
    ------
    SweepError
        Tells all that is wrong with them.
    """

    def __init__(self, ranges: Mapping[Any, Any], n: int, seed: int = 0, name: str = "sample") -> None:
        self.ranges, self.n, self.seed, self.name = ranges, n, seed, name
        problems = [] if ranges else ["there are no keys; give at least one"]
        for what, value, least in (("n", n, 1), ("seed", seed, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                problems.append(f"{what}={value!r}: give a whole number, {least} or more")
        refuse(type(self).__name__, problems)

    @abstractmethod
    def drawn(self, keys: int) -> Unit:
        """Return points of the unit cube, shape (n, keys)."""

    def varied(self) -> Iterator[Any]:
        """Yield the keys."""
        return iter(self.ranges)

    def make(self, maker: Maker[T]) -> T:
        """Make a single dimension with all keys."""
        cube = self.drawn(len(self.ranges))
        values = []
        problems = []
        for i, (key, given) in enumerate(self.ranges.items()):
            try:
                values.append((key, _distribution(given).at(cube[:, i])))
            except (SweepError, *adapters.Refusal) as error:
                problems.append(f"{key!r:.60}: {error}")
        refuse(type(self).__name__, problems)
        return maker.along(Factor(tuple(values), self.name, sample=True))


@final
class Random(Sample):
    """Points drawn independently."""

    def drawn(self, keys: int) -> Unit:
        """Return independent numbers."""
        return np.random.default_rng(self.seed).random((self.n, keys))


@final
class LatinHypercube(Sample):
    """Points such that each key has one value in each of `n` equally likely intervals.

    McKay, Beckman & Conover (1979), by `scipy.stats.qmc.LatinHypercube`.
    """

    def drawn(self, keys: int) -> Unit:
        """Return the hypercube."""
        points: Unit = _qmc("LatinHypercube").LatinHypercube(keys, seed=_generator(self.seed)).random(self.n)
        return points


@final
class Sobol(Sample):
    """Points that fill the space evenly; best balanced where `n` is a power of two.

    Sobol' (1967), scrambled as by Owen, by `scipy.stats.qmc.Sobol`.
    """

    def drawn(self, keys: int) -> Unit:
        """Return the sequence's first points."""
        import warnings

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The balance properties of Sobol")
            points: Unit = _qmc("Sobol").Sobol(keys, seed=_generator(self.seed)).random(self.n)
        return points


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _qmc(name: str) -> Any:
    try:
        from scipy.stats import qmc
    except ImportError:
        raise SweepError(
            f"{name} needs scipy, which is not installed: pip install 'spikefarm[sampling]'"
        ) from None
    return qmc


def _distribution(given: Any) -> Distribution:
    if isinstance(given, Distribution):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return Uniform(*given)
    if not is_scalar(given):
        return Choice(given)
    raise SweepError(
        f"{given!r:.60} is no range; give (low, high), a list to choose from, or a distribution: Uniform, "
        "LogUniform, Normal, Choice, Quantile"
    )
