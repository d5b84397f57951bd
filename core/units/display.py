"""Which unit a value is shown in, and how it is written.

A named unit (with an engineering prefix) is taken where one fits, else a quotient or product of two
(``volt / second``), else the product of base units.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, Exponent, exact
from .table import PREFIXES, SHOWN_PREFIXES, STEMS, Stem

Array = np.ndarray[Any, np.dtype[Any]]


class ShownUnit(NamedTuple):
    """A way to write values of one dimension: its name, its symbol and its size in base units."""

    name: str
    symbol: str
    value: float


_NUMBER: Final = ShownUnit("1", "1", 1.0)
_POWERS: Final = (1, 2, 3, -1, -2, -3)
_registered: dict[Dimension, list[ShownUnit]] = {}


def register_shown_unit(dim: Dimension, unit: ShownUnit) -> None:
    """Let values of this dimension be shown in `unit` too, rather than in units that nobody registered."""
    units = _registered.setdefault(dim, [])
    if unit not in units:
        units.append(unit)


def base_unit(dim: Dimension) -> ShownUnit:
    """Return the unit of this dimension whose value is one in base units."""
    return next((unit for unit in _derived_units(dim) if unit.value == 1.0), _NUMBER)


def best_unit(values: Array, dim: Dimension) -> ShownUnit:
    """Return the unit that makes the values' magnitudes most readable.

    The geometric mean of the smallest and the largest magnitude is to lie between 0.3 and 300.
    """
    if dim is DIMENSIONLESS:
        return _NUMBER
    magnitudes = np.abs(values[np.isfinite(values) & (values != 0)])
    if magnitudes.size == 0:
        return base_unit(dim)
    centre = 0.5 * (np.log10(magnitudes.min()) + np.log10(magnitudes.max()))
    units = _registered.get(dim) or _derived_units(dim)
    return min(units, key=lambda unit: abs(centre - np.log10(unit.value) - 1))


def value_text(
    values: Array, unit: ShownUnit, precision: int | None = None, python_code: bool = False
) -> str:
    """Return the values in `unit` and the unit: ``3. mV``, or ``3. * mvolt`` as Python code."""
    with np.printoptions(precision=np.get_printoptions()["precision"] if precision is None else precision):
        scaled = np.asarray(values / unit.value)
        number = repr(scaled) if python_code and scaled.ndim else str(np.array2string(scaled))
    if unit is _NUMBER:
        return number
    return f"{number} * {unit.name}" if python_code else f"{number} {unit.symbol}"


@cache
def _derived_units(dim: Dimension) -> tuple[ShownUnit, ...]:
    """Return all units for showing values of a dimension; exactly one of them has the value one."""
    if dim is DIMENSIONLESS:
        return (_NUMBER,)
    for units in (_powers(dim), _quotients(dim, _DIVISORS), _products(dim), _quotients(dim, _FACTORS)):
        found = {unit.value: unit for unit in reversed(list(units))}
        if found:
            return tuple(found.values())
    return (ShownUnit(repr(dim).replace("Dimension()", "1"), str(dim), 1.0),)


def _powers(dim: Dimension) -> Iterator[ShownUnit]:
    """Yield ``mvolt``, ``mvolt2``, ``mvolt ** -1``, ``volt ** 0.5``: powers of one unit, simplest first."""
    for power in _POWERS:
        for stem in STEMS[:-1]:
            if Dimension(stem.exponents) ** power is dim:
                yield from _family(stem, power)
    for stem in _NAMED:
        ratio = _ratio(dim, Dimension(stem.exponents))
        if ratio:
            yield from _family(stem, ratio)


def _quotients(dim: Dimension, divisors: tuple[Stem, ...]) -> Iterator[ShownUnit]:
    for power in _POWERS[:3]:
        for below in divisors:
            above = dim * Dimension(below.exponents) ** power
            for stem in _NAMED:
                if Dimension(stem.exponents) is above:
                    name, symbol = _power_text(below.names[0], below.symbol, power)
                    for unit in _family(stem, 1):
                        yield ShownUnit(f"{unit.name} / {name}", f"{unit.symbol}/{symbol}", unit.value)


def _products(dim: Dimension) -> Iterator[ShownUnit]:
    for power in _POWERS[:3]:
        for right in _FACTORS:
            left = dim / Dimension(right.exponents) ** power
            for stem in _NAMED:
                if Dimension(stem.exponents) is left:
                    name, symbol = _power_text(right.names[0], right.symbol, power)
                    for unit in _family(stem, 1):
                        yield ShownUnit(f"{unit.name} * {name}", f"{unit.symbol} {symbol}", unit.value)


def _family(stem: Stem, power: Exponent) -> Iterator[ShownUnit]:
    """Yield a unit to some power with every prefix that values are shown in."""
    for prefix in SHOWN_PREFIXES if stem.prefixed else ("",):
        scale = exact((stem.scale + PREFIXES.get(prefix, 0)) * Fraction(power))
        name, symbol = _power_text(prefix + stem.names[0], prefix + stem.symbol, power)
        yield ShownUnit(name, symbol, power_of_ten(scale))


def _power_text(name: str, symbol: str, power: Exponent) -> tuple[str, str]:
    if power == 1:
        return name, symbol
    plain = power if isinstance(power, int) else float(power)
    return f"{name}{power}" if power in (2, 3) else f"{name} ** {plain}", f"{symbol}^{plain}"


def _ratio(dim: Dimension, stem: Dimension) -> Exponent:
    """Return the power to which `stem` gives `dim`, zero if there is none."""
    index = next(i for i, exponent in enumerate(stem.exponents) if exponent)
    power = Fraction(dim.exponents[index]) / stem.exponents[index]
    return exact(power) if stem**power is dim else 0


def power_of_ten(scale: Exponent) -> float:
    """Return ten to some power, correctly rounded where it is whole."""
    return float(f"1e{scale}") if isinstance(scale, int) else 10.0 ** float(scale)


_STEMS_BY_NAME: Final = {stem.names[0]: stem for stem in STEMS}

#: What quotients and products are made of, in order of preference.
_NAMED: Final = tuple(_STEMS_BY_NAME[name] for name in (
    "second", "metre", "kelvin", "mole", "volt", "amp", "siemens", "farad", "ohm", "coulomb", "joule",
    "newton", "watt", "weber", "henry", "pascal", "hertz", "kilogram", "molar", "candle",
))  # fmt: skip
_FACTORS: Final = tuple(stem for stem in _NAMED if stem.scale == 0)
#: What stands in divisors by preference: joule per kelvin, but ohm times metre.
_DIVISORS: Final = _FACTORS[:6]
