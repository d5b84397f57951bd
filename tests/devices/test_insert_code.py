"""C++ of the script's own in every place of a standalone program."""

from __future__ import annotations

import subprocess

import pytest
from spikefarm import *
from spikefarm.devices import DeviceError, SimulationError

PLACES = ("before_start", "after_start", "before_network_run", "after_network_run", "before_end", "after_end")


def declare():
    cells = NeuronGroup(2, "v : 1\nn : 1", name="cells")
    cells.run_regularly("v += 1")
    return cells


@pytest.fixture(autouse=True)
def printing():
    prefs.codegen.cpp.headers = ["<cstdio>"]
    yield
    prefs.reset_to_defaults()


def test_every_place_in_order(capfd):
    set_device("cpp_standalone", build_on_run=False, directory="project")
    for place in PLACES:
        device.insert_code(place, f'printf("{place} %d\\n", (int)_c->cells__v[0]);')
    cells = declare()
    device.insert_code("main", 'printf("first\\n");')
    cells.v = 10
    device.insert_code("main", 'printf("second\\n"); _c->cells__n[1] = 5;')
    run(0.3 * ms)
    device.insert_code("main", "_c->cells__v[0] *= 2;")
    run(0.1 * ms)
    device.build()
    wanted = """before_start 0
after_start 0
first
second
before_network_run 10
after_network_run 13
before_network_run 26
after_network_run 27
before_end 27
after_end 27
"""
    assert capfd.readouterr().out == wanted
    assert list(cells.v[:]) == [27, 14]
    assert list(cells.n[:]) == [0, 5]
    subprocess.run(["make", "-s", "-C", "project", "main"], check=True, capture_output=True)
    made = subprocess.run(["./main"], cwd="project", check=True, capture_output=True, text=True)
    assert made.stdout.startswith(wanted)


def test_inserted_code_can_end_a_run():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    cells = declare()
    run(0.2 * ms)
    device.insert_code("before_end", 'if (_c->cells__v[0] > 1) return fail(_c, "v is too large");')
    with pytest.raises(SimulationError, match="v is too large"):
        device.build()


def test_other_code_is_another_build():
    hashes = []
    for code in ("", "// a", "// b"):
        set_device("cpp_standalone", build_on_run=False, directory=None)
        device.reinit()
        device.activate()
        cells = declare()
        if code:
            device.insert_code("main", code)
        run(0.1 * ms)
        hashes.append(device.simulation().model_hash)
    assert len(set(hashes)) == 3


def test_wrong_insertions():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    with pytest.raises(
        ValueError, match=r"insert_code\('middle'\): there is no such place; choose one of before_st"
    ):
        device.insert_code("middle", "")
    with pytest.raises(TypeError, match=r"insert_code\('main'\): the code is int; give a string"):
        device.insert_code("main", 5)
    set_device("runtime")
    with pytest.raises(
        DeviceError, match=r"no program to insert code into; call set_device\('cpp_standalone'\)"
    ):
        device.insert_code("main", "")
