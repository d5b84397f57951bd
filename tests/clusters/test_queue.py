"""Worker jobs that wait, that never start, that end before their time: what is told, and what is done about it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_site import SlurmSite
from spikefarm.farm.clusters import ClusterError, JobOptions, slurm_jobs, waiting, watch
from spikefarm.farm.clusters.queue import Queued, read_queue, summary

SQUEUE = """\
17|RUNNING|None|2026-11-21T18:00:00
18|PENDING|Priority|2026-11-21T20:00:00
19|PENDING|Resources|N/A
20|PENDING|PartitionTimeLimit|N/A
21|PENDING|(launch failed requeued held)|N/A
"""


def test_what_the_queue_says() -> None:
    jobs = read_queue("slurm_load_jobs error: something\n" + SQUEUE)
    assert list(jobs) == ["17", "18", "19", "20", "21"]
    assert jobs["18"] == Queued("18", "PENDING", "Priority", "2026-11-21T20:00:00")
    assert [bool(job.hopeless) for job in jobs.values()] == [False, False, False, True, True]
    assert jobs["20"].hopeless == (
        "SLURM will not start job 20 (PartitionTimeLimit): ask for less --time, or for another --partition"
    )
    assert "job 21 (launch failed requeued held): it could not be started" in jobs["21"].hopeless
    assert summary(jobs.values()) == (
        "1 running, 1 pending (Priority), 1 pending (Resources), 1 pending (PartitionTimeLimit), "
        "1 pending ((launch failed requeued held)), the first expected to start 2026-11-21 20:00:00"
    )
    assert summary([]) == "no job in the queue"


def options(folder: Path, **more: object) -> JobOptions:
    return JobOptions(
        **{"jobs": 1, "memory": "1GB", "time": "10:00", "folder": str(folder / "jobs"), **more}  # type: ignore[arg-type]
    )


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"partition": "short"}, r"SLURM will not start job \d+ \(PartitionTimeLimit\): ask for less --time"),
        ({"extra": ("--hold",)}, r"SLURM will not start job \d+ \(JobHeldUser\): it is held: release it"),
        (
            {"partition": "nowhere"},
            r"no worker can come up: sbatch: error: invalid partition specified: nowhere",
        ),
    ],
)
def test_jobs_that_never_start_are_not_waited_for(
    more: dict[str, object], words: str, site: SlurmSite, tmp_path: Path
) -> None:
    with pytest.raises(ClusterError, match=words), slurm_jobs(options(tmp_path, **more)):
        pass
    until(lambda: not site.jobs(), "the end of all jobs")
    assert not [path for path in (tmp_path / "jobs").iterdir() if path.is_dir()]  # no keys are left behind


@pytest.mark.slow
def test_waiting_is_told_and_has_a_limit(
    site: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(waiting, "FIRST_WORD", 1.0)
    site.drain("n1")
    site.drain("n2")
    with (
        pytest.raises(
            ClusterError, match=r"within wait='0:12': 1 pending \(.*\); wait longer, or ask for less"
        ),
        slurm_jobs(options(tmp_path, wait="0:12")),
    ):
        pass
    assert "waiting for the first worker: 1 pending (" in capsys.readouterr().out
    assert not site.jobs()


@pytest.mark.slow
def test_waiting_can_be_interrupted(site: SlurmSite, tmp_path: Path) -> None:
    site.drain("n1")
    site.drain("n2")
    script = (
        "from spikefarm.farm.clusters import JobOptions, slurm_jobs\n"
        f"with slurm_jobs({options(tmp_path)!r}): pass"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
    until(lambda: bool(site.jobs()), "a job")
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=30)[1]
    assert err.rstrip().endswith("KeyboardInterrupt"), (process.returncode, err)
    assert not site.jobs()
    assert not [path for path in (tmp_path / "jobs").iterdir() if path.is_dir()]


@pytest.mark.slow
def test_jobs_that_end_at_once_are_told_with_what_they_wrote(
    site: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'no such interpreter here' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(waiting, "LONGEST_PAUSE", 2.0)
    words = r"3 jobs ended before their workers came up; job \d+ wrote:\nno such interpreter here"
    with pytest.raises(ClusterError, match=words), slurm_jobs(options(tmp_path)):
        pass


@pytest.mark.slow
def test_a_job_that_ends_is_replaced(
    site: SlurmSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that has several workers, of which dask-jobqueue takes no notice; and one that has none yet."""
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 1.0)
    with slurm_jobs(options(tmp_path, cpus=2), processes=True) as client:
        for _ in range(2):
            client.wait_for_workers(2, timeout=60)
            (job,) = site.jobs()
            site.tell("scancel", job)
            until(lambda: not client.nthreads(), "the end of its workers")
            until(lambda job=job: site.jobs() and job not in site.jobs(), "another job")  # type: ignore[misc]
        (job,) = site.jobs()
        site.tell("scancel", job)  # before its workers have come up
        until(lambda: bool(site.jobs()) and job not in site.jobs(), "another job")
        client.wait_for_workers(2, timeout=60)
