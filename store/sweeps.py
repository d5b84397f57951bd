"""Which runs make up which sweep: axes, and the key of every cell."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .place import Place
from .schema import KEY_BYTES, KEY_COLUMN, RESERVED_NAMES, Array, Column, StoreError, valid_name

if TYPE_CHECKING:
    import zarr

KEYS_PER_CHUNK = 2**15


@dataclass(frozen=True)
class Axis:
    """One coordinate of a sweep.

    Parameters
    ----------
    name : str
        What a user calls it. Where it is also the name of a dimension, it labels that dimension.
    dim : str
        The dimension that it runs along; coordinates zipped together share one.
    values : array, shape (n,) or (n, ...)
        Numbers, booleans or text. Only a coordinate that is not named as its dimension may have more than
        one dimension.
    attrs : mapping
        ``units`` (base SI), ``long_name`` and the like.
    """

    name: str
    dim: str
    values: Array
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.dtype.kind in "OT" and all(isinstance(v, str) for v in values.flat):
            values = np.array(values.tolist(), np.str_).reshape(values.shape)
        object.__setattr__(self, "values", values)

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions of `values`."""
        return (self.dim, *(f"{self.name}_{i}" for i in range(self.values.ndim - 1)))


@dataclass(frozen=True)
class SweepDefinition:
    """The shape of a sweep.

    Parameters
    ----------
    dims : mapping from name to int
        Lengths of the dimensions, in order.
    axes : tuple of Axis
        A dimension may have any number of them, or none.
    outputs : tuple of str
        The columns that these runs fill.
    """

    dims: Mapping[str, int]
    axes: tuple[Axis, ...]
    outputs: tuple[str, ...]

    def problems(self, n_keys: int, columns: Mapping[str, Column]) -> Iterator[str]:
        """Yield what is wrong with this definition, in words, for so many runs and these columns."""
        axes = [axis.name for axis in self.axes]
        taken = [*axes, *(dim for dim in self.dims if dim not in axes), *self.outputs]
        for name in dict.fromkeys(taken):
            if not valid_name(name):
                yield f"{name!r} cannot name a part of a sweep: use letters, digits, '_', '.' and '-'"
            if name in RESERVED_NAMES:
                yield f"{name!r} is a name that the store itself uses: rename it"
        for name, count in Counter(taken).items():
            if count > 1:
                yield f"{name!r} names {count} things: axes, dimensions and outputs need names of their own"
        for axis in self.axes:
            yield from self._axis_problems(axis)
        for dim, length in self.dims.items():
            if length < 1:
                yield f"dimension {dim!r} has length {length}: it needs at least one value"
        if prod(self.dims.values()) != n_keys:
            n_cells = prod(self.dims.values())
            yield f"dimensions {dict(self.dims)} make {n_cells} runs, there are {n_keys} keys"
        for column in (columns[name] for name in self.outputs if name in columns):
            for dim in {*column.dims} & {*axes, *self.dims}:
                yield f"{dim!r} is a dimension of output {column.name!r} and part of the sweep: rename one"

    def _axis_problems(self, axis: Axis) -> Iterator[str]:
        length = self.dims.get(axis.dim)
        if length is None:
            yield f"axis {axis.name!r} runs along {axis.dim!r}, which is none of {list(self.dims)}"
        elif axis.values.shape[:1] != (length,):
            yield f"axis {axis.name!r} has shape {axis.values.shape}, its dimension has length {length}"
        if axis.name in self.dims and (axis.name != axis.dim or axis.values.ndim != 1):
            yield f"axis {axis.name!r} is named as a dimension: it must be one-dimensional, along it"
        if axis.values.dtype.kind not in "biufcU":
            yield f"axis {axis.name!r} has dtype {axis.values.dtype}: use numbers, booleans or text"


