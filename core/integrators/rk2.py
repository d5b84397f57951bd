"""Second-order Runge–Kutta."""

from __future__ import annotations

from .runge_kutta import RungeKutta, Tableau


class RK2(RungeKutta):
    """The explicit midpoint rule, order 2."""

    names = ("rk2",)
    tableau = Tableau(nodes=(0.0, 0.5), weights=((), (0.5,)), result=(0.0, 1.0))
