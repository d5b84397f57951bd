"""``spikefarm run SCRIPT``."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from pathlib import Path

from .command import CANCELLED, FAILED, OK, Command, fail


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", type=Path, help="a Python script that does sweeps")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script finds in sys.argv")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler for sweeps without client=")
    parser.add_argument("--workers", type=int, metavar="N", help="runs at a time on this machine")
    parser.add_argument("--quiet", action="store_true", help="only what the script itself prints")


def _run(options: argparse.Namespace) -> int:
    from ..farm.defaults import QUIET, SCHEDULER, WORKERS
    from ..farm.tally import SweepCancelledError

    if not options.script.is_file():
        return fail(f"there is no script {options.script}; give the path of a Python file")
    for name, value in ((SCHEDULER, options.scheduler), (WORKERS, options.workers)):
        if value is not None:
            os.environ[name] = str(value)
    if options.quiet or not sys.stdout.isatty():
        os.environ.setdefault(QUIET, "1")
    sys.argv = [str(options.script), *options.arguments]
    sys.path.insert(0, str(options.script.parent.absolute()))
    try:
        runpy.run_path(str(options.script), run_name="__main__")
    except SweepCancelledError as error:
        print(f"cancelled: {error}", file=sys.stderr)
        return CANCELLED
    except Exception:
        traceback.print_exc()
        return FAILED
    return OK


COMMAND = Command(
    "run",
    "Run a script here, its sweeps on this machine's cores or on a Dask cluster.",
    "spikefarm run if_curve.py\n"
    "spikefarm run --workers 8 if_curve.py\n"
    "spikefarm run --scheduler tcp://10.0.0.1:8786 if_curve.py --an-argument-of-the-script",
    _arguments,
    _run,
)
