"""Physical dimensions: seven exponents over the SI base units, and the error for mixing them up."""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Final, Self

Exponent = int | Fraction
Number = int | float | Fraction

_NAMES: Final = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")
_SYMBOLS: Final = ("m", "kg", "s", "A", "K", "mol", "cd")
_KEYWORDS: Final[dict[str, int]] = {
    keyword: index
    for index, keywords in enumerate((
        "length metre metres meter meters m",
        "mass kilogram kilograms kilogramme kilogrammes kg",
        "time second seconds s",
        "electric_current current electriccurrent ampere amperes amp amps A",
        "temperature kelvin kelvins K",
        "quantity_of_substance substance mole moles mol",
        "luminosity candle candles candela candelas cd",
    ))
    for keyword in keywords.split()
}  # fmt: skip


class Dimension:
    """Exponents of the SI base units; immutable, hashable and interned (equal means identical).

    Create one with `get_or_create_dimension`, or by multiplying, dividing and raising others to a power.
    """

    __slots__ = ("_exponents", "_hash")
    _exponents: tuple[Exponent, ...]
    _hash: int
    _interned: dict[tuple[Exponent, ...], "Dimension"] = {}

    def __new__(cls, exponents: Iterable[Number]) -> Self:
        """Return the one dimension that has these seven exponents."""
        key = tuple(exact(exponent) for exponent in exponents)
        if len(key) != len(_NAMES):
            raise TypeError(
                f"A dimension has exactly {len(_NAMES)} exponents ({', '.join(_NAMES)}), got {len(key)}"
            )
        known = cls._interned.get(key)
        if known is None:
            made = super().__new__(cls)
            object.__setattr__(made, "_exponents", key)
            object.__setattr__(made, "_hash", hash(key))
            known = cls._interned.setdefault(key, made)
        return known  # type: ignore[return-value]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A Dimension cannot be changed (attempt to set {name!r})")

    def __reduce__(self) -> tuple[type["Dimension"], tuple[tuple[Exponent, ...]]]:
        return Dimension, (self._exponents,)

    def __hash__(self) -> int:
        return self._hash

    @property
    def exponents(self) -> tuple[Exponent, ...]:
        """Exponents of metre, kilogram, second, ampere, kelvin, mole and candela."""
        return self._exponents

    @property
    def is_dimensionless(self) -> bool:
        """Whether this is the dimension of plain numbers."""
        return self is DIMENSIONLESS

    @property
    def dim(self) -> "Dimension":
        """The dimension itself, so that a dimension can stand where a quantity does."""
        return self

    def get_dimension(self, name: str) -> float:
        """Return the exponent of one base unit, named as in `get_or_create_dimension`."""
        return _plain(self._exponents[_KEYWORDS[name]])

    def canonical(self) -> str:
        """Return a compact text that never changes, such as ``2,1,-3,-1,0,0,0``."""
        return _canonical(self._exponents)

    @classmethod
    def from_canonical(cls, text: str) -> Self:
        """Read back what `canonical` wrote."""
        return cls(Fraction(part) for part in text.split(","))

    def unit_text(self, symbols: bool = False) -> str:
        """Return the most readable unit of this dimension whose value is one in base units.

        Parameters
        ----------
        symbols : bool
            Symbols (``V/s``) instead of names that Python and equation strings can evaluate
            (``volt / second``).

        Returns
        -------
        str
            ``1`` for the dimension of plain numbers.
        """
        from .display import base_unit

        unit = base_unit(self)
        return unit.symbol if symbols else unit.name

    def __mul__(self, other: "Dimension") -> "Dimension":
        if not isinstance(other, Dimension):
            return NotImplemented
        return _product(self, other)

    def __truediv__(self, other: "Dimension") -> "Dimension":
        if not isinstance(other, Dimension):
            return NotImplemented
        return _quotient(self, other)

    def __pow__(self, power: Number) -> "Dimension":
        factor = exact(power)
        return Dimension(exponent * factor for exponent in self._exponents)

    def __repr__(self) -> str:
        return " * ".join(self._factors(_NAMES, " ** ")) or "Dimension()"

    def __str__(self) -> str:
        return " ".join(self._factors(_SYMBOLS, "^")) or "1"

    def _factors(self, names: tuple[str, ...], power: str) -> list[str]:
        return [
            name if exponent == 1 else f"{name}{power}{_plain(exponent)}"
            for name, exponent in zip(names, self._exponents, strict=True)
            if exponent
        ]


