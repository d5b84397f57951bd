"""Fingerprints of functions and values: the same in every process, different when a result could be.

Of a function count its bytecode, constants, defaults, closure and the global names that it reads, recursively;
neither its place in a file nor its line numbers. What is installed counts by name and version, what the user
wrote by content. A module that a function imports in its body counts by name alone.
"""

from __future__ import annotations

import dis
import enum
import functools
import re
import struct
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from . import adapters
from .keys import digest

_OURS = __name__.partition(".")[0]
_PYTHON = f"python {sys.version_info.major}.{sys.version_info.minor}"
_READS_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_CLASS_CLUTTER = frozenset({
    "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__firstlineno__",
    "__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__", "__abstractmethods__",
    "_abc_impl",
})  # fmt: skip
_BUILTIN = types.BuiltinFunctionType | types.MethodWrapperType | types.WrapperDescriptorType
_MEMBER = types.MethodDescriptorType | types.GetSetDescriptorType | types.MemberDescriptorType


class FingerprintError(TypeError):
    """Something has no content that could be told apart from process to process."""


def fingerprint(value: object) -> bytes:
    """Return 32 bytes that stand for a value, a function or a structure of both.

    Raises
    ------
    FingerprintError
        Names what in `value` cannot be told apart, and what to do.
    """
    return _Walk().of(value)


