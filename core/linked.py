"""Linked variables: a variable of one group that stands for one of another group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .context import SPECIAL
from .equations import LINKED, SUBEXPRESSION
from .expr import ExpressionError, names
from .infer import unit_of
from .units import DimensionMismatchError

if TYPE_CHECKING:
    from .group import Group
    from .neurons import Neurons

_TIMES = frozenset({"t", "dt", "t_in_timesteps"})


@dataclass(frozen=True, eq=False)
class LinkedVariable:
    """What a linked variable stands for: a variable of some neurons, in their order or by index.

    Parameters
    ----------
    source : Neurons
        A group or a subgroup.
    variable : str
        Its variable.
    index : array of int, str or None
        For each neuron of the group that has the link, which of the source's: as an array, or the name of one
        of its own variables.
    """

    source: Neurons
    variable: str
    index: NDArray[np.int64] | str | None

    def values(self, owner: Group) -> NDArray[Any]:
        """Values now, one for each neuron of the group that has the link, in base units."""
        found = self.source.state(self.variable).values()
        if len(found) == 1 or self.index is None:
            return np.array(np.broadcast_to(found, (owner.N,)))
        places = owner.state(self.index).values() if isinstance(self.index, str) else self.index
        outside = places[(places < 0) | (places >= len(found))]
        if outside.size:
            raise IndexError(
                f"{owner.name}.{self.index} holds the index {outside[0]}, but {self.source.name!r}, to which it "
                f"points, has {len(found)} neuron(s)."
            )
        chosen: NDArray[Any] = found[places]
        return chosen


def linked_var(group_or_variable: Any, name: str | None = None, index: Any = None) -> LinkedVariable:
    """What to set a variable flagged ``(linked)`` to: ``group.x = linked_var(other, 'v')``.

    Parameters
    ----------
    group_or_variable : Group, Subgroup or variable
        Whose variable is meant, or the variable itself (``other.v``).
    name : str, optional
        The variable, where a group is given.
    index : array of int or str, optional
        For each neuron of the group with the link, which neuron of the other group: as an array, or as the
        name of an integer variable of the group with the link, which may change. Without it neurons
        correspond one to one, or all to the only one there is.

    Raises
    ------
    TypeError, KeyError
        If there is no such variable.
    """
    from .neurons import Neurons, Subgroup
    from .variables import VariableView

    if isinstance(group_or_variable, VariableView) and name is None:
        view = group_or_variable
        source: Neurons = view.group if view.whole else Subgroup(view.group, view.rows)
        return LinkedVariable(source, view.name, _index(index))
    if not isinstance(group_or_variable, Neurons) or not isinstance(name, str):
        raise TypeError(
            f"linked_var({group_or_variable!r:.60}, {name!r:.60}): give a group and the name of its variable, or the "
            "variable itself, as in linked_var(group.v)."
        )
    group_or_variable.state(name)
    return LinkedVariable(group_or_variable, name, _index(index))


def _index(index: Any) -> NDArray[np.int64] | str | None:
    if index is None or isinstance(index, str):
        return index
    array = np.asarray(index)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise TypeError(
            f"linked_var: index={index!r:.60} must be a list of integers, one for each neuron with the link, or the "
            "name of a variable that holds them."
        )
    return array.astype(np.int64)


def link_variable(owner: Group, name: str, link: LinkedVariable) -> None:
    """Let a variable of a group stand for one of another; see `linked_var`."""
    check_link(owner, name, link)
    owner._links[name] = link


def check_link(owner: Group, name: str, link: LinkedVariable) -> None:
    """Refuse a link that cannot be.

    Raises
    ------
    TypeError, ValueError, IndexError, DimensionMismatchError
        Naming both variables.
    """
    equation = owner.equations.get(name)
    label, other = f"{owner.name}.{name}", f"{link.source.name}.{link.variable}"
    if equation is None or LINKED not in equation.flags:
        raise TypeError(f"{label} cannot be linked: declare it in the equations as '{name} : unit (linked)'.")
    if name in owner._links:
        raise TypeError(f"{label} has been linked already, to {_described(owner._links[name])}.")
    root = link.source._root
    if not root._fixed_size:
        raise TypeError(
            f"{label}: {other} belongs to synapses, whose number is known in a run only; link to a variable of neurons."
        )
    given, wanted = root.variable_types[link.variable], owner.variable_types[name]
    if given.dim != wanted.dim:
        raise DimensionMismatchError(
            f"{label} has units of {unit_of(wanted.dim)}, but {other} has units of {unit_of(given.dim)}."
        )
    if given.dtype != wanted.dtype and (given.dtype, wanted.dtype) != ("int", "float"):
        raise TypeError(f"{label} is of type {wanted.dtype}, but {other} of type {given.dtype}.")
    own = root.equations.get(link.variable)
    if own is not None and LINKED in own.flags and link.variable not in root._links:
        raise ValueError(f"{label}: {other} is a linked variable itself; link that one first.")
    if _reads_time(root, link.variable) and root.clock is not owner.clock:
        raise ValueError(f"{label}: {other} depends on time, which has other steps there; use one clock.")
    _check_index(owner, label, other, link)


def _check_index(owner: Group, label: str, other: str, link: LinkedVariable) -> None:
    size = link.source.state(link.variable).size
    if isinstance(link.index, str):
        kind = owner.variable_types.get(link.index)
        if kind is None or kind.dtype != "int":
            raise ValueError(
                f"{label}: index={link.index!r} is no integer variable of {owner.name!r}; declare it as "
                f"'{link.index} : integer (constant)'."
            )
        return
    if link.index is None:
        if size not in (1, owner.N):
            raise ValueError(
                f"{label}: {owner.name!r} has {owner.N} neuron(s), but {other} has {size} value(s); say with index= "
                "which belongs to which."
            )
        return
    if len(link.index) != owner.N:
        raise ValueError(
            f"{label}: index has {len(link.index)} element(s), but {owner.name!r} has {owner.N} neuron(s)."
        )
    outside = link.index[(link.index < 0) | (link.index >= len(link.source))]
    if outside.size:
        raise IndexError(
            f"{label}: index holds {outside[0]}, but {link.source.name!r} has {len(link.source)} neuron(s)."
        )


def _described(link: LinkedVariable) -> str:
    return f"{link.source.name}.{link.variable}"


def _reads_time(group: Group, variable: str) -> bool:
    if variable in _TIMES:
        return True
    equation = group.equations.get(variable)
    if equation is None or equation.kind != SUBEXPRESSION or equation.expr is None:
        return False
    return any(_reads_time(group, n) for n in names(equation.expr) & {*SPECIAL, *group.equations})


def check_linked(owner: Group) -> None:
    """Refuse to run a group with variables that are to be linked and are not."""
    missing = [
        eq.name for eq in owner.equations.ordered if LINKED in eq.flags and eq.name not in owner._links
    ]
    if missing:
        raise ExpressionError(
            f"flagged (linked), but linked to nothing; set {owner.name}.{missing[0]} = linked_var(group, 'variable')."
        )
