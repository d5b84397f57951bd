"""Groups of neurons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .context import (
    SPECIAL,
    Checker,
    check_block,
    check_equation,
    check_noise,
    expect_unit,
    shared_names,
    variable_types,
)
from .declared import Declared
from .dimensions import TIME
from .equations import LINKED, PARAMETER, SUBEXPRESSION, SYNAPTIC_FLAGS, EquationError, Equations
from .events import SPIKE, GroupEvent, Place, check_events
from .expr import Expr, ExpressionError, Name, parse, written
from .infer import BOOL, Type, unit_of
from .linked import LinkedVariable, check_linked
from .logs import get_logger
from .namespace import Constant, Resolved
from .neurons import Neurons
from .precision import SINGLE, float_dtype, stored_as
from .resolve import external_names
from .statements import Stmt, parse_block
from .stateupdaters import named_method
from .synapsenames import LASTUPDATE
from .units import DimensionMismatchError, Quantity

_logger = get_logger("spikefarm.core.group")

#: How the value of ``refractory=5*ms`` is named among the constants of its group: nobody can write this.
REFRACTORY_PERIOD = ".refractory"


class Group(Declared, Neurons):
    """What all groups of neurons have in common: equations, a threshold, variables to set and read."""

    _relation = "has variables linked to"
    #: Whether the number of neurons is known when the group is declared.
    _fixed_size = True

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
        events: Mapping[str, str] | None = None,
        method_options: Mapping[str, Any] | None = None,
        dtype: Any = None,
    ) -> None:
        self._float_dtype = float_dtype(type(self).__name__, dtype)
        check_events(type(self).__name__, events, threshold)
        if threshold is None and events is not None:
            threshold = events.get(SPIKE)
            events = {event: condition for event, condition in events.items() if event != SPIKE}
        equations = model if isinstance(model, Equations) else Equations(model)
        chosen = named_method(method, equations, method_options)
        _check_flags(equations)
        _check_attributes(equations)
        conditions = {SPIKE: threshold, **(events or {})} if threshold is not None else dict(events or {})
        parsed = {event: parse(condition) for event, condition in conditions.items()}
        code = () if reset is None else parse_block(reset)
        self._refractory, self._refractory_value = _parse_refractory(refractory)
        super().__init__(name, clock, dt, "groups", order)
        self._events: dict[str, GroupEvent] = {}
        self._runs_along: list[Declared] = []
        self._links: dict[str, LinkedVariable] = {}
        for event, condition in parsed.items():
            self._add_event(event, condition, "thresholds" if event == SPIKE else "after_thresholds")
        if reset is not None:
            self._set_code(self._events[SPIKE], code, "resets", self.order)
        self._size = int(N)
        self.equations = equations
        self.method = chosen
        self._namespace = dict(namespace or {})
        self.variable_types = variable_types(equations, self._refractory is not None)

    @property
    def _root(self) -> Group:
        return self

    @property
    def _rows(self) -> range:
        return range(self._size)

    @property
    def _needs(self) -> tuple[Declared, ...]:
        return tuple(link.source._root for link in self._links.values())

    # -- what the passes need ---------------------------------------------------------------------------

    def own_events(self) -> tuple[GroupEvent, ...]:
        """The events of the group, spikes first."""
        return tuple(self._events.values())

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
        parts += [e.condition for e in self._events.values() if e.condition is not None]
        parts += [] if self._refractory is None else [self._refractory]
        found: set[str] = set()
        for part in parts:
            found |= external_names(part, self.variable_types)
        for event in self._events.values():
            found |= self.external_names_of(event.code)
        return found - set(self.intrinsic_constants())

    def external_names_of(self, block: tuple[Stmt, ...]) -> set[str]:
        """Names in statements for the group that the script must explain."""
        local = {s.target for s in block}
        parts = [external_names(s.expr, {*self.variable_types, *local}) for s in block]
        return set().union(*parts)

    def checked_code(self, event: GroupEvent, constants: Mapping[str, Resolved]) -> tuple[Stmt, ...]:
        """The code for an event with its locals marked."""
        checker = Checker(self.name, self.N, self.variable_types, constants)
        return check_block(checker, event.code, self.readonly(), event.what_code)

    @property
    def shared_variables(self) -> Collection[str]:
        """Variables with one value in common."""
        return shared_names(self.equations)

    def named(self, expr: Expr) -> Expr:
        """A resolved expression with every variable under the name that a Model has for it."""
        return expr

    def named_code(self, block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """Statements with every variable under the name that a Model has for it."""
        return block

    def is_single(self, name: str) -> bool:
        """Whether a variable is a real number in single precision; times never are."""
        real = name in self.equations and self.equations[name].dtype == "float"
        return real and self._float_dtype == SINGLE and name != LASTUPDATE

    def stored_as(self, name: str) -> str:
        """Return the type of a variable's values."""
        return stored_as(self.variable_types[name].dtype, self.is_single(name))

    def state_names(self) -> Collection[str]:
        """Variables that belong to the neurons, unlike time or the index."""
        return [name for name in self.variable_types if name not in SPECIAL]

    def readonly(self, shared: bool = True) -> dict[str, str]:
        """What statements cannot set, and why; ``shared`` variables belong to it where neurons do."""
        names = dict.fromkeys(("t", "dt", "t_in_timesteps", "i", "N", "not_refractory"), "a special variable")
        for eq in self.equations.of_kind(SUBEXPRESSION):
            names[eq.name] = "a subexpression"
        for eq in self.equations.of_kind(PARAMETER):
            if "constant" in eq.flags:
                names[eq.name] = "a constant parameter"
            elif LINKED in eq.flags:
                names[eq.name] = "linked to a variable of another group; change it there"
            elif "shared" in eq.flags and shared:
                names[eq.name] = "shared between neurons"
        return names

    def check(self, constants: Mapping[str, Resolved]) -> None:
        """Check every string of the group; all problems are raised as one error."""
        checker = Checker(f"{type(self).__name__} {self.name!r}", self.N, self.variable_types, constants)
        for eq in self.equations.ordered:
            if eq.expr is not None:
                checker.attempt(
                    f"the {eq.kind} of {eq.name!r}",
                    lambda name=eq.name: check_equation(checker, self.equations, name),  # type: ignore[misc]
                )
        checker.attempt("the variables", lambda: check_linked(self))
        checker.attempt("the noise", lambda: check_noise(self.equations))
        for event in self._events.values():
            self._check_event(checker, event)
        if self._refractory is not None:
            checker.attempt("the refractory period", lambda: self.refractory_is_time(constants))
        checker.finish()

    def _check_event(self, checker: Checker, event: GroupEvent) -> None:
        condition = event.condition
        if condition is not None:
            checker.attempt(
                event.what, lambda: expect_unit(checker.type_of(condition), BOOL, repr(written(condition)))
            )
        check_block(checker, event.code, self.readonly(), event.what_code)

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

    # -- events -----------------------------------------------------------------------------------------

    def _add_event(self, name: str, condition: Expr | None, when: str) -> None:
        place = Place(f"the condition of {name!r} of {self.name!r}", when, self.order)
        self._events[name] = GroupEvent(name, condition, place)

    def _set_code(self, event: GroupEvent, code: tuple[Stmt, ...], when: str, order: int | None) -> None:
        place = Place(
            f"the code for {event.name!r} of {self.name!r}", when, self.order if order is None else order
        )
        event.code, event.run = code, place

    def find_event(self, name: str) -> GroupEvent:
        """An event by name.

        Raises
        ------
        ValueError
            Naming the events that there are.
        """
        if name not in self._events:
            raise ValueError(
                f"{self.name!r} has no event named {name!r}; it has {', '.join(self._events) or 'none'}."
                + (" Spikes need a threshold." if name == SPIKE else "")
            )
        return self._events[name]

    @property
    def events(self) -> Mapping[str, str]:
        """The condition of each event, ``spike`` being the threshold's."""
        return {e.name: "" if e.condition is None else written(e.condition) for e in self._events.values()}

    @property
    def thresholder(self) -> Mapping[str, Place]:
        """When the condition of each event is looked at: ``group.thresholder['spike'].when = 'start'``."""
        return MappingProxyType({e.name: e.check for e in self._events.values()})

    @property
    def resetter(self) -> Mapping[str, Place]:
        """When the code for each event is executed: ``group.resetter['spike'].order = 1``."""
        return MappingProxyType({e.name: e.run for e in self._events.values() if e.run is not None})

    def run_on_event(
        self, event: str, code: str, when: str = "after_resets", order: int | None = None
    ) -> Place:
        """Execute statements for the neurons that have an event.

        Parameters
        ----------
        event : str
            Name of the event.
        code : str
            Statements, as for a reset.
        when : str, optional
            Part of the time step.
        order : int, optional
            Place within that part; that of the group by default.

        Returns
        -------
        Place
            The same as ``group.resetter[event]``: its ``when`` and ``order`` can still be changed.

        Raises
        ------
        ValueError
            If there is no such event, or it has code already.
        """
        found = self.find_event(event)
        if found.run is not None:
            raise ValueError(
                f"{self.name!r} has code for the event {event!r} already; put all statements into one block."
            )
        self._set_code(found, parse_block(code), when, order)
        assert found.run is not None
        return found.run

    @property
    def _contained(self) -> tuple[Declared, ...]:
        return tuple(self._runs_along)

    def set_event_schedule(
        self, event: str, when: str = "after_thresholds", order: int | None = None
    ) -> None:
        """Say when the condition of an event is looked at; ``order`` is that of the group by default."""
        place = self.find_event(event).check
        place.when, place.order = when, self.order if order is None else order

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {self._size} neuron(s)>"


