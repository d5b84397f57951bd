"""Functions as experiments: arguments, caching, and workers that know what the script knows."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spikefarm import NeuronGroup, run
from spikefarm.core.units import ms, mV, second
from spikefarm.farm import FailedRunsWarning, Ragged, SweepError, experiment
from spikefarm.farm.calls import FunctionWork

CALLS: list[Any] = []


@experiment
def curve(v0: Any, tau: Any = 10 * ms, kind: str = "plain") -> dict[str, Any]:
    """Words."""
    CALLS.append(v0)
    rate = v0 / tau
    return {
        "slope": rate,
        "noise": np.random.random(),
        "trace": np.arange(3) * v0,
        "spikes": Ragged(np.arange(int(v0 / mV)) * ms),
        "is_plain": kind == "plain",
    }


def test_it_can_be_called_as_it_is() -> None:
    once = curve(3 * mV)
    assert once["slope"] == 3 * mV / (10 * ms)
    assert once["noise"] == curve(3 * mV)["noise"] != curve(4 * mV)["noise"]
    assert curve.__name__ == "curve"
    assert curve.__doc__ == "Words."
    assert repr(curve).startswith("<experiment curve(v0: ")


def test_lists_are_axes_and_the_rest_is_fixed(client: Any, tmp_path: Path) -> None:
    data = curve.sweep(
        v0=[1, 2, 3] * mV, kind=["plain", "other"], tau=20 * ms, repeats=2, client=client, progress=False
    )
    assert dict(data.sizes) == {"v0": 3, "kind": 2, "repeat": 2, "trace_0": 3}
    assert data.kind.values.tolist() == ["plain", "other"]
    np.testing.assert_allclose(data.slope.sel(kind="plain", repeat=0), [0.05, 0.1, 0.15])
    assert (data.v0.units, data.trace.units) == ("volt", "volt")
    assert data.is_plain.sel(kind="other").values.tolist() == [[0, 0]] * 3
    assert len(data.spikes.isel(v0=2, kind=0, repeat=1).item()) == 3
    assert len(np.unique(data.noise)) == 12
    assert data.noise.sel(v0=1e-3, kind="plain", repeat=0) == curve(1 * mV, tau=20 * ms)["noise"]


def test_it_is_cached_by_content(client: Any, tmp_path: Path) -> None:
    def sweep(**arguments: Any) -> tuple[int, int]:
        data = curve.sweep(store=tmp_path / "e.zarr", client=client, progress=False, **arguments)
        assert {"slope", "noise", "trace", "spikes", "is_plain"} <= set(data)
        assert np.isfinite(data.slope).all()
        return data.attrs["simulated"], data.attrs["cached"]

    assert curve.plan(store=tmp_path / "e.zarr", v0=[1, 2] * mV).summary == "2 runs, 0 cached"
    assert sweep(v0=[1, 2] * mV) == (2, 0)
    assert sweep(v0=[1, 2] * mV) == (0, 2)
    assert sweep(v0=[1, 2, 3] * mV, tau=10 * ms) == (1, 2)
    assert sweep(v0=[1, 2] * mV, tau=[10, 20] * ms, repeats=2) == (6, 2)
    assert sweep(v0=[1, 2] * mV, seed=1) == (2, 0)
    assert curve.plan(store=tmp_path / "e.zarr", v0=[1, 4] * mV).summary == "2 runs, 1 cached"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"v0": [1] * mV, "tua": 1}, "'tua' is no argument of the function; it is curve(v0: "),
        ({"tau": [1] * ms}, "the argument 'v0' is missing; it is curve("),
        ({"v0": []}, "'v0': it has no values; give at least one"),
        ({"v0": [1, 2, 1] * mV}, "has the same value at places 0 and 2 (v0 = 1. * mvolt); give it once"),
        ({"v0": [1 * mV, 2 * second]}, "its values have different units; give all of them the same"),
        ({"v0": [1] * mV, "repeats": 0}, "repeats=0 is no number of repeats"),
        ({"v0": [1] * mV, "seed": -1}, "seed=-1 is no master seed"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(SweepError) as caught:
        curve.sweep(**arguments)
    assert told in str(caught.value)


def test_all_wrong_arguments_are_told_at_once() -> None:
    with pytest.raises(SweepError, match="experiment curve has 3 problem"):
        curve.plan(tua=[1], repeats=0)


def test_what_a_function_may_return(client: Any) -> None:
    @experiment
    def odd(n: int) -> Any:
        return ({"x": 1}, None, {"y": 1}, {"x": "text"}, {"x": 1, "status": 2})[n]

    with pytest.warns(FailedRunsWarning, match="4 runs of 5 failed"):
        data = odd.sweep(n=[0, 1, 2, 3, 4], client=client, progress=False).load()
    errors = data.error.values.tolist()
    assert errors[0] == ""
    assert "the function returned None; return a dict from names to numbers" in errors[1]
    assert (
        errors[2]
        == "OutputError: output 'x' is missing, other runs have it; output 'y' is one that other runs do not have"
    )
    assert "output 'x' is the str 'text'" in errors[3]
    assert "'status' is a name that every sweep has" in errors[4]


def test_numpys_own_random_numbers_are_left_as_they_were() -> None:
    np.random.seed(5)
    expected = np.random.random(2)
    np.random.seed(5)
    first = np.random.random()
    curve(1 * mV)
    assert [first, np.random.random()] == expected.tolist()


def test_threads_do_not_share_random_numbers(client: Any) -> None:
    @experiment
    def draw(n: int) -> dict[str, Any]:
        first = np.random.random()
        time.sleep(0.01)
        return {"x": [first, np.random.random()]}

    data = draw.sweep(n=list(range(8)), client=client, batch_seconds=1e-9, progress=False)
    assert data.x.values.tolist() == [draw(n)["x"] for n in range(8)]


@experiment
def endless(kind: str) -> dict[str, Any]:
    if kind == "call":
        while True:
            time.sleep(1e-3)
    if kind == "simulation":
        group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="exact")
        run(1e9 * second)
        return {"x": group.v[0]}
    return {"x": 1}


@pytest.mark.parametrize(
    ("kind", "spare", "told"),
    [
        (
            "call",
            1.0,
            "TimeLimitError: the call was ended after its time limit of 1 s and 1 s more of wall time",
        ),
        ("simulation", 60.0, "TimeLimitError: the simulation was ended after its time limit of 1 s"),
    ],
)
def test_a_call_that_never_ends_is_ended(
    kind: str, spare: float, told: str, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FunctionWork, "spare", spare)
    with pytest.warns(FailedRunsWarning, match="1 run of 2 failed"):
        data = endless.sweep(kind=["", kind], client=client, progress=False, time_limit=1 * second)
    assert data.x.values[0] == 1
    assert data.error.values[1].startswith(told)


def test_arguments_that_sweep_has_itself_are_refused() -> None:
    def function(n: int, seed: int, store: str) -> None:
        pass

    with pytest.raises(
        TypeError, match=r"function\(n.*sweep\(\) has arguments named 'seed', 'store' itself; rename"
    ):
        experiment(function)


SCRIPT = """
import os
import numpy as np
from helper import double
from spikefarm.core.units import mV
from spikefarm.farm import experiment

print("script starts")
offset = 7

@experiment
def function(n):
    if n == 3:
        os.kill(os.getpid(), 9)
    return {"x": double(n) + offset, "pid": os.getpid()}

data = function.sweep(n=[1, 2, 3, 4], store="e.zarr", workers=2)
print(data.x.values.tolist(), data.status.values.tolist(), os.getpid() in data.pid.values)
print(data.error.values[2])
"""


def test_a_script_without_a_main_guard(tmp_path: Path) -> None:
    """Workers are processes; they know the script's globals and its neighbours, and may die of a run."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "lib" / "script.py").write_text(textwrap.dedent(SCRIPT))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "lib/script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "script starts", done.stderr
    assert done.stdout.count("script starts") == 1
    assert lines[1].startswith("dashboard: http://127.0.0.1:")
    assert lines[2].startswith("4 runs: 4 simulated, 0 from the cache, 1 failed")
    assert lines[3:] == [
        "[9.0, 11.0, nan, 15.0] [1, 1, 2, 1] False",
        "KilledWorker: every worker that tried this run died: too little memory, or a crash in Python code",
    ]
