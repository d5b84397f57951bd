"""A task farm: values that are kept, items that are told apart, several processes on one manager."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm.core.units import Quantity, get_dimensions, ms, mV, second, volt
from spikefarm.farm import DataManager, RunsFailedError, SweepError, run_tasks
from spikefarm.farm.codec import CodecError, decode, encode
from spikefarm.farm.tasks import item_digest
from spikefarm.store import OwnerError, RunStore

CALLS: list[Any] = []


def square(x: Any) -> Any:
    CALLS.append(x)
    return x, x * x


def done(dataman: DataManager, function: Any, items: Any, client: Any, **options: Any) -> Any:
    CALLS.clear()
    return run_tasks(dataman, function, items, client=client, progress=False, **options)


def test_values_are_computed_once_and_kept(client: Any, tmp_path: Path) -> None:
    dataman = DataManager(tmp_path / "tasks.zarr")
    assert (dataman.itemcount(), dataman.values(), len(dataman)) == (0, [], 0)
    assert done(dataman, square, [3, 1, 2], client) == [(3, 9), (1, 1), (2, 4)]
    assert sorted(CALLS) == [1, 2, 3]
    assert dataman.itemcount() == len(dataman) == 3
    assert sorted(dataman.values()) == [(1, 1), (2, 4), (3, 9)]
    assert sorted(dataman) == [(1, (1, 1)), (2, (2, 4)), (3, (3, 9))]
    assert done(dataman, square, [2, 5, 2], client) == [(2, 4), (5, 25), (2, 4)]
    assert CALLS == [5]
    assert done(dataman, square, [], client) == []
    assert dataman.itemcount() == 4
    _, y = zip(*dataman.values(), strict=True)
    assert sorted(y) == [1, 4, 9, 25]


def test_another_function_has_other_values(client: Any, tmp_path: Path) -> None:
    dataman = DataManager(tmp_path / "tasks.zarr")
    offset = 1

    def add(x: Any) -> Any:
        return x + offset

    assert done(dataman, add, [1, 2], client) == [2, 3]
    assert done(dataman, square, [1, 2], client) == [(1, 1), (2, 4)]
    offset = 10
    assert done(dataman, add, [1], client) == [11]
    assert dataman.itemcount() == 5
    assert (dataman.itemcount(add), dataman.values(add)) == (1, [11])
    assert sorted(dataman.values(square)) == [(1, 1), (2, 4)]


def test_items_and_values_keep_their_units(client: Any, tmp_path: Path) -> None:
    dataman = DataManager(tmp_path / "tasks.zarr")
    found = done(
        dataman, lambda q: {"q": q, "list": [q, None]}, [1 * mV, 1 * ms, np.array([1, 2]) * mV], client
    )
    assert [get_dimensions(value["q"]) for value in found] == [volt.dim, second.dim, volt.dim]
    assert float(found[1]["list"][0] / ms) == 1
    assert [get_dimensions(item) for item, _ in dataman.items()] == [volt.dim, second.dim, volt.dim]


def test_failures_are_told_and_done_again_when_asked(client: Any, tmp_path: Path) -> None:
    flag = tmp_path / "flag"

    def fragile(x: int) -> Any:
        if x == 2 and not flag.exists():
            raise ValueError("not yet")
        return object() if x == 3 else x

    dataman = DataManager(tmp_path / "tasks.zarr")
    with pytest.warns(UserWarning, match=r"2 runs of 4 failed; DataManager.failures\(\) tells their errors"):
        assert done(dataman, fragile, [1, 2, 3, 4], client) == [1, None, None, 4]
    assert len(dataman.failures()) == 2
    assert "ValueError: not yet" in dataman.failures()
    (told,) = (text for text in dataman.failures() if "not yet" not in text)
    assert re.search(r"the object <object object .* cannot be kept; return None, truth values", told)
    flag.touch()
    with pytest.warns(UserWarning, match="1 run of 4 failed"):
        assert done(dataman, fragile, [1, 2, 3, 4], client, retry_failed=True) == [1, 2, None, 4]
    with pytest.raises(RunsFailedError, match="no good"):
        done(DataManager(tmp_path / "new.zarr"), _raise, [1, 2], client)


def _raise(x: Any) -> None:
    raise ValueError("no good")


def test_random_numbers_belong_to_the_item(client: Any, tmp_path: Path) -> None:
    def draw(x: int) -> Any:
        return float(np.random.random())

    dataman = DataManager(tmp_path / "tasks.zarr")
    first = done(dataman, draw, [1, 2, 3], client)
    assert len(set(first)) == 3
    assert done(DataManager(tmp_path / "b.zarr"), draw, [3, 1], client) == [first[2], first[0]]
    assert done(dataman, draw, [1], client, seed=1) != first[:1]


def test_models_run_and_report(client: Any, tmp_path: Path) -> None:
    import spikefarm as sf

    def find_rate(k: float, report: Any) -> Any:
        group = sf.NeuronGroup(
            10, "dv/dt = (k - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
        )
        spikes = sf.SpikeMonitor(group)
        sf.run(50 * ms, report=report, report_period=1e-6 * second)
        return k, float(np.mean(spikes.count) / 0.05)

    found = done(DataManager(tmp_path / "tasks.zarr"), find_rate, [0.5, 2.0, 4.0], client)
    assert found[0] == (0.5, 0)
    assert 0 < found[1][1] < found[2][1]


def test_a_report_shows_where_a_task_is(client: Any, tmp_path: Path) -> None:
    from spikefarm.farm import live

    def half(x: int, report: Any) -> Any:
        report(1 * second, 0.5)
        return [c["fraction"] for c in live.snapshot() if c["run"] == x]

    assert done(DataManager(tmp_path / "t.zarr"), half, [0], client) == [[0.5]]
    assert live.snapshot() == []


def stubborn(x: int, report: Any) -> Any:
    """Ends in every way that a function can."""
    import os
    import signal
    import time

    if x == 1:
        report(0 * second, 0.25)
        while True:
            time.sleep(1e-3)
    if x == 2:
        os.kill(os.getpid(), signal.SIGSEGV)
    if x == 3:
        os._exit(7)
    if x == 4:
        raise ValueError("no good")
    return x, os.getpid(), float(np.random.random())


def test_a_task_that_never_ends_is_ended(client: Any, tmp_path: Path) -> None:
    """So are those that take their process with them; the others are as without a limit."""
    dataman = DataManager(tmp_path / "t.zarr")
    with pytest.warns(UserWarning, match="4 runs of 8 failed"):
        found = done(dataman, stubborn, range(8), client, time_limit=2 * second)
    assert [value and value[0] for value in found] == [0, None, None, None, None, 5, 6, 7]
    assert sorted(dataman.failures()) == [
        "ProcessDiedError: the process of the call died of signal 11 (SIGSEGV)",
        "ProcessDiedError: the process of the call ended by itself, with exit status 7",
        "TimeLimitError: the call was ended after its time limit of 2 s of wall time",
        "ValueError: no good",
    ]
    pids = {value[1] for value in found if value}
    assert os.getpid() not in pids
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):  # the last sweep's child processes end with it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    unlimited = done(DataManager(tmp_path / "u.zarr"), stubborn, [0, 5], client)
    assert [value[2] for value in unlimited] == [found[0][2], found[5][2]]
    assert {value[1] for value in unlimited} == {os.getpid()}


def test_a_limit_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"time_limit=-1: give seconds above 0"):
        run_tasks(DataManager(tmp_path / "t.zarr"), square, [1], time_limit=-1)


def test_a_child_tells_how_far_it_is(tmp_path: Path) -> None:
    from spikefarm.farm import live
    from spikefarm.farm.tasks import TaskWork

    def slow(item: int, report: Any) -> None:
        report(0 * second, item / 4)
        while not Path(flag).exists():
            pass

    flag = str(tmp_path / "flag")
    executor = TaskWork(slow, b"slow").executor()
    live.begin("t", 0)
    thread = threading.Timer(0, _touch_after, ("t", flag))
    thread.start()
    try:
        executor.run({"item": 3}, 0, 60)
    finally:
        live.end()
        executor.close()
        thread.join()
        live.forget("t")


def _touch_after(token: str, flag: str) -> None:
    from spikefarm.farm import live

    while not any(c["token"] == token and c["fraction"] == 0.75 for c in live.snapshot()):
        time.sleep(0.02)
    Path(flag).touch()


@pytest.mark.parametrize(
    ("function", "items", "told"),
    [
        (3, [1], "3 is no function; give one that takes an item"),
        (partial(square, open(__file__)), [1], "has no content that could be compared"),  # noqa: SIM115
        (square, [open(__file__)], "cannot pickle"),  # noqa: SIM115
    ],
)
def test_what_cannot_be_told_apart_is_refused(function: Any, items: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=told):
        run_tasks(DataManager(tmp_path / "t.zarr"), function, items)
    assert list(tmp_path.iterdir()) == []


def test_the_store_of_a_sweep_is_no_manager(tmp_path: Path) -> None:
    RunStore.create_or_open(tmp_path / "s.zarr", "model x")
    with pytest.raises(OwnerError, match="belongs to 'model x', not to 'tasks'"):
        DataManager(tmp_path / "s.zarr").values()


SCRIPT = """
import sys, time
from pathlib import Path
from spikefarm.farm import DataManager, run_tasks

