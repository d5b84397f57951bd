"""Explicit methods described in text: the user's own integrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..algebra import ZERO, select
from ..dimensions import TIME, Dimension
from ..expr import Call, Expr, ExpressionError, Name, Var, names, substitute, text, transform, walk
from ..functions import FUNCTIONS
from ..infer import Type, Types, infer
from ..statements import Stmt, parse_block
from ..units import DimensionMismatchError, get_or_create_dimension
from .base import (
    NO_NOISE,
    NOT_LINEAR_NOISE,
    Integrator,
    Split,
    System,
    Update,
    increments,
    is_additive,
    split_noise,
)

#: What the text of a described method begins with in a model.
PREFIX = "explicit"
STOCHASTIC = (None, "additive", "multiplicative")


@dataclass(frozen=True)
class Scheme:
    """A description: assignments in order, the last one to ``x_new``, and the kind of noise that it is for."""

    steps: tuple[Stmt, ...]
    stochastic: str | None = None

    def __str__(self) -> str:
        return "; ".join(f"{s.target} = {text(s.expr)}" for s in self.steps)

    def dump(self) -> str:
        """The text that stands for it in a model."""
        return f"{PREFIX} {self.stochastic or 'deterministic'}: {self}"


@lru_cache(maxsize=64)
def read_scheme(dumped: str) -> Scheme:
    """The inverse of `Scheme.dump`."""
    head, _, description = dumped.partition(": ")
    kind = head.removeprefix(f"{PREFIX} ")
    return make_scheme(description, None if kind == "deterministic" else kind)


def make_scheme(description: str, stochastic: str | None) -> Scheme:
    """Parse and check a description; see `core.stateupdaters.ExplicitStateUpdater`.

    Raises
    ------
    ExpressionError
        Listing everything that is wrong with it.
    """
    steps = parse_block(description)
    problems = []
    if not steps or steps[-1].target != "x_new":
        problems.append("the last line has to be 'x_new = …'")
    types = {"x": _X, "t": _T, "dt": _T, **({"dW": Type(TIME**0.5, "float")} if stochastic else {})}
    functions = {"f": _rate(1.0), **({"g": _rate(0.5)} if stochastic else {})}
    for place, step in enumerate(steps):
        try:
            if step.target in types or step.target in ("f", "g", "dW", *FUNCTIONS):
                raise ExpressionError(f"{step.target!r} has a meaning of its own or is set twice")
            types[step.target] = _type_of(step.expr, types, functions)
            if place == len(steps) - 1 and types[step.target].dim != _X.dim:
                raise ExpressionError("the result does not have the units of x")
        except (ExpressionError, DimensionMismatchError) as error:
            problems.append(f"in '{step.target} = {text(step.expr)}': {error}")
            types.setdefault(step.target, _X)
    if problems:
        raise ExpressionError("ExplicitStateUpdater: " + "\n".join(problems))
    return Scheme(steps, stochastic)


_X = Type(get_or_create_dimension(kg=1), "float")  # any unit that the others are not made of does
_T = Type(TIME, "float")


def _rate(power: float) -> Type:
    dim: Dimension = _X.dim / TIME**power
    return Type(dim, "float")


def _type_of(expr: Expr, types: Mapping[str, Type], functions: Mapping[str, Type]) -> Type:
    """Units of an expression of a description, taking x to be a mass."""
    unknown = sorted(names(expr) - set(types))
    if unknown:
        raise ExpressionError(f"{unknown[0]!r} is not known here; there are {', '.join(types)}")

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, Name):
            return Var(node.id)
        if isinstance(node, Call) and node.function in functions:
            if len(node.args) != 2:
                raise ExpressionError(f"{text(node)!r} has to be {node.function}(state, time)")
            for arg, wanted in zip(node.args, (_X, _T), strict=True):
                given = _type_of(arg, types, functions)
                if given.dim != wanted.dim:
                    role = "state has the units of x" if wanted is _X else "time is in second"
                    raise DimensionMismatchError(f"{text(arg)!r} in {text(node)!r} does not fit: the {role}")
            return Var(f"{node.function}()")
        if isinstance(node, Call) and node.function not in FUNCTIONS:
            raise ExpressionError(f"{node.function}() is not known here; there are {', '.join(functions)}")
        return None

    table = {**types, **{f"{name}()": kind for name, kind in functions.items()}}
    return infer(transform(expr, rewrite), Types(table, {}, {}))


@dataclass(frozen=True)
class Explicit(Integrator):
    """The method that a `Scheme` describes, applied to a whole system at once."""

    scheme: Scheme
    names = (PREFIX,)

    def objection(self, system: System) -> str | None:
        split = split_noise(system)
        if split is None:
            return NOT_LINEAR_NOISE
        if split.stochastic and self.scheme.stochastic is None:
            return NO_NOISE
        if self.scheme.stochastic == "additive" and not is_additive(system, split):
            return "the noise is multiplicative (its factor depends on state or time), and it is for additive noise"
        driven = [variable for row in split.diffusion.values() for variable in row]
        if len(driven) != len(set(driven)):
            return "a variable has more than one noise term (xi)"
        return None

    def update(self, system: System) -> Update:
        split = split_noise(system)
        assert split is not None
        writer = _Writer(system, split, increments(split))
        for step in self.scheme.steps:
            writer.write(step)
        final = []
        for name in system.variables:
            after: Expr = Var(f"_x_new_{name}")
            if name in system.frozen:
                after = select(Var("not_refractory"), after, Var(name))
            final.append(Stmt(name, after))
        return Update((*writer.statements, *final))


@dataclass
class _Writer:
    """Writes down the steps of a scheme for each variable of a system."""

    system: System
    split: Split
    statements: list[Stmt]
    calls: dict[Expr, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def write(self, step: Stmt) -> None:
        for call in (n for n in walk(step.expr) if isinstance(n, Call) and n.function in ("f", "g")):
            self._prepare(call)
        for name in self.system.variables:
            value = self._of(step.expr, name)
            self.statements.append(Stmt(f"_{step.target}_{name}", value, local=True))
        self.known.add(step.target)

    def _prepare(self, call: Call) -> None:
        """The state at which f and g are evaluated, and their values there, once for all variables."""
        for inner in (n for arg in call.args for n in walk(arg)):
            if isinstance(inner, Call) and inner.function in ("f", "g"):
                self._prepare(inner)
        if call in self.calls:
            return
        number = len(self.calls)
        state = {}
        if call.args[0] != Name("x"):
            for name in self.system.variables:
                self.statements.append(Stmt(f"_at{number}_{name}", self._of(call.args[0], name), local=True))
                state[name] = Var(f"_at{number}_{name}")
        first = self.system.variables[0]
        time = self._of(call.args[1], first)
        for name in self.system.variables:
            rate = self.split.drift[name] if call.function == "f" else self._diffusion(name)
            moved = substitute(rate, {**state, "t": time})
            self.statements.append(Stmt(f"_{call.function}{number}_{name}", moved, local=True))
        self.calls[call] = number

    def _diffusion(self, name: str) -> Expr:
        return next((row[name] for row in self.split.diffusion.values() if name in row), ZERO)

    def _noise(self, name: str) -> Expr:
        driving = next((noise for noise, row in self.split.diffusion.items() if name in row), None)
        return ZERO if driving is None else Var(f"_dW_{driving}")

    def _of(self, expr: Expr, name: str) -> Expr:
        """An expression of the description for one variable."""

        def rewrite(node: Expr) -> Expr | None:
            if isinstance(node, Call) and node in self.calls:
                return Var(f"_{node.function}{self.calls[node]}_{name}")
            if isinstance(node, Name):
                if node.id in self.known:
                    return Var(f"_{node.id}_{name}")
                return self._noise(name) if node.id == "dW" else Var(name if node.id == "x" else node.id)
            return None

        return transform(expr, rewrite)


__all__ = ["PREFIX", "STOCHASTIC", "Explicit", "Scheme", "make_scheme", "read_scheme"]
