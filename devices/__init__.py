"""Devices: where simulations are built and run. Chosen by name, found through an entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..core.clock import Clock
from ..core.declared import Declared
from ..core.expr import Expr
from ..core.monitors import StateMonitor
from ..core.namespace import Resolved
from ..core.session import (
    AssignEntry,
    ConnectEntry,
    RunEntry,
    SeedEntry,
    Session,
    SessionDevice,
    current_session,
    use_session,
)
from . import device_module
from . import preferences as _preferences
from .base import (
    BuildError,
    CompilerNotFoundError,
    DeviceError,
    SimulationCrashError,
    SimulationError,
    TimeLimitError,
)
from .simulation import RunArgumentError, Simulation
from .user import UserDevice


def _device_class(name: str) -> type[UserDevice]:
    if name == "cpp_standalone":  # ours: found without reading every installed package's metadata
        from .cpp_standalone import CPPStandaloneDevice

        return CPPStandaloneDevice
    if name == "runtime":
        from .runtime import RuntimeDevice

        return RuntimeDevice
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group="spikefarm.devices")}
    if name not in found:
        known = ", ".join(sorted({"cpp_standalone", "runtime", *found}))
        raise ValueError(f"There is no device named {name!r}; choose one of {known}.")
    loaded: type[UserDevice] = found[name].load()
    return loaded


def set_device(device: str | UserDevice, build_on_run: bool = True, **options: Any) -> None:
    """Choose where the simulations of the script run; call it before declaring anything.

    Parameters
    ----------
    device : str or UserDevice
        ``'cpp_standalone'``, or a device object.
    build_on_run : bool
        Whether ``run()`` builds and runs at once, for scripts that call it once.
    **options
        Of the device: for ``'cpp_standalone'`` these are ``directory``, ``debug`` and ``compiler``.

    Raises
    ------
    ValueError
        If there is no such device.
    TypeError
        For an option that the device does not have.
    """
    if isinstance(device, str):
        chosen = _device_class(device)
        try:
            device = chosen(build_on_run=build_on_run, **options)  # type: ignore[call-arg]
        except TypeError as error:
            raise TypeError(f"set_device({device!r}): {error}.") from None
    device.activate()


def get_device() -> UserDevice:
    """The current device: ``'runtime'`` unless another was chosen."""
    if device_module.active_device is None:
        set_device("runtime")
    assert device_module.active_device is not None
    return device_module.active_device


class UndecidedDevice(SessionDevice):
    """Stands in until it matters which device a script uses; then it is the current one."""

    deferred = False

    def after_assign(self, session: Session, entry: AssignEntry) -> None:
        get_device().after_assign(session, entry)

    def after_connect(self, session: Session, entry: ConnectEntry) -> None:
        get_device().after_connect(session, entry)

    def connections(self, session: Session, synapses: Declared) -> Any:
        return get_device().connections(session, synapses)

    def after_seed(self, session: Session, entry: SeedEntry) -> None:
        get_device().after_seed(session, entry)

    def check_run(self, session: Session, entry: RunEntry) -> None:
        get_device().check_run(session, entry)

    def after_run(self, session: Session, entry: RunEntry) -> None:
        get_device().after_run(session, entry)

    def time(self, session: Session, network: str) -> float:
        return get_device().time(session, network)

    def profile(self, session: Session, network: str) -> Sequence[tuple[str, float]] | None:
        return get_device().profile(session, network)

    def store(self, objects: Sequence[Declared], network: str, name: str, filename: Any) -> None:
        get_device().store(objects, network, name, filename)

    def restore(
        self, objects: Sequence[Declared], network: str, name: str, filename: Any, random_state: bool
    ) -> None:
        get_device().restore(objects, network, name, filename, random_state)

    def record_now(self, monitor: StateMonitor) -> None:
        get_device().record_now(monitor)

    def after_activity(self, obj: Declared) -> None:
        get_device().after_activity(obj)

    def clock_time(self, session: Session, clock: Clock) -> float:
        return get_device().clock_time(session, clock)

    def stop(self) -> None:
        get_device().stop()

    def read(self, session: Session, owner: Declared, variable: str) -> Any:
        return get_device().read(session, owner, variable)

    def evaluate(
        self, session: Session, owner: Declared, expr: Expr, constants: Mapping[str, Resolved], rows: range
    ) -> Any:
        return get_device().evaluate(session, owner, expr, constants, rows)

    def why_unavailable(self) -> str:
        return get_device().why_unavailable()


current_session().device = UndecidedDevice()


class CurrentDevice:
    """``device``: stands for whichever device is current."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(get_device(), name)

    def __repr__(self) -> str:
        return repr(get_device())


