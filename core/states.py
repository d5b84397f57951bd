"""Taking the values of many variables at once, and setting them: ``get_states`` and ``set_states``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

FORMATS = ("dict", "pandas")


class StateHolder(ABC):
    """What has variables that can be taken together."""

    name: str

    @abstractmethod
    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> Sequence[str]:
        """What `get_states` gives if nothing is named."""

    @abstractmethod
    def _state_value(self, name: str, units: bool) -> Any:
        """Values of one variable as they are now.

        Raises
        ------
        KeyError
            Naming the variables that there are.
        """

    @abstractmethod
    def _set_state_values(self, values: Mapping[str, Any], units: bool, level: int) -> None:
        """Set several variables, after all of them have been checked."""

    def get_states(
        self,
        vars: str | Iterable[str] | None = None,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> Any:
        """Values of the variables as they are now, as copies.

        Parameters
        ----------
        vars : str or list of str, optional
            Which variables; all that are stored by default.
        units : bool
            Whether values have units, else they are in base units.
        format : {'dict', 'pandas'}
            A dictionary, or a `pandas.DataFrame` with a column for each variable and a row for each neuron
            (``units=False`` only).
        subexpressions : bool
            Whether subexpressions are among the variables taken by default.
        read_only_variables : bool
            Whether variables that cannot be set are among them, such as ``t`` and ``N``.
        level : int
            Has no effect: names of subexpressions are those of the last run.

        Raises
        ------
        KeyError
            For variables that do not exist.
        ValueError
            For another format, or units asked of pandas.
        """
        check_format(format, units)
        if vars is None:
            vars = self._state_names(subexpressions, read_only_variables)
        names = (vars,) if isinstance(vars, str) else tuple(vars)
        values = {name: self._state_value(name, units) for name in names}
        return values if format == "dict" else _to_pandas(values, self.name)

    def set_states(self, values: Any, units: bool = True, format: str = "dict", level: int = 0) -> None:
        """Set several variables.

        Parameters
        ----------
        values : mapping or pandas.DataFrame
            By variable: values, arrays or strings, as an assignment to the variable takes them.
        units : bool
            Whether values have units, else they are in base units.
        format : {'dict', 'pandas'}
            As for `get_states`.
        level : int
            How many more frames up the names in strings are looked up.

        Raises
        ------
        KeyError, TypeError
            Listing the variables that do not exist or cannot be set; nothing is set then.
        DimensionMismatchError, ValueError
            For values that a variable cannot take; nothing is set then.
        """
        check_format(format, units)
        given = _from_pandas(values) if format == "pandas" else values
        if not isinstance(given, Mapping):
            raise TypeError(
                f"{self.name}.set_states takes a dictionary by variable, not {type(given).__name__}."
            )
        self._set_state_values(given, units, level + 1)


def check_format(format: str, units: bool) -> None:
    """Refuse a format that there is not, and units where it has none."""
    if format not in FORMATS:
        raise ValueError(f"format={format!r} is none of {', '.join(map(repr, FORMATS))}.")
    if format == "pandas" and units:
        raise ValueError("format='pandas' keeps no units; say units=False for values in base units.")


def _to_pandas(values: Mapping[str, Any], name: str) -> Any:
    import pandas as pd

    many = [variable for variable, value in values.items() if np.ndim(value) > 1]
    sizes = {len(value) for value in values.values() if np.ndim(value) == 1}
    if many or len(sizes) > 1:
        raise ValueError(
            f"{name}: {', '.join(many) or 'variables of different lengths'} cannot be columns of one table; name "
            "variables with one value for each row, or use format='dict'."
        )
    rows = sizes.pop() if sizes else 1
    return pd.DataFrame({variable: np.broadcast_to(value, (rows,)) for variable, value in values.items()})


def _from_pandas(table: Any) -> dict[str, Any]:
    columns = {str(name): table[name].to_numpy() for name in table.columns}
    same = {name for name, values in columns.items() if len(values) and (values == values[0]).all()}
    return {name: values[0] if name in same else values for name, values in columns.items()}
