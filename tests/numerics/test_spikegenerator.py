"""Given spikes as inputs of a build; their place in time is tested against Brian 2."""

import pytest
from spikefarm import *
from spikefarm.devices import RunArgumentError, SimulationError


def test_other_spikes_by_run_arguments():
    set_device("cpp_standalone", build_on_run=False, directory=None)
    group = SpikeGeneratorGroup(3, [2, 0, 1], [3, 1, 2] * ms, name="given")
    spikes = SpikeMonitor(group)
    run(5 * ms)
    device.build()
    assert spikes.i.tolist() == [0, 1, 2]
    # indices and times belong together in the order in which they were given
    device.run(run_args={"given.times": [0.5, 4, 4.5] * ms})
    assert (spikes.i.tolist(), (spikes.t / ms).round(3).tolist()) == ([2, 0, 1], [0.5, 4, 4.5])
    device.run(run_args={"given.indices": [1, 1, 1], "given.period": 4 * ms})
    assert (spikes.i.tolist(), (spikes.t / ms).round(3).tolist()) == ([1, 1, 1], [1, 2, 3])
    refused = [
        ({"given.times": [1, 2] * ms}, RunArgumentError, r"'given.times' takes an array of shape \(3,\)"),
        ({"given.times": 1 * ms}, RunArgumentError, r"'given.times' takes an array of shape \(3,\)"),
        ({"given.times": [1, 2, 3]}, RunArgumentError, r"'given.times' has units of second"),
        ({"given.indices": [0, 1, 3]}, SimulationError, r"given: an index is not one of the group's neurons"),
        ({"given.times": [-1, 2, 3] * ms}, SimulationError, r"given: a spike time is negative"),
        ({"given.period": 3 * ms}, SimulationError, r"given: the period is not greater than all spike times"),
        ({"given.period": 4.05 * ms}, SimulationError, r"given: the period is not an integer multiple of dt"),
        ({"given.period": -4 * ms}, SimulationError, r"given: the period is negative"),
        (
            {"given.indices": [0, 0, 0], "defaultclock.dt": 5 * ms},
            SimulationError,
            r"given: a neuron spikes more than once in a time step",
        ),
    ]
    for run_args, error, message in refused:
        with pytest.raises(error, match=message):
            device.run(run_args=run_args)
    device.run()
    assert spikes.i.tolist() == [0, 1, 2]
