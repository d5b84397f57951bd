"""Input from many Poisson processes at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .dimensions import DIMENSIONLESS, TIME
from .expr import Binary, Call, Expr, ExpressionError, Name, parse
from .infer import unit_of
from .namespace import Constant
from .neurons import Neurons
from .regular import GroupCode
from .statements import Stmt
from .units import DimensionMismatchError, get_dimensions

#: How numbers are named among the constants of the object: nobody can write these.
_N, _RATE, _WEIGHT = ".N", ".rate", ".weight"


class PoissonInput(GroupCode):
    """Add the spikes of N Poisson processes, one set for each neuron, to a variable.

    In each step the variable of a neuron grows by ``weight`` times a number drawn from the binomial
    distribution of N trials with probability ``rate*dt``. N, rate and a weight given as a number are inputs of
    the build: runs can change them, as ``'name.N'``, ``'name.rate'`` and ``'name.weight'``.

    Parameters
    ----------
    target : Group or Subgroup
        The group.
    target_var : str
        The variable; where it is flagged ``(unless refractory)``, refractory neurons receive nothing.
    N : int
        Number of processes for each neuron.
    rate : Quantity
        Rate of each process, at most one spike per step.
    weight : Quantity or str
        What each spike adds: a value, or an expression evaluated for each neuron.
    when : str, optional
        Part of the time step.
    order : int, optional
        Place among the objects of the same part of a time step.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    DimensionMismatchError, ValueError, TypeError
        Naming what cannot be.
    """

    _kind = "poissoninput"
    what = "the input"

    def __init__(
        self,
        target: Neurons,
        target_var: str,
        N: int,
        rate: Any,
        weight: Any,
        when: str = "synapses",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        _check_target(target, target_var)
        if isinstance(N, bool) or not isinstance(N, int | np.integer) or N < 0:
            raise ValueError(
                f"PoissonInput: N={N!r} is no number of processes; give an integer of zero or more."
            )
        self._constants = {_N: Constant(int(N), DIMENSIONLESS), _RATE: _rate(rate)}
        amount: Expr = Name(_WEIGHT)
        if isinstance(weight, str):
            amount = parse(weight)
        else:
            if np.ndim(weight):
                raise TypeError(
                    f"PoissonInput: weight={weight!r:.60} is an array; make it a parameter of the group and give its "
                    "name as a string."
                )
            self._constants[_WEIGHT] = Constant(float(np.asarray(weight)), get_dimensions(weight))
        super().__init__(name, target._root._clock, None, when, order)
        self.group, self.rows = target._root, target._rows
        spikes = Call(".binomial", (Name(_N), Binary("*", Name(_RATE), Name("dt"))))
        added = Binary("*", spikes, amount)
        self.code = (Stmt(target_var, Binary("+", Name(target_var), added)),)

    def intrinsic_constants(self) -> Mapping[str, Any]:
        return self._constants

    def check(self, constants: Mapping[str, Any]) -> None:
        if constants[_N].dtype != "int":
            raise ExpressionError(f"{self.name}: N must be an integer.")
        probability = constants[_RATE].value * self.clock.dt_
        if probability > 1 + 1e-9:
            raise ValueError(
                f"PoissonInput {self.name!r}: a rate of {constants[_RATE].value:g} Hz is {probability:.3g} spikes in a "
                f"time step of {self.clock.dt_:g} s; a process spikes once in a step at most. Use a smaller dt, or "
                "more processes."
            )
        super().check(constants)


def _check_target(target: Any, variable: Any) -> None:
    if not isinstance(target, Neurons):
        raise TypeError(f"PoissonInput: the target is {type(target).__name__} {target!r:.60}; give a group.")
    if variable not in target.equations:
        raise ValueError(
            f"PoissonInput: {target.name!r} has no variable {variable!r}; it has {', '.join(target.equations)}."
        )
    if "shared" in target.equations[variable].flags:
        raise ValueError(
            f"PoissonInput: {variable!r} is shared by all neurons, but each has input of its own."
        )


def _rate(rate: Any) -> Constant:
    given = get_dimensions(rate) if not isinstance(rate, str) else DIMENSIONLESS
    if given != TIME**-1 or np.ndim(rate):
        raise DimensionMismatchError(
            f"PoissonInput: rate={rate!r:.60} has units of {unit_of(given)}; give a single rate, such as 5*Hz."
        )
    value = float(np.asarray(rate))
    if not np.isfinite(value) or value < 0:
        raise ValueError(f"PoissonInput: rate={rate!r}; it must be finite and not negative.")
    return Constant(value, given)
