"""The program of a Model: what a script does in order, from its entries to steps with inputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .connections import PER_SYNAPSE
from .declared import Declared
from .dimensions import TIME
from .expr import Element, Expr, parse
from .freeze_synapses import connect_step
from .group import Group
from .model import ApplyArgs, Assign, Insert, Run, Seed, Step
from .operations import NetworkOperation
from .precision import STATE_DTYPES
from .regular import GroupCode
from .resolve import resolve
from .session import ApplyEntry, AssignEntry, ConnectEntry, Entry, InsertEntry, RunEntry, SeedEntry
from .spikegenerator import Spikes

if TYPE_CHECKING:
    from .freeze import Freezer

#: How constants of each kind of number are stored.
STORED = {"float": "float64", "int": "int64", "bool": "bool"}


def objects_of(program: Iterable[Entry]) -> list[Declared]:
    """Everything that is run, in the order of declaration."""
    found: dict[int, Declared] = {}
    for entry in program:
        if isinstance(entry, RunEntry):
            found.update((id(obj), obj) for obj in entry.objects)
    return sorted(found.values(), key=lambda obj: obj._number)


def steps(freezer: Freezer) -> tuple[Step, ...]:
    """The program of a Model, entry by entry."""
    found: list[Step] = []
    explicit = any(isinstance(e, ApplyEntry) for e in freezer.program)
    running = {id(obj) for obj in objects_of(freezer.program)}
    for entry in freezer.program:
        if isinstance(entry, AssignEntry):
            if id(entry.target) in running:
                found.append(_assign(freezer, entry))
        elif isinstance(entry, ConnectEntry):
            if id(entry.target) in running:
                found.append(connect_step(freezer, entry))
        elif isinstance(entry, ApplyEntry):
            found.append(ApplyArgs())
        elif isinstance(entry, InsertEntry):
            found.append(Insert(entry.slot, entry.code))
        elif isinstance(entry, SeedEntry):
            freezer.seeds.append(entry.value)
            found.append(Seed(len(freezer.seeds) - 1))
        else:
            if not explicit:
                found.append(ApplyArgs())
                explicit = True
            found.append(_run(freezer, entry))
    return tuple(found)


def _assign(freezer: Freezer, entry: AssignEntry) -> Assign:
    group = entry.target
    assert isinstance(group, Group)
    id = freezer.source(group, entry.rows)
    dim, dtype = group.variable_types[entry.variable].dim, group.variable_types[entry.variable].dtype
    slot = freezer.entry_slots(entry.constants, id)

    def made(text: str) -> Expr:
        return group.named(resolve(parse(text), group.variable_types, entry.constants, slot))

    if isinstance(entry.value, str):
        expr = made(entry.value)
    else:
        name = f"{id}.{entry.variable}"
        stem = f"{id}.{entry.variable}:value"
        places = len(entry.where) if entry.where is not None else len(entry.rows) or PER_SYNAPSE
        places = 1 if entry.variable in group.shared_variables else places
        size = 1 if isinstance(entry.where, str) else places
        expr = Element(freezer.input(stem, name, "value", entry.value, dim, STATE_DTYPES[dtype], size))
    if isinstance(entry.where, str):
        return Assign(id, entry.variable, expr, where=made(entry.where))
    if entry.where is None:
        return Assign(id, entry.variable, expr)
    stem, name = f"{id}.{entry.variable}:index", f"{id}.{entry.variable}"
    indices = freezer.input(stem, name, "index", entry.where)
    return Assign(id, entry.variable, expr, indices=indices)


def _run(freezer: Freezer, entry: RunEntry) -> Run:
    table: dict[str, str] = {}
    for obj in entry.objects:
        if isinstance(obj, Group | GroupCode):
            freezer.bind(obj, entry.constants[obj.name], table)
    clocks: dict[str, str] = {}
    for obj in entry.objects:
        clock = freezer.clock_id(obj)
        if clock not in clocks:
            dt = next(step for c, step in entry.clocks if c is obj.clock)
            name = "defaultclock.dt" if clock == "defaultclock" else f"{freezer.ids[obj.name]}.dt"
            clocks[clock] = freezer.input(f"{clock}.dt", name, "dt", dt, TIME)
    duration = freezer.input("run.duration", "run.duration", "duration", entry.duration, TIME)
    python = any(
        isinstance(o, NetworkOperation) for o in entry.objects
    )  # which can switch objects on and off
    objects = tuple(freezer.ids[o.name] for o in entry.objects if python or o.name not in entry.inactive)
    spikes = tuple(
        (freezer.ids[o.name], *_spikes(freezer, freezer.ids[o.name], entry.spikes[o.name]))
        for o in entry.objects
        if o.name in entry.spikes
    )
    network = freezer.networks.setdefault(entry.network, len(freezer.networks))
    bindings = tuple(sorted(table.items()))
    return Run(duration, objects, tuple(clocks.items()), bindings, spikes, network, entry.schedule)


def _spikes(freezer: Freezer, id: str, spikes: Spikes) -> tuple[str, str, str]:
    """Inputs for spikes given in advance; runs with the same spikes share them."""
    if spikes not in freezer.spikes:
        freezer.spikes[spikes] = (
            freezer.input(f"{id}.indices", f"{id}.indices", "spikes", spikes.indices),
            freezer.input(f"{id}.times", f"{id}.times", "spikes", spikes.times, TIME),
            freezer.input(f"{id}.period", f"{id}.period", "constant", spikes.period, TIME),
        )
    return freezer.spikes[spikes]


__all__ = ["STORED", "objects_of", "steps"]
