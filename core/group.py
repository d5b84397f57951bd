"""Groups of neurons."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from .context import Checker, check_block, check_equation, expect_unit, variable_types
from .declared import Declared
from .dimensions import TIME
from .equations import PARAMETER, SUBEXPRESSION, EquationError, Equations
from .events import SPIKE, GroupEvent, Place
from .expr import Expr, ExpressionError, Lit, Name, parse, text, written
from .infer import BOOL, Type, unit_of
from .namespace import Constant, Resolved
from .resolve import external_names
from .statements import Stmt, parse_block
from .units import DimensionMismatchError, Quantity, get_dimensions
from .variables import VariableView

#: How the value of ``refractory=5*ms`` is named among the constants of its group.
REFRACTORY_PERIOD = "refractory"


class Group(Declared):
    """What all groups of neurons have in common: equations, a threshold, variables to set and read."""

    def __init__(
        self,
        N: int,
        model: str | Equations,
        method: str | None = None,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = False,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        name: str | None = None,
        events: Mapping[str, str] | None = None,
    ) -> None:
        check_size(type(self).__name__, N)
        if not isinstance(model, str | Equations):
            raise TypeError(f"NeuronGroup: model={model!r} must be a string or Equations.")
        equations = model if isinstance(model, Equations) else Equations(model)
        check_events(type(self).__name__, events, threshold)
        if threshold is None and events is not None:
            threshold = events.get(SPIKE)
            events = {name: condition for name, condition in events.items() if name != SPIKE}
        if reset is not None and threshold is None:
            raise ValueError(
                f"NeuronGroup: reset={reset!r} without a threshold would never happen; give both."
            )
        if refractory is not False and threshold is None:
            raise ValueError(f"NeuronGroup: refractory={refractory!r} without a threshold has no meaning.")
        check_method(method)
        super().__init__(name, clock, dt, "groups", order)
        self._size = int(N)
        self.equations = equations
        self.method = method
        self._events: dict[str, GroupEvent] = {}
        if threshold is not None:
            self._add_event(SPIKE, parse(threshold), "thresholds")
        for event, condition in (events or {}).items():
            self._add_event(event, parse(condition), "after_thresholds")
        if reset is not None:
            self._set_code(self._events[SPIKE], reset, "resets", self.order)
        self._refractory, self._refractory_value = self._parse_refractory(refractory)
        self._namespace = None if namespace is None else dict(namespace)
        self.variable_types = variable_types(equations, self._refractory is not None)

    def _parse_refractory(self, value: Any) -> tuple[Expr | None, Constant | None]:
        if value is False:
            return None, None
        if value is True:
            return Lit(True), None
        if isinstance(value, str):
            return parse(value), None
        if get_dimensions(value) != TIME or np.ndim(value):
            raise DimensionMismatchError(
                f"{self.name}: refractory={value!r} has units of {unit_of(get_dimensions(value))}; give a time, "
                "or a string with a time or a condition."
            )
        period = float(np.asarray(value))
        if np.isnan(period) or period < 0:
            raise ValueError(f"{self.name}: refractory={value!r}; it must be a time of zero or more.")
        return Name(REFRACTORY_PERIOD), Constant(period, TIME)

    # -- what the passes need ---------------------------------------------------------------------------

    def own_events(self) -> tuple[GroupEvent, ...]:
        """The events of the group, spikes first."""
        return tuple(self._events.values())

    @property
    def refractory(self) -> Expr | None:
        """The refractory expression as parsed."""
        return self._refractory

    def own_namespace(self) -> Mapping[str, Any] | None:
        return self._namespace

    def intrinsic_constants(self) -> dict[str, Resolved]:
        """Constants that come with the group itself rather than from a namespace."""
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

    def checked(self, block: tuple[Stmt, ...], constants: Mapping[str, Resolved]) -> tuple[Stmt, ...]:
        """Statements for the group with their locals marked."""
        checker = Checker(self.name, self.variable_types, constants, [])
        return check_block(checker, block, self._readonly())

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
        checker = Checker(f"{type(self).__name__} {self.name!r}", self.variable_types, constants, [])
        for eq in self.equations.ordered:
            if eq.expr is not None:
                checker.attempt(
                    f"the {eq.kind} of {eq.name!r}",
                    lambda name=eq.name: check_equation(checker, self.equations, name),  # type: ignore[misc]
                )
        for event in self._events.values():
            self._check_event(checker, event)
        if self._refractory is not None:
            checker.attempt("the refractory period", lambda: self.refractory_is_time(constants))
        checker.finish()

    def _check_event(self, checker: Checker, event: GroupEvent) -> None:
        condition = event.condition
        if condition is not None:
            checker.attempt(
                event.what, lambda: expect_unit(checker.type_of(condition), BOOL, repr(text(condition)))
            )
        checker.attempt(event.what_code, lambda: check_block(checker, event.code, self._readonly()))

    def refractory_is_time(self, constants: Mapping[str, Resolved]) -> bool:
        """Whether refractoriness is given as a time rather than as a condition."""
        assert self._refractory is not None
        given = Checker(self.name, self.variable_types, constants, []).type_of(self._refractory)
        if given == BOOL:
            return False
        if given != Type(TIME, "float"):
            raise ExpressionError(
                f"{text(self._refractory)!r} has units of {unit_of(given.dim)}; it must be a time or a condition."
            )
        return True

    # -- events -----------------------------------------------------------------------------------------

    def _add_event(self, name: str, condition: Expr | None, when: str) -> None:
        place = Place(f"the condition of {name!r} of {self.name!r}", when, self.order)
        self._events[name] = GroupEvent(name, condition, place)

    def _set_code(self, event: GroupEvent, code: str, when: str, order: int | None) -> None:
        place = Place(
            f"the code for {event.name!r} of {self.name!r}", when, self.order if order is None else order
        )
        event.code, event.run = parse_block(code), place

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
        self._set_code(found, code, when, order)
        assert found.run is not None
        return found.run

    def set_event_schedule(
        self, event: str, when: str = "after_thresholds", order: int | None = None
    ) -> None:
        """Say when the condition of an event is looked at; ``order`` is that of the group by default."""
        place = self.find_event(event).check
        place.when, place.order = when, self.order if order is None else order

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
        if types is None or name in self.__dict__ or name.startswith("_"):
            super().__setattr__(name, value)
            return
        bare = name[:-1] if name.endswith("_") else name
        if bare in types:
            VariableView(self, bare, name.endswith("_")).assign(slice(None), value, level=1)
            return
        if name in ("N", "clock", "session"):
            raise AttributeError(f"{self.name}.{name} cannot be set.")
        raise AttributeError(
            f"{self.name} has no variable {name!r} to set; it has {', '.join(self.equations) or 'none'}."
        )

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
    method : str, optional
        Name of the integrator: ``'exact'`` (``'linear'``), ``'euler'``, ``'exponential_euler'``, ``'rk2'``,
        ``'rk4'``, ``'heun'`` or ``'milstein'``. By default the first that fits, in that order of
        preference: exact, Euler, Heun.
    threshold : str, optional
        Condition that makes a neuron spike.
    reset : str, optional
        Statements executed for the neurons that spiked.
    events : dict, optional
        Conditions of further events by name; see `run_on_event` and `EventMonitor`.
    refractory : Quantity, str or bool, optional
        How long, or while which condition, a neuron does not spike again and variables flagged
        ``(unless refractory)`` stand still.
    namespace : dict, optional
        What external names stand for; by default they are looked up where ``run`` is called.
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
        method: str | None = None,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = False,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        name: str | None = None,
        events: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            N, model, method, threshold, reset, refractory, namespace, dt, clock, order, name, events
        )


def check_size(what: str, N: Any) -> None:
    """Refuse what is no number of neurons."""
    if isinstance(N, bool) or not isinstance(N, int | np.integer):
        raise TypeError(f"{what}: N={N!r} is no number of neurons; give an integer.")
    if N < 1:
        raise ValueError(f"{what}: N={N}; a group has at least one neuron.")


def check_events(what: str, events: Any, threshold: str | None) -> None:
    """Refuse events that are no conditions by name."""
    if events is None:
        return
    if not isinstance(events, Mapping):
        raise TypeError(
            f"{what}: events={events!r:.60} must be a dictionary from names to conditions, such as "
            "{'crossing': 'v > 0*mV'}."
        )
    for name, condition in events.items():
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ValueError(
                f"{what}: {name!r} cannot be the name of an event; use letters, digits, underscores."
            )
        if not isinstance(condition, str):
            raise TypeError(
                f"{what}: the condition of the event {name!r} is {condition!r:.60}; give a string such as 'v > 1'."
            )
    if SPIKE in events and threshold is not None:
        raise ValueError(
            f"{what}: threshold={threshold!r} is the condition of the event 'spike', which events gives too; leave "
            "one of them out."
        )


def check_method(method: Any) -> None:
    """Refuse the name of an integrator that does not exist."""
    from .integrators import method_names

    if method is not None and method not in method_names():
        raise ValueError(
            f"method={method!r} is not an integrator; choose one of {', '.join(method_names())}, or leave it out."
        )


__all__ = ["REFRACTORY_PERIOD", "EquationError", "Group", "NeuronGroup", "Quantity"]
