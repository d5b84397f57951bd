"""Models declared one after the other differ in what is random, whether or not earlier ones are still there."""

import gc

import pytest
import spikefarm as sf
from spikefarm.core.session import Session, use_session


def declared():
    """Random values and connections of a small model, with the objects that it consists of."""
    sf.start_scope()
    cells = sf.NeuronGroup(20, "v : 1", threshold="v > 1", reset="v = 0")
    cells.v = "rand()"
    synapses = sf.Synapses(cells, cells, "w : 1", on_pre="v += w")
    synapses.connect(p=0.3)
    synapses.w = "rand()"
    return (cells.v[:].tolist(), synapses.j[:].tolist(), synapses.w[:].tolist()), (cells, synapses)


def trials(keep):
    """What three models have drawn; earlier ones are kept, or have gone before the next is declared."""
    sf.set_device("runtime")
    sf.seed(3)
    found, kept = [], []
    for _ in range(3):
        values, objects = declared()
        found.append(values)
        if keep:
            kept.append(objects)
        del objects
        gc.collect()
    return found


@pytest.mark.parametrize("keep", [True, False])
def test_each_trial_draws_numbers_of_its_own(fresh_session, keep):
    first, second, third = trials(keep)
    for part in range(3):
        assert first[part] != second[part] != third[part] != first[part]


def test_trials_do_not_depend_on_what_is_left_of_earlier_ones(fresh_session):
    with use_session(Session()):
        kept = trials(True)
    with use_session(Session()):
        assert trials(False) == kept
