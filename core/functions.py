"""What a model's strings can use without the script's help: functions, as one table, and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .dimensions import DIMENSIONLESS, TIME, Dimension


@dataclass(frozen=True)
class Function:
    """A function of the language.

    Parameters
    ----------
    arity : int
        Number of arguments.
    result : callable
        From the arguments' dimensions to the result's.
    arguments : tuple
        Dimension that each argument must have; ``None`` for any, ``'same'`` for that of the first.
    dtype : {'float', 'int', 'same'}
        Type of the result; ``'same'`` is that of the arguments.
    draw : str
        For a random function, the distribution it draws from.
    """

    arity: int
    arguments: tuple[Dimension | str | None, ...]
    result: Callable[[tuple[Dimension, ...]], Dimension]
    dtype: str = "float"
    draw: str = ""


def _none(_: tuple[Dimension, ...]) -> Dimension:
    return DIMENSIONLESS


def _first(dims: tuple[Dimension, ...]) -> Dimension:
    return dims[0]


def _root(dims: tuple[Dimension, ...]) -> Dimension:
    return dims[0] ** 0.5


_PLAIN = Function(1, (DIMENSIONLESS,), _none)

FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(
        (
            *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
            *("exp", "log", "log10", "log1p", "expm1", "exprel"),
        ),
        _PLAIN,
    ),
    "sqrt": Function(1, (None,), _root),
    "abs": Function(1, (None,), _first, "same"),
    "sign": Function(1, (None,), _none, "same"),
    "ceil": Function(1, (None,), _first),
    "floor": Function(1, (None,), _first),
    "clip": Function(3, (None, "same", "same"), _first, "same"),
    "int": Function(1, (DIMENSIONLESS,), _none, "int"),
    "timestep": Function(2, (TIME, TIME), _none, "int"),
    "rand": Function(0, (), _none, draw="uniform"),
    "randn": Function(0, (), _none, draw="normal"),
    "poisson": Function(1, (DIMENSIONLESS,), _none, "int", draw="poisson"),
}
#: What objects of the script stand for when they are called; nobody can write these names.
OBJECT_FUNCTIONS: dict[str, Function] = {
    ".binomial": Function(2, (DIMENSIONLESS, DIMENSIONLESS), _none, "int", draw="binomial"),
    ".binomial_approximate": Function(2, (DIMENSIONLESS, DIMENSIONLESS), _none, draw="binomial_approximate"),
}
ALL_FUNCTIONS = {**FUNCTIONS, **OBJECT_FUNCTIONS}
#: Distributions whose numbers are integers.
WHOLE = frozenset(f.draw for f in ALL_FUNCTIONS.values() if f.draw and f.dtype == "int")

#: Numbers that have a name.
NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf}
