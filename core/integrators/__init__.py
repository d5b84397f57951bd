"""Numerical integration: one method per file, a table of them, and the automatic choice."""

from __future__ import annotations

from .base import Integrator, Propagator, System, Update
from .euler import Euler
from .exact import Exact
from .explicit import PREFIX, Explicit, read_scheme
from .exponential_euler import ExponentialEuler
from .heun import Heun
from .milstein import Milstein
from .rk2 import RK2
from .rk4 import RK4


class UnsupportedEquationsError(ValueError):
    """An integrator cannot integrate the equations it was chosen for."""


INTEGRATORS: tuple[Integrator, ...] = (Exact(), Euler(), ExponentialEuler(), RK2(), RK4(), Heun(), Milstein())
#: What the automatic choice tries, in order.
PREFERENCE: tuple[str, ...] = ("exact", "euler", "heun")


def method_names() -> tuple[str, ...]:
    """Every name that ``method=`` takes."""
    return tuple(name for integrator in INTEGRATORS for name in integrator.names)


#: Between the methods of a list, of which the first that fits is taken.
SEPARATOR = " | "


def choose(method: str, system: System, group: str) -> Integrator:
    """The integrator asked for, the first that fits of several, or with ``'auto'`` of the preferred ones.

    Raises
    ------
    UnsupportedEquationsError
        Naming the group, the method and what stands against it.
    """
    candidates = PREFERENCE if method == "auto" else tuple(method.split(SEPARATOR))
    objections = []
    for name in candidates:
        objection = _named(name).objection(system)
        if objection is None:
            return _named(name)
        objections.append(f"{name}: {objection}")
    if len(candidates) == 1:
        raise UnsupportedEquationsError(
            f"{group}: method={method!r} cannot integrate these equations: {objection}."
        )
    what = "no integrator" if method == "auto" else "none of the integrators given"
    raise UnsupportedEquationsError(f"{group}: {what} fits these equations. {'; '.join(objections)}.")


def _named(name: str) -> Integrator:
    if name.startswith(f"{PREFIX} "):
        return Explicit(read_scheme(name))
    return next(integrator for integrator in INTEGRATORS if name in integrator.names)


__all__ = [
    "INTEGRATORS",
    "PREFERENCE",
    "SEPARATOR",
    "Integrator",
    "Propagator",
    "System",
    "UnsupportedEquationsError",
    "Update",
    "choose",
    "method_names",
]
