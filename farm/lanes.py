"""How many runs of a sweep go through the time loop together."""

from __future__ import annotations

from ..devices.base import LANES
from .adapters import Simulation
from .axes import refuse

#: From so many runs on it is worth another build.
WORTH = 64


def in_lanes(simulation: Simulation, lanes: int | None, runs: int) -> tuple[Simulation, str]:
    """Return the simulation as a sweep is to use it, and what there is to say of that.

    Parameters
    ----------
    simulation : Simulation
    lanes : int or None
        What the user wants; None for what suits the model and the number of runs.
    runs : int

    Raises
    ------
    SweepError
        This many cannot go together.
    """
    why = simulation.why_alone()
    if lanes is None:
        chosen = simulation.advised_lanes() if runs >= WORTH and not why else 1
    else:
        refuse("lanes", _problems(lanes, why))
        chosen = lanes
    if chosen == 1:
        return simulation, f"one by one: {why}" if why else ""
    return simulation.in_lanes(chosen), f"{chosen} at a time"


def _problems(lanes: object, why: str) -> list[str]:
    if isinstance(lanes, bool) or lanes not in LANES:
        choices = ", ".join(str(n) for n in LANES)
        return [f"lanes={lanes!r}: give one of {choices}, or None for what suits the model"]
    if lanes != 1 and why:
        return [f"lanes={lanes!r}: runs of this model go one by one, because {why}; leave lanes out"]
    return []
