"""Resolve names: from trees of the user's names to trees of variables, slots, literals and draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .binomial import BinomialFunction
from .expr import (
    Call,
    Expr,
    ExpressionError,
    Lit,
    Name,
    Noise,
    Param,
    TimedCall,
    UserCall,
    Var,
    substitute,
    transform,
    walk,
    written,
)
from .functions import ALL_FUNCTIONS, FUNCTIONS
from .namespace import Constant, Literal, Resolved, look_up, parts
from .timedarray import TimedArray
from .userfunctions import Function


def is_noise(name: str) -> bool:
    """Whether a name stands for a white-noise term."""
    return name == "xi" or name.startswith("xi_")


def external_names(expr: Expr, own: Collection[str]) -> set[str]:
    """Names in an unresolved expression that the script must explain."""
    found = set()
    for node in walk(expr):
        name = node.id if isinstance(node, Name) else node.function if isinstance(node, Call) else ""
        if name and name not in own and not is_noise(name):
            if isinstance(node, Call) and name in ALL_FUNCTIONS:
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
            if node.function in ALL_FUNCTIONS and node.function not in own:
                return Call(node.function, args)
            called = constants.get(node.function)
            if isinstance(called, TimedArray):
                return TimedCall(slot(node.function), args)
            if isinstance(called, BinomialFunction):
                return _binomial(node, called, slot)
            if isinstance(called, Function):
                return _user_call(node, args, called, slot)
            raise ExpressionError(
                f"{node.function!r} in {written(expr)!r} is called, but it is no function and no TimedArray."
            )
        return None

    return transform(expr, rewrite)


def _binomial(node: Call, called: BinomialFunction, slot: Callable[[str], str]) -> Expr:
    if node.args:
        raise ExpressionError(
            f"{node.function}() takes no arguments, but {written(node)!r} gives {len(node.args)}."
        )
    return Call(called.function, tuple(Param(slot(f"{node.function}:{part}")) for part in parts(called)))


def _user_call(node: Call, args: tuple[Expr, ...], called: Function, slot: Callable[[str], str]) -> Expr:
    if len(args) != len(called.arg_units):
        raise ExpressionError(
            f"{node.function}() takes {len(called.arg_units)} argument(s), but {written(node)!r} gives {len(args)}."
        )
    if called.expression is None:
        return UserCall(slot(node.function), args, called.return_type, not called.stateless)
    table = dict(zip(called.arg_names, args, strict=True))
    found, problems = look_up(external_names(called.expression, table), {})
    if problems:
        raise ExpressionError(f"The expression of {node.function}(): {' '.join(problems)}")
    inner = resolve(called.expression, table, found)
    return substitute(inner, table)


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
    if isinstance(value, Function):
        raise ExpressionError(f"{node.id!r} is a function and needs arguments: write {node.id}(…).")
    if isinstance(value, BinomialFunction):
        raise ExpressionError(f"{node.id!r} is a function and needs parentheses: write {node.id}().")
    raise ExpressionError(
        f"{node.id!r} is a TimedArray and needs a time: write {node.id}"
        f"{'(t)' if value.values.ndim == 1 else '(t, i)'}."
    )


def _has_state(called: Resolved | None) -> bool:
    return isinstance(called, BinomialFunction) or (isinstance(called, Function) and not called.stateless)


def is_stateful(expr: Expr, constants: Mapping[str, Resolved]) -> bool:
    """Whether the (unresolved) expression draws random numbers."""
    return any(
        isinstance(n, Call)
        and (
            (n.function in FUNCTIONS and FUNCTIONS[n.function].draw) or _has_state(constants.get(n.function))
        )
        for n in walk(expr)
    )
