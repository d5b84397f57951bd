"""What there is to tell of the sweeps on a cluster, as JSON has it."""

from __future__ import annotations

import time
from typing import Any

from ..control import STALE_SECONDS
from ..crew_cluster import TOPIC
from ..plugin import METRIC

KEPT = 20  # sweeps that are over


def figures(scheduler: Any) -> dict[str, Any]:
    """Return sweeps, the latest first, and workers with the runs that they are at.

    Parameters
    ----------
    scheduler : distributed.Scheduler
    """
    found = sweeps(scheduler)
    names = {str(sweep["token"]): sweep["sweep"] for sweep in found}
    return {
        "time": time.time(),
        "sweeps": found,
        "workers": [_worker(w, names) for w in scheduler.workers.values()],
    }


def sweeps(scheduler: Any) -> list[dict[str, Any]]:
    """Return the last that each sweep has told; those on their way first, then the latest."""
    latest: dict[str, dict[str, Any]] = {}
    for _, event in scheduler.get_events(TOPIC):
        latest[event["id"]] = event
    now = time.time()
    told = [
        {**sweep, "state": "died"} if _is_silent(sweep, now) else sweep
        for sweep in sorted(latest.values(), key=lambda sweep: -float(sweep["started"]))
    ]
    going = [sweep for sweep in told if sweep["state"] in ("running", "paused")]
    return going + [sweep for sweep in told if sweep not in going][:KEPT]


def _is_silent(sweep: dict[str, Any], now: float) -> bool:
    return sweep["state"] in ("running", "paused") and now - float(sweep["updated"]) > STALE_SECONDS


def _worker(worker: Any, names: dict[str, Any]) -> dict[str, Any]:
    runs = [
        {**run, "sweep": names[run["token"]]}
        for run in worker.metrics.get(METRIC, [])
        if run["token"] in names
    ]
    return {
        "name": str(worker.name),
        "host": worker.host,
        "threads": worker.nthreads,
        "cpu": worker.metrics.get("cpu", 0.0),
        "memory": worker.metrics.get("memory", 0),
        "runs": runs,
    }
