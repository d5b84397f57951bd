"""Kernels: what a Model becomes before a device writes it down in its own language.

Everything is still data: loops over index sets with the statements in them, what is computed once per run
or per step, which array each name stands for, and in which order things happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from .connections import Connect, Pairs
from .expr import At, Const, Draw, Expr, MatrixEntry, text, walk
from .integrators import Propagator
from .model import Model, Run, TimedInput
from .statements import Stmt


class KernelError(ValueError):
    """Kernels that contradict themselves: a defect of lowering, not of a user's model."""


@dataclass(frozen=True)
class Array:
    """State that lives in a context: ``population.variable``, or a monitor's count."""

    id: str
    population: str
    variable: str
    dtype: str  # 'float64', 'int32', 'bool'
    size: int
    initial: float


@dataclass(frozen=True)
class RunConstant:
    """A value computed once at the start of each run, in the context of a population and its clock."""

    name: str
    population: str
    expr: Expr


@dataclass(frozen=True)
class RunMatrix:
    """A propagator computed once at the start of each run, for all neurons or for each."""

    population: str
    propagator: Propagator
    each: bool = False


@dataclass(frozen=True)
class Kernel:
    """One loop of a time step.

    Parameters
    ----------
    kind : str
        One of ``'held_shared'``, ``'held'``, ``'update'``, ``'threshold'``, ``'generate'``, ``'reset'``,
        ``'events'``, ``'states'``, ``'rate'``, ``'operation'``, ``'summed'``, ``'pathway'``, ``'callback'``.
        What the loop runs over, and what it does besides its statements: nothing, the statements are
        executed once; all neurons; all neurons; all neurons, collecting those for which ``condition`` holds,
        which have the ``event``; the neurons whose spikes were given for this step; the neurons that had the
        event last; the same, recording them; the recorded neurons; nothing, the number
        of events is recorded; all neurons; all synapses, after the target of their sum has been set to zero; the
        synapses that an event reaches in this step, ``event`` being the name of the pathway; nothing, Python is
        called.
    owner : str
        Population or probe that it belongs to.
    population : str
        Population in whose context names stand.
    scalars : tuple of Stmt
        Computed once per step.
    matrices : tuple of Propagator
        Computed for each neuron.
    rows : (int, int), optional
        Which neurons of the population the loop is about, where not all: first, and after the last.
    draws : tuple of Draw
        Random numbers needed for all neurons at each step, of distributions without parameters.
    """

    kind: str
    owner: str
    population: str
    clock: str
    when: str
    order: int
    scalars: tuple[Stmt, ...] = ()
    matrices: tuple[Propagator, ...] = ()
    draws: tuple[Draw, ...] = ()
    body: tuple[Stmt, ...] = ()
    condition: Expr | None = None
    event: str = ""
    single: bool = False  # once instead of for all neurons
    rows: tuple[int, int] | None = None  # the first and the one after the last neuron; None for all

    def expressions(self) -> Iterator[Expr]:
        """Every expression of the kernel."""
        for statement in (*self.scalars, *self.body):
            yield statement.expr
        for matrix in self.matrices:
            yield from matrix.entries
        if self.condition is not None:
            yield self.condition

    def overwritten(self) -> tuple[str, ...]:
        """Arrays that are read by index and written to: what is read is what was there before."""
        written = {f"{self.population}.{s.target}" for s in self.body if not s.local}
        return _read_at(self.expressions(), written)

    def map(self, function: Callable[[Expr], Expr]) -> Kernel:
        """The kernel with every expression rewritten."""
        return replace(
            self,
            scalars=tuple(s.with_expr(function(s.expr)) for s in self.scalars),
            body=tuple(s.with_expr(function(s.expr)) for s in self.body),
            matrices=tuple(replace(m, entries=tuple(function(e) for e in m.entries)) for m in self.matrices),
            condition=None if self.condition is None else function(self.condition),
        )

    def dump(self) -> Iterator[str]:
        event = f" of {self.event}" if self.event else ""
        once = " once" if self.single else "" if self.rows is None else " from {} to {}".format(*self.rows)
        yield f"kernel {self.owner} {self.kind}{event}{once} clock={self.clock} when={self.when} order={self.order}"
        for draw in self.draws:
            yield f"  draw {text(draw)}"
        for statement in self.scalars:
            yield f"  once {statement}"
        for matrix in self.matrices:
            yield f"  matrix {matrix.name} = [{', '.join(text(e) for e in matrix.entries)}]"
        if self.condition is not None:
            yield f"  where {text(self.condition)}"
        for statement in self.body:
            yield f"  {statement}"


def _read_at(expressions: Iterable[Expr], written: set[str]) -> tuple[str, ...]:
    nodes = (n for expr in expressions for n in walk(expr))
    return tuple(sorted({n.array for n in nodes if isinstance(n, At)} & written))


