"""What synapses are in a Model: the groups at both ends, what happens at an event, and how they are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .expr import Expr, text
from .statements import Stmt

#: Size of what has one element for each synapse: how many there are is known once they have been made.
PER_SYNAPSE = -1
#: Size of what grows and shrinks by itself.
GROWING = -2
#: Kind of the variables ``i`` and ``j`` of synapses.
ENDS = "ends"
#: The two sides, and the index that belongs to each.
INDEX = {"pre": "i", "post": "j"}


@dataclass(frozen=True)
class Pathway:
    """Statements executed for the synapses of a neuron some time after it had an event.

    The delay is the variable ``<name>.delay`` of the synapses, which is shared where all have the same.
    """

    name: str
    side: str
    event: str
    clock: str
    when: str
    order: int
    code: tuple[Stmt, ...]
    ordered: bool = False  # whether the outcome depends on the order of synapses

    @property
    def delay(self) -> str:
        """Name of the variable."""
        return f"{self.name}.delay"

    def dump(self) -> Iterator[str]:
        yield (
            f"  pathway {self.name} on {self.event} of {self.side} clock={self.clock} when={self.when} "
            f"order={self.order}{' one by one' if self.ordered else ''}"
        )
        for statement in self.code:
            yield f"    {statement}"


@dataclass(frozen=True)
class Summed:
    """A variable of the neurons at one end that is the sum of an expression over their synapses."""

    variable: str
    side: str
    expr: Expr
    order: int

    def dump(self) -> str:
        return f"  summed {self.variable} of {self.side} order={self.order} = {text(self.expr)}"


@dataclass(frozen=True)
class Ends:
    """What makes a population one of synapses.

    Parameters
    ----------
    source, target : str
        Ids of the populations or spans where synapses start and end.
    pathways : tuple of Pathway
        What events do.
    summed : tuple of Summed
        What is summed over synapses at each step.
    direct : str
        Pathway in whose order the synapses are kept while a run goes on; none where other objects refer to
        them by number.
    pair_index : str
        Variable that counts the synapses of the same pair of neurons.
    """

    source: str
    target: str
    pathways: tuple[Pathway, ...]
    summed: tuple[Summed, ...] = ()
    direct: str = ""
    pair_index: str = ""

    def end(self, side: str) -> str:
        """Id of the population or span at one end."""
        return self.source if side == "pre" else self.target

    def pathway(self, name: str) -> Pathway:
        """The pathway of that name."""
        return next(p for p in self.pathways if p.name == name)

    def expressions(self) -> Iterator[Expr]:
        """Every expression."""
        for pathway in self.pathways:
            yield from (s.expr for s in pathway.code)
        yield from (s.expr for s in self.summed)

    def dump(self) -> Iterator[str]:
        direct = f" kept for {self.direct}" if self.direct else ""
        pairs = f" counted by {self.pair_index}" if self.pair_index else ""
        yield f"  from {self.source} to {self.target}{direct}{pairs}"
        for pathway in self.pathways:
            yield from pathway.dump()
        for summed in self.summed:
            yield summed.dump()


@dataclass(frozen=True)
class Pairs:
    """Make a synapse, or several, for each pair of two inputs."""

    synapses: str
    number: int
    i: str
    j: str
    condition: Expr | None
    count: Expr

    def expressions(self) -> Iterator[Expr]:
        """Every expression."""
        yield self.count
        if self.condition is not None:
            yield self.condition

    def dump(self) -> str:
        where = "" if self.condition is None else f" where {text(self.condition)}"
        return f"connect {self.synapses} pairs {self.i} {self.j}{where} times {text(self.count)}"


@dataclass(frozen=True)
class Connect:
    """Make synapses by a rule.

    For each neuron of one side (``over``), ``variable`` goes through a range, of which ``sample`` takes each
    value with a probability (``'p'``) or a number of them (``'size'``). ``index`` is the neuron of the other
    side; where ``condition`` holds, ``count`` synapses are made.
    """

    synapses: str
    number: int  # of the connect() of these synapses
    over: str
    variable: str
    start: Expr
    stop: Expr
    step: Expr
    sample: str
    amount: Expr | None
    index: Expr
    condition: Expr | None
    count: Expr
    skip_if_invalid: bool

    def expressions(self) -> Iterator[Expr]:
        """Every expression."""
        yield from (self.start, self.stop, self.step, self.index, self.count)
        yield from (e for e in (self.amount, self.condition) if e is not None)

    def dump(self) -> str:
        sample = f" sample {self.sample}={text(self.amount)}" if self.amount is not None else ""
        where = "" if self.condition is None else f" where {text(self.condition)}"
        skip = " skip" if self.skip_if_invalid else ""
        return (
            f"connect {self.synapses} over {self.over} {self.variable} in {text(self.start)}:{text(self.stop)}:"
            f"{text(self.step)}{sample} to {text(self.index)}{where} times {text(self.count)}{skip}"
        )
