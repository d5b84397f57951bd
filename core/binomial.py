"""Binomially distributed random numbers, as a function for a model's strings."""

from __future__ import annotations

from typing import Any

import numpy as np


class BinomialFunction:
    """A function without arguments that draws from a binomial distribution.

    Written as ``x = BinomialFunction(20, 0.1)`` in the script and ``x()`` in a model's strings, where each place
    draws numbers of its own. ``n`` and ``p`` are inputs of the build: ``'x.n'`` and ``'x.p'`` are their names
    in run arguments and sweeps.

    Parameters
    ----------
    n : int
        Number of trials, not negative.
    p : float
        Probability of success.
    approximate : bool, optional
        Take normally distributed numbers, with mean and variance of the binomial ones, where more than five
        successes and more than five failures are expected. The result is a real number then; with ``False``
        it is an integer.

    Raises
    ------
    TypeError, ValueError
        For arguments that describe no binomial distribution.
    """

    def __init__(self, n: int, p: float, approximate: bool = True) -> None:
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise TypeError(f"BinomialFunction: n={n!r} is no number of trials; give an integer.")
        if not isinstance(p, int | float | np.number) or isinstance(p, np.ndarray):
            raise TypeError(f"BinomialFunction: p={p!r:.60} is no probability; give a plain number.")
        problems = [f"n={n} is negative"] if n < 0 else []
        if not 0 <= p <= 1:
            problems.append(f"p={p!r} does not lie between 0 and 1")
        if problems:
            raise ValueError(f"BinomialFunction: {' and '.join(problems)}.")
        self.n, self.p, self.approximate = int(n), float(p), bool(approximate)

    @property
    def function(self) -> str:
        """Name of the function of the language that it stands for."""
        return ".binomial_approximate" if self.approximate else ".binomial"

    def __call__(self) -> Any:
        """One number, drawn with numpy's global generator."""
        variance = self.n * self.p * (1 - self.p)
        if self.approximate and self.n * self.p > 5 and self.n * (1 - self.p) > 5:
            return np.random.normal(self.n * self.p, np.sqrt(variance))
        return np.random.binomial(self.n, self.p)

    def __repr__(self) -> str:
        return f"BinomialFunction(n={self.n}, p={self.p}, approximate={self.approximate})"