# There are few dimensions, and each is one object, so what becomes of them need not be worked out twice.


@cache
def _product(a: Dimension, b: Dimension) -> Dimension:
    return Dimension(x + y for x, y in zip(a.exponents, b.exponents, strict=True))


@cache
def _quotient(a: Dimension, b: Dimension) -> Dimension:
    return Dimension(x - y for x, y in zip(a.exponents, b.exponents, strict=True))


@cache
def _canonical(exponents: tuple[Exponent, ...]) -> str:
    return ",".join(str(exponent) for exponent in exponents)


def exact(value: Number) -> Exponent:
    """Return a whole number or the simple fraction that a float such as 1/3 stands for."""
    if type(value) is int:
        return value
    fraction = (value if isinstance(value, Fraction) else Fraction(float(value))).limit_denominator(1000)
    return fraction.numerator if fraction.denominator == 1 else fraction


def _plain(exponent: Exponent) -> int | float:
    return exponent if isinstance(exponent, int) else float(exponent)


DIMENSIONLESS: Final = Dimension((0,) * len(_NAMES))


def get_or_create_dimension(*args: Iterable[Number], **kwds: Number) -> Dimension:
    """Return the dimension with the given exponents.

    Parameters
    ----------
    *args : sequence of seven numbers
        Exponents of length, mass, time, current, temperature, substance and luminosity.
    **kwds : number
        Exponents by name instead: ``length``, ``metre``, ``m``; ``mass``, ``kilogram``, ``kg``; ``time``,
        ``second``, ``s``; ``current``, ``amp``, ``A``; ``temperature``, ``kelvin``, ``K``; ``substance``,
        ``mole``, ``mol``; ``luminosity``, ``candle``, ``cd``.

    Raises
    ------
    TypeError
        Not exactly seven exponents, or both kinds of arguments.
    KeyError
        A name that is none of these.

    Examples
    --------
    >>> get_or_create_dimension(length=1, s=-1)
    metre * second ** -1
    """
    if args:
        if len(args) > 1 or kwds or not isinstance(args[0], list | tuple):
            raise TypeError(f"Need one sequence of exactly {len(_NAMES)} exponents, or exponents by name")
        return Dimension(args[0])
    exponents: list[Number] = [0] * len(_NAMES)
    for keyword, exponent in kwds.items():
        if keyword not in _KEYWORDS:
            raise KeyError(f"{keyword!r} names no base dimension; known names: {', '.join(_KEYWORDS)}")
        exponents[_KEYWORDS[keyword]] = exponent
    return Dimension(exponents)


class DimensionMismatchError(Exception):
    """Quantities were combined whose dimensions do not fit.

    Parameters
    ----------
    description : str
        What went wrong. A complete sentence (with a full stop) is shown as it is; otherwise the units
        of `dims` are added.
    *dims : Dimension
        The dimensions involved.
    """

    def __init__(self, description: str, *dims: Dimension) -> None:
        super().__init__(description, *dims)
        self.desc = description
        self.dims = dims

    def __str__(self) -> str:
        if not self.dims or self.desc.endswith("."):
            return self.desc
        units = [dim.unit_text() for dim in self.dims]
        listed = " and ".join(units) if len(units) <= 2 else ", ".join(units)
        return f"{self.desc} (unit{'s' * (len(units) > 1)} {'are' if len(units) > 1 else 'is'} {listed})."
