"""Model equations: text in Brian 2's notation, parsed and checked as a whole."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .dimensions import DIMENSIONLESS, Dimension
from .expr import Binary, Expr, ExpressionError, Lit, Name, Unary, names, parse, text, transform
from .functions import FUNCTIONS
from .units import DimensionMismatchError, get_dimensions
from .units.unit import units_namespace

DIFFERENTIAL = "differential equation"
SUBEXPRESSION = "subexpression"
PARAMETER = "parameter"
#: Flag of subexpressions that are evaluated once at the start of each time step and stored.
HELD = "constant over dt"
#: Flag of parameters that stand for a variable of another group: see `linked_var`.
LINKED = "linked"
#: Flags that only synapses have a meaning for: how rates are integrated, and what is summed over synapses.
EVENT_DRIVEN, CLOCK_DRIVEN, SUMMED = SYNAPTIC_FLAGS = ("event-driven", "clock-driven", "summed")

_FLAGS = {
    DIFFERENTIAL: frozenset({"unless refractory", EVENT_DRIVEN, CLOCK_DRIVEN}),
    SUBEXPRESSION: frozenset({"shared", HELD, SUMMED}),
    PARAMETER: frozenset({"constant", "shared", LINKED}),
}
#: Flag of a parameter that takes no negative values; no equations of a script carry it.
NON_NEGATIVE = "non-negative"
#: Names that every group has, or that the language gives a meaning.
RESERVED = frozenset({"t", "dt", "t_in_timesteps", "i", "N", "lastspike", "not_refractory", "xi"})

_HEAD = re.compile(r"^d\s*([A-Za-z]\w*)\s*/\s*dt\s*=(.*)$|^([A-Za-z]\w*)\s*=(?!=)(.*)$|^([A-Za-z]\w*)$", re.S)
_BEGINNING = re.compile(r"^(d\s*[A-Za-z]\w*\s*/\s*dt|[A-Za-z]\w*)\s*=(?!=)")
_LINE = re.compile(r"^(?P<head>.*?):(?P<unit>[^:(]*(?:\([^)]*\)[^:(]*)*?)(?P<flags>\([a-z ,-]+\))?\s*$", re.S)


class EquationError(ValueError):
    """Equations that are not well formed; all problems are listed."""


@dataclass(frozen=True)
class Equation:
    """One line of a model.

    ``expr`` is as the user wrote it, with names unresolved; ``None`` for a parameter.
    """

    name: str
    kind: str
    dim: Dimension
    dtype: str
    expr: Expr | None
    flags: frozenset[str]
    unit: str

    def __str__(self) -> str:
        flags = f" ({', '.join(sorted(self.flags))})" if self.flags else ""
        left = f"d{self.name}/dt" if self.kind == DIFFERENTIAL else self.name
        right = "" if self.expr is None else f" = {text(self.expr)}"
        return f"{left}{right} : {self.unit}{flags}"


class Equations(Mapping[str, Equation]):
    """A set of equations, as `NeuronGroup` takes it: a mapping from names of variables.

    Parameters
    ----------
    eqns : str
        Lines of the form ``dx/dt = f : unit``, ``x = f : unit`` or ``x : unit``, each with optional flags in
        parentheses; an expression may go on over several lines. The unit is a base unit such as ``volt``
        or ``siemens/meter**2``, ``1``, ``integer`` or ``boolean``.
    **substitutions
        For each name, another name (a string) or a number or quantity that takes its place; a name that the
        equations only use may be replaced by an expression (a string) too.

    Raises
    ------
    EquationError
        Listing every problem found.
    TypeError
        If ``eqns`` is no string.
    """

    def __init__(self, eqns: str | tuple[Equation, ...], **substitutions: Any) -> None:
        if not isinstance(eqns, str | tuple):
            raise TypeError(f"Equations are written as a string, not {type(eqns).__name__} {eqns!r:.60}.")
        equations = parse_equations(eqns) if isinstance(eqns, str) else eqns
        if substitutions:
            _check_substitutions(substitutions, {eq.name for eq in equations})
            equations = tuple(_substitute(eq, substitutions) for eq in equations)
        _verify(equations)
        self._equations = equations
        self._by_name = {eq.name: eq for eq in equations}

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._equations)

    def __getitem__(self, name: str) -> Equation:
        return self._by_name[name]

    def __add__(self, other: Equations | str) -> Equations:
        more = Equations(other) if isinstance(other, str) else other
        return Equations(self._equations + more._equations)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equations) and self._equations == other._equations

    def __hash__(self) -> int:
        return hash(self._equations)

    def __str__(self) -> str:
        return "\n".join(str(eq) for eq in self._equations)

    def __repr__(self) -> str:
        return f"Equations({str(self)!r})"

    def _repr_latex_(self) -> str:
        """What notebooks show."""
        from .latex import equations_latex

        return equations_latex(self._equations)

    @property
    def names(self) -> frozenset[str]:
        """Names of all variables."""
        return frozenset(self._by_name)

    @property
    def ordered(self) -> tuple[Equation, ...]:
        """The equations as written."""
        return self._equations

    def of_kind(self, kind: str) -> tuple[Equation, ...]:
        """The equations of one kind, as written."""
        return tuple(eq for eq in self._equations if eq.kind == kind)

    @property
    def diff_eq_names(self) -> frozenset[str]:
        return frozenset(eq.name for eq in self.of_kind(DIFFERENTIAL))

    @property
    def subexpr_names(self) -> frozenset[str]:
        return frozenset(eq.name for eq in self.of_kind(SUBEXPRESSION))

    @property
    def parameter_names(self) -> frozenset[str]:
        return frozenset(eq.name for eq in self.of_kind(PARAMETER))


# -- parsing ------------------------------------------------------------------------------------------


def parse_equations(source: str) -> tuple[Equation, ...]:
    """Parse lines of equations; see `Equations`."""
    equations, problems = [], []
    for line in _logical_lines(source):
        try:
            equations.append(_parse_line(line))
        except (EquationError, ExpressionError) as error:
            problems.append(str(error))
    _raise(problems)
    return tuple(equations)


def _logical_lines(source: str) -> list[str]:
    """Join what goes on over several lines: an equation is complete with its ``: unit``."""
    lines: list[str] = []
    pending = ""
    for raw in source.splitlines():
        part = raw.split("#", 1)[0].strip().rstrip("\\").strip()
        if not part:
            continue
        if pending and _BEGINNING.match(part):  # the line before has no unit
            lines.append(pending)
            pending = ""
        pending = f"{pending} {part}".strip()
        if ":" in part:
            lines.append(pending)
            pending = ""
    if pending:
        lines.append(pending)
    return lines


def _parse_line(line: str) -> Equation:
    form = "'dx/dt = f : unit', 'x = f : unit' or 'x : unit'"
    if ":" not in line:
        raise EquationError(f"{line!r} has no unit; an equation has the form {form}.")
    match = _LINE.match(line)
    head = _HEAD.match(match["head"].strip()) if match else None
    if match is None or head is None:
        raise EquationError(f"{line!r} is not an equation; write {form}.")
    differential, rate, sub, value, parameter = head.groups()
    name = differential or sub or parameter
    kind = DIFFERENTIAL if differential else SUBEXPRESSION if sub else PARAMETER
    right = rate if differential else value
    unit = match["unit"].strip()
    dim, dtype = parse_unit(unit, line)
    flags = frozenset(f.strip() for f in (match["flags"] or "()")[1:-1].split(",") if f.strip())
    unknown = flags - _FLAGS[kind]
    if unknown:
        allowed = ", ".join(f"({f})" for f in sorted(_FLAGS[kind]))
        raise EquationError(
            f"{line!r}: a {kind} cannot be flagged ({', '.join(sorted(unknown))}); it may be {allowed}."
        )
    if LINKED in flags and len(flags) > 1:
        raise EquationError(f"{line!r}: what (linked) stands for decides the rest; give no other flag.")
    if dtype != "float" and kind == DIFFERENTIAL:
        raise EquationError(f"{line!r}: a differential equation cannot define a variable of type {unit}.")
    expr = None if kind == PARAMETER else parse(right)
    return Equation(name, kind, dim, dtype, expr, flags, unit)


def parameter(name: str, unit: str) -> Equation:
    """The equation of a parameter."""
    return _parse_line(f"{name} : {unit}")


def parse_unit(unit: str, line: str) -> tuple[Dimension, str]:
    """Dimension and type that the text behind an equation's colon stands for."""
    special = {"1": "float", "integer": "int", "boolean": "bool"}
    if unit in special:
        return DIMENSIONLESS, special[unit]
    try:
        value = _unit_value(parse(unit))
    except (ExpressionError, KeyError, DimensionMismatchError, ArithmeticError) as error:
        raise EquationError(
            f"{line!r}: {unit!r} is not a unit ({str(error).strip(chr(34))}); write a base unit such as volt "
            "or siemens/meter**2, 1, integer or boolean."
        ) from None
    if not np.isclose(float(np.asarray(value)), 1.0, rtol=1e-12, atol=0):
        base = get_dimensions(value).unit_text()
        raise EquationError(
            f"{line!r}: {unit!r} is a scaled unit; equations are declared in base units, here {base!r}."
        )
    return get_dimensions(value), "float"


