"""Networks: which objects run together, and the magic network of everything in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .clock import check_time
from .context import with_floats
from .declared import Declared
from .dimensions import TIME
from .expr import ExpressionError
from .namespace import NamespaceError, Resolved, frame_namespace, look_up
from .neurons import Subgroup
from .notices import tell_names
from .report import Report
from .session import RunEntry, Session, check_name, current_session
from .spikegenerator import SpikeGeneratorGroup
from .states import StateHolder
from .units import DimensionMismatchError, Quantity


class MagicError(RuntimeError):
    """``run()`` cannot tell which objects are meant."""


class Network:
    """Objects that run together.

    Parameters
    ----------
    *objs : Declared or iterables of them
        Groups and monitors.
    name : str, optional
        Name of the network.
    """

    def __init__(self, *objs: Any, name: str | None = None) -> None:
        self.session = current_session()
        if name is not None:
            check_name(name)
        self.name = name or "network"
        self._objects: list[Declared] = []
        self._key = f"network {id(self)}"  # under which devices keep its time
        self.add(*objs)

    def add(self, *objs: Any) -> None:
        """Add objects, or lists, sets or dictionaries of them."""
        for obj in _flatten(objs):
            if any(obj.name == known.name and obj is not known for known in self._objects):
                raise ValueError(
                    f"{self.name} already has an object named {obj.name!r}; names must be unique."
                )
            if obj not in self._objects:
                self._objects.append(obj)

    def remove(self, *objs: Any) -> None:
        """Take objects out again."""
        for obj in _flatten(objs):
            if obj not in self._objects:
                raise ValueError(f"{obj.name!r} is not part of {self.name}, so it cannot be removed.")
            self._objects.remove(obj)

    @property
    def objects(self) -> tuple[Declared, ...]:
        """The objects, in the order they were added."""
        return tuple(self._objects)

    @property
    def t(self) -> Quantity:
        """Simulated time after the runs declared so far."""
        return Quantity.with_dimensions(self.session.device.time(self.session, self._key), TIME)

    def __getitem__(self, name: str) -> Declared:
        for obj in self._objects:
            if obj.name == name:
                return obj
        raise KeyError(f"{self.name} has no object named {name!r}; it has {[o.name for o in self._objects]}.")

    def __contains__(self, item: object) -> bool:
        return item in self._objects or item in {o.name for o in self._objects}

    def __iter__(self) -> Iterator[Declared]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def run(
        self,
        duration: Any,
        report: Any = None,
        report_period: Any = None,
        namespace: Mapping[str, Any] | None = None,
        profile: Any = None,
        level: int = 0,
    ) -> None:
        """Run for a duration.

        Parameters
        ----------
        duration : Quantity
            How long.
        report : {'text', 'stdout', 'stderr'} or callable, optional
            Where progress is told (by the runtime device); a function gets the elapsed time, the completed
            fraction, the start and the duration.
        report_period : Quantity, optional
            Time between reports, 10 seconds unless given.
        profile : bool, optional
            Profiles are not available; leave it out.
        namespace : dict, optional
            What external names stand for, instead of the names visible where this is called.
        level : int, optional
            How many more frames up the names are looked up.

        Raises
        ------
        NamespaceError, DimensionMismatchError, ExpressionError
            Listing everything that is wrong with the objects' strings.
        """
        _refuse_profile(profile)
        names = frame_namespace(level + 1) if namespace is None else dict(namespace)
        report = Report(report, report_period)
        declare_run(self.session, self._objects, duration, names, self._key, report)

    def get_states(
        self,
        units: bool = True,
        format: str = "dict",
        subexpressions: bool = False,
        read_only_variables: bool = True,
        level: int = 0,
    ) -> dict[str, Any]:
        """Values of the variables of all groups and monitors, by name of the object; see `StateHolder.get_states`."""
        return {
            obj.name: obj.get_states(None, units, format, subexpressions, read_only_variables, level + 1)
            for obj in self._objects
            if isinstance(obj, StateHolder)
        }

    def set_states(
        self, values: Mapping[str, Any], units: bool = True, format: str = "dict", level: int = 0
    ) -> None:
        """Set variables of several objects, by their names; see `StateHolder.set_states`.

        Raises
        ------
        KeyError
            Listing the objects that the network does not have; nothing is set then.
        """
        known = {obj.name: obj for obj in self._objects if isinstance(obj, StateHolder)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise KeyError(
                f"{self.name} has no object(s) {', '.join(map(repr, unknown))} with variables; it has "
                f"{', '.join(known) or 'none'}."
            )
        for name, given in values.items():
            known[name].set_states(given, units, format, level + 1)

    def store(self, name: str = "default", filename: Any = None) -> None:
        """Keep the state of all objects, what monitors have recorded and the time, to come back to it.

        Parameters
        ----------
        name : str, optional
            Under which name; what was kept under that name is replaced.
        filename : path, optional
            A file to keep it in, together with what that file has under other names; else it is kept in memory.

        Raises
        ------
        NotImplementedError
            In standalone mode.
        """
        self.session.device.store(_with_contained(self._objects), self._key, name, filename)

    def restore(
        self, name: str = "default", filename: Any = None, restore_random_state: bool = False
    ) -> None:
        """Bring back what `store` has kept.

        Parameters
        ----------
        name : str, optional
            Under which name it was kept.
        filename : path, optional
            The file that it was kept in.
        restore_random_state : bool
            Whether the random numbers that follow are those that followed then; else they are others.

        Raises
        ------
        KeyError
            If there is no such snapshot, or it is of other objects; nothing is changed then.
        NotImplementedError
            In standalone mode.
        """
        objects = _with_contained(self._objects)
        self.session.device.restore(objects, self._key, name, filename, restore_random_state)

    def stop(self) -> None:
        """End the current run after this time step; called from a network operation."""
        self.session.device.stop()

    def __repr__(self) -> str:
        return f"<Network {self.name!r}: {', '.join(o.name for o in self._objects) or 'empty'}>"


def _flatten(items: Iterable[Any]) -> Iterator[Declared]:
    for item in items:
        if isinstance(item, Declared):
            yield item
        elif isinstance(item, Subgroup):
            continue  # nothing of it runs that is not its group's
        elif isinstance(item, Mapping):
            yield from _flatten(item.values())
        elif isinstance(item, Network):
            yield from item.objects
        elif isinstance(item, Iterable) and not isinstance(item, str):
            yield from _flatten(item)
        else:
            raise TypeError(
                f"A network takes groups, monitors and collections of them, not {type(item).__name__} {item!r:.60}."
            )


def collect(level: int = 0) -> set[Declared]:
    """The objects visible where this is called that belong to the current scope."""
    return set(_visible(frame_namespace(level + 1)))


def _visible(namespace: Mapping[str, Any]) -> list[Declared]:
    session = current_session()
    found = {
        id(v): v
        for v in namespace.values()
        if isinstance(v, Declared) and v.session is session and v._scope == session.scope
    }
    return sorted(found.values(), key=lambda obj: obj._number)


def run(
    duration: Any,
    report: Any = None,
    report_period: Any = None,
    namespace: Mapping[str, Any] | None = None,
    profile: Any = None,
    level: int = 0,
) -> None:
    """Run every object that is visible where this is called; see `Network.run`.

    Raises
    ------
    MagicError
        When no object is in sight.
    """
    frame = frame_namespace(level + 1)
    objects = _visible(frame)
    if not objects:
        raise MagicError(
            "run() found no objects: groups and monitors must be visible as variables where run() is called. "
            "Objects kept in lists or attributes belong into a Network(…), whose run() runs them."
        )
    _refuse_profile(profile)
    session = current_session()
    names = frame if namespace is None else dict(namespace)
    declare_run(session, objects, duration, names, _magic_key(session), Report(report, report_period))


def store(name: str = "default", filename: Any = None) -> None:
    """Keep the state of every object that is visible where this is called; see `Network.store`."""
    session = current_session()
    objects = _with_contained(_visible(frame_namespace(1)))
    session.device.store(objects, _magic_key(session), name, filename)


def restore(name: str = "default", filename: Any = None, restore_random_state: bool = False) -> None:
    """Bring back what `store` has kept; see `Network.restore`."""
    session = current_session()
    objects = _with_contained(_visible(frame_namespace(1)))
    session.device.restore(objects, _magic_key(session), name, filename, restore_random_state)


def _magic_key(session: Session) -> str:
    return f"magic {session.scope}"


def _refuse_profile(profile: Any) -> None:
    if profile:
        raise NotImplementedError(
            f"run(profile={profile!r}): times of single kernels are not measured; leave it out."
        )


def stop() -> None:
    """End the current run after this time step; called from a network operation."""
    current_session().device.stop()


def declare_run(
    session: Session,
    objects: Iterable[Declared],
    duration: Any,
    namespace: Mapping[str, Any],
    network: str,
    report: Report,
) -> None:
    """Check everything and add a run to the session's program."""
    seconds = check_time(duration, "the duration of run()", zero=True)
    chosen = _with_sources(objects)
    _check_names(session, chosen)
    constants: dict[str, Mapping[str, Resolved]] = {}
    problems: list[Exception] = []
    for obj in chosen:
        found, unresolved = look_up(
            obj.external_names(), {**namespace, **obj.own_namespace()}, obj.variable_names()
        )
        if unresolved:
            problems.append(NamespaceError(f"{obj.name}: " + "\n".join(unresolved)))
        found.update(obj.intrinsic_constants())
        try:
            obj.check(found)
            constants[obj.name] = with_floats(found, obj.check)
        except (DimensionMismatchError, ExpressionError) as error:
            problems.append(error)
        problems.extend(obj.conflicts(chosen))
    if problems:
        raise type(problems[0])("\n".join(str(p) for p in problems))
    tell_names(chosen, namespace)
    clocks = {id(obj.clock): obj.clock for obj in chosen}
    steps = tuple((c, c.dt_) for c in clocks.values())
    spikes = {obj.name: obj.spikes for obj in chosen if isinstance(obj, SpikeGeneratorGroup)}
    entry = RunEntry(tuple(chosen), seconds, steps, constants, network, report, spikes)
    session.record(entry)
    session.device.after_run(session, entry)


