"""What strings for synapses mean where only declarations and results are known, as in the standalone device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.declared import Declared
from ..core.expr import Expr
from ..core.namespace import Resolved
from ..core.session import Session, SessionDevice
from ..core.synapses import Synapses
from .base import Array


def connections(
    session: Session, synapses: Declared, done: SessionDevice | None
) -> tuple[Array, Array] | None:
    """Neurons at both ends of synapses: of a simulation that is done, or else as far as none is needed."""
    from .runtime.connecting import known_connections

    assert isinstance(synapses, Synapses)
    found = [done.read(session, synapses, name) for name in ("i", "j")] if done else [None, None]
    if found[0] is not None and found[1] is not None:
        return found[0].astype("int64"), found[1].astype("int64")
    return known_connections(session, synapses)


def value(owner: Declared, expr: Expr, constants: Mapping[str, Resolved]) -> Array | None:
    """Value of a resolved expression for all synapses; ``None`` where something in it is not known."""
    import numpy as np

    from .runtime.connecting import constants_only
    from .runtime.evaluate import evaluate

    if not isinstance(owner, Synapses):
        return None

    def variable(name: str) -> Any:
        view = owner.state(name)
        values = view.values()
        return values[0] if view.shared else values

    try:
        found: Array = np.asarray(evaluate(owner.named(expr), constants_only(constants, variable)))
    except NotImplementedError:
        return None
    return found


__all__ = ["connections", "value"]