@dataclass(frozen=True)
class RecordedSweep:
    """A sweep that a store knows of.

    Parameters
    ----------
    id : str
    recorded : str
        When, in UTC.
    provenance : dict
        What the recorder said of how the runs came about.
    dims : dict from name to int
    outputs : tuple of str
    group : str
        Where it lies in the hierarchy.
    """

    id: str
    recorded: str
    provenance: dict[str, Any]
    dims: dict[str, int]
    outputs: tuple[str, ...]
    group: str

    def read(self, place: Place) -> tuple[SweepDefinition, NDArray[np.uint8]]:
        """Return the definition and the key of every cell, shape (n_runs, 32), cells in C order."""
        import zarr

        group = disk.open_group(place)[self.group]
        assert isinstance(group, zarr.Group)
        axes = tuple(_read_axis(disk.member(group, name)) for name in _attrs(group)["axes"])
        keys = np.asarray(disk.member(group, KEY_COLUMN.name)[:], np.uint8)
        return SweepDefinition(self.dims, axes, self.outputs), keys


def list_sweeps(place: Place) -> list[RecordedSweep]:
    """Return the sweeps of a store, the latest last."""
    import zarr

    parent = disk.open_group(place)[disk.SWEEPS]
    assert isinstance(parent, zarr.Group)
    latest: dict[str, RecordedSweep] = {}
    for name, group in sorted(parent.groups()):
        attrs = _attrs(group)
        if "id" not in attrs:
            continue  # being written
        # A sweep that was recorded again is there twice for a moment.
        latest.pop(attrs["id"], None)
        latest[attrs["id"]] = RecordedSweep(
            attrs["id"],
            attrs["recorded"],
            attrs["provenance"],
            {dim: int(n) for dim, n in attrs["dims"]},
            tuple(attrs["outputs"]),
            f"{disk.SWEEPS}/{name}",
        )
    return list(latest.values())


def _attrs(group: zarr.Group) -> dict[str, Any]:
    return dict(group.attrs.asdict())


def find_sweep(place: Place, sweep: str | None) -> RecordedSweep:
    """Return the sweep of that id, or the latest.

    Raises
    ------
    StoreError
        None of that id, or none at all.
    """
    known = list_sweeps(place)
    if not known:
        raise StoreError(f"the store {place} has no sweep yet: run one that writes to it")
    for found in reversed(known):
        if sweep in (None, found.id):
            return found
    ids = ", ".join(repr(found.id) for found in known)
    raise StoreError(f"the store {place} has no sweep {sweep!r}: it has {ids}")


def write_sweep(
    place: Place, sweep_id: str, definition: SweepDefinition, keys: Array, provenance: Mapping[str, Any]
) -> None:
    """Write a sweep as a Zarr group of its own. What it is comes last: until then it does not count."""
    import zarr

    group = zarr.create_group(place.zarr(), zarr_format=3)
    for axis in definition.axes:
        _write_axis(group, axis)
    stored = group.create_array(
        KEY_COLUMN.name,
        shape=(len(keys), KEY_BYTES),
        chunks=(min(len(keys), KEYS_PER_CHUNK), KEY_BYTES),
        dtype="uint8",
        dimension_names=("cell", "key_byte"),
        attributes={"long_name": "key of the run in each cell of the sweep, in C order of its dimensions"},
    )
    stored[:] = keys
    group.attrs.put(
        {
            "id": sweep_id,
            "recorded": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "dims": [[dim, int(n)] for dim, n in definition.dims.items()],
            "axes": [axis.name for axis in definition.axes],
            "outputs": list(definition.outputs),
            "provenance": dict(provenance),
        }
    )


def _write_axis(group: zarr.Group, axis: Axis) -> None:
    # Zarr's own type for text is of variable length; numpy's has no Zarr v3 specification.
    text = axis.values.dtype.kind == "U"
    array = group.create_array(
        axis.name,
        shape=axis.values.shape,
        chunks=tuple(max(n, 1) for n in axis.values.shape),
        dtype="str" if text else axis.values.dtype,
        dimension_names=axis.dims,
        attributes=dict(axis.attrs),
    )
    array[...] = axis.values.astype(object) if text else axis.values


def _read_axis(array: zarr.Array[Any]) -> Axis:
    dims = getattr(array.metadata, "dimension_names", None) or ("",)
    return Axis(array.basename, str(dims[0]), np.asarray(array[...]), array.attrs.asdict())


def next_group(place: Place) -> str:
    """Return the folder for the next sweep; later ones sort behind."""
    numbers = [int(name) for name in place.names(disk.SWEEPS) if name.isdigit()]
    return f"{disk.SWEEPS}/{max(numbers, default=0) + 1:06d}"
