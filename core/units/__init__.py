"""Physical units with Brian 2's names and meaning."""

from . import stdunits
from .checks import (
    fail_for_dimension_mismatch,
    have_same_dimensions,
    in_best_unit,
    in_unit,
    is_dimensionless,
    is_scalar_type,
)
from .constants import constants_namespace
from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError, get_or_create_dimension
from .operand import get_dimensions
from .quantity import Quantity, quantity_with_dimensions
from .stdunits import *
from .unit import Unit, get_unit, get_unit_for_display, register_new_unit, units_namespace
