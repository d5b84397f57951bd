"""Exact integration of linear equations."""

from __future__ import annotations

from ..algebra import ZERO, add, linear_parts, mul, select
from ..expr import Call, Expr, MatrixEntry, Var, depends_on
from ..statements import Stmt
from .base import (
    DT,
    NO_NOISE,
    Integrator,
    Propagator,
    System,
    Update,
    draws_numbers,
    split_noise,
    without_held_inputs,
)

Row = dict[str, Expr]


class Exact(Integrator):
    """The solution over one step of ``dx/dt = A x + b`` with ``A`` and ``b`` constant during the step.

    ``x(t + dt) = x + Q (A x + b)`` with ``Q`` the integral of ``exp(A s)`` over the step; the same as
    ``exp(A dt) x + Q b`` (Rotter and Diesmann 1999), but what is at rest stays at rest to the last bit: a
    neuron driven to the threshold exactly never crosses it. ``Q`` is computed numerically when a run starts
    (or per neuron, where ``A`` differs between neurons), so that parameters stay free and coinciding or
    vanishing rates need no special case.
    """

    names = ("exact", "linear", "independent")

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        if split is None or split.stochastic:
            return NO_NOISE
        for name, rate in system.rates.items():
            parts = _parts(system, rate)
            if parts is None:
                return f"the equation of {name!r} is not linear as it is written"
            if draws_numbers(rate):
                return (
                    f"the equation of {name!r} draws random numbers, which are not constant over a time step"
                )
            if any(depends_on(without_held_inputs(p), {"t", "t_in_timesteps"}) for p in parts.values()):
                return f"the equation of {name!r} depends on time other than through TimedArray(t)"
        return None

    def update(self, system: System) -> Update:
        matrix: dict[str, Row] = {}
        for name, rate in system.rates.items():
            parts = _parts(system, rate)
            assert parts is not None
            matrix[name] = {k: v for k, v in parts.items() if k}
        if len(system.rates) == 1:
            return _scalar(system, matrix)
        return _coupled(system, matrix)


def _parts(system: System, rate: Expr) -> Row | None:
    """Coefficients by variable, and the rest under the empty name."""
    own = set(system.variables)
    parts = linear_parts(rate, lambda n: n.name if isinstance(n, Var) and n.name in own else None)
    return None if parts is None else {str(k or ""): v for k, v in parts.items()}


def _scalar(system: System, matrix: dict[str, Row]) -> Update:
    (name,) = system.variables
    gain = mul(DT, Call("exprel", (mul(matrix[name].get(name, ZERO), DT),)))
    after = add(Var(name), mul(system.rates[name], gain))
    if name in system.frozen:
        after = select(Var("not_refractory"), after, Var(name))
    return Update((Stmt(name, after),))


def _coupled(system: System, matrix: dict[str, Row]) -> Update:
    propagators = [_propagator("M", system, matrix, frozenset())]
    after = {n: _row("M", n, system, matrix, frozenset()) for n in system.variables}
    if system.frozen:
        propagators.append(_propagator("R", system, matrix, system.frozen))
        for name in system.variables:
            held = _row("R", name, system, matrix, system.frozen)
            after[name] = select(Var("not_refractory"), after[name], held)
    statements = [Stmt(f"_rate_{name}", rate, local=True) for name, rate in system.rates.items()]
    statements += [Stmt(f"_next_{name}", after[name], local=True) for name in system.variables]
    statements += [Stmt(name, Var(f"_next_{name}")) for name in system.variables]
    return Update(tuple(statements), tuple(propagators))


def _propagator(name: str, system: System, matrix: dict[str, Row], held: frozenset[str]) -> Propagator:
    names = system.variables
    entries = tuple(
        ZERO if row in held else matrix[row].get(column, ZERO) for row in names for column in names
    )
    return Propagator(name, len(names), entries)


def _row(prefix: str, name: str, system: System, matrix: dict[str, Row], held: frozenset[str]) -> Expr:
    """New value of one variable; entries that are zero for any parameters are left out."""
    place = {n: k for k, n in enumerate(system.variables)}
    result: Expr = Var(name)
    for column in _reached(name, matrix, held):
        if column not in held:
            entry = MatrixEntry(f"{prefix}.Q", place[name], place[column])
            result = add(result, mul(entry, Var(f"_rate_{column}")))
    return result


def _reached(name: str, matrix: dict[str, Row], held: frozenset[str]) -> list[str]:
    """Variables that influence this one within a step, directly or through others."""
    found, waiting = {name}, [name]
    while waiting:
        current = waiting.pop()
        for other, coefficient in ({} if current in held else matrix[current]).items():
            if coefficient != ZERO and other not in found:
                found.add(other)
                waiting.append(other)
    return [n for n in matrix if n in found]
