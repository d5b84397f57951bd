"""A Simulation: one Model with its base values, and how user-facing keys become inputs."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..core.connections import PER_SYNAPSE
from ..core.dimensions import DIMENSIONLESS
from ..core.equations import NON_NEGATIVE
from ..core.freeze import SEED, Frozen
from ..core.infer import unit_of
from ..core.model import Input, Model, Run
from ..core.results import ArrayField, Layout, Read, Results, exported_read
from ..core.timedarray import TimedArray
from ..core.units import get_dimensions
from ..core.variables import VariableView
from .base import Array, Backend, Build, Machine, Parcel, Runner

STEP_SECONDS, NEURON_SECONDS = 2e-7, 2e-8  # of a time step, and of a neuron in it
_OVERRIDE = ":override"
_NAMED = ("constant", "dt", "duration")
_WHOLE = ("timed_array", "table", "spikes", "connections")  # arrays that a single value cannot stand for


class RunArgumentError(ValueError):
    """A run argument that a simulation does not have, or a value that it cannot take."""


@dataclass(frozen=True)
class Simulation:
    """What the farm sends to a worker: frozen and picklable.

    Parameters
    ----------
    frozen : Frozen
        Model, values of its inputs, seeds and names.
    backend : Backend
        The device that builds and runs it.
    """

    frozen: Frozen
    backend: Backend

    def __repr__(self) -> str:
        return f"<Simulation: {self.describe()}>"

    @property
    def model(self) -> Model:
        """The Model."""
        return self.frozen.model

    @property
    def model_hash(self) -> str:
        """Identity of the Model."""
        return self.model.hash

    @property
    def numerics(self) -> str:
        """What enters a run's key besides the Model and the inputs."""
        return self.backend.numerics()

    @property
    def base(self) -> Mapping[str, Array]:
        """Values of all inputs but the seed, in base SI units."""
        return self.frozen.values

    # -- keys and values ----------------------------------------------------------------------------------

    def resolve(self, key: Any, value: Any) -> dict[str, Array]:
        """Turn one run argument into inputs.

        Parameters
        ----------
        key : VariableView, TimedArray or str
            A group's variable, a TimedArray, or the name of a constant (or ``'group.variable'``).
        value : number, quantity or array
            What it is to be.

        Raises
        ------
        RunArgumentError
            Naming the key, the value, what would be accepted.
        """
        inputs = self._inputs(key)
        result = {}
        for item in inputs:
            result[item.id] = _checked(self.qualified_label(key), item, value, self._shape(key, item))
            if item.id in self._non_negative and (result[item.id] < 0).any():
                raise RunArgumentError(
                    f"{self.qualified_label(key)!r} cannot be negative, but {value!r:.80} is."
                )
        return result

    def resolve_each(self, key: Any, values: Any) -> dict[str, Array]:
        """Turn many single values of one key into inputs, as `resolve` does with each.

        Parameters
        ----------
        key : VariableView or str
            As for `resolve`.
        values : array or Quantity, shape (n,)

        Returns
        -------
        dict from input to array, shape (n, 1)

        Raises
        ------
        RunArgumentError
            One of them is refused, or the key takes arrays.
        """
        result = {}
        for item in self._inputs(key):
            if item.kind in _WHOLE:
                raise RunArgumentError(f"{self.qualified_label(key)!r} takes no single values.")
            array = _checked(self.qualified_label(key), item, values, (len(values),))
            if item.id in self._non_negative and (array < 0).any():
                raise RunArgumentError(f"{self.qualified_label(key)!r} cannot be negative, but a value is.")
            result[item.id] = array.reshape(-1, 1)
        return result

    def resolve_all(self, run_args: Mapping[Any, Any]) -> dict[str, Array]:
        """Turn run arguments into inputs; every problem is reported at once."""
        if not isinstance(run_args, Mapping):
            raise RunArgumentError(
                f"run_args must be a dictionary, not {type(run_args).__name__} {run_args!r:.60}."
            )
        result: dict[str, Array] = {}
        problems = []
        for key, value in run_args.items():
            try:
                for id, array in self.resolve(key, value).items():
                    if id in result:
                        problems.append(
                            f"{self.qualified_label(key)!r} is given twice, under different keys."
                        )
                    result[id] = array
            except RunArgumentError as error:
                problems.append(str(error))
        if problems:
            raise RunArgumentError("\n".join(problems))
        return result

    def _inputs(self, key: Any) -> list[Input]:
        if isinstance(key, VariableView):
            if not key.whole:
                raise RunArgumentError(
                    f"{key.label!r} cannot be a run argument: they set a variable of the whole group, so give "
                    f"{key.group.name}.{key.name} with a value for each neuron."
                )
            return self._of_variable(key.group.name, key.name)
        if isinstance(key, TimedArray):
            return self._of_timed_array(key)
        if isinstance(key, str):
            return self._of_name(key)
        raise RunArgumentError(
            f"{key!r:.80} cannot be a run argument; use a group's variable (group.v), a TimedArray or the name of "
            "a constant."
        )

    def _of_variable(self, group: str, variable: str) -> list[Input]:
        bare = f"{self.frozen.names.get(group, group)}.{variable}"
        found = [i for i in self.model.inputs if i.id == f"{bare}{_OVERRIDE}"]
        found = found or [i for i in self.model.inputs if i.id == bare and i.kind == "connections"]
        if not found:
            own = [i.name.split(".", 1)[1] for i in self._overrides(group)]
            raise RunArgumentError(
                f"{group}.{variable} cannot be set by a run argument; "
                + (
                    f"of {group!r} these can: {', '.join(own)}."
                    if own
                    else f"{group!r} is no group that runs."
                )
            )
        return found

    def _overrides(self, group: str) -> list[Input]:
        prefix = f"{self.frozen.names.get(group, group)}."
        return [i for i in self.model.inputs if i.kind == "override" and i.id.startswith(prefix)]

    def _of_timed_array(self, key: TimedArray) -> list[Input]:
        for id, array in self.frozen.timed.items():
            if array is key:
                return [i for i in self.model.inputs if i.id == id]
        known = ", ".join(self.frozen.timed) or "none"
        raise RunArgumentError(f"{key!r} is not used by the simulation; its TimedArrays: {known}.")

    def _of_name(self, key: str) -> list[Input]:
        exact = [i for i in self.model.inputs if i.id == key and i.kind in (*_NAMED, *_WHOLE)]
        found = [i for i in self.model.inputs if i.name == key and i.kind in _NAMED] or exact
        if found:
            values = {self.base[i.id].astype(float).tobytes() for i in found}
            if len(values) > 1:
                ids = ", ".join(repr(i.id) for i in found)
                raise RunArgumentError(
                    f"{key!r} has different values in different parts of the script; name one of them: {ids}."
                )
            return found
        group, _, variable = key.partition(".")
        if variable:
            return self._of_variable(group, variable)
        names = sorted({i.name for i in self.model.inputs if i.kind in (*_NAMED, "spikes", "override")})
        close = difflib.get_close_matches(key, names, n=3)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise RunArgumentError(
            f"{key!r} is no constant of the simulation.{hint} These can be set: {', '.join(names)}."
        )

    @cached_property
    def _non_negative(self) -> frozenset[str]:
        """Ids of overrides that take no negative values."""
        return frozenset(
            f"{p.id}.{v.name}{_OVERRIDE}"
            for p in self.model.populations
            for v in p.variables
            if NON_NEGATIVE in v.flags
        )

    def _shape(self, key: Any, item: Input) -> tuple[int, ...]:
        for timed in self.model.timed:
            if timed.id == item.id:
                return (timed.rows, timed.columns) if timed.columns else (timed.rows,)
        return () if item.kind in _NAMED else (item.size,)

    # -- labels -------------------------------------------------------------------------------------------

    def label(self, key: Any) -> str:
        """Short name of a key, such as ``'v0'``."""
        return self.qualified_label(key).rsplit(".", 1)[-1]

    def qualified_label(self, key: Any) -> str:
        """Full name of a key, such as ``'group.v0'``."""
        if isinstance(key, VariableView):
            return key.label
        if isinstance(key, TimedArray):
            return self._of_timed_array(key)[0].name
        return str(key)

    def unit(self, key: Any) -> str:
        """Base SI unit of a key's values; ``'1'`` for plain numbers."""
        return unit_of(self._inputs(key)[0].dim)

    def magnitude(self, key: Any, value: Any) -> Any:
        """A value as plain number or array in base SI units, after the checks of `resolve`."""
        (first, *_) = self.resolve(key, value).values()
        return first[0].item() if np.ndim(value) == 0 else np.asarray(value)

    # -- seeds --------------------------------------------------------------------------------------------

    def seed_inputs(self, seed: int) -> dict[str, Array]:
        """Inputs that make a run use one master seed, whatever ``seed()`` calls the script contains.

        The entry of each ``seed()`` call is derived from the master seed by hashing.
        """
        entries = [seed] + [_derived(seed, k) for k in range(1, len(self.frozen.seeds))]
        return {SEED: np.array(entries, dtype=np.uint64)}

    def script_seeds(self, fallback: int) -> dict[str, Array]:
        """Inputs for a run as the script says: its ``seed()`` values, and the fallback where it has none."""
        entries = [_derived(fallback, k) if s is None else s for k, s in enumerate(self.frozen.seeds)]
        return {SEED: np.array(entries, dtype=np.uint64)}

    # -- builds and results ---------------------------------------------------------------------------------

    def built(self) -> bool:
        """Whether this machine has the build already."""
        return self.backend.find(self.model) is not None

    def build(self) -> Build:
        """The build, compiled now if need be."""
        return self.backend.build(self.model)

    def pack(self) -> Parcel | None:
        """The build as something that can travel, if this machine has it."""
        return self.backend.pack(self.model)

    def machine(self) -> Machine | None:
        """What this machine is like; None where builds do not travel."""
        return self.backend.machine()

    def without_values(self) -> Simulation:
        """The same without the values of its inputs: enough for building, and light to send."""
        return replace(self, frozen=replace(self.frozen, values={}))

    def runner(self) -> Runner:
        """A runner with the base values set."""
        runner = self.backend.runner(self.build())
        runner.set_base({**self.base, **self.seed_inputs(0)})
        return runner

    @cached_property
    def layout(self) -> Layout:
        """What can be read of a run."""
        records = {p.id: self.base[p.record] for p in self.model.probes if p.record not in ("all", "")}
        return Layout(self.model, self.frozen.names, records)

    def results(self, read: Read) -> Results:
        """Results of a run under the script's names, read lazily."""
        return Results(self.layout, read)

    def results_of(self, get: Callable[[str], Array]) -> Results:
        """Results of a run of which arrays were stored whole, under the names of `arrays`.

        Looking at anything else raises `core.results.NotStoredError`.
        """
        return Results(self.layout, exported_read(self.layout, get))

    def arrays(self, spec: str) -> Mapping[str, ArrayField]:
        """What storing a monitor or a variable means."""
        return self.layout.arrays(spec)

    def describe(self) -> str:
        """One line for people."""
        groups = ", ".join(f"{p.id} ({p.size})" for p in self.model.populations)
        return f"model {self.model_hash[:12]} of {groups} on {self.backend.name}"

    def why_alone(self) -> str:
        """Why runs cannot go through the time loop together; empty if they can."""
        return self.backend.why_alone(self.model)

    def advised_lanes(self) -> int:
        """How many runs are best taken through the time loop together."""
        return self.backend.advised_lanes(self.model)

    def in_lanes(self, lanes: int) -> Simulation:
        """The same simulation, whose runner takes so many runs through the time loop together."""
        return replace(self, backend=self.backend.in_lanes(lanes))

    def guessed_seconds(self) -> float:
        """How long a run may take, to an order of magnitude: by the number of steps and neurons."""
        neurons = sum(max(p.size, 0) for p in self.model.populations)
        seconds = 0.0
        for step in self.model.program:
            if isinstance(step, Run):
                dts = [float(self.base[dt][0]) for _, dt in step.clocks]
                steps = float(self.base[step.duration][0]) / min(dts) if dts else 0.0
                seconds += steps * (STEP_SECONDS + neurons * NEURON_SECONDS)
        return seconds

    def provenance(self) -> dict[str, str]:
        """What the numbers depend on, for the record."""
        return {"model_hash": self.model_hash, "model": self.model.dump(), **self.backend.provenance()}


