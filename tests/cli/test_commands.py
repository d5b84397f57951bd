"""The real command: scripts that it runs, sweeps that it watches and steers, what it tells people and programs."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

FAKE = Path(__file__).parents[1] / "farm"
SCRIPT = """
import sys
import numpy as np
from farm_fake import FakeSimulation, rate
from spikefarm import Sweep, ms, volt

print("script starts", sys.argv[1:], __name__)
simulation = FakeSimulation(log="log", pause=float(sys.argv[1]))
sweep = Sweep({"v0": np.arange(10, 15) * volt, "tau": [5, 10]*ms}, repeats=3, simulation=simulation, name="mine")
outputs = {"rate": rate, "spikes": "spikes"}
data = sweep.run(outputs, store="s.zarr", batch_seconds=0.2, time_limit=100)
print(data.attrs["simulated"])
"""


def spikefarm(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "spikefarm", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(FAKE), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def done(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = spikefarm(folder, *arguments, **environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.1)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "script.py").write_text(SCRIPT)
    code, out, err = done(folder, "run", "script.py", "0", "more")
    assert (code, err) == (0, "")
    assert out == "script starts ['0', 'more'] __main__\n30\n"  # quiet: the output is piped
    return folder


# -- run ------------------------------------------------------------


def test_a_script_that_is_not_there(folder: Path) -> None:
    code, out, err = done(folder, "run", "nothing.py")
    assert (code, out) == (1, "")
    assert err == "error: there is no script nothing.py; give the path of a Python file\n"


def test_a_script_that_fails_shows_where(folder: Path) -> None:
    (folder / "bad.py").write_text("import sys\n1/0\n")
    code, _, err = done(folder, "run", "bad.py")
    assert code == 1
    assert 'bad.py", line 2' in err
    assert err.rstrip().endswith("ZeroDivisionError: division by zero")
    (folder / "exit.py").write_text("raise SystemExit(7)")
    assert done(folder, "run", "exit.py")[0] == 7


def test_workers_that_make_no_sense(folder: Path) -> None:
    code, _, err = done(folder, "run", "--workers", "0", "script.py", "0")
    assert code == 1
    assert "SPIKEFARM_WORKERS='0': give a whole number, 1 or more" in err


def test_an_interrupted_script(folder: Path) -> None:
    process = spikefarm(folder, "run", "--workers", "2", "script.py", "0.3")
    wait_for((folder / "log").exists)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


# -- status, pause, resume, cancel -----------------------------------------------------------------------------------


def test_a_sweep_is_watched_and_steered(folder: Path) -> None:
    assert done(folder, "status") == (1, "", "error: there is no store here; give the path of one\n")
    process = spikefarm(folder, "run", "--workers", "1", "script.py", "0.5")

    def state() -> Any:
        found = json.loads(done(folder, "status", "s.zarr", "--json")[1])
        return found[0] if found else {}

    wait_for(lambda: state().get("done"))
    code, out, _ = done(folder, "pause", "--sweep", "mine")
    assert (code, out[:11]) == (0, "asked mine ")
    assert out.endswith("in s.zarr to pause\n".replace("s.zarr", str(folder / "s.zarr")))
    paused = wait_for(lambda: (found := state()).get("state") == "paused" and found)
    assert (paused["total"], paused["failed"], paused["eta"]) == (30, 0, None)
    code, out, _ = done(folder, "status")
    head, line = out.splitlines()
    assert head.split()[:4] == ["session", "sweep", "state", "done"]
    assert line.split()[:3] == [paused["id"], "mine", "paused"]
    assert done(folder, "resume", "s.zarr")[0] == 0
    wait_for(lambda: state().get("state") == "running")
    assert done(folder, "cancel", "--sweep", "another")[0] == 1
    assert done(folder, "cancel")[0] == 0
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err.startswith("cancelled: ")
    assert "of 30 runs are in" in err
    assert done(folder, "status") == (0, "no sweep is on its way\n", "")
    code, _, err = done(folder, "pause")
    assert (code, err) == (1, "error: no such sweep is on its way; `spikefarm status` shows those that are\n")


def test_a_script_goes_on_by_itself(folder: Path) -> None:
    code, out, _ = done(folder, "submit", "--cluster", "local", "--json", "script.py", "0.01", "x")
    facts = json.loads(out)
    assert (code, facts["cluster"], facts["log"]) == (0, "local", "script.log")
    text = wait_for(lambda: (t := (folder / "script.log").read_text()).endswith("30\n") and t)
    assert text.startswith("script starts ['0.01', 'x'] __main__")
    assert done(folder, "submit", "--cluster", "moon", "script.py")[0] == 2


# -- results ------------------------------------------------------------


def test_results_at_a_glance(finished: Path) -> None:
    code, out, err = done(finished, "results", "s.zarr")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("sweep mine of 20")
    assert lines[0].endswith(": 18 done, 12 failed")
    assert [line.split()[:4] for line in lines if line.startswith("tau")] == [["tau", "2", "0.005", "0.01"]]
    assert any(line.startswith("rate") and line.endswith("hertz") for line in lines)
    assert "failed: SimulationCrashError: the simulation died of signal 11" in lines
    facts = json.loads(done(finished, "results", "s.zarr", "--json")[1])
    assert facts["runs"] == {"missing": 0, "done": 18, "failed": 12, "excluded": 0}
    assert facts["axes"]["v0"] == {
        "length": 5,
        "coordinates": {"v0": {"units": "volt", "first": 10.0, "last": 14.0}},
    }
    assert facts["outputs"]["spikes_t"]["kind"] == "ragged"


def test_results_as_a_table(finished: Path) -> None:
    code, out, _ = done(finished, "results", "s.zarr", "--csv", "out.csv")
    assert (code, out) == (0, "wrote out.csv without spikes_t, spikes_count\n")
    with (finished / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert list(rows[0])[:3] == ["v0", "tau", "repeat"]
    assert {row["error"] for row in rows if row["v0"] == "13.0"} == {
        "SimulationCrashError: the simulation died of signal 11"
    }
    one = next(row for row in rows if row["v0"] == "10.0" and row["tau"] == "0.01")
    assert 1000 <= float(one["rate"]) < 1001


def test_results_as_netcdf(finished: Path) -> None:
    code, out, err = done(finished, "results", "s.zarr", "--netcdf", "out.nc")
    assert (code, out, err) == (0, "wrote out.nc\n", "")
    with xr.open_dataset(finished / "out.nc") as data:
        assert data.rate.dims == ("v0", "tau", "repeat")
        assert data.rate.attrs["units"] == "hertz"
        start, size = (int(data[n].sel(v0=11, tau=0.01)[0]) for n in ("spikes_t_start", "spikes_t_size"))
        np.testing.assert_allclose(data.spikes_t.values[start : start + size], np.arange(10) * 1e-3)
        assert json.loads(data.attrs["keys"])["tau"]["key"] == "tau"


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    code, _, err = done(tmp_path, "results", "nothing.zarr")
    assert code == 1
    assert err.startswith("error: there is no store at ")


# -- doctor ------------------------------------------------------------


def test_the_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    code, out, err = done(tmp_path, "doctor")
    assert (code, err) == (0, ""), out
    assert out.splitlines()[-1] == "all well"
    found = {f["what"]: f for f in json.loads(done(tmp_path, "doctor", "--json")[1])}
    assert found["a model"]["found"] == "compiled and ran, v = 0.904837"
    assert {
        "Python",
        "zarr",
        "distributed",
        "compiler",
        "processor",
        "loopback",
        "this folder",
    } <= found.keys()


def test_the_doctor_names_remedies(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, _ = done(
        tmp_path, "doctor", CXX="/no/such/compiler", SPIKEFARM_CACHE_DIR=str(tmp_path / "file" / "x")
    )
    assert code == 1
    bad = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert any("compiler" in line and "/no/such/compiler" in line for line in bad)
    remedy = "set SPIKEFARM_CACHE_DIR to a folder that you can write"
    assert any("cache of builds" in line and remedy in line for line in bad)
    assert out.splitlines()[-1] == "2 to be put right"


# -- help ------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["run", "submit", "status", "pause", "resume", "cancel", "results", "cache", "doctor"]
)
def test_every_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    from spikefarm.cli import main

    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert f"examples:\n  spikefarm {command}" in out
    assert "exit status: 0 all went well" in out


def test_wrong_usage(tmp_path: Path) -> None:
    code, _, err = done(tmp_path, "sweep")
    assert code == 2
    assert "invalid choice: 'sweep'" in err
