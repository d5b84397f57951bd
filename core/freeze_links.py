"""Linked variables as part of a Model: expressions over the arrays of other populations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .context import SPECIAL
from .equations import HELD, SUBEXPRESSION
from .expr import At, Binary, Expr, InputEntry, Lit, Var, Within, names, substitute
from .group import Group
from .precision import STATE_DTYPES
from .variables import VariableView

if TYPE_CHECKING:
    from .freeze import Freezer


def linked(freezer: Freezer, group: Group, name: str, i: Expr) -> Expr:
    """What a linked variable stands for in neuron ``i`` of its group."""
    link = group._links[name]
    root, rows = link.source._root, link.source._rows
    if VariableView(root, link.variable, rows=rows).size == 1:
        i = Lit(0)
    elif isinstance(link.index, str):
        what = f"{freezer.ids[group.name]}.{link.index}"
        i = Within(_at(freezer, group, link.index, i), len(rows), what)
    elif link.index is not None:
        if (group.name, name) not in freezer.links:
            stem = f"{freezer.ids[group.name]}.{name}:link"
            freezer.links[group.name, name] = freezer.input(stem, stem, "index", link.index)
        i = InputEntry(freezer.links[group.name, name], i)
    if rows.start:
        i = Binary("+", i, Lit(rows.start))
    return _at(freezer, root, link.variable, i)


def _at(freezer: Freezer, group: Group, name: str, i: Expr) -> Expr:
    """A variable of neuron ``i`` of a group, for code of any group."""
    if name == "i":
        return i
    if name == "N":
        return Lit(group.N)
    if name in group._links:
        return linked(freezer, group, name, i)
    if name in SPECIAL:
        return Var(name)  # times, of the same clock
    equation = group.equations.get(name)
    computed = equation is not None and equation.kind == SUBEXPRESSION and HELD not in equation.flags
    if equation is not None and equation.expr is not None and computed:
        constants = freezer.first[group.name]
        expr = freezer.resolved(group, equation.expr, constants, group.variable_types)
        own = names(expr) & set(group.variable_types)
        return substitute(expr, {v: _at(freezer, group, v, i) for v in own})
    view = VariableView(group, name)
    place = Lit(0) if view.shared else i
    return At(f"{freezer.ids[group.name]}.{name}", place, STATE_DTYPES[view.type.dtype])
