"""The C++ runner keeps the contract of all runners."""

from __future__ import annotations

import numpy as np
import pytest
from spikefarm.devices.cpp_standalone.runner import HostRunner
from spikefarm.devices.testing import RunnerConformance

from .conftest import OUTPUTS


class TestHostRunner(RunnerConformance):
    @pytest.fixture
    def runner(self, probe, host):
        with HostRunner(probe, host) as runner:
            yield runner

    @pytest.fixture
    def base(self):
        return {
            "tau": np.array([2.0]),
            "noise_size": np.array([10]),
            "seed": np.array([5], np.uint64),
            "mode": np.array([0]),
            "rates": np.arange(4.0),
        }

    @pytest.fixture
    def change(self):
        return {"group.v:override": np.ones(4), "seed": np.array([6], np.uint64)}

    @pytest.fixture
    def failure(self):
        return {"tau": np.array([-1.0])}

    @pytest.fixture
    def outputs(self):
        return [spec.id for spec in OUTPUTS]
