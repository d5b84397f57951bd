"""From a Model to Kernels: named passes over frozen data, in the order in which they are read here."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .algebra import ONE, div, mul, select
from .context import LONG_AGO
from .declared import SCHEDULE
from .equations import DIFFERENTIAL, PARAMETER, SUBEXPRESSION
from .events import SPIKE
from .expr import (
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Element,
    Expr,
    Lit,
    Logic,
    MatrixEntry,
    Param,
    TimedCall,
    Unary,
    UserCall,
    Var,
    substitute,
    transform,
    walk,
)
from .functions import ALL_FUNCTIONS
from .integrators import Propagator, System, choose
from .kernels import Array, AssignKernel, Kernel, Kernels, RunConstant, RunMatrix
from .model import Assign, Event, Model, Operation, Population, Probe
from .statements import Stmt

_STATE = {"float": "float64", "int": "int32", "bool": "bool"}


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
    kernels, assigns = number_streams(kernels, assigns)
    kernels, matrices = hoist_matrices(model, kernels)
    kernels, constants = hoist_run_constants(model, kernels)
    kernels = [hoist_step_scalars(model, kernel) for kernel in kernels]
    kernels += [Kernel("callback", c.id, "", c.clock, c.when, c.order) for c in model.callbacks]
    lowered = Kernels(
        model=model,
        arrays=state_arrays(model),
        constants=constants,
        matrices=matrices,
        kernels=tuple(sorted(kernels, key=lambda k: (SCHEDULE.index(k.when), k.order))),
        assigns=tuple(assigns),
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
                arrays.append(Array(f"{p.id}.{v.name}", p.id, v.name, _STATE[v.dtype], size, 0.0))
        if p.refracts:
            arrays.append(Array(f"{p.id}.lastspike", p.id, "lastspike", "float64", p.size, LONG_AGO))
            arrays.append(Array(f"{p.id}.not_refractory", p.id, "not_refractory", "bool", p.size, 1.0))
    for probe in model.probes:
        if probe.kind == "events":
            size = model.population(probe.source).size
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
    kernels += [operation_kernel(model.population(o.population), o) for o in model.operations]
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
    if equations:
        inlined = _subexpressions(population)
        rates = {v.name: substitute(v.expr, inlined) for v in equations if v.expr is not None}
        rates = {name: transform(rate, _folded) for name, rate in rates.items()}
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
    return [Stmt("not_refractory", Compare(">=", _steps(since), _steps(population.refractory)), dtype="bool")]


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


def operation_kernel(population: Population, o: Operation) -> Kernel:
    """Statements for all neurons, or once for what they have in common.

    What is flagged (unless refractory) stands still in refractory neurons, as in Brian 2.
    """
    still = {v.name for v in population.variables if "unless refractory" in v.flags and population.refracts}
    body = tuple(
        s.with_expr(select(Var("not_refractory"), s.expr, Var(s.target))) if s.target in still else s
        for s in o.code
    )
    return Kernel("operation", o.id, o.population, o.clock, o.when, o.order, body=body, single=o.shared)


def probe_kernel(model: Model, probe: Probe) -> Kernel:
    """Recording: one statement for each variable, whose target is the variable's column."""
    body: tuple[Stmt, ...] = ()
    if probe.variables:
        body = tuple(Stmt(name, Var(name), local=True) for name in probe.variables)
    source = model.population(probe.source)
    return Kernel(
        probe.kind, probe.id, source.id, probe.clock, probe.when, probe.order, body=body, event=probe.event
    )


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


def _map(kernel: Kernel, function: Callable[[Expr], Expr]) -> Kernel:
    """A kernel with every expression rewritten."""
    return replace(
        kernel,
        scalars=tuple(s.with_expr(function(s.expr)) for s in kernel.scalars),
        body=tuple(s.with_expr(function(s.expr)) for s in kernel.body),
        matrices=tuple(replace(m, entries=tuple(function(e) for e in m.entries)) for m in kernel.matrices),
        condition=None if kernel.condition is None else function(kernel.condition),
    )


def inline_subexpressions(model: Model, kernel: Kernel) -> Kernel:
    """Put what a subexpression stands for in the place of its name."""
    table = _subexpressions(model.population(kernel.population))
    return _map(kernel, lambda expr: substitute(expr, table)) if table else kernel


def fold_numbers(kernel: Kernel) -> Kernel:
    """Calculate with literals now: ``10 * 0.001`` is ``0.01``."""
    return _map(kernel, lambda expr: transform(expr, _folded))


