"""Explicit Runge–Kutta methods, described by their tableau."""

from __future__ import annotations

from dataclasses import dataclass

from ..algebra import add, mul, total
from ..expr import Expr, Lit, Var
from ..statements import Stmt
from .base import DT, NO_NOISE, Integrator, System, Update, shifted, split_noise


@dataclass(frozen=True)
class Tableau:
    """Stage ``s`` is evaluated at ``t + nodes[s] dt`` and ``x + dt sum(weights[s][r] k_r)``."""

    nodes: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    result: tuple[float, ...]


class RungeKutta(Integrator):
    """An explicit Runge–Kutta method (Hairer, Nørsett and Wanner 1993, section II.1)."""

    tableau: Tableau

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        return NO_NOISE if split is None or split.stochastic else None

    def update(self, system: System) -> Update:
        split = split_noise(system)
        assert split is not None
        tableau = self.tableau
        statements: list[Stmt] = []
        for stage, (node, weights) in enumerate(zip(tableau.nodes, tableau.weights, strict=True)):
            state = {name: self._state(name, weights) for name in system.variables} if stage else {}
            delay = mul(Lit(node), DT) if node else None
            for name in system.variables:
                rate = shifted(split.drift[name], state, delay)
                statements.append(Stmt(f"_k{stage}_{name}", rate, local=True))
        statements += [Stmt(name, self._state(name, tableau.result)) for name in system.variables]
        return Update(tuple(statements))

    def _state(self, name: str, weights: tuple[float, ...]) -> Expr:
        terms: list[Expr] = [
            mul(Lit(weight), Var(f"_k{stage}_{name}")) for stage, weight in enumerate(weights) if weight
        ]
        return add(Var(name), mul(DT, total(terms)))
