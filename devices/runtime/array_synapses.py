"""Synapses on the numpy target: what strings for them can name, and how events reach them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.connections import INDEX, Pathway
from ...core.expr import Binary, Call, Expr, MatrixEntry, Var, walk
from ...core.model import Model, Population
from ...core.statements import Stmt
from ..base import Array, SimulationError

#: How something is put together with what is there, for several synapses of one neuron.
_TOGETHER: dict[str, tuple[Any, Any]] = {
    "+": (np.add, lambda x: x),
    "-": (np.add, np.negative),
    "*": (np.multiply, lambda x: x),
    "/": (np.multiply, np.reciprocal),
}


def delay_steps(delays: Array, dt: float) -> Array:
    """Delays as whole steps."""
    steps: Array = np.floor(delays / dt + 0.5).astype(np.int64)
    return steps


def synaptic(model: Model, state: Mapping[str, Array], p: Population, name: str, where: Array | None) -> Any:
    """Value of a name for some synapses: their own variables, and those of the neurons at both ends."""
    ends = p.ends
    assert ends is not None
    i, j = state[f"{p.id}.i"], state[f"{p.id}.j"]
    if name == "N":
        return len(i)
    if name in ("N_pre", "N_post"):
        return size_of(model, state, ends.end(name[2:]))
    here = slice(None) if where is None else where
    neurons = {"pre": i[here], "post": j[here]}
    if name in ("i", "j"):
        return neurons["pre" if name == "i" else "post"].astype(np.int64)
    if name in ("N_incoming", "N_outgoing"):
        side, every = ("post", j) if name == "N_incoming" else ("pre", i)
        return np.bincount(every)[neurons[side]]
    if any(v.name == name and v.stored for v in p.variables):
        values = state[f"{p.id}.{name}"]
        return values[0] if p.variable(name).shared else values[here]
    variable, _, side = name.rpartition("_")
    span = model.span(ends.end(side))
    values = state[f"{span.population}.{variable}"]
    return (
        values[0]
        if len(values) == 1 and _is_shared(model, span.population, variable)
        else values[span.start :][neurons[side]]
    )


def _is_shared(model: Model, population: str, variable: str) -> bool:
    return any(v.name == variable and v.shared for v in model.population(population).variables)


def size_of(model: Model, state: Mapping[str, Array], id: str) -> int:
    """Number of neurons (or synapses) at one end."""
    span = model.span(id)
    return len(state[f"{span.population}.i"]) if span.size < 0 else span.size


@dataclass
class Queue:
    """Synapses that events will reach, by time step; ``rows`` are the synapses of each neuron, one after the other."""

    order: Array
    first: Array  # of each neuron in ``order``; one more
    steps: Array | int  # delay of each synapse, or of all
    waiting: dict[int, list[Array]] = field(default_factory=dict)

    def push(self, step: int, neurons: Array) -> None:
        """Events of neurons in a time step."""
        parts = [self.order[self.first[n] : self.first[n + 1]] for n in neurons]
        if not parts:
            return
        synapses = np.concatenate(parts)
        if isinstance(self.steps, int):
            self.waiting.setdefault(step + self.steps, []).append(synapses)
            return
        later = self.steps[synapses]
        for wait in np.unique(later):
            self.waiting.setdefault(step + int(wait), []).append(synapses[later == wait])

    def pop(self, step: int) -> Array:
        """Synapses that are reached in a time step."""
        parts = self.waiting.pop(step, [])
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def dump(self, dt: float) -> tuple[Array, Array]:
        """Everything on its way: synapses, and when they are reached."""
        steps = sorted(self.waiting)
        synapses = [s for step in steps for s in self.waiting[step]]
        times = [np.full(len(s), step * dt) for step in steps for s in self.waiting[step]]
        empty = np.zeros(0)
        return np.concatenate([empty, *synapses]).astype(np.int32), np.concatenate([empty, *times])

    def load(self, pending: Array, due: Array, step: int, dt: float) -> None:
        """Take up what was on its way."""
        steps = np.maximum(np.floor(due / dt + 0.5).astype(np.int64), step)
        for when in np.unique(steps):
            self.waiting.setdefault(int(when), []).append(pending[steps == when].astype(np.int64))


def make_queue(
    model: Model, state: Mapping[str, Array], p: Population, path: Pathway, step: int, dt: float
) -> Queue:
    """The queue of a pathway when a run starts.

    Raises
    ------
    SimulationError
        For delays that are no times.
    """
    ends = p.ends
    assert ends is not None
    key = state[f"{p.id}.{INDEX[path.side]}"]
    delays = state[f"{p.id}.{path.delay}"]
    if not ((delays >= 0) & (delays < 1e7 * dt)).all():
        raise SimulationError(
            f"{p.id}.{path.delay} holds a delay that is negative, no number, or longer than ten million steps"
        )
    steps = delay_steps(delays, dt)
    order = np.argsort(key, kind="stable")
    first = np.searchsorted(key[order], np.arange(size_of(model, state, ends.end(path.side)) + 1))
    queue = Queue(order, first, int(steps[0]) if p.variable(path.delay).shared else steps)
    queue.load(state[f"{p.id}.{path.name}.pending"], state[f"{p.id}.{path.name}.due"], step, dt)
    return queue


def batches(synapses: Array, one_by_one: bool) -> list[Array]:
    """Synapses that can be worked on together: all, unless their order matters or one is reached twice."""
    if one_by_one or len(np.unique(synapses)) != len(synapses):
        return [synapses[k : k + 1] for k in range(len(synapses))]
    return [synapses] if len(synapses) else []


def put(
    model: Model, state: Mapping[str, Array], p: Population, s: Stmt, where: Array, value: Any, parts: Any
) -> None:
    """Assign to a variable of synapses, or add to one of neurons whose synapses may be several."""
    ends = p.ends
    assert ends is not None
    if any(v.name == s.target and v.stored for v in p.variables):
        state[f"{p.id}.{s.target}"][where] = value
        return
    variable, _, side = s.target.rpartition("_")
    span = model.span(ends.end(side))
    target = state[f"{span.population}.{variable}"]
    index = span.start + state[f"{p.id}.{INDEX[side]}"][where]
    found = accumulated(s)
    if found is None:
        target[index] = value
        return
    op, amount, condition = found
    function, change = _TOGETHER[op]
    chosen = (
        np.ones(len(where), bool) if condition is None else np.broadcast_to(parts(condition), (len(where),))
    )
    added = np.broadcast_to(change(np.asarray(parts(amount), dtype=target.dtype)), (len(where),))
    function.at(target, index[chosen], added[chosen])


def accumulated(s: Stmt) -> tuple[str, Expr, Expr | None] | None:
    """What is summed or multiplied into the target, and on which condition."""
    expr, condition = s.expr, None
    if isinstance(expr, Call) and expr.function == "select" and expr.args[2] == Var(s.target):
        condition, expr = expr.args[0], expr.args[1]
    if not isinstance(expr, Binary) or expr.op not in _TOGETHER:
        return None
    if expr.left == Var(s.target):
        return expr.op, expr.right, condition
    if expr.right == Var(s.target) and expr.op in "+*":
        return expr.op, expr.left, condition
    return None


def reads_matrix(s: Stmt) -> bool:
    """Whether a statement needs a propagator."""
    return any(isinstance(n, MatrixEntry) for n in walk(s.expr))


__all__ = [
    "Queue",
    "accumulated",
    "batches",
    "delay_steps",
    "make_queue",
    "put",
    "reads_matrix",
    "size_of",
    "synaptic",
]
