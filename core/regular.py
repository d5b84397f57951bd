"""Statements that a group executes at each tick of a clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from .context import Checker, check_block, check_shared, shared_names
from .declared import Declared
from .expr import Expr
from .statements import Stmt, parse_block

if TYPE_CHECKING:
    from .group import Group
    from .neurons import Neurons


class GroupCode(Declared):
    """Code that works on a group's variables, for all its neurons, at each tick of a clock."""

    group: Group
    rows: range  # which neurons of the group
    code: tuple[Stmt, ...]
    #: How messages call the code.
    what = "the code"

    @property
    def _needs(self) -> tuple[Declared, ...]:
        return (self.group,)

    @property
    def namespace_owner(self) -> Declared:
        return self.group

    def own_namespace(self) -> Mapping[str, Any]:
        return self.group.own_namespace()

    def variable_names(self) -> Collection[str]:
        return self.group.variable_names()

    def external_names(self) -> set[str]:
        return self.group.external_names_of(self.code) - set(self.intrinsic_constants())

    @property
    def shared(self) -> bool:
        """Whether the code sets what all neurons have in common, and is executed once."""
        targets = {s.target for s in self.code} & set(self.group.variable_types)
        return bool(targets) and targets <= shared_names(self.group.equations)

    def checked_code(self, constants: Mapping[str, Any], checker: Checker | None = None) -> tuple[Stmt, ...]:
        """The code with its locals marked."""
        group = self.group
        checker = checker or Checker(self.name, len(self.rows), group.variable_types, constants)
        readonly = group.readonly(shared=not self.shared)
        return check_block(checker, self.code, readonly, self.what)

    def check(self, constants: Mapping[str, Any]) -> None:
        group = self.group
        checker = Checker(
            f"{type(self).__name__} {self.name!r}", len(self.rows), group.variable_types, constants
        )
        self.checked_code(constants, checker)
        if self.shared:
            for statement in self.code:
                self._check_shared(checker, statement.target, statement.expr)
        checker.finish()

    def _check_shared(self, checker: Checker, target: str, expr: Expr) -> None:
        group = self.group
        shared = shared_names(group.equations)
        checker.attempt(self.what, lambda: check_shared(expr, group.variable_types, shared, repr(target)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of {self.group.name!r}>"


class CodeRunner(GroupCode):
    """What `Neurons.run_regularly` makes.

    Parameters
    ----------
    neurons : Neurons
        The group, or a subgroup.
    code : str
        Statements, as for a reset.
    dt, clock, when, order, name
        As for `Neurons.run_regularly`.
    """

    _kind = "run_regularly"

    def __init__(
        self, neurons: Neurons, code: str, dt: Any, clock: Any, when: str, order: int, name: str | None
    ) -> None:
        if not isinstance(code, str) or not code.strip():
            raise TypeError(
                f"run_regularly: {code!r:.60} must be a string of statements, such as 'v = rand()'."
            )
        block = parse_block(code)
        group = neurons._root
        if clock is None and dt is None:
            clock = group._clock
        super().__init__(name or f"{group.name}_run_regularly*", clock, dt, when, order)
        self.group, self.rows = group, neurons._rows
        self.code = block