def _folded(node: Expr) -> Expr | None:
    if isinstance(node, Unary) and node.op in "+-":
        operand = transform(node.operand, _folded)
        if isinstance(operand, Lit):
            return Lit(-operand.value if node.op == "-" else operand.value)
        return Unary("-", operand) if node.op == "-" else operand
    if not isinstance(node, Binary) or node.op not in ("+", "-", "*", "/", "**"):
        return None
    left, right = transform(node.left, _folded), transform(node.right, _folded)
    if isinstance(left, Lit) and isinstance(right, Lit):
        value = _calculated(node.op, left.value, right.value)
        if value is not None:
            return Lit(value)
    simple = {"*": mul, "/": div}.get(node.op)
    return Binary(node.op, left, right) if simple is None else simple(left, right)


_OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}


def _calculated(op: str, left: float, right: float) -> float | None:
    """The value of an operation with literals, unless only the run can tell or it does not fit."""
    if (op == "/" and not right) or (op == "**" and (left <= 0 or abs(right) > 64)):
        return None
    value: float = _OPERATIONS[op](left, right)
    return None if isinstance(value, int) and abs(value) >= 2**53 else value


def assign_kernel(model: Model, step: Assign) -> AssignKernel:
    """An assignment with subexpressions inlined and numbers folded."""
    table = _subexpressions(model.population(step.population))

    def simple(expr: Expr) -> Expr:
        return transform(substitute(expr, table), _folded)

    where = None if step.where is None else simple(step.where)
    return AssignKernel(step.population, step.variable, simple(step.expr), where, step.indices)


# -- random numbers ------------------------------------------------------------------------------------


def number_streams(
    kernels: list[Kernel], assigns: list[AssignKernel]
) -> tuple[list[Kernel], list[AssignKernel]]:
    """Give each place that draws random numbers a stream of its own.

    The stream follows from the place alone (object, kind of code, order in it), so that a group draws the same
    numbers whatever else the model contains, and whether a device sees the whole program or one run at a time.
    """
    taken: set[int] = set()

    def with_draws(kernel: Kernel) -> Kernel:
        draws: list[Draw] = []
        event = "" if kernel.event in ("", SPIKE) else f".{kernel.event}"
        rewrite = numbered(f"{kernel.owner}/{kernel.kind}{event}", draws, taken)
        kernel = _map(kernel, lambda expr: transform(expr, rewrite))
        return replace(kernel, draws=tuple(d for d in draws if d.distribution and not d.args))

    made: dict[str, int] = {}
    new_assigns = []
    for assign in assigns:
        target = f"{assign.population}.{assign.variable}"
        rewrite = numbered(f"{target}={made.setdefault(target, 0)}", [], taken)
        made[target] += 1
        where = None if assign.where is None else transform(assign.where, rewrite)
        new_assigns.append(replace(assign, where=where, expr=transform(assign.expr, rewrite)))
    return [with_draws(kernel) for kernel in kernels], new_assigns


def numbered(place: str, draws: list[Draw], taken: set[int]) -> Callable[[Expr], Expr | None]:
    """Gives draws and calls with state their streams; what it found is added to ``draws``, inner ones first."""

    def rewrite(node: Expr) -> Expr | None:
        if isinstance(node, UserCall) and node.stateful:
            distribution = ""
        elif isinstance(node, Call) and node.function in ALL_FUNCTIONS:
            distribution = ALL_FUNCTIONS[node.function].draw
            if not distribution:
                return None
        else:
            return None
        args = tuple(transform(arg, rewrite) for arg in node.args)
        stream = stream_of(f"{place}/{len(draws)}", taken)
        draws.append(Draw(distribution, stream, args))
        return replace(node, args=args, stream=stream) if isinstance(node, UserCall) else draws[-1]

    return rewrite


def stream_of(place: str, taken: set[int]) -> int:
    """A 32-bit number for a place, other than those taken; it is noted as taken."""
    stream = int.from_bytes(hashlib.blake2b(place.encode(), digest_size=4).digest(), "little")
    while stream in taken:
        stream = (stream + 1) % 2**32
    taken.add(stream)
    return stream


# -- what does not change within a run or a step --------------------------------------------------------