def _unit_value(expr: Expr) -> Any:
    if isinstance(expr, Lit):
        return expr.value
    if isinstance(expr, Name):
        if expr.id not in units_namespace():
            raise KeyError(f"there is no unit named {expr.id!r}")
        return units_namespace()[expr.id]
    if isinstance(expr, Unary) and expr.op == "-":
        return -_unit_value(expr.operand)
    if isinstance(expr, Binary) and expr.op in ("*", "/", "**"):
        left, right = _unit_value(expr.left), _unit_value(expr.right)
        if expr.op == "*":
            return left * right
        return left / right if expr.op == "/" else left**right
    raise ExpressionError(f"{text(expr)!r} is no product of units")


# -- checks and substitution --------------------------------------------------------------------------


def _verify(equations: tuple[Equation, ...]) -> None:
    problems = []
    seen: set[str] = set()
    for eq in equations:
        if eq.name in seen:
            problems.append(f"{eq.name!r} is defined more than once; give each variable one equation.")
        seen.add(eq.name)
        if eq.name in RESERVED or eq.name.startswith("xi_"):
            problems.append(f"{eq.name!r} has a meaning of its own in the language; choose another name.")
        elif eq.name in FUNCTIONS:
            problems.append(f"{eq.name!r} is the name of a function; choose another name.")
        elif eq.name in units_namespace():
            problems.append(f"{eq.name!r} is the name of a unit; choose another name.")
        elif keyword.iskeyword(eq.name):
            problems.append(f"{eq.name!r} is a word of Python's and cannot be a name; choose another one.")
        elif eq.name.endswith("_"):
            problems.append(f"{eq.name!r} ends in an underscore, which asks for values without units.")
    problems += _cycles({e.name: e.expr for e in equations if e.kind == SUBEXPRESSION and e.expr})
    _raise(problems)


