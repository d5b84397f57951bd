"""How the hierarchy looks on disk: names of its groups, chunks, codec, and the making of arrays.

::

    x.zarr/                   attributes: the creator's, and under "spikefarm" format, id, owner, layout
      runs/                   the log, one row a run; a row counts only where its key is not all zero
        key (run, 32)         written last
        status, seed, wall_time, finished, host, error_span
        <fixed output> (run, ...)
        <ragged output>_span (run, 2)     its values are ragged/<output>[start:stop]
      ragged/
        error, <ragged output>
      sweeps/000001/          attributes: id, recorded, dims, axes, outputs, provenance
        key (cell, 32)        the run of every cell, in C order of dims
        <axis>
      results/                a published sweep: plain arrays over its axes
    x.zarr.lock               next to it, held for moments by whoever changes what the store consists of
    x.zarr.writers/           next to it, while somebody adds runs: who, and which runs each of them is at

Row-wise arrays are cut at `Layout.rows` rows, so that one batch owns whole files. Ragged values live in a
one-dimensional array of virtual addresses, of which slot *b* owns ``[b*span, (b+1)*span)``; only what is
written takes space.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .place import Place
from .schema import KEY_COLUMN, LOG_COLUMNS, SPAN_SUFFIX, Array, Column, StoreError

if TYPE_CHECKING:
    import zarr

FORMAT = 2
FIRST_SLOT = "first_slot"  # attribute of a column that was declared later than the store was made
ALL_WRITTEN = 2  # from this format on, files that hold nothing but fill values are written too
MARK = "spikefarm"
RUNS, RAGGED, SWEEPS, RESULTS = "runs", "ragged", "sweeps", "results"
RAGGED_LENGTH = 2**60
ROWS_PER_BATCH = 1024
_REMAINS = re.compile(rf"({RUNS}|{RAGGED})/[^/]+/\.?c(\.\d+)+(\..*partial)?")  # parts of arrays, no metadata


@dataclass(frozen=True)
class Layout:
    """Sizes that are fixed when a store is made.

    Parameters
    ----------
    rows : int
        Runs in a slot, the most that a batch can have.
    chunk_bytes : int
        About the size of the smallest part that can be read of a fixed-shape array.
    ragged_span : int
        Ragged values that a slot has addresses for.
    ragged_shard, ragged_chunk : int
        Ragged values in a file, and in the smallest part of it that can be read.
    """

    rows: int = ROWS_PER_BATCH
    chunk_bytes: int = 2**17
    ragged_span: int = 2**32
    ragged_shard: int = 2**20
    ragged_chunk: int = 2**14

    @property
    def max_slots(self) -> int:
        """How many slots there are addresses for."""
        return RAGGED_LENGTH // self.ragged_span

    def chunk_rows(self, row_bytes: int) -> int:
        """Return rows per chunk: the largest halving of `rows` that stays within `chunk_bytes`."""
        rows = self.rows
        while rows % 2 == 0 and rows * row_bytes > self.chunk_bytes:
            rows //= 2
        return rows


@contextmanager
def quiet_zarr() -> Iterator[None]:
    """Silence what zarr says of consolidated metadata, which is written knowingly."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        yield


def open_group(place: Place, mode: str = "r") -> zarr.Group:
    """Open the root as it is now, whatever the consolidated metadata says.

    Raises
    ------
    FileNotFoundError
        No Zarr group there.
    """
    import zarr

    return zarr.open_group(place.zarr(), mode=cast(Any, mode), use_consolidated=False)


def member(group: zarr.Group, name: str) -> zarr.Array[Any]:
    """Return an array of a group.

    Raises
    ------
    KeyError
        No array of that name.
    """
    import zarr

    found = group[name]
    if not isinstance(found, zarr.Array):
        raise KeyError(name)
    return found


def root_attrs(group: zarr.Group) -> dict[str, Any]:
    """Return what the store knows of itself, empty where the group is no store of ours."""
    mark = group.attrs.asdict().get(MARK)
    return dict(mark) if isinstance(mark, dict) else {}


def layout_of(attrs: dict[str, Any]) -> Layout:
    """Return the sizes that a store was made with."""
    return Layout(**attrs["layout"])


def layout_attrs(layout: Layout) -> dict[str, int]:
    """Return the sizes as JSON can hold them."""
    return asdict(layout)


