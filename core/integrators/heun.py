"""Heun's method for ordinary and stochastic differential equations."""

from __future__ import annotations

from ..algebra import add, mul
from ..expr import Expr, Lit, Var
from ..statements import Stmt
from .base import (
    DT,
    NOT_LINEAR_NOISE,
    Integrator,
    Split,
    System,
    Update,
    increments,
    noise_part,
    shifted,
    split_noise,
)


class Heun(Integrator):
    """Predictor and trapezoidal corrector, for drift and diffusion alike (Rümelin 1982).

    Order 2 without noise. With multiplicative noise, of any structure, it converges to the Stratonovich
    solution with strong order 1/2 (1 where the noise commutes).
    """

    names = ("heun",)

    def objection(self, system: System) -> str | None:
        return NOT_LINEAR_NOISE if split_noise(system) is None else None

    def update(self, system: System) -> Update:
        split = split_noise(system)
        assert split is not None
        statements = increments(split)
        for name in system.variables:
            statements.append(Stmt(f"_f_{name}", split.drift[name], local=True))
            statements.append(Stmt(f"_g_{name}", noise_part(split, name), local=True))
        table: dict[str, Expr] = {}
        for name in system.variables:
            step = add(mul(Var(f"_f_{name}"), DT), Var(f"_g_{name}"))
            statements.append(Stmt(f"_ahead_{name}", add(Var(name), step), local=True))
            table[name] = Var(f"_ahead_{name}")
        for name in system.variables:
            statements.append(Stmt(f"_next_{name}", self._corrected(split, name, table), local=True))
        statements += [Stmt(name, Var(f"_next_{name}")) for name in system.variables]
        return Update(tuple(statements))

    def _corrected(self, split: Split, name: str, table: dict[str, Expr]) -> Expr:
        drift = mul(add(Var(f"_f_{name}"), shifted(split.drift[name], table, DT)), DT)
        noise = add(Var(f"_g_{name}"), noise_part(split, name, table))
        return add(Var(name), mul(Lit(0.5), add(drift, noise)))
