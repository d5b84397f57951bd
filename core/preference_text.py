"""Preferences as text: lines ``name = value`` below ``[section]``, values being Python literals."""

from __future__ import annotations

import ast
from typing import Any


def literal(value: Any) -> str:
    """Return a value as it is written in a file."""
    return repr(value)


def parse_text(text: str) -> tuple[dict[str, Any], list[str]]:
    """Return values by full name, and what is wrong with the other lines."""
    values: dict[str, Any] = {}
    problems = []
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        if bare.startswith("[") and bare.endswith("]"):
            section = bare[1:-1].strip()
            continue
        name, equals, written = (part.strip() for part in bare.partition("="))
        if not equals or not name:
            problems.append(f"line {number}, {bare!r:.60}, is neither name = value nor [section].")
            continue
        try:
            values[f"{section}.{name}" if section else name] = _value(written)
        except (ValueError, SyntaxError):
            problems.append(f"line {number}: {written!r:.60} is no value; strings need quotes.")
    return values, problems


def _value(written: str) -> Any:
    # As Brian 2 writes them in its files.
    return written if written in ("float64", "float32", "int32", "int64") else ast.literal_eval(written)
