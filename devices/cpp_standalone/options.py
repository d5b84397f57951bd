"""Compiler options from the preferences of the user."""

from __future__ import annotations

import shlex

from ...core.preferences import prefs
from ..preferences import COMPILE_ARGS
from .toolchain import CompileOptions


def preferred_options(debug: bool = False) -> CompileOptions:
    """What the preferences say a compiler is to be told."""
    cpp = prefs.codegen.cpp
    arguments = cpp.extra_compile_args if cpp.extra_compile_args is not None else cpp.extra_compile_args_gcc
    extra = [f"-D{name}" if value is None else f"-D{name}={value}" for name, value in cpp.define_macros]
    extra += [f"-I{path}" for path in cpp.include_dirs]
    for header in cpp.headers:
        extra += ["-include", header.strip("<>\"'")]
    link = [f"-L{path}" for path in cpp.library_dirs]
    link += [f"-Wl,-rpath,{path}" for path in cpp.runtime_library_dirs]
    link += [f"-l{library}" for library in cpp.libraries]
    return CompileOptions(
        debug=debug,
        openmp_threads=prefs.devices.cpp_standalone.openmp_threads,
        extra_flags=tuple(extra),
        compile_args=None if tuple(arguments) == COMPILE_ARGS else tuple(arguments),
        link_flags=(*link, *cpp.extra_link_args),
    )


def preferred_compiler() -> str | None:
    """The compiler that the user asked for, if any."""
    named: str = prefs.codegen.cpp.compiler
    return None if named in ("", "unix") else named


def make_settings(options: CompileOptions) -> str:
    """The preferences as lines of a Makefile; none where nothing differs from what that says itself."""
    lines = {
        "MAKEFLAGS +=": prefs.devices.cpp_standalone.extra_make_args_unix,
        "CXX =": shlex.split(preferred_compiler() or ""),
        "LDLIBS =": options.link_flags,
    }
    if options.compile_args is not None or options.extra_flags or options.openmp_threads:
        lines |= {"EXACT =": ["-std=c++17"], "CXXFLAGS =": options.flags()[1:]}
    settings = "".join(f"{start} {shlex.join(words)}\n" for start, words in lines.items() if words)
    return f"# From the preferences.\n{settings}\n" if settings else ""