device = CurrentDevice()


def current_simulation() -> Simulation:
    """The simulation that the script has declared so far."""
    session = current_session()
    chosen = session.device
    return (chosen if isinstance(chosen, UserDevice) else get_device()).simulation(session)


@contextmanager
def isolated_session(
    seed: int, time_limit: float | None = None, progress: Callable[[float], None] | None = None
) -> Iterator[Session]:
    """A session seen by nobody else, in which a function can declare, run and read results.

    The simulation is built (or taken from the cache) and run when its results are first read.

    Parameters
    ----------
    seed : int
        Master seed of the run.
    time_limit : float, optional
        Seconds after which the run is ended.
    progress : callable, optional
        Called now and then with the completed fraction of the run.
    """
    from .cpp_standalone.lazy import LazyStandaloneDevice

    device = LazyStandaloneDevice(seed, time_limit, progress)
    with use_session(Session(device=device)) as session:
        try:
            yield session
        finally:
            device.close()


@contextmanager
def running_session(random_seed: int) -> Iterator[Session]:
    """A session seen by nobody else on the runtime device: each ``run()`` runs at once, in this process."""
    from ..core.session import seed
    from .runtime import RuntimeDevice

    with use_session(Session(device=RuntimeDevice())) as session:
        seed(random_seed)
        yield session


def declared_simulation(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Simulation | None:
    """The simulation that a function declares up to its first look at results; None if it runs none.

    Raises
    ------
    Exception
        What the function raises on the way.
    """
    from ..core.freeze import freeze
    from .cpp_standalone.lazy import DeclaredSignal, DeclaringDevice

    device = DeclaringDevice()
    with use_session(Session(device=device)) as session:
        try:
            function(**arguments)
        except DeclaredSignal as declared:
            return declared.simulation
        return Simulation(freeze(session), device.backend) if session.ran else None


def _default_backend() -> Any:
    from .cpp_standalone.backend import CPPBackend

    return CPPBackend()


def session_numerics() -> str:
    """What changes the numbers of simulations in an `isolated_session`, besides their models."""
    text: str = _default_backend().numerics()
    return text


def session_provenance() -> Mapping[str, str]:
    """Versions, compiler and the like of simulations in an `isolated_session`."""
    found: Mapping[str, str] = _default_backend().provenance()
    return found


def clear_cache(target: str = "cpp") -> int:
    """Remove all builds from the cache and return how many there were.

    Parameters
    ----------
    target : {'cpp', 'cython', 'cpp_standalone'}
        Whose builds: all words for the one cache that there is.

    Raises
    ------
    ValueError
        For a target that compiles nothing.
    """
    if target not in ("cpp", "cython", "cpp_standalone"):
        raise ValueError(f"clear_cache({target!r}): only 'cpp' has a cache.")
    from .cpp_standalone.cache import BuildCache

    return BuildCache().clear()


__all__ = [
    "BuildError",
    "CompilerNotFoundError",
    "DeviceError",
    "RunArgumentError",
    "Simulation",
    "SimulationCrashError",
    "SimulationError",
    "TimeLimitError",
    "clear_cache",
    "current_simulation",
    "device",
    "get_device",
    "isolated_session",
    "session_numerics",
    "session_provenance",
    "set_device",
]
