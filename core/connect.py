"""How ``Synapses.connect`` says which synapses there are: rules as parsed, with the checks of their strings."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .connections import INDEX
from .context import Checker, expect_unit
from .dimensions import DIMENSIONLESS
from .expr import Call, Compare, Expr, ExpressionError, Lit, Logic, Name, names, parse, walk, written
from .infer import BOOL, Type
from .namespace import Constant, Resolved
from .resolve import external_names

#: How numbers given for ``p`` and ``n`` are named among the constants of a rule: nobody can write these.
P, COUNT = ".p", ".n"
#: Number of sources and targets; ``None`` where a simulation makes them.
Sizes = tuple[int | None, int | None]
_INT = Type(DIMENSIONLESS, "int")
_OTHER = {"pre": "post", "post": "pre"}


@dataclass(frozen=True)
class PairRule:
    """Neurons given in advance; the arrays have the same shape ``(pairs,)``."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    condition: Expr | None
    count: Expr
    given: Mapping[str, Constant]

    def strings(self) -> list[Expr]:
        return [self.count] if self.condition is None else [self.count, self.condition]

    def check(self, types: Mapping[str, Type], checker: Checker) -> None:
        """Check units and types; ``types`` has everything that synapses know of both ends."""
        _check_amounts(checker, types, self.condition, self.count)


@dataclass(frozen=True)
class Rule:
    """See `connections.Connect`; expressions are as parsed."""

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
    given: Mapping[str, Constant]

    @property
    def found(self) -> str:
        """``i`` or ``j``, whichever the rule finds out."""
        return INDEX[_OTHER[self.over]]

    def strings(self) -> list[Expr]:
        parts = [self.start, self.stop, self.step, self.index, self.count]
        return parts + [e for e in (self.amount, self.condition) if e is not None]

    def check(self, types: Mapping[str, Type], checker: Checker) -> None:
        """Check units and types; ``types`` has everything that synapses know of both ends."""
        far = f"_{_OTHER[self.over]}"
        early = {n: t for n, t in types.items() if n != self.found and (not n.endswith(far) or n[:2] == "N_")}
        late = {**types, **({self.variable: _INT} if self.variable else {})}
        inner = {**early, **({self.variable: _INT} if self.variable else {})}
        for expr in (self.start, self.stop, self.step):
            _check(checker, early, types, expr, _INT, "the range")
        if self.amount is not None:
            wanted = _INT if self.sample == "size" else Type(DIMENSIONLESS, "float")
            _check(checker, early, types, self.amount, wanted, self.sample)
        _check(checker, inner, types, self.index, _INT, f"the index {self.found!r}")
        _check_amounts(checker, late, self.condition, self.count)


def _check_amounts(checker: Checker, types: Mapping[str, Type], condition: Expr | None, count: Expr) -> None:
    if condition is not None:
        _check(checker, types, types, condition, BOOL, "the condition")
    _check(checker, types, types, count, _INT, "n")


def _check(
    checker: Checker,
    known: Mapping[str, Type],
    everything: Mapping[str, Type],
    expr: Expr,
    wanted: Type,
    what: str,
) -> None:
    def check() -> None:
        later = sorted((names(expr) & set(everything)) - set(known))
        if later:
            raise ExpressionError(
                f"{written(expr)!r} uses {', '.join(map(repr, later))}, which is not known before the neuron at the "
                "other end is; use it in the condition."
            )
        given = checker.type_of(expr, known)
        if wanted.dtype == "float" and given.dtype == "int":
            given = Type(given.dim, "float")
        expect_unit(given, wanted, repr(written(expr)))

    checker.attempt(what, check)


# -- from the arguments of connect() -------------------------------------------------------------------


def make_rule(
    what: str,
    sizes: Sizes,
    variables: Collection[str],
    condition: Any,
    i: Any,
    j: Any,
    p: Any,
    n: Any,
    skip: bool,
) -> Rule | PairRule | None:
    """What the arguments of ``connect`` mean; ``None`` for no synapses.

    Raises
    ------
    TypeError, ValueError, IndexError, ExpressionError
        Naming the argument and what it should be.
    """
    if condition is not None and (i is not None or j is not None):
        raise ValueError(f"{what}: give either a condition, or i and j, not both.")
    given: dict[str, Constant] = {}
    try:
        return _made(what, sizes, variables, condition, i, j, p, n, skip, given)
    except ExpressionError as error:
        raise type(error)(f"{what}: {error}".replace(f"{what}: {what}: ", f"{what}: ")) from None


