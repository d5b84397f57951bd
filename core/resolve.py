"""Resolve names: from trees of the user's names to trees of variables, slots, literals and draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .expr import (
    Call,
    Expr,
    ExpressionError,
    Lit,
    Name,
    Noise,
    Param,
    TimedCall,
    Var,
    transform,
    walk,
    written,
)
from .functions import FUNCTIONS
from .namespace import Constant, Literal, Resolved
from .timedarray import TimedArray


def is_noise(name: str) -> bool:
    """Whether a name stands for a white-noise term."""
    return name == "xi" or name.startswith("xi_")


def external_names(expr: Expr, own: Collection[str]) -> set[str]:
    """Names in an unresolved expression that the script must explain."""
    found = set()
    for node in walk(expr):
        name = node.id if isinstance(node, Name) else node.function if isinstance(node, Call) else ""
        if name and name not in own and not is_noise(name):
            if isinstance(node, Call) and name in FUNCTIONS:
                continue
            found.add(name)
    return found


def resolve(
    expr: Expr,
    own: Collection[str],
    constants: Mapping[str, Resolved],
    slot: Callable[[str], str] = lambda name: name,
) -> Expr:
    """Resolve every name.

    Parameters
    ----------
    expr : Expr
        As parsed.
    own : collection of str
        Variables of the context; they come first.
    constants : mapping
        What `namespace.look_up` found for the others.
    slot : callable
        From a constant's name to the slot it is read from.
    """

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, Name):
            return _name(node, own, constants, slot)
        if isinstance(node, Call):
            args = tuple(transform(arg, rewrite) for arg in node.args)
            if node.function in FUNCTIONS and node.function not in own:
                return Call(node.function, args)
            if isinstance(constants.get(node.function), TimedArray):
                return TimedCall(slot(node.function), args)
            raise ExpressionError(
                f"{node.function!r} in {written(expr)!r} is called, but it is no function and no TimedArray."
            )
        return None

    return transform(expr, rewrite)


def _name(
    node: Name, own: Collection[str], constants: Mapping[str, Resolved], slot: Callable[[str], str]
) -> Expr:
    if node.id in own:
        return Var(node.id)
    if is_noise(node.id):
        return Noise(node.id)
    value = constants[node.id]
    if isinstance(value, Literal):
        return Lit(value.value, value.dim, node.id)
    if isinstance(value, Constant):
        return Param(slot(node.id))
    raise ExpressionError(
        f"{node.id!r} is a TimedArray and needs a time: write {node.id}"
        f"{'(t)' if value.values.ndim == 1 else '(t, i)'}."
    )


def is_stateful(expr: Expr) -> bool:
    """Whether the expression draws random numbers."""
    return any(
        isinstance(n, Call) and n.function in FUNCTIONS and FUNCTIONS[n.function].draw for n in walk(expr)
    )
