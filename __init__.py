"""Spiking-neuron models run thousands of times: ``from spikefarm import *``."""

from __future__ import annotations

from typing import Any

from .core import numpynames
from .core.binomial import BinomialFunction
from .core.clock import Clock, defaultclock
from .core.equations import Equations
from .core.group import NeuronGroup
from .core.integrators.names import *
from .core.integrators.names import __all__ as _integrators
from .core.monitors import EventMonitor, SpikeMonitor, StateMonitor
from .core.namespace import get_local_namespace
from .core.network import MagicError, Network, collect, run, stop
from .core.neurons import Subgroup
from .core.operations import NetworkOperation, network_operation
from .core.poisson import PoissonGroup
from .core.poissoninput import PoissonInput
from .core.ratemonitor import PopulationRateMonitor
from .core.session import seed, start_scope
from .core.spikegenerator import SpikeGeneratorGroup
from .core.stateupdaters import ExplicitStateUpdater, StateUpdateMethod
from .core.synapses import Synapses
from .core.timedarray import TimedArray
from .core.units import *
from .core.units import __all__ as _units
from .core.userfunctions import *
from .core.userfunctions import __all__ as _functions
from .core.version import __version__
from .devices import clear_cache, device, get_device, set_device
from .farm import Grid, Ragged, Sweep, Zip, experiment, open_results

__all__ = [
    *numpynames.NAMES,
    *_functions,
    *_integrators,
    *_units,
    "BinomialFunction",
    "Clock",
    "Equations",
    "ExplicitStateUpdater",
    "EventMonitor",
    "Grid",
    "MagicError",
    "Network",
    "NetworkOperation",
    "NeuronGroup",
    "PoissonGroup",
    "PoissonInput",
    "PopulationRateMonitor",
    "Ragged",
    "SpikeGeneratorGroup",
    "SpikeMonitor",
    "StateMonitor",
    "StateUpdateMethod",
    "Subgroup",
    "Sweep",
    "Synapses",
    "TimedArray",
    "Zip",
    "clear_cache",
    "collect",
    "defaultclock",
    "device",
    "experiment",
    "get_device",
    "get_local_namespace",
    "network_operation",
    "open_results",
    "run",
    "seed",
    "set_device",
    "start_scope",
    "stop",
]


def __getattr__(name: str) -> Any:
    """numpy's names, found when they are asked for."""
    return numpynames.find(name)