def codec() -> Any:
    """Return the compressor: as quick as none on spike trains and traces, and a fifth to a third smaller.

    A checksum goes over what it made, so that no altered bit is ever read as a value.
    """
    from zarr.codecs import BloscCodec, Crc32cCodec

    return BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"), Crc32cCodec()


def eager(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """Return an array that writes files of nothing but fill values too, so that one that is lost is noticed."""
    return array.with_config({"write_empty_chunks": True})


def create_columns(root: zarr.Group, layout: Layout, columns: tuple[Column, ...], n_rows: int) -> None:
    """Make the arrays of new columns. A ragged one exists once its spans do, which are made last."""
    for column in columns:
        if column.ragged:
            _create_ragged(root, layout, column)
            column = _span_column(column)
        _create_rows(root, layout, column, n_rows)


def create_skeleton(place: Place, layout: Layout, attrs: dict[str, Any]) -> None:
    """Write a whole store without runs; what it is comes last, so that one that was cut off is known."""
    import zarr

    root = zarr.create_group(place.zarr(), zarr_format=3, attributes={MARK: {"unfinished": True}})
    for name, long_name in (
        (RUNS, "the log: one row a run; rows count where key is not all zero"),
        (RAGGED, "values of outputs whose length differs from run to run, found through runs/*_span"),
        (SWEEPS, "which runs make up which sweep, oldest first"),
    ):
        about = {
            "long_name": long_name,
            "store": attrs[MARK]["id"],
        }  # each tells whose it is: `Place.identity`
        root.create_group(name, attributes=about)
    create_columns(root, layout, (*LOG_COLUMNS, KEY_COLUMN), 0)
    root.attrs.put(attrs)
    consolidate(place)


def consolidate(place: Place) -> None:
    """Gather all metadata in the root, where plain xarray looks for it first.

    It is one file that appears by rename, so a reader who trusts it always sees arrays of equal length.
    """
    import zarr

    with quiet_zarr():
        zarr.consolidate_metadata(place.zarr())


def read_columns(root: zarr.Group) -> dict[str, Column]:
    """Return every column of the log, in the order of their names."""
    import zarr

    runs, ragged = root[RUNS], root[RAGGED]
    assert isinstance(runs, zarr.Group)
    assert isinstance(ragged, zarr.Group)
    values = dict(ragged.arrays())
    found: dict[str, Column] = {}
    for name, array in sorted(runs.arrays()):
        base = name.removesuffix(SPAN_SUFFIX)
        if base != name:
            found[base] = Column(base, values[base].dtype, ragged=True, attrs=_about(values[base]))
            continue
        dims = getattr(array.metadata, "dimension_names", None) or ()
        found[name] = Column(
            name, array.dtype, array.shape[1:], attrs=_about(array), dims=tuple(map(str, dims[1:]))
        )
    return found


def _about(array: zarr.Array[Any]) -> dict[str, Any]:
    return {name: value for name, value in array.attrs.asdict().items() if name != FIRST_SLOT}


def first_slot(array: zarr.Array[Any]) -> int:
    """Return the first slot whose batch has this column, if it is to have it: it was declared before."""
    return int(array.attrs.asdict().get(FIRST_SLOT, 0))  # type: ignore[arg-type]


def _span_column(column: Column) -> Column:
    return Column(
        column.name + SPAN_SUFFIX,
        np.dtype("i8"),
        (2,),
        attrs={
            "long_name": f"where a run's values start and stop in {RAGGED}/{column.name}",
            "values": f"{RAGGED}/{column.name}",
        },
        dims=("start_stop",),
    )


def _create_rows(root: zarr.Group, layout: Layout, column: Column, n_rows: int) -> None:
    slot_shape = (layout.rows, *(max(n, 1) for n in column.shape))
    chunk_shape = (layout.chunk_rows(column.row_bytes), *slot_shape[1:])
    _create(
        root,
        f"{RUNS}/{column.name}",
        column,
        shape=(n_rows, *column.shape),
        chunks=chunk_shape,
        shards=None if chunk_shape == slot_shape else slot_shape,
        dimension_names=("run", *column.dims),
        first=n_rows // layout.rows,
    )


def _create_ragged(root: zarr.Group, layout: Layout, column: Column) -> None:
    _create(
        root,
        f"{RAGGED}/{column.name}",
        column,
        shape=(RAGGED_LENGTH,),
        chunks=(layout.ragged_chunk,),
        shards=(layout.ragged_shard,),
        dimension_names=(f"{column.name}_value",),
    )


def _create(root: zarr.Group, path: str, column: Column, first: int = 0, **how: Any) -> None:
    # What is there can only be left from a declaration that was cut off, hence overwrite. Keys such as
    # c.7.0 instead of c/7/0 spare a folder per slot.
    root.create_array(
        path,
        dtype=column.dtype,
        fill_value=column.fill_value,
        compressors=codec(),
        attributes=dict(column.attrs) | ({FIRST_SLOT: first} if first else {}),
        chunk_key_encoding={"name": "default", "separator": "."},
        overwrite=True,
        **how,
    )


def resize_rows(root: zarr.Group, n_rows: int) -> None:
    """Give every row-wise array `n_rows` rows. The key array comes last: it says how many there are."""
    import zarr

    runs = root[RUNS]
    assert isinstance(runs, zarr.Group)
    arrays = dict(runs.arrays())
    for name in sorted(arrays, key=lambda n: n == KEY_COLUMN.name):
        array = arrays[name]
        if array.shape[0] != n_rows:
            array.resize((n_rows, *array.shape[1:]))


def count_rows(root: zarr.Group) -> int:
    """Return how many rows were ever handed out: the longest array, should a resize have been cut off."""
    import zarr

    runs = root[RUNS]
    assert isinstance(runs, zarr.Group)
    return max(array.shape[0] for _, array in runs.arrays())


def written_slots(place: Place) -> list[int]:
    """Return the slots that have keys, sorted, at the price of listing one folder."""
    parts = (name.split(".") for name in place.names(f"{RUNS}/{KEY_COLUMN.name}"))
    return sorted(int(p[1]) for p in parts if len(p) == 3 and p[0] == "c" and p[1].isdigit())


def read_slots(array: zarr.Array[Any], rows: int, slots: list[int]) -> Iterator[tuple[int, Array]]:
    """Yield the first row and the values of each stretch of neighbouring slots."""
    start = 0
    for i in range(1, len(slots) + 1):
        if i == len(slots) or slots[i] != slots[i - 1] + 1:
            first, stop = slots[start] * rows, (slots[i - 1] + 1) * rows
            yield first, cast(Array, array[first:stop])
            start = i


def require_store(place: Place) -> dict[str, Any]:
    """Return what the store at a place knows of itself.

    Raises
    ------
    StoreError
        Nothing there, something else there, or a store of a later format.
    """
    if place.problem():
        raise StoreError(place.problem())
    if not place.exists():
        raise StoreError(
            f"there is no store at {place}: give the path of one, or run a sweep that writes to it"
        )
    try:
        attrs = root_attrs(open_group(place))
    except (FileNotFoundError, ValueError, KeyError, TypeError) as err:
        if set(place.names()) <= {RUNS, RAGGED, SWEEPS, RESULTS}:
            raise StoreError(
                f"{place} has parts of a store but no zarr.json: is it what is left of one that was deleted while "
                "somebody wrote to it? Delete it, or choose another path"
            ) from err
        raise StoreError(f"{place} is a folder but not a store of runs: choose another path") from err
    if not attrs:
        raise StoreError(f"{place} is a Zarr hierarchy, but not a store of runs: choose another path")
    if attrs.get("unfinished"):
        raise StoreError(f"the store {place} was never finished: run a sweep that writes to it")
    if attrs["format"] > FORMAT:
        raise StoreError(
            f"the store {place} has format {attrs['format']}, this version reads up to {FORMAT}: "
            "update spikefarm to open it"
        )
    return attrs


def is_free(place: Place) -> bool:
    """Whether a store can be made there.

    There is nothing, an empty folder, a store whose making was cut off, or what workers wrote after a store had
    been deleted under their hands.
    """
    if place.problem():
        return False
    names = place.names()
    if not names:
        return True
    try:
        return bool(root_attrs(open_group(place)).get("unfinished"))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return set(names) <= {RUNS, RAGGED} and all(_REMAINS.fullmatch(key) for key in place.sizes())
