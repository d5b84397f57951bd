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


def choose(method: str, system: System, group: str) -> Integrator:
    """The integrator asked for, or with ``'auto'`` the first of the preferred ones that fits.

    Raises
    ------
    UnsupportedEquationsError
        Naming the group, the method and what stands against it.
    """
    if method != "auto":
        chosen = _named(method)
        objection = chosen.objection(system)
        if objection is not None:
            raise UnsupportedEquationsError(
                f"{group}: method={method!r} cannot integrate these equations: {objection}."
            )
        return chosen
    objections = []
    for name in PREFERENCE:
        objection = _named(name).objection(system)
        if objection is None:
            return _named(name)
        objections.append(f"{name}: {objection}")
    raise UnsupportedEquationsError(f"{group}: no integrator fits these equations. {'; '.join(objections)}.")


def _named(name: str) -> Integrator:
    if name.startswith(f"{PREFIX} "):
        return Explicit(read_scheme(name))
    return next(integrator for integrator in INTEGRATORS if name in integrator.names)


__all__ = [
    "INTEGRATORS",
    "PREFERENCE",
    "Integrator",
    "Propagator",
    "System",
    "UnsupportedEquationsError",
    "Update",
    "choose",
    "method_names",
]
