"""What may be a mistake, or is worth knowing, about the objects of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .context import REFRACTORY, SPECIAL
from .declared import Declared
from .integrators import SEPARATOR
from .logs import get_logger
from .model import Model
from .namespace import is_number

_network = get_logger("spikefarm.core.network")
_synapses = get_logger("spikefarm.core.synapses")
_integrators = get_logger("spikefarm.core.integrators")


def tell_names(objects: Iterable[Declared], namespace: Mapping[str, Any]) -> None:
    """Warn of names with two meanings, and mention those of groups' namespaces that nothing uses."""
    used: dict[int, set[str]] = {}
    chosen = list(objects)
    for obj in chosen:
        used.setdefault(id(obj.namespace_owner), set()).update(obj.external_names())
    for obj in chosen:
        if obj.namespace_owner is obj:
            _tell_conflicts(obj, {**namespace, **obj.own_namespace()})
            _tell_unused(obj, used[id(obj)])


def _tell_conflicts(obj: Declared, namespace: Mapping[str, Any]) -> None:
    for name in sorted(set(obj.variable_names()) - set(SPECIAL) - set(REFRACTORY)):
        value = namespace.get(name)
        # a name that came with the star import is no choice of the script's
        if is_number(value) and getattr(np, name, None) is not value:
            _network.warning(
                f"{name!r} is a variable of {obj.name!r}, but there is also a {name!r} in the script, which is "
                f"{value!r:.60}. The variable is used.",
                "resolution_conflict",
                once=True,
            )


def _tell_unused(obj: Declared, used: set[str]) -> None:
    unused = sorted(set(obj.own_namespace()) - used - set(obj.variable_names()))
    if unused:
        _network.info(
            f"The namespace of {obj.name!r} has names that no string of this run uses: {', '.join(unused)}.",
            "unused_names",
            once=True,
        )


def tell_methods(model: Model, methods: str) -> None:
    """Say which integrators the automatic choice has taken; ``methods`` as a build's manifest has them."""
    chosen = dict(part.split(": ", 1) for part in methods.split(", ") if ": " in part)
    for population in model.populations:
        given = population.method
        if (given == "auto" or SEPARATOR in given) and population.id in chosen:
            why = (
                "No integration method was given"
                if given == "auto"
                else "Several integration methods were given"
            )
            _integrators.info(
                f"{why} for {population.id!r}; it is {chosen[population.id]!r}.",
                "method_choice",
                once=True,
            )


def tell_clock_driven(name: str, variables: Iterable[str]) -> None:
    """Mention equations of synapses that do not say when they are to be solved."""
    for variable in variables:
        _synapses.info(
            f"{name}: the equation of {variable!r} is neither flagged (event-driven) nor (clock-driven); it is solved "
            "at each time step, which takes time for every synapse.",
            "clock_driven",
            once=True,
        )
