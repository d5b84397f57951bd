"""What a device is to the rest of the house: models in, builds out; builds and runs in, results out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..core.model import Model

Array = NDArray[Any]

#: How many runs may go through the time loop together: one, or whole vector registers.
LANES = (1, 8, 16, 32, 64)

#: The output with the times of kernels, of builds that measure them.
PROFILE = "profile"


class DeviceError(RuntimeError):
    """A device could not do what it was asked to."""


class CompilerNotFoundError(DeviceError):
    """No usable C++ compiler on this machine."""


class BuildError(DeviceError):
    """The generated code did not compile; the message holds the compiler's own words."""


class SimulationError(DeviceError):
    """One run failed; nothing else is affected."""


class SimulationCrashError(SimulationError):
    """The simulating process died: a signal, or an exit status other than zero."""


class TimeLimitError(SimulationError):
    """One run took longer than it was allowed to."""


@dataclass(frozen=True)
class InputSpec:
    """One thing that a build reads when a run starts.

    Parameters
    ----------
    id : str
        Canonical and unique within the build, e.g. ``'tau'`` or ``'group.v:override'``.
    name : str
        What a user calls it.
    kind : str
        One of ``'constant'``, ``'value'``, ``'index'``, ``'table'``, ``'timed_array'``, ``'spikes'``,
        ``'duration'``, ``'dt'``, ``'override'``, ``'seed'``.
        An ``override`` may stay unset, everything else needs a value.
    dtype : {'float64', 'float32', 'int64', 'int32', 'uint64', 'bool'}
        How it is stored.
    size : int
        Number of elements; an ``override`` or a ``value`` may also be given as a single one.
    unit : str
        The base SI unit, for people.
    """

    id: str
    name: str
    kind: str
    dtype: str
    size: int
    unit: str


@dataclass(frozen=True)
class OutputSpec:
    """One array that a build can be asked for after a run; ``size`` is -1 where only the run can tell."""

    id: str
    dtype: str
    size: int
    unit: str


@dataclass(frozen=True)
class Manifest:
    """What is known of a build without running it. Kept as JSON beside it."""

    key: str
    model_hash: str
    device: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    provenance: Mapping[str, str]  # compiler, flags, CPU target, versions, chosen integrators
    lanes: int = 1  # how many runs go through the time loop together


@dataclass(frozen=True)
class Build:
    """A finished artefact on this machine's disk."""

    path: Path
    manifest: Manifest


@dataclass(frozen=True)
class Parcel:
    """A build on its way to another machine.

    Parameters
    ----------
    identity : str
        What it is a build of, whatever made it and wherever.
    fit : str
        What a machine must be like to run it.
    digest : str
        SHA-256 of the blob.
    blob : bytes
    """

    identity: str
    fit: str
    digest: str
    blob: bytes = field(repr=False)


@dataclass(frozen=True)
class Machine:
    """What a machine is like, as far as builds care.

    Parameters
    ----------
    fit : str
        In the words of `Parcel.fit`: what builds made there need of others.
    compiles : bool
        Whether builds can be made there.
    """

    fit: str
    compiles: bool


class Runner(ABC):
    """Executes runs of one build, one after another, outside the caller's interpreter where the device can.

    A runner belongs to one thread at a time and to the process that made it.
    """

    @abstractmethod
    def set_base(self, inputs: Mapping[str, Array]) -> None:
        """Give every input the value it has in runs that do not say otherwise."""

    def start(self) -> None:  # noqa: B027
        """Get ready, so that the first run takes no longer than others. A run does so by itself.

        Raises
        ------
        SimulationError
        """

    @abstractmethod
    def run(
        self,
        inputs: Mapping[str, Array],
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> float:
        """Run once from the start and return the seconds it took.

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

    @property
    def lanes(self) -> int:
        """How many runs go through the time loop together, at most."""
        return 1

    @property
    def grid(self) -> frozenset[str]:
        """Inputs in which runs that go together must not differ."""
        return frozenset()

    def run_together(
        self,
        inputs: Sequence[Mapping[str, Array]],
        time_limit: float | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> float:
        """Run once for each of some inputs, all in one pass, and return the seconds that took.

        Every run has the numbers that it would have alone. If one of them fails, all of them do.

        Parameters
        ----------
        inputs : sequence of mappings, as for `run`
            At most `lanes` of them, with the same durations and time steps.
        time_limit, progress
            As for `run`, for all of them together.

        Raises
        ------
        SimulationCrashError, TimeLimitError, SimulationError
            As `run`.
        """
        (each,) = inputs
        return self.run(each, time_limit, progress)

    @abstractmethod
    def read(self, ids: Sequence[str], lane: int = 0) -> list[Array]:
        """Return outputs of the last run, or of one of the last runs, one-dimensional, in base SI units."""

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write every output of the last run to one ``.npz`` file that appears when it is complete."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the process behind this runner. Closing twice is harmless."""


class Backend(ABC):
    """How a device turns Models into Builds and runs them. Frozen and picklable: workers have one too."""

    name: str

    @abstractmethod
    def numerics(self) -> str:
        """Everything about the device that changes numbers, apart from compiler and processor."""

    @abstractmethod
    def key(self, model: Model) -> str:
        """Key of the build of a model on this machine; takes no lowering."""

    @abstractmethod
    def find(self, model: Model) -> Build | None:
        """The build, if this machine has it."""

    @abstractmethod
    def build(self, model: Model) -> Build:
        """The build, made now if this machine does not have it.

        Raises
        ------
        CompilerNotFoundError, BuildError
        """

    def pack(self, model: Model) -> Parcel | None:
        """The build of a model as something that can travel, if this machine has it and it can."""
        return None

    def why_alone(self, model: Model) -> str:
        """Why runs of a model cannot go through the time loop together; empty if they can."""
        return f"the device {self.name} takes one run at a time"

    def advised_lanes(self, model: Model) -> int:
        """How many runs of a model are best taken through the time loop together: 1 where that gains nothing."""
        return 1

    def in_lanes(self, lanes: int) -> Backend:
        """The same device with builds that take so many runs through the time loop together."""
        if lanes != 1:
            raise DeviceError(f"the device {self.name} takes one run at a time, not {lanes}")
        return self

    def machine(self) -> Machine | None:
        """What this machine is like; None where builds of this device do not travel."""
        return None

    @abstractmethod
    def runner(self, build: Build) -> Runner:
        """A new runner of a build."""

    @abstractmethod
    def provenance(self) -> Mapping[str, str]:
        """Versions of what the numbers depend on, for people."""
