"""The names a group offers to the strings written for it, and the checks of those strings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from .dimensions import DIMENSIONLESS, TIME
from .equations import DIFFERENTIAL, HELD, SUBEXPRESSION, Equations
from .expr import Expr, ExpressionError, Noise, TimedCall, Var, names, walk, written
from .functions import FUNCTIONS
from .infer import Type, Types, infer, unit_of
from .namespace import Constant, Resolved, parts
from .resolve import external_names, is_noise, is_stateful, resolve
from .statements import Stmt
from .timedarray import TimedArray
from .units import DimensionMismatchError
from .userfunctions import Function

SPECIAL: dict[str, Type] = {
    "t": Type(TIME, "float"),
    "dt": Type(TIME, "float"),
    "t_in_timesteps": Type(DIMENSIONLESS, "int"),
    "i": Type(DIMENSIONLESS, "int"),
    "N": Type(DIMENSIONLESS, "int"),
}
#: Special variables with one value for all neurons.
SHARED = frozenset(SPECIAL) - {"i"}
#: When a neuron that has not spiked did so last, in seconds; as in Brian 2.
LONG_AGO = -1e4
REFRACTORY: dict[str, Type] = {
    "lastspike": Type(TIME, "float"),
    "not_refractory": Type(DIMENSIONLESS, "bool"),
}


def variable_types(equations: Equations, refractory: bool) -> dict[str, Type]:
    """Types of everything that a group's strings can name."""
    own = {eq.name: Type(eq.dim, eq.dtype) for eq in equations.ordered}
    return {**SPECIAL, **(REFRACTORY if refractory else {}), **own}


def shared_names(equations: Equations) -> frozenset[str]:
    """Variables with one value for all neurons."""
    return SHARED | {eq.name for eq in equations.ordered if "shared" in eq.flags}


def types_of(variables: Mapping[str, Type], constants: Mapping[str, Resolved]) -> Types:
    """Types of a context, with slots named like the constants."""
    inputs = {n: Type(v.dim, v.dtype) for n, v in constants.items() if isinstance(v, Constant)}
    for name, value in constants.items():
        inputs |= {f"{name}:{part}": Type(c.dim, c.dtype) for part, c in parts(value).items()}
    timed = {
        n: (Type(v.dim, "float"), v.values.ndim) for n, v in constants.items() if isinstance(v, TimedArray)
    }
    functions = {n: v for n, v in constants.items() if isinstance(v, Function)}
    return Types(variables, inputs, timed, functions)


def with_floats(
    constants: Mapping[str, Resolved], check: Callable[[Mapping[str, Resolved]], object]
) -> dict[str, Resolved]:
    """The constants with integers as floats wherever the checks pass all the same.

    A script says ``tau = 10`` and means a number: 10.5 can take its place later, in the same build. Only
    where an integer is needed, as for an index, does the constant stay one.
    """
    result = dict(constants)
    for name, value in constants.items():
        if not isinstance(value, Constant) or value.dtype != "int" or float(value.value) != value.value:
            continue
        trial = {**result, name: Constant(float(value.value), value.dim)}
        try:
            check(trial)
        except ExpressionError:
            continue
        result = trial
    return result


class UnresolvedError(ExpressionError):
    """An expression cannot be checked: what some of its names stand for is unknown, and reported as such."""


@dataclass(frozen=True)
class Checker:
    """Collects what is wrong with the strings of one object, which has ``size`` neurons."""

    where: str
    size: int
    variables: Mapping[str, Type]
    constants: Mapping[str, Resolved]
    problems: list[Exception] = field(default_factory=list)

    def attempt(self, what: str, action: Callable[[], object]) -> None:
        """Note the error that an action raises, with what it was about."""
        try:
            action()
        except UnresolvedError:
            return
        except (DimensionMismatchError, ExpressionError) as error:
            self.problems.append(type(error)(f"{what}: {error}"))

    def type_of(
        self,
        expr: Expr,
        variables: Mapping[str, Type] | None = None,
        noise: bool = False,
        wanted: str = "float",
    ) -> Type:
        """Type of an expression where a kind of number is wanted; ``xi`` only where ``noise`` is allowed."""
        own = self.variables if variables is None else variables
        unknown = external_names(expr, own) - set(self.constants)
        if unknown:
            raise UnresolvedError(f"{', '.join(sorted(unknown))} in {written(expr)!r}")
        resolved = resolve(expr, own, self.constants)
        for node in walk(resolved):
            if isinstance(node, Noise) and not noise:
                raise ExpressionError(
                    f"{written(expr)!r} contains {node.name!r}, white noise, which belongs into differential "
                    "equations; randn() draws a number."
                )
            if isinstance(node, TimedCall):
                self._check_columns(node)
        return infer(resolved, types_of(own, self.constants), whole=wanted == "int")

    def _check_columns(self, call: TimedCall) -> None:
        array = self.constants[call.array]
        assert isinstance(array, TimedArray)
        columns = array.values.shape[1] if array.values.ndim == 2 else 0
        if call.args[1:] == (Var("i"),) and 0 < columns < self.size:
            raise ExpressionError(
                f"The TimedArray {call.array!r} has {columns} column(s), but {written(call)!r} reads one for each of "
                f"{self.size} neurons."
            )

    def finish(self) -> None:
        """Raise what was found, all at once, as the kind of the first."""
        if self.problems:
            raise type(self.problems[0])(
                f"{self.where} has {len(self.problems)} problem(s):\n"
                + "\n".join(f"- {problem}" for problem in self.problems)
            )


