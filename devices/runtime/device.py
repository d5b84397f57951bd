"""The runtime device: statements take effect at once, state lives in this process, Python may come in between."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...core.clock import Clock
from ...core.declared import Declared
from ...core.dimensions import TIME
from ...core.equations import HELD
from ...core.expr import Draw, Expr, parse, transform
from ...core.freeze import SEED, Frozen, freeze_program
from ...core.group import Group
from ...core.kernels import Array as StateArray
from ...core.logs import get_logger
from ...core.lower import lower, relative, state_arrays
from ...core.model import Run
from ...core.monitors import EventRecorder, Monitor, StateMonitor
from ...core.namespace import Resolved
from ...core.notices import tell_methods
from ...core.operations import NetworkOperation
from ...core.preferences import prefs
from ...core.profiling import totals
from ...core.recent import RecentStateMonitor
from ...core.report import Reporter
from ...core.resolve import resolve
from ...core.session import AssignEntry, ConnectEntry, RunEntry, SeedEntry, Session
from ...core.streams import numbered
from ...core.synapsenames import SYNAPTIC_ENDS
from ...core.synapses import Synapses
from ...core.synapticviews import SynapticView
from ...core.timedarray import TimedArray
from ...core.units import Quantity
from ...core.userfunctions import Function
from ...core.variables import VariableView
from ..base import Array, CompilerNotFoundError, DeviceError, SimulationError
from ..preferences import TARGETS
from ..simulation import Simulation
from ..snapshots import Snapshot, SnapshotError, add_to_file, check_name, read_file
from ..user import UserDevice
from .connecting import make_synapses, number_in_pair, parameters
from .context import POLL, Context
from .discrete import DRAWS
from .evaluate import Environment, Timed, evaluate
from .keep import Keeper, recorded_variables

_logger = get_logger("spikefarm.devices.runtime")
Variables = WeakKeyDictionary[Declared, dict[str, Any]]


class RuntimeDevice(UserDevice):
    """Runs simulations in this process.

    Parameters
    ----------
    target : {'auto', 'cpp', 'cython', 'numpy'}, optional
        What kernels become, instead of what the preference ``codegen.target`` says: compiled C++ (``'cython'`` is
        another word for it), or numpy, which needs no compiler. ``'auto'`` takes C++ where there is a compiler and
        says so where there is none.
    """

    name = "runtime"
    deferred = False

    def __init__(self, build_on_run: bool = True, target: str | None = None) -> None:
        if target is not None and target not in TARGETS:
            raise ValueError(f"target={target!r} is no target of the runtime device: {', '.join(TARGETS)}.")
        if not build_on_run:
            raise ValueError("build_on_run=False has no meaning for the runtime device; leave it out.")
        self._target = target
        self._state: Variables = WeakKeyDictionary()  # values, by object and variable
        self._records: Variables = WeakKeyDictionary()  # what former contexts recorded
        self._assigned: Variables = WeakKeyDictionary()  # how often each variable has been assigned to
        self._constants: WeakKeyDictionary[Declared, Mapping[str, Resolved]] = WeakKeyDictionary()
        self._times: dict[str, float] = {}
        self._profiles: dict[str, tuple[tuple[str, float], ...] | None] = {}
        self._snapshots: dict[tuple[str, str], Snapshot] = {}
        self._clocks: WeakKeyDictionary[Clock, tuple[float, int]] = WeakKeyDictionary()
        self._seed = secrets.randbits(63)
        self._context: Context | None = None
        self._made_for = ("", False)  # the target of that context, and whether it measures times
        self._frozen: Frozen | None = None
        self._entry: RunEntry | None = None
        self._running = False
        self._stopping = False
        self._error: BaseException | None = None
        #: Arrays of the context that move about while a run goes on, by object and variable.
        self._live: dict[tuple[Declared, str], str] = {}

    @property
    def target(self) -> str:
        """What kernels become: as ``set_device`` says, or else the preference ``codegen.target``."""
        return self._target or str(prefs["codegen.target"])

    # -- what the session tells ---------------------------------------------------------------------------

    def after_seed(self, session: Session, entry: SeedEntry) -> None:
        self._seed = secrets.randbits(63) if entry.value is None else entry.value
        if entry.afresh:
            self._assigned.clear()
            self._clocks.clear()

    def after_assign(self, session: Session, entry: AssignEntry) -> None:
        group, name = entry.target, entry.variable
        assert isinstance(group, Group)
        view = VariableView(group, name)
        made = self._assigned.setdefault(group, {})
        number = numbered(f"{group._place}.{name}={made.setdefault(name, 0)}", [], set())
        made[name] += 1
        rows = entry.rows
        env = self._environment(group, entry.constants, rows)

        def value(text: str) -> Array:
            expr = transform(self._resolved(group, text, entry.constants, rows), number)
            found: Array = np.broadcast_to(evaluate(expr, env), (1 if view.shared else len(rows),))
            return found

        where: Any = slice(None) if entry.where is None else entry.where
        if isinstance(where, str):
            where = np.flatnonzero(value(where))
        target = self._stored(group, name)
        target = target if view.shared else target[rows.start : rows.stop]
        target[where] = value(entry.value)[where] if isinstance(entry.value, str) else entry.value

    def after_connect(self, session: Session, entry: ConnectEntry) -> None:
        synapses = entry.target
        assert isinstance(synapses, Synapses)
        i, j = make_synapses(entry, self._environment(synapses, entry.constants), self._seed)
        state = self._state.setdefault(synapses, {})
        for name, new in (("i", i), ("j", j)):
            known = self._stored(synapses, name)
            self._live.pop((synapses, name), None)
            state[name] = np.concatenate([known, new]).astype(np.int32)
        if synapses.pair_index:
            self._stored(synapses, synapses.pair_index)[:] = number_in_pair(state["i"], state["j"])

    def connections(self, session: Session, synapses: Declared) -> tuple[Array, Array]:
        i, j = (self._stored(synapses, name).astype(np.int64) for name in ("i", "j"))
        return i, j

    def _resolved(self, group: Group, text: str, constants: Mapping[str, Resolved], rows: range) -> Expr:
        """A string written for some neurons of a group, in terms of the group's variables."""
        expr = group.named(resolve(parse(text), group.variable_types, constants))
        return expr if rows == group._rows else relative(expr, (rows.start, rows.stop))

    def after_run(self, session: Session, entry: RunEntry) -> None:
        if self._running:
            raise DeviceError(
                "run() was called from within a run (a network operation); that is not possible."
            )
        frozen = freeze_program([entry])
        context = self._prepared(frozen, entry)
        self._frozen, self._entry = frozen, entry
        self._constants.update({o: entry.constants[o.name] for o in entry.objects})
        reporter = Reporter(entry.report, entry.duration)
        operations = [o for o in entry.objects if isinstance(o, NetworkOperation)]
        places = {c.id: k for k, c in enumerate(frozen.model.callbacks)}
        called = {places[frozen.names[o.name]]: o for o in operations}
        start = self._times.get(entry.network, 0.0)
        if operations:
            for obj in entry.objects:
                self._switch(obj)
        self._running, self._stopping, self._error = True, False, None
        labels, before = context.profile()
        reporter.start()
        try:
            inputs = {**frozen.values, SEED: np.array([self._seed], dtype=np.uint64)}
            context.run(inputs, lambda place: self._call(place, called, reporter, start))
        except SimulationError:
            if self._error is None:
                raise
        finally:
            self._running = False
            self._times[entry.network] = context.time()
            self._note_clocks(context, entry)
        if self._error is not None:
            raise self._error
        taken = totals(labels, list(context.profile()[1] - before), frozen.names) if entry.profile else None
        self._profiles[entry.network] = taken
        reporter.finish()

    def _call(
        self, place: int, operations: Mapping[int, NetworkOperation], reporter: Reporter, start: float
    ) -> bool:
        """What C++ (or numpy) calls between kernels; an error ends the run and is raised after it."""
        try:
            if place == POLL:
                if reporter.due():
                    assert self._context is not None
                    now = max(t for t, _, _ in self._context.clocks().values())
                    reporter.tell(now - start, start)
                return False
            operation = operations[place]
            if operation.takes_time:
                operation.function(Quantity.with_dimensions(self._clock_time(operation), TIME))
            else:
                operation.function()
            return False
        except BaseException as error:
            self._error = error
            return True

    def after_activity(self, obj: Declared) -> None:
        if self._running and self._entry is not None and obj in self._entry.objects:
            self._switch(obj)

    def _switch(self, obj: Declared) -> None:
        """Tell a context of a model that calls Python whether an object is active."""
        assert self._context is not None
        assert self._frozen is not None
        self._context.switch(self._frozen.model.objects.index(self._frozen.names[obj.name]), obj.active)

    def stop(self) -> None:
        """End the current run after this time step; called from a network operation."""
        if self._running and self._context is not None:
            self._context.stop()

    def time(self, session: Session, network: str) -> float:
        return self._times.get(network, 0.0)

    def profile(self, session: Session, network: str) -> Sequence[tuple[str, float]] | None:
        return self._profiles.get(network)

    # -- contexts -----------------------------------------------------------------------------------------

    def _prepared(self, frozen: Frozen, entry: RunEntry) -> Context:
        """A context of the model with the present state in it."""
        # The same model may be that of other objects, whose state is not to be mixed with theirs.
        same = self._frozen is not None and self._frozen.model.hash == frozen.model.hash
        same = same and self._entry is not None and _same_objects(self._entry, entry)
        wanted = (self.target, entry.profile)
        if self._context is None or not same or self._made_for != wanted:
            fresh = self._new_context(frozen, entry.profile)
            self._retire()
            self._context, self._made_for = fresh, wanted
        context = self._context
        objects = {frozen.names[o.name]: o for o in entry.objects}
        for array in state_arrays(frozen.model):
            owner, variable = objects[array.population], array.variable
            if array.size < 0:
                self._fill(context, array, owner)
                continue
            memory = context.state(array.id)
            state = self._state.setdefault(owner, {})
            current = state.get(variable)
            if current is None or current.ctypes.data != memory.ctypes.data:
                if current is not None:
                    memory[:] = current
                state[variable] = memory
        ids = {c: clock for clock, c in self._clock_ids(frozen, entry).items()}
        known = {c: self._clocks[clock] for c, clock in ids.items() if clock in self._clocks}
        context.resume(self._times.get(entry.network, 0.0), known)
        return context

    def _fill(self, context: Context, array: StateArray, owner: Declared) -> None:
        """Give a context what there is of an array without a fixed size, as synapses have them."""
        own = self._state.setdefault(owner, {})
        current = self._stored(owner, array.variable)
        memory = context.state(array.id)
        if current.ctypes.data != memory.ctypes.data or current.size != memory.size:
            current = current.copy()
            context.resize(array.id, current.size)
            memory = context.state(array.id)
            memory[:] = current
        own[array.variable] = memory
        self._live[owner, array.variable] = array.id

    def _new_context(self, frozen: Frozen, profile: bool) -> Context:
        if self.target != "numpy":
            try:
                return self._compiled(frozen, profile)
            except CompilerNotFoundError:
                if self.target != "auto":
                    raise
                _logger.warning(
                    "No C++ compiler was found; kernels run in numpy, which is slower. Install a compiler, or say "
                    "prefs.codegen.target = 'numpy' to hear no more of it.",
                    "codegen_fallback",
                    once=True,
                )
        from .arrays import ArrayContext

        kernels = lower(frozen.model)
        tell_methods(
            frozen.model, ", ".join(f"{population}: {method}" for population, method in kernels.methods)
        )
        return ArrayContext(kernels, frozen.functions)

    def _compiled(self, frozen: Frozen, profile: bool) -> Context:
        from ..cpp_standalone.backend import CPPBackend
        from ..cpp_standalone.options import preferred_options
        from .library import LibraryContext

        (run,) = [step for step in frozen.model.program if isinstance(step, Run)]
        build = CPPBackend(replace(preferred_options(), profile=profile, openmp_threads=0)).build(
            frozen.model
        )
        tell_methods(frozen.model, build.manifest.provenance["integrators"])
        return LibraryContext(build, tuple(c for c, _ in run.clocks))

    def _retire(self) -> None:
        """Take state and records out of the present context and let go of it."""
        if self._context is None:
            return
        assert self._frozen is not None
        assert self._entry is not None
        for (owner, variable), id in self._live.items():
            self._state[owner][variable] = self._context.state(id)
        self._live = {}
        for state in self._state.values():
            state.update({variable: values.copy() for variable, values in state.items()})
        for monitor in self._entry.objects:
            for variable in recorded_variables(monitor):
                id = f"{self._frozen.names[monitor.name]}.{variable}"
                parts = self._records.setdefault(monitor, {}).setdefault(variable, [])
                parts.append(self._context.records(id))
                if isinstance(monitor, RecentStateMonitor):
                    parts[:] = [np.concatenate(parts)[-monitor.kept(variable) :]]
        self._context.close()
        self._context = None

    def _clock_ids(self, frozen: Frozen, entry: RunEntry) -> dict[Clock, str]:
        """Which clock of the script has which id in the model."""
        found: dict[Clock, str] = {}
        by_id = {p.id: p.clock for p in frozen.model.populations}
        by_id |= {p.id: p.clock for p in frozen.model.probes}
        by_id |= {c.id: c.clock for c in frozen.model.callbacks}
        by_id |= {o.id: o.clock for o in frozen.model.operations}
        for obj in entry.objects:
            found[obj.clock] = by_id[frozen.names[obj.name]]
        return found

    def _note_clocks(self, context: Context, entry: RunEntry) -> None:
        assert self._frozen is not None
        now = context.clocks()
        for clock, id_ in self._clock_ids(self._frozen, entry).items():
            _, dt, ticks = now[id_]
            self._clocks[clock] = (dt, ticks)

    def clock_time(self, session: Session, clock: Clock) -> float:
        return self._time_of(clock, clock._network)

    def _clock_time(self, owner: Declared) -> float:
        """Time as an object sees it: of its clock during a run, of its network otherwise."""
        return self._time_of(owner.clock, owner._network or "")

    def _time_of(self, clock: Clock, network: str) -> float:
        if (
            self._running
            and self._context is not None
            and self._frozen is not None
            and self._entry is not None
        ):
            id_ = self._clock_ids(self._frozen, self._entry).get(clock)
            if id_:
                return self._context.clocks()[id_][0]
        return self._times.get(network, 0.0)

    def record_now(self, monitor: StateMonitor) -> None:
        if self._running:
            raise DeviceError(
                f"{monitor.name}.record_single_timestep() was called from within a run; call it after it."
            )
        self._retire()
        records = self._records.setdefault(monitor, {})
        records.setdefault("t", []).append(np.array([self._clock_time(monitor)]))
        for name in monitor.record_variables:
            values = monitor.source.state(name).values()
            rows = (
                values if len(values) == 1 and monitor.source.state(name).shared else values[monitor.record]
            )
            records.setdefault(name, []).append(rows)

    # -- snapshots ------------------------------------------------------------------------------------------

    def store(self, objects: Sequence[Declared], network: str, name: str, filename: Any) -> None:
        check_name(name)
        self._refuse_within_run("store")
        snapshot = Keeper(self, tuple(objects), network).take()
        if filename is None:
            self._snapshots[network, name] = snapshot
        else:
            add_to_file(filename, name, snapshot)

    def restore(
        self, objects: Sequence[Declared], network: str, name: str, filename: Any, random_state: bool
    ) -> None:
        self._refuse_within_run("restore")
        if filename is None:
            known = {n: s for (net, n), s in self._snapshots.items() if net == network}
        else:
            known = read_file(filename)
        if name not in known:
            where = "in memory" if filename is None else f"in {filename}"
            raise SnapshotError(
                f"restore(): there is no snapshot named {name!r} of this network {where}; there is "
                f"{', '.join(map(repr, known)) or 'none'}."
            )
        Keeper(self, tuple(objects), network).put(known[name], random_state)

    def _refuse_within_run(self, what: str) -> None:
        if self._running:
            raise DeviceError(
                f"{what}() was called from within a run (a network operation); call it between runs."
            )

    # -- reading --------------------------------------------------------------------------------------------

    def read(self, session: Session, owner: Declared, variable: str) -> Array | None:
        if isinstance(owner, Monitor):
            return self._recorded(owner, variable)
        assert isinstance(owner, Group)
        if variable == "t":
            return np.array([self._clock_time(owner)])
        if variable in owner.equations.subexpr_names and HELD not in owner.equations[variable].flags:
            constants = self._constants.get(owner)
            if constants is None:
                return None
            expr = owner.equations[variable].expr
            assert expr is not None
            env = self._environment(owner, constants)
            value = evaluate(owner.named(resolve(expr, owner.variable_types, constants)), env)
            view = VariableView(owner, variable)
            return np.array(np.broadcast_to(value, (view.size,)), dtype=view.dtype)
        return self._stored(owner, variable).copy()

    def why_unavailable(self) -> str:
        return "what it depends on is known once run() has been called"

    def evaluate(
        self, session: Session, owner: Declared, expr: Expr, constants: Mapping[str, Resolved], rows: range
    ) -> Array | None:
        assert isinstance(owner, Group)
        if rows != owner._rows:
            expr = relative(expr, (rows.start, rows.stop))
        found: Array = np.asarray(evaluate(owner.named(expr), self._environment(owner, constants, rows)))
        return found

    def _stored(self, group: Declared, variable: str) -> Array:
        state = self._state.setdefault(group, {})
        if (group, variable) in self._live and self._context is not None:
            state[variable] = self._context.state(self._live[group, variable])
        if isinstance(group, Synapses):
            return self._of_synapses(group, variable)
        if variable not in state:
            if isinstance(group, Group):
                view = VariableView(group, variable)
                initial = {"lastspike": -1e4, "not_refractory": True}.get(variable, 0)
                state[variable] = np.full(view.size, initial, dtype=view.dtype)
            else:
                assert isinstance(group, EventRecorder)
                state[variable] = np.zeros(group.source.N, dtype=np.int32)
        values: Array = state[variable]
        return values

    def _of_synapses(self, synapses: Synapses, variable: str) -> Array:
        """Values of a variable of synapses; those that it has not yet for all of them are zero."""
        state = self._state.setdefault(synapses, {})
        if variable not in synapses.variable_types:  # events on their way
            empty = np.zeros(0, dtype="int32" if variable.endswith("pending") else "float64")
            waiting: Array = state.get(variable, empty)
            return waiting
        dtype = synapses.stored_as(variable)
        count = 1 if variable in synapses.shared_variables else len(state.get("i", ()))
        values: Array = state.get(variable, np.zeros(0, dtype=dtype))
        if variable not in ("i", "j") and values.size != count:
            new = np.zeros(count, dtype=dtype)
            new[: values.size] = values
            self._live.pop((synapses, variable), None)
            state[variable] = values = new
        return values

    def _recorded(self, monitor: Declared, variable: str) -> Array:
        if variable == "count" and isinstance(monitor, EventRecorder):
            return self._stored(monitor, "count").copy()
        parts = list(self._records.get(monitor, {}).get(variable, []))
        entry, frozen = self._entry, self._frozen
        if (
            self._context is not None
            and entry is not None
            and frozen is not None
            and monitor in entry.objects
        ):
            parts.append(self._context.records(f"{frozen.names[monitor.name]}.{variable}"))
        if not parts:
            dtype = np.int32 if variable == "i" else np.float64
            return np.zeros(0, dtype=dtype)
        values: Array = parts[0] if len(parts) == 1 else np.concatenate(parts)
        most = monitor.kept(variable) if isinstance(monitor, Monitor) else None
        return values if most is None else values[-most:]

    def _environment(
        self, group: Group, constants: Mapping[str, Resolved], rows: range | None = None
    ) -> Environment:
        """What names stand for now, with one value for each of some neurons: for all without ``rows``."""
        known = {**self._constants.get(group, {}), **constants}
        rows = group._rows if rows is None else rows
        part = slice(rows.start, rows.stop)
        shared = group.shared_variables

        def variable(name: str) -> Any:
            if isinstance(group, Synapses) and (name in SYNAPTIC_ENDS or name in group.references):
                return SynapticView(group, name).values()
            if name == "i":
                return np.arange(rows.start, rows.stop)
            if name == "N":
                return group.N
            if name == "dt":
                return group.clock.dt_
            if name == "t":
                return self._clock_time(group)
            if name == "t_in_timesteps":
                return round(self._clock_time(group) / group.clock.dt_)
            if name in group.equations.subexpr_names and HELD not in group.equations[name].flags:
                expr = group.equations[name].expr
                assert expr is not None
                return evaluate(group.named(resolve(expr, group.variable_types, known)), env)
            if name in group._links:
                return VariableView(group, name, rows=rows).values()
            values = self._stored(group, name)
            return values if name in shared else values[part]

        def draw(node: Draw, *given: Any) -> Any:
            args = [_everywhere(x, part, group.N) for x in given]
            return DRAWS[node.distribution](*args, group.N, self._seed, node.stream, 0)[part]

        env = Environment(
            variable=variable,
            params=parameters(known),
            functions={n: v for n, v in known.items() if isinstance(v, Function)},
            timed={n: Timed(v.values, v.dt, n) for n, v in known.items() if isinstance(v, TimedArray)},
            draw=draw,
            constants={},
            matrix=_no_matrix,
            elements={},
        )
        return env

    # -- housekeeping ---------------------------------------------------------------------------------------

    def simulation(self, session: Session | None = None) -> Simulation:
        """Not for this device: its statements have taken effect already."""
        raise DeviceError(
            "A sweep needs a model that has been declared but not run: call set_device('cpp_standalone', "
            "build_on_run=False) before the model, or write a function and make it an @experiment."
        )

    def build(self, *_: Any, **__: Any) -> None:
        """Nothing to build: ``run`` has done everything. Here so that scripts for other devices work."""

    def insert_code(self, slot: str, code: str) -> None:
        """Not for this device, which has no program of its own."""
        raise DeviceError(
            f"insert_code({slot!r}): there is no program to insert code into; call set_device('cpp_standalone'), or "
            "write a network_operation."
        )

    def reinit(self) -> None:
        """Forget all state, records and times."""
        if self._context is not None:
            self._context.close()
        self.__init__(target=self._target)  # type: ignore[misc]

    def __getstate__(self) -> dict[str, Any]:
        """Weak tables travel as plain ones; a context does not travel, what it holds does."""
        self._retire()
        return {k: dict(v) if isinstance(v, WeakKeyDictionary) else v for k, v in self.__dict__.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        weak = ("_state", "_records", "_assigned", "_constants", "_clocks")
        self.__dict__.update({k: WeakKeyDictionary(v) if k in weak else v for k, v in state.items()})

    def __repr__(self) -> str:
        return f"<RuntimeDevice, target {self.target!r}>"


def _same_objects(one: RunEntry, other: RunEntry) -> bool:
    return [id(o) for o in one.objects] == [id(o) for o in other.objects]


def _everywhere(given: Any, part: slice, size: int) -> Any:
    """Values for some neurons, in their places among all."""
    if np.ndim(given) == 0:
        return given
    values = np.ones(size)
    values[part] = given
    return values


def _no_matrix(entry: Any) -> Any:
    raise AssertionError(f"{entry} outside a state update")