class _Walk:
    """One walk through a structure; objects that were met before are not walked again."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[object, bytes]] = {}  # keeps the objects alive, so that ids stay theirs
        self.path: list[int] = []

    def of(self, value: object) -> bytes:
        simple = _simple(value)
        if simple is not None:
            return digest(*simple)
        known = self.done.get(id(value))
        if known is not None:
            return known[1]
        if id(value) in self.path:
            return digest(b"cycle", str(len(self.path) - self.path.index(id(value))).encode())
        self.path.append(id(value))
        try:
            result = digest(*self.parts(value))
        finally:
            self.path.pop()
        self.done[id(value)] = (value, result)
        return result

    def parts(self, value: Any) -> Iterable[bytes]:
        """Yield what a value is made of, a tag first."""
        for kind, parts in _KINDS:
            if isinstance(value, kind):
                return parts(self, value)
        return self.reduced(value)

    def sequence(self, value: Iterable[Any]) -> Iterator[bytes]:
        yield type(value).__name__.encode()
        yield from map(self.of, value)

    def unordered(self, value: Iterable[Any]) -> Iterator[bytes]:
        yield b"set"
        yield from sorted(map(self.of, value))

    def mapping(self, value: Mapping[Any, Any]) -> Iterator[bytes]:
        yield b"mapping"
        for key, item in sorted((self.of(key), self.of(item)) for key, item in value.items()):
            yield key
            yield item

    def array(self, value: np.ndarray[Any, Any]) -> Iterator[bytes]:
        values, dimension = adapters.split(value)
        yield b"array"
        yield dimension.encode()
        yield str(values.shape).encode()
        if values.dtype.hasobject:
            yield from map(self.of, values.reshape(-1).tolist())
        else:
            yield values.dtype.str.encode() + str(values.dtype.descr if values.dtype.names else "").encode()
            yield np.ascontiguousarray(values).tobytes()

    def number(self, value: np.generic) -> Iterator[bytes]:
        return self.array(np.asarray(value))

    def code(self, value: types.CodeType) -> Iterator[bytes]:
        yield b"code"
        yield value.co_code
        yield value.co_exceptiontable
        for names in (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars):
            yield " ".join(names).encode()
        counts = (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags)
        yield repr(counts).encode()
        yield from map(self.of, value.co_consts)

    def function(self, value: types.FunctionType) -> Iterator[bytes]:
        if _is_installed(value.__module__):
            return _named(value)
        return self._own_function(value)

    def _own_function(self, value: types.FunctionType) -> Iterator[bytes]:
        yield b"function"
        yield _PYTHON.encode()  # bytecode is its own in every version of Python
        yield self.of(value.__code__)
        yield self.of(value.__defaults__)
        yield self.of(value.__kwdefaults__)
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            yield name.encode()
            yield self.of(cell.cell_contents) if _is_filled(cell) else b"empty"
        for name in sorted(_global_names(value.__code__)):
            yield name.encode()
            if name in value.__globals__:
                yield self.named_value(name, value.__globals__[name])

    def named_value(self, name: str, value: object) -> bytes:
        try:
            return self.of(value)
        except FingerprintError as error:
            raise FingerprintError(f"{name!r}: {error}") from None

    def method(self, value: types.MethodType) -> Iterator[bytes]:
        yield b"method"
        yield self.of(value.__func__)
        yield self.of(value.__self__)

    def partial(self, value: functools.partial[Any]) -> Iterator[bytes]:
        yield b"partial"
        yield from map(self.of, (value.func, value.args, value.keywords))

    def property_(self, value: property) -> Iterator[bytes]:
        yield b"property"
        yield from map(self.of, (value.fget, value.fset, value.fdel))

    def wrapped(self, value: staticmethod[..., Any] | classmethod[Any, ..., Any]) -> Iterator[bytes]:
        yield type(value).__name__.encode()
        yield self.of(value.__func__)

    def module(self, value: types.ModuleType) -> Iterator[bytes]:
        yield b"module"
        yield value.__name__.encode()
        yield _version(value.__name__) if _is_installed(value.__name__) else _source(value)

    def class_(self, value: type) -> Iterator[bytes]:
        if _is_installed(value.__module__):
            return _named(value)
        return self._own_class(value)

    def _own_class(self, value: type) -> Iterator[bytes]:
        yield b"class"
        yield value.__qualname__.encode()
        yield from map(self.of, value.__bases__)
        for name, item in sorted(vars(value).items()):
            if name not in _CLASS_CLUTTER:
                yield name.encode()
                yield self.named_value(name, item)

    def builtin(self, value: Any) -> Iterator[bytes]:
        yield b"builtin"
        yield value.__qualname__.encode()
        owner = getattr(value, "__self__", None)
        yield self.of(value.__objclass__.__qualname__ if isinstance(value, _MEMBER) else owner)

    def ufunc(self, value: np.ufunc) -> Iterator[bytes]:
        yield b"ufunc"
        yield value.__name__.encode()
        yield _version("numpy")

    def enum(self, value: enum.Enum) -> Iterator[bytes]:
        yield b"enum"
        yield self.of(type(value).__qualname__)
        yield value.name.encode()

    def generator(self, value: np.random.Generator | np.random.RandomState) -> Iterator[bytes]:
        # Its state is what has been drawn from it so far: nothing that a result should depend on.
        yield type(value).__qualname__.encode()

    def cached(self, value: Any) -> Iterator[bytes]:
        yield b"cached"
        yield self.of(value.__wrapped__)

    def reduced(self, value: Any) -> Iterator[bytes]:
        """Take an object apart as pickle would."""
        if adapters.is_declared(value):  # what it is made of is in the model's own hash
            yield from (b"declared", type(value).__qualname__.encode(), adapters.object_name(value).encode())
            return
        try:
            made = value.__reduce_ex__(4)
        except Exception as error:
            raise FingerprintError(
                f"a {type(value).__qualname__} has no content that could be compared from run to run ({error}); "
                "make it inside the function, or pass what is needed of it as numbers or text"
            ) from None
        yield b"object"
        if isinstance(made, str):  # the name of a global
            yield f"{value.__module__}.{made}".encode()
            yield _version(value.__module__)
            return
        function, args, *rest = made
        yield from map(self.of, (function, args))
        for part in rest:
            yield self.of(list(part) if isinstance(part, Iterator) else part)


def _simple(value: object) -> tuple[bytes, ...] | None:
    """Return tag and content of values without parts."""
    match value:
        case None | bool() | types.EllipsisType():
            return b"constant", repr(value).encode()
        case float() if type(value) is float:
            return b"float", struct.pack("<d", value)
        case int() | complex() if type(value) in (int, complex):
            return type(value).__name__.encode(), repr(value).encode()
        case str() if type(value) is str:
            return b"str", value.encode("utf-8", "surrogatepass")
        case bytes() | bytearray():
            return b"bytes", bytes(value)
        case range() | PurePath():
            return type(value).__name__.encode(), repr(value).encode()
        case re.Pattern():
            return b"pattern", repr(value.pattern).encode(), str(value.flags).encode()
        case np.dtype():
            return b"dtype", repr(value).encode()
        case slice():
            return b"slice", repr(value).encode()
        case _:
            return None


_KINDS: tuple[tuple[Any, Callable[[_Walk, Any], Iterator[bytes]]], ...] = (
    (enum.Enum, _Walk.enum),
    (types.CodeType, _Walk.code),
    (types.FunctionType, _Walk.function),
    (types.MethodType, _Walk.method),
    (functools.partial, _Walk.partial),
    (property, _Walk.property_),
    (staticmethod | classmethod, _Walk.wrapped),
    (types.ModuleType, _Walk.module),
    (type, _Walk.class_),
    (_BUILTIN | _MEMBER, _Walk.builtin),
    (np.ufunc, _Walk.ufunc),
    (np.ndarray, _Walk.array),
    (np.generic, _Walk.number),
    (tuple | list, _Walk.sequence),
    (set | frozenset, _Walk.unordered),
    (dict | types.MappingProxyType, _Walk.mapping),
    (np.random.Generator | np.random.RandomState, _Walk.generator),
    (functools._lru_cache_wrapper, _Walk.cached),
)


def _global_names(code: types.CodeType) -> set[str]:
    """Return names that a function and those inside it look up outside of any function."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in _READS_GLOBAL}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names


def _is_filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is cell.cell_contents
    except ValueError:
        return False


def _named(value: Any) -> Iterator[bytes]:
    yield b"installed"
    yield f"{value.__module__}.{value.__qualname__}".encode()
    yield _version(value.__module__)


@functools.cache
def _is_installed(module: str | None) -> bool:
    """Whether a module came with Python or a package manager, or is ours, so that its version tells all."""
    top = (module or "__main__").partition(".")[0]
    if top in sys.stdlib_module_names or top == _OURS:
        return top != "__main__"
    if top not in sys.modules:
        return False
    places = [Path(p).resolve() for p in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
    files = [getattr(sys.modules[top], "__file__", None), *getattr(sys.modules[top], "__path__", ())]
    return any(Path(f).resolve().is_relative_to(place) for f in files if f for place in places)


@functools.cache
def _version(module: str) -> bytes:
    top = module.partition(".")[0]
    if top == _OURS:
        return b""  # what changes the numbers is in the numerics of a run
    if top in sys.stdlib_module_names:
        return _PYTHON.encode()
    return str(getattr(sys.modules.get(top), "__version__", "")).encode()


def _source(module: types.ModuleType) -> bytes:
    file = getattr(module, "__file__", None)
    if file is None:
        return b""
    return Path(file).read_bytes()
