"""Progress of standalone programs."""

from __future__ import annotations

import subprocess

import pytest
from spikefarm import *
from spikefarm.devices import DeviceError, isolated_session


def declare(size=20000):
    return NeuronGroup(size, "dv/dt = -v/(10*ms) + xi*second**-0.5 : 1", method="euler")


@pytest.fixture(params=[False, True], ids=["one run", "two runs"])
def told(request):
    """What a function was told about a program of a second."""
    found = []

    def tell(elapsed, completed, start, duration):
        found.append((float(elapsed), completed, float(start), float(duration)))

    set_device("cpp_standalone", build_on_run=False, directory=None)
    cells = declare()
    run(0.4 * second if request.param else 0.8 * second, report=tell, report_period=0.05 * second)
    if request.param:
        run(0.4 * second)
    device.build()
    return found


def test_a_function_is_told(told):
    assert told[0][1] == 0
    assert told[-1][1] == 1
    fractions = [completed for _, completed, _, _ in told]
    assert fractions == sorted(fractions)
    assert len(told) > 2
    assert {(start, duration) for _, _, start, duration in told} == {(0, 0.8)}


@pytest.mark.parametrize(("where", "stream"), [("text", "out"), ("stdout", "out"), ("stderr", "err")])
def test_words_are_told(where, stream, capsys):
    set_device("cpp_standalone", directory=None)
    cells = declare(10)
    run(1 * ms, report=where)
    said = capsys.readouterr()
    text = getattr(said, stream)
    assert "Simulating 1. ms from t = 0. s" in text
    assert "1. ms (100%) simulated in" in text


def test_an_error_while_telling_ends_the_run():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    cells = declare()

    def tell(elapsed, completed, start, duration):
        if completed > 0:
            raise KeyError("enough")

    run(5 * second, report=tell, report_period=0.01 * second)
    with pytest.raises(KeyError, match="enough"):
        device.build()


def test_the_program_itself_tells():
    set_device("cpp_standalone", build_on_run=False, directory="project")
    cells = declare()
    run(0.5 * second)
    device.build(run=False)
    subprocess.run(["make", "-s", "-C", "project", "main"], check=True, capture_output=True)
    made = subprocess.run(
        ["./main", "--report", "0.05"], cwd="project", check=True, capture_output=True, text=True
    )
    assert "% simulated in 0.1 s, about " in made.stderr
    wrong = subprocess.run(
        ["./main", "--report", "soon"], cwd="project", check=False, capture_output=True, text=True
    )
    assert wrong.returncode == 2
    assert "--report needs a number of seconds above 0, not 'soon'" in wrong.stderr


def test_runs_of_experiments_do_not():
    with isolated_session(0):
        cells = declare(1)
        with pytest.raises(DeviceError, match="within an experiment, runs tell no progress"):
            run(1 * ms, report="text")
