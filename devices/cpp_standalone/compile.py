"""Turning generated C++ into something that runs."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from ..base import BuildError
from .cache import BuildCache
from .remarks import CLANG_FLAGS, GCC_FLAG
from .toolchain import CompileOptions, Compiler, cpu_target

ENGINE = Path(__file__).resolve().parent / "engine"
_HOST_SOURCES = ("host.cpp", "serve.cpp", "npz.cpp")
_MESSAGE_LINES = 40


def engine_files() -> list[Path]:
    """Return every C++ file of the engine: what an exported project needs in its folder ``engine``."""
    return sorted(path for path in ENGINE.iterdir() if path.suffix in (".h", ".cpp"))


def engine_digest() -> str:
    """Return a hash of the engine's headers, which are compiled into every model."""
    return _digest(path for path in engine_files() if path.suffix == ".h")


@cache
def _host_digest() -> str:
    return _digest(engine_files())


def compile_model(source: Path, output: Path, compiler: Compiler, options: CompileOptions) -> None:
    """Compile one generated translation unit to a shared object.

    Parameters
    ----------
    source : path
        Includes engine headers as ``"engine/..."``.
    output : path
        The shared object; its folder exists.

    Raises
    ------
    BuildError
        With the compiler's message and the command.
    CompilerNotFoundError
        When the compiler does not run.
    """
    shared = ("-dynamiclib",) if sys.platform == "darwin" else ("-shared",)
    flags = (*options.flags(), "-fPIC", *shared, "-fvisibility=hidden", "-I", str(ENGINE.parent))
    _compile(compiler, [*flags, "-o", str(output), str(source), *options.link_flags], source)


def compiler_remarks(source: Path, compiler: Compiler, options: CompileOptions) -> str:
    """Return what the compiler says about the loops of a translation unit.

    Raises
    ------
    BuildError, CompilerNotFoundError
    """
    said = source.with_suffix(".remarks")
    talk = CLANG_FLAGS if "clang" in compiler.version else (f"{GCC_FLAG}{said}",)
    output = source.with_suffix(".o")
    flags = (*options.flags(), "-fPIC", "-fvisibility=hidden", "-I", str(ENGINE.parent), *talk)
    messages = _compile(compiler, [*flags, "-c", "-o", str(output), str(source)], source)
    return said.read_text(errors="replace") if said.exists() else messages


def host_executable(cache: BuildCache, compiler: Compiler, options: CompileOptions) -> Path:
    """Return the program that loads models and serves runs of them; compiled once per compiler and flags.

    Raises
    ------
    BuildError, CompilerNotFoundError, CacheError
    """
    host_flags = ("-std=c++17", "-O1", *options.extra_flags)  # no loop of it is hot
    text = "\n".join((_host_digest(), compiler.key_text(), shlex.join(host_flags), cpu_target()))
    key = "host-" + hashlib.sha256(text.encode()).hexdigest()[:32]

    def fill(folder: Path) -> None:
        # One translation unit: the standard library's headers cost more than our own code.
        source = folder / "host_unit.cpp"
        source.write_text("".join(f'#include "engine/{name}"\n' for name in _HOST_SOURCES))
        flags = (*host_flags, "-I", str(ENGINE.parent))
        link = ("-pthread",) if sys.platform == "darwin" else ("-pthread", "-ldl")
        _compile(compiler, [*flags, "-o", str(folder / "host"), str(source), *link], source)

    return cache.make(key, fill) / "host"


def _compile(compiler: Compiler, arguments: Sequence[str], source: Path) -> str:
    """Return what the compiler says besides."""
    command = [*compiler.command, *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise BuildError(f"the compiler could not be started: {error}\n  {shlex.join(command)}") from error
    if result.returncode != 0:
        compiler.verify()  # a compiler that compiles nothing at all is the better explanation
        raise BuildError(
            f"{source.name} did not compile (exit status {result.returncode}):\n"
            f"{_trim(result.stderr or result.stdout)}\n  {shlex.join(command)}"
        )
    return result.stderr


def _trim(message: str) -> str:
    lines = message.strip().splitlines()
    if len(lines) > _MESSAGE_LINES:
        lines = [*lines[:_MESSAGE_LINES], f"... and {len(lines) - _MESSAGE_LINES} lines more"]
    return "\n".join(lines)


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
