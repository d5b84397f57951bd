"""Outputs that are added later: what the store has of a run is taken from there, and only the rest is made.

A run is known by its outputs too, so another set of outputs means other runs. But where an earlier sweep of the same
model has an output of the same name and function, it is copied; a function that looks only at what was stored whole
is applied to that; and only for what remains the run is done again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ..store import layout as disk
from ..store.files import Files
from ..store.gather import gather_ragged, gather_rows
from ..store.log import RunLog
from ..store.place import Place
from ..store.schema import DONE, SPAN_SUFFIX, Column
from . import adapters
from .adapters import Simulation
from .fingerprint import FingerprintError
from .keys import Array, run_keys
from .outputs import Computed, Output, Outputs, Stored, identity_of
from .space import Space
from .study import Study
from .values import Value
from .work import Executor, SimulationWork, Work
from .worker import Points

ROWS = "rows of the store"  # beside a point's inputs, whose names have no blanks

Runs = NDArray[np.int64]


@final
@dataclass(frozen=True)
class RowedPoints:
    """Points of a space, each with the rows of the store that have something of it.

    Parameters
    ----------
    space : Space
    rows : int64 array, shape (cells, sources)
    """

    space: Space
    rows: Array

    def point(self, run: int) -> dict[str, Any]:
        """Return the inputs, and the rows."""
        return {**self.space.point(run), ROWS: self.rows[run]}


@final
@dataclass(frozen=True)
class Piece:
    """Runs of a sweep that are made in one way.

    Parameters
    ----------
    work : Work
    points : Points
    runs : int64 array
    simulates : bool
        Whether they are done again, rather than put together from what is there.
    """

    work: Work
    points: Points
    runs: Runs
    simulates: bool = True


@dataclass(frozen=True)
class Source:
    """An earlier set of outputs of the same model.

    Parameters
    ----------
    identities : frozenset of bytes
        Of its outputs.
    fields : mapping from field to column
        What it stored whole.
    rows : int64 array, shape (cells,)
        Where each run of the sweep is, -1 where it is not.
    """

    identities: frozenset[bytes]
    fields: Mapping[str, str]
    rows: Runs


def pieces(study: Study, store: RunLog, todo: Runs) -> list[Piece]:
    """Say how runs are to be made."""
    whole = Piece(study.work, study.space.packed(), todo)
    if not isinstance(study.work, SimulationWork) or not len(todo):
        return [whole]
    found = _sources(study, study.work, store)
    if not found:
        return [whole]
    columns = store.columns()
    made: list[Piece] = []
    # One bit a source: runs that have the same sources are made in the same way.
    have = np.sum(
        [(source.rows[todo] >= 0).astype(np.int64) << i for i, source in enumerate(found[:60])], axis=0
    )
    for pattern in sorted(np.unique(have).tolist(), reverse=True):  # those that have been done before first
        runs = todo[have == pattern]
        mine = [source for i, source in enumerate(found[:60]) if pattern >> i & 1]
        if mine:
            assert store.place is not None  # where these earlier sweeps are
            made.append(_piece(study, study.work, store.place, mine, columns, runs))
        else:
            made.append(Piece(whole.work, whole.points, runs))
    return made


def _sources(study: Study, work: SimulationWork, store: RunLog) -> list[Source]:
    """Return what earlier sweeps of the same model have of these runs."""
    contexts: dict[str, Mapping[str, Any]] = {}
    for sweep in reversed(store.sweeps()):
        about: Mapping[str, Any] = sweep.provenance
        if "items" in about and about.get("context") != study.context.hex():
            contexts.setdefault(str(about["context"]), about)
    completed = store.completed() if contexts else None
    found: list[Source] = []
    for context, about in contexts.items():
        identities = frozenset(bytes.fromhex(item["identity"]) for item in about["items"])
        if completed is None or work.context(identity_of(sorted(identities))).hex() != context:
            continue  # another model, or other numerics
        fields = {f: column for item in about["items"] for f, column in item.get("fields", {}).items()}
        if not fields and not identities & {item.identity() for item in work.outputs.items}:
            continue
        keys = run_keys(bytes.fromhex(context), study.points, study.seeds)
        rows, status = completed.find(keys)
        rows = np.where((status == DONE) & study.space.is_run, rows, -1)
        if (rows >= 0).any():
            found.append(Source(identities, fields, rows))
    return found


def _piece(
    study: Study,
    work: SimulationWork,
    place: Place,
    sources: list[Source],
    columns: Mapping[str, Column],
    runs: Runs,
) -> Piece:
    """Sort the outputs into those that are copied, those that are computed and those that are simulated."""
    fields: dict[str, tuple[int, Column]] = {}
    copied: dict[str, tuple[int, Column]] = {}
    rest: list[Output] = []
    for i, source in reversed(list(enumerate(sources))):
        fields |= {f: (i, columns[c]) for f, c in source.fields.items() if c in columns}
    for item in work.outputs.items:
        having = [i for i, s in enumerate(sources) if item.identity() in s.identities]
        if having and all(name in columns for name in item.names):
            copied |= {name: (having[0], columns[name]) for name in item.names}
        else:
            rest.append(item)
    rows = np.stack([source.rows for source in sources], axis=1)
    derived = [item for item in rest if _can_derive(item, work.simulation, place, fields, rows[runs[0]])]
    simulated = [item for item in rest if item not in derived]
    made = ReuseWork(
        work.simulation,
        place,
        copied,
        fields,
        Outputs(tuple(derived)),
        Outputs(tuple(simulated)),
        work.outputs.names,
    )
    return Piece(made, RowedPoints(study.space.packed(), rows), runs, bool(simulated))


def _can_derive(
    item: Output, simulation: Simulation, place: Place, fields: Mapping[str, tuple[int, Column]], rows: Runs
) -> bool:
    """Whether an output looks only at what was stored whole, by trying it on one run."""
    reader = RowReader(place)
    try:
        if isinstance(item, Stored):
            return all(field in fields for field, *_ in item.fields)
        assert isinstance(item, Computed)
        item.function(_results(simulation, reader, fields, rows))
    except adapters.not_stored_error():
        return False
    except (KeyError, FingerprintError):
        return False
    except Exception:
        return True  # the function's own trouble, which it would have with a run too
    return True


def _results(
    simulation: Simulation, reader: RowReader, fields: Mapping[str, tuple[int, Column]], rows: Runs
) -> adapters.Results:
    def get(name: str) -> Array:
        source, column = fields[name]
        return reader.read(column, int(rows[source]))

    return simulation.results_of(get)


@final
class RowReader:
    """Reads single rows of a store; arrays are opened once."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._root: Any = None
        self._arrays: dict[str, Any] = {}
        self._files: dict[str, Files] = {}
        self._layout: disk.Layout | None = None  # where lost files can be noticed

    def read(self, column: Column, row: int) -> Array:
        """Return one run's value of a column."""
        where = np.array([row])
        if not column.ragged:
            return np.asarray(self._rows(f"{disk.RUNS}/{column.name}", where)[0])
        spans = self._rows(f"{disk.RUNS}/{column.name}{SPAN_SUFFIX}", where)
        path = f"{disk.RAGGED}/{column.name}"
        values = self._array(path)
        if self._layout is not None:
            self._files_of(path, self._layout.ragged_shard, 0).require_spans(spans)
        return gather_ragged(values, spans)[0]

    def _rows(self, path: str, where: Runs) -> Array:
        array = self._array(path)
        values = gather_rows(array, where)
        if self._layout is not None:
            files = self._files_of(path, self._layout.rows, disk.first_slot(array))
            files.require(where, values, array.fill_value)
        return values

    def _files_of(self, path: str, each: int, first: int) -> Files:
        return self._files.setdefault(path, Files(self.place, path, each, first))

    def _array(self, path: str) -> Any:
        if path not in self._arrays:
            if self._root is None:
                self._root = disk.open_group(self.place)
                attrs = disk.root_attrs(self._root)
                self._layout = disk.layout_of(attrs) if attrs["format"] >= disk.ALL_WRITTEN else None
            self._arrays[path] = disk.member(self._root, path)
        return self._arrays[path]


