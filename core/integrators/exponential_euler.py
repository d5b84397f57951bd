"""Exponential Euler for conditionally linear equations, such as those of Hodgkin and Huxley."""

from __future__ import annotations

from ..algebra import ZERO, add, linear_parts, mul, select
from ..expr import Call, Expr, Var
from ..statements import Stmt
from .base import DT, NO_NOISE, Integrator, System, Update, split_noise


class ExponentialEuler(Integrator):
    """Each equation is solved exactly over a step with all other variables held (MacGregor 1987).

    With ``dx/dt = a x + b`` the step is ``x + (a x + b) dt exprel(a dt)``, which needs no case for ``a = 0``.
    """

    names = ("exponential_euler",)

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        if split is None or split.stochastic:
            return NO_NOISE
        for name, rate in system.rates.items():
            if _slope(name, rate) is None:
                return f"the equation of {name!r} is not linear in {name!r} as it is written"
        return None

    def update(self, system: System) -> Update:
        statements = []
        for name, rate in system.rates.items():
            slope = _slope(name, rate)
            assert slope is not None
            step = mul(rate, mul(DT, Call("exprel", (mul(slope, DT),))))
            after = add(Var(name), step)
            if name in system.frozen:
                after = select(Var("not_refractory"), after, Var(name))
            statements.append(Stmt(f"_next_{name}", after, local=True))
        statements += [Stmt(name, Var(f"_next_{name}")) for name in system.variables]
        return Update(tuple(statements))


def _slope(name: str, rate: Expr) -> Expr | None:
    parts = linear_parts(rate, lambda node: name if node == Var(name) else None)
    return None if parts is None else parts.get(name, ZERO)
