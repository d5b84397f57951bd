"""Arguments that make another model: counted, compiled side by side, before the runs that need them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spikefarm.farm.builds as builds_module
from farm_fake import FakeSimulation
from spikefarm import NeuronGroup, SpikeMonitor, SweepError, ms, mV, run, second
from spikefarm.devices import BuildError
from spikefarm.farm import FailedRunsWarning, Grid, experiment
from spikefarm.farm.builds import Builds, examples

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


@experiment(structural=["n", "method"])
def curve(drive: Any, n: int = 1, method: str = "exact") -> dict[str, Any]:
    group = NeuronGroup(
        n, "dv/dt = (drive - v)/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV", method=method
    )
    spikes = SpikeMonitor(group)
    run(20 * ms)
    return {"rate": spikes.num_spikes / n / (20 * ms)}


def test_a_plan_counts_builds() -> None:
    plan = curve.plan(drive=np.linspace(5, 20, 50) * mV, n=[1, 2, 1 + 2], method=["exact", "euler"])
    assert plan.summary == "300 runs, 6 builds, 0 cached"
    assert (plan.builds, plan.compiled) == (6, 0)
    assert "to be compiled" in str(plan)
    assert plan.estimate is not None
    assert curve.plan(drive=[1, 2] * mV).builds == 1


def test_only_combinations_that_occur_count() -> None:
    design = Grid({"n": [1, 2, 3], "method": ["exact", "euler"]}).where(
        lambda n, method: (n > 2) | (method == "exact")
    )
    assert curve.plan(design, drive=[1, 2] * mV, repeats=3).builds == 4
    space = curve._study(3, 0, None, design, {"drive": [1, 2] * mV}).space
    found = [space.point(int(i)) for i in examples(space, ["n"])]
    assert [p["n"] for p in found] == [1, 2, 3]
    assert space.is_run[examples(space, ["n", "method"])].all()


def test_what_cannot_be_declared_is_told_and_fails_alone(client: Any) -> None:
    plan = curve.plan(drive=[5] * mV, method=["exact", "magic"])
    assert plan.builds == 1
    assert "cannot be declared  n=1, method='magic': " in str(plan)
    with pytest.warns(FailedRunsWarning, match="magic"):
        data = curve.sweep(drive=[5] * mV, method=["exact", "magic"], progress=False, client=client)
    assert data.status.values.tolist() == [[1, 2]]


def test_all_builds_are_there_before_the_first_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[int] = []

    class StopError(Exception):
        pass

    def stop(*_: Any) -> Any:
        seen.append(curve.plan(drive=[5, 20] * mV, n=[1, 2]).compiled)
        raise StopError

    monkeypatch.setattr("spikefarm.farm.execute._fill", stop)
    with pytest.raises(StopError):
        curve.sweep(drive=[5, 20] * mV, n=[1, 2], progress=False, store=tmp_path / "s.zarr")
    assert seen == [2]


def test_results_are_those_of_single_calls(client: Any) -> None:
    data = curve.sweep(drive=[5, 20] * mV, n=[1, 2], client=client, progress=False)
    expected = [[float(curve(d * mV, n)["rate"] * second) for n in (1, 2)] for d in (5, 20)]
    np.testing.assert_allclose(data.rate, expected)


def test_structural_arguments_have_to_exist() -> None:
    def function(n: int) -> None:
        pass

    with pytest.raises(TypeError, match=r"structural=\['m'\]: 'm' is no argument of function\(n"):
        experiment(structural=["m"])(function)


# -- compiling --------------------------------------------------------------------------------------------------


class Slow(FakeSimulation):
    """Compiles for as long as nobody else does, so that two at a time get through."""

    together = threading.Barrier(2, timeout=20)

    def pack(self) -> None:
        return None

    def built(self) -> bool:
        return False

    def build(self) -> Any:
        self.together.wait()


def test_several_compile_at_a_time() -> None:
    made = Builds(lambda: ([Slow(model_hash=str(i)) for i in (1, 2, 2)], ()))
    assert len(made.simulations) == 2
    made.prepare(jobs=2)


def test_where_nothing_compiles_nothing_runs() -> None:
    class Broken(FakeSimulation):
        def pack(self) -> None:
            return None

        def built(self) -> bool:
            return False

    broken = Broken(compiles=False)
    with pytest.raises(BuildError, match="does not compile"):
        Builds(lambda: ([broken], ())).prepare(1)
    Builds(lambda: ([broken, FakeSimulation(model_hash="other")], ())).prepare(1)  # its runs will tell


def test_a_million_combinations_are_not_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds_module, "MOST", 3)
    assert curve.plan(drive=[1] * mV, n=[1, 2, 3, 4, 5]).builds == 3
    with pytest.raises(SweepError):
        curve.plan(n=[1])
