"""What the store is told and what it tells: columns, slots, batches, receipts. Frozen data, numpy only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

KEY_BYTES = 32
MISSING, DONE, FAILED, EXCLUDED = 0, 1, 2, 3
STATUS_MEANINGS = "missing done failed excluded"
NO_ATTRS: Mapping[str, Any] = MappingProxyType({})

_NAME = re.compile(r"[^\W\d][\w.\-]*")
_DTYPES = frozenset("?bBhHiIlLqQefdFD")
SPAN_SUFFIX = "_span"


def valid_name(name: str) -> bool:
    """Whether something in the store can be called so: it becomes the name of a folder."""
    return bool(_NAME.fullmatch(name))


class StoreError(RuntimeError):
    """The store cannot do what it was asked to; nothing was written."""


class OwnerError(StoreError):
    """The store belongs to somebody else."""


class LockedError(StoreError):
    """Another process writes to the store."""


@dataclass(frozen=True)
class Column:
    """One output that runs may have: a fixed-shape array, or a one-dimensional one whose length varies.

    Parameters
    ----------
    name : str
        A letter or underscore, then letters, digits, ``_``, ``.`` and ``-``.
    dtype : dtype-like
        A boolean, integer, float or complex type of at most 8 bytes a component.
    shape : tuple of int
        Shape of one run's value; ``()`` for a scalar and for a ragged column.
    ragged : bool
        Whether each run has a one-dimensional array of its own length.
    attrs : mapping
        What a reader is told: ``units`` (base SI) and ``long_name``, and anything else JSON can hold.
    dims : tuple of str
        Names of the dimensions in `shape`; by default ``name_0``, ``name_1``, ...
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()
    ragged: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)
    dims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", np.dtype(self.dtype).newbyteorder("="))
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        dims = tuple(self.dims) or tuple(f"{self.name}_{i}" for i in range(len(self.shape)))
        object.__setattr__(self, "dims", dims)

    @property
    def fill_value(self) -> Any:
        """What a row that was never written reads as: NaN where the type has it, else zero."""
        return self.dtype.type(np.nan if self.dtype.kind in "fc" else 0)

    @property
    def row_bytes(self) -> int:
        """Bytes that one run takes, uncompressed (0 for a ragged column)."""
        return 0 if self.ragged else int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    def describe(self) -> str:
        """One line for people, e.g. ``float64 (1000,) in V``."""
        extent = "ragged" if self.ragged else str(self.shape)
        units = self.attrs.get("units")
        return f"{self.dtype} {extent}" + (f" in {units}" if units else "")

    def matches(self, other: Column) -> bool:
        """Whether rows of both can live in one array; names of dimensions and descriptions may differ."""
        mine = (self.dtype, self.shape, self.ragged, self.attrs.get("units"))
        return mine == (other.dtype, other.shape, other.ragged, other.attrs.get("units"))

    def problems(self) -> list[str]:
        """Return what is wrong with this column, in words; empty when nothing is."""
        found = []
        if not valid_name(self.name) or self.name.endswith(SPAN_SUFFIX):
            found.append(
                f"{self.name!r} cannot name a column: start with a letter or '_', go on with letters, "
                f"digits, '_', '.' or '-', and do not end in '{SPAN_SUFFIX}'"
            )
        if self.dtype.char not in _DTYPES:
            found.append(
                f"column {self.name!r} has dtype {self.dtype}: store numbers or booleans of at most 8 bytes "
                "(16 for complex)"
            )
        if self.ragged and self.shape:
            found.append(
                f"column {self.name!r} is ragged and has shape {self.shape}: a ragged column holds "
                "one-dimensional arrays, give it shape ()"
            )
        if any(n < 0 for n in self.shape):
            found.append(f"column {self.name!r} has a negative length in shape {self.shape}")
        if len(self.dims) != len(self.shape) or len(set(self.dims)) != len(self.dims):
            found.append(
                f"column {self.name!r} has dims {self.dims} for shape {self.shape}: name each dimension once"
            )
        return found


# The log that is kept of every run. They are columns as any other, so one mechanism serves both.
LOG_COLUMNS = (
    Column(
        "status",
        np.dtype("u1"),
        attrs={
            "long_name": "what became of the run",
            "flag_values": [MISSING, DONE, FAILED, EXCLUDED],
            "flag_meanings": STATUS_MEANINGS,
        },
    ),
    Column("seed", np.dtype("u8"), attrs={"long_name": "seed of the run's random numbers"}),
    Column("wall_time", np.dtype("f8"), attrs={"long_name": "time the run took", "units": "s"}),
    Column(
        "finished",
        np.dtype("f8"),
        attrs={"long_name": "when the run's batch was written", "units": "seconds since 1970-01-01"},
    ),
    Column(
        "host",
        np.dtype("u1"),
        (64,),
        attrs={"long_name": "machine that wrote the run, UTF-8 ending in zeros"},
        dims=("host_byte",),
    ),
    Column("error", np.dtype("u1"), ragged=True, attrs={"long_name": "why the run failed, UTF-8"}),
)
KEY_COLUMN = Column(
    "key",
    np.dtype("u1"),
    (KEY_BYTES,),
    attrs={"long_name": "identity of the run; a row counts only where it is not all zero"},
    dims=("key_byte",),
)
RESERVED_NAMES = frozenset(c.name for c in (*LOG_COLUMNS, KEY_COLUMN))


@dataclass(frozen=True)
class Slot:
    """Rows that belong to one batch alone, whole chunks of every array.

    Parameters
    ----------
    index : int
        Place among the slots of the store.
    rows : int
        How many runs fit.
    store : str
        Identity of the store that gave the slot.
    """

    index: int
    rows: int
    store: str

    @property
    def start(self) -> int:
        """First row."""
        return self.index * self.rows

    @property
    def stop(self) -> int:
        """One past the last row."""
        return self.start + self.rows


@dataclass(frozen=True)
class BatchRecords:
    """What a batch of `n` runs came to.

    Parameters
    ----------
    keys : uint8 array, shape (n, 32)
        Identity of each run, never all zero.
    status : uint8 array, shape (n,)
        `DONE` or `FAILED`.
    seeds : uint64 array, shape (n,)
    wall_times : float64 array, shape (n,)
        Seconds.
    errors : sequence of n str
        Why a run failed, ``''`` for the others.
    fixed : mapping from name to array, shape (n, ...)
    ragged : mapping from name to sequence of n one-dimensional arrays
        What a failed run gives is not stored, neither here nor in `fixed`.
    """

    keys: NDArray[np.uint8]
    status: NDArray[np.uint8]
    seeds: NDArray[np.uint64]
    wall_times: NDArray[np.float64]
    errors: Sequence[str]
    fixed: Mapping[str, Array] = field(default_factory=dict)
    ragged: Mapping[str, Sequence[Array]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class Receipt:
    """What a worker hands back for a batch that is safely on disk.

    Parameters
    ----------
    slot : int
        Index of the slot.
    n_done, n_failed : int
        Runs of the batch by status.
    host : str
        Machine that wrote.
    finished : float
        When, in seconds since 1970.
    written : bool
        False when these very runs were in the slot already, so that there was nothing to write.
    """

    slot: int
    n_done: int
    n_failed: int
    host: str
    finished: float
    written: bool
