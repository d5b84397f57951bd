"""From a user's design to points: each key and value becomes inputs; all problems are told at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..store.schema import RESERVED_NAMES
from .adapters import Refusal
from .axes import Design, Factor, Predicate
from .keys import Array, Words
from .space import REPEAT, Keyed, Space, Steps, first_duplicate
from .vocabulary import RefusedError, Vocabulary, text

T = TypeVar("T")


@dataclass(frozen=True)
class Block:
    """Points as they are put together: axes, and which of their points are there (None for all)."""

    axes: tuple[Steps, ...]
    kept: NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(axis.size for axis in self.axes)

    def flat(self) -> dict[str, Keyed]:
        """Return the points that are there one after the other, by the label of the key."""
        where = np.arange(prod(self.shape)) if self.kept is None else np.flatnonzero(self.kept)
        places = np.unravel_index(where, self.shape) if self.axes else ()
        pairs = zip(self.axes, places, strict=True)
        return {key.label: key.take(index) for axis, index in pairs for key in axis.keyed}


@dataclass
class Resolver:
    """Puts designs together and collects what is wrong on the way.

    Parameters
    ----------
    vocabulary : Vocabulary
    problems : list of str
    """

    vocabulary: Vocabulary
    problems: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def space(self, design: Design, repeats: int) -> Space:
        """Return the points of a design; only to be used where no problem was found."""
        self._name(design)
        block = design.make(self) or Block(())
        self._overlaps(block.axes)
        space = Space(block.axes, repeats, block.kept)
        self.problems += space.problems()
        return space

    # -- what designs are put together with ---------------------------------------------------------------

    def along(self, factor: Factor) -> Block | None:
        """Take keys that go in step."""
        if not factor.keys:
            self.problems.append("a Zip has no keys; give at least one")
        keyed = [self._keyed(key, values) for key, values in factor.keys]
        known = [key for key in keyed if key is not None]
        if not known or len(known) < len(keyed) or self._unequal(known):
            return None
        dim = factor.name or "_".join(key.label for key in known)
        self._set_twice(known)
        steps = Steps(dim, tuple(known), len(known[0].words))
        if not factor.sample:
            self._twice(steps)
        return Block((steps,))

    def product(self, parts: Sequence[Block | None]) -> Block | None:
        """Take every point of each with every point of the others."""
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        axes = tuple(axis for part in found for axis in part.axes)
        if all(part.kept is None for part in found):
            return Block(axes)
        kept = np.ones((), bool)
        for part in found:
            mine = np.ones(part.shape, bool) if part.kept is None else part.kept
            kept = np.multiply.outer(kept, mine)
        return Block(axes, kept)

    def concatenation(self, parts: Sequence[Block | None], name: str) -> Block | None:
        """Take the points of all along one dimension, each once."""
        if not parts:
            self.problems.append(f"{name!r} has no points; give at least one")
        if not parts or None in parts:
            return None
        flat = [part.flat() for part in parts if part is not None]
        counts = [prod(p.shape) if p.kept is None else int(p.kept.sum()) for p in parts if p is not None]
        labels = {label: key for part in flat for label, key in part.items()}
        keyed = []
        for label, like in labels.items():
            try:
                pieces = [
                    p.get(label) or self.vocabulary.unset(like, n) for p, n in zip(flat, counts, strict=True)
                ]
            except RefusedError as error:
                self.problems += error.problems
                return None
            if len({piece.dimension for piece in pieces}) > 1:
                self.problems.append(f"axis {label!r}: its values have different units; give all the same")
                return None
            keyed.append(pieces[0].join(pieces[1:]))
        steps = Steps(name, tuple(keyed), sum(counts))
        return Block((steps.take(_first_of_each(steps.words)),))

    def chosen(self, part: Block | None, predicate: Predicate, keep: bool) -> Block | None:
        """Leave out points."""
        if part is None:
            return None
        try:
            mask = _mask(part, predicate)
        except RefusedError as error:
            self.problems += error.problems
            return None
        mask = mask if keep else ~mask
        return Block(part.axes, mask if part.kept is None else mask & part.kept)

    # -- keys -------------------------------------------------------------------------------------------------

    def _name(self, design: Design) -> None:
        """Name every key, by its group too where its own name is that of another."""
        short: dict[str, str] = {}
        for key in design.varied():
            label = self._attempt(f"axis {key!r:.60}", partial(self.vocabulary.label, key))
            if label is not None:
                short[self.vocabulary.full_label(key)] = label
        labels = list(short.values())
        for full, label in short.items():
            taken = labels.count(label) > 1 or label in {*RESERVED_NAMES, REPEAT}
            self.names[full] = full if taken else label

    def _attempt(self, what: str, action: Callable[[], T]) -> T | None:
        """Return what an action returns; note what it refuses."""
        try:
            return action()
        except Refusal as error:
            problem = f"{what}: {text(error)}"
            if problem not in self.problems:
                self.problems.append(problem)
            return None

    def _keyed(self, key: Any, values: Any) -> Keyed | None:
        try:
            label = self.names[self.vocabulary.full_label(key)]
        except (KeyError, *Refusal):
            return None  # told already
        try:
            return self.vocabulary.keyed(key, label, values)
        except RefusedError as error:
            self.problems += [f"axis {label!r}: {problem}" for problem in error.problems]
        except Refusal as error:
            self.problems.append(f"axis {label!r}: {text(error)}")
        return None

    # -- what may be wrong with several -----------------------------------------------------------------------

    def _unequal(self, keys: list[Keyed]) -> bool:
        if len({len(key.words) for key in keys}) == 1:
            return False
        told = ", ".join(f"{key.label!r} has {len(key.words)}" for key in keys)
        self.problems.append(f"the keys of a Zip go in step and need equally many values: {told}")
        return True

    def _set_twice(self, keys: list[Keyed]) -> None:
        seen: set[str] = set()
        for name in (name for key in keys for name in key.values):
            if name in seen:
                told = " and ".join(repr(key.label) for key in keys)
                self.problems.append(f"{told} both set {name!r}; give it once")
            seen.add(name)

    def _twice(self, steps: Steps) -> None:
        twice = first_duplicate(steps.words)
        if twice is not None:
            told = ", ".join(f"{key.label} = {key.arrays()[twice[1]]!r:.40}" for key in steps.keyed)
            self.problems.append(
                f"axis {steps.dim!r} has the same value at places {twice[0]} and {twice[1]} ({told}); give it "
                "once, and repeats=n for several runs of each point"
            )

    def _overlaps(self, axes: tuple[Steps, ...]) -> None:
        seen: dict[str, str] = {}
        for axis in axes:
            for name in dict.fromkeys(axis.inputs):
                if name in seen:
                    self.problems.append(
                        f"axes {seen[name]!r} and {axis.dim!r} both set {name!r}; give it once"
                    )
                seen[name] = axis.dim


def _first_of_each(words: Words) -> NDArray[np.int64]:
    """Return the places at which a value occurs for the first time."""
    _, first = np.unique(words[:, 0], return_index=True)
    return np.sort(first).astype(np.int64)


def _mask(block: Block, predicate: Predicate) -> NDArray[np.bool_]:
    """Return for which points a predicate holds, in the shape of the axes.

    Raises
    ------
    RefusedError
    """
    values: dict[str, Array] = {}
    for i, axis in enumerate(block.axes):
        shape = [1] * len(block.axes)
        shape[i] = axis.size
        values |= {key.label: key.arrays().reshape(shape) for key in axis.keyed}
    wanted = _wanted(predicate, values)
    try:
        found = np.asarray(predicate(**wanted))
    except Exception:  # it may be meant for single values
        found = _one_by_one(predicate, wanted)
    if found.dtype != bool:
        raise RefusedError([f"the predicate returned {found.dtype} {found!r:.40}; return True or False"])
    try:
        return np.array(np.broadcast_to(found, block.shape))
    except ValueError:
        raise RefusedError([f"the predicate returned shape {found.shape} for points {block.shape}"]) from None


def _wanted(predicate: Predicate, values: dict[str, Array]) -> dict[str, Array]:
    parameters = inspect.signature(predicate).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return values
    unknown = [p.name for p in parameters if p.name not in values and p.default is p.empty]
    if unknown:
        raise RefusedError(
            [
                f"the predicate has arguments {', '.join(map(repr, unknown))}, which are no axes; "
                f"these are: {', '.join(map(repr, values))}"
            ]
        )
    return {p.name: values[p.name] for p in parameters if p.name in values}


def _one_by_one(predicate: Predicate, values: dict[str, Array]) -> NDArray[np.bool_]:
    """Call a predicate for each point of the axes that it looks at."""
    shape = np.broadcast_shapes(*(array.shape for array in values.values()))
    found = np.empty(shape, bool)
    for place in np.ndindex(*shape):
        here = {
            name: array[tuple(min(i, n - 1) for i, n in zip(place, array.shape, strict=True))]
            for name, array in values.items()
        }
        try:
            found[place] = bool(predicate(**here))
        except Exception as error:
            told = ", ".join(f"{name}={value!s}" for name, value in here.items())
            raise RefusedError(
                [f"the predicate raised {type(error).__name__} for {told}: {error}"]
            ) from error
    return found
