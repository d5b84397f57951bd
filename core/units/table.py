"""The SI as data: prefixes and named units. Everything else in this package is derived from this table."""

from typing import Final, NamedTuple

#: Decimal exponent of each SI prefix.
PREFIXES: Final[dict[str, int]] = {
    "y": -24, "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1,
    "da": 1, "h": 2, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24,
}  # fmt: skip

#: Prefixes in which values are shown: the powers of a thousand.
SHOWN_PREFIXES: Final[tuple[str, ...]] = (
    "y", "z", "a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Z", "Y",
)  # fmt: skip


class Stem(NamedTuple):
    """A named unit without prefix.

    Attributes
    ----------
    names : tuple of str
        Its name and the other spellings of it.
    symbol : str
        What is printed after a number, such as ``V``.
    exponents : tuple of int
        Exponents of metre, kilogram, second, ampere, kelvin, mole and candela.
    scale : int
        The unit is ``10**scale`` in base units.
    prefixed : bool
        Whether it takes SI prefixes.
    powered : bool
        Whether its square and cube have names as well (``metre2``).
    """

    names: tuple[str, ...]
    symbol: str
    exponents: tuple[int, ...]
    scale: int = 0
    prefixed: bool = True
    powered: bool = True


# Where two units share a dimension, the one that values are shown in comes first.
STEMS: Final[tuple[Stem, ...]] = (
    Stem(("metre", "meter"), "m", (1, 0, 0, 0, 0, 0, 0)),
    Stem(("kilogram", "kilogramme"), "kg", (0, 1, 0, 0, 0, 0, 0), prefixed=False),
    Stem(("second",), "s", (0, 0, 1, 0, 0, 0, 0)),
    Stem(("amp", "ampere"), "A", (0, 0, 0, 1, 0, 0, 0)),
    Stem(("kelvin",), "K", (0, 0, 0, 0, 1, 0, 0), prefixed=False),
    Stem(("mole", "mol"), "mol", (0, 0, 0, 0, 0, 1, 0)),
    Stem(("candle", "candela"), "cd", (0, 0, 0, 0, 0, 0, 1)),
    Stem(("gram", "gramme"), "g", (0, 1, 0, 0, 0, 0, 0), -3),
    Stem(("molar",), "M", (-3, 0, 0, 0, 0, 1, 0), 3),
    Stem(("radian",), "rad", (0, 0, 0, 0, 0, 0, 0)),
    Stem(("steradian",), "sr", (0, 0, 0, 0, 0, 0, 0)),
    Stem(("hertz",), "Hz", (0, 0, -1, 0, 0, 0, 0)),
    Stem(("newton",), "N", (1, 1, -2, 0, 0, 0, 0)),
    Stem(("pascal",), "Pa", (-1, 1, -2, 0, 0, 0, 0)),
    Stem(("joule",), "J", (2, 1, -2, 0, 0, 0, 0)),
    Stem(("watt",), "W", (2, 1, -3, 0, 0, 0, 0)),
    Stem(("coulomb",), "C", (0, 0, 1, 1, 0, 0, 0)),
    Stem(("volt",), "V", (2, 1, -3, -1, 0, 0, 0)),
    Stem(("farad",), "F", (-2, -1, 4, 2, 0, 0, 0)),
    Stem(("ohm",), "ohm", (2, 1, -3, -2, 0, 0, 0)),
    Stem(("siemens",), "S", (-2, -1, 3, 2, 0, 0, 0)),
    Stem(("weber",), "Wb", (2, 1, -2, -1, 0, 0, 0)),
    Stem(("tesla",), "T", (0, 1, -2, -1, 0, 0, 0)),
    Stem(("henry",), "H", (2, 1, -2, -2, 0, 0, 0)),
    Stem(("lumen",), "lm", (0, 0, 0, 0, 0, 0, 1)),
    Stem(("lux",), "lx", (-2, 0, 0, 0, 0, 0, 1)),
    Stem(("becquerel",), "Bq", (0, 0, -1, 0, 0, 0, 0)),
    Stem(("gray",), "Gy", (2, 0, -2, 0, 0, 0, 0)),
    Stem(("sievert",), "Sv", (2, 0, -2, 0, 0, 0, 0)),
    Stem(("katal",), "kat", (0, 0, -1, 0, 0, 1, 0)),
    Stem(("liter", "litre"), "l", (3, 0, 0, 0, 0, 0, 0), -3, powered=False),
)

#: Short names of the units that modellers write most.
SHORT_NAMES: Final[dict[str, str]] = {
    "mV": "mvolt", "mA": "mamp", "uA": "uamp", "nA": "namp", "pA": "pamp",
    "pF": "pfarad", "uF": "ufarad", "nF": "nfarad",
    "nS": "nsiemens", "uS": "usiemens", "mS": "msiemens",
    "ms": "msecond", "us": "usecond", "Hz": "hertz", "kHz": "khertz", "MHz": "Mhertz",
    "cm": "cmetre", "cm2": "cmetre2", "cm3": "cmetre3",
    "mm": "mmetre", "mm2": "mmetre2", "mm3": "mmetre3",
    "um": "umetre", "um2": "umetre2", "um3": "umetre3",
    "mM": "mmolar", "uM": "umolar", "nM": "nmolar",
}  # fmt: skip
