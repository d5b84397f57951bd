"""Fourth-order Runge–Kutta."""

from __future__ import annotations

from .runge_kutta import RungeKutta, Tableau


class RK4(RungeKutta):
    """The classical method of Runge and Kutta, order 4."""

    names = ("rk4",)
    tableau = Tableau(
        nodes=(0.0, 0.5, 0.5, 1.0),
        weights=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
        result=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
    )
