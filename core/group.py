"""Groups of neurons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from .context import Checker, check_block, check_equation, expect_unit, variable_types
from .declared import Declared
from .dimensions import TIME
from .equations import PARAMETER, SUBEXPRESSION, EquationError, Equations
from .expr import Expr, ExpressionError, Name, parse, written
from .infer import BOOL, Type, unit_of
from .namespace import Constant, Resolved
from .resolve import external_names
from .statements import Stmt, parse_block
from .stateupdaters import named_method
from .units import DimensionMismatchError, Quantity
from .variables import VariableView

#: How the value of ``refractory=5*ms`` is named among the constants of its group: nobody can write this.
REFRACTORY_PERIOD = ".refractory"


class NeuronGroup(Declared):
    """A group of neurons that share their equations.

    Parameters
    ----------
    N : int
        Number of neurons.
    model : str or Equations
        Differential equations, subexpressions and parameters.
    method : str or ExplicitStateUpdater, optional
        An integrator of one's own, or the name of one: ``'exact'`` (``'linear'``), ``'euler'``,
        ``'exponential_euler'``, ``'rk2'``, ``'rk4'``, ``'heun'`` or ``'milstein'``. By default the first that
        fits, in that order of preference: exact, Euler, Heun.
    threshold : str, optional
        Condition that makes a neuron spike.
    reset : str, optional
        Statements executed for the neurons that spiked.
    refractory : Quantity or str, optional
        How long, or while which condition, a neuron does not spike again and variables flagged
        ``(unless refractory)`` stand still.
    namespace : dict, optional
        What external names stand for; those not in it are looked up where ``run`` is called.
    dt : Quantity, optional
        Time step of the group, if not that of ``defaultclock``.
    clock : Clock, optional
        Clock of the group.
    order : int, optional
        Place among the objects of the same part of a time step.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    EquationError, ExpressionError
        For equations or code that are not well formed.
    ValueError, TypeError
        For arguments out of range.
    """

    _kind = "neurongroup"

    def __init__(
        self,
        N: int,
        model: str | Equations,
        method: Any = None,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = False,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        name: str | None = None,
    ) -> None:
        _check_arguments(N, model, threshold, reset, refractory, namespace)
        equations = model if isinstance(model, Equations) else Equations(model)
        chosen = named_method(method, equations)
        _check_attributes(equations)
        self._threshold = None if threshold is None else parse(threshold)
        self._reset = () if reset is None else parse_block(reset)
        self._refractory, self._refractory_value = _parse_refractory(refractory)
        super().__init__(name, clock, dt, "groups", order)
        self._size = int(N)
        self.equations = equations
        self.method = chosen
        self._namespace = dict(namespace or {})
        self.variable_types = variable_types(equations, self._refractory is not None)

    # -- what the passes need ---------------------------------------------------------------------------

    @property
    def threshold_expr(self) -> Expr | None:
        """The threshold condition as parsed."""
        return self._threshold

    @property
    def reset_statements(self) -> tuple[Stmt, ...]:
        """The reset as parsed."""
        return self._reset

    @property
    def refractory_expr(self) -> Expr | None:
        """The refractory period, or the condition of refractoriness, as parsed."""
        return self._refractory

    def own_namespace(self) -> Mapping[str, Any]:
        return self._namespace

    def variable_names(self) -> Collection[str]:
        return self.variable_types

    def intrinsic_constants(self) -> Mapping[str, Resolved]:
        return {} if self._refractory_value is None else {REFRACTORY_PERIOD: self._refractory_value}

    def external_names(self) -> set[str]:
        parts = [e.expr for e in self.equations.ordered if e.expr is not None]
        parts += [e for e in (self._threshold, self._refractory) if e is not None]
        found: set[str] = set()
        for part in parts:
            found |= external_names(part, self.variable_types)
        local = {s.target for s in self._reset}
        for statement in self._reset:
            found |= external_names(statement.expr, {*self.variable_types, *local})
        return found - set(self.intrinsic_constants())

    def checked_reset(self, constants: Mapping[str, Resolved]) -> tuple[Stmt, ...]:
        """The reset with its locals marked."""
        checker = Checker(self.name, self.N, self.variable_types, constants)
        return check_block(checker, self._reset, self._readonly(), "the reset")

    def _readonly(self) -> dict[str, str]:
        names = dict.fromkeys(("t", "dt", "t_in_timesteps", "i", "N", "not_refractory"), "a special variable")
        for eq in self.equations.of_kind(SUBEXPRESSION):
            names[eq.name] = "a subexpression"
        for eq in self.equations.of_kind(PARAMETER):
            if "constant" in eq.flags:
                names[eq.name] = "a constant parameter"
            elif "shared" in eq.flags:
                names[eq.name] = "shared between neurons"
        return names

    def check(self, constants: Mapping[str, Resolved]) -> None:
        """Check every string of the group; all problems are raised as one error."""
        checker = Checker(f"NeuronGroup {self.name!r}", self.N, self.variable_types, constants)
        for eq in self.equations.ordered:
            if eq.expr is not None:
                checker.attempt(
                    f"the {eq.kind} of {eq.name!r}",
                    lambda name=eq.name: check_equation(checker, self.equations, name),  # type: ignore[misc]
                )
        if self._threshold is not None:
            checker.attempt("the threshold", lambda: self._check_threshold(checker))
        check_block(checker, self._reset, self._readonly(), "the reset")
        if self._refractory is not None:
            checker.attempt("the refractory period", lambda: self.refractory_is_time(constants))
        checker.finish()

    def _check_threshold(self, checker: Checker) -> None:
        assert self._threshold is not None
        expect_unit(checker.type_of(self._threshold), BOOL, repr(written(self._threshold)))

    def refractory_is_time(self, constants: Mapping[str, Resolved]) -> bool:
        """Whether refractoriness is given as a time rather than as a condition."""
        assert self._refractory is not None
        given = Checker(self.name, self.N, self.variable_types, constants).type_of(self._refractory)
        if given == BOOL:
            return False
        if given != Type(TIME, "float"):
            raise ExpressionError(
                f"{written(self._refractory)!r} has units of {unit_of(given.dim)}; it must be a time or a condition."
            )
        return True

    # -- what users see ---------------------------------------------------------------------------------

    @property
    def N(self) -> int:
        """Number of neurons."""
        return self._size

    def __len__(self) -> int:
        return self._size

    def state(self, name: str, use_units: bool = True) -> VariableView:
        """A variable by name."""
        if name not in self.variable_types:
            raise KeyError(f"{self.name} has no variable {name!r}; it has {', '.join(self.variable_types)}.")
        return VariableView(self, name, not use_units)

    def __getattr__(self, name: str) -> Any:
        types = self.__dict__.get("variable_types")
        if types is None or name.startswith("__"):
            raise AttributeError(name)
        bare = name[:-1] if name.endswith("_") else name
        if bare in types:
            return VariableView(self, bare, name.endswith("_"))
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
            VariableView(self, bare, name.endswith("_")).assign(slice(None), value, level=1)
            return
        if name in _ATTRIBUTES:
            raise AttributeError(
                f"{self.name}.{name} cannot be set any more; it is fixed when the group is declared."
            )
        raise AttributeError(
            f"{self.name} has no variable {name!r} to set; it has {', '.join(self.equations) or 'none'}."
        )

    def __repr__(self) -> str:
        return f"<NeuronGroup {self.name!r} with {self._size} neuron(s)>"


#: What a group has besides its variables.
_ATTRIBUTES = frozenset(
    {name for name in dir(NeuronGroup) if not name.startswith("_")}
    | {"name", "when", "order", "equations", "method", "variable_types"}
)


def _check_arguments(N: Any, model: Any, threshold: Any, reset: Any, refractory: Any, namespace: Any) -> None:
    if isinstance(N, bool) or not isinstance(N, int | np.integer):
        raise TypeError(f"NeuronGroup: N={N!r} is no number of neurons; give an integer.")
    if N < 1:
        raise ValueError(f"NeuronGroup: N={N}; a group has at least one neuron.")
    if not isinstance(model, str | Equations):
        raise TypeError(f"NeuronGroup: model={model!r:.60} must be a string or Equations.")
    for name, value in (("threshold", threshold), ("reset", reset)):
        if not isinstance(value, str | None):
            raise TypeError(f"NeuronGroup: {name}={value!r:.60} must be a string, such as 'v > -50*mV'.")
    if not isinstance(namespace, Mapping | None):
        raise TypeError(f"NeuronGroup: namespace={namespace!r:.60} must be a dictionary.")
    if reset is not None and threshold is None:
        raise ValueError(f"NeuronGroup: reset={reset!r} without a threshold would never happen; give both.")
    if refractory is not False and threshold is None:
        raise ValueError(f"NeuronGroup: refractory={refractory!r} without a threshold has no meaning.")


def _check_attributes(equations: Equations) -> None:
    taken = sorted(set(equations) & _ATTRIBUTES)
    if taken:
        raise EquationError(
            f"NeuronGroup: every group has attributes named {', '.join(map(repr, taken))}; choose other names for "
            "these variables."
        )


def _parse_refractory(value: Any) -> tuple[Expr | None, Constant | None]:
    if value is False:
        return None, None
    if isinstance(value, str):
        return parse(value), None
    if not isinstance(value, Quantity) or value.dim != TIME or np.ndim(value):
        given = f" with units of {unit_of(value.dim)}" if isinstance(value, Quantity) else ""
        raise DimensionMismatchError(
            f"NeuronGroup: refractory={value!r:.60}{given}; give a single time, or a string with a time or a "
            "condition."
        )
    period = float(np.asarray(value))
    if np.isnan(period) or period < 0:
        raise ValueError(f"NeuronGroup: refractory={value!r}; it must be a time of zero or more.")
    return Name(REFRACTORY_PERIOD), Constant(period, TIME)
