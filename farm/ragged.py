"""`Ragged`: how an output says that its length differs from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True, eq=False)
class Ragged:
    """A one-dimensional output whose length differs from run to run.

    Parameters
    ----------
    values : array, Quantity or list
        One-dimensional, with units or without.
    """

    values: Any
