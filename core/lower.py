"""From a Model to Kernels: named passes over frozen data, in the order in which they are read here."""

from __future__ import annotations

from dataclasses import replace

from .algebra import ONE, div, fold, select
from .connections import GROWING, Connect, Pairs
from .context import LONG_AGO
from .declared import SCHEDULE
from .equations import DIFFERENTIAL, SUBEXPRESSION
from .events import SPIKE
from .expr import (
    Binary,
    Call,
    Compare,
    Expr,
    Lit,
    Logic,
    MatrixEntry,
    Unary,
    Var,
    substitute,
    transform,
    walk,
)
from .hoist import hoist_matrices, hoist_run_constants, hoist_step_scalars
from .integrators import Propagator, System, choose
from .kernels import Array, AssignKernel, Kernel, Kernels
from .lower_synapses import connect_kernel, event_driven_names, reference_subexpressions, synapse_kernels
from .model import Assign, Event, Model, Operation, Population, Probe, Span
from .sharing import share_values
from .statements import Stmt
from .streams import number_streams
from .synapsenames import SYNAPTIC, full_name, seen_from_synapses


def lower(model: Model) -> Kernels:
    """Lower a Model.

    Raises
    ------
    integrators.UnsupportedEquationsError
        If an integrator does not fit the equations it was chosen for.
    """
    kernels, methods = make_kernels(model)
    kernels = [inline_subexpressions(model, kernel) for kernel in kernels]
    kernels = [fold_numbers(kernel) for kernel in kernels]
    assigns = [assign_kernel(model, step) for step in model.program if isinstance(step, Assign)]
    kernels, assigns, taken = number_streams(kernels, assigns)
    connects = [
        connect_kernel(step, subexpressions(model, model.population(step.synapses)), taken)
        for step in model.program
        if isinstance(step, Connect | Pairs)
    ]
    kernels, matrices = hoist_matrices(model, kernels)
    kernels, constants = hoist_run_constants(model, kernels, matrices)
    kernels = [hoist_step_scalars(model, kernel, matrices) for kernel in kernels]
    kernels = [share_values(model, kernel) for kernel in kernels]
    kernels += [Kernel("callback", c.id, "", c.clock, c.when, c.order) for c in model.callbacks]
    lowered = Kernels(
        model=model,
        arrays=state_arrays(model),
        constants=constants,
        matrices=matrices,
        kernels=tuple(sorted(kernels, key=lambda k: (SCHEDULE.index(k.when), k.order))),
        assigns=tuple(assigns),
        connects=tuple(connects),
        methods=methods,
        timed=model.timed,
    )
    lowered.verify()
    return lowered


# -- arrays -------------------------------------------------------------------------------------------


def state_arrays(model: Model) -> tuple[Array, ...]:
    """Every array that a context holds."""
    arrays = []
    for p in model.populations:
        for v in p.variables:
            if v.stored:
                size = 1 if v.shared else p.size
                arrays.append(Array(f"{p.id}.{v.name}", p.id, v.name, v.stored_as, size, 0.0))
        for path in p.ends.pathways if p.ends is not None else ():
            for name, dtype in (("pending", "int32"), ("due", "float64")):
                arrays.append(
                    Array(f"{p.id}.{path.name}.{name}", p.id, f"{path.name}.{name}", dtype, GROWING, 0.0)
                )
        if p.refracts:
            arrays.append(Array(f"{p.id}.lastspike", p.id, "lastspike", "float64", p.size, LONG_AGO))
            arrays.append(Array(f"{p.id}.not_refractory", p.id, "not_refractory", "bool", p.size, 1.0))
    for probe in model.probes:
        if probe.kind == "events":
            size = model.span(probe.source).size
            arrays.append(Array(f"{probe.id}.count", probe.id, "count", "int32", size, 0.0))
    return tuple(arrays)


# -- kernels ------------------------------------------------------------------------------------------


def make_kernels(model: Model) -> tuple[list[Kernel], tuple[tuple[str, str], ...]]:
    """Write down what each object does in a time step; subexpressions are still names."""
    kernels, methods = [], []
    for population in model.populations:
        kernels += held_kernels(population)
        update, method = update_kernel(population)
        kernels += update
        methods += method
        for event in population.events:
            kernels += event_kernels(population, event)
        if population.ends is not None:
            kernels += synapse_kernels(model, population, _rates(population, event_driven_names(population)))
    for operation in model.operations:
        kernels += operation_kernels(model, operation)
    kernels += [probe_kernel(model, probe) for probe in model.probes]
    return kernels, tuple(methods)