def _made(
    what: str,
    sizes: Sizes,
    variables: Collection[str],
    condition: Any,
    i: Any,
    j: Any,
    p: Any,
    n: Any,
    skip: bool,
    given: dict[str, Constant],
) -> Rule | PairRule | None:
    count, chance = _count(what, n, given), _chance(what, p, given)
    if isinstance(i, str) or isinstance(j, str):
        return _from_generator(what, i, j, p, count, skip, given)
    if i is not None or j is not None:
        if i is None or j is None:
            missing = "j" if j is None else "i"
            raise ValueError(f"{what}: {missing} is missing; give both i and j, or a condition.")
        first, second = _pairs(what, i, j, sizes)
        thinned = None if chance is None else Compare("<", Call("rand", ()), chance)
        return PairRule(first, second, thinned, count, given)
    if skip:
        raise ValueError(f"{what}: skip_if_invalid only concerns j='…' or i='…'.")
    if condition is False:
        return None
    if not isinstance(condition, str | bool | None):
        raise TypeError(
            f"{what}: condition={condition!r:.60} must be a string such as 'i != j', True or False."
        )
    wanted = parse(condition) if isinstance(condition, str) else None
    if chance is not None and _differs_by_pair(chance, variables):
        near = Compare("<", Call("rand", ()), chance)
        wanted, chance = (near if wanted is None else _both(wanted, near)), None
    sample = "" if chance is None else "p"
    zero, one = Lit(0), Lit(1)
    return Rule("pre", "j", zero, Name("N_post"), one, sample, chance, Name("j"), wanted, count, False, given)


def _both(first: Expr, second: Expr) -> Expr:
    return Logic("and", first, second)


def _differs_by_pair(chance: Expr, variables: Collection[str]) -> bool:
    """Whether a probability is not the same for all targets of a source."""
    if any(isinstance(node, Call) and node.function == "rand" for node in walk(chance)):
        return True
    own = names(chance) & set(variables)
    return any(n == "j" or not (n in ("i", "N_pre", "N_post") or n.endswith("_pre")) for n in own)


def _count(what: str, n: Any, given: dict[str, Constant]) -> Expr:
    if isinstance(n, str):
        return parse(n)
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"{what}: n={n!r:.60} is no number of synapses; give an integer or a string.")
    if n < 0:
        raise ValueError(f"{what}: n={n}; the number of synapses of a pair cannot be negative.")
    if n == 1:
        return Lit(1)
    given[COUNT] = Constant(int(n), DIMENSIONLESS)
    return Name(COUNT)


def _chance(what: str, p: Any, given: dict[str, Constant]) -> Expr | None:
    if isinstance(p, str):
        return parse(p)
    if isinstance(p, bool) or not isinstance(p, int | float | np.number):
        raise TypeError(f"{what}: p={p!r:.60} is no probability; give a number or a string.")
    if not 0 <= p <= 1:
        raise ValueError(f"{what}: p={p}; a probability lies between 0 and 1.")
    if p == 1:
        return None
    given[P] = Constant(float(p), DIMENSIONLESS)
    return Name(P)


