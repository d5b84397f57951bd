"""What a script can record from, connect and set: a group, or consecutive neurons of one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .context import SPECIAL
from .equations import LINKED, SUBEXPRESSION
from .regular import CodeRunner
from .states import StateHolder
from .variables import VariableView

if TYPE_CHECKING:
    from .clock import Clock
    from .equations import Equations
    from .events import GroupEvent
    from .group import Group
    from .infer import Type
    from .session import Session


class Neurons(StateHolder):
    """Consecutive neurons of a group, all of them if it is the group itself.

    Where no variable has that name, ``start`` is the index in the group of the first neuron, ``stop`` that after
    the last.
    """

    name: str
    equations: Equations
    variable_types: Mapping[str, Type]

    @property
    @abstractmethod
    def _root(self) -> Group:
        """The group that the neurons belong to."""

    @property
    @abstractmethod
    def _rows(self) -> range:
        """Which neurons of the group these are."""

    @property
    @abstractmethod
    def session(self) -> Session:
        """The session that the group was declared in."""

    @property
    @abstractmethod
    def clock(self) -> Clock:
        """The clock that drives the group."""

    @property
    @abstractmethod
    def events(self) -> Mapping[str, str]:
        """The condition of each event, ``spike`` being the threshold's."""

    @abstractmethod
    def find_event(self, name: str) -> GroupEvent:
        """An event by name.

        Raises
        ------
        ValueError
            Naming the events that there are.
        """

    # -- what users see ---------------------------------------------------------------------------------

    @property
    def N(self) -> int:
        """Number of neurons."""
        return len(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def known_size(self) -> int | None:
        """Their number, where that is known before anything runs."""
        return len(self._rows)

    def state(self, name: str, use_units: bool = True) -> VariableView:
        """A variable by name."""
        if name not in self.variable_types:
            raise KeyError(f"{self.name} has no variable {name!r}; it has {', '.join(self.variable_types)}.")
        return VariableView(self._root, name, not use_units, self._rows)

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> Sequence[str]:
        equations = self.equations
        found = list(SPECIAL) if read_only_variables else []
        for name in self.variable_types:
            equation = equations.get(name)
            if equation is None:
                found += [name] if name not in SPECIAL else []
            elif equation.kind == SUBEXPRESSION:
                found += [name] if subexpressions else []
            elif LINKED not in equation.flags or read_only_variables:
                found.append(name)
        return found

    def _state_value(self, name: str, units: bool) -> Any:
        return self.state(name, units)[:]

    def _set_state_values(self, values: Mapping[str, Any], units: bool, level: int) -> None:
        views = {}
        problems: list[str] = []
        for name, value in values.items():
            try:
                views[name] = self.state(name, units)
                views[name].check(value)
            except (KeyError, TypeError) as error:
                problems.append(str(error.args[0]))
        if problems:
            raise (TypeError if len(views) == len(values) else KeyError)("\n".join(problems))
        for name, value in values.items():
            views[name].assign(slice(None), value, level=level + 1)

    def __getitem__(self, index: Any) -> Subgroup:
        """Consecutive neurons: a slice, an index, or indices that follow one another.

        Raises
        ------
        IndexError, TypeError
            For what does not name consecutive neurons.
        """
        chosen = _consecutive(self, index)
        first = self._rows.start
        return Subgroup(self._root, range(first + chosen.start, first + chosen.stop))

    def run_regularly(
        self,
        code: str,
        dt: Any = None,
        clock: Any = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> CodeRunner:
        """Execute statements for all these neurons at each tick of a clock, along with the group.

        Parameters
        ----------
        code : str
            Statements, as for a reset; ``t`` and ``dt`` are those of the group, as in Brian 2, and ``i`` counts
            from the first of these neurons. They may set shared variables instead, if they set nothing else.
        dt : Quantity, optional
            Time between executions, if not the time step of the group.
        clock : Clock, optional
            Clock that says when.
        when : str, optional
            Part of the time step.
        order : int, optional
            Place among the objects of the same part of a time step.
        name : str, optional
            Name, unique in the script.
        """
        runner = CodeRunner(self, code, dt, clock, when, order, name)
        self._root._runs_along.append(runner)
        return runner

    def __getattr__(self, name: str) -> Any:
        types = self.__dict__.get("variable_types")
        if types is None or name.startswith("__"):
            raise AttributeError(name)
        bare = name[:-1] if name.endswith("_") else name
        if bare in types:
            return VariableView(self._root, bare, name.endswith("_"), self._rows)
        if name in ("start", "stop"):
            return getattr(self._rows, name)
        raise AttributeError(
            f"{self.name} has no variable {name!r}; it has {', '.join(self.equations) or 'none'}."
        )

    def __setattr__(self, name: str, value: Any) -> None:
        types = self.__dict__.get("variable_types")
        if types is None or name.startswith("_"):
            super().__setattr__(name, value)
            return
        bare = name[:-1] if name.endswith("_") else name
        if bare in types:
            VariableView(self._root, bare, name.endswith("_"), self._rows).assign(slice(None), value, level=1)
            return
        if name in self.__dict__.get("_added", ()) or _settable(type(self), name):
            super().__setattr__(name, value)
            return
        if name in self._attributes():
            raise AttributeError(
                f"{self.name}.{name} cannot be set any more; it is fixed when the group is declared."
            )
        raise AttributeError(
            f"{self.name} has no variable {name!r} to set; it has {', '.join(self.equations) or 'none'}. An "
            f"attribute that is none has to be announced: add_attribute({name!r})."
        )

    def add_attribute(self, name: str) -> None:
        """Allow an attribute to be set that is no variable, in a class of a script that is made from this one."""
        self._added = (*self.__dict__.get("_added", ()), name)

    def _attributes(self) -> frozenset[str]:
        """What there is besides variables."""
        return frozenset(n for n in (*dir(type(self)), *self.__dict__) if not n.startswith("_"))


class Subgroup(Neurons):
    """Consecutive neurons of a group, as ``group[3:8]`` makes them.

    Variables are read and set as those of a group are; ``i`` counts from 0 in strings and in what monitors
    record. Nothing is copied: these are the group's neurons.

    Parameters
    ----------
    group : Group
        The group.
    rows : range
        Which of its neurons.
    """

    def __init__(self, group: Group, rows: range) -> None:
        self._group = group
        self._range = rows
        self.name = f"{group.name}[{rows.start}:{rows.stop}]"
        self.equations = group.equations
        self.variable_types = group.variable_types

    @property
    def _root(self) -> Group:
        return self._group

    @property
    def source(self) -> Group:
        """The group, under Brian 2's name."""
        return self._group

    @property
    def _rows(self) -> range:
        return self._range

    @property
    def session(self) -> Session:
        return self._group.session

    @property
    def clock(self) -> Clock:
        return self._group.clock

    @property
    def events(self) -> Mapping[str, str]:
        return self._group.events

    def find_event(self, name: str) -> GroupEvent:
        return self._group.find_event(name)

    def __repr__(self) -> str:
        return f"<Subgroup of {self._group.name!r} from {self._range.start} to {self._range.stop}>"


def _settable(cls: type, name: str) -> bool:
    found = getattr(cls, name, None)
    return isinstance(found, property) and found.fset is not None


def _consecutive(neurons: Neurons, index: Any) -> range:
    """Which neurons an index means, counted from the first of the neurons given."""
    size, shown = len(neurons), f"{neurons.name}[{_shown(index)}]"
    if isinstance(index, slice):
        return _slice(index, size, shown)
    if isinstance(index, str):
        raise TypeError(
            f"{shown}: a subgroup is a slice, an index or consecutive indices; to select by a condition, set "
            f"variables as in {neurons.name}.{next(iter(neurons.equations), 'v')}[{index!r}]."
        )
    chosen = np.atleast_1d(np.asarray(index))
    if chosen.dtype.kind == "b" and chosen.size == size:
        chosen = np.flatnonzero(chosen)
    if (chosen.dtype.kind not in "iu" and chosen.size) or chosen.ndim != 1:
        raise TypeError(f"{shown}: a subgroup is a slice, an index or consecutive indices, as integers.")
    if not chosen.size:
        raise IndexError(f"{shown}: a subgroup has at least one neuron.")
    if (np.diff(chosen.astype(np.int64)) != 1).any():
        raise IndexError(
            f"{shown}: a subgroup's neurons follow one another; take several subgroups, or the smallest one with "
            "all these neurons and conditions on 'i' in its strings."
        )
    first, last = int(chosen[0]), int(chosen[-1])
    if first < 0:
        raise IndexError(f"{shown}: indices count from 0 and cannot be negative; the last is {size - 1}.")
    if last >= size:
        raise IndexError(f"{shown}: the index {last} lies outside the {size} neuron(s).")
    return range(first, last + 1)


def _slice(index: slice, size: int, shown: str) -> range:
    for part in (index.start, index.stop, index.step):
        if isinstance(part, bool) or not isinstance(part, int | np.integer | None):
            raise TypeError(f"{shown}: a slice has integers, not {part!r:.60}.")
    if index.step not in (None, 1):
        raise IndexError(
            f"{shown}: a subgroup's neurons follow one another, so its step is 1, not {index.step}; use conditions "
            "on 'i' in strings instead."
        )
    start, stop, _ = index.indices(size)
    if start >= stop:
        raise IndexError(
            f"{shown}: from {start} to {stop} there is no neuron; a subgroup has at least one of the {size}."
        )
    return range(start, stop)


def _shown(index: Any) -> str:
    if isinstance(index, slice):
        parts = ["" if p is None else repr(p) for p in (index.start, index.stop, index.step)]
        return ":".join(parts if parts[2] else parts[:2])
    return f"{index!r:.60}"
