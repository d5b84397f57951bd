"""The C++ compiler of this machine: finding it, what it is called with, what its output depends on."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base import CompilerNotFoundError
from ..preferences import COMPILE_ARGS

_CANDIDATES = ("g++", "clang++", "c++")
_PROBE = "static_assert(__cplusplus >= 201703L); int main() { if constexpr (true) return 0; }\n"
_REMEDY = (
    "Install one, for example with\n"
    "    apt-get install g++                       (Debian, Ubuntu)\n"
    "    dnf install gcc-c++                       (Fedora, RHEL)\n"
    "    xcode-select --install                    (macOS; or: brew install gcc)\n"
    "    conda install -c conda-forge cxx-compiler (without administrator's rights)\n"
    "or set the environment variable CXX to the one you want."
)


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler that exists on this machine.

    Parameters
    ----------
    command : tuple of str
        What to start, e.g. ``('/usr/bin/g++',)`` or ``('/usr/bin/ccache', '/usr/bin/g++')``.
    identity : str
        Resolved path, size and time of every file in `command`. Takes the place of the version in keys of
        builds, because reading it starts no process.
    """

    command: tuple[str, ...]
    identity: str

    def key_text(self) -> str:
        """Return what the key of a build says of the compiler."""
        return self.identity

    @property
    def version(self) -> str:
        """First line of what ``--version`` prints. Starts the compiler when asked for the first time."""
        return _version(self)

    def verify(self) -> None:
        """Check once per process that the compiler runs and knows C++17.

        Raises
        ------
        CompilerNotFoundError
            With the compiler's own words.
        """
        problem = _problem(self)
        if problem:
            raise CompilerNotFoundError(
                f"{shlex.join(self.command)} cannot compile C++17: {problem}\n{_REMEDY}"
            )


@dataclass(frozen=True)
class CompileOptions:
    """What the compiler is told beyond the sources. All of it enters the key of a build.

    Parameters
    ----------
    debug : bool
        No optimisation, debugging symbols, warnings.
    openmp_threads : int
        Above 0, OpenMP is switched on. The number itself is for generated code and for the key.
    extra_flags : tuple of str
        Added last, so that they win.
    native : bool
        Use every instruction of this machine's CPU.
    compile_args : tuple of str, optional
        Take the place of `COMPILE_ARGS`, optimisation and all.
    link_flags : tuple of str
        Libraries and the like, after everything else.
    profile : bool
        Generated code measures how long each kernel takes.
    lanes : int
        How many runs generated code takes through the time loop together.
    """

    debug: bool = False
    openmp_threads: int = 0
    extra_flags: tuple[str, ...] = ()
    native: bool = True
    compile_args: tuple[str, ...] | None = None
    link_flags: tuple[str, ...] = ()
    profile: bool = False
    lanes: int = 1

    def flags(self) -> tuple[str, ...]:
        """Return the flags of a compilation, without those that make a shared object of it, or link."""
        flags = ["-std=c++17", *(COMPILE_ARGS if self.compile_args is None else self.compile_args)]
        if not self.native:
            flags = [flag for flag in flags if not flag.endswith("=native")]
        if self.debug:
            flags += ["-O0", "-g", "-Wall"]
        if self.openmp_threads > 0:
            flags.append("-fopenmp")
        return (*flags, *self.extra_flags)

    def key_text(self) -> str:
        """Return what the key of a build says of the options."""
        profile = " profile" if self.profile else ""
        lanes = f" lanes={self.lanes}" if self.lanes > 1 else ""
        flags = shlex.join((*self.flags(), *self.link_flags))
        return f"{flags} threads={self.openmp_threads}{profile}{lanes}"


def find_compiler(preferred: str | None = None) -> Compiler:
    """Return the compiler to use: `preferred`, else ``$CXX``, else the first of g++, clang++ and c++.

    No process is started; `Compiler.verify` does that, when something is to be compiled.

    Parameters
    ----------
    preferred : str, optional
        A program or a command line, e.g. ``'clang++'`` or ``'ccache g++'``.

    Raises
    ------
    CompilerNotFoundError
        When the compiler asked for, or without such wish any compiler, is not on this machine.
    """
    for wish, source in ((preferred, "the compiler asked for"), (os.environ.get("CXX"), "CXX")):
        if wish and wish.strip():
            found = _resolve(tuple(shlex.split(wish)))
            if found is None:
                raise CompilerNotFoundError(
                    f"{source} is {wish!r}, and there is no such program on the PATH. {_REMEDY}"
                )
            return found
    for name in _CANDIDATES:
        found = _resolve((name,))
        if found is not None:
            return found
    raise CompilerNotFoundError(
        f"no C++ compiler on the PATH (looked for {', '.join(_CANDIDATES)}). {_REMEDY}"
    )


@functools.cache
def cpu_target() -> str:
    """Return a short hash of the CPU's model and instruction sets, which ``-march=native`` depends on."""
    return hashlib.sha256("\n".join(_cpu_facts()).encode()).hexdigest()[:16]


def _cpu_facts() -> Iterator[str]:
    yield platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if not line.strip():  # the first CPU speaks for all
                    return
                name = line.partition(":")[0].strip().lower()
                if name in _CPU_FIELDS:
                    yield line.strip()
    except OSError:
        if sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string", "hw.optional"]
            yield subprocess.run(command, capture_output=True, text=True, check=False).stdout
        yield platform.processor()


_CPU_FIELDS = {
    *("vendor_id", "cpu family", "model", "model name", "stepping", "flags"),
    *("cpu implementer", "cpu architecture", "cpu variant", "cpu part", "features"),
    *("cpu", "revision", "isa", "uarch"),
}


def _resolve(words: tuple[str, ...]) -> Compiler | None:
    program = shutil.which(words[0])
    if program is None:
        return None
    command, facts = [program], [_file_fact(program)]
    for word in words[1:]:
        found = None if word.startswith("-") else shutil.which(word)
        command.append(found or word)
        facts.append(_file_fact(found) if found else word)
    return Compiler(tuple(command), "; ".join(facts))


def _file_fact(path: str) -> str:
    real = os.path.realpath(path)
    status = os.stat(real)
    return f"{real} {status.st_size} {status.st_mtime_ns}"


@functools.cache
def _version(compiler: Compiler) -> str:
    result = subprocess.run([*compiler.command, "--version"], capture_output=True, text=True, check=False)
    lines = result.stdout.strip().splitlines()
    return lines[0] if lines else "unknown"


@functools.cache
def _problem(compiler: Compiler) -> str:
    with tempfile.TemporaryDirectory(prefix="spikefarm-") as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text(_PROBE)
        command = [*compiler.command, "-std=c++17", "-fsyntax-only", str(source)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            return str(error)
    return "" if result.returncode == 0 else result.stderr.strip() or f"exit status {result.returncode}"
