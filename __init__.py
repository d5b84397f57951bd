"""Spiking-neuron models run thousands of times: ``from spikefarm import *``."""

from __future__ import annotations

from .core.binomial import BinomialFunction
from .core.clock import Clock, defaultclock
from .core.equations import Equations
from .core.group import NeuronGroup
from .core.monitors import EventMonitor, SpikeMonitor, StateMonitor
from .core.network import Network, collect, run, stop
from .core.operations import NetworkOperation, network_operation
from .core.poisson import PoissonGroup
from .core.poissoninput import PoissonInput
from .core.ratemonitor import PopulationRateMonitor
from .core.session import seed, start_scope
from .core.spikegenerator import SpikeGeneratorGroup
from .core.stateupdaters import ExplicitStateUpdater, StateUpdateMethod
from .core.timedarray import TimedArray
from .core.units import *
from .core.units import __all__ as _units
from .core.userfunctions import *
from .core.userfunctions import __all__ as _functions
from .core.version import __version__
from .devices import clear_cache, device, get_device, set_device
from .farm import (
    Choice,
    Concat,
    Grid,
    LatinHypercube,
    LogUniform,
    Normal,
    Points,
    Quantile,
    Ragged,
    Random,
    Sobol,
    Sweep,
    Uniform,
    Zip,
    experiment,
    open_results,
)

__all__ = [
    "Choice",
    "Concat",
    "LatinHypercube",
    "LogUniform",
    "Normal",
    "Points",
    "Quantile",
    "Random",
    "Sobol",
    "Uniform",
    *_functions,
    *_units,
    "BinomialFunction",
    "Clock",
    "Equations",
    "ExplicitStateUpdater",
    "EventMonitor",
    "Grid",
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
    "Sweep",
    "TimedArray",
    "Zip",
    "clear_cache",
    "collect",
    "defaultclock",
    "device",
    "experiment",
    "get_device",
    "network_operation",
    "open_results",
    "run",
    "seed",
    "set_device",
    "start_scope",
    "stop",
]
