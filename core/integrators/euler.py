"""Forward Euler, and Euler–Maruyama for additive noise."""

from __future__ import annotations

from ..algebra import add, mul
from ..expr import Var
from ..statements import Stmt
from .base import (
    DT,
    NOT_LINEAR_NOISE,
    Integrator,
    System,
    Update,
    increments,
    is_additive,
    noise_part,
    split_noise,
)


class Euler(Integrator):
    """``x + f dt + g dW``; order 1, for additive noise only.

    With multiplicative noise the scheme converges to the Itô solution while the other methods follow
    Stratonovich, so it is refused there (Kloeden and Platen 1992, section 10.2).
    """

    names = ("euler",)

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        if split is None:
            return NOT_LINEAR_NOISE
        if not is_additive(system, split):
            return (
                "the noise is multiplicative (its factor depends on state or time); use 'heun' or 'milstein'"
            )
        return None

    def update(self, system: System) -> Update:
        split = split_noise(system)
        assert split is not None
        statements = increments(split)
        for name in system.variables:
            step = add(mul(split.drift[name], DT), noise_part(split, name))
            statements.append(Stmt(f"_next_{name}", add(Var(name), step), local=True))
        statements += [Stmt(name, Var(f"_next_{name}")) for name in system.variables]
        return Update(tuple(statements))
