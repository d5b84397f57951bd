"""What a draw is (``engine/random.h``) written down a second time, in numpy."""

from __future__ import annotations

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)


def philox(counter: list[np.ndarray | int], key: list[int]) -> list[np.ndarray]:
    """Philox4x32-10 of Salmon et al. (2011), on arrays of 32-bit words kept as uint64."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = list(key)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]),
            p1 & _LOW,
            (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]),
            p0 & _LOW,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def words(n: int, seed: int, stream: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """The two 64-bit words of each of the (n + 1) // 2 blocks."""
    block = np.arange((n + 1) // 2, dtype=np.uint64)
    x = philox(
        [block, np.uint64(step & 0xFFFFFFFF), np.uint64(step >> 32), np.uint64(stream)],
        [seed & 0xFFFFFFFF, seed >> 32],
    )
    shift = np.uint64(32)
    return x[0] | x[1] << shift, x[2] | x[3] << shift


def uniform(n: int, seed: int, stream: int, step: int) -> np.ndarray:
    both = np.concatenate(words(n, seed, stream, step))
    return ((both >> np.uint64(11)).astype(np.float64) * 2.0**-53)[:n]


def normal(n: int, seed: int, stream: int, step: int) -> np.ndarray:
    """With numpy's own logarithm, sine and cosine: equal to rounding, not to the bit."""
    w0, w1 = words(n, seed, stream, step)
    u1 = ((w0 >> np.uint64(11)).astype(np.float64) + 1) * 2.0**-53
    u2 = (w1 >> np.uint64(11)).astype(np.float64) * 2.0**-53
    r = np.sqrt(-2 * np.log(u1))
    return np.concatenate([r * np.cos(2 * np.pi * u2), r * np.sin(2 * np.pi * u2)])[:n]


def normal_exact(n: int, seed: int, stream: int, step: int) -> np.ndarray:
    """The operations of ``engine/random.h`` one by one: equal to the bit."""
    w0, w1 = words(n, seed, stream, step)
    r = np.sqrt(-2 * log(((w0 >> np.uint64(11)) + np.uint64(1)).astype(np.float64) * 2.0**-53))
    sine, cosine = sincos_turn((w1 >> np.uint64(11)).astype(np.float64) * 2.0**-53)
    return np.concatenate([r * cosine, r * sine])[:n]


def _hex(*texts: str) -> list[float]:
    return [float.fromhex(text) for text in texts]


def log(x: np.ndarray) -> np.ndarray:
    bits = x.view(np.uint64)
    root = np.uint64(0x3FE6A09E667F3BCD)
    shifted = bits + (np.uint64(0x3FF0000000000000) - root)
    k = (shifted >> np.uint64(52)).astype(np.float64) - 1023
    f = ((shifted & np.uint64(0x000FFFFFFFFFFFFF)) + root).view(np.float64) - 1
    c = _hex("0x1.5555555555558p-1", "0x1.99999999952e2p-2", "0x1.2492492df148dp-2", "0x1.c71c62e58003bp-3")
    c += _hex("0x1.7462b4ab305efp-3", "0x1.39fe60651c98fp-3", "0x1.2b584ab008dc8p-3")
    s = f / (2 + f)
    z = s * s
    z2 = z * z
    half = 0.5 * f * f
    p = (c[0] + z * c[1]) + z2 * (c[2] + z * c[3]) + (z2 * z2) * ((c[4] + z * c[5]) + z2 * c[6])
    low = s * (half + z * p) + k * float.fromhex("0x1.a39ef35793c76p-33")
    return k * float.fromhex("0x1.62e42fee00000p-1") - ((half - low) - f)


def sincos_turn(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    q = np.rint(4 * u)
    t = 4 * u - q
    z = t * t
    z2 = z * z
    z4 = z2 * z2
    a = _hex("-0x1.4abbce625be52p-1", "0x1.466bc6775a476p-4", "-0x1.32d2cce500387p-8")
    a += _hex("0x1.50783208843ebp-13", "-0x1.e3027dea82bd4p-19", "0x1.e4a9d9166ef25p-25")
    b = _hex("-0x1.3bd3cc9be45dep+0", "0x1.03c1f081b5ac0p-2", "-0x1.55d3c7e3cb241p-6")
    b += _hex("0x1.e1f5068688d5bp-11", "-0x1.a6d1eef479be1p-16", "0x1.f9ce245cada08p-22")
    b += _hex("-0x1.b2f3eb054aeb9p-28")
    half_pi, rest = _hex("0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54")
    s = (a[0] + z * a[1]) + z2 * (a[2] + z * a[3]) + z4 * (a[4] + z * a[5])
    c = (b[0] + z * b[1]) + z2 * (b[2] + z * b[3]) + z4 * ((b[4] + z * b[5]) + z2 * b[6])
    sin_t, cos_t = t * half_pi + t * (rest + z * s), 1 + z * c
    quadrant = q.astype(np.int64) % 4
    sine = np.choose(quadrant, [sin_t, cos_t, -sin_t, -cos_t])
    cosine = np.choose(quadrant, [cos_t, -sin_t, -cos_t, sin_t])
    return sine, cosine
