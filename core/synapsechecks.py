"""What cannot be said of synapses: names that have a meaning already, and equations that do not go together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from .equations import (
    CLOCK_DRIVEN,
    DIFFERENTIAL,
    EVENT_DRIVEN,
    PARAMETER,
    SUBEXPRESSION,
    SUMMED,
    Equation,
    EquationError,
    Equations,
)
from .expr import ExpressionError
from .infer import unit_of
from .synapsenames import Reference
from .synapseorder import closure

if TYPE_CHECKING:
    from .declared import Declared
    from .synapses import Synapses

_SUFFIXES = ("_pre", "_post")


def check_equations(equations: Equations, taken: Collection[str]) -> None:
    """Refuse equations that mean nothing for synapses.

    Parameters
    ----------
    equations : Equations
        The equations.
    taken : collection of str
        Names with a meaning of their own.

    Raises
    ------
    EquationError
        Listing everything that is wrong.
    """
    problems = [*_names(equations, taken), *_times(equations)]
    if problems:
        raise EquationError("\n".join(f"Synapses: {problem}" for problem in problems))


def unflagged(equations: Equations) -> list[str]:
    """Variables whose equations do not say whether they are solved at events or at each step."""
    return [e.name for e in equations.of_kind(DIFFERENTIAL) if not e.flags & {EVENT_DRIVEN, CLOCK_DRIVEN}]


def _names(equations: Equations, taken: Collection[str]) -> Iterator[str]:
    own = sorted(set(equations) & set(taken))
    if own:
        yield f"{', '.join(map(repr, own))} has a meaning of its own for synapses; choose another name."
    for e in equations.ordered:
        if e.name.endswith(_SUFFIXES) and SUMMED not in e.flags:
            yield (
                f"{e.name!r} would be a variable of the neurons at one end; choose a name without _pre or _post, "
                "or flag a sum over synapses (summed)."
            )


def _times(equations: Equations) -> Iterator[str]:
    """Variables are known at events, or at each step."""
    differential = equations.of_kind(DIFFERENTIAL)
    events = {e.name for e in differential if EVENT_DRIVEN in e.flags}
    steps = {e.name for e in differential} - events
    for e in differential:
        if {EVENT_DRIVEN, CLOCK_DRIVEN} <= e.flags:
            yield f"{e.name!r} cannot be event-driven and clock-driven at once."
    for e in equations.ordered:
        if e.expr is None or (e.kind == SUBEXPRESSION and SUMMED not in e.flags):
            continue
        if e.name in events:
            other, kind, why = steps, "clock-driven", "which changes between events"
        else:
            other, kind, why = events, "event-driven", "which is up to date at events only"
        for name in sorted(closure(equations, e.expr) & other):
            own = "event-driven" if e.name in events else "summed" if SUMMED in e.flags else "clock-driven"
            yield f"the {own} {e.name!r} depends on the {kind} {name!r}, {why}; make both clock-driven."


def check_pathway_names(given: Iterable[str], taken: Collection[str]) -> None:
    """Refuse pathways whose name means something else.

    Raises
    ------
    ValueError
        Naming them.
    """
    own = sorted(set(given) & set(taken))
    if own:
        raise ValueError(
            f"Synapses: {', '.join(map(repr, own))} cannot be the name of a pathway, having a meaning of its own; "
            "choose another name."
        )


def check_rule_names(what: str, found: Collection[str], own: Collection[str]) -> None:
    """Refuse a rule that asks for variables of the synapses that it is to make.

    Raises
    ------
    ExpressionError
        Naming them.
    """
    early = sorted(set(found) & set(own))
    if early:
        raise ExpressionError(
            f"{what}: {', '.join(map(repr, early))} belongs to synapses, which there are once they have been made; a "
            "rule can use i, j, N_pre, N_post and the variables of the neurons, as v_pre and v_post."
        )


def check_summed(synapses: Synapses, name: str, reference: Reference) -> None:
    """Refuse a sum over synapses that has no place in the neurons.

    Raises
    ------
    ExpressionError
        Saying what the neurons should have.
    """
    if reference.side not in ("pre", "post"):
        raise ExpressionError(f"{name!r} must end in _post or _pre, after the name of the neurons' variable.")
    group = synapses.end(reference.side)._root
    equation = group.equations.get(reference.variable)
    if equation is None:
        raise ExpressionError(
            f"{group.name!r} has no parameter {reference.variable!r} for {name!r} to be summed in; add "
            f"'{reference.variable} : {synapses.equations[name].unit}' to its equations."
        )
    reason = _no_place(equation)
    if reason:
        raise ExpressionError(
            f"{group.name}.{reference.variable} is {reason}; {name!r} can only be summed in a parameter that each "
            "neuron has of its own and that may change."
        )
    if equation.dim != synapses.equations[name].dim:
        raise ExpressionError(
            f"{name!r} has units of {unit_of(synapses.equations[name].dim)}, but {group.name}.{reference.variable} "
            f"has units of {unit_of(equation.dim)}."
        )


def _no_place(equation: Equation) -> str:
    """Why nothing can be summed in a variable; empty where it can."""
    if equation.kind != PARAMETER:
        return f"a {equation.kind}" if equation.kind == SUBEXPRESSION else f"given by a {equation.kind}"
    flags = sorted(equation.flags & {"constant", "shared", "linked"})
    return f"flagged ({', '.join(flags)})" if flags else ""


def conflicts(synapses: Synapses, others: Iterable[Declared]) -> Iterator[Exception]:
    """What keeps synapses from running together with others: sums in the same variable of the same neurons."""
    mine = _sums(synapses)
    for other in others:
        if not isinstance(other, type(synapses)) or other._number < synapses._number:
            continue
        for name, (variable, rows) in mine.items():
            for theirs, (their_variable, their_rows) in _sums(other).items():
                if (other is synapses and theirs <= name) or variable != their_variable:
                    continue
                if rows.start < their_rows.stop and their_rows.start < rows.stop:
                    group = variable[0]
                    yield ValueError(
                        f"{synapses.name}.{name} and {other.name}.{theirs} would both be summed in {group}."
                        f"{variable[1]}, and one would replace the other; give {group} a parameter for each and add "
                        "them up in its equations."
                    )


def _sums(synapses: Synapses) -> dict[str, tuple[tuple[str, str], range]]:
    """Of each summed variable, the neurons' variable and which neurons."""
    found = {}
    for name, reference in synapses.summed():
        group = synapses.end(reference.side)
        found[name] = ((group._root.name, reference.variable), group._rows)
    return found


__all__ = [
    "check_equations",
    "check_pathway_names",
    "check_rule_names",
    "check_summed",
    "conflicts",
    "unflagged",
]
