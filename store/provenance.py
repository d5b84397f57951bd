"""How the runs of a sweep came about, as a store has it, for people."""

from __future__ import annotations

import json
from typing import Any

from . import layout as disk
from .place import PathLike, place_of
from .sweeps import find_sweep

LAST = ("script_text", "model")  # long texts


class Provenance(dict[str, Any]):
    """What is known of a sweep, by name; prints readably."""

    def __str__(self) -> str:
        short = {name: value for name, value in self.items() if name not in LAST}
        width = max(map(len, short), default=0)
        lines = [f"{name:{width}}  {_text(value)}" for name, value in sorted(short.items())]
        for name in LAST:
            if self.get(name):
                lines += ["", f"{name}:", str(self[name])]
        return "\n".join(lines)


def read_provenance(path: PathLike, sweep: str | None = None) -> Provenance:
    """Return how the runs of a sweep came about: script, repository, versions, environment, compiler, seeds.

    Parameters
    ----------
    path : path or URL
        The store.
    sweep : str, optional
        Which sweep; the latest by default.

    Returns
    -------
    Provenance
        A dict. Print it.

    Raises
    ------
    StoreError
        No such store or sweep.
    """
    place = place_of(path)
    disk.require_store(place)
    found = find_sweep(place, sweep)
    return Provenance({**found.provenance, "sweep": found.id, "recorded": found.recorded})


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    return value if isinstance(value, str) else json.dumps(value)
