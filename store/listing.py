"""Which stores lie side by side in a folder or under a URL, and what is in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import layout as disk
from .completed import read_completed
from .place import PathLike, Place, place_of
from .schema import FAILED, StoreError
from .sweeps import list_sweeps

SHOWN = 40


@dataclass(frozen=True)
class Entry:
    """One store.

    Parameters
    ----------
    path : str
    owner : str
        Whose runs these are: a model or a function.
    created, recorded : str
        When it was made, and when a sweep was last recorded (UTC; empty if none was).
    sweeps : tuple of str
        Names of the sweeps, the latest last.
    runs, failed : int
    size : int
        Bytes.
    """

    path: str
    owner: str
    created: str
    recorded: str
    sweeps: tuple[str, ...]
    runs: int
    failed: int
    size: int


class Catalogue(tuple[Entry, ...]):
    """Stores, in the order of their names; prints as a table."""

    __slots__ = ()

    def __str__(self) -> str:
        if not self:
            return "no stores"
        head = f"{'runs':>9} {'failed':>7} {'sweeps':>7} {'MB':>9}  {'recorded':20}  store"
        lines = [
            f"{e.runs:9} {e.failed:7} {len(e.sweeps):7} {e.size / 1e6:9.1f}  {e.recorded or '-':20}  {e.path}"
            f"  ({e.owner[:SHOWN]})"
            for e in self
        ]
        return "\n".join([head, *lines])


def catalogue(folder: PathLike) -> Catalogue:
    """Return what stores there are in a folder, or in the folders in it.

    Parameters
    ----------
    folder : path or URL
        A folder of stores, or a store.

    Returns
    -------
    Catalogue
        A tuple of `Entry`. Print it.
    """
    return Catalogue(_entries(place_of(folder), depth=2))


def _entries(place: Place, depth: int) -> Iterator[Entry]:
    names = place.names()
    if "zarr.json" in names:
        found = _entry(place)
        if found is not None:
            yield found
        return
    if depth:
        for name in names:
            if ".aside-" not in name:
                yield from _entries(place.below(name), depth - 1)


def _entry(place: Place) -> Entry | None:
    try:
        attrs: dict[str, Any] = disk.require_store(place)
    except StoreError:
        return None  # another Zarr hierarchy
    sweeps, done = list_sweeps(place), read_completed(place)
    return Entry(
        str(place),
        attrs["owner"],
        attrs["created"],
        sweeps[-1].recorded if sweeps else "",
        tuple(sweep.id for sweep in sweeps),
        len(done),
        int(np.count_nonzero(done.status == FAILED)),
        sum(place.sizes().values()),
    )
