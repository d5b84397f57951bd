"""What synapses do in a time step, and how they are made, as Kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .algebra import ZERO, add, div, fold, linear_parts, mul, select, sub
from .bounds import bounds
from .connections import INDEX, Connect, Ends, Pairs, Pathway
from .context import SPECIAL
from .equations import DIFFERENTIAL, EVENT_DRIVEN
from .expr import Call, Draw, Expr, Lit, MatrixEntry, Noise, Var, depends_on, substitute, transform, walk
from .integrators import Propagator, UnsupportedEquationsError
from .kernels import ConnectKernel, Kernel
from .model import Model, Population
from .statements import Stmt
from .streams import numbered, stream_of
from .synapsenames import LASTUPDATE

ELAPSED = "_elapsed"
SUM = "_sum"
_UNIT = Lit(1)


def synapse_kernels(model: Model, population: Population, rates: dict[str, Expr]) -> list[Kernel]:
    """Summed variables and pathways; ``rates`` are those of event-driven variables."""
    ends = population.ends
    assert ends is not None
    start = Kernel("summed", population.id, population.id, population.clock, "groups", 0)
    kernels = []
    for s in ends.summed:
        target = f"{s.variable}_{s.side}"
        body = (Stmt(SUM, s.expr, local=True),)
        kernels.append(replace(start, order=s.order, body=body, event=target))
    for path in ends.pathways:
        kernels.append(_pathway_kernel(model, population, ends, path, rates))
    return kernels


def _pathway_kernel(
    model: Model, population: Population, ends: Ends, path: Pathway, rates: dict[str, Expr]
) -> Kernel:
    before, matrices = event_driven(population.id, rates)
    code = [_conditional(model, ends, s) for s in path.code]
    keeps = any(v.name == LASTUPDATE for v in population.variables)
    after = [Stmt(LASTUPDATE, Var("t"))] if keeps else []
    return Kernel(
        "pathway",
        population.id,
        population.id,
        path.clock,
        path.when,
        path.order,
        body=(*before, *code, *after),
        matrices=matrices,
        event=path.name,
    )


def _conditional(model: Model, ends: Ends, statement: Stmt) -> Stmt:
    """What is flagged (unless refractory) stands still in refractory neurons, as in Brian 2."""
    variable, _, side = statement.target.rpartition("_")
    if side not in INDEX or statement.local:
        return statement
    neurons = model.source(ends.end(side))
    flagged = any(v.name == variable and "unless refractory" in v.flags for v in neurons.variables)
    if not flagged or not neurons.refracts:
        return statement
    free = Var(f"not_refractory_{side}")
    return statement.with_expr(select(free, statement.expr, Var(statement.target)))


# -- event-driven equations ------------------------------------------------------------------------------


def event_driven(id: str, rates: dict[str, Expr]) -> tuple[list[Stmt], tuple[Propagator, ...]]:
    """The exact solution from the last event to this one.

    With ``A`` and ``b`` constant since then, ``x(t) = x + Q (A x + b)`` with ``Q`` the integral of ``exp(A s)``
    over the time elapsed (Rotter and Diesmann 1999). Variables that depend on each other share a matrix.

    Raises
    ------
    UnsupportedEquationsError
        For equations that are not linear, or depend on time.
    """
    if not rates:
        return [], ()
    rows = {name: _linear(id, name, rate, rates) for name, rate in rates.items()}
    statements = [Stmt(ELAPSED, sub(Var("t"), Var(LASTUPDATE)), local=True)]
    coupled = [n for n, row in rows.items() if set(row) - {n}]
    single = [n for n in rows if n not in coupled and not any(n in rows[other] for other in coupled)]
    for name in single:
        statements.append(Stmt(name, _solved(name, rows[name].get(name, ZERO), rates[name])))
    rest = {n: rows[n] for n in rows if n not in single}
    if not rest:
        return statements, ()
    more, matrix = _matrix(id, rest, rates)
    return statements + more, (matrix,)


def _linear(id: str, name: str, rate: Expr, rates: dict[str, Expr]) -> dict[str, Expr]:
    """Coefficients by variable."""
    remedy = "flag it (clock-driven) instead"
    if any(isinstance(node, Noise) for node in walk(rate)):
        raise UnsupportedEquationsError(f"{id}: the event-driven equation of {name!r} has noise; {remedy}.")
    parts = linear_parts(rate, lambda n: n.name if isinstance(n, Var) and n.name in rates else None)
    if parts is None:
        raise UnsupportedEquationsError(
            f"{id}: the event-driven equation of {name!r} is not linear as it is written; {remedy}."
        )
    if any(depends_on(part, {"t", "t_in_timesteps"}) for part in parts.values()):
        raise UnsupportedEquationsError(
            f"{id}: the event-driven equation of {name!r} depends on time; {remedy}."
        )
    return {str(k): v for k, v in parts.items() if k is not None}


def _solved(name: str, rate: Expr, slope: Expr) -> Expr:
    elapsed = Var(ELAPSED)
    if slope == mul(rate, Var(name)) or _homogeneous(slope, name):
        return mul(Var(name), Call("exp", (mul(rate, elapsed),)))
    return add(Var(name), mul(slope, mul(elapsed, Call("exprel", (mul(rate, elapsed),)))))


def _homogeneous(slope: Expr, name: str) -> bool:
    parts = linear_parts(slope, lambda n: n.name if isinstance(n, Var) and n.name == name else None)
    return parts is not None and parts.get(None, ZERO) == ZERO


def _matrix(
    id: str, rows: dict[str, dict[str, Expr]], rates: dict[str, Expr]
) -> tuple[list[Stmt], Propagator]:
    """Several variables: the matrix of a time step, for rates scaled to the time elapsed."""
    scale = div(Var(ELAPSED), Var("dt"))
    entries = tuple(mul(rows[row].get(column, ZERO), scale) for row in rows for column in rows)
    statements = [Stmt(f"_slope_{n}", mul(rates[n], scale), local=True) for n in rows]
    for r, name in enumerate(rows):
        total: Expr = Var(name)
        for c, column in enumerate(rows):
            total = add(total, mul(MatrixEntry(f"{id}.E.Q", r, c), Var(f"_slope_{column}")))
        statements.append(Stmt(f"_later_{name}", total, local=True))
    statements += [Stmt(name, Var(f"_later_{name}")) for name in rows]
    return statements, Propagator(f"{id}.E", len(rows), entries)


def event_driven_names(population: Population) -> frozenset[str]:
    """Variables that are integrated from event to event."""
    return frozenset(v.name for v in population.of_kind(DIFFERENTIAL) if EVENT_DRIVEN in v.flags)


# -- names of the neurons --------------------------------------------------------------------------------


def reference_subexpressions(
    model: Model, population: Population, own: Callable[[Population], dict[str, Expr]]
) -> dict[str, Expr]:
    """What the neurons' subexpressions stand for, in the names that synapses have for their variables."""
    ends = population.ends
    assert ends is not None
    table: dict[str, Expr] = {}
    for side, index in INDEX.items():
        span = model.span(ends.end(side))
        neurons = model.population(span.population)
        for name, expr in own(neurons).items():
            table[f"{name}_{side}"] = transform(expr, _renamed(side, index, span.start, neurons))
    return table


