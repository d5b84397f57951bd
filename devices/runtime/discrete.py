"""Poisson and binomial draws in numpy: the rules of ``engine/discrete.h``, for all elements at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .philox import normal, uniform, words

Floats = NDArray[np.float64]
_TRIALS = 4096
_ERRORS = np.array(
    [0, 0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.020790672103765093,
     0.016644691189821193, 0.013876128823070748, 0.01189670994589177, 0.010411265261972096, 0.009255462182712733]
)  # fmt: skip


def _pair(n: int, seed: int, stream: int, step: int, trial: int) -> tuple[Floats, Floats]:
    first, second = words(n, seed, stream, step + (trial << 48))
    shift = np.uint64(11)
    return (first >> shift).astype(np.float64) * 2.0**-53, (second >> shift).astype(np.float64) * 2.0**-53


def _stirling_error(k: Floats) -> Floats:
    z = 1 / np.maximum(k, 10) ** 2
    series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / np.maximum(k, 10)
    return np.where(k < 10, _ERRORS[np.minimum(k, 9).astype(int)], series)


def _deviance(k: Floats, mean: Floats) -> Floats:
    d = (k - mean) / mean
    return mean * ((1 + d) * np.log1p(d) - d)


def _log_poisson(k: Floats, mean: Floats) -> Floats:
    positive = np.maximum(k, 1)
    inside = -_stirling_error(positive) - _deviance(positive, mean) - 0.5 * np.log(2 * np.pi * positive)
    return np.where(k == 0, -mean, inside)


def _log_binomial(k: Floats, n: Floats, p: Floats) -> Floats:
    middle = np.clip(k, 1, np.maximum(n - 1, 1))
    rest = np.maximum(n - middle, 1)
    inside = _stirling_error(n) - _stirling_error(middle) - _stirling_error(rest)
    inside -= _deviance(middle, n * p) + _deviance(rest, n * (1 - p))
    inside += 0.5 * np.log(n / middle / rest / (2 * np.pi))
    return np.where(k == 0, n * np.log1p(-p), np.where(k == n, n * np.log(p), inside))


def _count_up(u: Floats, first: Floats, ratio: Callable[[int], Any]) -> Floats:
    """Inversion: the number of terms of a distribution that fit below ``u``."""
    rest, term, result = u.copy(), first.copy(), np.zeros_like(u)
    for k in range(1, 201):
        more = rest >= term
        if not more.any():
            break
        rest = np.where(more, rest - term, rest)
        result += more
        term = np.where(more, np.where(more, term, 0) * ratio(k), np.inf)
    return result


def _reject(
    n: int, place: tuple[int, int, int], trial_of: Callable[[Floats, Floats], tuple[Any, Any]]
) -> Floats:
    """Trials for all elements until each has been accepted once."""
    result, open_ = np.zeros(n), np.ones(n, dtype=bool)
    for trial in range(_TRIALS):
        value, accepted = trial_of(*_pair(n, *place, trial))
        take = open_ & accepted
        result = np.where(take, value, result)
        open_ &= ~take
        if not open_.any():
            break
    return result


def poisson(mean: Any, n: int, seed: int, stream: int, step: int) -> NDArray[np.int64]:
    """Poisson numbers with the means given, ``n`` of them."""
    lam = np.broadcast_to(np.asarray(mean, dtype=float), (n,))
    lam = np.where(lam > 0, np.minimum(lam, 2.0**62), 0.0)
    few = np.where(lam < 10, lam, 1.0)
    small = _count_up(_pair(n, seed, stream, step, 0)[0], np.exp(-few), lambda k: few / k)
    many = np.where(lam < 10, 10.0, lam)
    b = 0.931 + 2.53 * np.sqrt(many)
    a, scale, quick = -0.059 + 0.02483 * b, 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)

    def trial(u: Floats, v: Floats) -> tuple[Any, Any]:
        edge = 0.5 - np.abs(u - 0.5)
        k = np.floor((2 * a / edge + b) * (u - 0.5) + many + 0.43)
        height = np.log(v * scale / (a / edge**2 + b))
        possible = (k >= 0) & (k < 2.0**63) & ~((edge < 0.013) & (v > edge))
        return k, ((edge >= 0.07) & (v <= quick)) | (
            possible & (height <= _log_poisson(np.maximum(k, 0), many))
        )

    with np.errstate(all="ignore"):
        large = _reject(n, (seed, stream, step), trial) if (lam >= 10).any() else small
    return np.where(lam == 0, 0, np.where(lam < 10, small, large)).astype(np.int64)


def binomial(trials: Any, p: Any, n: int, seed: int, stream: int, step: int) -> NDArray[np.int64]:
    """Successes of ``trials`` trials with probability ``p``, ``n`` of them."""
    count, chance = float(max(int(trials), 0)), float(np.clip(p, 0, 1))
    if count == 0 or chance in (0.0, 1.0):
        return np.full(n, int(count * chance), dtype=np.int64)
    half = min(chance, 1 - chance)
    mean, size = count * half, np.asarray(count)
    with np.errstate(all="ignore"):
        if mean < 10:
            first = np.full(n, np.exp(count * np.log1p(-half)))
            odds = half / (1 - half)
            found = _count_up(
                _pair(n, seed, stream, step, 0)[0], first, lambda k: odds * max(count - k + 1, 0) / k
            )
            found = np.minimum(found, count)
        else:
            found = _reject(n, (seed, stream, step), _binomial_trial(size, np.asarray(half)))
    return np.asarray(found if chance <= 0.5 else count - found).astype(np.int64)


def _binomial_trial(count: Any, p: Any) -> Callable[[Floats, Floats], tuple[Any, Any]]:
    mean = count * p
    deviation = np.sqrt(mean * (1 - p))
    b = 1.15 + 2.53 * deviation
    a, scale, quick = -0.0873 + 0.0248 * b + 0.01 * p, (2.83 + 5.1 / b) * deviation, 0.92 - 4.2 / b
    top = _log_binomial(np.floor((count + 1) * p), count, p)

    def trial(u: Floats, v: Floats) -> tuple[Any, Any]:
        edge = 0.5 - np.abs(u - 0.5)
        k = np.floor((2 * a / edge + b) * (u - 0.5) + mean + 0.5)
        height = np.log(v * scale / (a / edge**2 + b))
        inside = (k >= 0) & (k <= count)
        chosen = np.clip(k, 0, count)
        return k, ((edge >= 0.07) & (v <= quick)) | (
            inside & (height <= _log_binomial(chosen, count, p) - top)
        )

    return trial


def binomial_approximate(trials: Any, p: Any, n: int, seed: int, stream: int, step: int) -> Floats:
    """Normally distributed numbers where more than five successes and failures are expected."""
    mean = float(trials) * float(p)
    if mean > 5 and float(trials) * (1 - float(p)) > 5:
        near: Floats = mean + np.sqrt(mean * (1 - float(p))) * normal(n, seed, stream, step)
        return near
    return binomial(trials, p, n, seed, stream, step).astype(np.float64)


DRAWS: dict[str, Callable[..., NDArray[Any]]] = {
    "uniform": uniform,
    "normal": normal,
    "poisson": poisson,
    "binomial": binomial,
    "binomial_approximate": binomial_approximate,
}
