"""How long the parts of a simulation took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .dimensions import TIME
from .kernels import Kernel
from .units import Quantity

if TYPE_CHECKING:
    from .network import Network

#: What follows the name of a kernel's owner, for kinds of kernels that owners have besides others.
_PARTS: Mapping[str, str] = {
    "held": "_subexpression_update",
    "held_shared": "_subexpression_update",
    "update": "_stateupdater",
    "threshold": "_{event}_thresholder",
    "reset": "_{event}_resetter",
}


def kernel_labels(kernels: Sequence[Kernel]) -> tuple[str, ...]:
    """What each kernel is called in a profile, as Brian 2 calls them: its owner, a space, and which part of it."""
    return tuple(f"{k.owner} {_PARTS.get(k.kind, '').format(event=k.event or 'spike')}" for k in kernels)


def totals(
    labels: Sequence[str], seconds: Sequence[float], names: Mapping[str, str]
) -> tuple[tuple[str, float], ...]:
    """Times by label, what took longest first; ``names`` of objects as the model has them, by name in the script."""
    own = {id: name for name, id in names.items()}
    found: dict[str, float] = {}
    for label, time in zip(labels, seconds, strict=True):
        owner, part = label.split(" ", 1)
        full = own.get(owner, owner) + part
        found[full] = found.get(full, 0.0) + float(time)
    return tuple(sorted(found.items(), key=lambda item: -item[1]))


class ProfilingSummary:
    """What took how long in the last run; printed as a table, and shown as one in notebooks.

    Parameters
    ----------
    info : sequence of (str, Quantity)
        Names and times, what took longest first.
    show : int, optional
        How many of them to show.
    """

    def __init__(self, info: Sequence[tuple[str, Any]], show: int | None = None) -> None:
        if show is not None and (isinstance(show, bool) or not isinstance(show, int) or show < 1):
            raise ValueError(f"profiling_summary: show={show!r}; give a number of lines, 1 or more.")
        total = sum(float(seconds) for _, seconds in info)
        self.names = [name for name, _ in info][:show]
        self.times = [seconds for _, seconds in info][:show]
        self.percentages = [100 * float(seconds) / total if total else 0.0 for seconds in self.times]

    def __str__(self) -> str:
        rows = list(zip(self.names, map(str, self.times), self.percentages, strict=True))
        wide = max((len(name) for name, _, _ in rows), default=0)
        high = max((len(text) for _, text, _ in rows), default=0)
        lines = [f"{name:{wide}}  {text:>{high}}  {share:5.1f} %" for name, text, share in rows]
        return "\n".join(["Profiling summary", "=" * 17, *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(name)}</td><td style='text-align:right'>{escape(str(seconds))}</td>"
            f"<td style='text-align:right'>{share:.1f}&nbsp;%</td></tr>"
            for name, seconds, share in zip(self.names, self.times, self.percentages, strict=True)
        )
        return f"<table><thead><tr><th>Part</th><th>Time</th><th>Share</th></tr></thead>{rows}</table>"


def with_units(times: Sequence[tuple[str, float]] | None, network: str) -> list[tuple[str, Any]]:
    """Names and times of a profile.

    Raises
    ------
    ValueError
        If there is none.
    """
    if times is None:
        raise ValueError(
            f"There is no profile of {network}: call run(…, profile=True), or for a standalone program also "
            "device.build(profile=True)."
        )
    return [(name, Quantity.with_dimensions(seconds, TIME)) for name, seconds in times]


def profiling_summary(net: Network | None = None, show: int | None = None) -> ProfilingSummary:
    """What took how long in the last run that was profiled.

    Parameters
    ----------
    net : Network, optional
        Whose runs; by default those of ``run()``.
    show : int, optional
        How many entries to show.

    Raises
    ------
    ValueError
        If no run of it was profiled.
    """
    from .network import magic_network

    return ProfilingSummary((magic_network if net is None else net).profiling_info, show)


__all__ = ["ProfilingSummary", "profiling_summary"]
