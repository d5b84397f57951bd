"""Synapses as part of a Model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .connect import PairRule, Rule
from .connections import ENDS, PER_SYNAPSE, Connect, Ends, Pairs, Pathway, Summed
from .dimensions import DIMENSIONLESS, TIME
from .equations import PARAMETER
from .expr import Expr
from .infer import Type
from .model import Population, Variable
from .namespace import Resolved
from .resolve import resolve
from .session import ConnectEntry
from .synapsenames import LASTUPDATE, needs_lastupdate
from .synapses import Synapses

if TYPE_CHECKING:
    from .freeze import Freezer


def synapse_population(freezer: Freezer, synapses: Synapses, constants: Mapping[str, Resolved]) -> Population:
    """The population of an object of the script."""
    own = tuple(
        Variable(
            e.name,
            e.kind,
            e.dtype,
            e.dim,
            None if e.expr is None else _made(freezer, synapses, e.expr, constants),
            tuple(sorted(e.flags)),
            synapses.is_single(e.name),
        )
        for e in synapses.equations.ordered
    )
    ends = tuple(Variable(name, ENDS, "int", DIMENSIONLESS) for name in "ij")
    last = (Variable(LASTUPDATE, PARAMETER, "float", TIME),) if _keeps_time(synapses) else ()
    delays = tuple(
        Variable(
            p.variable,
            PARAMETER,
            "float",
            TIME,
            flags=("shared",) if p.variable in synapses.shared_variables else (),
        )
        for p in synapses.pathways
    )
    return Population(
        id=freezer.ids[synapses.name],
        size=PER_SYNAPSE,
        clock=freezer.clock_id(synapses),
        order=synapses.order,
        method=synapses.method or "auto",
        variables=(*ends, *own, *last, *delays),
        ends=_ends(freezer, synapses, constants),
    )


def _made(freezer: Freezer, synapses: Synapses, expr: Expr, constants: Mapping[str, Resolved]) -> Expr:
    return synapses.named(freezer.resolved(synapses, expr, constants, synapses.variable_types))


def _keeps_time(synapses: Synapses) -> bool:
    return needs_lastupdate(synapses.equations) and LASTUPDATE not in synapses.equations


def _ends(freezer: Freezer, synapses: Synapses, constants: Mapping[str, Resolved]) -> Ends:
    pathways = []
    for p in synapses.pathways:
        group = synapses.end(p.side)._root
        code = freezer.code(synapses, synapses, synapses.checked_pathway(p, constants), constants)
        pathways.append(
            Pathway(
                p.name,
                p.side,
                p.event,
                freezer.clock_id(group),
                p.when,
                p.order,
                code,
                synapses.order_matters,
            )
        )
    summed = []
    for name, reference in synapses.summed():
        expr = synapses.equations[name].expr
        assert expr is not None
        made = _made(freezer, synapses, expr, constants)
        summed.append(Summed(reference.variable, reference.side, made, synapses.order - 1))
    numbered = any(synapses in o._needs for o in freezer.synapses)
    before = [p.name for p in pathways if p.side == "pre"]
    return Ends(
        freezer.source(synapses.source._root, synapses.source._rows),
        freezer.source(synapses.target._root, synapses.target._rows),
        tuple(pathways),
        tuple(summed),
        "" if numbered or not before else before[0],
        synapses.pair_index,
    )


def connect_step(freezer: Freezer, entry: ConnectEntry) -> Connect | Pairs:
    """A call of ``connect``; its constants are inputs of their own."""
    synapses, rule = entry.target, entry.rule
    assert isinstance(synapses, Synapses)
    id = freezer.ids[synapses.name]
    slot = freezer.entry_slots(entry.constants, id)
    if isinstance(rule, PairRule):
        i = freezer.input(f"{id}.i", f"{id}.i", "connections", rule.i, size=PER_SYNAPSE)
        j = freezer.input(f"{id}.j", f"{id}.j", "connections", rule.j, size=PER_SYNAPSE)
        return pairs_step(entry, id, slot, i, j)
    return rule_step(entry, id, slot)


def _resolver(entry: ConnectEntry, slot: Callable[[str], str]) -> Callable[[Expr], Expr]:
    synapses, rule = entry.target, entry.rule
    assert isinstance(synapses, Synapses)
    own: dict[str, Type] = dict(synapses.variable_types)
    if isinstance(rule, Rule) and rule.variable:
        own[rule.variable] = Type(DIMENSIONLESS, "int")
    return lambda expr: synapses.named(resolve(expr, own, entry.constants, slot))


def pairs_step(entry: ConnectEntry, id: str, slot: Callable[[str], str], i: str, j: str) -> Pairs:
    """Neurons given in advance, with what names stand for read from slots."""
    rule, made = entry.rule, _resolver(entry, slot)
    condition = None if rule.condition is None else made(rule.condition)
    return Pairs(id, entry.number, i, j, condition, made(rule.count))


def rule_step(entry: ConnectEntry, id: str, slot: Callable[[str], str]) -> Connect:
    """A rule, with what names stand for read from slots."""
    rule, made = entry.rule, _resolver(entry, slot)
    assert isinstance(rule, Rule)
    return Connect(
        synapses=id,
        number=entry.number,
        over=rule.over,
        variable=rule.variable,
        start=made(rule.start),
        stop=made(rule.stop),
        step=made(rule.step),
        sample=rule.sample,
        amount=None if rule.amount is None else made(rule.amount),
        index=made(rule.index),
        condition=None if rule.condition is None else made(rule.condition),
        count=made(rule.count),
        skip_if_invalid=rule.skip_if_invalid,
    )


__all__ = ["connect_step", "pairs_step", "rule_step", "synapse_population"]