@dataclass
class _Invariance:
    """Tells which expressions have one value for a whole run, or for all neurons in a step."""

    population: Population
    matrices: frozenset[str]
    per_step: bool
    local: set[str] = field(default_factory=set)

    def holds(self, node: Expr) -> bool:
        if isinstance(node, Lit | Param | Const):
            return True
        if isinstance(node, Var):
            return self._variable(node.name)
        if isinstance(node, MatrixEntry):
            return node.matrix.rsplit(".", 1)[0] in self.matrices
        if isinstance(node, Draw | Element) or (isinstance(node, UserCall) and node.stateful):
            return False
        if isinstance(node, TimedCall) and not self.per_step:
            return False
        children = node.children()
        return bool(children) and all(self.holds(child) for child in children)

    def _variable(self, name: str) -> bool:
        if name in ("dt", "N"):
            return True
        if name in ("t", "t_in_timesteps"):
            return self.per_step
        if name in self.local:
            return False
        variable = next((v for v in self.population.variables if v.name == name), None)
        if variable is None or not variable.shared or not (variable.kind == PARAMETER or variable.held):
            return False
        return self.per_step or variable.constant


def hoist_matrices(model: Model, kernels: list[Kernel]) -> tuple[list[Kernel], tuple[RunMatrix, ...]]:
    """Compute propagators once per run where they are the same for all neurons."""
    moved: list[RunMatrix] = []
    result = []
    for kernel in kernels:
        invariant = _Invariance(model.population(kernel.population), frozenset(), per_step=False)
        stay = []
        for matrix in kernel.matrices:
            if all(invariant.holds(entry) for entry in matrix.entries):
                moved.append(RunMatrix(kernel.population, matrix))
            else:
                stay.append(matrix)
        result.append(replace(kernel, matrices=tuple(stay)))
    return result, tuple(moved)


def hoist_run_constants(model: Model, kernels: list[Kernel]) -> tuple[list[Kernel], tuple[RunConstant, ...]]:
    """Compute once per run what depends on parameters only."""
    table: dict[tuple[str, Expr], RunConstant] = {}

    def hoisted(kernel: Kernel) -> Kernel:
        own = frozenset(m.name for m in kernel.matrices)
        everywhere = frozenset(f"{kernel.population}.{n}" for n in ("M", "R")) - own
        invariant = _Invariance(model.population(kernel.population), everywhere, per_step=False)
        invariant.local = {s.target for s in kernel.body if s.local}

        def constant(node: Expr) -> Expr:
            key = (kernel.population, node)
            if key not in table:
                table[key] = RunConstant(f"k{len(table)}", kernel.population, node)
            return Const(table[key].name)

        def exact(node: Expr) -> Expr | None:
            return constant(node) if node.children() and invariant.holds(node) else None

        def rewrite(node: Expr) -> Expr | None:
            if exact(node) is not None:
                return exact(node)
            if _jumps(node):
                return transform(node, exact)
            if isinstance(node, Binary) and node.op == "/" and invariant.holds(node.right):
                # one division per run instead of one per neuron and step
                inverse = transform(div(ONE, node.right), _folded)
                by = inverse if isinstance(inverse, Lit) else constant(inverse)
                return Binary("*", transform(node.left, rewrite), by)
            return None

        # A reciprocal rounds once more than a division. Only where equations are integrated does that
        # save much and matter little: floor(i/49) is not floor(i*(1/49)).
        function = rewrite if kernel.kind == "update" else exact
        return _map(kernel, lambda expr: transform(expr, function))

    result = [hoisted(kernel) for kernel in kernels]
    return result, tuple(table.values())


def _jumps(node: Expr) -> bool:
    """Whether the last bit of an operand can change the value altogether."""
    if isinstance(node, Call):
        return node.function in ("floor", "ceil", "int", "sign", "timestep")
    return isinstance(node, Compare | TimedCall | UserCall) or (
        isinstance(node, Binary) and node.op in ("//", "%")
    )


def hoist_step_scalars(model: Model, kernel: Kernel) -> Kernel:
    """Compute once per step what is the same for all neurons, such as a stimulus."""
    if kernel.kind not in ("held", "update", "threshold", "operation") or kernel.single:
        return kernel
    own = frozenset(m.name for m in kernel.matrices)
    everywhere = frozenset(f"{kernel.population}.{n}" for n in ("M", "R")) - own
    invariant = _Invariance(model.population(kernel.population), everywhere, per_step=True)
    invariant.local = {s.target for s in kernel.body if s.local}
    scalars: dict[Expr, Stmt] = {}

    def rewrite(node: Expr) -> Expr | None:
        if not node.children() or not invariant.holds(node):
            return None
        if node not in scalars:
            scalars[node] = Stmt(f"_s{len(scalars)}", node, local=True)
        return Var(scalars[node].target)

    kernel = _map(kernel, lambda expr: transform(expr, rewrite))
    return replace(kernel, scalars=tuple(scalars.values()))
