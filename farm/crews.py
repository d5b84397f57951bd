"""Which crew a sweep gets."""

from __future__ import annotations

import functools
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from .axes import refuse
from .cluster import embedded, warn_if_open
from .clusters import current_form
from .control import Session
from .crew import Crew
from .crew_cluster import ClusterCrew, Connection
from .crew_embedded import EmbeddedCrew
from .options import Options
from .reuse import Piece
from .work import Work
from .worker import Job


def crew_for(piece: Piece, session: Session, options: Options) -> Crew:
    """Return who does some runs.

    Runs that keep the interpreter busy, or whose functions might take it with them, always get processes, which the
    cluster starts and replaces; those that simulate in a process of their own begin in threads of this one.

    Raises
    ------
    SweepError
        The machine has less than one run needs.
    """
    job = Job(f"sweep-{uuid.uuid4().hex}", piece.work, piece.points, options.limit)
    if begins_here(piece.work, options):
        return EmbeddedCrew(job, session, options)
    connect = functools.partial(_connect, piece.work, options)
    return ClusterCrew(job, session, options, connect)


def begins_here(work: Work, options: Options) -> bool:
    """Whether nothing but threads of this process ever does the runs."""
    return options.client is None and current_form() is None and not work.holds_interpreter


@contextmanager
def _connect(work: Work, options: Options) -> Iterator[Connection]:
    """Give access to the cluster that the user named, or to one of our own."""
    from distributed import Client

    if isinstance(options.client, str):
        with Client(options.client, set_as_default=False) as client:
            warn_if_open(client)
            yield Connection(client)
        return
    if options.client is not None:
        warn_if_open(options.client)
        yield Connection(options.client)
        return
    processes = work.holds_interpreter
    paths = tuple(path or os.getcwd() for path in sys.path)
    found = current_form()
    if found is not None:
        form, settings = found
        if form.needs_store and options.store is None:
            refuse("run", [f"{form.name} needs store=..., where its tasks find each other"])
        with form.connect(settings, processes, options.workers, options.needs, options.tell) as client:
            yield Connection(client, paths)
        return
    with embedded(processes, options.workers, options.needs) as client:
        yield Connection(client, paths if processes else ())
