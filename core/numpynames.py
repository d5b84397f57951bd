"""numpy's names as ``from spikefarm import *`` brings them: those of a numerical Python session.

Parts of numpy that take time to load (random numbers, Fourier transforms) are loaded when a name of
theirs is asked for, so that ``import spikefarm`` does not wait for them.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

import numpy as np

#: Python's own stay what they are: numpy's would break ``max(a, b)`` and ``check_units(result=bool)``.
_BUILTINS: Final = frozenset("abs bool max min pow round".split())

_FFT: Final = """
fft fft2 fftfreq fftn fftshift hfft ifft ifft2 ifftn ifftshift ihfft irfft irfft2 irfftn rfft rfft2 rfftfreq
rfftn
""".split()

# Without `seed`, which is the simulation's, and `power`, which everybody expects to be numpy.power.
_RANDOM: Final = """
beta binomial chisquare choice default_rng dirichlet exponential gamma geometric gumbel hypergeometric laplace
logistic lognormal logseries multinomial multivariate_normal negative_binomial noncentral_chisquare
noncentral_f normal pareto permutation poisson rand randint randn random random_sample ranf rayleigh sample
shuffle standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular uniform
vonmises wald weibull zipf
""".split()

#: Parts of numpy that are used by their full names.
_MODULES: Final = frozenset(
    "char core ctypeslib dtypes emath exceptions f2py lib polynomial rec strings test testing typing".split()
)

_LINALG: Final = tuple(name for name in np.linalg.__all__ if name not in np.__all__)
_PLAIN: Final = frozenset(n for n in np.__all__ if n[0] != "_") - _BUILTINS - _MODULES - {*_FFT, *_RANDOM}


def _iterating(func: Callable[..., Any], builtin: Callable[..., Any]) -> Callable[..., Any]:
    """numpy's function of arrays; Python's of generators, which numpy would take for one true object."""

    @wraps(func)
    def chosen(a: Any, *args: Any, **kwds: Any) -> Any:
        return (builtin if isinstance(a, Iterator) else func)(a, *args, **kwds)

    return chosen


_REDUCTIONS: Final = {
    "sum": _iterating(np.sum, builtins.sum),
    "any": _iterating(np.any, builtins.any),
    "all": _iterating(np.all, builtins.all),
}

NAMES: Final = tuple(sorted({*_PLAIN, *_FFT, *_RANDOM, *_LINALG, "np", "numpy"}))


def find(name: str) -> Any:
    """Return what a name of `NAMES` stands for.

    Raises
    ------
    AttributeError
        For any other name.
    """
    if name in ("np", "numpy"):
        return np
    if name in _REDUCTIONS:
        return _REDUCTIONS[name]
    if name in _PLAIN:
        return getattr(np, name)
    for module, names in (("random", _RANDOM), ("fft", _FFT), ("linalg", _LINALG)):
        if name in names:
            return getattr(getattr(np, module), name)
    raise AttributeError(f"spikefarm has no {name!r}")
