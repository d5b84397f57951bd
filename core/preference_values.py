"""Checks of the values of preferences: each returns a value as it is kept, or says which values there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Validator = Callable[[Any], Any]


def anything(value: Any) -> Any:
    """Every value will do."""
    return value


def boolean(value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError("give True or False.")
    return bool(value)


def one_of(*choices: str) -> Validator:
    """One of several words, in any case."""

    def check(value: Any) -> str:
        for choice in choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        raise ValueError(f"choose one of {', '.join(map(repr, choices))}.")

    return check


def whole_number(least: int = 0) -> Validator:
    """An integer, not below some least one."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"give a whole number of {least} or more.")
        return int(value)

    return check


def string(value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise ValueError("give a string.")
    return value


def strings(value: Any) -> list[str]:
    """A list of strings."""
    if isinstance(value, str) or not all(isinstance(item, str) for item in _items(value)):
        raise ValueError("give a list of strings, such as ['-O2'].")
    return list(value)


def optional(check: Validator) -> Validator:
    """None, or what another check takes."""
    return lambda value: None if value is None else check(value)


def macros(value: Any) -> list[tuple[str, str | None]]:
    """Macros for the preprocessor: pairs of a name and a value, which may be None."""
    pairs = [tuple(pair) if isinstance(pair, tuple | list) else () for pair in _items(value)]
    if not all(len(p) == 2 and isinstance(p[0], str) and isinstance(p[1], str | None) for p in pairs):
        raise ValueError("give a list of pairs (name, value) of strings; a value may be None.")
    return [(name, text) for name, text in pairs]


def data_type(*known: str) -> Validator:
    """A data type that is supported, as a name or as numpy has it."""

    def check(value: Any) -> str:
        try:
            name = str(np.dtype(value).name)
        except (TypeError, ValueError):
            name = ""
        if name not in known or value is None:
            only = f"{known[0]} only; leave it out" if len(known) == 1 else f"{' and '.join(known)} only"
            raise ValueError(f"spikefarm has {only}.")
        return name

    return check


def environment(value: Any) -> dict[str, str]:
    """Variables of the environment by name."""
    if not isinstance(value, Mapping) or not all(isinstance(s, str) for pair in value.items() for s in pair):
        raise ValueError("give a dictionary from strings to strings.")
    return dict(value)


def _items(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise ValueError("give a list.")
