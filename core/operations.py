"""Python code that runs between the steps of a simulation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, overload

from .declared import Declared

Operation = Callable[..., Any]


class NetworkOperation(Declared):
    """A Python function called at each tick of a clock; for the runtime device.

    Parameters
    ----------
    function : callable
        Takes no argument, or the time. A method of an object is fine too.
    dt : Quantity, optional
        Time between calls, if not the time step of ``defaultclock``.
    clock : Clock, optional
        Clock that says when to call.
    when : str, optional
        Part of the time step: its start by default.
    order : int, optional
        Place among the objects of the same part of a time step.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    TypeError
        If the function cannot be called with no argument or one.
    """

    _kind = "networkoperation"

    def __init__(
        self,
        function: Operation,
        dt: Any = None,
        clock: Any = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        self.takes_time = _takes_time(function)
        super().__init__(name, clock, dt, when, order)
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def __repr__(self) -> str:
        return f"<NetworkOperation {self.name!r} calling {getattr(self.function, '__qualname__', self.function)}>"


def _takes_time(function: Any) -> bool:
    if not callable(function):
        raise TypeError(
            f"network_operation: {function!r:.60} is not a function; give one that takes nothing or t."
        )
    wanted = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if len(wanted) > 1 or any(p.kind is p.KEYWORD_ONLY for p in wanted):
        hint = " (for a method, use NetworkOperation(self.method))" if wanted[0].name == "self" else ""
        raise TypeError(
            f"network_operation: {getattr(function, '__name__', function)} takes {len(wanted)} arguments; it may take "
            f"none, or the time{hint}."
        )
    return bool(wanted)


@overload
def network_operation(function: Operation, /) -> NetworkOperation: ...
@overload
def network_operation(
    *, dt: Any = None, clock: Any = None, when: str = "start", order: int = 0, name: str | None = None
) -> Callable[[Operation], NetworkOperation]: ...
def network_operation(function: Operation | None = None, /, **options: Any) -> Any:
    """Make a function a `NetworkOperation`: ``@network_operation`` or ``@network_operation(dt=1*ms)``."""
    if function is not None:
        return NetworkOperation(function, **options)
    return lambda wrapped: NetworkOperation(wrapped, **options)
