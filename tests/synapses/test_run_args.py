"""Weights, delays and connections that differ between runs of one build, one by one and in sweeps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from spikefarm import *
from spikefarm.devices.base import SimulationError
from spikefarm.devices.simulation import RunArgumentError


@pytest.fixture
def network():
    """Three neurons that spike at 1, 2 and 3 ms, connected to four by explicit pairs and by chance."""
    set_device("cpp_standalone", build_on_run=False, directory=None)
    sources = SpikeGeneratorGroup(3, [0, 1, 2], [1, 2, 3] * ms, name="sources")
    targets = NeuronGroup(4, "v : 1\nu : 1", name="targets")
    given = Synapses(sources, targets, "w : 1", on_pre="v_post += w", name="given")
    given.connect(i=[0, 1, 2], j=[1, 2, 3])
    given.w = [1, 2, 3]
    given.delay = [1, 1, 1] * ms
    drawn = Synapses(sources, targets, "w : 1", on_pre="u_post += w", name="drawn")
    chance = 0.5
    drawn.connect(p="chance")
    drawn.w = "1 + i"
    trace = StateMonitor(targets, "v", record=True, name="trace")
    weights = StateMonitor(drawn, "w", record=True, dt=1 * ms, name="weights")
    network = Network(sources, targets, given, drawn, trace, weights)
    network.run(6 * ms)
    device.build()
    return network


def run_with(run_args):
    device.run(run_args=run_args)


def test_weights(network):
    given, targets = network["given"], network["targets"]
    for key in (given.w, "given.w"):
        run_with({key: [10, 20, 30]})
        assert_array_equal(targets.v, [0, 10, 20, 30])
        assert_array_equal(given.w, [10, 20, 30])
        run_with({key: 5})
        assert_array_equal(targets.v, [0, 5, 5, 5])
    run_with({})
    assert_array_equal(targets.v, [0, 1, 2, 3])
    with pytest.raises(SimulationError, match=r"given.w: values for 2 synapse\(s\), but there are 3"):
        run_with({"given.w": [1, 2]})


def test_delays(network):
    given, trace = network["given"], network["trace"]
    for key in (given.pre.delay, given.delay, "given.pre.delay"):
        run_with({key: [0, 0.5, 2] * ms})
        first = np.argmax(trace.v[1:] > 0, axis=1)
        assert_array_equal(first, [11, 26, 51])  # recorded before the step
    run_with({"given.pre.delay": 4 * ms})
    assert_array_equal(network["targets"].v, [0, 1, 0, 0])
    with pytest.raises(SimulationError, match=r"given.pre.delay holds a delay that is negative"):
        run_with({"given.pre.delay": -1 * ms})
    with pytest.raises(RunArgumentError, match=r"'given.pre.delay' has units of second"):
        run_with({"given.pre.delay": 1})


def test_connections(network):
    given, targets = network["given"], network["targets"]
    run_with({"given.i": [0, 0, 0], "given.j": [0, 1, 3]})
    assert_array_equal(targets.v, [1, 2, 0, 3])
    longer = {"given.i": [0, 0, 0, 1], "given.j": [0, 1, 3, 2]}
    more = {given.w: [1, 2, 3, 4], given.delay: 1 * ms}
    for args in ({**longer, **more}, {given.i: longer["given.i"], given.j: longer["given.j"], **more}):
        run_with(args)
        assert_array_equal(targets.v, [1, 2, 4, 3])
        assert_array_equal(given.i, [0, 0, 0, 1])
        assert_array_equal(given.j, [0, 1, 3, 2])
    run_with({"given.i": [2], "given.j": [0], given.w: 7, given.delay: 0 * ms})
    assert_array_equal(targets.v, [7, 0, 0, 0])
    with pytest.raises(SimulationError, match=r"given.w: values for 3 synapse\(s\), but there are 4"):
        run_with(longer)
    with pytest.raises(SimulationError, match="i and j have different numbers of elements"):
        run_with({"given.i": [0, 1], "given.j": [0, 1, 2]})
    with pytest.raises(SimulationError, match=r"the pair \(i=9, j=3\) lies outside"):
        run_with({"given.i": [0, 0, 9], "given.j": [0, 1, 3]})
    with pytest.raises(RunArgumentError, match=r"drawn.i cannot be set by a run argument"):
        run_with({"drawn.i": [0]})


def test_probability(network):
    drawn = network["drawn"]
    run_with({"chance": 1})
    assert len(drawn) == 12
    assert_array_equal(drawn.w, np.repeat([1, 2, 3], 4))
    run_with({"chance": 0})
    assert len(drawn) == 0
    run_with({"chance": 0.5, "drawn.w": 2})
    i, j = np.array(drawn.i), np.array(drawn.j)
    assert 0 < len(i) < 12
    assert_array_equal(network["targets"].u, 2 * np.bincount(j, minlength=4))


def test_sweep(network):
    """Arrays of one value for each synapse differ in length from run to run."""
    sweep = Sweep({"chance": [0.2, 1.0]}, repeats=3)
    data = sweep.run(
        ["drawn.i", "drawn.w", "drawn.pre.delay", "given.w", "weights"], workers=1, progress=False
    )
    sizes = set()
    for point in data.stack(run=("chance", "repeat")).transpose("run", ...).run:
        one = data.sel(chance=point.chance.item(), repeat=point.repeat.item())
        i, w = one.drawn_i.item(), one.drawn_w.item()
        assert_array_equal(w, 1 + i)
        trace = one.weights_w.item().reshape(len(i), -1)
        assert_array_equal(trace, np.repeat(w[:, None], 6, axis=1))
        sizes.add(len(i))
    assert max(sizes) == 12
    assert len(sizes) > 2
    assert_allclose(data["given_w"].values.ravel()[0], [1, 2, 3])


def test_sweep_of_connections(network):
    given = network["given"]
    connectomes = Zip({"given.i": [[0, 1, 2], [0, 0, 1]], "given.j": [[0, 0, 0], [1, 2, 2]]})
    data = Sweep(connectomes * Grid({given.w: [1.0, 2.0]})).run(["targets.v"], workers=1, progress=False)
    found = data.targets_v.values.reshape(2, 2, 4)
    assert_array_equal(found[:, 0], [[3, 0, 0, 0], [0, 1, 2, 0]])
    assert_array_equal(found[:, 1], 2 * found[:, 0])


def test_sweep_of_functions(network):
    outputs = {
        "w": lambda r: r["drawn.w"].mean(),
        "n": lambda r: len(r["drawn"].i),
        "end": lambda r: r["weights"].w[:, -1].sum(),
    }
    data = Sweep({"chance": [1.0]}).run(outputs, workers=1, progress=False)
    assert data.w.item() == 2
    assert data.n.item() == 12
    assert data.end.item() == 24


def test_seeds(network):
    """Connections by chance are those of the seed, without another build."""
    simulation = device.simulation()
    drawn = []
    for number in (1, 2, 1):
        runner = simulation.runner()
        runner.run(simulation.seed_inputs(number))
        drawn.append(list(zip(*runner.read(["drawn.i", "drawn.j"]), strict=True)))
        runner.close()
    assert drawn[0] == drawn[2] != drawn[1]
