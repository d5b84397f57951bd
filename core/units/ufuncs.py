"""What numpy's ufuncs do to dimensions, as tables of rules."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError, Number
from .operand import Dims, Operand, common_dimension, count_reduced, require_dimensionless

Rule = Callable[[str, list[Operand]], Dims]

_SIGNS: Final = {
    "add": "+", "subtract": "-", "remainder": "%", "floor_divide": "//", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
_SIDES: Final = ("the left side", "the right side")


def apply_ufunc(
    ufunc: np.ufunc, method: str, operands: list[Operand], outs: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Dims]:
    """Run a ufunc on plain values.

    Returns
    -------
    tuple
        The plain result and its dimension (see `Dims`).

    Raises
    ------
    DimensionMismatchError
        The dimensions do not fit; nothing has been calculated or written then.
    TypeError
        The ufunc has no rule, so that its result's unit would be a guess.
    """
    dims = _result_dims(ufunc, method, operands, kwargs)
    _check_outputs(ufunc.__name__, outs, dims)
    if outs:
        kwargs["out"] = tuple(None if out is None else np.asarray(out) for out in outs)
    return getattr(ufunc, method)(*(operand.value for operand in operands), **kwargs), dims


def _result_dims(ufunc: np.ufunc, method: str, operands: list[Operand], kwargs: dict[str, Any]) -> Dims:
    name = ufunc.__name__
    if all(operand.dim is DIMENSIONLESS for operand in operands):
        return DIMENSIONLESS if ufunc.nout == 1 and ufunc not in _PLAIN_RESULTS else None
    rule = RULES.get(ufunc)
    if rule is None:
        raise TypeError(f"numpy.{name} is not defined for quantities: divide {operands[0]} by a unit first")
    if method in ("__call__", "outer"):
        return rule(name, operands)
    if method == "at":
        target = operands[0].dim
        if rule(name, [operands[0], *operands[2:]]) is not target:
            raise DimensionMismatchError(f"numpy.{name}.at would change the unit of {operands[0]}", target)
        return target
    if ufunc is np.multiply and method == "reduce":
        if kwargs.get("where", True) is not True:
            require_dimensionless("numpy.multiply.reduce with where", operands[0])
        return operands[0].dim ** count_reduced(operands[0].value, kwargs.get("axis", 0))
    if ufunc not in _REDUCIBLE:
        raise TypeError(
            f"numpy.{name}.{method} is not possible for {operands[0]}: its elements would differ in unit"
        )
    return rule(name, [operands[0], operands[0]])


def _check_outputs(name: str, outs: tuple[Any, ...], dims: Dims) -> None:
    expected = dims if isinstance(dims, tuple) else (dims,) * len(outs)
    for out, dim in zip(outs, expected, strict=False):
        own = getattr(out, "dim", DIMENSIONLESS)
        if out is not None and own is not (dim or DIMENSIONLESS):
            raise DimensionMismatchError(
                f"numpy.{name} cannot write its result into the given array: the result has units of "
                f"{(dim or DIMENSIONLESS).unit_text()}, the array of {own.unit_text()}.",
                dim or DIMENSIONLESS,
                own,
            )


def _same(name: str, operands: list[Operand]) -> Dimension:
    sides = _SIDES if name in _SIGNS else ("the first argument", "the second")
    return common_dimension(dict(zip(sides, operands, strict=False)), lambda: _task(name, operands))


def _task(name: str, operands: list[Operand]) -> str:
    shown = [str(operand) for operand in operands]
    text = f" {_SIGNS[name]} ".join(shown) if name in _SIGNS else f"{name}({', '.join(shown)})"
    return f"{'compare' if name in _COMPARISONS else 'calculate'} {text}"


def _compare(name: str, operands: list[Operand]) -> None:
    _same(name, operands)


def _ratio(name: str, operands: list[Operand]) -> Dimension:
    _same(name, operands)
    return DIMENSIONLESS


def _first(name: str, operands: list[Operand]) -> Dimension:
    return operands[0].dim


def _no_quantity(name: str, operands: list[Operand]) -> None:
    return None


def _dimensionless(name: str, operands: list[Operand]) -> Dimension:
    for operand in operands:
        require_dimensionless(name, operand)
    return DIMENSIONLESS


def _product(name: str, operands: list[Operand]) -> Dimension:
    return operands[0].dim * operands[1].dim


def _quotient(name: str, operands: list[Operand]) -> Dimension:
    return operands[0].dim / operands[1].dim


def _fixed_power(power: Number) -> Rule:
    return lambda name, operands: operands[0].dim ** power


def _power(name: str, operands: list[Operand]) -> Dimension:
    base, exponent = operands
    if exponent.dim is not DIMENSIONLESS:
        raise DimensionMismatchError(
            f"Cannot calculate {base} ** {exponent}: the exponent has units of {exponent.unit}, "
            f"but has to be dimensionless.",
            exponent.dim,
        )
    exponents = np.unique(np.asarray(exponent.value))
    if exponents.size != 1:
        raise TypeError(
            f"Cannot calculate {base} ** {exponent}: the elements would differ in unit; "
            f"the exponent of a quantity has to be one number"
        )
    return base.dim ** float(exponents[0])


def _remainder_pair(name: str, operands: list[Operand]) -> tuple[Dimension | None, ...]:
    return DIMENSIONLESS, _same(name, operands)


def _table(rules: dict[Rule, str]) -> dict[np.ufunc, Rule]:
    """Return the rules by ufunc, leaving out names that this version of numpy lacks."""
    return {
        getattr(np, name): rule for rule, names in rules.items() for name in names.split() if name in vars(np)
    }


_COMPARISONS: Final = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})

RULES: Final[dict[np.ufunc, Rule]] = _table({
    _same: "add subtract maximum minimum fmax fmin remainder fmod hypot nextafter",
    _compare: "less less_equal greater greater_equal equal not_equal",
    _ratio: "floor_divide arctan2",
    # Rounding is in base units, as in Brian 2.
    _first: "absolute fabs negative positive conjugate floor ceil rint trunc copysign spacing",
    _no_quantity: "isfinite isinf isnan sign signbit logical_and logical_or logical_not logical_xor",
    _dimensionless: "exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh "
    "arcsinh arccosh arctanh logaddexp logaddexp2 degrees radians deg2rad rad2deg modf frexp ldexp",
    _product: "multiply matmul vecdot matvec vecmat",
    _quotient: "divide",
    _power: "power float_power",
    _fixed_power(2): "square",
    _fixed_power(-1): "reciprocal",
    _fixed_power(Fraction(1, 2)): "sqrt",
    _fixed_power(Fraction(1, 3)): "cbrt",
    _remainder_pair: "divmod",
})  # fmt: skip

_REDUCIBLE: Final = frozenset(
    {np.add, np.maximum, np.minimum, np.fmax, np.fmin, np.hypot, np.logical_and, np.logical_or}
)
_PLAIN_RESULTS: Final = frozenset(ufunc for ufunc, rule in RULES.items() if rule in (_compare, _no_quantity))
