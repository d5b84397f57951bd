"""Identities of runs: digests of inputs, seeds and run keys, for a million runs at a time.

A run's inputs are a set of named values. Each gets a 256-bit digest, and the digests of one run are added up,
lane by lane (an additive multiset hash: Clarke, Devadas, van Dijk, Gassend & Suh, ASIACRYPT 2003). So the sum
of a run follows from those of its axes, no order matters, and a value counts the same whether it comes from
the model or from an axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Words = NDArray[np.uint64]  # last dimension: the four lanes of a digest

LANES = 4
KEY_BYTES = 32
FORMAT = b"run key 1"
_CHUNK = 2**16
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def digest(*parts: bytes | memoryview) -> bytes:
    """Return 32 bytes that stand for these parts, in this order."""
    hasher = blake2b(digest_size=KEY_BYTES)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))
        hasher.update(part)
    return hasher.digest()


def array_digest(name: str, values: Array) -> bytes:
    """Return 32 bytes that stand for an input and its value: element type, length and content count."""
    flat = np.ascontiguousarray(values).reshape(-1)
    hasher = blake2b(digest_size=KEY_BYTES)
    hasher.update(f"{name}\0{flat.dtype.str}\0{flat.size}\0".encode())
    hasher.update(flat.data)
    return hasher.digest()


def array_digests(name: str, rows: Array) -> Words:
    """Return what `array_digest` gives for each row, as words of shape (n, 4)."""
    rows = np.ascontiguousarray(rows)
    each = rows[0].size
    start = blake2b(f"{name}\0{rows.dtype.str}\0{each}\0".encode(), digest_size=KEY_BYTES)
    raw, width = memoryview(rows.tobytes()), each * rows.dtype.itemsize
    digests = []
    for i in range(len(rows)):
        hasher = start.copy()
        hasher.update(raw[i * width : (i + 1) * width])
        digests.append(hasher.digest())
    return as_words(digests)


def as_words(digests: Iterable[bytes]) -> Words:
    """Return digests as an array of shape (n, 4)."""
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64).reshape(-1, LANES)


def total(digests: Iterable[bytes]) -> Words:
    """Return the sum of digests, shape (4,)."""
    result: Words = as_words(digests).sum(axis=0, dtype=np.uint64)
    return result


def point_totals(base: Mapping[str, bytes], axes: Iterable[tuple[Iterable[str], Words]]) -> Words:
    """Return the digest of every point of a product of axes.

    Parameters
    ----------
    base : mapping
        Digest of each input that has the same value unless an axis says otherwise.
    axes : iterable of (names, words)
        The inputs that an axis sets, and the sums of their digests along it, shape (n, 4).

    Returns
    -------
    uint64 array, shape (points, 4), the last axis varying fastest
    """
    axes = list(axes)
    varying = {name for names, _ in axes for name in names}
    result = total(value for name, value in base.items() if name not in varying).reshape(1, LANES)
    for _, words in axes:
        result = (result[:, None, :] + words[None, :, :]).reshape(-1, LANES)
    return result


def _mix(x: Words) -> Words:
    # Finaliser of SplitMix64 (Steele, Lea & Flood 2014, with Stafford's 13th set of constants): bijective.
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def run_seeds(points: Words, master: int, repeats: int) -> NDArray[np.uint64]:
    """Return the seed of every run.

    A seed depends on the master seed, on the values of the run's inputs and on which repeat it is, not on
    the other runs of the sweep: extending or reordering axes keeps the seeds of the runs that stay.

    Parameters
    ----------
    points : uint64 array, shape (points, 4)
        From `point_totals`.
    master : int
        From 0 to 2**64 - 1.
    repeats : int

    Returns
    -------
    uint64 array, shape (points * repeats,), the repeat varying fastest
        Below 2**63, so that they fit a signed integer of other tools too.
    """
    with np.errstate(over="ignore"):
        repeat = np.arange(1, repeats + 1, dtype=np.uint64)
        x = _mix(np.uint64(master) + repeat * _GOLDEN)[None, :]
        for lane in range(LANES):
            x = _mix(x ^ points[:, lane, None])
    return (x >> np.uint64(1)).reshape(-1)


def run_keys(context: bytes, points: Words, seeds: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return the key of every run.

    Parameters
    ----------
    context : bytes, 32
        Digest of what all runs have in common: model, numerics, outputs wanted.
    points : uint64 array, shape (points, 4)
    seeds : uint64 array, shape (points * repeats,)

    Returns
    -------
    uint8 array, shape (points * repeats, 32)
    """
    repeats = len(seeds) // len(points)
    width = 8 * (LANES + 1)
    keys = np.empty((len(seeds), KEY_BYTES), np.uint8)
    for start in range(0, len(seeds), _CHUNK):
        stop = min(start + _CHUNK, len(seeds))
        message = np.empty((stop - start, LANES + 1), "<u8")
        message[:, :LANES] = points[np.arange(start, stop) // repeats]
        message[:, LANES] = seeds[start:stop]
        raw = memoryview(message.tobytes())
        digests = [
            blake2b(raw[i : i + width], digest_size=KEY_BYTES, key=context).digest()
            for i in range(0, len(raw), width)
        ]
        keys[start:stop] = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, KEY_BYTES)
    return keys
