"""A task farm: any function over any items, each value computed once and kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import numpy as np

from ..core.preferences import prefs
from ..store.place import PathLike, place_of
from ..store.rows import read_ragged
from ..store.runstore import RunStore
from ..store.schema import DONE, FAILED, Array
from . import adapters
from .axes import SweepError, refuse
from .calls import CallWork, seeded
from .codec import CodecError, decode, encode
from .execute import complete
from .fingerprint import fingerprint
from .keys import as_words, digest
from .live import report
from .options import Options
from .space import Keyed, Space, Steps
from .study import Study, check_counts
from .values import OutputError, Value

if TYPE_CHECKING:
    from distributed import Client

OWNER = "tasks"
COLUMNS = ("function", "item", "value")


@final
class DataManager:
    """Values of functions, kept in a store: one for each function and item.

    Any number of processes and machines may add to one manager at the same time.

    Parameters
    ----------
    path : path or URL
        Of the store; it is made when something is written.
    """

    def __init__(self, path: PathLike) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"DataManager({str(self.path)!r})"

    def items(self, function: Callable[..., Any] | None = None) -> list[tuple[Any, Any]]:
        """Return pairs of item and value, in the order in which they were written.

        Parameters
        ----------
        function : callable, optional
            Only what this function has given, as its code is now.
        """
        rows = self._rows(DONE, function)
        items = [decode(blob) for blob in self._column("item", rows)]
        return list(zip(items, (decode(blob) for blob in self._column("value", rows)), strict=True))

    def values(self, function: Callable[..., Any] | None = None) -> list[Any]:
        """Return the values alone; see `items`."""
        return [value for _, value in self.items(function)]

    def itemcount(self, function: Callable[..., Any] | None = None) -> int:
        """Return how many values there are; see `items`."""
        return len(self._rows(DONE, function))

    def __len__(self) -> int:
        return self.itemcount()

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.items())

    def failures(self) -> list[str]:
        """Return the messages of tasks that failed."""
        return [blob.decode("utf-8", "replace") for blob in self._column("error", self._rows(FAILED, None))]

    def _store(self) -> RunStore | None:
        place = place_of(self.path)
        return RunStore.create_or_open(place, OWNER) if place.exists() else None

    def _rows(self, status: int, function: Callable[..., Any] | None) -> Array:
        """Return rows of the log, the earliest first."""
        store = self._store()
        if store is None:
            return np.empty(0, np.int64)
        found = store.completed()
        rows = np.sort(found.rows[found.status == status])
        if function is not None:
            own = fingerprint(function)
            rows = rows[[blob == own for blob in self._column("function", rows)]]
        return rows

    def _column(self, name: str, rows: Array) -> list[bytes]:
        store = self._store()
        if store is None or not len(rows):
            return []
        return [part.tobytes() for part in read_ragged(store.place, name, rows)]


def run_tasks(
    dataman: DataManager,
    function: Callable[..., Any],
    items: Iterable[Any],
    client: Client | str | None = None,
    workers: int | None = None,
    seed: int | None = None,
    progress: bool | None = None,
    retry_failed: bool = False,
    time_limit: Any = None,
) -> list[Any]:
    """Call a function for each item, except where the manager has the value; return all values.

    Parameters
    ----------
    dataman : DataManager
        Where values are kept.
    function : callable
        Of one item; what it returns is kept: numbers, text, arrays, quantities, and tuples, lists, sets and
        dicts of these. If it has an argument ``report``, that is a function to be given to ``run(...,
        report=report)``, or called as ``report(elapsed, fraction)``, which shows on the dashboard. It may
        declare and run models: each call has a session of its own on the runtime device, and random numbers
        that depend on `seed` and the item.
    items : iterable
        Anything that can be pickled. A value is known by the function's code, what that refers to, the item
        and the seed.
    client, workers, progress, retry_failed
        As for `Sweep.run`.
    seed : int, optional
        Master seed, 0 if not given.
    time_limit : float or Quantity, optional
        Seconds of wall time for one item. A call that takes longer has failed, and is ended: with a limit, each
        thread of a worker calls the function in a process of its own.

    Returns
    -------
    list
        The values in the order of the items; None where the function failed (see `DataManager.failures`).

    Raises
    ------
    SweepError
        A function or an item that cannot be told apart from others; nothing ran.
    RunsFailedError
        Not one of the items that were tried first succeeded.
    """
    listed = list(items)
    if not listed:
        return []
    study = _study(function, listed, 0 if seed is None else seed)
    options = Options.of(
        store=dataman.path,
        client=client,
        workers=workers,
        progress=progress,
        retry_failed=retry_failed,
        time_limit=time_limit,
        publish=False,
    )
    complete(study, options)
    store = RunStore.open(place_of(dataman.path))
    rows, status = store.find(study.keys)
    values: list[Any] = [None] * len(listed)
    done = np.flatnonzero(status == DONE)
    for place, part in zip(done.tolist(), read_ragged(store.place, "value", rows[done]), strict=True):
        values[place] = decode(part.tobytes())
    return values


def _study(function: Callable[..., Any], items: list[Any], seed: int) -> Study:
    problems = check_counts(1, seed)
    if not callable(function):
        problems.append(f"{function!r:.60} is no function; give one that takes an item")
    refuse("run_tasks", problems)
    try:
        identity = fingerprint(function)
        words = as_words(item_digest(item) for item in items)
    except Exception as error:
        raise SweepError(f"run_tasks: {error}") from error
    keyed = Keyed("task", "", "", "", np.arange(len(items)), {"item": items}, words)
    name = getattr(function, "__qualname__", type(function).__name__)
    numerics = adapters.session_numerics()
    return Study(
        name="",
        subject=f"function {name}",
        owner=OWNER,
        space=Space((Steps("task", (keyed,), len(items)),)),
        work=TaskWork(function, identity),
        base={},
        context=digest(b"task 1", identity, numerics.encode()),
        master=seed,
        outputs=COLUMNS,
        provenance={"numerics": numerics, "function": name},
        errors="DataManager.failures() tells their errors",
    )


def item_digest(item: Any) -> bytes:
    """Return what stands for an item, by joblib's hash of it."""
    import joblib

    return digest(str(joblib.hash(_with_units(item), hash_name="sha1")).encode())


