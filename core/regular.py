"""Statements that a group executes at each tick of a clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from .context import Checker, check_block, check_shared, shared_names
from .declared import Declared
from .expr import ExpressionError, names
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
    def leading(self) -> int:
        """How many statements there are up to the last that sets a shared variable; these are executed once."""
        shared = shared_names(self.group.equations)
        places = [k for k, s in enumerate(self.code) if s.target in shared]
        return places[-1] + 1 if places else 0

    def checked_code(self, constants: Mapping[str, Any], checker: Checker | None = None) -> tuple[Stmt, ...]:
        """The code with its locals marked."""
        group = self.group
        checker = checker or Checker(self.name, len(self.rows), group.variable_types, constants)
        return check_block(checker, self.code, group.readonly(shared=False), self.what)

    def check(self, constants: Mapping[str, Any]) -> None:
        group = self.group
        checker = Checker(
            f"{type(self).__name__} {self.name!r}", len(self.rows), group.variable_types, constants
        )
        self.checked_code(constants, checker)
        checker.attempt(self.what, self._check_order)
        for statement in self.code[: self.leading]:
            self._check_shared(checker, statement)
        checker.finish()

    def _check_order(self) -> None:
        """What has one value for all neurons comes first, and shares no locals with the rest."""
        first, rest = self.code[: self.leading], self.code[self.leading :]
        own = set(self.group.variable_types)
        early = [s for s in first if s.target in own - shared_names(self.group.equations)]
        if early:
            raise ExpressionError(
                f"{str(early[0])!r} is executed for each neuron, but statements that set shared variables are executed "
                "once, so they come first; put it after them."
            )
        both = sorted(({s.target for s in first} - own) & {n for s in rest for n in names(s.expr)})
        if both:
            raise ExpressionError(
                f"{both[0]!r} is set along with shared variables and read for each neuron; make it a shared "
                "variable of the group, or write its value out."
            )

    def _check_shared(self, checker: Checker, statement: Stmt) -> None:
        group = self.group
        known = shared_names(group.equations)
        what, types = repr(statement.target), group.variable_types
        checker.attempt(self.what, lambda: check_shared(statement.expr, types, known, what))

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
