"""What a sweep would do: shown before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from ..store.sweeps import Axis
from .space import REPEAT, Space

EDGE = 3  # values of an axis that are shown at its ends


@final
@dataclass(frozen=True)
class Estimate:
    """What one run costs.

    Parameters
    ----------
    seconds : float
        Of one core.
    bytes : float
        In the store.
    basis : str
        How that is known.
    """

    seconds: float
    bytes: float
    basis: str


@final
@dataclass(frozen=True)
class Plan:
    """What a sweep would do.

    Parameters
    ----------
    subject : str
        What is run.
    space : Space
    builds : int or None
        How many builds there are; None where only the runs can tell.
    compiled : int
        How many of them are on this machine already.
    cached : int
        Runs that the store has.
    failed : int
        Of these, how many failed (they run again with ``retry_failed=True``).
    store : Path or None
    to_simulate : int
        Runs that the store does not have.
    estimate : Estimate or None
        What a run costs, as far as anybody knows.
    cores : int
        Runs at a time.
    problems : tuple of str
        Builds that cannot be made, and why.
    lanes : str
        How many runs go through the time loop together, in words.
    """

    subject: str
    space: Space
    builds: int | None
    compiled: int
    cached: int
    failed: int
    store: Path | str | None
    to_simulate: int
    estimate: Estimate | None = None
    cores: int = 1
    problems: tuple[str, ...] = ()
    lanes: str = ""

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.space.runs

    @property
    def from_store(self) -> int:
        """Runs that are put together from what other runs of the store have, without simulating."""
        return self.runs - self.cached - self.to_simulate

    @property
    def seconds(self) -> float | None:
        """Expected time of what is to be done."""
        return None if self.estimate is None else self.to_simulate * self.estimate.seconds / self.cores

    @property
    def bytes(self) -> float | None:
        """Expected growth of the store."""
        return None if self.estimate is None else self.to_simulate * self.estimate.bytes

    @property
    def summary(self) -> str:
        """Return one line, e.g. ``6000 runs, 1 build, 0 cached``."""
        builds = "" if self.builds is None else f", {count(self.builds, 'build')}"
        return f"{count(self.runs, 'run')}{builds}, {self.cached} cached"

    def _facts(self) -> list[tuple[str, str]]:
        if self.builds is None:
            builds = "as many as the function declares different models"
        else:
            builds = f"{self.builds}, {self._readiness(self.builds)}"
        cached = f"{self.cached}" + (f", {self.failed} of them failed" if self.failed else "")
        facts = [
            ("runs of", self.subject),
            ("builds", builds),
            *([("lanes", self.lanes)] if self.lanes else []),
            ("cached", cached),
            *([("from the store", f"{self.from_store}, without simulating")] if self.from_store else []),
            ("to simulate", str(self.to_simulate)),
            ("store", str(self.store) if self.store else "none, results stay in memory"),
        ]
        if self.estimate is not None and self.to_simulate:
            facts.append(("expected time", f"{duration(self.seconds or 0)}, {self.estimate.basis}"))
            facts.append(("expected size", f"{size(self.bytes or 0)}, {self.estimate.basis}"))
        facts += [("cannot be declared", problem) for problem in self.problems]
        return facts

    def _readiness(self, builds: int) -> str:
        if self.compiled in (0, builds):
            return "ready" if self.compiled else "to be compiled"
        return f"{self.compiled} ready, {builds - self.compiled} to be compiled"

    def _axes(self) -> list[tuple[str, str, str]]:
        rows = []
        for axis in self.space.definition(()).axes:
            if axis.values.ndim == 1:
                label = axis.name if axis.name == axis.dim else f"{axis.name} (along {axis.dim})"
                rows.append((label, str(len(axis.values)), values_text(axis)))
        return rows

    def __str__(self) -> str:
        rows = [("axis", "length", "values"), *self._axes()] if self.space.dims else []
        widths = [max(len(row[i]) for row in rows) for i in range(2)] if rows else []
        table = [f"  {name:<{widths[0]}}  {length:>{widths[1]}}  {values}" for name, length, values in rows]
        facts = self._facts()
        wide = max(len(name) for name, _ in facts)
        return "\n".join([self.summary, *table, *(f"  {name:<{wide}}  {text}" for name, text in facts)])

    def _repr_html_(self) -> str:
        import html

        def row(cells: tuple[str, ...], tag: str = "td") -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        axes = "".join(map(row, self._axes()))
        facts = "".join(map(row, self._facts()))
        head = row(("axis", "length", "values"), "th")
        return (
            f"<p><b>{html.escape(self.summary)}</b></p>"
            f"<table><thead>{head}</thead><tbody>{axes}</tbody></table><table><tbody>{facts}</tbody></table>"
        )


def values_text(axis: Axis) -> str:
    """Return the values of an axis with their unit, the middle left out where there are many."""
    values = axis.values
    shown = [*values[:EDGE], None, *values[-EDGE:]] if len(values) > 2 * EDGE + 1 else list(values)
    unit = axis.attrs.get("units", "")
    told = ", ".join("…" if value is None else _number(value) for value in shown)
    return f"{told} {unit}".strip() if axis.name != REPEAT else f"0 … {len(values) - 1}"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def count(n: int, what: str) -> str:
    """Return a number of things, e.g. ``1 run`` or ``2 runs``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def size(n_bytes: float) -> str:
    """Return an amount of data for people, e.g. ``1.5 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def duration(seconds: float) -> str:
    """Return a time for people, e.g. ``3.1 s`` or ``2 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