@dataclass(frozen=True)
class AssignKernel:
    """An assignment of the program, with its random numbers given streams."""

    population: str
    variable: str
    expr: Expr
    where: Expr | None
    indices: str
    rows: tuple[int, int] | None = None  # as for a Kernel

    def expressions(self) -> tuple[Expr, ...]:
        """The value and, where there is one, the condition."""
        return (self.expr,) if self.where is None else (self.expr, self.where)

    def overwritten(self) -> tuple[str, ...]:
        """As of a `Kernel`."""
        return _read_at(self.expressions(), {f"{self.population}.{self.variable}"})

    def dump(self) -> str:
        place = f"[{self.indices}]" if self.indices else f"[{text(self.where)}]" if self.where else ""
        rows = "" if self.rows is None else "[{}:{}]".format(*self.rows)
        return f"assign {self.population}{rows}.{self.variable}{place} = {text(self.expr)}"


@dataclass(frozen=True)
class ConnectKernel:
    """A ``connect`` of the program.

    Parameters
    ----------
    step : Connect or Pairs
        With its random numbers given streams.
    stream : int
        Of the sample of a range.
    draws : tuple of Draw
        What its expressions draw.
    lower, upper : tuple of Expr
        Bounds of the range that follow from the condition, both included.
    late : bool
        Whether the condition asks something of the neuron that the rule finds, which has to exist then.
    """

    step: Connect | Pairs
    stream: int
    draws: tuple[Draw, ...]
    lower: tuple[Expr, ...] = ()
    upper: tuple[Expr, ...] = ()
    late: bool = False

    def expressions(self) -> Iterator[Expr]:
        """Every expression."""
        yield from self.step.expressions()
        yield from (*self.lower, *self.upper)

    def dump(self) -> Iterator[str]:
        yield self.step.dump()
        for name, limits in (("from", self.lower), ("to", self.upper)):
            for limit in limits:
                yield f"  {name} {text(limit)}"


@dataclass(frozen=True)
class Kernels:
    """A lowered Model."""

    model: Model
    arrays: tuple[Array, ...]
    constants: tuple[RunConstant, ...]
    matrices: tuple[RunMatrix, ...]
    kernels: tuple[Kernel, ...]
    assigns: tuple[AssignKernel, ...]  # one for each Assign of the program, in order
    connects: tuple[ConnectKernel, ...]  # one for each Connect or Pairs of the program, in order
    methods: tuple[tuple[str, str], ...]  # population and the integrator that was chosen
    timed: tuple[TimedInput, ...] = field(default=())

    def in_order(self, run: Run) -> tuple[Kernel, ...]:
        """What happens in a time step of a run, in order."""
        chosen = tuple(k for k in self.kernels if k.owner in run.objects)
        if not run.schedule:
            return chosen
        return tuple(sorted(chosen, key=lambda k: (run.schedule.index(k.when), k.order)))

    def dump(self) -> str:
        """Readable text, the same for the same kernels."""
        lines = [f"array {a.id} {a.dtype}[{a.size}] = {a.initial}" for a in self.arrays]
        for matrix in self.matrices:
            entries = ", ".join(text(e) for e in matrix.propagator.entries)
            each = "each of " if matrix.each else ""
            lines.append(f"matrix {matrix.propagator.name} of {each}{matrix.population} = [{entries}]")
        lines += [f"constant {c.name} of {c.population} = {text(c.expr)}" for c in self.constants]
        for kernel in self.kernels:
            lines += kernel.dump()
        for connect in self.connects:
            lines += connect.dump()
        lines += [assign.dump() for assign in self.assigns]
        lines += [f"method {population} {method}" for population, method in self.methods]
        return "\n".join(lines) + "\n"

    def verify(self) -> None:
        """Check that constants, matrices and streams are defined once and used only where defined.

        Raises
        ------
        KernelError
            Listing every contradiction.
        """
        known = {c.name for c in self.constants}
        matrices = {m.propagator.name for m in self.matrices}
        problems: list[str] = []
        for kernel in self.kernels:
            problems += _dangling(kernel, known, matrices | {m.name for m in kernel.matrices})
        streams = [d.stream for connect in self.connects for d in connect.draws]
        streams += [connect.stream for connect in self.connects]
        streams += [d.stream for kernel in self.kernels for d in kernel.draws]
        for assign in self.assigns:
            streams += {d.stream for e in assign.expressions() for d in walk(e) if isinstance(d, Draw)}
        if len(streams) != len(set(streams)):
            problems.append("two draws share a stream")
        if problems:
            raise KernelError("\n".join(problems))


def _dangling(kernel: Kernel, constants: set[str], matrices: set[str]) -> Iterator[str]:
    streams = {d.stream for d in kernel.draws}  # others belong to draws with parameters
    for node in (n for expr in kernel.expressions() for n in walk(expr)):
        if isinstance(node, Const) and node.name not in constants:
            yield f"{kernel.owner} uses the constant {node.name}, which is not computed"
        if isinstance(node, MatrixEntry) and node.matrix.rsplit(".", 1)[0] not in matrices:
            yield f"{kernel.owner} uses the matrix {node.matrix}, which is not computed"
        if isinstance(node, Draw) and not node.args and node.stream not in streams:
            yield f"{kernel.owner} draws from stream {node.stream}, which is not its own"


__all__ = [
    "Array",
    "AssignKernel",
    "ConnectKernel",
    "Kernel",
    "KernelError",
    "Kernels",
    "RunConstant",
    "RunMatrix",
    "TimedInput",
]
