"""Synapses: connections between groups, with variables, and code that events set off."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .connect import PairRule, Rule, external_names_of, make_rule, rule_names
from .context import Checker, check_block, check_equation, variable_types, with_floats
from .declared import Declared
from .dimensions import TIME
from .equations import HELD, LINKED, SUBEXPRESSION, SUMMED, EquationError, Equations, parameter
from .expr import Expr
from .group import Group
from .infer import Type
from .namespace import NamespaceError, Resolved, frame_namespace, look_up
from .neurons import Neurons
from .notices import tell_clock_driven
from .pathways import SynapticPathway, make_pathways
from .precision import float_dtype
from .resolve import external_names
from .selection import Selection, SynapseNumbers, selected
from .session import AssignEntry, ConnectEntry
from .statements import Stmt
from .stateupdaters import named_method
from .synapsechecks import (
    check_equations,
    check_pathway_names,
    check_rule_names,
    check_summed,
    conflicts,
    unflagged,
)
from .synapsenames import (
    LASTUPDATE,
    SYNAPTIC,
    SYNAPTIC_SHARED,
    Reference,
    needs_lastupdate,
    normalise,
    normalised,
    readonly_reference,
    reference_types,
    references,
)
from .synapseorder import check_order
from .synapticviews import Numbers, SynapticView


class Synapses(Group):
    """Connections between two groups.

    Parameters
    ----------
    source : Group
        Where synapses start: a group, a subgroup, or other synapses.
    target : Group, optional
        Where they end; the source by default.
    model : str or Equations, optional
        Equations of each synapse. Differential equations are flagged ``(event-driven)``, solved from event to
        event, or ``(clock-driven)``, solved at each step; a subexpression ``x_post = … : unit (summed)`` is
        added up in the variable ``x`` of each target (or, as ``x_pre``, source).
    on_pre, on_post : str or dict, optional
        Statements executed for the synapses of a neuron after it had an event: of the source or target. A
        dictionary gives several pathways, by name.
    delay : Quantity or dict, optional
        How long after the event, for all synapses of the pathway ``pre`` (or by name); otherwise each synapse
        has a delay of its own, ``S.delay``, zero at first.
    on_event : str or dict, optional
        Which event of the neurons, for all pathways or by name.
    multisynaptic_index : str, optional
        Name of a variable that counts the synapses of the same pair of neurons.
    namespace, dt, clock, order, method, name, dtype
        As for `NeuronGroup`; ``clock`` is that of the equations. Events take effect at the clock of the neurons.
    order_matters : bool, optional
        Accept statements whose outcome depends on the order of synapses: they are worked through in the order of
        events, and those of one event by delay and number.

    Raises
    ------
    EquationError, ExpressionError
        For equations or code that are not well formed.
    TypeError, ValueError
        For arguments out of range.
    """

    _kind = "synapses"
    _relation = "connects"
    _fixed_size = False

    def __init__(
        self,
        source: Neurons,
        target: Neurons | None = None,
        model: str | Equations | None = None,
        on_pre: Any = None,
        on_post: Any = None,
        delay: Any = None,
        on_event: Any = "spike",
        multisynaptic_index: str | None = None,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Any = None,
        order: int = 0,
        method: Any = None,
        name: str | None = None,
        order_matters: bool = False,
        pre: Any = None,
        post: Any = None,
        dtype: Any = None,
    ) -> None:
        self._float_dtype = float_dtype("Synapses", dtype)
        on_pre, on_post = _either("pre", on_pre, pre), _either("post", on_post, post)
        target = source if target is None else target
        _check_ends(source, target)
        equations = _equations(model, multisynaptic_index)
        chosen = named_method(method, equations)
        pathways = make_pathways(self, on_pre, on_post, delay, on_event)
        check_pathway_names(pathways, {*SYNAPTIC, *_ATTRIBUTES, *equations})
        for pathway in pathways.values():
            (source if pathway.side == "pre" else target).find_event(pathway.event)
        Declared.__init__(self, name, clock, dt, "groups", order)
        self._events = {}
        self._refractory = self._refractory_value = None
        self._runs_along: list[Declared] = []
        self._links = {}
        self._namespace = dict(namespace or {})
        self.source, self.target = source, target
        self.equations = equations
        self.method = chosen
        self.order_matters = bool(order_matters)
        self.pair_index = multisynaptic_index or ""
        self._pathways = pathways
        self._each: set[str] = set()  # pathways whose synapses have delays of their own
        self._connects = 0
        self._connected = False
        self.references = references(source, target, equations)
        types = {
            **SYNAPTIC,
            **reference_types(self.references, source, target),
            **{p.variable: Type(TIME, "float") for p in pathways.values()},
            **({LASTUPDATE: Type(TIME, "float")} if needs_lastupdate(equations) else {}),
            **{n: t for n, t in variable_types(equations, False).items() if n in equations},
        }
        self.variable_types = types
        tell_clock_driven(self.name, unflagged(equations))
        for pathway in pathways.values():
            if pathway.fixed is not None:
                self._record(pathway.variable, np.array([pathway.fixed]))

    def _record(self, variable: str, value: NDArray[Any]) -> None:
        entry = AssignEntry(self, variable, value, None, {}, range(0))
        self.session.record(entry)
        self.session.device.after_assign(self.session, entry)

    # -- what the passes need ---------------------------------------------------------------------------

    @property
    def _needs(self) -> tuple[Declared, ...]:
        return tuple(dict.fromkeys((self.source._root, self.target._root)))

    @property
    def pathways(self) -> tuple[SynapticPathway, ...]:
        """The pathways, those of ``on_pre`` first."""
        return tuple(self._pathways.values())

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of sources and of targets."""
        return self.source.N, self.target.N

    @property
    def _rows(self) -> range:
        if self.session.device.deferred:
            return range(0)  # how many there will be, a simulation finds out
        return range(len(self.ends()[0]))

    @property
    def special(self) -> Collection[str]:
        """Names that all synapses have and nobody sets."""
        return SYNAPTIC

    @property
    def _sources(self) -> int:
        """Number of sources for checks; none where it is not known yet."""
        return self.source.known_size or 0

    @property
    def shared_variables(self) -> Collection[str]:
        """Variables that have one value for all synapses."""
        own = {e.name for e in self.equations.ordered if "shared" in e.flags}
        common = {p.variable for p in self.pathways if p.name not in self._each}
        return SYNAPTIC_SHARED | own | common

    def state_names(self) -> tuple[str, ...]:
        extra = (LASTUPDATE,) if needs_lastupdate(self.equations) and LASTUPDATE not in self.equations else ()
        return (*self.equations, *extra)

    def _state_names(self, subexpressions: bool, read_only_variables: bool) -> Sequence[str]:
        found = list(SYNAPTIC) if read_only_variables else []
        for equation in self.equations.ordered:
            summed = SUMMED in equation.flags
            if not summed and (subexpressions or equation.kind != SUBEXPRESSION):
                found.append(equation.name)
        if read_only_variables:
            found += [n for n in self.state_names() if n not in self.equations]
        return [*found, *(p.variable for p in self.pathways)]

    def stored_names(self) -> tuple[str, ...]:
        """Everything that has values of its own, events on their way included."""
        own = [e.name for e in self.equations.ordered if e.kind != SUBEXPRESSION or HELD in e.flags]
        last = [n for n in self.state_names() if n not in self.equations]
        paths = [f"{p.name}.{part}" for p in self.pathways for part in ("delay", "pending", "due")]
        return ("i", "j", *own, *last, *paths)

    def named(self, expr: Expr) -> Expr:
        return normalise(expr, self.references)

    def named_code(self, block: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return normalised(block, self.references)

    def end(self, side: str) -> Neurons:
        """The group at one end."""
        return self.source if side == "pre" else self.target

    def summed(self) -> tuple[tuple[str, Reference], ...]:
        """Summed variables, each with the variable of the neurons that it is summed in."""
        found = []
        for equation in self.equations.of_kind(SUBEXPRESSION):
            if SUMMED in equation.flags:
                variable, _, side = equation.name.rpartition("_")
                found.append((equation.name, Reference(side, variable)))
        return tuple(found)

    def external_names(self) -> set[str]:
        found: set[str] = set()
        for equation in self.equations.ordered:
            if equation.expr is not None:
                found |= external_names(equation.expr, self.variable_types)
        for pathway in self.pathways:
            found |= self.external_names_of(pathway.statements)
        return found

    def readonly(self, shared: bool = True) -> dict[str, str]:
        names = dict.fromkeys((*SYNAPTIC, LASTUPDATE), "a special variable")
        for equation in self.equations.ordered:
            reason = readonly_reference(self, equation.name)
            if reason and not (reason.startswith("shared") and not shared):
                names[equation.name] = reason.replace("neurons", "synapses")
        for name, reference in self.references.items():
            reason = readonly_reference(self.end(reference.side)._root, reference.variable)
            if reason:
                names[name] = reason
        return names

    def check(self, constants: Mapping[str, Resolved]) -> None:
        """Check every string; all problems are raised as one error."""
        checker = Checker(f"Synapses {self.name!r}", self._sources, self.variable_types, constants)
        for equation in self.equations.ordered:
            if equation.expr is not None:
                checker.attempt(
                    f"the {equation.kind} of {equation.name!r}",
                    lambda name=equation.name: check_equation(checker, self.equations, name),  # type: ignore[misc]
                )
        for name, reference in self.summed():
            checker.attempt(
                f"the summed variable {name!r}",
                lambda name=name, reference=reference: check_summed(self, name, reference),  # type: ignore[misc]
            )
        for pathway in self.pathways:
            self.checked_pathway(pathway, constants, checker)
        checker.finish()

    def checked_pathway(
        self, pathway: SynapticPathway, constants: Mapping[str, Resolved], checker: Checker | None = None
    ) -> tuple[Stmt, ...]:
        """The statements of a pathway with their locals marked."""
        checker = checker or Checker(self.name, self._sources, self.variable_types, constants)
        what = f"the code of {pathway.name!r}"
        if not self.order_matters:
            checker.attempt(
                what,
                lambda: check_order(self, pathway.statements, what),
            )
        return check_block(checker, pathway.statements, self.readonly(), what)

    def conflicts(self, others: Sequence[Declared]) -> Iterator[Exception]:
        if not self.connected:
            yield ValueError(
                f"{self.name!r} has no synapses, because connect() has never been called; call it, or take the object "
                "out of what runs."
            )
        yield from conflicts(self, others)

    @property
    def connected(self) -> bool:
        """Whether connect() has been called, or a snapshot has brought synapses."""
        if self._connected:
            return True
        known = self.known_ends
        return known is not None and len(known[0]) > 0

    # -- connecting -------------------------------------------------------------------------------------

    def connect(
        self,
        condition: str | bool | None = None,
        i: Any = None,
        j: Any = None,
        p: Any = 1.0,
        n: Any = 1,
        skip_if_invalid: bool = False,
        namespace: Mapping[str, Any] | None = None,
        level: int = 0,
    ) -> None:
        """Make synapses; several calls add up.

        Parameters
        ----------
        condition : str or bool, optional
            Which pairs of neurons: a condition on ``i``, ``j`` and the variables of both neurons.
        i, j : int, array or str, optional
            The neurons at both ends, pair by pair; or, for one of them, an expression for each neuron of the other
            side: ``j='i'``, ``j='k for k in range(i-2, i+3) if k != i'``,
            ``j='k for k in sample(N_post, size=10)'``.
        p : float or str, optional
            Probability of each synapse. Where it is the same for all targets of a source, the cost is that of the
            synapses made, not of all pairs.
        n : int or str, optional
            Number of synapses for each pair.
        skip_if_invalid : bool, optional
            Leave out neurons that there are not, instead of refusing them.
        namespace : dict, optional
            What external names stand for, instead of those visible where this is called.
        level : int, optional
            How many more frames up the names are looked up.

        Raises
        ------
        IndexError
            For a pair outside the groups; naming the first.
        NamespaceError, ExpressionError, ValueError, TypeError
            For arguments that make no sense.
        """
        what = f"{self.name}.connect"
        sizes = (self.source.known_size, self.target.known_size)
        rule = make_rule(what, sizes, self.variable_types, condition, i, j, p, n, skip_if_invalid)
        self._connected = True
        if rule is None:
            return
        names = frame_namespace(level + 1) if namespace is None else dict(namespace)
        constants = self._rule_constants(what, rule, names)
        entry = ConnectEntry(self, rule, constants, self._connects)
        self._connects += 1
        self.session.record(entry)
        self.session.device.after_connect(self.session, entry)

    def _rule_constants(
        self, what: str, rule: Rule | PairRule, names: Mapping[str, Any]
    ) -> dict[str, Resolved]:
        own = {*self.equations, *SYNAPTIC, LASTUPDATE} - {"i", "j", "N_pre", "N_post"}
        check_rule_names(what, rule_names(rule), own & set(self.variable_types))
        wanted = external_names_of(rule, self.variable_types)
        found, unresolved = look_up(wanted, {**names, **self._namespace}, self.variable_types)
        if unresolved:
            raise NamespaceError(f"{what}: " + "\n".join(unresolved))
        types = {n: t for n, t in self.variable_types.items() if n not in own and "." not in n}

        def check(constants: Mapping[str, Resolved]) -> None:
            checker = Checker(what, self._sources, types, constants)
            rule.check(types, checker)
            checker.finish()

        constants: dict[str, Resolved] = {**found, **rule.given}
        check(constants)
        return with_floats(constants, check)

    def before_assignment(self, variable: str) -> None:
        """A variable is about to be set: delays become those of each synapse."""
        for pathway in self.pathways:
            if pathway.variable == variable and pathway.fixed is None:
                self._each.add(pathway.name)

    def have_delays(self, pathway: str, each: bool) -> None:
        """Say whether each synapse has a delay of its own, as a snapshot had it."""
        if self._pathways[pathway].fixed is None:
            (self._each.add if each else self._each.discard)(pathway)

    # -- what there is ----------------------------------------------------------------------------------

    @property
    def known_ends(self) -> tuple[Numbers, Numbers] | None:
        """Neurons at both ends of each synapse, where that takes no simulation to find out."""
        return self.session.device.connections(self.session, self)

    def ends(self) -> tuple[Numbers, Numbers]:
        """Neurons at both ends of each synapse, as numbers of the source and target.

        Raises
        ------
        NotImplementedError
            In the standalone device before the simulation has run.
        """
        device = self.session.device
        known = device.connections(self.session, self)
        if known is not None:
            return known
        found = [device.read(self.session, self, name) for name in ("i", "j")]
        if found[0] is None or found[1] is None:
            raise NotImplementedError(
                f"The connections of {self.name} are not known before the simulation has run: "
                f"{device.why_unavailable()}."
            )
        return found[0].astype(np.int64), found[1].astype(np.int64)

    def end_values(self, name: str) -> NDArray[Any]:
        """Values of a variable of the neurons, for each synapse."""
        reference = self.references[name]
        values = self.end(reference.side).state(reference.variable).values()
        i, j = self.ends()
        chosen: NDArray[Any] = values[(i if reference.side == "pre" else j) if len(values) > 1 else 0]
        return chosen

    def ends_per_neuron(self, name: str) -> NDArray[Any]:
        """For each synapse, how many start (or end) where it does."""
        i, j = self.ends()
        neurons = j if name == "N_incoming" else i
        counted: NDArray[Any] = np.bincount(neurons, minlength=1).astype(np.int32)[neurons]
        return counted

    @property
    def N_incoming_post(self) -> NDArray[np.int32]:
        """Number of synapses of each target."""
        return np.bincount(self.ends()[1], minlength=self.sizes[1]).astype(np.int32)

    @property
    def N_outgoing_pre(self) -> NDArray[np.int32]:
        """Number of synapses of each source."""
        return np.bincount(self.ends()[0], minlength=self.sizes[0]).astype(np.int32)

    def numbers(self, index: Any, label: str) -> Numbers:
        """Numbers of the synapses that an index means: ``[i, j]``, a number, a slice, numbers or truth values."""
        return selected(self, index, label)

    @property
    def N(self) -> int:
        """Number of synapses."""
        return len(self.ends()[0])

    def __len__(self) -> int:
        return self.N

    @property
    def known_size(self) -> int | None:
        return None if self.known_ends is None else self.N

    @property
    def indices(self) -> SynapseNumbers:
        """``S.indices[1, 2]``: numbers of synapses."""
        return SynapseNumbers(self)

    def __getitem__(self, index: Any) -> Selection:  # type: ignore[override]
        return Selection(self, index)

    def state(self, name: str, use_units: bool = True) -> SynapticView:
        """A variable by name; ``'delay'`` is that of the pathway ``pre``, or of the only one."""
        return SynapticView(self, self._variable(name), not use_units)

    def _variable(self, name: str) -> str:
        if name == "delay":
            if not self._pathways:
                raise AttributeError(
                    f"{self.name} has no pathways, so there is no delay; give on_pre or on_post."
                )
            return self._pathways.get("pre", next(iter(self._pathways.values()))).variable
        if name not in self.variable_types:
            own = ", ".join((*self.equations, "delay", *(p.variable for p in self.pathways)))
            raise KeyError(f"{self.name} has no variable {name!r}; it has {own}.")
        return name

    def __getattr__(self, name: str) -> Any:
        types = self.__dict__.get("variable_types")
        if types is None or name.startswith("__"):
            raise AttributeError(name)
        if name in self._pathways:
            return self._pathways[name]
        bare = name[:-1] if name.endswith("_") else name
        if bare == "delay" or bare in types:
            return SynapticView(self, self._variable(bare), name.endswith("_"))
        raise AttributeError(
            f"{self.name} has no variable or pathway {name!r}; it has "
            f"{', '.join((*self.equations, *self._pathways)) or 'none'}."
        )

    def __setattr__(self, name: str, value: Any) -> None:
        types = self.__dict__.get("variable_types")
        bare = name[:-1] if name.endswith("_") else name
        if types is not None and not name.startswith("_") and (bare == "delay" or bare in types):
            SynapticView(self, self._variable(bare), name.endswith("_")).assign(slice(None), value, level=1)
            return
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{self.name!r}: synapses are not gone through one by one; use S.i and S.j.")

    def __repr__(self) -> str:
        return f"<Synapses {self.name!r} from {self.source.name!r} to {self.target.name!r}>"


def _either(side: str, first: Any, second: Any) -> Any:
    if first is not None and second is not None:
        raise ValueError(f"Synapses: on_{side} and {side} are the same; give one of them.")
    return second if first is None else first


def _check_ends(source: Any, target: Any) -> None:
    for name, group in (("source", source), ("target", target)):
        if not isinstance(group, Neurons):
            raise TypeError(f"Synapses: the {name} is {type(group).__name__} {group!r:.60}; give a group.")


def _equations(model: Any, index: str | None) -> Equations:
    if not isinstance(model, str | Equations | None):
        raise TypeError(f"Synapses: model={model!r:.60} must be a string or Equations.")
    equations = model if isinstance(model, Equations) else Equations(model or "")
    if index is not None and index not in equations:
        equations = Equations((*equations.ordered, parameter(index, "integer")))
    check_equations(equations, {*SYNAPTIC, *_ATTRIBUTES})
    linked = [eq.name for eq in equations.ordered if LINKED in eq.flags]
    if linked:
        raise EquationError(
            f"Synapses: {', '.join(map(repr, linked))} cannot be flagged (linked); synapses see the variables of the "
            "neurons at their ends by the names …_pre and …_post."
        )
    return equations


#: What synapses have besides their variables.
_ATTRIBUTES = frozenset(name for name in dir(Synapses) if not name.startswith("_")) | {
    *(
        "name",
        "when",
        "order",
        "equations",
        "method",
        "variable_types",
        "source",
        "target",
        "references",
        "pair_index",
    ),
    "delay",
}
