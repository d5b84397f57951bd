"""``spikefarm submit SCRIPT --cluster KIND``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .command import OK, Command, add_json, fail, show


def _local(script: Path, arguments: Sequence[str], log: Path) -> str:
    """Start a script on this machine, on its own, and return the number of its process."""
    command = [sys.executable, "-m", "spikefarm", "run", str(script), *arguments]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    return str(process.pid)


SLURM = ("slurm-jobs", "slurm-batch", "slurm-array")  # see docs/clusters.md
CLUSTERS: dict[str, Callable[[Path, Sequence[str], Path], str]] = {"local": _local}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", type=Path, help="a Python script that does sweeps")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    parser.add_argument(
        "--cluster",
        required=True,
        choices=[*sorted(CLUSTERS), *SLURM],
        help="where: local is this machine, in the background",
    )
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="of local; by default the script's name with .log"
    )
    from ..farm.clusters.options import JobOptions

    JobOptions.add_arguments(parser.add_argument_group("of SLURM"))
    add_json(parser)


def _on_cluster(options: argparse.Namespace) -> tuple[str, Path]:
    from ..farm.clusters import JobOptions, form_named

    form = form_named(options.cluster)
    submitted = form.submit(options.script, options.arguments, JobOptions.from_arguments(options))
    return submitted.job, submitted.log


def _run(options: argparse.Namespace) -> int:
    if not options.script.is_file():
        return fail(f"there is no script {options.script}; give the path of a Python file")
    if options.cluster in CLUSTERS:
        log = options.log or Path(options.script.stem + ".log")
        job = CLUSTERS[options.cluster](options.script, options.arguments, log)
    else:
        job, log = _on_cluster(options)
    facts = {"cluster": options.cluster, "job": job, "log": str(log)}
    show(
        facts, options.json, f"submitted as {job}, which writes to {log}; `spikefarm status` shows its sweeps"
    )
    return OK


COMMAND = Command(
    "submit",
    "Start a script that goes on when you log out.",
    "spikefarm submit --cluster local if_curve.py\nspikefarm submit --cluster local --log night.log if_curve.py 100\n"
    "spikefarm submit --cluster slurm-array --jobs 20 --cpus 8 --time 12:00:00 if_curve.py",
    _arguments,
    _run,
)
