"""The pass that computes once what the statements of a loop ask for more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .expr import Binary, Call, Expr, Lit, TimedCall, UserCall, Var, Within
from .kernels import Kernel
from .model import Model
from .statements import INFERRED, Stmt

#: Loops whose statements share; others are short, or have statements with a meaning of their own.
_KINDS = frozenset(("held", "update", "operation", "reset", "pathway"))
#: Functions that cost no more than an operator.
_CHEAP = frozenset(("select", "abs", "int", "sign", "clip", "floor", "ceil"))
#: What calls, divisions and the like cost, in operators: a value that costs this much is worth a variable.
_DEAR = 3


def share_values(model: Model, kernel: Kernel) -> Kernel:
    """Give each value that a loop's statements use more than once a local variable.

    Two expressions have the same value where they are the same text and nothing that they read has changed in
    between: values are numbered, statement by statement (Cocke & Schwartz 1970, "Programming languages and their
    compilers"). The numbers that come out are the same, bit for bit. What draws random numbers or has a state is
    never the same, having a stream of its own in each place. What a selection asks for in one of its branches only
    stays there if evaluating it can do anything besides giving a value.
    """
    if kernel.kind not in _KINDS:
        return kernel
    synaptic = model.population(kernel.population).ends is not None
    values = _Values(synaptic)
    uses: Counter[int] = Counter()
    for statement in kernel.body:
        for number in _asked_for(statement.expr, values.facts(statement.expr), uses):
            uses[number] += 1
        values.assign(statement)
    repeated = frozenset(number for number, count in uses.items() if count > 1)
    writer = _Writer(_Values(synaptic), repeated)
    body = tuple(s for statement in kernel.body for s in writer.statements(statement))
    return replace(kernel, body=body)


class _Facts(NamedTuple):
    """What matters of an expression where it stands.

    Parameters
    ----------
    number : int
        The same for the same value.
    cost : int
        In operators.
    harmless : bool
        Whether evaluating it can neither end the run nor enter code of the script's own.
    """

    number: int
    cost: int
    harmless: bool

    def sharable(self, conditional: bool) -> bool:
        return self.cost >= _DEAR and (self.harmless or not conditional)


@dataclass
class _Values:
    """Numbers of values, statement by statement.

    Parameters
    ----------
    aliased : bool
        Whether two names may mean one variable, as those of the neurons at both ends of a synapse may.
    """

    aliased: bool
    numbers: dict[tuple[object, ...], int] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)  # how often a variable has been set
    epoch: int = 0  # how often any has been, where names may mean one variable

    def facts(self, expr: Expr) -> dict[int, _Facts]:
        """Facts about an expression and all its parts, by the identity of the node."""
        table: dict[int, _Facts] = {}
        self._add(expr, table)
        return table

    def _add(self, expr: Expr, table: dict[int, _Facts]) -> _Facts:
        parts = [self._add(child, table) for child in expr.children()]
        key = (*self._own(expr), *(p.number for p in parts))
        number = self.numbers.setdefault(key, len(self.numbers))
        risky = isinstance(expr, Within | UserCall) or (isinstance(expr, TimedCall) and len(expr.args) > 1)
        table[id(expr)] = _Facts(
            number,
            _cost(expr) + sum(p.cost for p in parts),
            not risky and all(p.harmless for p in parts),
        )
        return table[id(expr)]

    def _own(self, expr: Expr) -> tuple[object, ...]:
        """What tells a node from others, its children aside."""
        if isinstance(expr, Lit):  # 1 is not 1.0, nor 0.0 -0.0
            return Lit, type(expr.value), repr(expr.value)
        if isinstance(expr, Var):
            return Var, expr.name, self.versions[expr.name], self.epoch
        return expr.rebuild(tuple(Lit(0) for _ in expr.children())), self.epoch

    def assign(self, statement: Stmt) -> None:
        self.versions[statement.target] += 1
        self.epoch += self.aliased and not statement.local


def _cost(expr: Expr) -> int:
    if isinstance(expr, Binary):
        return 1 if expr.op in "+-*" else _DEAR
    if isinstance(expr, Call):
        return 1 if expr.function in _CHEAP else _DEAR
    return _DEAR if isinstance(expr, TimedCall | UserCall) else int(bool(expr.children()))


def _branches(expr: Expr) -> Iterator[tuple[Expr, bool]]:
    """The children of a node, and whether each is asked for on a condition."""
    selects = isinstance(expr, Call) and expr.function == "select"
    for place, child in enumerate(expr.children()):
        yield child, selects and place > 0


def _asked_for(
    expr: Expr, facts: dict[int, _Facts], seen: Counter[int], conditional: bool = False
) -> Iterator[int]:
    """Numbers of the values that an expression asks for; of what was asked for before, the parts are not."""
    own = facts[id(expr)]
    if own.sharable(conditional):
        yield own.number
        if seen[own.number] > 1:
            return
    for child, chosen in _branches(expr):
        yield from _asked_for(child, facts, seen, conditional or chosen)


@dataclass
class _Writer:
    """Writes statements anew, with variables for repeated values before them."""

    values: _Values
    repeated: frozenset[int]
    made: dict[int, Var] = field(default_factory=dict)
    lines: list[Stmt] = field(default_factory=list)

    def statements(self, statement: Stmt) -> list[Stmt]:
        self.lines = []
        expr = self._write(statement.expr, self.values.facts(statement.expr), False)
        self.values.assign(statement)
        return [*self.lines, statement.with_expr(expr)]

    def _write(self, expr: Expr, facts: dict[int, _Facts], conditional: bool) -> Expr:
        own = facts[id(expr)]
        shared = own.number in self.repeated and own.sharable(conditional)
        if shared and own.number in self.made:
            return self.made[own.number]
        new = tuple(self._write(child, facts, conditional or chosen) for child, chosen in _branches(expr))
        same = all(a is b for a, b in zip(new, expr.children(), strict=True))
        written = expr if same else expr.rebuild(new)
        if not shared:
            return written
        variable = Var(f"_x{len(self.made)}")
        self.made[own.number] = variable
        self.lines.append(Stmt(variable.name, written, local=True, dtype=INFERRED))
        return variable
