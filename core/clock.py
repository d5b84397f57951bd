"""Clocks: the grids of time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dimensions import TIME
from .units import DimensionMismatchError, Quantity, get_dimensions


def check_time(value: Any, what: str, zero: bool = False) -> float:
    """A time in seconds.

    Raises
    ------
    DimensionMismatchError, TypeError
        If the value is not a single time.
    ValueError
        If it is not finite, or negative, or zero where that has no meaning.
    """
    if not isinstance(value, int | float | np.number | np.ndarray | list | tuple):
        raise TypeError(f"{what} is {type(value).__name__} {value!r:.60}; give a time such as 10*ms.")
    if get_dimensions(value) != TIME:
        unit = get_dimensions(value).unit_text()
        raise DimensionMismatchError(f"{what} is {value!r} with units of {unit} instead of second.")
    if np.ndim(value):
        raise TypeError(f"{what} is an array of shape {np.shape(value)}; give a single time.")
    number = float(np.asarray(value))
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        kind = "finite time of zero or more" if zero else "positive finite time"
        raise ValueError(f"{what} is {value!r}; it must be a {kind}.")
    return number


class Clock:
    """A grid of time with step ``dt``.

    Raises
    ------
    DimensionMismatchError, TypeError, ValueError
        If ``dt`` is not a single positive time.
    """

    def __init__(self, dt: Any, name: str = "clock") -> None:
        self.name = name
        self._dt = check_time(dt, f"{name}.dt")
        self._network = ""  # that it has driven last
        self._used = 0.0  # its step then

    @property
    def t(self) -> Quantity:
        """Time: in a run that of the current step, else where the network has arrived that it drove last."""
        return Quantity.with_dimensions(self.t_, TIME)

    @property
    def t_(self) -> float:
        """Time in seconds."""
        from .session import current_session

        session = current_session()
        return session.device.clock_time(session, self)

    @property
    def timestep(self) -> int:
        """Number of whole steps that the time is."""
        return round(self.t_ / self._dt)

    def check_grid(self, start: float) -> None:
        """Refuse a step other than the last, if a run that begins now would not begin on a multiple of it.

        Raises
        ------
        ValueError
            Naming both steps and the time.
        """
        steps = start / self._dt
        if self._used and self._used != self._dt and abs(steps - round(steps)) > 1e-4:
            raise ValueError(
                f"dt of {self.name} changes from {self._used:g} s to {self._dt:g} s at {start:g} s, which is no "
                "multiple of the new dt; end the run before it on the new grid, or choose another dt."
            )

    @property
    def dt(self) -> Quantity:
        """Time step."""
        return Quantity.with_dimensions(self._dt, TIME)

    @dt.setter
    def dt(self, value: Any) -> None:
        self._dt = check_time(value, f"{self.name}.dt")

    @property
    def dt_(self) -> float:
        """Time step in seconds."""
        return self._dt

    @dt_.setter
    def dt_(self, value: float) -> None:
        self.dt = Quantity.with_dimensions(value, TIME)

    def __repr__(self) -> str:
        return f"Clock(dt={self.dt!r}, name={self.name!r})"


class DefaultClock:
    """``defaultclock``: the default clock of whichever session is current."""

    @property
    def _clock(self) -> Clock:
        from .session import current_session

        return current_session().defaultclock

    @property
    def t(self) -> Quantity:
        """Time; see `Clock`."""
        return self._clock.t

    @property
    def t_(self) -> float:
        """Time in seconds."""
        return self._clock.t_

    @property
    def timestep(self) -> int:
        """Number of whole steps that the time is."""
        return self._clock.timestep

    @property
    def name(self) -> str:
        """Its name."""
        return self._clock.name

    @property
    def dt(self) -> Quantity:
        """Time step, 0.1 ms unless set."""
        return self._clock.dt

    @dt.setter
    def dt(self, value: Any) -> None:
        self._clock.dt = value

    @property
    def dt_(self) -> float:
        """Time step in seconds."""
        return self._clock.dt_

    @dt_.setter
    def dt_(self, value: float) -> None:
        self._clock.dt_ = value

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("dt", "dt_"):
            raise AttributeError(
                f"defaultclock has no attribute {name!r} that can be set; set defaultclock.dt."
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return repr(self._clock)


defaultclock = DefaultClock()