@final
@dataclass(frozen=True)
class ReuseWork(Work):
    """Runs that are put together from what the store has and what it lacks.

    Parameters
    ----------
    simulation : Simulation
    place : Place
        Of the store.
    copied : mapping from column to (source, column)
    fields : mapping from field to (source, column)
        What was stored whole.
    derived, simulated : Outputs
        Computed from `fields`; made by doing the run again.
    names : tuple of str
        All columns in order.
    """

    simulation: Simulation
    place: Place
    copied: Mapping[str, tuple[int, Column]]
    fields: Mapping[str, tuple[int, Column]]
    derived: Outputs
    simulated: Outputs
    names: tuple[str, ...] = field(default=())

    @property
    def holds_interpreter(self) -> bool:
        """Whether most of the time goes into Python functions."""
        return False

    def executor(self) -> Executor:
        """Return what puts runs together."""
        return _ReuseExecutor(self)


@final
class _ReuseExecutor(Executor):
    def __init__(self, work: ReuseWork) -> None:
        self.work, self.reader = work, RowReader(work.place)
        simulates = SimulationWork(work.simulation, work.simulated)
        self.inner = simulates.executor() if work.simulated.items else None

    def start(self) -> None:
        if self.inner is not None:
            self.inner.start()

    @property
    def lanes(self) -> int:
        return 1 if self.inner is None else self.inner.lanes

    def kind(self, point: Mapping[str, Any]) -> Hashable:
        return None if self.inner is None else self.inner.kind(point)

    def run(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        made = {} if self.inner is None else self.inner.run(_inputs(point), seed, time_limit)
        return self._put_together(point, made)

    def run_together(
        self, points: Sequence[Mapping[str, Any]], seeds: Sequence[int], time_limit: float | None
    ) -> list[dict[str, Value] | Exception]:
        if self.inner is None:
            return super().run_together(points, seeds, time_limit)
        made = self.inner.run_together([_inputs(point) for point in points], seeds, time_limit)
        pairs = zip(points, made, strict=True)
        return [m if isinstance(m, Exception) else self._put_together(p, m) for p, m in pairs]

    def _put_together(self, point: Mapping[str, Any], made: Mapping[str, Value]) -> dict[str, Value]:
        work, rows = self.work, point[ROWS]
        found = {
            name: Value(
                self.reader.read(column, int(rows[source])), column.ragged, str(column.attrs.get("units", ""))
            )
            for name, (source, column) in work.copied.items()
        }
        found |= work.derived.evaluate(_results(work.simulation, self.reader, work.fields, rows))
        found |= made
        return {name: found[name] for name in work.names}

    def close(self) -> None:
        if self.inner is not None:
            self.inner.close()


def _inputs(point: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in point.items() if name != ROWS}


def to_simulate(found: Sequence[Piece]) -> int:
    """Return how many runs are done again."""
    return sum(len(piece.runs) for piece in found if piece.simulates)
