"""The program of a Model: its steps in order, all frozen."""

from __future__ import annotations

from dataclasses import dataclass

from .connections import Connect, Pairs
from .expr import Expr, text


@dataclass(frozen=True)
class Assign:
    """Set a variable for all neurons, for those of an index input, or where a condition holds."""

    population: str  # or a span
    variable: str
    expr: Expr
    where: Expr | None = None
    indices: str = ""

    def dump(self) -> str:
        place = f"[{self.indices}]" if self.indices else f"[{text(self.where)}]" if self.where else ""
        return f"assign {self.population}.{self.variable}{place} = {text(self.expr)}"


@dataclass(frozen=True)
class ApplyArgs:
    """The point at which overrides of state variables take effect."""

    def dump(self) -> str:
        return "apply run arguments"


@dataclass(frozen=True)
class Seed:
    """From here on random numbers come from this entry of the input ``seed``."""

    index: int

    def dump(self) -> str:
        return f"seed {self.index}"


#: Places in a program at which a script may insert C++.
SLOTS = (
    "before_start",
    "after_start",
    "main",
    "before_network_run",
    "after_network_run",
    "before_end",
    "after_end",
)


@dataclass(frozen=True)
class Insert:
    """C++ of the script's own: here in the program for the slot ``main``, else at the place that the slot names."""

    slot: str
    code: str

    def dump(self) -> str:
        return f"insert {self.slot} {self.code!r}"


@dataclass(frozen=True)
class Run:
    """Advance the named objects for a duration.

    Time goes on from where it was left by the last run of the same ``network``, a number. ``bindings`` gives each
    slot that the objects read (constants and TimedArrays) its input for this run, ``clocks`` each clock its dt, and
    ``spikes`` each population whose spikes are given in advance the inputs with their indices, times and period.
    ``schedule`` has the places of a time step where their order is not the usual one.
    """

    duration: str
    objects: tuple[str, ...]
    clocks: tuple[tuple[str, str], ...]
    bindings: tuple[tuple[str, str], ...]
    spikes: tuple[tuple[str, str, str, str], ...] = ()
    network: int = 0
    schedule: tuple[str, ...] = ()

    def dump(self) -> str:
        places = f" schedule=[{', '.join(self.schedule)}]" if self.schedule else ""
        network = f" of network {self.network}" if self.network else ""
        clocks = ", ".join(f"{clock}={dt}" for clock, dt in self.clocks)
        bound = ", ".join(f"{slot}={given}" for slot, given in self.bindings)
        spikes = "".join(f" spikes={id}[{', '.join(inputs)}]" for id, *inputs in self.spikes)
        objects = ", ".join(self.objects)
        more = f"{spikes}{network}{places}"
        return f"run {self.duration} of [{objects}] clocks=[{clocks}] with [{bound}]{more}"


Step = Assign | Connect | Pairs | ApplyArgs | Seed | Insert | Run