def work(x):
    time.sleep(0.02)
    with open("log", "a") as log:
        log.write(f"{x}\\n")
    return x * x

values = run_tasks(DataManager("tasks.zarr"), work, range(40), workers=1, progress=False)
assert values == [x * x for x in range(40)], values
"""


def test_several_processes_fill_one_manager(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    processes = [
        subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(40))
    assert DataManager(tmp_path / "tasks.zarr").itemcount() == 40


# -- identities -----------------------------------------------------------------------------------------------------


def test_items_are_told_apart_by_content() -> None:
    items = [
        1,
        1.0,
        "1",
        (1,),
        [1],
        {"a": 1},
        {"a": 2},
        None,
        1 * mV,
        1 * ms,
        [1 * mV],
        [1 * ms],
        np.arange(3),
    ]
    items += [np.arange(3) * mV, np.arange(3) * ms, {"x": (1 * mV,)}, {"x": (1 * ms,)}, np.arange(3.0)]
    assert len({item_digest(item) for item in items}) == len(items)
    assert item_digest({"a": 1, "b": 2}) == item_digest({"b": 2, "a": 1})
    assert item_digest(np.arange(6).reshape(2, 3).T) == item_digest(np.array([[0, 3], [1, 4], [2, 5]]))


def test_items_have_the_same_identity_in_another_process() -> None:
    code = (
        "from spikefarm.farm.tasks import *\n"
        "from spikefarm import mV\n"
        "print(item_digest(({'a': 'b'}, 3*mV, {'x', 'y'})).hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert found == {item_digest(({"a": "b"}, 3 * mV, {"x", "y"})).hex() + "\n"}


# -- values as bytes --------------------------------------------------------------------------------------------------

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
)
hashable = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(hashable, inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_values_come_back(value: Any) -> None:
    assert repr(decode(encode(value))) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6).reshape(2, 3).T,
        np.float32(1.5),
        np.array(["a", "bc"]),
        np.array(3),
        np.empty((0, 2)),
        [np.arange(3), {"x": np.bool_(True)}],
        {1, 2, (3, 4)},
        frozenset("ab"),
    ],
)
def test_arrays_come_back(value: Any) -> None:
    found = decode(encode(value))
    assert type(found) is type(value)
    np.testing.assert_equal(found, value)


def test_quantities_come_back() -> None:
    found = decode(encode({"a": [1, 2] * mV}))["a"]
    assert isinstance(found, Quantity)
    assert (found.dim, found.tolist()) == (volt.dim, ([1, 2] * mV).tolist())


@pytest.mark.parametrize(
    "value", [object(), len, np.array([None]), [1, {2: print}], type("Own", (dict,), {})()]
)
def test_what_would_need_pickle_is_refused(value: Any) -> None:
    with pytest.raises(CodecError, match=r"cannot be kept; return None, truth values, numbers"):
        encode(value)


@pytest.mark.parametrize("blob", [b"", b"x" * 20, encode([1])[:-1], (3).to_bytes(8, "little") + b'{"z": 1}'])
def test_other_bytes_are_refused(blob: bytes) -> None:
    with pytest.raises(CodecError, match="bytes are no value"):
        decode(blob)
