"""The preferences of the devices: what is compiled, with what, and where builds are kept."""

from __future__ import annotations

import platform
from typing import Final

from ..core.preference_values import macros, one_of, optional, string, strings, whole_number
from ..core.preferences import Preference, prefs

TARGETS: Final = ("auto", "cpp", "cython", "numpy")

#: What every compilation gets. No ``-ffast-math``, and no fused multiply-add that the source does not ask for: a number
#: must not depend on whether it fell into the vectorised part of a loop. Loops are vectorised, straight code is not:
#: GCC 12 takes a wrong one of several constants in a row for some lanes of what it makes of both.
COMPILE_ARGS: Final = (
    "-O3",
    "-mcpu=native" if platform.machine().startswith("ppc") else "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-fno-tree-slp-vectorize",
)

prefs.register_preferences(
    "codegen",
    "What models become",
    target=Preference(
        "auto",
        """
        What the runtime device makes of kernels, unless set_device('runtime', target=…) says it.

        'cpp' (or 'cython', another word for it) is compiled C++, 'numpy' needs no compiler and is slow, 'auto' is
        'cpp' where there is a compiler.
        """,
        one_of(*TARGETS),
    ),
    cache_dir=Preference(
        None,
        """
        Directory in which builds are kept; None for the system's place for caches.

        The environment variable SPIKEFARM_CACHE_DIR comes before it.
        """,
        optional(string),
    ),
    max_cache_dir_size=Preference(
        1024,
        """
        Size of that directory, in MB, above which the builds that were used least recently are removed; 0 for none.

        The environment variable SPIKEFARM_CACHE_MB comes before it.
        """,
        whole_number(),
    ),
)

prefs.register_preferences(
    "codegen.cpp",
    "The C++ compiler; all of it is part of what identifies a build, and of what identifies a run",
    compiler=Preference(
        "",
        """
        Program or command line to compile with, such as 'clang++' or 'ccache g++'.

        Empty or 'unix' for the environment variable CXX, else the first one found of g++, clang++ and c++.
        """,
        string,
    ),
    extra_compile_args=Preference(
        None,
        "Arguments of the compiler; None for codegen.cpp.extra_compile_args_gcc.",
        optional(strings),
    ),
    extra_compile_args_gcc=Preference(
        list(COMPILE_ARGS),
        """
        Arguments of the compiler, after -std=c++17.

        Leave out -march=native to fill a store from machines of different kinds. -ffast-math is faster, but then the
        same neuron may give different numbers in different places, and infinite values are not safe.
        """,
        strings,
    ),
    extra_link_args=Preference([], "Arguments for linking, last of all.", strings),
    define_macros=Preference([], "Macros as pairs of name and value (a string, or None).", macros),
    headers=Preference([], "Headers that generated code includes, such as '<vector>'.", strings),
    include_dirs=Preference([], "Directories in which headers are looked for.", strings),
    libraries=Preference([], "Libraries to link with, such as 'gsl'.", strings),
    library_dirs=Preference([], "Directories in which libraries are looked for when linking.", strings),
    runtime_library_dirs=Preference(
        [], "Directories in which libraries are looked for when running.", strings
    ),
)

prefs.register_preferences(
    "devices.cpp_standalone",
    "The standalone device",
    openmp_threads=Preference(
        0,
        """
        Number of threads of one simulation; 0 for none, without any use of OpenMP.

        Results do not depend on it. It pays for groups of some thousands of neurons; for many runs, leave the cores to
        the farm.
        """,
        whole_number(),
    ),
    extra_make_args_unix=Preference(
        ["-j"], "Arguments for make in an exported project, written into its Makefile.", strings
    ),
)