def _kernel(population: Population, kind: str, when: str, **parts: object) -> Kernel:
    base = Kernel(kind, population.id, population.id, population.clock, when, population.order)
    return replace(base, **parts)  # type: ignore[arg-type]


def held_kernels(population: Population) -> list[Kernel]:
    """Subexpressions that are constant over dt, each after those that it depends on."""
    held = {v.name: v for v in population.variables if v.held}
    inlined = _subexpressions(population)
    exprs = {v.name: substitute(v.expr, inlined) for v in held.values() if v.expr is not None}
    order: list[str] = []

    def place(name: str) -> None:
        if name not in order:
            for other in exprs:
                if other != name and _mentions(exprs[name], other):
                    place(other)
            order.append(name)

    for name in exprs:
        place(name)
    kernels = []
    for kind, shared in (("held_shared", True), ("held", False)):
        chosen = [held[name] for name in order if held[name].shared == shared]
        body = tuple(Stmt(v.name, exprs[v.name], dtype=v.dtype) for v in chosen)
        if body:
            kernels.append(_kernel(population, kind, "before_start", body=body))
    return kernels


def update_kernel(population: Population) -> tuple[list[Kernel], list[tuple[str, str]]]:
    """Refractoriness and integration."""
    body: list[Stmt] = refractoriness(population)
    equations = population.of_kind(DIFFERENTIAL)
    methods: list[tuple[str, str]] = []
    matrices: tuple[Propagator, ...] = ()
    later = event_driven_names(population)
    equations = tuple(v for v in equations if v.name not in later)
    if equations:
        rates = _rates(population, frozenset(v.name for v in equations))
        flagged = frozenset(v.name for v in equations if "unless refractory" in v.flags)
        system = System(rates, flagged if population.refracts else frozenset())
        integrator = choose(population.method, system, population.id)
        update = integrator.update(system)
        matrices = tuple(_prefixed(population, p) for p in update.propagators)
        body += [s.with_expr(_prefix_entries(population, s.expr)) for s in update.statements]
        methods.append((population.id, integrator.names[0]))
    if not body:
        return [], methods
    return [_kernel(population, "update", "groups", body=tuple(body), matrices=matrices)], methods


def _rates(population: Population, names: frozenset[str]) -> dict[str, Expr]:
    """Right-hand sides of differential equations, in terms of what is stored."""
    inlined = _subexpressions(population)
    return {
        v.name: fold(substitute(v.expr, inlined))
        for v in population.of_kind(DIFFERENTIAL)
        if v.expr is not None and v.name in names
    }


def _prefixed(population: Population, propagator: Propagator) -> Propagator:
    return replace(propagator, name=f"{population.id}.{propagator.name}")


def _prefix_entries(population: Population, expr: Expr) -> Expr:
    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, MatrixEntry):
            return replace(node, matrix=f"{population.id}.{node.matrix}")
        return None

    return transform(expr, rewrite)


def refractoriness(population: Population) -> list[Stmt]:
    """``not_refractory`` for this step.

    Times are compared in whole steps, so that a period of 5 ms takes as many steps whatever rounding does.
    A condition holds a neuron only from a spike on, as in Brian 2: one that has not spiked is free.
    """
    if population.refractory is None:
        return []
    if not population.refractory_is_time:
        free = Logic("or", Var("not_refractory"), Unary("not", population.refractory))
        return [Stmt("not_refractory", free, dtype="bool")]
    since = Binary("-", Var("t"), Var("lastspike"))
    over = Compare(">=", _steps(since), _steps(population.refractory))
    never = Compare("<=", Var("lastspike"), Lit(LONG_AGO))  # however long the period, it has not begun
    return [Stmt("not_refractory", Logic("or", over, never), dtype="bool")]


def _steps(time: Expr) -> Expr:
    per_step = div(ONE, Var("dt"))  # computed once per run: the thousandth covers its rounding
    return Call("floor", (Binary("+", Binary("*", time, per_step), Lit(1e-3)),))


def event_kernels(population: Population, event: Event) -> list[Kernel]:
    """Find the neurons that have an event (a refractory one does not spike), and do what follows."""
    condition = event.condition
    body: tuple[Stmt, ...] = ()
    if condition is None:
        given = _kernel(population, "generate", event.when, order=event.order, event=event.name)
        return [given, *_follow(population, event)]
    if population.refracts and event.name == SPIKE:
        condition = Logic("and", condition, Var("not_refractory"))
        body = (Stmt("lastspike", Var("t")), Stmt("not_refractory", Lit(False), dtype="bool"))
    find = _kernel(population, "threshold", event.when, condition=condition, body=body, event=event.name)
    return [replace(find, order=event.order), *_follow(population, event)]


