"""A real SLURM with two virtual nodes, for the tests of one worker process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from slurm_site import SlurmSite, missing


@pytest.fixture(scope="session")
def running_site() -> Iterator[SlurmSite]:
    why = missing()
    if why:
        pytest.skip(f"no SLURM: {why}")
    # Not pytest's folder: munge wants all folders above its socket to be safe.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        site = SlurmSite(Path(folder))
        try:
            site.start()
            yield site
        finally:
            site.stop()


@pytest.fixture
def site(running_site: SlurmSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmSite]:
    """Two idle nodes."""
    running_site.resume()
    monkeypatch.setenv("SLURM_CONF", running_site.environment["SLURM_CONF"])
    yield running_site
    for job in running_site.jobs():
        running_site.tell("scancel", job)
