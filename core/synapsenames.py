"""The names that the strings of synapses can use: their own variables, and those of the neurons at both ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .context import SHARED, SPECIAL
from .dimensions import DIMENSIONLESS, TIME
from .equations import DIFFERENTIAL, PARAMETER, SUBEXPRESSION, Equations
from .expr import Expr, Var, transform
from .infer import Type
from .statements import Stmt

if TYPE_CHECKING:
    from .group import Group
    from .neurons import Neurons

_WHOLE = Type(DIMENSIONLESS, "int")
#: What all synapses have besides the variables of their model. ``N`` is the number of synapses.
SYNAPTIC: dict[str, Type] = {
    **SPECIAL,
    **dict.fromkeys(("j", "N_pre", "N_post", "N_incoming", "N_outgoing"), _WHOLE),
}
#: Of these, what is the same for all synapses.
SYNAPTIC_SHARED = SHARED | {"N_pre", "N_post"}
#: What depends on which neurons they connect.
SYNAPTIC_ENDS = frozenset(SYNAPTIC) - frozenset(SPECIAL) | {"i"}
LASTUPDATE = "lastupdate"


class Reference(NamedTuple):
    """A variable of the neurons at one end."""

    side: str
    variable: str


def references(source: Neurons, target: Neurons, own: Mapping[str, object]) -> dict[str, Reference]:
    """Variables of the neurons by the names they have for synapses; without a suffix, the target is meant."""
    found = {}
    for side, group in (("pre", source), ("post", target)):
        for name in group._root.state_names():
            found[f"{name}_{side}"] = Reference(side, name)
    for name in target._root.state_names():
        if name not in own and name not in SYNAPTIC:
            found[name] = Reference("post", name)
    return {name: reference for name, reference in found.items() if name not in own}


def normalise(expr: Expr, known: Mapping[str, Reference]) -> Expr:
    """The expression with every variable of a neuron under its full name."""

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, Var) and node.name in known:
            return Var(full_name(known[node.name]))
        return None

    return transform(expr, rewrite)


def full_name(reference: Reference) -> str:
    """``v_post`` for the variable v of the target."""
    return f"{reference.variable}_{reference.side}"


def seen_from_synapses(name: str) -> Reference:
    """What a name that is no variable of the synapses stands for: without a suffix, the target's variable."""
    variable, _, side = name.rpartition("_")
    return Reference(side, variable) if side in ("pre", "post") else Reference("post", name)


def normalised(block: tuple[Stmt, ...], known: Mapping[str, Reference]) -> tuple[Stmt, ...]:
    """Statements with every variable of a neuron under its full name."""
    return tuple(
        Stmt(
            full_name(known[s.target]) if s.target in known else s.target,
            normalise(s.expr, known),
            s.local,
            s.dtype,
        )
        for s in block
    )


def reference_types(found: Mapping[str, Reference], source: Neurons, target: Neurons) -> dict[str, Type]:
    """Types of the neurons' variables."""
    groups = {"pre": source, "post": target}
    return {name: groups[r.side].variable_types[r.variable] for name, r in found.items()}


def needs_lastupdate(equations: Equations) -> bool:
    """Whether synapses keep the time of their last event: to integrate from there, or because the model says so."""
    declared = equations.get(LASTUPDATE)
    return declared is not None or any("event-driven" in e.flags for e in equations.of_kind(DIFFERENTIAL))


def readonly_reference(group: Group, name: str) -> str:
    """Why statements cannot set a variable of the neurons; empty where they can."""
    if name in ("lastspike", "not_refractory"):
        return "a special variable"
    equation = group.equations.get(name)
    if equation is None:
        return "a special variable"
    if equation.kind == SUBEXPRESSION:
        return "a subexpression"
    if equation.kind == PARAMETER and "constant" in equation.flags:
        return "a constant parameter"
    return "shared between neurons" if "shared" in equation.flags else ""


__all__ = [
    "LASTUPDATE",
    "SYNAPTIC",
    "SYNAPTIC_ENDS",
    "SYNAPTIC_SHARED",
    "TIME",
    "Reference",
    "full_name",
    "needs_lastupdate",
    "normalise",
    "normalised",
    "readonly_reference",
    "reference_types",
    "references",
    "seen_from_synapses",
]
