"""Sweeps: thousands of runs planned, farmed out, kept and never done twice."""

from ..store.results import open_results
from .axes import Concat, Grid, Points, SweepError, Zip
from .execute import FailedRunsWarning
from .experiment import Experiment, experiment
from .plan import Plan
from .ragged import Ragged
from .recorded import Recorded, recorded_sweep
from .samples import Choice, LatinHypercube, LogUniform, Normal, Quantile, Random, Sobol, Uniform
from .schedule import FarmError, RunsFailedError
from .sweep import Sweep

__all__ = [
    "Choice",
    "Concat",
    "Experiment",
    "FailedRunsWarning",
    "FarmError",
    "Grid",
    "LatinHypercube",
    "LogUniform",
    "Normal",
    "Plan",
    "Points",
    "Quantile",
    "Ragged",
    "Random",
    "Recorded",
    "RunsFailedError",
    "Sobol",
    "Sweep",
    "SweepError",
    "Uniform",
    "Zip",
    "experiment",
    "open_results",
    "recorded_sweep",
]
