"""Subgroups: which neurons they are, what is refused, and what the Model says of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spikefarm import *
from spikefarm.core.freeze import freeze
from spikefarm.core.lower import lower
from spikefarm.core.model import ModelError, Span
from spikefarm.core.session import Session, current_session, use_session


def group(N=10, **options):
    return NeuronGroup(
        N, "v : volt\nk : integer\nx = i : 1\ncommon : 1 (shared)", threshold="v > 1*mV", **options
    )


@pytest.mark.parametrize(
    ("index", "start", "stop"),
    [
        (slice(3, 8), 3, 8),
        (slice(None), 0, 10),
        (slice(-3, None), 7, 10),
        (slice(5, 20), 5, 10),
        (slice(2, 3, 1), 2, 3),
        (4, 4, 5),
        (np.int32(9), 9, 10),
        ([1, 2, 3], 1, 4),
        (np.array([8, 9]), 8, 10),
        (range(4, 6), 4, 6),
        (np.arange(10) > 6, 7, 10),
    ],
)
def test_consecutive_neurons(index, start, stop):
    part = group(name="cells")[index]
    assert isinstance(part, Subgroup)
    assert (part.start, part.stop, part.N, len(part)) == (start, stop, stop - start, stop - start)
    assert part.name == f"cells[{start}:{stop}]"


@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 39), st.integers(1, 40))
@settings(max_examples=60)
def test_parts_of_parts(a, size, b, inner):
    with use_session(Session()):
        cells = group(80)
        numbers = list(range(80))[a : a + size][b : b + inner]
        if numbers:
            part = cells[a : a + size][b : b + inner]
            assert (part.start, part.stop) == (numbers[0], numbers[-1] + 1)
            assert part.source is cells
        else:
            with pytest.raises(IndexError, match="there is no neuron"):
                cells[a : a + size][b : b + inner]


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (
            slice(5, 3),
            IndexError,
            r"cells\[5:3\]: from 5 to 3 there is no neuron; a subgroup has at least one of the 10",
        ),
        (slice(None, None, 2), IndexError, r"cells\[::2\]: .* its step is 1, not 2"),
        (slice(None, None, -1), IndexError, r"its step is 1, not -1"),
        (slice(1.5, 3), TypeError, r"cells\[1.5:3\]: a slice has integers, not 1.5"),
        (12, IndexError, r"cells\[12\]: the index 12 lies outside the 10 neuron"),
        (-2, IndexError, r"cells\[-2\]: indices count from 0 and cannot be negative; the last is 9"),
        ([-2, -1], IndexError, r"cannot be negative"),
        ([1, 3], IndexError, r"cells\[\[1, 3\]\]: a subgroup's neurons follow one another"),
        ([3, 2, 1], IndexError, r"follow one another"),
        ([1, 1], IndexError, r"follow one another"),
        ([], IndexError, r"a subgroup has at least one neuron"),
        (3.5, TypeError, r"a slice, an index or consecutive indices, as integers"),
        ("v > 1*mV", TypeError, r"to select by a condition, set variables as in cells.v\['v > 1\*mV'\]"),
    ],
)
def test_what_is_refused(index, error, message):
    with pytest.raises(error, match=message):
        group(name="cells")[index]


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        (lambda s: setattr(s, "u", 3), AttributeError, r"cells\[3:8\] has no variable 'u' to set"),
        (lambda s: setattr(s, "N", 3), TypeError, r"cells\[3:8\].N is read-only"),
        (lambda s: s.u, AttributeError, r"cells\[3:8\] has no variable 'u'; it has v, k, x, common"),
        (lambda s: setattr(s, "v", 3), DimensionMismatchError, r"cells\[3:8\].v has units of volt"),
        (lambda s: setattr(s, "v", [1, 2] * mV), ValueError, r"cells\[3:8\].v takes one value or .* \(5,\)"),
        (lambda s: s.v.__setitem__(5, 1 * mV), IndexError, r"index 5 lies outside"),
        (lambda s: s.v.__setitem__("i > nowhere", 1 * mV), KeyError, r"'nowhere' could not be resolved"),
        (lambda s: s.run_regularly(""), TypeError, r"must be a string of statements"),
        (lambda s: EventMonitor(s, "burst"), ValueError, r"has no event named 'burst'"),
        (lambda s: StateMonitor(s, "v", record=5), IndexError, r"the index 5, but 'cells\[3:8\]' has 5"),
        (lambda s: PoissonInput(s, "u", 1, 1 * Hz, 1), ValueError, r"'cells\[3:8\]' has no variable 'u'"),
        (
            lambda s: run_alone(SpikeMonitor(s)),
            ValueError,
            r"records from 'cells', which is not part of what runs",
        ),
    ],
)
def test_errors_name_the_subgroup(action, error, message):
    with pytest.raises(error, match=message):
        action(group(name="cells")[3:8])


def run_alone(*objects):
    Network(*objects).run(1 * ms)


def test_values_before_a_run():
    cells = group()
    part = cells[3:8]
    cells.v = np.arange(10) * mV
    part.v[1:3] = [-1, -2] * mV
    part[2:].v_ = 0.5
    part[4:5].k = 9
    part.common = 2
    assert np.array_equal(part.v / mV, [3, -1, 500, 500, 500])
    assert np.array_equal(cells.v_[:], np.array([0, 1, 2, 3, -1, 500, 500, 500, 8, 9]) * 1e-3)
    assert list(cells.k[:]) == [0] * 7 + [9, 0, 0]
    assert list(part.i[:]) == [0, 1, 2, 3, 4]
    assert part.N == 5
    assert cells.common == 2
    assert part.state("v") == part.v
    assert part.v != cells.v


def test_variables_called_start_and_stop():
    cells = NeuronGroup(3, "start : 1\nv : 1")
    cells.start = [1, 2, 3]
    assert list(cells.start[:]) == [1, 2, 3]
    assert cells.stop == 3


def test_the_model_has_spans_and_the_kernels_rows():
    cells = group(name="cells")
    part = cells[3:8]
    spikes, whole = SpikeMonitor(part, name="spikes"), SpikeMonitor(cells[:], name="whole")
    part.run_regularly("k = i + N + int(x)", name="code")
    part.v = "i*mV"
    Network(cells, spikes, whole, part).run(1 * ms)
    model = freeze(current_session()).model
    assert model.spans == (Span("cells[3:8]", "cells", 3, 8),)
    assert model.span("cells") == Span("cells", "cells", 0, 10)
    assert model.probe("whole").source == "cells"
    dump = lower(model).dump()
    assert "kernel code operation from 3 to 8" in dump
    assert "k = i - 3 + 5 + int(i)" in dump  # the subexpression is the group's
    assert "assign cells[3:8].v = " in dump


def test_a_span_has_to_lie_within_its_population():
    from dataclasses import replace

    cells = group(name="cells")
    spikes = SpikeMonitor(cells[3:8])
    Network(cells, spikes).run(1 * ms)
    model = freeze(current_session()).model
    with pytest.raises(
        ModelError, match=r"'span cells\[3:8\] of cells from 3 to 11' lies outside the 10 row"
    ):
        replace(model, spans=(replace(model.spans[0], stop=11),)).verify()
    with pytest.raises(ModelError, match=r"is of others, which does not exist"):
        replace(model, spans=(replace(model.spans[0], population="others"),)).verify()
    with pytest.raises(ModelError, match=r"records from cells\[3:8\], which does not exist"):
        replace(model, spans=()).verify()
