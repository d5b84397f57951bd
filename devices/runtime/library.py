"""The C++ target: a compiled model loaded into this process."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..base import PROFILE, Array, Build, SimulationError
from ..cpp_standalone.emit_entries import ACTIVE
from .context import Callback, Context

_DTYPES = {
    "float64": np.float64,
    "float32": np.float32,
    "int64": np.int64,
    "bool": np.bool_,
    "int32": np.int32,
    "uint64": np.uint64,
}
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32)
_POINTER = ctypes.c_void_p
_I32, _I64, _F64 = ctypes.c_int32, ctypes.c_int64, ctypes.c_double


@lru_cache(maxsize=256)
def _load(path: Path) -> Any:
    """A shared object with the types of its functions declared."""
    library = ctypes.CDLL(str(path))
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "sf_create": (_POINTER, []),
        "sf_set": (ctypes.c_int, [_POINTER, _I32, _POINTER, _I64]),
        "sf_run": (ctypes.c_int, [_POINTER]),
        "sf_read": (_POINTER, [_POINTER, _I32, ctypes.POINTER(_I64)]),
        "sf_error": (ctypes.c_char_p, [_POINTER]),
        "sf_destroy": (None, [_POINTER]),
        "sf_set_callback": (None, [_POINTER, _CALLBACK, _POINTER]),
        "sf_stop": (None, [_POINTER]),
        "sf_resize": (ctypes.c_int, [_POINTER, _I32, _I64]),
        "sf_resume": (None, [_POINTER, _F64, _I32, _F64, _I64]),
        "sf_clock_state": (_F64, [_POINTER, _I32, ctypes.POINTER(_F64), ctypes.POINTER(_I64)]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class LibraryContext(Context):
    """A context of a compiled model.

    Parameters
    ----------
    build : Build
        Its path holds ``model.so``.
    clocks : tuple of str
        The model's clocks, in its own order.
    """

    def __init__(self, build: Build, clocks: tuple[str, ...]) -> None:
        self._library = _load(build.path / "model.so")
        self._inputs = {spec.id: k for k, spec in enumerate(build.manifest.inputs)}
        self._outputs = {spec.id: (k, spec) for k, spec in enumerate(build.manifest.outputs)}
        self._labels = build.manifest.provenance["kernels"].splitlines()
        self._clocks = clocks
        self._handle = self._library.sf_create()
        if not self._handle:
            raise SimulationError("out of memory for the state of the simulation")

    def _array(self, id: str) -> Array:
        slot, spec = self._outputs[id]
        count = _I64()
        address = self._library.sf_read(self._handle, slot, ctypes.byref(count))
        dtype = np.dtype(_DTYPES[spec.dtype])
        if not address or not count.value:
            return np.zeros(0, dtype=dtype)
        memory = (ctypes.c_char * (count.value * dtype.itemsize)).from_address(address)
        array: Array = np.frombuffer(memory, dtype=dtype)  # type: ignore[call-overload]
        return array

    def state(self, id: str) -> Array:
        return self._array(id)

    def resize(self, id: str, count: int) -> None:
        if self._library.sf_resize(self._handle, self._outputs[id][0], count):
            raise SimulationError(self._error())

    def records(self, id: str) -> Array:
        return self._array(id).copy()

    def switch(self, number: int, active: bool) -> None:
        self._array(ACTIVE)[number] = active

    def resume(self, time: float, clocks: Mapping[str, tuple[float, int]]) -> None:
        for k, name in enumerate(self._clocks):
            dt, ticks = clocks.get(name, (0.0, 0))
            self._library.sf_resume(self._handle, time, k, dt, ticks)

    def clocks(self) -> Mapping[str, tuple[float, float, int]]:
        found = {}
        for k, name in enumerate(self._clocks):
            dt, ticks = _F64(), _I64()
            t = self._library.sf_clock_state(self._handle, k, ctypes.byref(dt), ctypes.byref(ticks))
            found[name] = (t, dt.value, ticks.value)
        return found

    def time(self) -> float:
        return float(self._array("t")[0])

    def profile(self) -> tuple[Sequence[str], Array]:
        if PROFILE not in self._outputs:
            return (), np.zeros(0)
        return self._labels, self._array(PROFILE).copy()

    def run(self, inputs: Mapping[str, Array], callback: Callback) -> None:
        for id, values in inputs.items():
            array = np.ascontiguousarray(values)
            if self._library.sf_set(self._handle, self._inputs[id], array.ctypes.data, array.size):
                raise SimulationError(f"{id}: {self._error()}")
        called = _CALLBACK(lambda _, place: 1 if callback(place) else 0)
        self._library.sf_set_callback(self._handle, called, None)
        if self._library.sf_run(self._handle):
            raise SimulationError(self._error())

    def _error(self) -> str:
        return str(self._library.sf_error(self._handle).decode(errors="replace"))

    def stop(self) -> None:
        self._library.sf_stop(self._handle)

    def close(self) -> None:
        if self._handle:
            self._library.sf_destroy(self._handle)
        self._handle = None
