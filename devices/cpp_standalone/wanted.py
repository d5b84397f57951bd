"""Finding out which model a script wants to have built, without building it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...core.model import Model
from .toolchain import CompileOptions

_listening = [False]


class BuildWanted(BaseException):
    """A script wants a model built; no error, and not for scripts to catch."""

    def __init__(self, model: Model, options: CompileOptions, compiler: str | None) -> None:
        super().__init__("a model is to be built")
        self.model, self.options, self.compiler = model, options, compiler


@contextmanager
def stop_at_build() -> Iterator[None]:
    """Let whatever asks for a build in this process, in any thread, raise `BuildWanted`."""
    _listening[0] = True
    try:
        yield
    finally:
        _listening[0] = False


def announce(model: Model, options: CompileOptions, compiler: str | None) -> None:
    """Say that a model is to be built.

    Raises
    ------
    BuildWanted
        If somebody wants to know.
    """
    if _listening[0]:
        raise BuildWanted(model, options, compiler)


__all__ = ["BuildWanted", "announce", "stop_at_build"]