def _cycles(subexpressions: Mapping[str, Expr]) -> list[str]:
    done: set[str] = set()
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            loop = " -> ".join((*path[path.index(name) :], name))
            found.append(f"The subexpressions refer to each other in a circle: {loop}.")
            return
        if name in done or name not in subexpressions:
            return
        for other in sorted(names(subexpressions[name])):
            visit(other, (*path, name))
        done.add(name)

    for name in subexpressions:
        visit(name, ())
    return found[:1]


def _check_substitutions(table: Mapping[str, Any], variables: set[str]) -> None:
    problems = []
    for name, value in table.items():
        if isinstance(value, str):
            if name in variables and not value.isidentifier():
                problems.append(
                    f"The variable {name!r} cannot be replaced by the expression {value!r}; give another name."
                )
        elif not isinstance(value, int | float | np.number | np.ndarray) or np.ndim(value):
            problems.append(
                f"{name!r} cannot be replaced by {type(value).__name__} {value!r:.60}; give a name, a number or a "
                "quantity."
            )
        elif name in variables:
            problems.append(
                f"The variable {name!r} cannot be replaced by the value {value!r}; only names that the equations "
                "use but do not define take values."
            )
    _raise(problems)


def _substitute(eq: Equation, table: Mapping[str, Any]) -> Equation:
    def replaced(node: Expr) -> Expr | None:
        if not isinstance(node, Name) or node.id not in table:
            return None
        value = table[node.id]
        return parse(value) if isinstance(value, str) else _value(value)

    expr = None if eq.expr is None else transform(eq.expr, replaced)
    return replace(eq, name=table.get(eq.name, eq.name), expr=expr)


def _value(value: Any) -> Expr:
    """A number or quantity as an expression that a user could have written."""
    number, dim = parse(repr(np.asarray(value).item())), get_dimensions(value)
    return number if dim == DIMENSIONLESS else Binary("*", number, parse(dim.unit_text()))


def _raise(problems: list[str]) -> None:
    if problems:
        raise EquationError("\n".join(problems))


__all__ = ["Equation", "EquationError", "Equations"]