def _follow(population: Population, event: Event) -> list[Kernel]:
    """The code for an event."""
    if not event.code:
        return []
    then = _kernel(population, "reset", event.code_when, body=event.code, event=event.name)
    return [replace(then, order=event.code_order)]


def relative(expr: Expr, rows: tuple[int, int] | None) -> Expr:
    """An expression written for a span: there ``i`` counts from its first neuron and ``N`` are its neurons.

    To be done before subexpressions are put in, which are the group's and keep its ``i`` and ``N``.
    """
    if rows is None:
        return expr
    start, stop = rows
    index = Binary("-", Var("i"), Lit(start)) if start else Var("i")
    return substitute(expr, {"i": index, "N": Lit(stop - start)})


def rows_of(span: Span, population: Population) -> tuple[int, int] | None:
    """First row and the one after the last, where a span is not all of its population."""
    return None if span.size == population.size else (span.start, span.stop)


def operation_kernels(model: Model, o: Operation) -> list[Kernel]:
    """Statements executed once for what neurons have in common, then those for all neurons.

    What is flagged (unless refractory) stands still in refractory neurons, as in Brian 2.
    """
    population = model.source(o.population)
    rows = rows_of(model.span(o.population), population)
    still = {v.name for v in population.variables if "unless refractory" in v.flags and population.refracts}
    code = [s.with_expr(relative(s.expr, rows)) for s in o.code]
    once = tuple(code[: o.shared])
    each = tuple(
        s.with_expr(select(Var("not_refractory"), s.expr, Var(s.target))) if s.target in still else s
        for s in code[o.shared :]
    )
    base = Kernel("operation", o.id, population.id, o.clock, o.when, o.order)
    kernels = [replace(base, body=once, single=True), replace(base, body=each, rows=rows)]
    return [kernel for kernel in kernels if kernel.body]


def probe_kernel(model: Model, probe: Probe) -> Kernel:
    """Recording: one statement for each variable, whose target is the variable's column."""
    source = model.source(probe.source)
    rows = rows_of(model.span(probe.source), source)
    own = {v.name for v in source.variables} | (set(SYNAPTIC) if source.ends else set())
    elsewhere = {n: full_name(seen_from_synapses(n)) for n in probe.variables if source.ends and n not in own}
    body = tuple(
        Stmt(name, relative(Var(elsewhere.get(name, name)), rows), local=True) for name in probe.variables
    )
    base = Kernel(probe.kind, probe.id, source.id, probe.clock, probe.when, probe.order)
    return replace(base, body=body, event=probe.event, rows=rows)


# -- subexpressions and numbers ------------------------------------------------------------------------


def _subexpressions(population: Population) -> dict[str, Expr]:
    """Each subexpression in terms of what is stored."""
    raw = {v.name: v.expr for v in population.of_kind(SUBEXPRESSION) if v.expr is not None and not v.stored}
    done: dict[str, Expr] = {}

    def expand(name: str) -> Expr:
        if name not in done:
            inner = {n: expand(n) for n in raw if n != name and _mentions(raw[name], n)}
            done[name] = substitute(raw[name], inner)
        return done[name]

    return {name: expand(name) for name in raw}


def _mentions(expr: Expr, name: str) -> bool:
    return any(n.name == name for n in _variables(expr))


def _variables(expr: Expr) -> list[Var]:
    return [n for n in walk(expr) if isinstance(n, Var)]


def subexpressions(model: Model, population: Population) -> dict[str, Expr]:
    """Each subexpression that strings for a population can name, in terms of what is stored."""
    if population.ends is None:
        return _subexpressions(population)
    ends = reference_subexpressions(model, population, _subexpressions)
    return {**ends, **{n: substitute(e, ends) for n, e in _subexpressions(population).items()}}


def inline_subexpressions(model: Model, kernel: Kernel) -> Kernel:
    """Put what a subexpression stands for in the place of its name."""
    table = subexpressions(model, model.population(kernel.population))
    return kernel.map(lambda expr: substitute(expr, table)) if table else kernel


def fold_numbers(kernel: Kernel) -> Kernel:
    """Calculate with literals now: ``10 * 0.001`` is ``0.01``."""
    return kernel.map(fold)


def assign_kernel(model: Model, step: Assign) -> AssignKernel:
    """An assignment with subexpressions inlined and numbers folded."""
    population = model.source(step.population)
    rows = rows_of(model.span(step.population), population)
    table = subexpressions(model, population)

    def simple(expr: Expr) -> Expr:
        return fold(substitute(relative(expr, rows), table))

    where = None if step.where is None else simple(step.where)
    return AssignKernel(population.id, step.variable, simple(step.expr), where, step.indices, rows)
