"""Every example runs, for a shorter time than it is meant to, and shows what it says."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from spikefarm import ms, mV, second

FOLDER = Path(__file__).parents[2] / "examples"
PAGE = FOLDER.parent / "docs" / "examples.md"


@pytest.fixture
def brian():
    """What ``make_brian_reference.py`` found."""
    return json.loads((Path(__file__).parent / "brian.json").read_text())


@pytest.fixture
def example(monkeypatch, tmp_path):
    """Run an example by name; its figure must be there afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def run(name, **options):
        figure = tmp_path / f"{name}.png"
        shown = importlib.import_module(name).main(figure=str(figure), **options)
        assert figure.stat().st_size > 10_000
        return shown

    return run


def test_every_example_is_in_the_gallery():
    page = PAGE.read_text()
    for script in FOLDER.glob("*.py"):
        assert f"(../examples/{script.name})" in page
        if script.stem == "demo":
            continue  # draws its figure beside its store
        figure = PAGE.parent / "figures" / f"{script.stem}.png"
        assert figure.stat().st_size < 100_000
        assert f"(figures/{figure.name})" in page


def test_balanced_network(example, brian):
    """Rate and CV lie within what six networks of Brian 2 spread over, three standard deviations either way."""
    rates, cvs = example("balanced_network", duration=1 * second)
    brian = brian["balanced_network"]
    assert np.mean(rates) == pytest.approx(np.mean(brian["rate"]), abs=3 * np.std(brian["rate"]))
    assert np.mean(cvs) == pytest.approx(np.mean(brian["cv"]), abs=3 * np.std(brian["cv"]))


@pytest.mark.slow
def test_balanced_sweep(example):
    data = example("balanced_sweep", gs=[3.0, 6.0], drives=[1.0, 1.4], duration=200 * ms)
    assert (data.status == 1).all()
    assert (data.rate.sel(g=3) > 5 * data.rate.sel(g=6)).all()
    assert (data.cv.sel(g=3) < 0.3).all()
    assert (data.cv.sel(g=6) > 0.3).all()


def test_hodgkin_huxley_network(example, brian):
    """Nothing is random in this one: spike for spike what Brian 2 makes of it."""
    pyramids, baskets = example("hodgkin_huxley_network", duration=100 * ms)
    brian = brian["hodgkin_huxley_network"]
    assert [int(pyramids.num_spikes), int(baskets.num_spikes)] == [
        len(brian["pyramids"]),
        len(brian["baskets"]),
    ]
    for spikes, reference in ((pyramids, brian["pyramids"]), (baskets, brian["baskets"])):
        assert np.abs(np.sort(spikes.t / ms) - np.sort(reference)).max() < 1e-6


def test_stdp(example):
    lags, change, final = example("stdp", duration=8 * second)
    together, alone = final[:100].mean(), final[100:].mean()
    assert together > 0.8
    assert alone < 0.35
    seconds = np.asarray(lags)
    theory = np.where(seconds > 0, 0.01 * np.exp(-seconds / 17e-3), -0.006 * np.exp(seconds / 34e-3))
    assert change == pytest.approx(theory, rel=1e-9)


def test_gap_junctions(example):
    together, current = example("gap_junctions", duration=5 * second)
    half = len(together) // 2
    assert np.nanmin(together[:half]) < 0.4
    assert together[-600:-300].min() > 0.9
    assert np.all(current[:, : half - 1] == 0)
    assert np.abs(current[:, half + 1 :]).max() > 0.1
    assert (
        np.abs(current.sum(0)).max() < 1e-12 * np.abs(current).sum(0).max()
    )  # what leaves one cell enters another


def test_short_term_plasticity(example):
    responses, theory = example("short_term_plasticity", duration=12 * second)
    assert responses == pytest.approx(theory, rel=1e-6)


def test_synfire_chain(example):
    counts = example("synfire_chain", spreads=(1, 3, 4))
    assert counts[1].min() > 90
    assert counts[4][:2].min() > 30
    assert counts[4][4:].max() == 0


def test_a_volley_without_noise_takes_the_delay_and_a_step_from_pool_to_pool(example):
    import synfire_chain

    i, t = synfire_chain.simulate(0 * ms, noise=0 * mV)
    assert t == pytest.approx((i // 100) * 6.1)


def test_travelling_wave(example):
    targets, mean, variance, speed = example("travelling_wave", duration=60 * ms)
    assert targets.sum() == pytest.approx(mean.sum(), abs=4 * np.sqrt(variance.sum()))
    assert np.mean((targets - mean) ** 2 / variance) == pytest.approx(1, abs=4 * np.sqrt(2 / 1600))
    assert 0.05 < speed < 0.07
