"""Physical units with Brian 2's names and meaning.

``from spikefarm.core.units import *`` brings quantities, the common units and numpy functions that mind
units. All other units are in `spikefarm.core.units.allunits`, physical constants in
`spikefarm.core.units.constants`.
"""

from . import stdunits, unitsafe
from .checks import (
    fail_for_dimension_mismatch,
    have_same_dimensions,
    in_best_unit,
    in_unit,
    is_dimensionless,
    is_scalar_type,
)
from .checkunits import check_units
from .constants import constants_namespace
from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError, get_or_create_dimension
from .operand import get_dimensions
from .quantity import Quantity, quantity_with_dimensions
from .stdunits import *
from .unit import Unit, get_unit, get_unit_for_display, register_new_unit, units_namespace
from .unitsafe import *

__all__ = [
    "DimensionMismatchError",
    "Quantity",
    "Unit",
    "check_units",
    "get_dimensions",
    "get_or_create_dimension",
    "get_unit",
    "have_same_dimensions",
    "in_best_unit",
    "in_unit",
    "is_dimensionless",
    "is_scalar_type",
    "register_new_unit",
]
__all__ += stdunits.__all__
__all__ += unitsafe.__all__
