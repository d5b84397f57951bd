"""A sweep as a store remembers it, ready to be done again: its design, repeats and seed, and what it ran."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..store.place import PathLike
from ..store.runstore import RunStore
from ..store.sweeps import Axis, RecordedSweep, SweepDefinition, find_sweep
from . import adapters
from .adapters import Simulation
from .axes import Design, Grid, Product, SweepError, Zip, refuse
from .keys import Array, array_digest
from .outputs import Computed, Outputs, Stored
from .space import REPEAT

SHORT = 64  # values of an input that are recorded as they are; of longer ones only a digest


@dataclass(frozen=True)
class Recorded:
    """A sweep that a store knows of.

    Parameters
    ----------
    design : design
        Over the full names of the keys.
    repeats, seed : int
        As they were given.
    name : str
        Under which the store has it.
    provenance : mapping
        What was recorded of how its runs came about.
    """

    design: Design
    repeats: int
    seed: int
    name: str
    provenance: Mapping[str, Any]


def recorded_sweep(store: PathLike, sweep: str | None = None) -> Recorded:
    """Return a sweep of a store as something that can be done again.

    Parameters
    ----------
    store : path
    sweep : str, optional
        Its name; the latest by default.

    Returns
    -------
    Recorded
        ``Sweep.from_store`` takes it from here; for an experiment, give ``design``, ``repeats`` and ``seed`` to
        its ``sweep()``.

    Raises
    ------
    StoreError
        No such store or sweep.
    SweepError
        An axis has values that are neither numbers nor text, which a store only describes.
    """
    found = RunStore.open(store)
    which = find_sweep(found.place, sweep)
    definition, keys = which.read(found.place)
    problems: list[str] = []
    parts = [_along(dim, which, definition, problems) for dim in definition.dims if dim != REPEAT]
    refuse(f"sweep {which.id!r} of {store}", problems)
    repeats = definition.dims.get(REPEAT, 1)
    design: Design = Product(tuple(parts))
    shape = tuple(n for dim, n in definition.dims.items() if dim != REPEAT)
    there = np.asarray(keys.reshape(*shape, repeats, -1).any(axis=(-1, -2)))
    if not there.all():
        design = _only(design, there)
    return Recorded(design, repeats, int(which.provenance["seed"]), which.id, which.provenance)


def _only(design: Design, there: Array) -> Design:
    return design.where(lambda **_: there)


def _along(dim: str, which: RecordedSweep, definition: SweepDefinition, problems: list[str]) -> Design:
    keys: Mapping[str, Any] = which.provenance["keys"]
    named = {axis.name: axis for axis in definition.axes if axis.dim == dim}
    values: dict[str, Any] = {}
    for label, about in keys.items():
        axis = named.get(f"{label}_values") or named.get(label)
        if axis is None:
            continue
        if about["described"]:
            problems.append(f"axis {label!r}: its values are neither numbers nor text; give them anew")
        values[about["key"]] = _values(axis, about["dimension"])
    own = keys.get(dim)
    return Grid(values) if own is not None and len(values) == 1 else Zip(values, name=dim)


def _values(axis: Axis, dimension: str) -> Any:
    if axis.values.dtype.kind not in "biufc":
        return axis.values.tolist()
    return (
        [adapters.with_dimension(v, dimension) for v in axis.values]
        if axis.values.ndim > 1
        else (adapters.with_dimension(axis.values, dimension))
    )


# -- what is recorded ---------------------------------------------------------------------------------------


def record_of_inputs(simulation: Simulation) -> dict[str, Any]:
    """Return the values of the inputs that are the same in all runs unless an axis says otherwise."""
    return {
        "inputs": {
            name: {
                "digest": array_digest(name, value).hex()[:16],
                **({"value": value.tolist()} if value.size <= SHORT and np.isfinite(value).all() else {}),
            }
            for name, value in simulation.base.items()
        }
    }


def record_of_outputs(outputs: Outputs) -> dict[str, Any]:
    """Return what was wanted of each run, in the user's words."""
    return {
        "wanted": {
            " ".join(item.names): source_of(item.function) if isinstance(item, Computed) else "stored"
            for item in outputs.items
        },
        "items": [
            {
                "identity": item.identity().hex(),
                **({"fields": {f[0]: f[1] for f in item.fields}} if isinstance(item, Stored) else {}),
            }
            for item in outputs.items
        ],
    }


def source_of(function: Callable[..., Any]) -> str:
    """Return the text of a function, empty where nobody knows it."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def differences(recorded: Recorded, simulation: Simulation) -> Iterator[str]:
    """Yield in what a simulation differs from the one that was recorded, in words."""
    about = recorded.provenance
    if about.get("model_hash") != simulation.model_hash:
        yield (
            f"its model is {about.get('model_hash')!s:.12}, that of the script is {simulation.model_hash:.12}: "
            "declare the model that the attribute 'model' of its results tells"
        )
        return
    if about.get("numerics") != simulation.numerics:
        yield f"its numerics are {about.get('numerics')!r}, these are {simulation.numerics!r}"
    now = record_of_inputs(simulation)["inputs"]
    for name, then in about["inputs"].items():
        if name in now and now[name]["digest"] != then["digest"]:
            value = f" {then['value']}" if "value" in then else ""
            yield f"the input {name!r} had another value{value}; give it that in the script"


def checked(recorded: Recorded, simulation: Simulation) -> Recorded:
    """Return a recorded sweep if a simulation is what it ran.

    Raises
    ------
    SweepError
        Tells all differences.
    """
    if "inputs" not in recorded.provenance:
        raise SweepError(
            f"{recorded.name!r} is a sweep of an experiment; use recorded_sweep() and its sweep()"
        )
    refuse(f"sweep {recorded.name!r} of the store", list(differences(recorded, simulation)))
    return recorded
