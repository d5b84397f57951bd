"""``spikefarm status``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .command import OK, Command, add_json, fail, show, table


def add_stores(parser: argparse.ArgumentParser) -> None:
    """Let a command take stores."""
    parser.add_argument(
        "stores", nargs="*", metavar="STORE", help="paths or URLs; by default all stores in this folder"
    )


def stores_of(options: argparse.Namespace) -> list[str]:
    """Return the stores that were given, or those that lie in the working directory."""
    if options.stores:
        return list(options.stores)
    found = {str(path).removesuffix(".sessions") for path in Path().glob("*.zarr.sessions")}
    return sorted(found | {str(path) for path in Path().glob("*.zarr") if path.is_dir()})


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_stores(parser)
    add_json(parser)


def _run(options: argparse.Namespace) -> int:
    from ..farm.control import sessions

    stores = stores_of(options)
    if not stores:
        return fail("there is no store here; give the path of one")
    found = [status for store in stores for status in sessions(store)]
    facts = [status.as_json() for status in found]
    show(facts, options.json, _told(found) if found else "no sweep is on its way")
    return OK


def _told(found: list[Any]) -> str:
    from ..farm.plan import duration

    head = ("session", "sweep", "state", "done", "of", "failed", "runs/s", "to go", "since", "store")
    rows = [
        (
            status.id,
            status.sweep,
            status.state,
            str(status.done),
            str(status.total),
            str(status.failed),
            f"{status.rate:.3g}",
            "" if status.eta is None else duration(status.eta),
            time.strftime("%m-%d %H:%M", time.localtime(status.started)),
            status.store,
        )
        for status in found
    ]
    errors = [f"\n{status.id}: {error}" for status in found for error in status.errors]
    return table([head, *rows], right=(3, 4, 5, 6, 7)) + "".join(errors)


COMMAND = Command(
    "status",
    "Show the sweeps that are on their way into stores.",
    "spikefarm status\nspikefarm status if_curve.zarr\nspikefarm status s3://lab/if_curve.zarr --json",
    _arguments,
    _run,
)
