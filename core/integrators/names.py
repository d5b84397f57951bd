"""The integrators under their names, for ``method=exact`` beside ``method='exact'``."""

from typing import Final

from . import INTEGRATORS, Integrator, method_names

_BY_NAME: Final[dict[str, Integrator]] = {name: one for one in INTEGRATORS for name in one.names}

exact = linear = independent = _BY_NAME["exact"]
euler, exponential_euler, rk2, rk4, heun, milstein = (
    _BY_NAME[name] for name in ("euler", "exponential_euler", "rk2", "rk4", "heun", "milstein")
)

__all__ = list(method_names())