def _renamed(side: str, index: str, start: int, neurons: Population) -> Callable[[Expr], Expr | None]:
    names = {v.name for v in neurons.variables} | {"lastspike", "not_refractory"}

    def rewrite(node: Expr) -> Expr | None:
        if not isinstance(node, Var):
            return None
        if node.name in names:
            return Var(f"{node.name}_{side}")
        if node.name == "i":
            return add(Var(index), Lit(start)) if start else Var(index)
        return Lit(neurons.size) if node.name == "N" else None

    assert not names & set(SPECIAL) or neurons.ends is not None
    return rewrite


# -- construction ------------------------------------------------------------------------------------------


def connect_kernel(step: Connect | Pairs, table: dict[str, Expr], taken: set[int]) -> ConnectKernel:
    """A way of making synapses with subexpressions inlined, random numbers given streams and its range narrowed."""
    place = f"{step.synapses}.connect={step.number}"
    draws: list[Draw] = []
    number = numbered(place, draws, taken)

    def made(expr: Expr) -> Expr:
        return transform(fold(substitute(expr, table)), number)

    def maybe(expr: Expr | None) -> Expr | None:
        return None if expr is None else made(expr)

    stream = stream_of(f"{place}/sample", taken)
    if isinstance(step, Pairs):
        pairs = replace(step, condition=maybe(step.condition), count=made(step.count))
        return ConnectKernel(pairs, stream, tuple(draws))
    step = replace(
        step,
        start=made(step.start),
        stop=made(step.stop),
        step=made(step.step),
        amount=maybe(step.amount),
        index=made(step.index),
        condition=maybe(step.condition),
        count=made(step.count),
    )
    lower, upper = _limits(step)
    return ConnectKernel(step, stream, tuple(draws), lower, upper, _asks_far(step))


def _asks_far(step: Connect) -> bool:
    if step.condition is None:
        return False
    far = "post" if step.over == "pre" else "pre"
    found = {n.name for n in walk(step.condition) if isinstance(n, Var)}
    return any(n.endswith(f"_{far}") and n != f"N_{far}" for n in found)


def _limits(step: Connect) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """What the condition leaves of the range: only where leaving out values changes nothing else."""
    if step.condition is None or step.step != _UNIT or step.sample == "size" or not step.variable:
        return (), ()
    far = "post" if step.over == "pre" else "pre"
    everything = {n.name for e in step.expressions() for n in walk(e) if isinstance(n, Var)}
    later = frozenset(n for n in everything if n.endswith(f"_{far}") and n[:2] != "N_") | {INDEX[far]}
    condition = step.condition
    if step.index == Var(step.variable) and step.variable != INDEX[far]:
        condition = substitute(condition, {INDEX[far]: Var(step.variable)})
    low, high = bounds(condition, step.variable, later - {step.variable})
    usable = [[e for e in part if not any(isinstance(n, Draw) for n in walk(e))] for part in (low, high)]
    return tuple(usable[0]), tuple(usable[1])


__all__ = [
    "connect_kernel",
    "event_driven_names",
    "reference_subexpressions",
    "synapse_kernels",
]