def _derived(seed: int, index: int) -> int:
    if index == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _checked(label: str, item: Input, value: Any, shape: tuple[int, ...]) -> Array:
    """A value as the array an input takes."""
    given = get_dimensions(value) if not isinstance(value, str | bytes) else DIMENSIONLESS
    shown = f"{value!r:.80}"
    try:
        array = np.asarray(value.values() if isinstance(value, VariableView) else value)
    except (ValueError, TypeError) as error:
        raise RunArgumentError(f"{label!r}: {shown} is no array of numbers ({error}).") from None
    if array.dtype.kind not in "iufb":
        raise RunArgumentError(
            f"{label!r}: {shown} is no number; give numbers with units of {unit_of(item.dim)}."
        )
    if given != item.dim:
        raise RunArgumentError(
            f"{label!r} has units of {unit_of(item.dim)}, but {shown} has units of {unit_of(given)}."
        )
    single_ok = item.kind not in _WHOLE
    of_synapses = shape == (PER_SYNAPSE,) and array.ndim == 1
    if array.shape != shape and not of_synapses and not (single_ok and array.size == 1 and array.ndim <= 1):
        want = "a single value" if shape in ((), (1,)) else f"an array of shape {shape}"
        if shape == (PER_SYNAPSE,):
            want = "an array with one value for each synapse"
        also = " or a single value" if single_ok and shape not in ((), (1,)) else ""
        raise RunArgumentError(f"{label!r} takes {want}{also}, but the shape given is {array.shape}.")
    _check_numbers(label, item, array, shown)
    return np.ascontiguousarray(array.reshape(-1), dtype=item.dtype)


def _check_numbers(label: str, item: Input, array: Array, shown: str) -> None:
    if array.dtype.kind == "f":
        bad = np.isnan(array) if item.kind == "override" else ~np.isfinite(array)
        if bad.any():
            what = "NaN" if np.isnan(array).any() else "infinite"
            raise RunArgumentError(
                f"{label!r}: {shown} is {what} in {int(bad.sum())} place(s); give finite numbers."
            )
    if item.dtype != "float64" and array.dtype.kind == "f" and (array != np.floor(array)).any():
        raise RunArgumentError(f"{label!r} takes whole numbers, but {shown} is none.")
    if item.dtype == "bool" and not np.isin(array, (0, 1)).all():
        raise RunArgumentError(f"{label!r} takes truth values, but {shown} is none.")
    if (item.kind in ("dt", "duration") and (array < 0).any()) or (item.kind == "dt" and (array == 0).any()):
        raise RunArgumentError(
            f"{label!r}: {shown} is no {'time step' if item.kind == 'dt' else 'duration'}."
        )
    if item.dtype == "int32" and array.size and (np.abs(array.astype(float)) > 2**31 - 1).any():
        raise RunArgumentError(f"{label!r}: {shown} does not fit into 32 bits.")
