"""All units, with all SI prefixes: ``from spikefarm.core.units.allunits import *``.

A unit is made when it is first asked for.
"""

from typing import Any

from .table import SHORT_NAMES
from .unit import UNITS, celsius


def __getattr__(name: str) -> Any:
    if name in UNITS:
        return UNITS[name]
    if name == "all_units":
        return list(dict.fromkeys(UNITS.values()))
    raise AttributeError(f"module {__name__!r} has no unit {name!r}")


__all__ = [*(name for name in UNITS if name not in SHORT_NAMES), "celsius"]
