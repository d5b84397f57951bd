"""The frames between a runner and its host process; ``engine/serve.h`` is the other end's description."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BASE, RUN, READ, SAVE, QUIT, RUNS = 1, 2, 3, 4, 5, 6
PROGRESS = 2  # the status of a frame that is no reply yet
HEADER = struct.Struct("<IIQ")
_PAIR = struct.Struct("<II")
_VALUE = struct.Struct("<IIQ")
_COUNT = struct.Struct("<Q")
_SECONDS = struct.Struct("<d")
_PADDING = b"\0" * 8

DTYPES: dict[str, np.dtype[Any]] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "uint64": np.dtype("<u8"),
    "bool": np.dtype("?"),
}


def request(operation: int, payload: Sequence[bytes | memoryview], flags: int = 0) -> bytes:
    """Join the parts of a payload, each padded already, behind a header."""
    body = b"".join(payload)
    return HEADER.pack(operation, flags, len(body)) + body


def inputs_part(values: Iterable[tuple[int, Array]]) -> list[bytes | memoryview]:
    """Return the parts that give inputs: pairs of slot and one-dimensional array."""
    parts: list[bytes | memoryview] = [b""]
    count = 0
    for slot, array in values:
        count += 1
        data = array.tobytes()
        parts += (_VALUE.pack(slot, 0, array.size), data, _PADDING[: -len(data) % 8])
    parts[0] = _PAIR.pack(count, 0)
    return parts


def count_part(count: int) -> bytes:
    """Return the part that says how many runs follow."""
    return _PAIR.pack(count, 0)


def slots_part(slots: Sequence[int]) -> list[bytes | memoryview]:
    """Return the parts that ask for outputs."""
    data = struct.pack(f"<{len(slots)}I", *slots)
    return [_PAIR.pack(len(slots), 0), data, _PADDING[: -len(data) % 8]]


def path_part(path: bytes) -> list[bytes | memoryview]:
    """Return the parts that name a file."""
    return [path, _PADDING[: -len(path) % 8]]


def take_seconds(payload: bytearray) -> tuple[float, int]:
    """Return the duration a reply to RUN begins with, and where the outputs start."""
    return _SECONDS.unpack_from(payload)[0], _SECONDS.size


def take_outputs(payload: bytearray, at: int, dtypes: Iterable[np.dtype[Any]]) -> list[Array]:
    """Return the outputs in a reply from `at` on, writable arrays that share the payload's memory."""
    arrays = []
    for dtype in dtypes:
        (count,) = _COUNT.unpack_from(payload, at)
        at += _COUNT.size
        arrays.append(np.frombuffer(payload, dtype, count, at))
        at += (count * dtype.itemsize + 7) // 8 * 8
    return arrays
