"""Which objects belong to which network, and those that belong to none."""

import gc
import logging

import pytest
from spikefarm import *


def group(**options):
    return NeuronGroup(1, "v : 1", **options)


def test_what_can_be_added_and_removed():
    a, b, c, d, e = (group() for _ in range(5))
    network = Network(a, [b, {"key": (c, [d])}], Network(e), a[:1])
    assert network.objects == (a, b, c, d, e)
    network.remove([a, {"x": b}], (c,))
    assert network.objects == (d, e)
    network.add({"first": [a], "others": Network(b, c)})
    assert network.objects == (d, e, a, b, c)
    with pytest.raises(ValueError, match="is not part of"):
        network.remove(Network(group()))


def test_an_object_belongs_to_the_network_that_has_run_it():
    cells = group(name="cells")
    first, second = Network(cells), Network(cells)
    first.run(1 * ms)
    with pytest.raises(RuntimeError, match=r"'cells' cannot run here: another network has run it already"):
        second.run(1 * ms)
    with pytest.raises(
        RuntimeError, match=r"'cells' cannot be added to network: another .* its attribute active"
    ):
        Network(cells)
    with pytest.raises(RuntimeError, match=r"'cells' cannot run here"):
        run(1 * ms)
    first.run(1 * ms)
    assert first.t == 2 * ms


def test_the_magic_network():
    cells = group(name="cells")
    assert magic_network.objects == (cells,)
    assert "cells" in magic_network
    assert magic_network["cells"] is cells
    assert list(magic_network) == [cells]
    assert list(magic_network.get_states()) == ["cells"]
    amount = 2
    magic_network.set_states({"cells": {"v": "amount"}})
    magic_network.run(1 * ms)
    assert magic_network.t == 1 * ms
    for action in (magic_network.add, magic_network.remove):
        with pytest.raises(MagicError, match=r"to choose, make a Network"):
            action(cells)
    start_scope()
    assert magic_network.objects == ()
    assert magic_network.t == 0 * ms
    assert collect() == set()


def test_an_object_that_was_never_run_is_told(caplog):
    def declare():
        lost, kept = group(name="lost_group"), group(name="kept_group")
        Network(kept).run(1 * ms)

    with caplog.at_level(logging.WARNING, "spikefarm"):
        declare()
        gc.collect()
    told = [r.getMessage() for r in caplog.records]
    assert sum("'lost_group' is gone, and never was part of a run" in text for text in told) == 1
    assert not any("kept_group" in text for text in told)


def test_active_is_a_truth_value_and_holds_for_what_runs_along():
    cells = group()
    runner = cells.run_regularly("v += 1")
    with pytest.raises(TypeError, match=r"active = 'no': give True or False"):
        cells.active = "no"
    cells.active = False
    assert not runner.active


def test_networks_do_not_inherit_the_time_of_one_that_is_gone():
    for _ in range(3):
        network = Network(group())
        assert network.t == 0 * ms
        network.run(1 * ms)
        del network
        gc.collect()
