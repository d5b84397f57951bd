"""From a user's design to points: each key and value becomes inputs; all problems are told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ..store.schema import RESERVED_NAMES
from .adapters import Array, Refusal, Simulation
from .axes import Design, Factor, as_list
from .keys import array_digest, as_words
from .space import REPEAT, Space, Steps, coordinates, first_duplicate, stacked

SHOWN = 3  # problems of one axis that are spelled out
T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """One key of a design, with its name and its values one by one."""

    key: Any
    label: str
    values: list[Any]


@dataclass
class Resolver:
    """Collects what is wrong on the way."""

    simulation: Simulation
    problems: list[str] = field(default_factory=list)

    def space(self, design: Design, repeats: int) -> Space:
        """Return the points of a design; only to be used where no problem was found."""
        factors = design.factors()
        names = self._names(factors)
        axes = [self._axis(factor, own) for factor, own in zip(factors, names, strict=True)]
        found = tuple(axis for axis in axes if axis is not None)
        self._overlaps(found)
        space = Space(found, repeats)
        self.problems += space.problems()
        return space

    def attempt(self, what: str, action: Callable[[], T]) -> T | None:
        """Return what an action returns; note what it refuses."""
        try:
            return action()
        except Refusal as error:
            self.problems.append(f"{what}: {text(error)}")
            return None

    def _names(self, factors: tuple[Factor, ...]) -> list[list[str | None]]:
        """Name every key, by its group too where its own name is taken."""

        def label(key: Any) -> str | None:
            return self.attempt(f"axis {key!r:.60}", lambda: self.simulation.label(key))

        names = [[label(key) for key, _ in factor.keys] for factor in factors]
        every = [name for own in names for name in own]
        for factor, own in zip(factors, names, strict=True):
            for i, (key, _) in enumerate(factor.keys):
                if own[i] is not None and (every.count(own[i]) > 1 or own[i] in {*RESERVED_NAMES, REPEAT}):
                    own[i] = self.simulation.qualified_label(key)
        return names

    def _axis(self, factor: Factor, names: list[str | None]) -> Steps | None:
        if not factor.keys:
            self.problems.append("a Zip has no keys; give at least one")
        keys = [
            self._key(*item, name) for item, name in zip(factor.keys, names, strict=True) if name is not None
        ]
        known = [key for key in keys if key is not None]
        if not known or len(known) < len(factor.keys) or self._unequal(known):
            return None
        parts = [self._inputs(key) for key in known]
        values: dict[str, list[Array]] = {}
        for part in parts:
            for name, points in (part or {}).items():
                if name in values:
                    self.problems.append(
                        f"{' and '.join(repr(k.label) for k in known)} both set {name!r}; give it once"
                    )
                values[name] = points
        if None in parts:
            return None
        return self._steps(factor.name or "_".join(key.label for key in known), known, values)

    def _key(self, key: Any, values: Any, name: str) -> Key | None:
        listed = self.attempt(f"axis {name!r}", lambda: as_list(values))
        return None if listed is None else Key(key, name, listed)

    def _unequal(self, keys: list[Key]) -> bool:
        if len({len(key.values) for key in keys}) == 1:
            return False
        told = ", ".join(f"{key.label!r} has {len(key.values)}" for key in keys)
        self.problems.append(f"the keys of a Zip go in step and need equally many values: {told}")
        return True

    def _inputs(self, key: Key) -> dict[str, list[Array]] | None:
        """Return the inputs that a key sets, point by point."""
        found: list[Mapping[str, Array]] = []
        wrong: dict[str, int] = {}
        for value in key.values:
            try:
                found.append(self.simulation.resolve(key.key, value))
            except Refusal as error:
                wrong[text(error)] = wrong.get(text(error), 0) + 1
        self.problems += [f"axis {key.label!r}: {told}" for told in list(wrong)[:SHOWN]]
        if len(wrong) > SHOWN:
            n = sum(wrong.values())
            self.problems.append(f"axis {key.label!r}: {n} of its {len(key.values)} values are wrong in all")
        return None if wrong else {name: [row[name] for row in found] for name in found[0]}

    def _steps(self, dim: str, keys: list[Key], values: Mapping[str, list[Array]]) -> Steps | None:
        n = len(keys[0].values)
        words = as_words(bytes(32) for _ in range(n))
        for name, points in values.items():
            words = words + as_words(array_digest(name, point) for point in points)
        twice = first_duplicate(words)
        if twice is not None:
            told = ", ".join(f"{key.label} = {key.values[twice[1]]!r:.40}" for key in keys)
            self.problems.append(
                f"axis {dim!r} has the same value at places {twice[0]} and {twice[1]} ({told}); give it once, "
                "and repeats=n for several runs of each point"
            )
        labels = [self.attempt(f"axis {key.label!r}", partial(self._coordinates, key, dim)) for key in keys]
        flat = tuple(axis for several in labels for axis in several or ())
        return Steps(dim, flat, {name: stacked(points) for name, points in values.items()}, words)

    def _coordinates(self, key: Key, dim: str) -> Any:
        plain = [self.simulation.magnitude(key.key, value) for value in key.values]
        long_name = self.simulation.qualified_label(key.key)
        return coordinates(key.label, dim, plain, self.simulation.unit(key.key), long_name)

    def _overlaps(self, axes: tuple[Steps, ...]) -> None:
        seen: dict[str, str] = {}
        for axis in axes:
            for name in axis.values:
                if name in seen:
                    self.problems.append(
                        f"axes {seen[name]!r} and {axis.dim!r} both set {name!r}; give it once"
                    )
                seen[name] = axis.dim


def text(error: BaseException) -> str:
    """Return what an error says. A KeyError shows its argument quoted; people want the sentence."""
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
