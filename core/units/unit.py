"""`Unit`: a quantity that has a name and that values can be shown in; and all named units, by name."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, Self

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, Exponent, exact
from .display import ShownUnit, power_of_ten, register_shown_unit
from .operand import get_dimensions, split
from .quantity import Quantity
from .table import PREFIXES, SHORT_NAMES, STEMS, Stem

_LATEX_PREFIXES: Final = {"u": r"\mu "}


class Unit(Quantity):
    """A named quantity whose value is a power of ten; immutable and hashable.

    Products, quotients and powers of units are units; everything else gives quantities.

    Parameters
    ----------
    arr : float
        Its value in base units, ``10**scale``.
    dim : Dimension, optional
        Its dimension.
    scale : int
        Decimal exponent of its value.
    name, dispname, latexname : str, optional
        How it is written in code, after a number, and in LaTeX; by default in base units.
    iscompound : bool
        Whether the name is made of several units, so that it needs brackets in a divisor.

    Raises
    ------
    ValueError
        `arr` is not ``10**scale``.
    """

    scale: Exponent
    name: str
    dispname: str
    latexname: str
    iscompound: bool

    def __new__(
        cls,
        arr: Any,
        dim: Dimension | Quantity | None = None,
        scale: Exponent = 0,
        name: str | None = None,
        dispname: str | None = None,
        latexname: str | None = None,
        iscompound: bool = False,
    ) -> Self:
        value, own = split(arr)
        dimension = own if dim is None else get_dimensions(dim)
        size = power_of_ten(scale)
        if float(value) != size:
            raise ValueError(f"The value of a unit has to be 10**scale, got {float(value)} for scale {scale}")
        made = np.array(size).view(cls)
        made.dim = dimension
        made.scale = scale
        made.name = repr(dimension) if name is None else name
        made.dispname = str(dimension) if dispname is None else dispname
        made.latexname = rf"\mathrm{{{made.dispname}}}" if latexname is None else latexname
        made.iscompound = iscompound
        made.flags.writeable = False
        return made

    @staticmethod
    def create(
        dim: Dimension, name: str, dispname: str, latexname: str | None = None, scale: int = 0
    ) -> "Unit":
        """Return a new named unit of the given dimension, ``10**scale`` in base units."""
        return Unit(power_of_ten(scale), dim, scale, name, dispname, latexname)

    @staticmethod
    def create_scaled_unit(baseunit: "Unit", scalefactor: str) -> "Unit":
        """Return `baseunit` with an SI prefix, such as ``"m"``."""
        scale = baseunit.scale + PREFIXES[scalefactor]
        latexname = rf"\mathrm{{{_LATEX_PREFIXES.get(scalefactor, scalefactor)}}}{baseunit.latexname}"
        name, dispname = scalefactor + baseunit.name, scalefactor + baseunit.dispname
        return Unit(power_of_ten(scale), baseunit.dim, scale, name, dispname, latexname)

    @property
    def shown(self) -> ShownUnit:
        """The unit as it is written after values."""
        return ShownUnit(self.name, self.dispname, float(self))

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.dispname

    def __format__(self, spec: str) -> str:
        return format(self.dispname, spec)

    def __mul__(self, other: Any) -> Any:
        return _combined(self, other, True) if isinstance(other, Unit) else super().__mul__(other)

    def __truediv__(self, other: Any) -> Any:
        return _combined(self, other, False) if isinstance(other, Unit) else super().__truediv__(other)

    def __rtruediv__(self, other: Any) -> Any:
        one = isinstance(other, int | float) and other == 1
        return self**-1 if one else super().__rtruediv__(other)

    def __pow__(self, other: Any, mod: None = None) -> Any:
        if not isinstance(other, int | float | np.number):
            return super().__pow__(other)
        power = float(other)
        dim = self.dim**power
        if dim is DIMENSIONLESS:
            return float(self) ** power
        # The exponents of a dimension are exact, which makes those of ten exact as well.
        scale = (Dimension((self.scale, *(0,) * 6)) ** power).exponents[0]
        name, shown = (f"({text})" if self.iscompound else text for text in (self.name, self.dispname))
        latex = rf"{{{self.latexname}}}^{{{other}}}"
        return Unit(power_of_ten(scale), dim, scale, f"{name} ** {other}", f"{shown}^{other}", latex, True)

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return self.dim is other.dim and self.scale == other.scale
        return super().__eq__(other)

    def __ne__(self, other: Any) -> Any:
        return not self == other if isinstance(other, Unit) else super().__ne__(other)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash((self.dim, self.scale))

    def __copy__(self) -> "Unit":
        return self

    def __deepcopy__(self, memo: Any) -> "Unit":
        return self

    def __reduce__(self) -> Any:
        return _restored_unit, (
            self.dim,
            self.scale,
            self.name,
            self.dispname,
            self.latexname,
            self.iscompound,
        )

    def copy(self, order: Any = "C") -> Quantity:  # type: ignore[override]
        """Return the unit as a quantity of its own."""
        return Quantity(float(self), dim=self.dim)


class _Celsius:
    """Stands where a unit degree Celsius would be, and refuses to be used as one."""

    def _refuse(self, *args: object) -> NoReturn:
        raise TypeError(
            "'celsius' is not a unit, because it would be ambiguous beside absolute temperatures in kelvin: "
            "use 'kelvin' for differences, and add the constant 'zero_celsius' for temperatures"
        )

    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __add__ = __radd__ = _refuse

    def __repr__(self) -> str:
        return "celsius"


class UnitTable(Mapping[str, Unit]):
    """All named units by name; each is made when it is first asked for."""

    def __init__(self, short_names: Mapping[str, str], stems: tuple[Stem, ...]) -> None:
        self._short_names = short_names
        self._parts = {
            f"{prefix}{name}{power if power > 1 else ''}": (stem, prefix, name, power)
            for stem in stems
            for name in stem.names
            for prefix in (("", *PREFIXES) if stem.prefixed else ("",))
            for power in ((1, 2, 3) if stem.powered else (1,))
        }
        self._made: dict[str, Unit] = {}

    def __getitem__(self, name: str) -> Unit:
        name = self._short_names.get(name, name)
        unit = self._made.get(name)
        return self._made.setdefault(name, _named_unit(*self._parts[name])) if unit is None else unit

    def __iter__(self) -> Iterator[str]:
        yield from self._parts
        yield from self._short_names

    def __len__(self) -> int:
        return len(self._parts) + len(self._short_names)

    def __contains__(self, name: object) -> bool:
        return name in self._parts or name in self._short_names


def _named_unit(stem: Stem, prefix: str, name: str, power: int) -> Unit:
    scale = (stem.scale + PREFIXES.get(prefix, 0)) * power
    suffix = f"^{power}" if power > 1 else ""
    latex = rf"\mathrm{{{_LATEX_PREFIXES.get(prefix, prefix)}{stem.symbol}{suffix}}}"
    return Unit(
        power_of_ten(scale),
        Dimension(stem.exponents) ** power,
        scale,
        f"{prefix}{name}{power if power > 1 else ''}",
        f"{prefix}{stem.symbol}{suffix}",
        latex,
    )


def _combined(left: Unit, right: Unit, product: bool) -> Any:
    """Return the product or the quotient of two units; a plain number if it has no dimension."""
    dim = left.dim * right.dim if product else left.dim / right.dim
    scale = left.scale + right.scale if product else left.scale - right.scale
    if dim is DIMENSIONLESS:
        return power_of_ten(scale)
    if product:
        name, dispname = f"{left.name} * {right.name}", f"{left.dispname} {right.dispname}"
        latex = rf"{left.latexname}\,{right.latexname}"
    else:
        brackets = "({})" if right.iscompound else "{}"
        name = f"{left.name} / {brackets.format(right.name)}"
        dispname = f"{left.dispname}/{brackets.format(right.dispname)}"
        latex = rf"\frac{{{left.latexname}}}{{{right.latexname}}}"
    return Unit(power_of_ten(scale), dim, scale, name, dispname, latex, True)


def _restored_unit(
    dim: Dimension, scale: Exponent, name: str, dispname: str, latexname: str, iscompound: bool
) -> Unit:
    known = UNITS.get(name)
    if known is not None and known.dim is dim and known.scale == scale:
        return known
    return Unit(power_of_ten(scale), dim, scale, name, dispname, latexname, iscompound)


UNITS: Final = UnitTable(SHORT_NAMES, STEMS)
celsius: Final = _Celsius()


def units_namespace() -> Mapping[str, Unit]:
    """Return all named units by long and short name, for looking up identifiers of equations."""
    return UNITS


def unit_from_shown(shown: ShownUnit, dim: Dimension) -> Unit:
    """Return the `Unit` that values are shown in."""
    if shown.name in UNITS:
        return UNITS[shown.name]
    scale = exact(float(np.log10(shown.value)))
    return Unit(shown.value, dim, scale, shown.name, shown.symbol, iscompound=not shown.name.isidentifier())


def shown_unit(unit: Any) -> ShownUnit:
    """Return how values are shown in a unit, which plain 1 is as well.

    Raises
    ------
    TypeError
        No unit, such as ``2*mV``.
    """
    if isinstance(unit, Unit):
        return unit.shown
    if get_dimensions(unit) is DIMENSIONLESS and np.ndim(unit) == 0 and float(unit) == 1:
        return ShownUnit("1", "1", 1.0)
    raise TypeError(f"{split(unit)} is not a unit to show values in; use one such as mV or mV/ms")


def get_unit(d: Dimension | Quantity) -> Unit:
    """Return the unit of a dimension whose value is one in base units, ``Unit(1)`` for plain numbers."""
    dim = get_dimensions(d)
    text = dim.unit_text()
    if text in UNITS:
        return UNITS[text]
    return Unit(1.0, dim, 0, text, dim.unit_text(symbols=True), iscompound=not text.isidentifier())


def get_unit_for_display(d: Any) -> str:
    """Return the symbol of the base unit of a dimension or quantity, ``1`` for plain numbers."""
    return get_dimensions(d).unit_text(symbols=True)


def register_new_unit(u: Unit) -> None:
    """Let values of this unit's dimension be shown in it.

    Parameters
    ----------
    u : Unit
        Such as ``pA/um**2``.

    Raises
    ------
    TypeError
        No unit.
    """
    if not isinstance(u, Unit):
        raise TypeError(f"Only units can be registered, got {u!r}")
    register_shown_unit(u.dim, u.shown)
