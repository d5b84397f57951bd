"""Views of a group's variables: setting them, and reading them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from .context import LONG_AGO, SPECIAL, Checker, check_shared, expect_unit, shared_names, with_floats
from .dimensions import DIMENSIONLESS
from .equations import HELD, LINKED, NON_NEGATIVE, SUBEXPRESSION
from .expr import Expr, parse, written
from .infer import BOOL, Type, unit_of
from .linked import LinkedVariable, link_variable
from .namespace import NamespaceError, Resolved, frame_namespace, look_up
from .records import with_unit
from .resolve import external_names, resolve
from .session import AssignEntry, RunEntry
from .units import DimensionMismatchError, get_dimensions

if TYPE_CHECKING:
    from .group import Group


class VariableView(NDArrayOperatorsMixin):
    """A variable of a group, as ``group.v`` (or ``group.v_`` for values without units).

    Set it as a whole or by index, slice, array, boolean array or string; to a value, an array or a string
    that is evaluated for each neuron when the simulation starts. In standalone mode values can be read
    after a run, or before it where they were set to concrete values.
    """

    def __init__(self, group: Group, name: str, plain: bool = False, rows: range | None = None) -> None:
        self.group = group
        self.name = name
        self._plain = plain
        self.rows = group._rows if rows is None else rows  # which neurons of the group this is about

    # -- what it is -----------------------------------------------------------------------------------

    @property
    def type(self) -> Type:
        """Dimension and kind of number."""
        return self.group.variable_types[self.name]

    @property
    def dim(self) -> Any:
        """Dimension of the values."""
        return DIMENSIONLESS if self._plain else self.type.dim

    @property
    def shared(self) -> bool:
        """Whether all neurons have one value in common."""
        return self.name in self.group.shared_variables

    @property
    def size(self) -> int:
        """Number of values: one for a shared variable, else one for each neuron."""
        return 1 if self.shared else len(self.rows)

    @property
    def dtype(self) -> Any:
        """NumPy type of the values."""
        return np.dtype(self.group.stored_as(self.name))

    @property
    def label(self) -> str:
        """``group.variable``, or ``group[start:stop].variable``."""
        part = "" if self.whole else f"[{self.rows.start}:{self.rows.stop}]"
        return f"{self.group.name}{part}.{self.name}"

    @property
    def whole(self) -> bool:
        """Whether this is about all neurons of the group."""
        return self.rows == self.group._rows

    def __hash__(self) -> int:
        return hash((id(self.group), self.name, self.rows))

    def __eq__(self, other: object) -> Any:
        """Whether this is the same variable of the same neurons; with anything else, values are compared."""
        if isinstance(other, VariableView):
            return self.group is other.group and self.name == other.name and self.rows == other.rows
        return self._quantity() == other

    def __ne__(self, other: object) -> Any:
        return not self == other if isinstance(other, VariableView) else self._quantity() != other

    def __len__(self) -> int:
        if self.shared:
            raise TypeError(f"{self.label} is a single value and has no length.")
        return self.size

    # -- setting --------------------------------------------------------------------------------------

    def __setitem__(self, index: Any, value: Any) -> None:
        self.assign(index, value, level=1)

    def assign(self, index: Any, value: Any, level: int = 0) -> None:
        """Set values; see the class. ``level`` counts the frames between the caller and the script."""
        if isinstance(value, VariableView) and value == self and index == slice(None):
            return  # what is left of ``group.v += …``, which has set the values already
        if isinstance(value, LinkedVariable):
            self._link(index, value)
            return
        self._refuse_readonly()
        where = self._string_index(index) if isinstance(index, str) else self._indices(index)
        if isinstance(value, VariableView):
            value = value._quantity()
        constants: dict[str, Any] = {}
        if isinstance(value, str) or isinstance(where, str):
            constants = self._check_strings(value, where, level + 1)
        if not isinstance(value, str):
            value = self._concrete(value, where)
        session = self.group.session
        entry = AssignEntry(self.group, self.name, value, where, constants, self.rows)
        session.record(entry)
        session.device.after_assign(session, entry)

    def check(self, value: Any) -> None:
        """Refuse a value for all these neurons as `assign` would, as far as that takes no names of the script."""
        if isinstance(value, LinkedVariable):
            return
        self._refuse_readonly()
        if not isinstance(value, str | VariableView):
            self.check_values(value, self.size)

    def _link(self, index: Any, to: LinkedVariable) -> None:
        if not self.whole or not (isinstance(index, slice) and index == slice(None)):
            raise TypeError(f"{self.label}: only a variable of a whole group can be linked.")
        link_variable(self.group, self.name, to)

    def _refuse_readonly(self) -> None:
        if self.name in SPECIAL:
            raise TypeError(f"{self.label} is read-only.")
        if self._is_linked():
            raise TypeError(
                f"{self.label} is a linked variable and has no values of its own; say what it stands for, as in "
                f"{self.label} = linked_var(other_group, 'v'), or set that."
            )
        if self._is_subexpression():
            raise TypeError(
                f"{self.label} is a subexpression and follows from other variables; set those instead."
            )

    def _is_subexpression(self) -> bool:
        equation = self.group.equations.get(self.name)
        return equation is not None and equation.kind == SUBEXPRESSION

    def _is_linked(self) -> bool:
        equation = self.group.equations.get(self.name)
        return equation is not None and LINKED in equation.flags

    @property
    def has_values(self) -> bool:
        """Whether there is an array of values, as of a subexpression there is only if it is held over a step."""
        if self._is_subexpression():
            return HELD in self.group.equations[self.name].flags
        return not self._is_linked()

    def _indices(self, index: Any) -> NDArray[np.int64] | None:
        """Which neurons an index means; ``None`` for all."""
        if isinstance(index, slice) and index == slice(None):
            return None
        if self.shared:
            raise IndexError(f"{self.label} is shared by all neurons and has no elements; set {self.label}.")
        everyone = np.arange(self.size, dtype=np.int64)
        if isinstance(index, slice):
            index = everyone[index]
        chosen = np.asarray(index)
        if isinstance(index, tuple) or chosen.ndim > 1 or (chosen.dtype.kind not in "iub" and chosen.size):
            raise TypeError(
                f"{self.label}[{index!r:.60}]: an index is an integer, a slice, integers, truth values or a string "
                "with a condition."
            )
        if chosen.dtype.kind == "b":
            if chosen.shape != (self.size,):
                raise IndexError(
                    f"{self.label}[{index!r:.60}]: {chosen.size} truth value(s) for {self.size} neuron(s)."
                )
            chosen = np.flatnonzero(chosen)
        places = np.atleast_1d(chosen).astype(np.int64)
        outside = places[(places < -self.size) | (places >= self.size)]
        if outside.size:
            raise IndexError(
                f"{self.label}[{index!r:.60}]: the index {outside[0]} lies outside the group's {self.size} neuron(s)."
            )
        return everyone[places]

    def _string_index(self, index: str) -> str:
        if self.shared:
            raise IndexError(
                f"{self.label} is shared by all neurons and takes no condition; set {self.label}."
            )
        return index

    def _check_strings(self, value: Any, where: Any, level: int) -> dict[str, Any]:
        parts = [parse(part) for part in (value, where) if isinstance(part, str)]
        own = self.group.variable_types
        wanted: set[str] = set().union(*(external_names(part, own) for part in parts))
        namespace = {**frame_namespace(level + 1), **self.group.own_namespace()}
        constants, unresolved = look_up(wanted, namespace, own)
        if unresolved:
            raise NamespaceError(f"{self.label}: " + "\n".join(unresolved))

        def check(constants: Mapping[str, Resolved]) -> None:
            checker = Checker(self.label, len(self.rows), own, constants)
            if isinstance(value, str):
                checker.attempt(f"the value {value!r}", lambda: self._check_value(checker, parse(value)))
            if isinstance(where, str):
                condition = parse(where)
                checker.attempt(
                    f"the condition {where!r}",
                    lambda: expect_unit(checker.type_of(condition), BOOL, repr(where)),
                )
            checker.finish()

        check(constants)
        return with_floats(constants, check)

    def _check_value(self, checker: Checker, value: Expr) -> None:
        if self.shared:
            check_shared(value, self.group.variable_types, shared_names(self.group.equations), self.label)
        given = checker.type_of(value, wanted=self.type.dtype)
        wanted = Type(given.dim if self._plain else self.type.dim, self.type.dtype)
        expect_unit(given, wanted, repr(written(value)))

    def _concrete(self, value: Any, where: Any) -> NDArray[Any]:
        count = self.size if where is None else (None if isinstance(where, str) else len(where))
        return self.check_values(value, count)

    def check_values(self, value: Any, count: int | None) -> NDArray[Any]:
        """Turn a value into an array of one or ``count`` elements in base units.

        As in Brian 2 a plain zero has any unit.

        Raises
        ------
        DimensionMismatchError, TypeError, ValueError
            Naming the variable, the value and what it should be.
        """
        try:
            given, array = get_dimensions(value), np.asarray(value)
        except DimensionMismatchError as error:
            raise DimensionMismatchError(f"{self.label}: {error}") from None
        except (TypeError, ValueError):
            given, array = DIMENSIONLESS, np.asarray(None)
        if array.dtype.kind not in "iufb":
            raise TypeError(
                f"{self.label} cannot be set to {value!r:.80}; give numbers, quantities or a string."
            )
        zero = given == DIMENSIONLESS and not array.any()
        if not self._plain and given != self.type.dim and not zero:
            raise DimensionMismatchError(
                f"{self.label} has units of {unit_of(self.type.dim)}, but {value!r:.80} has units of "
                f"{unit_of(given)}."
            )
        if array.size != 1 and array.shape != (count,):
            want = "a single value" if count in (None, 1) else f"one value or an array of shape ({count},)"
            raise ValueError(f"{self.label} takes {want}, but the shape given is {array.shape}.")
        self._check_numbers(array, f"{value!r:.80}")
        return array.astype(self.dtype).reshape(-1)

    def _check_numbers(self, array: NDArray[Any], shown: str) -> None:
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError(f"{self.label} cannot be set to NaN; {int(np.isnan(array).sum())} value(s) are.")
        if self.dtype.kind == "b" and not np.isin(array, (0, 1)).all():
            raise ValueError(f"{self.label} takes truth values, but {shown} is none.")
        if self.dtype.kind == "i":
            if (array != np.floor(array)).any():
                raise ValueError(f"{self.label} takes integers, but {shown} is not whole.")
            if (np.abs(array.astype(float)) >= 2**31).any():
                raise ValueError(f"{self.label} takes integers of 32 bits, but {shown} does not fit.")
        own = self.group.equations.get(self.name)
        if own is not None and NON_NEGATIVE in own.flags and (array < 0).any():
            raise ValueError(f"{self.label} cannot be negative, but {shown} is.")

    # -- reading --------------------------------------------------------------------------------------

    def values(self) -> NDArray[Any]:
        """Values in base units.

        Raises
        ------
        NotImplementedError
            Where they are not known yet, or never are.
        """
        if self.name == "i":
            return np.arange(len(self.rows), dtype=np.int32)
        if self.name == "N":
            return np.array([len(self.rows)], dtype=np.int32)
        if self.name == "dt":
            return np.array([self.group.clock.dt_])
        if self.name == "t_in_timesteps":
            time = VariableView(self.group, "t").values()
            return np.rint(time / self.group.clock.dt_).astype(np.int32)
        found = self._of_group()
        return found if self.shared or self.whole else found[self.rows.start : self.rows.stop]

    def _of_group(self) -> NDArray[Any]:
        """Values for the whole group."""
        if self._is_linked():
            if self.name not in self.group._links:
                raise TypeError(
                    f"{self.label} has not been linked yet: set it to linked_var(group, 'variable')."
                )
            return self.group._links[self.name].values(self.group).astype(self.dtype)
        session = self.group.session
        found = session.device.read(session, self.group, self.name)
        if found is None and not self.has_values:
            raise NotImplementedError(
                f"{self.label} is a subexpression, of which no values are kept; record it with a StateMonitor."
            )
        if found is None:
            found = self._known()
        if found is None:
            raise NotImplementedError(
                f"The values of {self.label} are not known before the simulation has run: "
                f"{session.device.why_unavailable()}."
            )
        return found

    def _known(self) -> NDArray[Any] | None:
        """What the script set so far for the group, where that does not take a simulation to find out."""
        if self.name == "t":
            return None if self.group.session.ran else np.zeros(1)
        default = {"lastspike": LONG_AGO, "not_refractory": True}.get(self.name, 0)
        size = 1 if self.shared else self.group.N
        values: NDArray[Any] | None = np.full(size, default, dtype=self.dtype)
        for entry in self.group.session.program:
            if isinstance(entry, RunEntry):
                return None
            if isinstance(entry, AssignEntry) and entry.target is self.group and entry.variable == self.name:
                values = self._after(entry, values)
        return values

    def _after(self, entry: AssignEntry, values: NDArray[Any] | None) -> NDArray[Any] | None:
        """What is known of the group's values after an assignment."""
        if isinstance(entry.value, str) or isinstance(entry.where, str):
            return None
        size = 1 if self.shared else self.group.N
        if entry.where is None and (self.shared or entry.rows == self.group._rows):
            return np.array(np.broadcast_to(entry.value, (size,)))
        if values is not None:
            values[entry.rows.start : entry.rows.stop][
                slice(None) if entry.where is None else entry.where
            ] = entry.value
        return values

    def _quantity(self) -> Any:
        values = self.values()
        return with_unit(values[0] if self.shared else values, self.dim)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            return self._quantity()[self._condition(self._string_index(index))]
        values = self._quantity()
        if self.shared:
            if isinstance(index, slice) and index == slice(None):
                return values
            raise IndexError(f"{self.label} is shared by all neurons and has no elements.")
        return values[index]

    def _condition(self, where: str) -> NDArray[np.bool_]:
        """For which neurons a condition holds now; names are looked up two frames up."""
        constants = self._check_strings(None, where, level=2)
        session, own = self.group.session, self.group.variable_types
        condition = resolve(parse(where), own, constants)
        found = session.device.evaluate(session, self.group, condition, constants, self.rows)
        if found is None:
            raise NotImplementedError(
                f"{self.label}[{where!r}]: reading by a condition is not possible in standalone mode; read all "
                "values and select with numpy."
            )
        chosen: NDArray[np.bool_] = np.broadcast_to(found, (self.size,)).astype(bool)
        return chosen

    def __iter__(self) -> Iterator[Any]:
        return iter(self[:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        values = np.asarray(self._quantity())
        return values.astype(dtype) if dtype is not None else values

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [x._quantity() if isinstance(x, VariableView) else x for x in inputs]
        (target,) = kwargs.get("out", (None,))
        if not isinstance(target, VariableView):
            return getattr(ufunc, method)(*plain, **kwargs)
        target.assign(slice(None), getattr(ufunc, method)(*plain))  # ``group.v += …``
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_as_quantities(args), **_as_quantities(kwargs))

    def __float__(self) -> float:
        return float(np.asarray(self))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return () if self.shared else (self.size,)

    def __repr__(self) -> str:
        try:
            shown = repr(self._quantity())
        except NotImplementedError:
            shown = "not known before the simulation has run" if self.has_values else "a subexpression"
        return f"<{self.label}{'_' if self._plain else ''}: {shown}>"

    __str__ = __repr__


def _as_quantities(value: Any) -> Any:
    """The arguments of a numpy function with the values of views in the place of the views."""
    if isinstance(value, VariableView):
        return value._quantity()
    if isinstance(value, list | tuple):
        return type(value)(_as_quantities(item) for item in value)
    if isinstance(value, dict):
        return {name: _as_quantities(item) for name, item in value.items()}
    return value
