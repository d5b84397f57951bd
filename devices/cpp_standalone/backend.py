"""The backend of the C++ standalone device: Models in, Builds in the cache out."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ...core.model import FORMAT, NUMERICS, Model
from ...core.profiling import kernel_labels
from ...core.userfunctions import MissingImplementationError
from ...core.version import __version__
from ..base import (
    Backend,
    Build,
    BuildError,
    CompilerNotFoundError,
    InputSpec,
    Machine,
    Manifest,
    OutputSpec,
    Parcel,
    Runner,
)
from . import lanes
from .cache import BuildCache
from .compile import compile_model, engine_digest, host_executable
from .options import preferred_compiler, preferred_options
from .parcel import HOST, Fit, pack, received, unpack
from .runner import HostRunner
from .toolchain import CompileOptions, cpu_target, find_compiler
from .wanted import announce

_HERE = Path(__file__).resolve().parent
_PACKAGE = _HERE.parents[1]
MANIFEST = "manifest.json"
NOTHING_CAME = (
    "and no build came with the job: a sweep sends builds where any machine of this kind has a compiler, an "
    "experiment if it names what makes another model, as in @experiment(structural=['n']), or structural=[]"
)
SOURCE = "model.cpp"
#: What a build says about itself in readable form.
READABLE = ("model.txt", "kernels.txt")


@dataclass(frozen=True)
class CPPBackend(Backend):
    """C++ compiled with the machine's compiler.

    Parameters
    ----------
    options : CompileOptions
        What the compiler is told.
        By default what the preferences say, as for the others.
    compiler : str, optional
        Which compiler, instead of ``$CXX`` or the first one found.
    max_cache_bytes : int, optional
        Size at which old builds are removed from the cache.
    """

    options: CompileOptions = field(default_factory=preferred_options)
    compiler: str | None = field(default_factory=preferred_compiler)
    max_cache_bytes: int | None = None
    name = "cpp_standalone"

    @property
    def cache(self) -> BuildCache:
        """Where builds are kept."""
        return BuildCache(max_bytes=self.max_cache_bytes)

    def numerics(self) -> str:
        text = replace(self.options, profile=False, openmp_threads=0, lanes=1).key_text()
        return f"{self.name} format={FORMAT} numerics={NUMERICS} {text}"

    def key(self, model: Model) -> str:
        for function in model.functions:
            if not function.code:
                raise MissingImplementationError(
                    f"The function {function.name!r} is used by the model but exists in Python only. Give it an "
                    f"implementation in C++, in base SI units: @implementation('cpp', '''double {function.name}(…) "
                    "{…}''') above its @check_units(…)."
                )
        compiler = find_compiler(self.compiler)
        parts = (
            model.hash,
            self.name,
            generator_digest(),
            self.options.key_text(),
            compiler.key_text(),
            cpu_target(),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]

    def identity(self, model: Model) -> str:
        """What a build is of, whatever made it: its key without compiler and processor."""
        parts = (model.hash, self.name, generator_digest(), self.options.key_text())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def find(self, model: Model) -> Build | None:
        try:
            path = self.cache.get(self.key(model))
        except CompilerNotFoundError:
            path = None
        path = path or self._shipped(model)
        return None if path is None else Build(path, read_manifest(path))

    def _shipped(self, model: Model) -> Path | None:
        """Return the build that came with the job, unpacked, if one came that fits this machine."""
        fitting = (p for p in received(self.identity(model)) if not Fit.of(p.fit).problem())
        parcel = next(fitting, None)
        return None if parcel is None else unpack(parcel, self.cache)

    def pack(self, model: Model) -> Parcel | None:
        build = self.find(model)
        if build is None:
            return None
        own = build.path / HOST
        host = own if own.exists() else self._host()
        return pack(self.identity(model), build.path, host, self.options.native)

    def machine(self) -> Machine | None:
        try:
            find_compiler(self.compiler)
        except CompilerNotFoundError:
            return Machine(Fit.here(self.options.native).text(), compiles=False)
        return Machine(Fit.here(self.options.native).text(), compiles=True)

    def _host(self) -> Path:
        return host_executable(self.cache, find_compiler(self.compiler), self.options)

    def build(self, model: Model) -> Build:
        announce(model, self.options, self.compiler)
        try:
            key = self.key(model)
        except CompilerNotFoundError as error:
            return self._without_compiler(model, error)
        found = self.find(model)
        if found is not None:
            return found
        with ThreadPoolExecutor(1) as beside:  # the host takes another core just as long
            host = beside.submit(self._host)
            path = self.cache.make(key, lambda folder: self._fill(folder, key, model))
            host.result()
        return Build(path, read_manifest(path))

    def _fill(self, folder: Path, key: str, model: Model) -> None:
        from ...core.lower import lower
        from .emit import emit_model
        from .emit_entries import input_specs, output_specs

        kernels = lower(model)
        compiler = find_compiler(self.compiler)
        options = self.options
        text = emit_model(kernels, options.profile, options.openmp_threads, options.lanes)
        (folder / SOURCE).write_text(text)
        compile_model(folder / SOURCE, folder / "model.so", compiler, options)
        provenance = {
            **self.provenance(),
            "compiler": compiler.version,
            "cxx": " ".join(compiler.command),
            "integrators": ", ".join(f"{p}: {m}" for p, m in kernels.methods),
            "kernels": "\n".join(kernel_labels(kernels.kernels)),
        }
        outputs = output_specs(model, kernels if self.options.profile else None)
        inputs = input_specs(model)
        manifest = Manifest(key, model.hash, self.name, inputs, outputs, provenance, options.lanes)
        (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1))
        for name, text in zip(READABLE, (model.dump(), kernels.dump()), strict=True):
            (folder / name).write_text(text)

    def _without_compiler(self, model: Model, error: CompilerNotFoundError) -> Build:
        found = self.find(model)
        if found is not None:
            return found
        why = [Fit.of(parcel.fit).problem() for parcel in received(self.identity(model))]
        came = "\n".join(f"a build came with the job, but {problem}" for problem in why)
        raise CompilerNotFoundError(f"{error}\n{came or NOTHING_CAME}") from error

    def why_alone(self, model: Model) -> str:
        return lanes.why_alone(model)

    def advised_lanes(self, model: Model) -> int:
        return 1 if self.options.profile or self.why_alone(model) else lanes.advised(model)

    def in_lanes(self, lanes: int) -> CPPBackend:
        return replace(self, options=replace(self.options, lanes=lanes))

    def runner(self, build: Build) -> Runner:
        own = build.path / HOST
        return HostRunner(build, own if own.exists() else self._host())

    def provenance(self) -> Mapping[str, str]:
        import numpy

        try:
            command = " ".join(find_compiler(self.compiler).command)
        except CompilerNotFoundError:
            command = "none"
        return {
            "spikefarm": __version__,
            "device": self.name,
            "compiler": command,
            "flags": " ".join(self.options.flags()),
            "cpu": cpu_target(),
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "platform": platform.platform(),
        }


@cache
def generator_digest() -> str:
    """Hash of everything that turns a Model into a build: a changed generator makes another build."""
    files = [*_PACKAGE.glob("core/**/*.py"), *_HERE.glob("*.py"), *(_HERE / "templates").iterdir()]
    digest = hashlib.sha256(engine_digest().encode())
    for path in sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_manifest(path: Path) -> Manifest:
    """The manifest of a build.

    Raises
    ------
    BuildError
        If it is not readable.
    """
    try:
        data: dict[str, Any] = json.loads((path / MANIFEST).read_text())
        data["inputs"] = tuple(InputSpec(**item) for item in data["inputs"])
        data["outputs"] = tuple(OutputSpec(**item) for item in data["outputs"])
        return Manifest(**data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BuildError(
            f"the build at {path} has no readable manifest ({error}); clear the cache."
        ) from error
