"""Progress of a run: how far it is and how long it will still take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from .clock import check_time
from .dimensions import TIME
from .units import Quantity

#: Called with elapsed time, completed fraction, start time and duration, with units.
Teller = Callable[[Any, float, Any, Any], None]


class Report:
    """What a user asked for with ``report=`` and ``report_period=``, checked.

    Raises
    ------
    ValueError, DimensionMismatchError
        For what is neither a way to report nor a time.
    """

    def __init__(self, report: Any = None, period: Any = None) -> None:
        self.tell = as_teller(report)
        self.period = 10.0 if period is None else check_time(period, "report_period")


class Reporter:
    """Tells progress every now and then.

    Parameters
    ----------
    report : Report
        To whom, and how often.
    duration : float
        Simulated seconds.
    """

    def __init__(self, report: Report, duration: float) -> None:
        self._report = report.tell
        self._period = report.period
        self._duration = duration
        self._began = self._last = 0.0
        self._start = 0.0

    def start(self) -> None:
        """The run begins."""
        self._began = self._last = time.monotonic()
        if self._report is not None:
            self.tell(0.0, 0.0)

    def due(self) -> bool:
        """Whether it is time for another report."""
        return self._report is not None and time.monotonic() - self._last >= self._period

    def tell(self, done: float, start: float) -> None:
        """Report, ``done`` simulated seconds after ``start``."""
        assert self._report is not None
        self._last, self._start = time.monotonic(), start
        fraction = min(done / self._duration, 1.0) if self._duration else 1.0
        seconds = self._last - self._began
        self._report(_time(seconds), fraction, _time(start), _time(self._duration))

    def tell_if_due(self, done: float) -> None:
        """Report, if it is time to, ``done`` simulated seconds after the start."""
        if self.due():
            self.tell(done, self._start)

    def finish(self) -> None:
        """The run is over."""
        if self._report is not None:
            self.tell(self._duration, self._start)


def _time(seconds: float) -> Any:
    return Quantity.with_dimensions(seconds, TIME)


def as_teller(report: Any) -> Teller | None:
    """What a user gave as ``report`` as a function.

    Raises
    ------
    ValueError
        For anything but ``'text'`` (or ``'stdout'``), ``'stderr'``, a function or ``None``.
    """
    if report is None:
        return None
    if callable(report):
        teller: Teller = report
        return teller
    if report in ("text", "stdout"):
        return lambda *told: print(_sentence(*told), flush=True)
    if report == "stderr":
        return lambda *told: print(_sentence(*told), file=sys.stderr, flush=True)
    raise ValueError(f"report={report!r}: choose 'text' (or 'stdout'), 'stderr', a function, or None.")


def _sentence(elapsed: Any, fraction: float, start: Any, duration: Any) -> str:
    seconds = float(elapsed)
    if fraction == 0:
        return f"Simulating {duration!s} from t = {start!s}"
    left = seconds * (1 - fraction) / fraction
    if fraction >= 1:
        return f"{duration!s} (100%) simulated in {seconds:.1f} s"
    return f"{fraction * duration!s} ({100 * fraction:.0f}%) simulated in {seconds:.1f} s, about {left:.0f} s to go"
