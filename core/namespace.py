"""What the names in a model's strings stand for in the user's script."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dimensions import DIMENSIONLESS, Dimension
from .functions import NUMBERS
from .timedarray import TimedArray
from .units import Quantity, Unit, get_dimensions
from .units.constants import constants_namespace
from .units.unit import units_namespace


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


Resolved = Constant | Literal | TimedArray


def frame_namespace(level: int) -> dict[str, Any]:
    """Names visible in a calling function, ``level`` frames up: its locals over its globals."""
    frame = sys._getframe(level + 1)
    return {**frame.f_globals, **frame.f_locals}


def resolve_name(name: str, namespace: Mapping[str, Any]) -> Resolved | str:
    """What a name stands for, or a sentence that says why it stands for nothing usable."""
    default = _default(name)
    if name not in namespace:
        if default is not None:
            return default
        return _unknown(name, namespace)
    value = namespace[name]
    if isinstance(value, TimedArray):
        return value
    if default is not None and _equals(value, default):
        return default
    return _constant(name, value)


def _default(name: str) -> Literal | None:
    if name in NUMBERS:
        return Literal(NUMBERS[name], DIMENSIONLESS)
    for table in (units_namespace(), constants_namespace()):
        if name in table:
            unit = table[name]
            return Literal(float(np.asarray(unit)), get_dimensions(unit))
    return None


def _equals(value: Any, default: Literal) -> bool:
    """Whether the user's name is just the language's own, imported."""
    if isinstance(value, Unit | Quantity | float) and np.ndim(value) == 0:
        return float(np.asarray(value)) == default.value and get_dimensions(value) == default.dim
    return False


def _constant(name: str, value: Any) -> Constant | str:
    if isinstance(value, bool | np.bool_):
        return Constant(bool(value), DIMENSIONLESS)
    array = np.asarray(value) if isinstance(value, int | float | np.number | np.ndarray) else None
    if array is None or array.dtype.kind not in "iufb":
        return (
            f"{name!r} is {type(value).__name__} {value!r:.60}, which equations cannot use; a name may stand for "
            "a number, a quantity or a TimedArray."
        )
    if array.size != 1:
        return (
            f"{name!r} is an array of shape {array.shape}; equations take scalars. Make it a parameter of the "
            f"group ('{name} : unit') and set its values, or a TimedArray."
        )
    return Constant(array.reshape(-1)[0].item(), get_dimensions(value))


def _unknown(name: str, namespace: Mapping[str, Any]) -> str:
    known = [n for n in namespace if not n.startswith("_")]
    close = difflib.get_close_matches(name, [*known, *units_namespace()], n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{name!r} could not be resolved: no variable, constant, function or unit has that name.{hint}"


def resolve_names(wanted: Iterable[str], namespace: Mapping[str, Any], where: str) -> dict[str, Resolved]:
    """Resolve several names.

    Raises
    ------
    NamespaceError
        Listing every name that could not be.
    """
    found: dict[str, Resolved] = {}
    problems = []
    for name in sorted(wanted):
        result = resolve_name(name, namespace)
        if isinstance(result, str):
            problems.append(result)
        else:
            found[name] = result
    if problems:
        raise NamespaceError(f"{where}: " + "\n".join(problems))
    return found
