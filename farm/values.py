"""What a run gives: values with their units, and the columns that they fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..store.schema import Column
from . import adapters
from .keys import Array
from .ragged import Ragged


class OutputError(ValueError):
    """An output of a run is not what it should be; the run counts as failed."""


@dataclass(frozen=True)
class Value:
    """One output of one run.

    Parameters
    ----------
    array : array
        In base SI units.
    ragged : bool
        Whether its length is the run's own.
    unit : str
        Base SI unit, ``''`` for plain numbers.
    """

    array: Array
    ragged: bool
    unit: str


_unit_text = cache(adapters.unit_text)


def as_value(name: str, value: Any) -> Value:
    """Take what a user's function returned for an output.

    Raises
    ------
    OutputError
        Neither a number nor an array of numbers.
    """
    ragged = isinstance(value, Ragged)
    content = value.values if isinstance(value, Ragged) else value
    try:
        array, dimension = adapters.split(content)
    except (*adapters.Refusal, adapters.dimension_error()) as error:
        raise OutputError(f"output {name!r} is no number or array of numbers: {error}") from None
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        raise OutputError(
            f"output {name!r} is the {type(content).__name__} {content!r:.60}; "
            "return a number, an array of numbers, a Quantity or a Ragged"
        )
    if ragged and array.ndim != 1:
        raise OutputError(
            f"output {name!r} is a Ragged of shape {array.shape}; a Ragged holds one-dimensional arrays, "
            "return several or flatten it"
        )
    return Value(array, ragged, _unit_text(dimension))


def column_of(name: str, value: Value) -> Column:
    """Return the column that such a value fills."""
    attrs = {"units": value.unit} if value.unit else {}
    return Column(name, value.array.dtype, () if value.ragged else value.array.shape, value.ragged, attrs)


def columns_of(runs: Sequence[Mapping[str, Value]], known: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns that runs fill: those known that suit one of them, for others what suits all of them.

    Raises
    ------
    OutputError
        The runs do not agree on shapes or units.
    """
    found = {name: c for name, c in known.items() if not runs or any(_fits(run, c) for run in runs)}
    for run in runs:
        for name, value in run.items():
            column = column_of(name, value)
            if found.get(name) is known.get(name, ""):
                continue
            mine = found.setdefault(name, column)
            problem = _mismatch(mine, value)
            if problem:
                raise OutputError(problem)
            dtype = np.result_type(mine.dtype, column.dtype)
            found[name] = Column(name, dtype, mine.shape, mine.ragged, mine.attrs)
    return found


def _mismatch(column: Column, value: Value) -> str:
    """Return why a value cannot go where others of its name went, empty if it can."""
    name, unit = column.name, column.attrs.get("units", "")
    if value.ragged != column.ragged:
        kinds = ("a Ragged", "an array of fixed shape")
        mine, theirs = kinds if value.ragged else kinds[::-1]
        return f"output {name!r} is {mine} in one run and {theirs} in others; wrap it in Ragged(...) in every run"
    if not column.ragged and value.array.shape != column.shape:
        return (
            f"output {name!r} has shape {value.array.shape} in one run and {column.shape} in others; "
            "wrap it in Ragged(...) if its length differs from run to run"
        )
    if value.unit != unit:
        return (
            f"output {name!r} has units of {value.unit or '1'} in one run and {unit or '1'} in others; "
            "give it the same units in every run"
        )
    return ""


def _fits(values: Mapping[str, Value], column: Column) -> bool:
    value = values.get(column.name)
    if value is None or _mismatch(column, value):
        return False
    return np.can_cast(value.array.dtype, column.dtype, "same_kind")


def fit(values: Mapping[str, Value], columns: Mapping[str, Column]) -> dict[str, Array]:
    """Return a run's values in the types of their columns.

    Raises
    ------
    OutputError
        Tells all outputs that are missing, superfluous or do not fit.
    """
    problems = [f"output {name!r} is missing, other runs have it" for name in columns if name not in values]
    problems += [
        f"output {name!r} is one that other runs do not have" for name in values if name not in columns
    ]
    fitting: dict[str, Array] = {}
    for name, value in values.items():
        if name not in columns:
            continue
        column = columns[name]
        problem = _mismatch(column, value)
        if not problem and not np.can_cast(value.array.dtype, column.dtype, "same_kind"):
            problem = (
                f"output {name!r} is {value.array.dtype} in one run and {column.dtype} in others; "
                "return the same type in every run, float(...) if in doubt"
            )
        if problem:
            problems.append(problem)
        else:
            fitting[name] = value.array.astype(column.dtype, copy=False)
    if problems:
        raise OutputError("; ".join(problems))
    return fitting


def gather(runs: Sequence[Mapping[str, Array] | None], columns: Mapping[str, Column]) -> tuple[Any, Any]:
    """Put runs beside each other, column by column; a failed run (None) leaves a gap.

    Returns
    -------
    fixed : dict from name to array, shape (n, ...)
    ragged : dict from name to list of n arrays
    """
    fixed: dict[str, Array] = {}
    ragged: dict[str, list[Array]] = {}
    for name, column in columns.items():
        empty = np.empty(0, column.dtype)
        if column.ragged:
            ragged[name] = [empty if run is None else run[name] for run in runs]
        else:
            gap = np.full(column.shape, column.fill_value, column.dtype)
            fixed[name] = np.stack([gap if run is None else run[name] for run in runs])
    return fixed, ragged