def expect_unit(given: Type, wanted: Type, what: str) -> None:
    """Refuse a value whose units or kind are not those of its target."""
    if given.dim != wanted.dim:
        raise DimensionMismatchError(
            f"{what} has units of {unit_of(given.dim)} instead of {unit_of(wanted.dim)}."
        )
    if (given.dtype == "bool") != (wanted.dtype == "bool"):
        if given.dtype == "bool":
            raise ExpressionError(f"{what} is a truth value, but a number is needed; write int(…).")
        raise ExpressionError(
            f"{what} is a number, but a truth value is needed; write a comparison, True or False."
        )
    if wanted.dtype == "int" and given.dtype == "float":
        raise ExpressionError(f"{what} is not an integer; write int(…) to round towards zero.")


def check_shared(expr: Expr, types: Collection[str], shared: frozenset[str], what: str) -> None:
    """Refuse a value for all neurons that depends on the neuron."""
    single = sorted((names(expr) & set(types)) - shared)
    if single:
        raise ExpressionError(
            f"{what} is shared by all neurons, but {written(expr)!r} depends on {', '.join(map(repr, single))}, "
            "which differs between them."
        )


def check_equation(checker: Checker, equations: Equations, name: str) -> None:
    """Check the right-hand side of one equation."""
    equation = equations[name]
    assert equation.expr is not None
    stateful = is_stateful(equation.expr, checker.constants)
    if stateful and equation.kind == SUBEXPRESSION and HELD not in equation.flags:
        raise ExpressionError(
            f"{written(equation.expr)!r} draws random numbers each time it is evaluated; give it the flag (constant "
            "over dt)."
        )
    if "shared" in equation.flags:
        check_shared(equation.expr, checker.variables, shared_names(equations), repr(name))
    target = checker.variables[name]
    if equation.kind == SUBEXPRESSION:
        expect_unit(checker.type_of(equation.expr, wanted=target.dtype), target, repr(written(equation.expr)))
    if equation.kind == DIFFERENTIAL:
        given = checker.type_of(equation.expr, noise=True)
        expect_unit(given, Type(target.dim / TIME, "float"), repr(written(equation.expr)))


def check_noise(equations: Equations) -> None:
    """Refuse ``xi`` in several equations: it does not say whether the noise is the same or independent."""
    found = [
        eq.name for eq in equations.of_kind(DIFFERENTIAL) if eq.expr is not None and "xi" in names(eq.expr)
    ]
    if len(found) > 1:
        raise ExpressionError(
            f"'xi' stands in the equations of {', '.join(map(repr, found))}; call it xi_1 in all of them for the same "
            "noise, or xi_1, xi_2 and so on for independent noise."
        )


def check_block(
    checker: Checker, block: tuple[Stmt, ...], readonly: Mapping[str, str], what: str
) -> tuple[Stmt, ...]:
    """Check statements in order; a name that is no variable becomes a local of the block."""
    variables = dict(checker.variables)
    result: list[Stmt] = []
    for place, statement in enumerate(block):
        later = {s.target for s in block[place:]} - set(variables)

        def check(statement: Stmt = statement, later: set[str] = later) -> None:
            result.append(_checked_statement(checker, statement, variables, readonly, later))

        checker.attempt(what, check)
    checker.attempt(what, lambda: _check_used(result, checker.variables))
    return tuple(result)


def _check_used(block: list[Stmt], variables: Collection[str]) -> None:
    """Refuse locals that nothing reads: as a rule they are misspelt variables."""
    read = {name for statement in block for name in names(statement.expr)}
    unused = sorted({s.target for s in block if s.local} - read)
    if unused:
        own = sorted(set(variables) - set(SPECIAL) - set(REFRACTORY))
        raise ExpressionError(
            f"{', '.join(map(repr, unused))} would be set but never used, being no variable of the group; it has "
            f"{', '.join(own) or 'none'}."
        )


def _checked_statement(
    checker: Checker,
    statement: Stmt,
    variables: dict[str, Type],
    readonly: Mapping[str, str],
    later: set[str],
) -> Stmt:
    """A statement with its locals marked; adds a new local to the variables."""
    target = statement.target
    if target in readonly:
        raise ExpressionError(f"{str(statement)!r} sets {target!r}, which is {readonly[target]}.")
    early = sorted(later & names(statement.expr))
    if early:
        raise ExpressionError(
            f"{str(statement)!r} reads {early[0]!r} before anything has been assigned to it."
        )
    is_local = target not in checker.variables
    if is_local and (target in FUNCTIONS or target in checker.constants or is_noise(target)):
        raise ExpressionError(
            f"{str(statement)!r} sets {target!r}, which has another meaning; only variables of the group and new "
            "names can be set."
        )
    wanted = variables[target].dtype if target in variables else "float"
    given = checker.type_of(statement.expr, variables, wanted=wanted)
    if target in variables:
        expect_unit(given, variables[target], f"the right-hand side of {str(statement)!r}")
    else:
        variables[target] = given
    return Stmt(target, statement.expr, is_local, variables[target].dtype if is_local else "float")
