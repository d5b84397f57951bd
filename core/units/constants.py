"""Physical constants, with the values of CODATA 2014 that Brian 2 uses.

They are not part of ``from spikefarm import *``; equations know them by name.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .quantity import Quantity
from .unit import UNITS as _U

avogadro_constant: Final[Quantity] = 6.022140857e23 / _U["mole"]
boltzmann_constant: Final[Quantity] = 1.38064852e-23 * _U["joule"] / _U["kelvin"]
electric_constant: Final[Quantity] = 8.854187817e-12 * _U["farad"] / _U["meter"]
electron_mass: Final[Quantity] = 9.10938356e-31 * _U["kilogram"]
elementary_charge: Final[Quantity] = 1.6021766208e-19 * _U["coulomb"]
faraday_constant: Final[Quantity] = 96485.33289 * _U["coulomb"] / _U["mole"]
gas_constant: Final[Quantity] = 8.3144598 * _U["joule"] / _U["mole"] / _U["kelvin"]
magnetic_constant: Final[Quantity] = 4e-7 * math.pi * _U["newton"] / _U["amp"] ** 2
molar_mass_constant: Final[Quantity] = 1e-3 * _U["kilogram"] / _U["mole"]
zero_celsius: Final[Quantity] = 273.15 * _U["kelvin"]

_CONSTANTS: Final = MappingProxyType(
    {name: value for name, value in list(globals().items()) if isinstance(value, Quantity)}
)
__all__ = list(_CONSTANTS)


def constants_namespace() -> Mapping[str, Quantity]:
    """Return the physical constants by name, for looking up identifiers of equations."""
    return _CONSTANTS
