"""What took how long, and what happens when."""

from __future__ import annotations

from pathlib import Path

import pytest
from spikefarm import *

PARTS = {
    "cells_stateupdater",
    "cells_spike_thresholder",
    "cells_spike_resetter",
    "cells_odd_thresholder",
    "nudge",
    "spikes",
    "trace",
}


def declare():
    cells = NeuronGroup(
        2000,
        "dv/dt = (1.5 - v)/(10*ms) + 0.1*xi*second**-0.5 : 1",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
        name="cells",
        events={"odd": "v > 0.5"},
    )
    cells.run_regularly("v += 0.001", dt=1 * ms, name="nudge")
    return cells, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=[0], name="trace")


@pytest.mark.parametrize("target", ["cpp", "numpy"])
def test_profile_of_a_run(target):
    set_device("runtime", target=target)
    cells, spikes, trace = declare()
    run(10 * ms, profile=True)
    summary = profiling_summary()
    assert set(summary.names) == PARTS
    assert sum(summary.percentages) == pytest.approx(100)
    assert all(float(seconds) >= 0 for seconds in summary.times)
    assert summary.times == sorted(summary.times, reverse=True)
    lines = str(profiling_summary(show=2)).splitlines()
    assert lines[0] == "Profiling summary"
    assert len(lines) == 4
    assert lines[2].split()[0] in PARTS
    assert "<td>cells_stateupdater</td>" in summary._repr_html_()
    run(1 * ms)
    with pytest.raises(
        ValueError, match=r"There is no profile of magic_network: call run\(…, profile=True\)"
    ):
        profiling_summary()


def test_profile_of_a_network():
    set_device("runtime")
    network = Network(declare())
    network.run(1 * ms, profile=True)
    first = dict(network.profiling_info)
    network.run(10 * ms, profile=True)
    second = dict(network.profiling_info)
    assert set(first) == set(second) == PARTS
    assert second["cells_stateupdater"] > first["cells_stateupdater"]
    assert len(profiling_summary(network, show=1).names) == 1
    with pytest.raises(ValueError, match="show=0; give a number of lines"):
        profiling_summary(network, show=0)


def test_measuring_changes_no_numbers():
    found = []
    for profile in (False, True):
        set_device("runtime")
        seed(3)
        cells, spikes, _ = declare()
        Network(cells, spikes).run(10 * ms, profile=profile)
        found.append((list(spikes.i), list(cells.v[:5])))
    assert found[0] == found[1]


@pytest.mark.parametrize("how", ["set_device", "run", "build"])
def test_profile_of_a_program(how):
    set_device("cpp_standalone", build_on_run=False, directory="project", profile=how == "set_device")
    cells, spikes, trace = declare()
    run(10 * ms, profile=how == "run")
    device.build(run=False, profile=True if how == "build" else None)
    with pytest.raises(ValueError, match="There is no profile"):
        profiling_summary()
    device.run()
    assert set(profiling_summary().names) == PARTS


def test_programs_measure_nothing_unless_asked():
    set_device("cpp_standalone", directory="project")
    cells, spikes, trace = declare()
    run(1 * ms)
    assert "stopwatch" not in Path("project/model.cpp").read_text()
    with pytest.raises(ValueError, match="There is no profile"):
        profiling_summary()


def test_schedule():
    set_device("runtime")
    defaultclock.dt = 0.1 * ms
    cells, spikes, trace = declare()
    cells.thresholder["odd"].when = "end"
    cells.run_on_event("odd", "v -= 0.1", order=3)
    trace.active = False
    summary = scheduling_summary()
    assert [(e.what, e.owner, e.when, e.order) for e in summary.entries] == [
        ("nudge", "cells", "start", 0),
        ("trace", "cells", "start", 0),
        ("cells_stateupdater", "cells", "groups", 0),
        ("cells_spike_thresholder", "cells", "thresholds", 0),
        ("spikes", "cells", "thresholds", 1),
        ("cells_spike_resetter", "cells", "resets", 0),
        ("cells_odd_resetter", "cells", "after_resets", 3),
        ("cells_odd_thresholder", "cells", "end", 0),
    ]
    text = str(summary).splitlines()
    assert text[0].split() == ["object", "part", "of", "dt", "when", "order", "active"]
    assert text[2].split() == ["nudge", "cells", "1.", "ms", "start", "0", "yes"]
    assert text[3].split() == ["trace", "cells", "100.", "us", "start", "0", "no"]
    assert "<td>cells_odd_resetter</td>" in summary._repr_html_()
    assert str(scheduling_summary(Network(cells))).count("\n") == 7
