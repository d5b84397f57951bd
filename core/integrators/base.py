"""What an integrator is: it turns differential equations into statements for one time step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from ..algebra import ZERO, add, linear_parts, mul, select
from ..expr import Call, Expr, Noise, TimedCall, UserCall, Var, depends_on, substitute, transform, walk
from ..functions import ALL_FUNCTIONS
from ..statements import Stmt

DT = Var("dt")
TIME = Var("t")


@dataclass(frozen=True)
class System:
    """Differential equations with subexpressions inlined: ``dx/dt = rates[x]``, noise included.

    ``frozen`` holds the variables that stand still while a neuron is refractory.
    """

    rates: Mapping[str, Expr]
    frozen: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.rates)


@dataclass(frozen=True)
class Split:
    """A system as drift and, for each noise term, diffusion: ``dx = f dt + sum g_k dW_k``."""

    drift: Mapping[str, Expr]
    diffusion: Mapping[str, Mapping[str, Expr]]  # noise term -> variable -> g

    @property
    def stochastic(self) -> bool:
        return bool(self.diffusion)


@dataclass(frozen=True)
class Propagator:
    """Matrices ``Q`` = integral of ``exp(A s)`` over a step and ``P = exp(A dt)``, for ``A`` row by row."""

    name: str
    order: int
    entries: tuple[Expr, ...]


@dataclass(frozen=True)
class Update:
    """Statements of one time step, and the matrices that they refer to."""

    statements: tuple[Stmt, ...]
    propagators: tuple[Propagator, ...] = ()


class Integrator(ABC):
    """A method of numerical integration."""

    #: Names under which users ask for it, the first one being its own.
    names: tuple[str, ...] = ()

    @abstractmethod
    def objection(self, system: System) -> str | None:
        """Why the method cannot integrate a system; ``None`` if it can."""

    @abstractmethod
    def update(self, system: System) -> Update:
        """Statements for one step of a system that it has no objection to."""


def split_noise(system: System) -> Split | None:
    """Separate noise from drift; ``None`` where a noise term does not enter linearly.

    What stands still while refractory does so here already, drift and diffusion alike.
    """
    drift: dict[str, Expr] = {}
    diffusion: dict[str, dict[str, Expr]] = {}
    for variable, rate in system.rates.items():
        parts = linear_parts(rate, lambda node: node.name if isinstance(node, Noise) else None)
        if parts is None:
            return None
        still = variable in system.frozen
        drift[variable] = _still(parts.get(None, ZERO), still)
        for noise, factor in parts.items():
            if isinstance(noise, str):
                diffusion.setdefault(noise, {})[variable] = _still(factor, still)
    return Split(drift, diffusion)


def _still(rate: Expr, still: bool) -> Expr:
    return select(Var("not_refractory"), rate, ZERO) if still else rate


def is_additive(system: System, split: Split) -> bool:
    """Whether no diffusion coefficient depends on what is integrated, nor on time."""
    moving = {*system.variables, "t", "t_in_timesteps"}
    return not any(depends_on(g, moving) for row in split.diffusion.values() for g in row.values())


def without_held_inputs(expr: Expr) -> Expr:
    """The expression with TimedArrays at ``t`` taken out, which are constant over a step."""

    def hide(node: Expr) -> Expr | None:
        if isinstance(node, TimedCall) and node.args[0] == TIME and not depends_on(node, {"dt"}):
            return ZERO
        return None

    return transform(expr, hide)


def draws_numbers(expr: Expr) -> bool:
    """Whether an expression has another value each time it is evaluated."""
    nodes = list(walk(expr))
    drawn = any(
        isinstance(n, Call) and n.function in ALL_FUNCTIONS and ALL_FUNCTIONS[n.function].draw for n in nodes
    )
    return drawn or any(isinstance(n, UserCall) and n.stateful for n in nodes)


def shifted(expr: Expr, table: Mapping[str, Expr], delay: Expr | None = None) -> Expr:
    """The expression at another state and, if a delay is given, at time ``t + delay``."""
    moved = dict(table)
    if delay is not None:
        moved["t"] = add(TIME, delay)
    return substitute(expr, moved)


def increments(split: Split) -> list[Stmt]:
    """One normally distributed increment of variance ``dt`` for each noise term."""
    return [
        Stmt(f"_dW_{noise}", mul(Call("sqrt", (DT,)), Call("randn", ())), local=True)
        for noise in split.diffusion
    ]


def noise_part(split: Split, variable: str, table: Mapping[str, Expr] | None = None) -> Expr:
    """Sum of ``g_k dW_k`` for one variable, at another state if a table is given."""
    result: Expr = ZERO
    for noise, row in split.diffusion.items():
        if variable in row:
            g = row[variable] if table is None else shifted(row[variable], table, DT)
            result = add(result, mul(g, Var(f"_dW_{noise}")))
    return result


NO_NOISE = "it has no term for noise (xi)"
NOT_LINEAR_NOISE = "noise (xi) must enter as a sum of terms such as sigma*xi"
