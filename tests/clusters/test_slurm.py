"""Sweeps on a real SLURM with two virtual nodes, one of which is taken away midway."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm_site import SlurmSite
from spikefarm.farm import open_results
from spikefarm.farm.clusters import FORMS, ClusterError, JobOptions
from spikefarm.farm.clusters.form import Submitted
from spikefarm.store import RunStore

pytestmark = pytest.mark.slow

N = 500
FAKE = Path(__file__).parents[1] / "farm"
SCRIPT = f"""
import sys
import numpy as np
sys.path.insert(0, {str(FAKE)!r})
from farm_fake import FakeSimulation, rate
from spikefarm.core.units import volt
from spikefarm.farm import Sweep

if __name__ == "__main__":
    log, store = sys.argv[1:]
    sweep = Sweep({{"v0": np.arange(100, 100 + {N}) * volt}}, simulation=FakeSimulation(log, pause=0.05))
    data = sweep.run({{"rate": rate}}, store=store, batch_seconds=0.5)
    assert (np.floor(data.rate) == np.arange(100, 100 + {N}) * 100).all()
    print("complete:", data.attrs["simulated"], "simulated here")
"""


def submit(form: str, folder: Path, *arguments: str, text: str = SCRIPT, **options: object) -> Submitted:
    script = folder / "study.py"
    script.write_text(text)
    chosen = {
        "jobs": 2,
        "cpus": 2,
        "memory": "1GB",
        "time": "10:00",
        "folder": str(folder / "jobs"),
        **options,
    }
    return FORMS[form].submit(
        script, arguments or (str(folder / "log"), str(folder / "s.zarr")), JobOptions(**chosen)
    )


def wait_until(condition: Callable[[], bool], folder: Path, what: str) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            logs = "".join(
                f"\n{p.name}:\n{p.read_text()[-2000:]}" for p in (folder / "jobs").rglob("*") if p.is_file()
            )
            queue = subprocess.run(
                ["squeue", "-r", "-o", "%i %j %T %r %S %N"], capture_output=True, text=True
            )
            pytest.fail(f"waited in vain for {what}: {queue.stdout}{logs}")
        time.sleep(0.1)


def told(folder: Path) -> str:
    return "".join(path.read_text() for path in (folder / "jobs").glob("study-*.log"))


def runs_begun(folder: Path) -> int:
    return (folder / "log").stat().st_size if (folder / "log").exists() else 0


@pytest.mark.parametrize(
    ("form", "jobs", "state"),
    [("slurm-jobs", 4, "down"), ("slurm-batch", 4, "drain"), ("slurm-array", 4, "down")],
)
def test_a_sweep_goes_on_without_a_node(
    form: str, jobs: int, state: str, site: SlurmSite, tmp_path: Path
) -> None:
    """500 runs; drained nodes take no new jobs, those of nodes that are down are killed and queued again."""
    job = submit(form, tmp_path, jobs=jobs)
    wait_until(lambda: runs_begun(tmp_path) > 100, tmp_path, "runs")
    wait_until(lambda: site.nodes_in_use() == {"n1", "n2"}, tmp_path, "both nodes")
    # Not the node where the script is: its job would begin again in two minutes.
    (own, *_) = site.tell("squeue", "-h", "-j", job.job, "-o", "%N").split()
    site.drain("n2" if own == "n1" else "n1", state)
    wait_until(lambda: "complete:" in told(tmp_path), tmp_path, "the end")
    if state == "drain":
        wait_until(lambda: not site.jobs(), tmp_path, "the end of the job")
    assert (open_results(tmp_path / "s.zarr").status == 1).all()
    assert len(RunStore.open(tmp_path / "s.zarr").completed()) == N
    if state == "drain":
        assert runs_begun(tmp_path) == N
    assert job.job.isdigit()
    wait_until(lambda: not (tmp_path / "s.zarr.writers").exists(), tmp_path, "the writers to leave")
    wait_until(lambda: site.nodes_in_use() == set(), tmp_path, "the end of all jobs")
    assert not [p for p in (tmp_path / "jobs").iterdir() if p.is_dir()]  # no keys are left behind


def test_tasks_of_an_array_need_a_store(site: SlurmSite, tmp_path: Path) -> None:
    text = SCRIPT.replace("store=store, ", "")
    submit("slurm-array", tmp_path, text=text, jobs=1)
    wait_until(lambda: not site.jobs(), tmp_path, "the end")
    (log,) = (tmp_path / "jobs").glob("study-*.log")
    assert "slurm-array needs store=..., where its tasks find each other" in log.read_text()


def test_what_slurm_refuses_is_told_in_its_words(site: SlurmSite, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"sbatch refused \(exit status 1\): .*[Ii]nvalid partition"):
        submit("slurm-batch", tmp_path, partition="nowhere")
    assert not site.jobs()


def test_nobody_else_can_read_the_folder_of_the_keys(site: SlurmSite, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir(mode=0o755)
    submit("slurm-jobs", tmp_path)
    assert os.stat(tmp_path / "jobs").st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["jobs", "batch", "array"])
def test_the_scripts_to_start_from(name: str, site: SlurmSite, tmp_path: Path) -> None:
    """With fewer cores than they ask for."""
    text = (Path(__file__).parents[2] / "deploy" / "slurm" / f"{name}.sh").read_text()
    text = text.replace('"cpus": 8', '"cpus": 1').replace('"jobs": 20', '"jobs": 2').replace("8GB", "1GB")
    (tmp_path / "jobs").mkdir()
    (tmp_path / "script.sh").write_text(text)
    (tmp_path / "study.py").write_text(SCRIPT.replace("pause=0.05", "pause=0.002"))
    fewer = {
        "jobs": ["--mem=1G"],
        "batch": ["--ntasks=2", "--cpus-per-task=1"],
        "array": ["--array=0-1", "--cpus-per-task=1", "--mem=1G"],
    }
    command = ["sbatch", *fewer[name], f"--chdir={tmp_path}", f"--output={tmp_path}/jobs/study-%j.log"]
    arguments = [tmp_path / "script.sh", tmp_path / "study.py", tmp_path / "log", tmp_path / "s.zarr"]
    environment = {**site.environment, "PYTHON": sys.executable}
    subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True)
    wait_until(lambda: bool(runs_begun(tmp_path)) and not site.jobs(), tmp_path, "the end")
    assert told(tmp_path).count("complete:") == (2 if name == "array" else 1)
    assert runs_begun(tmp_path) == len(RunStore.open(tmp_path / "s.zarr").completed()) == N
