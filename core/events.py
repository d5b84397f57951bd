"""Events of a group: what makes a neuron have one, what happens then, and when in the time step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .declared import SCHEDULE
from .expr import Expr
from .statements import Stmt

#: The event that a group's threshold stands for.
SPIKE = "spike"


class Placed(ABC):
    """What happens somewhere in a time step: ``when`` is a part of the schedule, ``order`` the place in it.

    Setting them raises ValueError or TypeError if there is no such place; what stood before stays.
    """

    @abstractmethod
    def _label(self) -> str:
        """What messages call it."""

    @property
    def when(self) -> str:
        """Part of the time step."""
        return self._when

    @when.setter
    def when(self, value: str) -> None:
        if value not in SCHEDULE:
            raise ValueError(
                f"{self._label()}: when={value!r} is no place of a time step: {', '.join(SCHEDULE)}."
            )
        self._when = value

    @property
    def order(self) -> int:
        """Place among what happens in the same part of the time step."""
        return self._order

    @order.setter
    def order(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{self._label()}: order={value!r} must be an integer.")
        self._order = int(value)


class Place(Placed):
    """Where in a time step the condition or the code of an event stands."""

    def __init__(self, what: str, when: str, order: int) -> None:
        self._what = what
        self.when = when
        self.order = order

    def _label(self) -> str:
        return self._what

    def __repr__(self) -> str:
        return f"<{self._what}: when={self.when!r}, order={self.order}>"


@dataclass
class GroupEvent:
    """An event as a group declares it; without a condition where the group itself says when it happens."""

    name: str
    condition: Expr | None
    check: Place
    code: tuple[Stmt, ...] = ()
    run: Place | None = None

    @property
    def what(self) -> str:
        """What messages call the condition."""
        return "the threshold" if self.name == SPIKE else f"the condition of the event {self.name!r}"

    @property
    def what_code(self) -> str:
        """What messages call the code."""
        return "the reset" if self.name == SPIKE else f"the code for the event {self.name!r}"


def check_events(what: str, events: Any, threshold: str | None) -> None:
    """Refuse events that are no conditions by name."""
    if events is None:
        return
    if not isinstance(events, Mapping):
        raise TypeError(
            f"{what}: events={events!r:.60} must be a dictionary from names to conditions, such as "
            "{'crossing': 'v > 0*mV'}."
        )
    for name, condition in events.items():
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ValueError(
                f"{what}: {name!r} cannot be the name of an event; use letters, digits, underscores."
            )
        if not isinstance(condition, str):
            raise TypeError(
                f"{what}: the condition of the event {name!r} is {condition!r:.60}; give a string such as 'v > 1'."
            )
    if SPIKE in events and threshold is not None:
        raise ValueError(
            f"{what}: threshold={threshold!r} is the condition of the event 'spike', which events gives too; leave "
            "one of them out."
        )