def _pairs(what: str, i: Any, j: Any, sizes: Sizes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    arrays = []
    for name, value in (("i", i), ("j", j)):
        array = np.asarray(value)
        if (array.dtype.kind not in "iu" and array.size) or array.ndim > 1:
            raise TypeError(
                f"{what}: {name}={value!r:.60} must be an integer, integers in one dimension or a string."
            )
        arrays.append(np.atleast_1d(array).astype(np.int64))
    try:
        first, second = np.broadcast_arrays(*arrays)
    except ValueError:
        raise ValueError(
            f"{what}: i has {arrays[0].size} element(s) and j has {arrays[1].size}; give as many of each, or one."
        ) from None
    for name, array, size in (("i", first, sizes[0]), ("j", second, sizes[1])):
        limit = np.iinfo(np.int64).max if size is None else size
        outside = np.flatnonzero((array < 0) | (array >= limit))
        if outside.size:
            k = int(outside[0])
            raise IndexError(
                f"{what}: the pair (i={first[k]}, j={second[k]}) at position {k} lies outside: {name} goes from 0 to "
                f"{limit - 1}. {outside.size} pair(s) do."
            )
    return np.array(first), np.array(second)


# -- generators -----------------------------------------------------------------------------------------


def _from_generator(
    what: str, i: Any, j: Any, p: Any, count: Expr, skip: bool, given: dict[str, Constant]
) -> Rule:
    if i is not None and j is not None:
        raise TypeError(
            f"{what}: i={i!r:.40} and j={j!r:.40}: a string for one side goes through all neurons of the other; give "
            "one of them only."
        )
    if not (isinstance(p, int | float) and p == 1):
        raise ValueError(
            f"{what}: p={p!r} cannot be combined with a string for i or j; write '… if rand() < {p}', or "
            "'… in sample(…, p=…)'."
        )
    over, source = ("pre", j) if isinstance(j, str) else ("post", i)
    tree = _comprehension(what, source)
    if not isinstance(tree, ast.ListComp):
        single = (Lit(0), Lit(1), Lit(1))
        return Rule(over, "", *single, "", None, _expr(tree), None, count, skip, given)
    (loop,) = tree.generators
    assert isinstance(loop.target, ast.Name)
    bounds, sample, amount = _iterated(what, source, loop.iter)
    condition: Expr | None = None
    for part in loop.ifs:
        condition = _expr(part) if condition is None else _both(condition, _expr(part))
    return Rule(over, loop.target.id, *bounds, sample, amount, _expr(tree.elt), condition, count, skip, given)


def _expr(node: ast.expr) -> Expr:
    return parse(ast.unparse(node))


def _comprehension(what: str, source: str) -> ast.expr | ast.ListComp:
    try:
        tree = ast.parse(f"[{source.strip()}]", mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(
            f"{what}: {source!r} is neither an expression nor 'expression for k in range(…) if condition' "
            f"({error.msg})."
        ) from None
    if isinstance(tree, ast.List) and len(tree.elts) == 1:
        return tree.elts[0]
    if not isinstance(tree, ast.ListComp):
        raise ExpressionError(f"{what}: {source!r} must be a single expression for one index.")
    if len(tree.generators) != 1 or not isinstance(tree.generators[0].target, ast.Name):
        raise ExpressionError(f"{what}: {source!r} must have one 'for' with one name.")
    return tree


def _iterated(what: str, source: str, node: ast.expr) -> tuple[tuple[Expr, Expr, Expr], str, Expr | None]:
    """Range and sampling of ``range(…)`` or ``sample(…)``."""
    wrong = ExpressionError(
        f"{what}: {source!r} must go through range(stop), range(start, stop) or range(start, stop, step), or through "
        "sample(…) of such with p=… or size=…."
    )
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not 1 <= len(node.args) <= 3:
        raise wrong
    args = [_expr(arg) for arg in node.args]
    start, stop, step = (Lit(0), args[0], Lit(1)) if len(args) == 1 else (*args, Lit(1))[:3]
    if node.func.id == "range" and not node.keywords:
        return (start, stop, step), "", None
    if node.func.id != "sample" or len(node.keywords) != 1 or node.keywords[0].arg not in ("p", "size"):
        raise wrong
    return (start, stop, step), node.keywords[0].arg, _expr(node.keywords[0].value)


def external_names_of(rule: Rule | PairRule, own: Mapping[str, Any]) -> set[str]:
    """Names in a rule that the script must explain."""
    known = {*own, *rule.given} | ({rule.variable} if isinstance(rule, Rule) else set())
    return set().union(*(external_names(expr, known) for expr in rule.strings()))


def rule_names(rule: Rule | PairRule) -> set[str]:
    """All names in a rule but that of its own variable."""
    own = {rule.variable} if isinstance(rule, Rule) else set()
    return set().union(*(names(expr) for expr in rule.strings())) - own


def constants_of(rule: Rule | PairRule, found: Mapping[str, Resolved]) -> dict[str, Resolved]:
    """What the names of a rule stand for, with the numbers that came with it."""
    return {**found, **rule.given}
