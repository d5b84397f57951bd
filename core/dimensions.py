"""The two dimensions that the language itself speaks of."""

from __future__ import annotations

from .units import get_or_create_dimension
from .units.dimension import DIMENSIONLESS, Dimension

TIME = get_or_create_dimension(s=1)

__all__ = ["DIMENSIONLESS", "TIME", "Dimension"]
