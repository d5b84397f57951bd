"""What can be wanted of a run, and what is wrong with what a function returns."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import mV, second, volt
from spikefarm.farm import Ragged, SweepError
from spikefarm.farm.outputs import as_outputs
from spikefarm.farm.values import OutputError, as_value, column_of, columns_of, fit

SIM = FakeSimulation()


def message(outputs: object) -> str:
    with pytest.raises(SweepError) as caught:
        as_outputs(outputs, SIM)
    return str(caught.value)


def test_names_of_columns() -> None:
    assert as_outputs({"rate": rate}, SIM).names == ("rate",)
    assert as_outputs("spikes", SIM).names == ("spikes_t", "spikes_count")
    assert as_outputs(["spikes", "group.v"], SIM).names == ("spikes_t", "spikes_count", "group_v")
    assert as_outputs({"s": "spikes", "last": "group.v"}, SIM).names == ("s_t", "s_count", "last")


def test_identity_does_not_depend_on_order_but_on_names_and_functions() -> None:
    both = as_outputs({"a": rate, "b": "group.v"}, SIM).identity()
    assert both == as_outputs({"b": "group.v", "a": rate}, SIM).identity()
    others = [{"a": "group.v", "b": rate}, {"a": rate}, {"a": lambda r: 1, "b": "group.v"}, ["group.v"]]
    assert len({both, *(as_outputs(o, SIM).identity() for o in others)}) == 5


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({}, "there are none; give a dict from names to functions"),
        (None, "there are none"),
        ({"status": rate}, "'status' is a name that every sweep has; rename the output"),
        ({"my rate": rate}, "'my rate' cannot name a column"),
        ({3: rate}, "the name 3 of an output is a int; use text"),
        ({"rate": 3}, "output 'rate' is a int; give a dict"),
        (rate, "has no name as an output; give a dict"),
        (["spiks"], "The model has no object named 'spiks'; it has group, spikes."),
        (["group.v", "group.v"], "output 'group_v' is there more than once"),
    ],
)
def test_wrong_outputs_are_refused(outputs: object, told: str) -> None:
    assert told in message(outputs)


def test_all_problems_of_outputs_are_told_at_once() -> None:
    text = message({"status": rate, "x": "spiks", "y": 3})
    assert text.startswith("outputs has 3 problem(s)")


def test_a_function_without_content_is_refused_by_name() -> None:
    lock = threading.Lock()
    with pytest.raises(SweepError, match="output 'bad' depends on a lock"):
        as_outputs({"bad": lambda r: lock}, SIM).identity()


@pytest.mark.parametrize(
    ("value", "shape", "dtype", "ragged", "units"),
    [
        (3, (), "i8", False, None),
        (True, (), "?", False, None),
        (2.5 * mV, (), "f8", False, "volt"),
        ([1, 2], (2,), "i8", False, None),
        (np.ones((2, 3), np.float32), (2, 3), "f4", False, None),
        (Ragged([1.0, 2.0] * mV), (), "f8", True, "volt"),
        (Ragged([]), (), "f8", True, None),
        (1j, (), "c16", False, None),
        ([1 * mV, 2 * mV], (2,), "f8", False, "volt"),
        (3 / second, (), "f8", False, "hertz"),
    ],
)
def test_values_become_columns(
    value: Any, shape: tuple[int, ...], dtype: str, ragged: bool, units: str
) -> None:
    column = column_of("x", as_value("x", value))
    assert (column.shape, column.dtype, column.ragged) == (shape, np.dtype(dtype), ragged)
    assert column.attrs.get("units") == units


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("text", "output 'x' is the str 'text'; return a number"),
        (None, "output 'x' is the NoneType None"),
        ({"a": 1}, "output 'x' is the dict"),
        ([[1, 2], [3]], "output 'x' is no number or array of numbers"),
        ([1 * mV, 2 * second], "output 'x' is no number or array of numbers"),
        (Ragged(np.ones((2, 2))), r"a Ragged of shape \(2, 2\); a Ragged holds one-dimensional arrays"),
        (Ragged(3), r"a Ragged of shape \(\)"),
    ],
)
def test_what_is_no_value_is_refused(value: Any, told: str) -> None:
    with pytest.raises(OutputError, match=told):
        as_value("x", value)


@pytest.mark.parametrize(
    ("first", "later", "told"),
    [
        ([1.0, 2.0], [1.0], r"has shape \(1,\) in one run and \(2,\) in others; wrap it in Ragged"),
        (1.0, [1.0], r"has shape \(1,\) in one run and \(\) in others"),
        (1 * volt, 1 * second, "has units of second in one run and volt in others"),
        (1 * volt, 1.0, "has units of 1 in one run and volt in others"),
        (Ragged([1.0]), [1.0], "is an array of fixed shape in one run and a Ragged in others"),
        (1, 1.5, "is float64 in one run and int64 in others; return the same type"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_refused(first: Any, later: Any, told: str) -> None:
    columns = columns_of([{"x": as_value("x", first)}], {})
    with pytest.raises(OutputError, match=told):
        fit({"x": as_value("x", later)}, columns)


def test_missing_and_superfluous_outputs_are_told_together() -> None:
    columns = columns_of([{"x": as_value("x", 1)}], {})
    with pytest.raises(OutputError, match=r"'x' is missing.*'y' is one that other runs do not have"):
        fit({"y": as_value("y", 1)}, columns)


def test_pilots_of_several_types_agree_on_the_widest() -> None:
    columns = columns_of([{"x": as_value("x", 1)}, {"x": as_value("x", 0.5)}], {})
    assert columns["x"].dtype == np.float64
    assert fit({"x": as_value("x", 2)}, columns)["x"].dtype == np.float64