class NeuronGroup(Group):
    """A group of neurons that share their equations.

    Parameters
    ----------
    N : int
        Number of neurons.
    model : str or Equations
        Differential equations, subexpressions and parameters.
    method : str, ExplicitStateUpdater, callable, or list or tuple of them, optional
        Name of the integrator: ``'exact'`` (``'linear'``), ``'euler'``, ``'exponential_euler'``, ``'rk2'``,
        ``'rk4'``, ``'heun'`` or ``'milstein'``. Of several, the first that fits; by default of exact, Euler, Heun.
        A function gets the equations and returns a name or an `ExplicitStateUpdater`.
    method_options : dict, optional
        Options of the integrator; ``simplify`` is accepted and has no effect.
    threshold : str, optional
        Condition that makes a neuron spike.
    reset : str, optional
        Statements executed for the neurons that spiked.
    events : dict, optional
        Conditions of further events by name; see `run_on_event` and `EventMonitor`.
    refractory : Quantity or str, optional
        How long, or while which condition, a neuron does not spike again and variables flagged
        ``(unless refractory)`` stand still.
    namespace : dict, optional
        What external names stand for; those not in it are looked up where ``run`` is called.
    dtype : optional
        Type of real variables: ``float64`` or ``float32``. By default, the preference `core.default_float_dtype`.
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
        method_options: Mapping[str, Any] | None = None,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = False,
        events: Mapping[str, str] | None = None,
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        name: str | None = None,
    ) -> None:
        _check_arguments(N, model, threshold, reset, refractory, namespace, events)
        super().__init__(
            N,
            model,
            method,
            threshold,
            reset,
            refractory,
            namespace,
            dt,
            clock,
            order,
            name,
            events,
            method_options,
            dtype,
        )
        if threshold is not None and reset is None and refractory is False:
            _logger.warning(
                f"{self.name!r} has a threshold, but neither reset nor refractory: a neuron spikes at every step while "
                "the condition is true. If that is meant, say reset=''.",
                "only_threshold",
                once=True,
            )


#: What a group has besides its variables.
_ATTRIBUTES = frozenset(
    {name for name in dir(Group) if not name.startswith("_")}
    | {"name", "when", "order", "equations", "method", "variable_types"}
)


def _check_arguments(
    N: Any, model: Any, threshold: Any, reset: Any, refractory: Any, namespace: Any, events: Any
) -> None:
    check_size("NeuronGroup", N)
    if not isinstance(model, str | Equations):
        raise TypeError(f"NeuronGroup: model={model!r:.60} must be a string or Equations.")
    spikes = threshold is not None or (isinstance(events, Mapping) and SPIKE in events)
    for name, value in (("threshold", threshold), ("reset", reset)):
        if not isinstance(value, str | None):
            raise TypeError(f"NeuronGroup: {name}={value!r:.60} must be a string, such as 'v > -50*mV'.")
    if not isinstance(namespace, Mapping | None):
        raise TypeError(f"NeuronGroup: namespace={namespace!r:.60} must be a dictionary.")
    if reset is not None and not spikes:
        raise ValueError(f"NeuronGroup: reset={reset!r} without a threshold would never happen; give both.")
    if refractory is not False and not spikes:
        raise ValueError(f"NeuronGroup: refractory={refractory!r} without a threshold has no meaning.")


def _check_flags(equations: Equations) -> None:
    wrong = [f"({flag}) of {e.name!r}" for e in equations.ordered for flag in e.flags & set(SYNAPTIC_FLAGS)]
    if wrong:
        raise EquationError(f"NeuronGroup: {', '.join(wrong)}: only equations of Synapses take this flag.")


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


def check_size(what: str, N: Any) -> None:
    """Refuse what is no number of neurons."""
    if isinstance(N, bool) or not isinstance(N, int | np.integer):
        raise TypeError(f"{what}: N={N!r} is no number of neurons; give an integer.")
    if N < 1:
        raise ValueError(f"{what}: N={N}; a group has at least one neuron.")
