"""What every device's runner has to do. A device's own tests subclass `RunnerConformance`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from .base import Array, Runner, SimulationError


class RunnerConformance(ABC):
    """Tests of the contract in `base.Runner`, run on one small model of the device's choice.

    A subclass whose name starts with ``Test`` says how to get a runner of that model and what to do with it.
    """

    @pytest.fixture
    @abstractmethod
    def runner(self) -> Iterator[Runner]:
        """Yield a runner without base, and close it afterwards."""

    @pytest.fixture
    @abstractmethod
    def base(self) -> Mapping[str, Array]:
        """Values of all inputs that need one."""

    @pytest.fixture
    @abstractmethod
    def change(self) -> Mapping[str, Array]:
        """Values of some inputs that change `outputs`."""

    @pytest.fixture
    @abstractmethod
    def failure(self) -> Mapping[str, Array]:
        """Values of some inputs, each usable by itself, with which a run fails."""

    @pytest.fixture
    @abstractmethod
    def outputs(self) -> list[str]:
        """Every output of the model."""

    def test_the_same_run_gives_the_same_bytes(
        self, runner: Runner, base: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        assert _bytes_of_run(runner, {}, outputs) == _bytes_of_run(runner, {}, outputs)

    def test_a_change_holds_for_one_run(
        self, runner: Runner, base: Mapping[str, Array], change: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        before = _bytes_of_run(runner, {}, outputs)
        assert _bytes_of_run(runner, change, outputs) != before
        assert _bytes_of_run(runner, {}, outputs) == before

    def test_a_base_with_a_change_is_a_change_of_the_base(
        self, runner: Runner, base: Mapping[str, Array], change: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        changed = _bytes_of_run(runner, change, outputs)
        runner.set_base({**base, **change})
        assert _bytes_of_run(runner, {}, outputs) == changed

    def test_outputs_are_one_dimensional_and_in_the_order_asked_for(
        self, runner: Runner, base: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        assert runner.run({}) >= 0
        forward = runner.read(outputs)
        assert all(array.ndim == 1 for array in forward)
        backward = runner.read(outputs[::-1])[::-1]
        assert [array.tobytes() for array in forward] == [array.tobytes() for array in backward]

    def test_saved_is_what_is_read(
        self, runner: Runner, base: Mapping[str, Array], outputs: list[str], tmp_path: Path
    ) -> None:
        runner.set_base(base)
        runner.run({})
        runner.save(tmp_path / "results.npz")
        with np.load(tmp_path / "results.npz") as saved:
            assert sorted(saved) == sorted(outputs)
            for name, array in zip(outputs, runner.read(outputs), strict=True):
                assert saved[name].dtype == array.dtype
                assert saved[name].tobytes() == array.tobytes()
        assert [path.name for path in tmp_path.iterdir()] == ["results.npz"]

    def test_a_failure_costs_one_run(
        self, runner: Runner, base: Mapping[str, Array], failure: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        before = _bytes_of_run(runner, {}, outputs)
        with pytest.raises(SimulationError):
            runner.run(failure)
        with pytest.raises(SimulationError):
            runner.read(outputs)
        assert _bytes_of_run(runner, {}, outputs) == before

    def test_what_does_not_exist_is_named(
        self, runner: Runner, base: Mapping[str, Array], outputs: list[str]
    ) -> None:
        runner.set_base(base)
        with pytest.raises(SimulationError, match="no-such-input"):
            runner.run({"no-such-input": np.zeros(1)})
        runner.run({})
        with pytest.raises(SimulationError, match="no-such-output"):
            runner.read([outputs[0], "no-such-output"])

    def test_a_run_without_its_inputs_is_refused(self, runner: Runner, base: Mapping[str, Array]) -> None:
        name = next(iter(base))
        with pytest.raises(SimulationError, match=name):
            runner.run({key: value for key, value in base.items() if key != name})

    def test_closing_twice_is_harmless(self, runner: Runner, base: Mapping[str, Array]) -> None:
        runner.close()
        runner.set_base(base)
        runner.run({})
        runner.close()
        runner.close()


def _bytes_of_run(runner: Runner, inputs: Mapping[str, Array], outputs: list[str]) -> list[bytes]:
    runner.run(inputs)
    return [array.tobytes() for array in runner.read(outputs)]
