"""Whether runs of a model go through the time loop together, and how many."""

from __future__ import annotations

from ...core.model import Insert, Model
from ..base import LANES
from .emit_synapses import is_synapses

#: As many as gain anything: two or more operations under way in each unit of the processor.
ENOUGH = 16
#: From so many neurons on a run fills the registers by itself.
FULL = 32
#: Bytes of state that stay close to the processor.
NEAR = 256 * 1024


def why_alone(model: Model) -> str:
    """Say why runs of a model cannot go through the time loop together; nothing if they can."""
    if model.callbacks:
        return "it calls Python at every step"
    if any(isinstance(step, Insert) for step in model.program):
        return "it has C++ of the script's own between its steps"
    return ""


def advised(model: Model) -> int:
    """Return how many runs of a model are best taken together.

    As many as fit beside each other into a core's cache where groups are too small to fill vector registers; one
    where a group does that by itself, or where there are synapses, which are worked through run after run and gain
    nothing. Measured: 4 to 7 times the speed for one neuron, 2 to 4 times for 16 without noise, 1.3 times with.
    """
    groups = [p for p in model.populations if not is_synapses(p)]
    if len(groups) < len(model.populations) or not groups or max(p.size for p in groups) >= FULL:
        return 1
    state = sum(8 * p.size * len(p.variables) for p in groups)
    return max(n for n in LANES if n == 1 or (n <= ENOUGH and n * state <= NEAR))
