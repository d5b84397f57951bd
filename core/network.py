"""Networks: which objects run together, and the magic network of everything in sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .declared import SLOTS, Declared
from .dimensions import TIME
from .namespace import frame_namespace
from .neurons import Subgroup
from .profiling import with_units
from .report import Report
from .running import MagicError, declare_run, with_contained
from .session import Session, check_name, current_session
from .states import StateHolder
from .units import Quantity


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
        self._session = current_session()
        if name is not None:
            check_name(name)
        self.name = name or "network"
        self._objects: list[Declared] = []
        self._own_key = self._session.next_network()
        self.add(*objs)

    def add(self, *objs: Any) -> None:
        """Add objects, networks, or lists, sets or dictionaries of them, nested as they may be.

        Raises
        ------
        ValueError
            If there is another object of that name.
        RuntimeError
            If another network has run an object already.
        """
        for obj in _flatten(objs):
            if any(obj.name == known.name and obj is not known for known in self._objects):
                raise ValueError(
                    f"{self.name} already has an object named {obj.name!r}; names must be unique."
                )
            if obj._network not in (None, self._key):
                raise RuntimeError(
                    f"{obj.name!r} cannot be added to {self.name}: another network has run it already, and an object "
                    "goes by the time of one network. To leave an object out for a while, set its attribute active "
                    "to False."
                )
            if obj not in self._objects:
                self._objects.append(obj)

    def remove(self, *objs: Any) -> None:
        """Take objects out again, given as to `add`.

        Raises
        ------
        ValueError
            If one is not part of the network.
        """
        for obj in _flatten(objs):
            if obj not in self._objects:
                raise ValueError(f"{obj.name!r} is not part of {self.name}, so it cannot be removed.")
            self._objects.remove(obj)

    @property
    def session(self) -> Session:
        """The session that the network belongs to."""
        return self._session

    @property
    def _key(self) -> str:
        """Under which devices keep its time."""
        return self._own_key

    def _members(self, level: int) -> list[Declared]:
        """The objects; ``level`` counts the frames between this and the script."""
        return self._objects

    @property
    def objects(self) -> tuple[Declared, ...]:
        """The objects, in the order they were added."""
        return tuple(self._members(1))

    @property
    def schedule(self) -> list[str]:
        """The slots of a time step, in order; set it to the same slots in another order, or to ``None``.

        Every slot has a place before and after it, such as ``before_resets``.

        Raises
        ------
        ValueError
            When set to anything else.
        """
        return list(self.session.schedules.get(self._key, SLOTS))

    @schedule.setter
    def schedule(self, slots: Iterable[str] | None) -> None:
        chosen = () if slots is None or isinstance(slots, str) else tuple(slots)
        if slots is not None and sorted(map(str, chosen)) != sorted(SLOTS):
            raise ValueError(
                f"{self.name}.schedule cannot be {slots!r:.80}: give the slots {', '.join(SLOTS)} in any order, or "
                "None."
            )
        self.session.schedules.pop(self._key, None)
        if chosen not in ((), SLOTS):
            self.session.schedules[self._key] = chosen

    @property
    def t(self) -> Quantity:
        """Simulated time after the runs declared so far."""
        return Quantity.with_dimensions(self.t_, TIME)

    @property
    def t_(self) -> float:
        """Simulated time in seconds."""
        return self.session.device.time(self.session, self._key)

    def __getitem__(self, name: str) -> Declared:
        found = {obj.name: obj for obj in self._members(1)}
        if name not in found:
            raise KeyError(f"{self.name} has no object named {name!r}; it has {list(found)}.")
        return found[name]

    def __contains__(self, item: object) -> bool:
        objects = self._members(1)
        return item in objects or item in {o.name for o in objects}

    def __iter__(self) -> Iterator[Declared]:
        return iter(self._members(1))

    def __len__(self) -> int:
        return len(self._members(1))

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
            Where progress is told; a function gets the elapsed time, the completed fraction, the start and the
            duration. For a standalone program the first report that one of its runs asks for is about all of it.
        report_period : Quantity, optional
            Time between reports, 10 seconds unless given.
        profile : bool, optional
            Measure how long each part takes; see `profiling_info`.
        namespace : dict, optional
            What external names stand for, instead of the names visible where this is called.
        level : int, optional
            How many more frames up the names are looked up.

        Raises
        ------
        NamespaceError, DimensionMismatchError, ExpressionError
            Listing everything that is wrong with the objects' strings.
        """
        names = frame_namespace(level + 1) if namespace is None else dict(namespace)
        report = Report(report, report_period)
        self.before_run(names)
        declare_run(self.session, self._members(level + 1), duration, names, self._key, report, bool(profile))
        self.after_run()

    @property
    def profiling_info(self) -> list[tuple[str, Any]]:
        """Names and times of what took part in the last run, what took longest first; see `profiling_summary`.

        Raises
        ------
        ValueError
            If that run was not profiled.
        """
        return with_units(self.session.device.profile(self.session, self._key), self.name)

    def before_run(self, run_namespace: Mapping[str, Any]) -> None:
        """Called at the beginning of `run`, for classes of a script to override; may add and remove objects."""

    def after_run(self) -> None:
        """Called at the end of `run` (in standalone mode: when it has been declared)."""

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
            for obj in self._members(level + 1)
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
        known = {obj.name: obj for obj in self._members(level + 1) if isinstance(obj, StateHolder)}
        unknown = [name for name in values if name not in known]
        if unknown:
            raise KeyError(
                f"{self.name} has no object(s) {', '.join(map(repr, unknown))} with variables; it has "
                f"{', '.join(known) or 'none'}."
            )
        for name, given in values.items():
            known[name].set_states(given, units, format, level + 1)

    def store(self, name: str = "default", filename: Any = None, level: int = 0) -> None:
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
        objects = with_contained(self._members(level + 1))
        self.session.device.store(objects, self._key, name, filename)

    def restore(
        self, name: str = "default", filename: Any = None, restore_random_state: bool = False, level: int = 0
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
        objects = with_contained(self._members(level + 1))
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


class MagicNetwork(Network):
    """``magic_network``: every object that is visible where one of its methods is called, as for ``run()``.

    Its time goes on from ``run()`` to ``run()`` and begins at zero after ``start_scope()``.
    """

    def __init__(self) -> None:
        self.name = "magic_network"

    @property
    def session(self) -> Session:
        """The current session."""
        return current_session()

    @property
    def _key(self) -> str:
        return f"magic {self.session.scope}"

    def _members(self, level: int) -> list[Declared]:
        return _visible(frame_namespace(level + 1))

    def add(self, *objs: Any) -> None:
        """Not for this network."""
        raise MagicError(
            "The magic network has what is visible where run() is called; to choose, make a Network."
        )

    def remove(self, *objs: Any) -> None:
        """Not for this network."""
        raise MagicError(
            "The magic network has what is visible where run() is called; to choose, make a Network. To leave an "
            "object out for a while, set its attribute active to False."
        )

    def run(
        self,
        duration: Any,
        report: Any = None,
        report_period: Any = None,
        namespace: Mapping[str, Any] | None = None,
        profile: Any = None,
        level: int = 0,
    ) -> None:
        """Run; see `Network.run`.

        Raises
        ------
        MagicError
            When no object is in sight.
        """
        if not self._members(level + 1):
            raise MagicError(
                "run() found no objects: groups and monitors must be visible as variables where run() is called. "
                "Objects kept in lists or attributes belong into a Network(…), whose run() runs them."
            )
        super().run(duration, report, report_period, namespace, profile, level + 1)

    def __repr__(self) -> str:
        return "<MagicNetwork>"


magic_network = MagicNetwork()


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
    magic_network.run(duration, report, report_period, namespace, profile, level + 1)


def store(name: str = "default", filename: Any = None) -> None:
    """Keep the state of every object that is visible where this is called; see `Network.store`."""
    magic_network.store(name, filename, level=1)


def restore(name: str = "default", filename: Any = None, restore_random_state: bool = False) -> None:
    """Bring back what `store` has kept; see `Network.restore`."""
    magic_network.restore(name, filename, restore_random_state, level=1)


def stop() -> None:
    """End the current run after this time step; called from a network operation."""
    current_session().device.stop()


__all__ = [
    "MagicError",
    "MagicNetwork",
    "Network",
    "collect",
    "magic_network",
    "restore",
    "run",
    "stop",
    "store",
]
