"""Python values as bytes and back, without pickle: what is read from a file can do nothing but be data."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np

from . import adapters

CAN = (
    "None, truth values, numbers, text, bytes, arrays, quantities, and tuples, lists, sets and dicts of these"
)


class CodecError(TypeError):
    """A value that cannot be kept."""


def encode(value: Any) -> bytes:
    """Return bytes that `decode` turns into an equal value.

    Raises
    ------
    CodecError
        It is, or has in it, something else than `CAN` says.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    tree = json.dumps(_tree(value, arrays), separators=(",", ":")).encode()
    parts = [len(tree).to_bytes(8, "little"), tree]
    for array in arrays:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, array, allow_pickle=False)
        parts.append(buffer.getvalue())
    return b"".join(parts)


def decode(blob: bytes) -> Any:
    """Return the value that `encode` was given.

    Raises
    ------
    CodecError
        Not bytes of `encode`.
    """
    try:
        length = int.from_bytes(blob[:8], "little")
        tree = json.loads(blob[8 : 8 + length])
        rest = io.BytesIO(blob[8 + length :])
        arrays = []
        while rest.tell() < len(blob) - 8 - length:
            arrays.append(np.lib.format.read_array(rest, allow_pickle=False))
        return _value(tree, arrays)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise CodecError(f"{len(blob)} bytes are no value: {error}") from None


def _tree(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return a value as JSON has it: what JSON does not know is an object with a tag."""
    match value:
        case None | bool() | str():
            return value
        case int() | float() if type(value) in (int, float):
            return value if type(value) is int or math.isfinite(value) else {"float": repr(value)}
        case complex() if type(value) is complex:
            return {"complex": repr(value)}
        case bytes():
            return {"bytes": value.hex()}
        case np.ndarray() | np.generic():
            return _array(value, arrays)
        case tuple() | list() | set() | frozenset() if type(value) in _SEQUENCES.values():
            items = [_tree(item, arrays) for item in value]
            return items if type(value) is list else {type(value).__name__: items}
        case dict() if type(value) is dict:
            return {"dict": [[_tree(k, arrays), _tree(v, arrays)] for k, v in value.items()]}
    raise CodecError(f"the {type(value).__name__} {value!r:.60} cannot be kept; return {CAN}")


def _array(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    array, dimension = adapters.split(value)
    if array.dtype.hasobject:
        raise CodecError(f"an array of {array.dtype} cannot be kept; return {CAN}")
    arrays.append(np.asarray(array))
    kind = "quantity" if dimension else "number" if isinstance(value, np.generic) else "array"
    return {kind: len(arrays) - 1, "dimension": dimension}


_SEQUENCES: dict[str, Any] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}


def _value(tree: Any, arrays: list[Any]) -> Any:
    if isinstance(tree, list):
        return [_value(item, arrays) for item in tree]
    if not isinstance(tree, dict):
        return tree
    tag, content = next(iter(tree.items()))
    if tag in _SEQUENCES:
        return _SEQUENCES[tag](_value(item, arrays) for item in content)
    if tag == "dict":
        return {_value(k, arrays): _value(v, arrays) for k, v in content}
    if tag in ("float", "complex"):
        return {"float": float, "complex": complex}[tag](content)
    if tag == "bytes":
        return bytes.fromhex(content)
    if tag == "number":
        return arrays[content][()]
    if tag == "quantity":
        return adapters.with_dimension(arrays[content], tree["dimension"])
    if tag == "array":
        return arrays[content]
    raise CodecError(f"{tag!r} is no kind of value")
