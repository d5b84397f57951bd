"""Where a sweep was asked for: the script, its repository, the versions and the environment around it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

LONGEST = 200_000  # characters of a script
GIT_SECONDS = 10
CHANGED = 50  # files that are named
# No others: an environment has secrets too.
VARIABLES = (
    "CXX",
    "CXXFLAGS",
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "VIRTUAL_ENV",
    "CONDA_DEFAULT_ENV",
    "OMP_NUM_THREADS",
)
PREFIXES = ("SPIKEFARM_", "SLURM_JOB", "SLURM_ARRAY", "SLURM_CLUSTER")


def script_record() -> dict[str, Any]:
    """Return all of it, as JSON can hold it. What is not known is left out."""
    return {**_script(), **_repository(_folder()), **_machine()}


def _file() -> Path | None:
    name = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(name).absolute() if name else None


def _folder() -> str:
    path = _file()
    return str(path.parent if path else Path.cwd())


def _script() -> dict[str, Any]:
    found: dict[str, Any] = {"command_line": sys.argv[1:], "folder": os.getcwd()}
    path = _file()
    if path is not None:
        found["script"] = str(path)
        with suppress(OSError):  # deleted since, or never a file
            found["script_text"] = path.read_text(errors="replace")[:LONGEST]
    return found


@cache
def _machine() -> dict[str, Any]:
    packages = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
    named = {n: v for n, v in os.environ.items() if n in VARIABLES or n.startswith(PREFIXES)}
    return {
        "executable": sys.executable,
        "python_build": " ".join([platform.python_implementation(), *platform.python_build()]),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": dict(sorted(packages.items())),
        "environment": dict(sorted(named.items())),
    }


def _repository(folder: str) -> dict[str, Any]:
    """Return commit, branch and what was changed since, of the repository that a folder is in."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}
    changed = (_git(folder, "status", "--porcelain") or "").splitlines()
    found: dict[str, Any] = {"git_commit": commit, "git_dirty": bool(changed)}
    found["git_root"] = _git(folder, "rev-parse", "--show-toplevel") or ""
    found["git_branch"] = _git(folder, "rev-parse", "--abbrev-ref", "HEAD") or ""
    if changed:
        found["git_changed"] = [line.strip() for line in changed[:CHANGED]]
    return found


def _git(folder: str, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", folder, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=GIT_SECONDS,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
