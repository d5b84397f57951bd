"""The Milstein scheme without derivatives, for diagonal multiplicative noise."""

from __future__ import annotations

from ..algebra import add, div, mul, sub
from ..expr import Call, Expr, Lit, Var, depends_on
from ..statements import Stmt
from .base import (
    DT,
    NOT_LINEAR_NOISE,
    Integrator,
    Split,
    System,
    Update,
    increments,
    shifted,
    split_noise,
)


class Milstein(Integrator):
    """Explicit order 1 strong scheme in its Stratonovich form (Kloeden and Platen 1992, section 11.1).

    ``x + f dt + g dW + (g(x + g sqrt(dt)) - g) dW**2 / (2 sqrt(dt))``. The point at which ``g`` is evaluated
    again has no drift in it: ``dW**2`` has mean ``dt``, so that ``f dt`` there would add ``g' f dt**1.5 / 2``
    to each step and leave strong order 1/2. The noise must be diagonal: each variable has at most one noise
    term, no term drives two variables, and the factor of a variable's noise depends on no other variable
    that has noise.
    """

    names = ("milstein",)

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        if split is None:
            return NOT_LINEAR_NOISE
        driven = [variable for row in split.diffusion.values() for variable in row]
        if len(driven) != len(set(driven)) or any(len(row) > 1 for row in split.diffusion.values()):
            return "the noise is not diagonal (one noise term of its own for each variable); use 'heun'"
        for row in split.diffusion.values():
            for variable, g in row.items():
                if depends_on(g, set(driven) - {variable}):
                    return f"the noise of {variable!r} depends on other variables that are noisy; use 'heun'"
        return None

    def update(self, system: System) -> Update:
        split = split_noise(system)
        assert split is not None
        statements = increments(split)
        for name in system.variables:
            statements.append(Stmt(f"_f_{name}", split.drift[name], local=True))
        for noise, row in split.diffusion.items():
            for name, g in row.items():
                statements.append(Stmt(f"_g_{name}", g, local=True))
                statements.append(Stmt(f"_support_{name}", self._support(name), local=True))
                statements.append(Stmt(f"_noise_{name}", self._noise(name, noise, split), local=True))
        for name in system.variables:
            change: Expr = mul(Var(f"_f_{name}"), DT)
            if any(name in row for row in split.diffusion.values()):
                change = add(change, Var(f"_noise_{name}"))
            statements.append(Stmt(f"_next_{name}", add(Var(name), change), local=True))
        statements += [Stmt(name, Var(f"_next_{name}")) for name in system.variables]
        return Update(tuple(statements))

    def _support(self, name: str) -> Expr:
        return add(Var(name), mul(Var(f"_g_{name}"), Call("sqrt", (DT,))))

    def _noise(self, name: str, noise: str, split: Split) -> Expr:
        increment = Var(f"_dW_{noise}")
        ahead = shifted(split.diffusion[noise][name], {name: Var(f"_support_{name}")})
        slope = div(sub(ahead, Var(f"_g_{name}")), mul(Lit(2.0), Call("sqrt", (DT,))))
        return add(mul(Var(f"_g_{name}"), increment), mul(slope, mul(increment, increment)))
