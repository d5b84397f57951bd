"""Cutting the statements of a loop into stages, so that calls of functions have loops of their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .expr import Call, Expr, Var, substitute, walk
from .statements import Stmt


@dataclass(frozen=True)
class Stage:
    """One loop of several that do together what a single one would.

    Parameters
    ----------
    body : tuple of Stmt
        For each element.
    calls : tuple of Stmt
        ``x = f(x)``, to be done for all elements after the body.
    """

    body: tuple[Stmt, ...]
    calls: tuple[Stmt, ...] = ()


@dataclass(frozen=True)
class Stages:
    """The loops in order, and the locals that have to outlive a loop: one value for each element."""

    loops: tuple[Stage, ...]
    crossing: frozenset[str]


def make_stages(
    body: Sequence[Stmt], functions: Collection[str], apart: Collection[str] = frozenset()
) -> Stages:
    """Distribute the statements of a loop over several loops around the calls of some functions.

    Each element's statements keep the order in which one needs what another one makes, so the elements must not
    depend on one another. Arguments of calls are computed as early as possible, everything else as late as it may
    be, so that few values have to be kept from loop to loop.

    Parameters
    ----------
    functions : collection of str
        Functions of one argument.
    apart : collection of str
        Variables that are written to in a loop of their own, the last one: truth values, which have another width than
        what else a loop is about, so that registers hold other numbers of them.
    """
    items = _split(_kept(body, frozenset(apart)), frozenset(functions))
    level = _levels(items)
    last = max(level, default=0) + 1
    level = [
        last if item.statement.target in apart else number for item, number in zip(items, level, strict=True)
    ]
    loops = tuple(
        Stage(
            tuple(item.statement for k, item in enumerate(items) if level[k] == number and not item.calls),
            tuple(item.statement for k, item in enumerate(items) if level[k] == number and item.calls),
        )
        for number in range(max(level, default=0) + 1)
    )
    return Stages(loops, _crossing(items, level))


def _kept(body: Sequence[Stmt], apart: frozenset[str]) -> list[Stmt]:
    """Statements that keep the values of some variables in locals, and write them at the end."""
    kept: dict[str, Expr] = {}
    result: list[Stmt] = []
    for statement in body:
        expr = substitute(statement.expr, kept)
        if statement.target not in apart:
            result.append(statement.with_expr(expr))
            continue
        local = f"_b{len(result)}"
        result.append(Stmt(local, expr, local=True, dtype="bool"))
        kept[statement.target] = Var(local)
    return result + [Stmt(name, value) for name, value in kept.items()]


@dataclass(frozen=True)
class _Item:
    statement: Stmt
    reads: frozenset[str]
    calls: bool = False


def _item(statement: Stmt, calls: bool = False) -> _Item:
    reads = frozenset(n.name for n in walk(statement.expr) if isinstance(n, Var))
    return _Item(statement, reads, calls)


def _split(body: Sequence[Stmt], functions: frozenset[str]) -> list[_Item]:
    """Give every call a variable of its own, which holds the argument first and the result then."""
    items: list[_Item] = []
    made = 0

    def rewrite(expr: Expr) -> Expr:
        nonlocal made
        new = tuple(rewrite(child) for child in expr.children())
        if not (isinstance(expr, Call) and expr.function in functions):
            return expr.rebuild(new) if new else expr
        variable = Var(f"_y{made}")
        made += 1
        items.append(_item(Stmt(variable.name, new[0], local=True)))
        items.append(_item(Stmt(variable.name, expr.rebuild((variable,)), local=True), calls=True))
        return variable

    for statement in body:
        rewritten = statement.with_expr(rewrite(statement.expr))  # which puts calls before it
        items.append(_item(rewritten))
    return items


def _levels(items: list[_Item]) -> list[int]:
    """The loop that each item goes into: arguments early, what nothing waits for late."""
    before = [[j for j in range(k) if _depends(items[k], items[j])] for k in range(len(items))]
    level: list[int] = []
    for found in before:
        level.append(max((level[j] + items[j].calls for j in found), default=0))
    for k in reversed(range(len(items))):
        later = [level[j] for j in range(k + 1, len(items)) if k in before[j]]
        if later and not items[k].calls:
            level[k] = min(later)
    return level


def _depends(later: _Item, earlier: _Item) -> bool:
    """Whether two items have to stay in order: one sets what the other one reads or sets."""
    target = earlier.statement.target
    return target in later.reads or later.statement.target in {target, *earlier.reads}


def _crossing(items: list[_Item], level: list[int]) -> frozenset[str]:
    """Locals that are used in another loop than the one that sets them, and those of calls."""
    found = set()
    for k, item in enumerate(items):
        name = item.statement.target
        used = {level[j] for j, other in enumerate(items) if name in other.reads}
        if item.statement.local and (item.calls or used - {level[k]}):
            found.add(name)
    return frozenset(found)


__all__ = ["Stage", "Stages", "make_stages"]
