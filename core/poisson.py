"""Groups that spike at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .dimensions import TIME
from .equations import NON_NEGATIVE, PARAMETER, SUBEXPRESSION, Equation, Equations
from .events import SPIKE
from .expr import parse
from .group import Group, check_size

#: A spike in each step with probability ``rates*dt``: a Poisson process seen on the grid of time.
THRESHOLD = "rand() < rates*dt"


class PoissonGroup(Group):
    """Neurons that spike independently of everything, as Poisson processes.

    Parameters
    ----------
    N : int
        Number of neurons.
    rates : Quantity or str
        Rate of all neurons, of each (shape ``(N,)``), or an expression evaluated for each neuron at each time
        step, such as ``'stimulus(t)'``. Given as numbers they are a variable that can be set again and by run
        arguments.
    dt : Quantity, optional
        Time step, if not that of ``defaultclock``. A neuron spikes once in a step at most.
    clock : Clock, optional
        Clock of the group.
    when : str, optional
        Part of the time step in which spikes happen.
    order : int, optional
        Place among the objects of the same part of a time step.
    namespace : dict, optional
        What the names in ``rates`` stand for; by default they are looked up where ``run`` is called.
    name : str, optional
        Name, unique in the script.

    Raises
    ------
    DimensionMismatchError
        If rates are no rates.
    ValueError, TypeError
        For negative rates, or arguments out of range.
    """

    _kind = "poissongroup"

    def __init__(
        self,
        N: int,
        rates: Any,
        dt: Any = None,
        clock: Any = None,
        when: str = "thresholds",
        order: int = 0,
        namespace: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        check_size("PoissonGroup", N)
        kind, expr, flags = PARAMETER, None, frozenset({NON_NEGATIVE})
        if isinstance(rates, str):
            kind, expr, flags = SUBEXPRESSION, parse(rates), frozenset()
        equation = Equation("rates", kind, TIME**-1, "float", expr, flags, "hertz")
        super().__init__(
            N,
            Equations((equation,)),
            threshold=THRESHOLD,
            namespace=namespace,
            dt=dt,
            clock=clock,
            order=order,
            name=name,
        )
        self.thresholder[SPIKE].when = when
        if not isinstance(rates, str):
            self.state("rates").assign(slice(None), rates)
