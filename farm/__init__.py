"""Sweeps: thousands of runs planned, farmed out, kept and never done twice."""

from ..store.results import open_results
from .axes import Concat, Grid, Points, SweepError, Zip
from .execute import FailedRunsWarning
from .experiment import Experiment, experiment
from .plan import Plan
from .ragged import Ragged
from .recorded import Recorded, recorded_sweep
from .samples import Choice, LatinHypercube, LogUniform, Normal, Quantile, Random, Sobol, Uniform
from .sweep import Sweep
from .tally import FarmError, RunsFailedError, SweepCancelledError
from .tasks import DataManager, run_tasks

__all__ = [
    "Choice",
    "Concat",
    "DataManager",
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
    "SweepCancelledError",
    "SweepError",
    "Uniform",
    "Zip",
    "experiment",
    "open_results",
    "recorded_sweep",
    "run_tasks",
]
