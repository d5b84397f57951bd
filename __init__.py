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
from .core.linked import linked_var
from .core.logs import SpikefarmLogger, get_logger
from .core.monitors import EventMonitor, SpikeMonitor, StateMonitor
from .core.namespace import get_local_namespace
from .core.network import MagicError, Network, collect, magic_network, restore, run, stop
from .core.network import store as _store
from .core.neurons import Subgroup
from .core.operations import NetworkOperation, network_operation
from .core.poisson import PoissonGroup
from .core.poissoninput import PoissonInput
from .core.preferences import Preference, PreferenceError, prefs
from .core.profiling import *
from .core.profiling import __all__ as _profiling
from .core.ratemonitor import PopulationRateMonitor
from .core.recent import RecentStateMonitor
from .core.scheduling import *
from .core.scheduling import __all__ as _scheduling
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
from .farm import *
from .farm import __all__ as _farm

#: Brian 2's function; the subpackage of that name is there for ``from spikefarm.store import …``.
store = _store
#: Brian 2's names for them.
BrianLogger = SpikefarmLogger
brian_prefs = prefs

__all__ = [
    *numpynames.NAMES,
    *_farm,
    *_functions,
    *_integrators,
    *_profiling,
    *_scheduling,
    *_units,
    "BinomialFunction",
    "BrianLogger",
    "Clock",
    "Equations",
    "ExplicitStateUpdater",
    "EventMonitor",
    "MagicError",
    "Network",
    "NetworkOperation",
    "NeuronGroup",
    "PoissonGroup",
    "PoissonInput",
    "PopulationRateMonitor",
    "Preference",
    "PreferenceError",
    "RecentStateMonitor",
    "SpikeGeneratorGroup",
    "SpikeMonitor",
    "SpikefarmLogger",
    "StateMonitor",
    "StateUpdateMethod",
    "Subgroup",
    "Synapses",
    "TimedArray",
    "brian_prefs",
    "clear_cache",
    "collect",
    "defaultclock",
    "device",
    "get_device",
    "get_local_namespace",
    "get_logger",
    "linked_var",
    "magic_network",
    "network_operation",
    "prefs",
    "restore",
    "run",
    "seed",
    "set_device",
    "start_scope",
    "stop",
    "store",
]


def __getattr__(name: str) -> Any:
    """numpy's names, found when they are asked for."""
    return numpynames.find(name)
