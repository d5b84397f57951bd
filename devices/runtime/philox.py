"""The engine's random numbers in numpy: the same draws for the same seed, stream, step and element.

Philox4x32-10 after Salmon, Moraes, Dror and Shaw (2011), and the layout of counters of ``engine/random.h``. Uniform
draws are bit for bit those of the engine; normal ones agree to the rounding of numpy's logarithm, sine and cosine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)


def words(count: int, seed: int, stream: int, step: int) -> tuple[Words, Words]:
    """Two 64-bit words for each of the first ``count`` blocks."""
    blocks = np.arange(count, dtype=np.uint64)
    return words_at(blocks, np.full(count, step, dtype=np.uint64), seed, stream)


def words_at(blocks: Words, steps: Words, seed: int, stream: int) -> tuple[Words, Words]:
    """Two 64-bit words for each pair of a block and a step, arrays of the same shape."""
    c = [blocks & _LOW, steps & _LOW, steps >> _SHIFT, np.full(blocks.shape, stream, dtype=np.uint64)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        first, second = _MULTIPLIERS[0] * c[0], _MULTIPLIERS[1] * c[2]
        c = [
            (second >> _SHIFT) ^ c[1] ^ np.uint64(key[0]),
            second & _LOW,
            (first >> _SHIFT) ^ c[3] ^ np.uint64(key[1]),
            first & _LOW,
        ]
        key = [(k + w) & 0xFFFFFFFF for k, w in zip(key, _WEYL, strict=True)]
    return c[0] | (c[1] << _SHIFT), c[2] | (c[3] << _SHIFT)


def _fraction(word: Words, offset: int = 0) -> NDArray[np.float64]:
    return ((word >> np.uint64(11)) + np.uint64(offset)).astype(np.float64) * 2.0**-53


def uniform(n: int, seed: int, stream: int, step: int) -> NDArray[np.float64]:
    """``n`` numbers from 0 up to 1."""
    first, second = words((n + 1) // 2, seed, stream, step)
    return np.concatenate([_fraction(first), _fraction(second)])[:n]


def normal(n: int, seed: int, stream: int, step: int) -> NDArray[np.float64]:
    """``n`` standard normal numbers (Box and Muller 1958)."""
    first, second = words((n + 1) // 2, seed, stream, step)
    radius = np.sqrt(-2 * np.log(_fraction(first, 1)))
    angle = 2 * np.pi * _fraction(second)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:n]


def elements_at(
    distribution: str, element: Words, count: Words, seed: int, stream: int, step: Words
) -> Floats:
    """Single draws, ``element`` of ``count`` at ``step``: arrays of the same shape.

    Raises
    ------
    NotImplementedError
        For distributions other than the uniform and the normal one.
    """
    if distribution not in ("uniform", "normal"):
        raise NotImplementedError(
            f"numbers of the {distribution} distribution cannot be drawn for single synapses here; use rand() or "
            "randn(), or the standalone device."
        )
    half = (count + np.uint64(1)) // np.uint64(2)
    early = element < half
    first, second = words_at(np.where(early, element, element - half), step, seed, stream)
    if distribution == "uniform":
        return _fraction(np.where(early, first, second))
    radius = np.sqrt(-2 * np.log(_fraction(first, 1)))
    angle = 2 * np.pi * _fraction(second)
    normals: Floats = radius * np.where(early, np.cos(angle), np.sin(angle))
    return normals
