"""Where a sweep was asked for: the script, its repository, the versions and the environment around it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache
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
RECORD = re.compile(r"([^-]+)-([^-]+)\.(?:dist|egg)-info")
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


def _packages() -> dict[str, str]:
    """Return versions of all that is installed, by the names of their records; reading these takes far longer."""
    found: dict[str, str] = {}
    for folder in reversed(sys.path):
        with suppress(OSError):
            matches = map(RECORD.fullmatch, os.listdir(folder or "."))
            found |= {match[1]: match[2] for match in matches if match}
    return dict(sorted(found.items()))


@cache
def _machine() -> dict[str, Any]:
    named = {n: v for n, v in os.environ.items() if n in VARIABLES or n.startswith(PREFIXES)}
    return {
        "executable": sys.executable,
        "python_build": " ".join([platform.python_implementation(), *platform.python_build()]),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": _packages(),
        "environment": dict(sorted(named.items())),
    }


def _repository(folder: str) -> dict[str, Any]:
    """Return commit, branch and what was changed since, of the repository that a folder is in."""
    root = next((p for p in (Path(folder), *Path(folder).parents) if (p / ".git").exists()), None)
    told = None if root is None else _git(folder, "status", "--porcelain=v2", "--branch")
    if told is None:
        return {}
    lines = told.splitlines()
    about = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    changed = [_short(line) for line in lines if not line.startswith("# ")]
    return {
        "git_commit": about.get("branch.oid", ""),
        "git_branch": about.get("branch.head", ""),
        "git_root": str(root),
        "git_dirty": bool(changed),
        **({"git_changed": changed[:CHANGED]} if changed else {}),
    }


def _short(line: str) -> str:
    """Return state and path of a changed file."""
    fields = {"1": 8, "2": 9, "u": 10}.get(line[0], 0)  # before the path
    parts = line.split(" ", fields or 1)
    return f"{parts[1].replace('.', '')} {parts[-1]}" if fields else f"?? {parts[-1]}"


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
