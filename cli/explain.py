"""``spikefarm explain SCRIPT``."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path

from .command import FAILED, OK, Command, add_json, fail, show


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("script", type=Path, help="a Python script that runs a simulation, or does a sweep")
    parser.add_argument("arguments", nargs="*", help="what the script finds in sys.argv")
    parser.add_argument(
        "--missed", action="store_true", help="only what should work on many neurons at a time and does not"
    )
    add_json(parser)


def _run(options: argparse.Namespace) -> int:
    from ..devices.cpp_standalone.explain import explain
    from ..devices.cpp_standalone.wanted import BuildWanted, stop_at_build

    if not options.script.is_file():
        return fail(f"there is no script {options.script}; give the path of a Python file")
    sys.argv = [str(options.script), *options.arguments]
    sys.path.insert(0, str(options.script.parent.absolute()))
    try:
        with stop_at_build():
            runpy.run_path(str(options.script), run_name="__main__")
    except BuildWanted as wanted:
        found = explain(wanted.model, wanted.options, wanted.compiler)
        shown = found.missed() if options.missed else found
        show(shown.data(), options.json, str(shown))
        return OK
    except Exception:
        traceback.print_exc()
        return FAILED
    return fail(
        f"{options.script} has no model compiled; call run() in it, and device.build() if it says build_on_run=False"
    )


COMMAND = Command(
    "explain",
    "Say which loops of a script's first model the compiler has vectorised, and why not the others; runs nothing.",
    "spikefarm explain network.py\nspikefarm explain --missed network.py\nspikefarm explain --json network.py",
    _arguments,
    _run,
)
