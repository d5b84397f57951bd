"""Passes that move what does not change within a run, or within a step, out of the loops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .algebra import ONE, div, fold
from .equations import PARAMETER
from .expr import (
    At,
    Binary,
    Call,
    Compare,
    Const,
    Draw,
    Element,
    Expr,
    Lit,
    MatrixEntry,
    Param,
    TimedCall,
    UserCall,
    Var,
    transform,
)
from .kernels import Kernel, RunConstant, RunMatrix
from .model import Model, Population
from .statements import Stmt


@dataclass
class _Invariance:
    """Tells which expressions have one value for a whole run, or for all neurons in a step."""

    population: Population
    matrices: frozenset[str]
    per_step: bool
    per_neuron: bool = False  # whether the value may differ between neurons
    local: set[str] = field(default_factory=set)

    def holds(self, node: Expr) -> bool:
        if isinstance(node, Lit | Param | Const):
            return True
        if isinstance(node, Var):
            return self._variable(node.name)
        if isinstance(node, MatrixEntry):
            return node.matrix.rsplit(".", 1)[0] in self.matrices
        if isinstance(node, At | Draw | Element) or (isinstance(node, UserCall) and node.stateful):
            return False
        if isinstance(node, TimedCall) and not self.per_step:
            return False
        children = node.children()
        return bool(children) and all(self.holds(child) for child in children)

    def _variable(self, name: str) -> bool:
        if name in ("dt", "N") or (self.population.ends is not None and name in ("N_pre", "N_post")):
            return True
        if name in ("t", "t_in_timesteps"):
            return self.per_step
        if name in self.local:
            return False
        if name == "i":
            return self.per_neuron
        variable = next((v for v in self.population.variables if v.name == name), None)
        if self.per_neuron and variable is not None and variable.kind == PARAMETER and variable.constant:
            return True
        if variable is None or not variable.shared or not (variable.kind == PARAMETER or variable.held):
            return False
        return self.per_step or variable.constant


def hoist_matrices(model: Model, kernels: list[Kernel]) -> tuple[list[Kernel], tuple[RunMatrix, ...]]:
    """Compute propagators once per run where they do not change within it.

    Constant parameters change between runs only, unless Python is called in a run.
    """
    moved: list[RunMatrix] = []
    result = []
    for kernel in kernels:
        population = model.population(kernel.population)
        invariant = _Invariance(population, frozenset(), per_step=False)
        steady = _Invariance(population, frozenset(), per_step=False, per_neuron=True)
        steadily = population.ends is None and not model.callbacks
        stay = []
        for matrix in kernel.matrices:
            if all(invariant.holds(entry) for entry in matrix.entries):
                moved.append(RunMatrix(kernel.population, matrix))
            elif steadily and all(steady.holds(entry) for entry in matrix.entries):
                moved.append(RunMatrix(kernel.population, matrix, each=True))
            else:
                stay.append(matrix)
        result.append(replace(kernel, matrices=tuple(stay)))
    return result, tuple(moved)


def _common(kernel: Kernel, matrices: tuple[RunMatrix, ...]) -> frozenset[str]:
    """Names of the propagators that are the same for all neurons of a kernel."""
    names = {m.propagator.name for m in matrices if m.population == kernel.population and not m.each}
    return frozenset(names)


def hoist_run_constants(
    model: Model, kernels: list[Kernel], matrices: tuple[RunMatrix, ...]
) -> tuple[list[Kernel], tuple[RunConstant, ...]]:
    """Compute once per run what depends on parameters only."""
    table: dict[tuple[str, Expr], RunConstant] = {}

    def hoisted(kernel: Kernel) -> Kernel:
        common = _common(kernel, matrices)
        invariant = _Invariance(model.population(kernel.population), common, per_step=False)
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
                inverse = fold(div(ONE, node.right))
                by = inverse if isinstance(inverse, Lit) else constant(inverse)
                return Binary("*", transform(node.left, rewrite), by)
            return None

        # A reciprocal rounds once more than a division. Only where equations are integrated does that
        # save much and matter little: floor(i/49) is not floor(i*(1/49)).
        function = rewrite if kernel.kind == "update" else exact
        return kernel.map(lambda expr: transform(expr, function))

    result = [hoisted(kernel) for kernel in kernels]
    return result, tuple(table.values())


def _jumps(node: Expr) -> bool:
    """Whether the last bit of an operand can change the value altogether."""
    if isinstance(node, Call):
        return node.function in ("floor", "ceil", "int", "sign", "timestep")
    return isinstance(node, Compare | TimedCall | UserCall) or (
        isinstance(node, Binary) and node.op in ("//", "%")
    )


def hoist_step_scalars(model: Model, kernel: Kernel, matrices: tuple[RunMatrix, ...]) -> Kernel:
    """Compute once per step what is the same for all neurons, such as a stimulus."""
    if kernel.kind not in ("held", "update", "threshold", "operation", "summed", "pathway") or kernel.single:
        return kernel
    common = _common(kernel, matrices)
    invariant = _Invariance(model.population(kernel.population), common, per_step=True)
    invariant.local = {s.target for s in kernel.body if s.local}
    scalars: dict[Expr, Stmt] = {}

    def rewrite(node: Expr) -> Expr | None:
        if not node.children() or not invariant.holds(node):
            return None
        if node not in scalars:
            scalars[node] = Stmt(f"_s{len(scalars)}", node, local=True)
        return Var(scalars[node].target)

    kernel = kernel.map(lambda expr: transform(expr, rewrite))
    return replace(kernel, scalars=tuple(scalars.values()))