def _with_units(item: Any) -> Any:
    """Make units something that joblib sees; it looks at the values of arrays only."""
    if isinstance(item, np.ndarray):
        array, dimension = adapters.split(item)
        return (
            ("quantity", np.ascontiguousarray(array), dimension) if dimension else np.ascontiguousarray(array)
        )
    if type(item) in (list, tuple):
        return type(item)(_with_units(part) for part in item)
    if type(item) is dict:
        return {_with_units(key): _with_units(value) for key, value in item.items()}
    return item


@final
@dataclass(frozen=True)
class TaskWork(CallWork):
    """Calls of a function of one item. The user's preferences travel along. A limit is that of the call."""

    function: Callable[..., Any]
    identity: bytes
    preferences: Mapping[str, Any] = field(default_factory=prefs.changed)

    def call(self, point: Mapping[str, Any], seed: int, time_limit: float | None) -> dict[str, Value]:
        item, extra = point["item"], {"report": report} if _takes_report(self.function) else {}
        with seeded(seed), prefs.override(self.preferences), adapters.running_session(seed):
            found = self.function(item, **extra)
        try:
            value = encode(found)
        except CodecError as error:
            raise OutputError(f"the function returned something else: {error}") from None
        try:
            kept = encode(item)
        except CodecError:
            kept = encode(repr(item))
        return {"function": _bytes(self.identity), "item": _bytes(kept), "value": _bytes(value)}


def _takes_report(function: Callable[..., Any]) -> bool:
    try:
        return "report" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions tell nothing of themselves
        return False


def _bytes(blob: bytes) -> Value:
    return Value(np.frombuffer(blob, np.uint8), True, "")
