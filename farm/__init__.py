"""Sweeps: thousands of runs planned, farmed out, kept and never done twice."""

from ..store.results import open_results
from .axes import Grid, SweepError, Zip
from .execute import FailedRunsWarning
from .experiment import Experiment, experiment
from .plan import Plan
from .ragged import Ragged
from .schedule import FarmError, RunsFailedError
from .sweep import Sweep

__all__ = [
    "Experiment",
    "FailedRunsWarning",
    "FarmError",
    "Grid",
    "Plan",
    "Ragged",
    "RunsFailedError",
    "Sweep",
    "SweepError",
    "Zip",
    "experiment",
    "open_results",
]
