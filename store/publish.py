"""A copy of a sweep for those who have only zarr or xarray: plain arrays over its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import layout as disk
from .gather import gather_rows
from .place import Place
from .results import ragged_to_contiguous
from .schema import RESERVED_NAMES, SPAN_SUFFIX
from .sweeps import RecordedSweep

if TYPE_CHECKING:
    import xarray as xr

CHUNK_BYTES = 16 * 2**20
TEXT_BYTES = 256  # what Python needs for a text on its way


def write_results(target: Place, place: Place, sweep: RecordedSweep, limit: int) -> dict[str, str]:
    """Write the copy as a Zarr group of its own at `target`; return what was left out of it, and why."""
    from .lazy import open_sweep

    dataset, rows = open_sweep(place, sweep)
    sizes = _sizes(place, dataset, rows[rows >= 0])
    del rows
    left_out = {
        name: f"{size} bytes are more than {limit}: read {disk.RUNS}/{name}* and {disk.RAGGED}/{name}"
        for name, size in sizes.items()
        if size > limit
    }
    dataset = dataset.drop_vars(list(left_out))
    for name, variable in dataset.data_vars.items():
        if variable.dtype == object and name not in RESERVED_NAMES:
            dataset = _flatten(dataset, str(name))
    if left_out:
        dataset.attrs["left_out"] = [f"{name}: {why}" for name, why in left_out.items()]
    dataset.attrs |= {"group": sweep.group, "slots": len(disk.written_slots(place))}
    _write(dataset, target)
    return left_out


def is_current(place: Place, sweep: RecordedSweep) -> bool:
    """Whether the copy is one of this sweep, and nothing was written to the log since."""
    import zarr

    try:
        group = disk.open_group(place)[disk.RESULTS]
    except KeyError:
        return False
    attrs = group.attrs.asdict() if isinstance(group, zarr.Group) else {}
    told = (attrs.get("group"), attrs.get("slots"))
    return told == (sweep.group, len(disk.written_slots(place)))


def _sizes(place: Place, dataset: xr.Dataset, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return the bytes of every variable, without reading values, from the rows of the runs that are there."""
    root = disk.open_group(place)
    columns = disk.read_columns(root)

    def size(name: str, variable: xr.DataArray) -> int:
        if not columns[name].ragged:
            return int(variable.nbytes)
        spans = gather_rows(disk.member(root, f"{disk.RUNS}/{name}{SPAN_SUFFIX}"), rows)
        itemsize = disk.member(root, f"{disk.RAGGED}/{name}").dtype.itemsize
        return int((spans[:, 1] - spans[:, 0]).sum()) * itemsize

    return {str(name): size(str(name), variable) for name, variable in dataset.data_vars.items()}


def _flatten(dataset: xr.Dataset, name: str) -> xr.Dataset:
    """Put a ragged output as one flat array, with where each run's values start and how many there are."""
    ragged = dataset[name]
    values, offsets = ragged_to_contiguous(ragged)
    shape = ragged.shape
    about = {"long_name": f"first value of a run in {name}"}
    count = {"long_name": f"number of values of a run in {name}", "sample_dimension": f"{name}_value"}
    return dataset.drop_vars(name).assign(
        {
            name: ((f"{name}_value",), values, ragged.attrs),
            f"{name}_start": (ragged.dims, offsets[:-1].reshape(shape), about),
            f"{name}_size": (ragged.dims, np.diff(offsets).reshape(shape), count),
        }
    )


def _write(dataset: xr.Dataset, target: Place) -> None:
    # Text is written as Zarr's own type of variable length; numpy's has no Zarr v3 specification.
    import zarr

    # Nothing is loaded beforehand: variables are read and written one after the other.
    dataset = dataset.assign_coords(
        {n: c.astype(object) for n, c in dataset.coords.items() if c.dtype.kind == "U"}
    )
    encoding = {
        name: {
            "chunks": _chunks(
                variable.shape, TEXT_BYTES if variable.dtype == object else variable.dtype.itemsize
            )
        }
        for name, variable in dataset.variables.items()
        if variable.ndim
    }
    with disk.quiet_zarr(), zarr.config.set({"async.concurrency": 2}):  # that many chunks are in memory
        dataset.to_zarr(target.zarr(), zarr_format=3, consolidated=True, encoding=encoding)


def _chunks(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Halve the longest dimension until a chunk is small enough."""
    chunk: NDArray[Any] = np.maximum(np.array(shape, np.int64), 1)
    while chunk.prod() * itemsize > CHUNK_BYTES and chunk.max() > 1:
        longest = int(chunk.argmax())
        chunk[longest] = -(-chunk[longest] // 2)
    return tuple(int(n) for n in chunk)
