"""Synapses made in numpy, for many neurons at once: the rules of ``engine/synapses.h``, with the same draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.connect import PairRule, Rule
from ...core.connections import Connect, Pairs
from ...core.expr import Draw, Expr, walk
from ...core.freeze_synapses import pairs_step, rule_step
from ...core.kernels import ConnectKernel
from ...core.lower_synapses import connect_kernel
from ...core.namespace import Constant, Resolved, parts
from ...core.resolve import is_stateful
from ...core.session import ConnectEntry, Session
from ...core.synapses import Synapses
from ...core.timedarray import TimedArray
from ...core.userfunctions import Function
from ..base import SimulationError
from .evaluate import Environment, Timed, evaluate
from .philox import elements_at, uniform

Numbers = NDArray[np.int64]
_MANY = 2**33  # of so many elements every one has a block of its own
_JUMPS = 256  # draws at a time
_AT_ONCE = 1 << 21  # pairs looked at together


@dataclass(frozen=True)
class Neurons:
    """What is known of both ends.

    Parameters
    ----------
    sizes : (int, int)
        Number of sources and targets.
    lookup : callable
        Value of a name, given the neurons at both ends (either may be missing).
    environment : Environment
        For everything else.
    seed : int
        Of the random numbers.
    """

    sizes: tuple[int, int]
    lookup: Callable[[str, Numbers | None, Numbers | None], Any]
    environment: Environment
    seed: int


def connect(
    kernel: ConnectKernel, neurons: Neurons, pairs: tuple[Numbers, Numbers] | None
) -> tuple[Numbers, Numbers]:
    """Neurons at both ends of the synapses that a rule makes, in the order of their numbers.

    Raises
    ------
    SimulationError
        For a pair outside the groups.
    """
    if isinstance(kernel.step, Pairs):
        assert pairs is not None
        return _from_pairs(kernel.step, neurons, pairs)
    parts = list(_Rule(kernel, kernel.step, neurons).parts())
    empty = np.zeros(0, dtype=np.int64)
    i = np.concatenate([part[0] for part in parts] or [empty])
    j = np.concatenate([part[1] for part in parts] or [empty])
    return i, j


def _times(i: Numbers, j: Numbers, count: Any) -> tuple[Numbers, Numbers]:
    number = np.maximum(np.broadcast_to(count, i.shape), 0)
    return np.repeat(i, number), np.repeat(j, number)


def _from_pairs(step: Pairs, neurons: Neurons, pairs: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    i, j = pairs
    element = np.arange(len(i), dtype=np.uint64)
    env = _environment(
        neurons, i, j, {}, _drawing(neurons.seed, element, None, np.zeros_like(element), frozenset())
    )
    count = np.broadcast_to(evaluate(step.count, env), i.shape)
    if step.condition is not None:
        chosen = np.broadcast_to(evaluate(step.condition, env), i.shape)
        i, j, count = i[chosen], j[chosen], count[chosen]
    return _times(i, j, count)


def _drawing(seed: int, element: Any, count: Any, row: Any, filled: frozenset[int]) -> Callable[..., Any]:
    """Draws of elements; those of ``filled`` streams are of as many as a range has."""

    def draw(node: Draw, *given: Any) -> Any:
        if given:
            raise NotImplementedError(
                f"numbers of the {node.distribution} distribution cannot be drawn for single synapses here; use "
                "rand() or randn(), or the standalone device."
            )
        many = count if node.stream in filled else np.full(element.shape, _MANY, dtype=np.uint64)
        return elements_at(node.distribution, element, many, seed, node.stream, row)

    return draw


def _environment(
    neurons: Neurons, i: Numbers | None, j: Numbers | None, own: dict[str, Any], draw: Callable[..., Any]
) -> Environment:
    def variable(name: str) -> Any:
        return own[name] if name in own else neurons.lookup(name, i, j)

    return replace(neurons.environment, variable=variable, draw=draw)


@dataclass(frozen=True)
class _Rule:
    kernel: ConnectKernel
    step: Connect
    neurons: Neurons

    @property
    def forward(self) -> bool:
        return self.step.over == "pre"

    @property
    def filled(self) -> frozenset[int]:
        """Streams whose draws are made for a whole range at once."""
        step = self.step
        if step.sample or not step.variable:
            return frozenset()
        inner = [e for e in (step.condition, step.count, step.index) if e is not None]
        return frozenset(n.stream for e in inner for n in walk(e) if isinstance(n, Draw) and not n.args)

    def parts(self) -> Iterator[tuple[Numbers, Numbers]]:
        """Synapses of some neurons after the other."""
        outer = np.arange(self.neurons.sizes[0 if self.forward else 1], dtype=np.int64)
        start, step, count = self.ranges(outer)
        total = (
            np.cumsum(np.maximum(count, 1)) if not self.step.sample else np.arange(1, len(outer) + 1) * 4096
        )
        for chunk in np.split(outer, np.searchsorted(total, np.arange(_AT_ONCE, total[-1], _AT_ONCE))):
            if len(chunk):
                yield self.part(chunk, start[chunk], step[chunk], count[chunk])

    def of_row(self, expr: Expr, outer: Numbers) -> Any:
        """Value of an expression that only knows one side."""
        i, j = (outer, None) if self.forward else (None, outer)
        element = np.zeros(len(outer), dtype=np.uint64)
        draw = _drawing(self.neurons.seed, element, None, outer.astype(np.uint64), frozenset())
        return np.broadcast_to(evaluate(expr, _environment(self.neurons, i, j, {}, draw)), outer.shape)

    def ranges(self, outer: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """First value, step and length of each range."""
        start = self.of_row(self.step.start, outer).astype(np.int64)
        stop = self.of_row(self.step.stop, outer).astype(np.int64)
        step = self.of_row(self.step.step, outer).astype(np.int64)
        if (step == 0).any():
            raise SimulationError(f"{self.step.synapses}.connect: the step of a range is zero")
        far = float(2**60)
        for limit in self.kernel.lower:
            least = np.ceil(self.of_row(limit, outer).astype(float) - 1e-9)
            start = np.maximum(start, np.clip(least, -far, far).astype(np.int64))
        for limit in self.kernel.upper:
            most = np.floor(self.of_row(limit, outer).astype(float) + 1e-9) + 1
            stop = np.minimum(stop, np.clip(most, -far, far).astype(np.int64))
        count = np.where(step > 0, (stop - start + step - 1) // step, (start - stop - step - 1) // -step)
        return start, step, np.maximum(count, 0)

    def part(self, outer: Numbers, start: Numbers, step: Numbers, count: Numbers) -> tuple[Numbers, Numbers]:
        row, place = self.sampled(outer, count)
        near = outer[row]
        own: dict[str, Any] = {}
        if self.step.variable:
            own[self.step.variable] = start[row] + place * step[row]
        draw = _drawing(
            self.neurons.seed,
            place.astype(np.uint64),
            count[row].astype(np.uint64),
            near.astype(np.uint64),
            self.filled,
        )
        return self.made(near, own, draw)

    def made(self, near: Numbers, own: dict[str, Any], draw: Callable[..., Any]) -> tuple[Numbers, Numbers]:
        """Pairs that are valid and wanted, as often as they are wanted."""
        neurons, step = self.neurons, self.step
        i, j = (near, None) if self.forward else (None, near)
        index = evaluate(step.index, _environment(neurons, i, j, own, draw))
        far = np.array(np.broadcast_to(index, near.shape)).astype(np.int64)
        size = neurons.sizes[1 if self.forward else 0]
        valid = (far >= 0) & (far < size)
        known = np.clip(far, 0, max(size - 1, 0))
        i, j = (near, known) if self.forward else (known, near)
        env = _environment(neurons, i, j, own, draw)
        chosen = np.ones(near.shape, dtype=bool)
        if step.condition is not None and len(near):
            chosen = np.broadcast_to(evaluate(step.condition, env), near.shape).astype(bool)
        wrong = ~valid if self.kernel.late else chosen & ~valid
        if not step.skip_if_invalid and wrong.any():
            self.refuse(near, far, int(np.argmax(wrong)))
        chosen = chosen & valid
        times = np.broadcast_to(evaluate(step.count, env), near.shape) if len(near) else near
        return _times(i[chosen], j[chosen], times[chosen])

    def refuse(self, near: Numbers, far: Numbers, place: int) -> None:
        i, j = (near[place], far[place]) if self.forward else (far[place], near[place])
        raise SimulationError(
            f"{self.step.synapses}.connect: the pair (i={i}, j={j}) lies outside the {self.neurons.sizes[0]} source(s) "
            f"and {self.neurons.sizes[1]} target(s); leave it out by a condition or by skip_if_invalid=True"
        )

    # -- samples of ranges --------------------------------------------------------------------------------

    def sampled(self, outer: Numbers, count: Numbers) -> tuple[Numbers, Numbers]:
        """For each value taken, which of the rows it belongs to and its place in the range."""
        if not self.step.sample:
            row = np.repeat(np.arange(len(outer)), count)
            first = np.repeat(np.cumsum(count) - count, count)
            return row, np.arange(len(row)) - first
        assert self.step.amount is not None
        amount = self.of_row(self.step.amount, outer)
        if self.step.sample == "p":
            return self.jumps(outer, count, amount.astype(float))
        rows = [self.subset(int(o), int(c), int(a)) for o, c, a in zip(outer, count, amount, strict=True)]
        return np.repeat(np.arange(len(outer)), [len(r) for r in rows]), np.concatenate(rows)

    def jumps(self, outer: Numbers, count: Numbers, p: NDArray[np.float64]) -> tuple[Numbers, Numbers]:
        """Each value with a probability: gaps between those taken are geometric (Devroye 1986)."""
        rows: list[Numbers] = []
        places: list[Numbers] = []
        every = np.flatnonzero(p >= 1)
        rows.append(np.repeat(every, count[every]))
        places += [np.arange(count[r]) for r in every]
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = 1 / np.log1p(-p)
            expected = count * p
            room = np.minimum(np.ceil(expected + 4 * np.sqrt(np.maximum(expected, 0)) + 4), _JUMPS)
        usual = (p > 0) & (p < 1) & (count > 0)
        for size in np.unique(room[usual]):
            active = np.flatnonzero(usual & (room == size))
            at = np.full(len(active), -1, dtype=np.int64)
            chunk = 0
            while len(active):
                u = _uniform_rows(
                    int(size), self.neurons.seed, self.kernel.stream, outer[active] << 24 | chunk
                )
                gap = np.floor(np.log(1 - u) * scale[active, None])
                reached = at[:, None] + np.cumsum(
                    1 + np.minimum(gap, count[active, None]).astype(np.int64), axis=1
                )
                inside = reached < count[active, None]
                rows.append(np.repeat(active, inside.sum(axis=1)))
                places.append(reached[inside])
                going = inside[:, -1]
                active, at, chunk = active[going], reached[going, -1], chunk + 1
        row, place = np.concatenate(rows), np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
        order = np.lexsort((place, row))
        return row[order], place[order]

    def subset(self, outer: int, count: int, size: int) -> Numbers:
        """``size`` different values: the first different ones of a row of draws, or all but those."""
        if not 0 <= size <= count:
            raise SimulationError(
                f"{self.step.synapses}.connect: a sample of {size} is to be taken of {count} value(s)"
            )
        keep = 2 * size <= count
        wanted = size if keep else count - size
        drawn: Numbers = np.zeros(0, dtype=np.int64)
        chunk = 0
        while True:
            values, first = np.unique(drawn, return_index=True)
            if len(values) >= wanted:
                chosen = np.sort(drawn[np.sort(first)[:wanted]])
                return chosen if keep else np.setdiff1d(np.arange(count), chosen)
            u = uniform(_JUMPS, self.neurons.seed, self.kernel.stream, outer << 24 | chunk)
            drawn = np.concatenate([drawn, (u * count).astype(np.int64)])
            chunk += 1


def _uniform_rows(count: int, seed: int, stream: int, steps: Numbers) -> NDArray[np.float64]:
    """``count`` uniform numbers for each step, as rows."""
    element = np.broadcast_to(np.arange(count, dtype=np.uint64), (len(steps), count))
    step = np.broadcast_to(steps.astype(np.uint64)[:, None], element.shape)
    return elements_at("uniform", element, np.full(element.shape, count, dtype=np.uint64), seed, stream, step)


def make_synapses(entry: ConnectEntry, environment: Environment, seed: int) -> tuple[Numbers, Numbers]:
    """Neurons at both ends of the synapses that a ``connect`` makes now."""
    synapses, rule = entry.target, entry.rule
    assert isinstance(synapses, Synapses)
    pairs = None
    if isinstance(rule, PairRule):
        pairs = rule.i, rule.j
        kernel = connect_kernel(pairs_step(entry, synapses._place, str, "", ""), {}, set())
    else:
        kernel = connect_kernel(rule_step(entry, synapses._place, str), {}, set())

    kernel = replace(kernel, step=replace(kernel.step, synapses=synapses.name))  # as messages call them

    def lookup(name: str, i: Numbers | None, j: Numbers | None) -> Any:
        if name in ("i", "j"):
            return i if name == "i" else j
        if name in ("N_pre", "N_post"):
            return synapses.sizes[name == "N_post"]
        reference = synapses.references.get(name)
        if reference is None:
            return environment.variable(name)
        values = synapses.end(reference.side).state(reference.variable).values()
        return values[0] if len(values) == 1 else values[i if reference.side == "pre" else j]

    return connect(kernel, Neurons(synapses.sizes, lookup, environment, seed), pairs)


def known_connections(session: Session, synapses: Synapses) -> tuple[Numbers, Numbers] | None:
    """What the calls of ``connect`` so far make, unless that depends on chance or on what a simulation finds out."""
    made = []
    for entry in session.program:
        if isinstance(entry, ConnectEntry) and entry.target is synapses:
            if _draws(entry):
                return None
            try:
                made.append(make_synapses(entry, constants_only(entry.constants, _unknown), 0))
            except NotImplementedError:
                return None
    empty = np.zeros(0, dtype=np.int64)
    i, j = (np.concatenate([empty, *(part[side] for part in made)]) for side in (0, 1))
    return i, j


def _draws(entry: ConnectEntry) -> bool:
    rule = entry.rule
    if isinstance(rule, Rule) and rule.sample:
        return True
    return any(is_stateful(expr, entry.constants) for expr in rule.strings())


def _unknown(name: str) -> Any:
    raise NotImplementedError(name)


def constants_only(known: Mapping[str, Resolved], variable: Callable[[str], Any]) -> Environment:
    """For expressions of constants and of what ``variable`` knows; the rest is not implemented."""
    return Environment(
        variable=variable,
        params=parameters(known),
        functions={n: v for n, v in known.items() if isinstance(v, Function)},
        timed={n: Timed(v.values, v.dt, n) for n, v in known.items() if isinstance(v, TimedArray)},
        draw=lambda *_: _unknown("rand"),
        constants={},
        matrix=lambda entry: _unknown(str(entry)),
        elements={},
    )


def parameters(known: Mapping[str, Resolved]) -> dict[str, Any]:
    """Constants by the name of their slot."""
    found: dict[str, Any] = {n: v.value for n, v in known.items() if isinstance(v, Constant)}
    for name, value in known.items():
        found |= {f"{name}:{part}": constant.value for part, constant in parts(value).items()}
    return found


def number_in_pair(i: Numbers, j: Numbers) -> Numbers:
    """Of each synapse, how many of the same pair of neurons came before."""
    order = np.lexsort((j, i))
    same = np.zeros(len(i), dtype=bool)
    same[1:] = (np.diff(i[order]) == 0) & (np.diff(j[order]) == 0)
    place = np.arange(len(i))
    first = np.maximum.accumulate(np.where(same, 0, place)) if len(i) else place
    number = np.zeros(len(i), dtype=np.int64)
    number[order] = place - first
    return number
