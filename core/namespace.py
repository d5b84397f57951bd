"""What the names in a model's strings stand for in the user's script."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .binomial import BinomialFunction
from .dimensions import DIMENSIONLESS, Dimension
from .functions import FUNCTIONS, NUMBERS
from .logs import get_logger
from .timedarray import TimedArray
from .units import Quantity, Unit, get_dimensions
from .units.constants import constants_namespace
from .units.unit import units_namespace
from .userfunctions import Function, as_function

_logger = get_logger("spikefarm.core.namespace")


class NamespaceError(KeyError):
    """Names that cannot be resolved, or stand for something a model cannot use."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Constant:
    """A scalar from the namespace."""

    value: float | int | bool
    dim: Dimension

    @property
    def dtype(self) -> str:
        return {bool: "bool", int: "int"}.get(type(self.value), "float")


@dataclass(frozen=True)
class Literal:
    """A unit or a constant of nature: part of the model's text."""

    value: float
    dim: Dimension
    what: str = "unit"

    @property
    def yields(self) -> bool:
        """Whether the script may give the name another meaning."""
        return self.what == "constant of nature"


Resolved = Constant | Literal | TimedArray | BinomialFunction | Function


def frame_namespace(level: int) -> dict[str, Any]:
    """Names visible in a calling function, ``level`` frames up: its locals over its globals."""
    frame = sys._getframe(level + 1)
    return {**frame.f_globals, **frame.f_locals}


def get_local_namespace(level: int = 0) -> dict[str, Any]:
    """Return the names visible where this is called, as `run` sees them: locals over globals.

    Parameters
    ----------
    level : int, optional
        How many more frames up to look.
    """
    return frame_namespace(level + 1)


def resolve_name(name: str, namespace: Mapping[str, Any], own: Collection[str] = ()) -> Resolved | str:
    """What a name stands for, or a sentence that says why it stands for nothing usable.

    As in Brian 2 the language's own names (functions, units, ``pi``, ``e``, ``inf``) come before the script's.
    """
    if name in FUNCTIONS:
        return f"{name!r} is a function and needs arguments: write {name}(…)."
    default = _default(name)
    if name not in namespace:
        usable = {n for n, value in namespace.items() if _usable(value)}
        return _unknown(name, {*usable, *own}) if default is None else default
    value = namespace[name]
    if default is not None and (_equals(value, default) or not default.yields):
        if not _equals(value, default):
            _logger.warning(
                f"{name!r} in the model's strings is the {default.what} of that name, not {value!r:.60} as in the "
                "script; give the script's another name.",
                "resolution_conflict",
                once=True,
            )
        return default
    if isinstance(value, TimedArray | BinomialFunction | Function):
        return value
    if callable(value) and hasattr(value, "_arg_units"):
        return as_function(value)
    return _constant(name, value)


def parts(value: Resolved) -> dict[str, Constant]:
    """Constants that an object of the script consists of."""
    if isinstance(value, BinomialFunction):
        return {"n": Constant(value.n, DIMENSIONLESS), "p": Constant(value.p, DIMENSIONLESS)}
    return {}


def _default(name: str) -> Literal | None:
    if name in NUMBERS:
        return Literal(NUMBERS[name], DIMENSIONLESS, "constant")
    for table, what in ((units_namespace(), "unit"), (constants_namespace(), "constant of nature")):
        if name in table:
            unit = table[name]
            return Literal(float(np.asarray(unit)), get_dimensions(unit), what)
    return None


def _equals(value: Any, default: Literal) -> bool:
    """Whether the user's name is just the language's own, imported."""
    if isinstance(value, Unit | Quantity | float) and np.ndim(value) == 0:
        return float(np.asarray(value)) == default.value and get_dimensions(value) == default.dim
    return False


def _constant(name: str, value: Any) -> Constant | str:
    if callable(value) and not isinstance(value, type):
        if _numpys(value):
            return (
                f"{name!r} could not be resolved: in the script it is numpy's function of that name, which equations "
                f"do not know. Define a constant {name!r}, or a function with @implementation."
            )
        return (
            f"{name!r} is a Python function that does not say which units it takes; decorate it with "
            f"@check_units(…, result=…), and with @implementation('cpp', …) above that."
        )
    if isinstance(value, bool | np.bool_):
        return Constant(bool(value), DIMENSIONLESS)
    array = np.asarray(value) if isinstance(value, int | float | np.number | np.ndarray) else None
    if array is None or array.dtype.kind not in "iufb":
        return (
            f"{name!r} is {type(value).__name__} {value!r:.60}, which equations cannot use; a name may stand for "
            "a number, a quantity, a TimedArray or a BinomialFunction."
        )
    if array.size != 1:
        return (
            f"{name!r} is an array of shape {array.shape}; equations take scalars. Make it a parameter of the "
            f"group ('{name} : unit') and set its values, or a TimedArray."
        )
    return Constant(array.reshape(-1)[0].item(), get_dimensions(value))


def _numpys(value: Any) -> bool:
    module = getattr(value, "__module__", None) or type(value).__module__
    return isinstance(module, str) and module.partition(".")[0] == "numpy"


def is_number(value: Any) -> bool:
    """Whether equations could use the value as a constant; units are none."""
    number = isinstance(value, int | float | np.number | np.ndarray) and not isinstance(value, Unit)
    return number and np.size(value) == 1


def _usable(value: Any) -> bool:
    """Whether a name that stands for this is worth suggesting."""
    known = isinstance(value, TimedArray | BinomialFunction | Function)
    return known or is_number(value) or hasattr(value, "_arg_units")


def _unknown(name: str, known: Collection[str]) -> str:
    public = [n for n in known if not n.startswith("_")]
    same = [n for n in (*public, *FUNCTIONS, *units_namespace()) if n.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, sorted({*public, *FUNCTIONS}), n=3)
    hint = f" Did you mean {' or '.join(dict.fromkeys(close[:3]))}?" if close else ""
    return f"{name!r} could not be resolved: no variable, constant, function or unit has that name.{hint}"


def look_up(
    wanted: Iterable[str], namespace: Mapping[str, Any], own: Collection[str] = ()
) -> tuple[dict[str, Resolved], list[str]]:
    """What several names stand for, and what is wrong with the others; ``own`` variables are suggested."""
    found: dict[str, Resolved] = {}
    problems = []
    for name in sorted(wanted):
        result = resolve_name(name, namespace, own)
        if isinstance(result, str):
            problems.append(result)
        else:
            found[name] = result
    return found, problems
