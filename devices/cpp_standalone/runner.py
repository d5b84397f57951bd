"""Runs of a compiled model in a resident process."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ..base import Array, Build, InputSpec, Runner, SimulationError
from . import protocol
from .cache import mark_used
from .host import HostProcess

_SMALL = 2**16  # bytes of an output that is brought along unasked


class HostRunner(Runner):
    """Executes runs of one build in a host process that stays alive between them.

    The process is started by the first run, again after a crash or a time limit, and again in a child that
    was forked from the runner's owner. A runner belongs to one thread at a time; several threads take a
    runner each.

    Parameters
    ----------
    build : Build
        Its path is a folder with ``model.so``; slots are the places in the manifest's inputs and outputs.
    executable : path
        What `compile.host_executable` returned.
    """

    def __init__(self, build: Build, executable: Path) -> None:
        self._build = build
        self._executable = executable
        self._inputs = {spec.id: (slot, spec) for slot, spec in enumerate(build.manifest.inputs)}
        self._outputs = {
            spec.id: (slot, protocol.DTYPES[spec.dtype]) for slot, spec in enumerate(build.manifest.outputs)
        }
        self._required = frozenset(spec.id for spec in build.manifest.inputs if spec.kind != "override")
        self._missing = self._required
        self._base: bytes | None = None
        self._host: HostProcess | None = None
        self._has_run, self._runs = False, 0
        # Small outputs that were read after the last run: the next ones bring them.
        self._habit: tuple[str, ...] = ()
        self._looked: dict[str, None] = {}
        self._ahead: list[dict[str, Array]] = []  # what came with the runs and was not read yet

    def __reduce__(self) -> NoReturn:
        raise TypeError("a HostRunner stays in its process: send the build, and make a runner there")

    def set_base(self, inputs: Mapping[str, Array]) -> None:
        """Give every input the value it has in runs that do not say otherwise.

        Raises
        ------
        SimulationError
            Naming every input that is unknown, of the wrong size or kind, NaN, or missing.
        """
        values = self._checked(inputs)
        missing = self._required.difference(inputs)
        base = protocol.request(protocol.BASE, protocol.inputs_part(values))
        if self._owned_host() is not None:
            self._exchange(base, None)
        self._base, self._missing = base, missing

    def start(self) -> None:
        mark_used(self._build.path)
        if self._owned_host() is None:
            mark_used(self._executable.parent)
            self._host = HostProcess(self._executable, self._build.path / "model.so")
            if self._base is not None:
                self._exchange(self._base, None)

    def run(
        self,
        inputs: Mapping[str, Array],
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> float:
        """Run once from the start and return the seconds that the simulation took.

        Parameters
        ----------
        inputs : mapping from input id to array
            What differs from the base, in base SI units, for this run only.
        time_limit : float, optional
            Seconds of wall time after which the run is ended.
        progress : callable, optional
            Called now and then with the completed fraction.

        Raises
        ------
        SimulationCrashError, TimeLimitError, SimulationError
            The runner can be used again afterwards.
        """
        self._settle_habit()
        seconds, found = self.run_and_read(inputs, self._habit, time_limit, progress)
        self._ahead = [dict(zip(self._habit, found, strict=True))]
        return seconds

    def run_and_read(
        self,
        inputs: Mapping[str, Array],
        ids: Sequence[str],
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[float, list[Array]]:
        """Run and read in one exchange with the process; see `run` and `read`."""
        slots, dtypes = self._asked(ids)
        values = self._checked(inputs)
        self._refuse_missing(inputs)
        parts = [*protocol.slots_part(slots), *protocol.inputs_part(values)]
        message = protocol.request(protocol.RUN, parts, flags=int(progress is not None))
        reply = self._run(message, 1, time_limit, progress)
        seconds, at = protocol.take_seconds(reply)
        return seconds, protocol.take_outputs(reply, at, dtypes)

    @property
    def lanes(self) -> int:
        return self._build.manifest.lanes

    @cached_property
    def grid(self) -> frozenset[str]:
        return frozenset(i.id for i in self._build.manifest.inputs if i.kind in ("dt", "duration"))

    def run_together(
        self,
        inputs: Sequence[Mapping[str, Array]],
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> float:
        if not 1 <= len(inputs) <= self.lanes:
            raise SimulationError(
                f"{len(inputs)} runs cannot go together in this build, but 1 to {self.lanes} can"
            )
        self._settle_habit()
        slots, dtypes = self._asked(self._habit)
        parts = [protocol.count_part(len(inputs)), *protocol.slots_part(slots)]
        for each in inputs:
            values = self._checked(each)
            self._refuse_missing(each)
            parts += protocol.inputs_part(values)
        message = protocol.request(protocol.RUNS, parts, flags=int(progress is not None))
        reply = self._run(message, len(inputs), time_limit, progress)
        seconds, at = protocol.take_seconds(reply)
        found = iter(protocol.take_outputs(reply, at, dtypes * len(inputs)))
        self._ahead = [{name: next(found) for name in self._habit} for _ in inputs]
        return seconds

    def read(self, ids: Sequence[str], lane: int = 0) -> list[Array]:
        slots, dtypes = self._asked(ids)
        self._need_run()
        if not 0 <= lane < self._runs:
            raise SimulationError(f"there is no run {lane}: {self._runs} went together")
        ahead = self._ahead[lane] if self._ahead else {}
        if len(set(ids)) == len(ids) and ahead.keys() >= set(ids):
            found = [ahead.pop(name) for name in ids]
        else:
            parts = protocol.slots_part(slots)
            reply = self._exchange(protocol.request(protocol.READ, parts, flags=lane), None)
            found = protocol.take_outputs(reply, 0, dtypes)
        small = (name for name, array in zip(ids, found, strict=True) if array.nbytes <= _SMALL)
        self._looked.update(dict.fromkeys(small))
        return found

    def save(self, path: Path) -> None:
        """Write every output of the last run to one ``.npz`` file that appears when it is complete."""
        self._need_run()
        parts = protocol.path_part(os.fsencode(Path(path).absolute()))
        self._exchange(protocol.request(protocol.SAVE, parts), None)

    def close(self) -> None:
        """End the process behind this runner. Closing twice is harmless, and a later run starts another."""
        host, self._host, self._has_run = self._owned_host(), None, False
        if host is not None:
            host.quit()

    def __enter__(self) -> HostRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # while Python shuts down there is nobody to talk to; the host ends when its pipe closes
        if getattr(self, "_host", None) is not None and not sys.is_finalizing():
            self.close()

    # --- inside -------------------------------------------------------------------------------------

    def _owned_host(self) -> HostProcess | None:
        """Return the host, unless this process inherited the runner by a fork."""
        if self._host is not None and self._host.pid_of_owner != os.getpid():
            self._host, self._has_run = None, False
        return self._host

    def _exchange(
        self, message: bytes, time_limit: float | None, progress: Callable[[float], None] | None = None
    ) -> bytearray:
        host = self._host
        assert host is not None
        self._host = None  # put back when it is known to be alive
        try:
            reply = host.exchange(message, time_limit, progress)
        except SimulationError as error:
            if type(error) is SimulationError:
                self._host = host
            raise
        self._host = host
        return reply

    def _run(
        self,
        message: bytes,
        runs: int,
        time_limit: float | None,
        progress: Callable[[float], None] | None,
    ) -> bytearray:
        if time_limit is not None and not time_limit > 0:
            raise SimulationError(f"a time limit must be above 0 seconds, not {time_limit!r}")
        self._has_run, self._ahead = False, []
        self.start()
        reply = self._exchange(message, time_limit, progress)
        self._has_run, self._runs = True, runs
        return reply

    def _settle_habit(self) -> None:
        """Whoever reads something after one run will do so after the next."""
        if self._has_run:
            self._habit, self._looked = tuple(self._looked), {}

    def _refuse_missing(self, inputs: Mapping[str, Array]) -> None:
        missing = self._missing.difference(inputs)
        if missing:
            raise SimulationError(f"no value was given for {_listed(missing)}")

    def _need_run(self) -> None:
        if self._owned_host() is None or not self._has_run:
            raise SimulationError("there is no completed run to read from")

    def _asked(self, ids: Sequence[str]) -> tuple[list[int], list[np.dtype[Any]]]:
        unknown = [name for name in ids if name not in self._outputs]
        if unknown:
            raise SimulationError(
                f"this build has no output {_listed(unknown)}; it has {_listed(self._outputs)}"
            )
        found = [self._outputs[name] for name in ids]
        return [slot for slot, _ in found], [dtype for _, dtype in found]

    def _checked(self, inputs: Mapping[str, Array]) -> list[tuple[int, Array]]:
        values, problems = [], []
        for name, value in inputs.items():
            if name not in self._inputs:
                problems.append(f"this build has no input {name!r}")
                continue
            slot, spec = self._inputs[name]
            try:
                values.append((slot, convert(value, spec)))
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise SimulationError("\n".join(problems))
        return values


def convert(value: Array, spec: InputSpec) -> Array:
    """Return `value` as the one-dimensional array that an input is stored as.

    Raises
    ------
    ValueError
        Naming the input and what is wrong: kind of number, a value out of range, NaN, or the size.
    """
    target = protocol.DTYPES[spec.dtype]
    usual = type(value) is np.ndarray and value.dtype == target and value.shape == (1,) == (spec.size,)
    if usual and (target.kind != "f" or math.isfinite(value[0])):
        return value
    array = np.asarray(value).reshape(-1)
    if array.dtype.kind not in _CONVERTIBLE[target.kind]:
        raise ValueError(f"{spec.id} is {spec.dtype}, and {array.dtype} cannot stand for it")
    if target.kind in "iu" and array.dtype != target and array.size:
        limits = np.iinfo(target)
        for extreme in (int(array.min()), int(array.max())):
            if not limits.min <= extreme <= limits.max:
                raise ValueError(f"{spec.id} is {spec.dtype}, which cannot hold {extreme}")
    sizes = {spec.size, 1} if spec.kind in ("override", "value") else {spec.size}
    if spec.size >= 0 and array.size not in sizes:  # how many synapses there are, the run knows
        wanted = " or ".join(str(size) for size in sorted(sizes, reverse=True))
        raise ValueError(f"{spec.id} has {array.size} elements; it needs {wanted}")
    converted: Array = np.ascontiguousarray(array, target)
    if target.kind == "f":
        _check_usable(converted, spec)
    return converted


_CONVERTIBLE = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}


def _check_usable(array: Array, spec: InputSpec) -> None:
    bad = ~np.isfinite(array) if spec.kind in ("dt", "duration") else np.isnan(array)
    if bad.any():
        place = int(np.argmax(bad))
        where = f" at element {place}" if array.size > 1 else ""
        raise ValueError(f"{spec.id} is {array[place]:g}{where}, which is not a usable value")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names)) or "nothing"
