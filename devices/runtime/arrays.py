"""The numpy target: kernels interpreted with whole-array operations, without a compiler."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ...core.connections import INDEX
from ...core.expr import Draw, MatrixEntry
from ...core.freeze import SEED
from ...core.integrators import Propagator
from ...core.kernels import Kernel, Kernels
from ...core.model import Population, Probe, Run
from ...core.precision import stored_as
from ...core.profiling import kernel_labels
from ...core.recent import samples
from ...core.spikegenerator import Spikes
from ...core.statements import Stmt
from ...core.userfunctions import Function
from ..base import Array, SimulationError
from .array_synapses import Queue, batches, make_queue, put, reads_matrix, size_of, synaptic
from .context import POLL, Callback, Context
from .discrete import DRAWS
from .evaluate import Environment, Timed, evaluate

_EVERY = 256


@dataclass
class _Clock:
    dt: float = 0.0
    t: float = 0.0
    step: int = 0
    end: int = 0
    before: int = 0

    @property
    def ticks(self) -> int:
        return self.step + self.before


def first_step(time: float, dt: float) -> int:
    """The first step at or after a time; a ten-thousandth of a step is taken for rounding."""
    steps = time / dt
    nearest = math.floor(steps + 0.5)
    return nearest if abs(steps - nearest) <= 1e-4 else math.ceil(steps)


class ArrayContext(Context):
    """A context that numpy advances.

    Parameters
    ----------
    kernels : Kernels
        Of a model whose program is a single run.
    functions : mapping
        The script's own functions by id.
    """

    def __init__(self, kernels: Kernels, functions: Mapping[str, Function]) -> None:
        self._kernels = kernels
        self._functions = functions
        self._seconds = np.zeros(len(kernels.kernels))
        self._model = kernels.model
        (self._run,) = [s for s in kernels.model.program if isinstance(s, Run)]
        self._state = {a.id: np.full(max(a.size, 0), a.initial, dtype=a.dtype) for a in kernels.arrays}
        self._queues: dict[tuple[str, str], Queue] = {}  # of synapses and pathway
        self._events: dict[tuple[str, str], Array] = {}  # of each population and event, who had it last
        self._generators: dict[str, tuple[Array, Array, int]] = {}
        self._recorded: dict[str, list[Any]] = {}
        self._clocks = {clock: _Clock() for clock, _ in self._run.clocks}
        self._time = 0.0
        self._stopping = False
        self._params: dict[str, Any] = {}
        self._timed: dict[str, Timed] = {}
        self._constants: dict[str, Any] = {}
        self._matrices: dict[str, tuple[Array, Array]] = {}
        self._inputs: Mapping[str, Array] = {}
        self._seed = 0
        self._before: dict[str, Array] = {}
        self._active = dict.fromkeys(self._model.objects, True)

    # -- what the device asks -----------------------------------------------------------------------------

    def state(self, id: str) -> Array:
        return self._state[id]

    def resize(self, id: str, count: int) -> None:
        self._state[id] = np.zeros(count, dtype=self._state[id].dtype)

    def records(self, id: str) -> Array:
        parts = self._recorded.get(id, [])
        if not parts:
            return np.zeros(0, dtype=np.int32 if id.endswith(".i") else np.float64)
        joined: Array = np.concatenate(parts)
        return joined

    def time(self) -> float:
        return self._time

    def profile(self) -> tuple[Sequence[str], Array]:
        return kernel_labels(self._kernels.kernels), self._seconds.copy()

    def stop(self) -> None:
        self._stopping = True

    def close(self) -> None:
        return

    def switch(self, number: int, active: bool) -> None:
        self._active[self._model.objects[number]] = active

    def resume(self, time: float, clocks: Mapping[str, tuple[float, int]]) -> None:
        self._time = time
        for name, clock in self._clocks.items():
            clock.dt, ticks = clocks.get(name, (0.0, 0))
            clock.step = first_step(time, clock.dt) if clock.dt else 0
            clock.before = ticks - clock.step

    def clocks(self) -> Mapping[str, tuple[float, float, int]]:
        return {name: (c.t, c.dt, c.ticks) for name, c in self._clocks.items()}

    def run(self, inputs: Mapping[str, Array], callback: Callback) -> None:
        self._inputs, self._stopping = inputs, False
        self._seed = int(inputs[SEED][0])
        stop = self._time + float(inputs[self._run.duration][0])
        self._bind(inputs)
        self._set_clocks(inputs, stop)
        self._set_up()
        for population, event in list(self._events):
            if population not in self._run.objects:
                del self._events[population, event]
        self._queues = {
            (p.id, path.name): make_queue(self._model, self._state, p, path, clock.step, clock.dt)
            for p in self._model.populations
            for path in (p.ends.pathways if p.ends is not None else ())
            for clock in [self._clocks[path.clock]]
        }
        reached = self._loop(callback)
        self._keep_events()
        self._time = stop if reached is None else reached

    def _keep_events(self) -> None:
        """Events on their way outlive the run."""
        for (id, name), queue in self._queues.items():
            ends = self._model.population(id).ends
            assert ends is not None
            dt = self._clocks[ends.pathway(name).clock].dt
            self._state[f"{id}.{name}.pending"], self._state[f"{id}.{name}.due"] = queue.dump(dt)

    # -- setting up -----------------------------------------------------------------------------------------

    def _bind(self, inputs: Mapping[str, Array]) -> None:
        timed = {t.id: t for t in self._model.timed}
        for slot, given in self._run.bindings:
            if given in timed:
                t = timed[given]
                values = inputs[given].reshape((t.rows, t.columns) if t.columns else (t.rows,))
                self._timed[slot] = Timed(values, float(inputs[t.dt][0]), slot)
            else:
                self._params[slot] = inputs[given][0]

    def _set_clocks(self, inputs: Mapping[str, Array], stop: float) -> None:
        for name, given in self._run.clocks:
            clock, dt = self._clocks[name], float(inputs[given][0])
            first = first_step(self._time, dt)
            if clock.dt and clock.dt != dt and abs(self._time / dt - first) > 1e-4:
                raise SimulationError(
                    f"dt of {name} changes at a time that is no multiple of the new dt; end the run before it on "
                    "the new grid"
                )
            clock.before += clock.step - first
            clock.dt, clock.step, clock.end = dt, first, first_step(stop, dt)
            clock.t = first * dt

    def _set_up(self) -> None:
        """What is computed once per run."""
        self._constants.clear()
        for m in self._kernels.matrices:
            if m.population in self._run.objects:
                env = self._environment(self._model.population(m.population), {}, {})
                size = self._model.population(m.population).size if m.each else 1
                self._matrices[m.propagator.name] = _propagate(
                    m.propagator, env, self._dt(m.population), size
                )
        for c in self._kernels.constants:
            if c.population in self._run.objects:
                env = self._environment(self._model.population(c.population), {}, {})
                self._constants[c.name] = evaluate(c.expr, env)

        for id, indices, times, period in self._run.spikes:
            given = Spikes(self._inputs[indices], self._inputs[times], float(self._inputs[period][0]))
            self._generators[id] = given.binned(self._dt(id), self._model.population(id).size, id)

    def _dt(self, population: str) -> float:
        return self._clocks[self._model.population(population).clock].dt

    # -- the loop -------------------------------------------------------------------------------------------

    def _loop(self, callback: Callback) -> float | None:
        """Advance all clocks to their ends; the time reached if stopped before."""
        numbers = {id(k): n for n, k in enumerate(self._kernels.kernels)}
        work = [(numbers[id(k)], k, self._clocks[k.clock]) for k in self._kernels.in_order(self._run)]
        clocks = list(self._clocks.values())
        rounds = 0
        with np.errstate(all="ignore"):
            while True:
                active = [c for c in clocks if c.step < c.end]
                if not active:
                    return None
                now = min(c.t for c in active)
                finest = min(c.dt for c in clocks)
                if rounds % _EVERY == 0 and callback(POLL):
                    raise SimulationError("stopped by Python")
                rounds += 1
                ticking = [c for c in active if c.t - now <= 1e-4 * finest]
                for number, kernel, clock in work:
                    if any(clock is c for c in ticking):
                        began = perf_counter()
                        self._do_if_active(kernel, clock, callback)
                        self._seconds[number] += perf_counter() - began
                for c in ticking:
                    c.step += 1
                    c.t = c.step * c.dt
                if self._stopping:
                    return now + finest

    def _do_if_active(self, kernel: Kernel, clock: _Clock, callback: Callback) -> None:
        if self._active[kernel.owner]:
            self._do(kernel, clock, callback)
        elif kernel.kind in ("threshold", "generate"):
            self._events.pop((kernel.population, kernel.event), None)

    def _do(self, kernel: Kernel, clock: _Clock, callback: Callback) -> None:
        if kernel.kind == "callback":
            if callback([c.id for c in self._model.callbacks].index(kernel.owner)):
                raise SimulationError("stopped by Python")
            return
        population = self._model.population(kernel.population)
        if kernel.kind == "events":
            self._record_events(kernel, population, clock)
        elif kernel.kind == "rate":
            first, last = kernel.rows or (0, population.size)
            rate = len(self._events_within(kernel, population)) / (last - first) / clock.dt
            self._recorded.setdefault(f"{kernel.owner}.t", []).append(np.array([clock.t]))
            self._recorded.setdefault(f"{kernel.owner}.rate", []).append(np.array([rate]))
        elif kernel.kind == "states":
            self._record_states(kernel, population, clock)
        elif kernel.kind == "generate":
            neurons, bins, cycle = self._generators[population.id]
            now = clock.step % cycle if cycle else clock.step
            first, last = np.searchsorted(bins, (now, now + 1))
            self._events[population.id, kernel.event] = neurons[first:last].astype(np.int32)
        elif kernel.kind == "reset":
            events = self._last_events(population, kernel.event)
            if len(events):
                self._execute(kernel, population, clock, events)
        elif kernel.kind == "threshold":
            self._find_events(kernel, population, clock)
        elif kernel.kind == "pathway":
            self._deliver(kernel, population, clock)
        elif kernel.kind == "summed":
            self._sum(kernel, population, clock)
        elif kernel.kind == "held_shared":
            self._execute(kernel, population, clock, np.zeros(1, dtype=np.int64))
        elif kernel.kind in ("held", "update", "operation"):
            where = np.zeros(1, dtype=np.int64) if kernel.single else None
            self._execute(
                kernel, population, clock, where if kernel.rows is None else np.arange(*kernel.rows)
            )
        else:
            raise SimulationError(
                f"{kernel.owner}: the numpy target cannot do the code of a {kernel.kind!r}; use the compiled one, "
                "set_device('runtime', target='cpp')."
            )

    def _execute(self, kernel: Kernel, population: Population, clock: _Clock, where: Array | None) -> None:
        """Do a kernel's statements for all neurons, or for some."""
        env, local = self._kernel_environment(kernel, population, clock, where)
        self._before = self._overwritten(kernel)
        for s in kernel.body:
            value = evaluate(s.expr, env)
            if s.local:
                local[s.target] = value
            else:
                target = self._state[f"{population.id}.{s.target}"]
                target[slice(None) if where is None else where] = value

    def _deliver(self, kernel: Kernel, population: Population, clock: _Clock) -> None:
        """Events set off, and what those that arrive now do."""
        ends = population.ends
        assert ends is not None
        path = ends.pathway(kernel.event)
        span = self._model.span(ends.end(path.side))
        events = self._last_events(self._model.population(span.population), path.event)
        queue = self._queues[population.id, path.name]
        queue.push(clock.step, events[(events >= span.start) & (events < span.stop)] - span.start)
        for where in batches(queue.pop(clock.step), path.ordered):
            self._at_synapses(kernel, population, clock, where)

    def _at_synapses(self, kernel: Kernel, population: Population, clock: _Clock, where: Array) -> None:
        matrices: dict[str, tuple[Array, Array]] = {}
        local: dict[str, Any] = {"t": clock.t, "t_in_timesteps": clock.step}
        env = self._environment(population, local, matrices, where, clock)
        for s in kernel.scalars:
            local[s.target] = evaluate(s.expr, env)
        for s in kernel.body:
            if not matrices and reads_matrix(s):
                matrices |= {m.name: _propagate(m, env, clock.dt, len(where)) for m in kernel.matrices}
            value = evaluate(s.expr, env)
            if s.local:
                local[s.target] = value
            else:
                put(self._model, self._state, population, s, where, value, lambda e: evaluate(e, env))

    def _sum(self, kernel: Kernel, population: Population, clock: _Clock) -> None:
        """Add up an expression over the synapses of each neuron."""
        ends = population.ends
        assert ends is not None
        env, _ = self._kernel_environment(kernel, population, clock, None)
        variable, _, side = kernel.event.rpartition("_")
        span = self._model.span(ends.end(side))
        index = self._state[f"{population.id}.{INDEX[side]}"]
        values = np.broadcast_to(evaluate(kernel.body[0].expr, env), index.shape)
        size = size_of(self._model, self._state, ends.end(side))
        target = self._state[f"{span.population}.{variable}"][span.start : span.start + size]
        target[:] = 0
        np.add.at(target, index, values)

    def _size(self, population: Population) -> int:
        """Number of neurons or synapses."""
        return size_of(self._model, self._state, population.id)

    def _overwritten(self, kernel: Kernel) -> dict[str, Array]:
        """Copies of what a kernel both reads by index and writes: it reads what was there before."""
        return {id: self._state[id].copy() for id in kernel.overwritten()}

    def _array(self, id: str) -> Array:
        found: Array = self._before.get(id, self._state[id])
        return found

    def _kernel_environment(
        self, kernel: Kernel, population: Population, clock: _Clock, where: Array | None
    ) -> tuple[Environment, dict[str, Any]]:
        own = self._clocks[population.clock]
        local: dict[str, Any] = {"t": own.t, "t_in_timesteps": own.step}
        env = self._environment(population, local, {}, where, clock)
        for s in kernel.scalars:
            local[s.target] = evaluate(s.expr, env)
        matrices = {m.name: _propagate(m, env, clock.dt, self._size(population)) for m in kernel.matrices}
        return self._environment(population, local, matrices, where, clock), local

    def _last_events(self, population: Population, event: str) -> Array:
        return self._events.get((population.id, event), np.zeros(0, dtype=np.int32))

    def _events_within(self, kernel: Kernel, population: Population) -> Array:
        """Who had an event last of the neurons that a kernel is about."""
        events = self._last_events(population, kernel.event)
        if kernel.rows is None:
            return events
        first, last = kernel.rows
        return events[(events >= first) & (events < last)]

    def _find_events(self, kernel: Kernel, population: Population, clock: _Clock) -> None:
        env, _ = self._kernel_environment(kernel, population, clock, None)
        assert kernel.condition is not None
        condition = np.broadcast_to(evaluate(kernel.condition, env), (population.size,))
        events = np.flatnonzero(condition).astype(np.int32)
        self._events[population.id, kernel.event] = events
        if len(events) and kernel.body:
            bare = [Stmt(s.target, s.expr, s.local, s.dtype) for s in kernel.body]
            env, _ = self._kernel_environment(kernel, population, clock, events)
            for s in bare:
                self._state[f"{population.id}.{s.target}"][events] = evaluate(s.expr, env)

    def _record_events(self, kernel: Kernel, population: Population, clock: _Clock) -> None:
        events = self._events_within(kernel, population)
        self._state[f"{kernel.owner}.count"][events - (kernel.rows or (0,))[0]] += 1
        if len(events):
            env, _ = self._kernel_environment(kernel, population, clock, events)
            for s in kernel.body:
                value = np.broadcast_to(evaluate(s.expr, env), (len(events),))
                self._recorded.setdefault(f"{kernel.owner}.{s.target}", []).append(np.array(value))

    def _record_states(self, kernel: Kernel, population: Population, clock: _Clock) -> None:
        probe = self._model.probe(kernel.owner)
        first, last = kernel.rows or (0, self._size(population))
        rows: Any = slice(first, last) if probe.record == "all" else first + self._inputs[probe.record]
        env, _ = self._kernel_environment(kernel, population, clock, None)
        if probe.window:
            self._shorten(probe, clock.dt)
        self._recorded.setdefault(f"{probe.id}.t", []).append(np.array([clock.t]))
        shared = {v.name for v in population.variables if v.shared} | {"t", "dt", "N", "t_in_timesteps"}
        for s in kernel.body:
            value = np.asarray(evaluate(s.expr, env))
            if s.target in shared:
                chosen = value.reshape(-1)[:1]
            else:
                chosen = np.broadcast_to(value, (last,) if population.ends else (population.size,))[rows]
            given = self._model.type_of(population, s.target)
            assert given is not None
            single = any(v.name == s.target and v.single for v in population.variables)
            column = np.array(chosen, dtype=stored_as(given.dtype, single))
            self._recorded.setdefault(f"{probe.id}.{s.target}", []).append(column)

    def _shorten(self, probe: Probe, dt: float) -> None:
        """Let go of the oldest samples, once there are twice as many as are kept."""
        keep = samples(float(self._inputs[probe.window][0]), dt)
        for name in ("t", *probe.variables):
            parts = self._recorded.get(f"{probe.id}.{name}", [])
            if len(parts) >= 2 * keep:
                del parts[:-keep]

    def _environment(
        self,
        population: Population,
        local: Mapping[str, Any],
        matrices: Mapping[str, tuple[Array, Array]],
        where: Array | None = None,
        clock: _Clock | None = None,
    ) -> Environment:
        shared = {v.name for v in population.variables if v.shared}
        size = self._size(population)

        def variable(name: str) -> Any:
            if name in local:
                return local[name]
            if name != "dt" and population.ends is not None:
                return synaptic(self._model, self._state, population, name, where)
            if name == "i":
                return np.arange(population.size) if where is None else where
            if name == "N":
                return population.size
            if name == "dt":
                return self._dt(population.id)
            values = self._state[f"{population.id}.{name}"]
            if name in shared:
                return values[0]
            return values if where is None else values[where]

        def everywhere(given: Any) -> Any:
            if where is None or np.ndim(given) == 0:
                return given
            values = np.ones(size)
            values[where] = given
            return values

        def draw(node: Draw, *given: Any) -> Any:
            assert clock is not None
            args = [everywhere(x) for x in given]
            numbers = DRAWS[node.distribution](*args, size, self._seed, node.stream, clock.ticks)
            return numbers if where is None else numbers[where]

        def entry(node: MatrixEntry) -> Any:
            name, kind = node.matrix.rsplit(".", 1)
            pair = matrices[name] if name in matrices else self._matrices[name]
            values = pair[0 if kind == "P" else 1][..., node.row, node.column]
            return values[0] if len(values) == 1 else values

        return Environment(
            variable,
            self._params,
            self._timed,
            draw,
            self._constants,
            entry,
            {},
            self._functions,
            array=self._array,
            inputs=self._inputs,
        )


def _propagate(matrix: Propagator, env: Environment, dt: float, size: int) -> tuple[Array, Array]:
    """``exp(A dt)`` and the integral of ``exp(A s)`` over a step, for each neuron.

    Both are blocks of one exponential (Van Loan 1978), computed by scaling, a Taylor series and squaring.
    """
    d = matrix.order
    a = np.zeros((size, 2 * d, 2 * d))
    for k, expr in enumerate(matrix.entries):
        a[:, k // d, k % d] = evaluate(expr, env)
    a[:, range(d), range(d, 2 * d)] = 1.0
    a *= dt
    norm = float(np.abs(a).sum(axis=-1).max())
    halvings = max(0, math.ceil(math.log2(norm)) + 1) if norm > 0 and math.isfinite(norm) else 0
    a /= 2.0**halvings
    identity = np.eye(2 * d)
    result = np.broadcast_to(identity, a.shape)
    for k in range(18, 0, -1):
        result = identity + (a @ result) / k
    for _ in range(halvings):
        result = result @ result
    return result[:, :d, :d], result[:, :d, d:]