def _with_contained(objects: Iterable[Declared]) -> list[Declared]:
    return list(dict.fromkeys(obj for each in list(objects) for obj in (each, *each._contained)))


def _with_sources(objects: Iterable[Declared]) -> list[Declared]:
    chosen = _with_contained(objects)
    if not chosen:
        raise MagicError("The network is empty; add groups and monitors before running it.")
    for obj in chosen:
        for source in obj._needs:
            if source not in chosen:
                raise ValueError(
                    f"{obj.name!r} {obj._relation} {source.name!r}, which is not part of what runs; add the "
                    "group to the network too."
                )
    return sorted(chosen, key=lambda obj: obj._number)


def _check_names(session: Session, chosen: list[Declared]) -> None:
    """Refuse objects of other sessions, and names that stand for two objects of the program."""
    foreign = [obj.name for obj in chosen if obj.session is not session]
    if foreign:
        raise ValueError(
            f"{', '.join(map(repr, foreign))} cannot run here: declared in another session, such as that of an "
            "experiment."
        )
    known = {obj.name: obj for e in session.program if isinstance(e, RunEntry) for obj in e.objects}
    for obj in chosen:
        if known.setdefault(obj.name, obj) is not obj:
            raise ValueError(
                f"Two objects named {obj.name!r} would run in one program; choose another name, or call "
                "device.reinit() first to begin a new program."
            )


__all__ = ["MagicError", "Network", "collect", "restore", "run", "stop", "store"]
