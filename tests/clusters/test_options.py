"""What a batch system is asked for, and what is refused before it is."""

from __future__ import annotations

import argparse
import os
import stat
import subprocess
from pathlib import Path

import pytest
from spikefarm.farm import SweepError
from spikefarm.farm.clusters import FORMS, ClusterError, JobOptions, current_form, form_named
from spikefarm.farm.clusters.form import JOB_SCRIPT
from spikefarm.farm.clusters.options import make_private
from spikefarm.farm.clusters.slurm_jobs import lifetime
from spikefarm.farm.clusters.tls import write_keys


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 5400),
        ("10:30", 630),
        ("12:00:00", 43200),
        ("2-00", 172800),
        ("1-12:30", 131400),
        ("1-0:0:5", 86405),
    ],
)
def test_times_are_read_as_slurm_reads_them(text: str, seconds: int) -> None:
    assert JobOptions(time=text).seconds == seconds


@pytest.mark.parametrize(
    ("text", "megabytes"), [("4GB", 4096), ("500MB", 500), ("1.5 G", 1536), ("1T", 2**20), ("3K", 1)]
)
def test_memory_is_in_units_of_two_to_the_ten(text: str, megabytes: int) -> None:
    options = JobOptions(memory=text)
    options.check()
    assert options.megabytes == megabytes


def test_everything_wrong_with_options_is_said() -> None:
    options = JobOptions(
        0,
        1.5,
        "much",
        -1,
        "soon",
        partition="a;b",
        folder="$(x)",
        extra=("constraint", "-C a b"),  # type: ignore[arg-type]
    )
    with pytest.raises(SweepError) as caught:
        options.check()
    for words in (
        "cluster has 9 problem(s)",
        "jobs=0: give a whole number, 1 or more",
        "cpus=1.5: give a whole number",
        "gpus=-1: give a whole number, 0 or more",
        "memory='much': give a number with a unit",
        "time='soon': give minutes, hours:minutes:seconds or days-hours",
        "partition='a;b': use letters, digits and any of",
        "folder='$(x)': use letters",
        "extra='-C a b': use letters",
        "extra has 'constraint': give arguments of sbatch that begin with '-'",
    ):
        assert words in str(caught.value)
    with pytest.raises(SweepError, match=r"wait='soon': give minutes, .* or leave it out"):
        JobOptions(wait="soon").check()
    assert JobOptions(wait="2:00:00").wait_seconds == 7200
    assert JobOptions().wait_seconds == float("inf")
    with pytest.raises(SweepError, match="give a minute at least"):
        JobOptions(time="0:30").check()


def test_options_survive_environment_and_command_line() -> None:
    options = JobOptions(7, 2, "3GB", 1, "2-00", "long", "lab", "ib0", "here", ("--nice", "-Cavx"))
    assert JobOptions.from_json(options.to_json()) == options
    assert JobOptions.from_json("{}") == JobOptions()
    parser = argparse.ArgumentParser()
    JobOptions.add_arguments(parser)
    words = "--jobs 7 --cpus 2 --memory 3GB --gpus 1 --time 2-00 --partition long --account lab"
    more = "--interface ib0 --folder here --extra=--nice --extra=-Cavx"
    found = parser.parse_args([*words.split(), *more.split()])
    assert JobOptions.from_arguments(found) == options
    assert JobOptions.from_arguments(parser.parse_args([])) == JobOptions()
    assert "worker jobs at most, or tasks (default: 4)" in " ".join(parser.format_help().split())


@pytest.mark.parametrize("name", FORMS)
def test_what_sbatch_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words only: whatever they hold, no shell reads them."""
    bin = tmp_path / "bin"
    bin.mkdir()
    fake = bin / "sbatch"
    fake.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" "$SPIKEFARM_CLUSTER" "$SPIKEFARM_CLUSTER_OPTIONS" > "$0.args"\necho "17;here"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    script = tmp_path / "a study.py"
    script.write_text("")
    options = JobOptions(3, 2, "4GB", 0, "30", "long", extra=("--nice",), folder=str(tmp_path / "jobs"))
    job = FORMS[name].submit(script, ["$(touch x)", "; ls"], options)
    assert job.job == "17"
    assert job.log == tmp_path / "jobs" / "a study-17.log"
    told = (bin / "sbatch.args").read_text().splitlines()
    assert told[-2:] == [name, options.to_json()]
    assert told[-5:-2] == [str(script), "$(touch x)", "; ls"]
    assert str(JOB_SCRIPT) in told
    expected = {
        "slurm-jobs": {"--ntasks=1", "--cpus-per-task=1", "--mem=4096M"},
        "slurm-batch": {"--ntasks=3", "--cpus-per-task=2", "--mem-per-cpu=2048M", "--no-kill"},
        "slurm-array": {"--array=0-2", "--ntasks=1", "--cpus-per-task=2", "--mem=4096M"},
    }[name]
    assert {*expected, "--requeue", "--partition=long", "--nice", "--time=30"} <= set(told)


def test_submitting_what_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SweepError, match=r"there is no script .*none\.py"):
        FORMS["slurm-batch"].submit(tmp_path / "none.py")
    with pytest.raises(
        SweepError, match="there is no cluster 'cloud'; there are slurm-jobs, slurm-batch, slurm-array"
    ):
        form_named("cloud")
    (tmp_path / "x.py").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="there is no 'sbatch' on this machine: submit from a login node"):
        FORMS["slurm-batch"].submit(tmp_path / "x.py", options=JobOptions(folder=str(tmp_path / "jobs")))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with (
        pytest.raises(SweepError, match="slurm-batch works inside a SLURM job only: submit the script"),
        FORMS["slurm-batch"].connect(JobOptions(), False, None, {}),
    ):
        pass


def test_the_form_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPIKEFARM_CLUSTER", raising=False)
    assert current_form() is None
    monkeypatch.setenv("SPIKEFARM_CLUSTER", "slurm-array")
    monkeypatch.setenv("SPIKEFARM_CLUSTER_OPTIONS", JobOptions(9).to_json())
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "5")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "2")
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "9")
    found = current_form()
    assert found is not None
    assert (found[0], found[1].jobs) == (FORMS["slurm-array"], 9)
    assert found[0].rank() == (3, 9)


def test_workers_leave_before_their_time_is_over() -> None:
    for seconds in (60, 120, 600, 3600, 86400):
        assert seconds // 2 <= lifetime(seconds) < seconds
    assert lifetime(3600) == 3240  # 360 s for the last batch
    assert lifetime(600) == 510


def test_keys_are_nobody_elses(tmp_path: Path) -> None:
    folder = make_private(tmp_path / "a" / "b")
    keys = write_keys(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert keys.security().require_encryption
    if os.getuid() == 0:
        os.chown(folder, 12345, -1)
        with pytest.raises(SweepError, match="belongs to user 12345; choose one of your own"):
            make_private(folder)


def test_the_script_of_a_job_becomes_the_program() -> None:
    done = subprocess.run(
        ["bash", JOB_SCRIPT, "echo", "$HOME", "a  b"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "$HOME a  b\n"
