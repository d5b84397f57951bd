"""Builds for workers on other machines: made once for each kind of machine, where a compiler is, and sent to all."""

from __future__ import annotations

import concurrent.futures
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..devices.base import CompilerNotFoundError, Machine, Parcel
from .adapters import Simulation, fits
from .builds import Builds
from .clusters import current_form
from .crew import LOOK_SECONDS
from .options import Options
from .tally import FarmError

if TYPE_CHECKING:
    from distributed import Future

    from .crew_cluster import ClusterCrew

SHOWN = 3  # of addresses in a message
MOST_BYTES = 64 * 2**20  # of builds that are sent to every worker
POLL_SECONDS = 0.05

Made = Parcel | Exception | None


def elsewhere(options: Options) -> bool:
    """Whether runs are done on machines that may not be this one."""
    form = current_form()
    return options.client is not None or (form is not None and form[0].elsewhere)


def ship(crew: ClusterCrew, builds: Builds) -> None:
    """Have what is missing of a sweep's builds compiled, several at a time, and give all to all workers.

    Raises
    ------
    BuildError
        None of them could be.
    CompilerNotFoundError
        There are workers that could do no run.
    SweepCancelledError, FarmError
        As for `Crew.heed`.
    """
    simulations = [simulation.without_values() for simulation in builds.simulations]
    here = simulations[0].machine() if simulations else None
    if here is None:
        return
    while not crew.client.nthreads():
        crew.heed()
        time.sleep(LOOK_SECONDS)
    told = crew.client.run(_machine, simulations[0], on_error="ignore")
    workers = {address: machine for address, machine in told.items() if isinstance(machine, Machine)}
    made = _make(crew, simulations, here, workers)
    errors = [item for item in made if isinstance(item, Exception)]
    parcels = _bearable([item for item in made if isinstance(item, Parcel)])
    if errors and not parcels:
        raise errors[0]
    _check(workers, parcels)
    if parcels:
        crew.supply(parcels)


def _machine(simulation: Simulation) -> Machine | None:
    """On a worker: say what it is like."""
    return simulation.machine()


def _made(simulation: Simulation) -> Made:
    """Where a compiler is: return a build as it travels, or why there is none."""
    try:
        simulation.build()
        return simulation.pack()
    except Exception as error:
        return error


@dataclass(frozen=True)
class _Order:
    """A build on its way into existence.

    Parameters
    ----------
    future : Future
        Of the cluster, or of a thread.
    makers : set of str
        Workers that can make it; none where it is made here.
    """

    future: Any
    makers: frozenset[str] = frozenset()

    def lost(self, workers: Mapping[str, int]) -> bool:
        """Whether nobody is left who could make it."""
        return bool(self.makers) and self.makers.isdisjoint(workers)


def _make(
    crew: ClusterCrew, simulations: Sequence[Simulation], here: Machine, workers: Mapping[str, Machine]
) -> list[Made]:
    """Have each build made for each kind of machine: by workers, unless it is here already or they cannot."""
    mine, theirs = _shared_out(simulations, here, workers)
    threads = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1)
    orders = [_Order(threads.submit(_made, simulation)) for simulation in mine]
    orders += [_Order(_send(crew, simulation, makers), makers) for simulation, makers in theirs]
    waiting = orders
    try:
        while waiting:
            crew.heed()
            time.sleep(POLL_SECONDS)
            there = crew.client.nthreads()
            waiting = [order for order in waiting if not (order.future.done() or order.lost(there))]
        return [_outcome(order.future) for order in orders if order.future.done()]
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        crew.cancel([order.future for order in waiting if order.makers])


def _shared_out(
    simulations: Sequence[Simulation], here: Machine, workers: Mapping[str, Machine]
) -> tuple[list[Simulation], list[tuple[Simulation, frozenset[str]]]]:
    """Return which builds are made or packed here, and which by which workers."""
    mine: dict[str, Simulation] = {}
    theirs: list[tuple[Simulation, frozenset[str]]] = []
    for kind in sorted({machine.fit for machine in workers.values()}):
        makers = frozenset(a for a, m in workers.items() if m.compiles and fits(m.fit, kind))
        for simulation in simulations:
            if fits(here.fit, kind) and (simulation.built() or not makers):
                mine[simulation.model_hash] = simulation
            elif makers:
                theirs.append((simulation, makers))
    return list(mine.values()), theirs


def _send(crew: ClusterCrew, simulation: Simulation, makers: frozenset[str]) -> Future[Made]:
    key = f"{crew.job.token}-build-{uuid.uuid4().hex}"
    priority = crew.options.priority
    return crew.client.submit(
        _made, simulation, key=key, pure=False, workers=sorted(makers), priority=priority
    )


def _outcome(future: Any) -> Made:
    """Return what a task or a thread has returned, or why it could not."""
    try:
        made: Made = future.result()
    except (Exception, concurrent.futures.CancelledError) as error:
        return FarmError(f"a build was not made: {type(error).__name__}: {error}")
    return made


def _check(workers: Mapping[str, Machine], parcels: Sequence[Parcel]) -> None:
    """Refuse workers that have neither builds nor a compiler: whatever they took would fail, and fast."""
    unable = [
        address
        for address, machine in workers.items()
        if not machine.compiles and not any(fits(parcel.fit, machine.fit) for parcel in parcels)
    ]
    if unable:
        named = ", ".join(unable[:SHOWN]) + ", …" * (len(unable) > SHOWN)
        raise CompilerNotFoundError(
            f"{len(unable)} of {len(workers)} workers can do no run ({named}): they have no C++ compiler, and "
            "neither here nor on any other worker is there one for machines like theirs (processor, system, C "
            "library). Install a compiler on one machine of their kind, for example g++, or leave them out; "
            "`spikefarm doctor` says what a machine has."
        )


def _bearable(parcels: Sequence[Parcel]) -> list[Parcel]:
    """Leave out what would be too much for the memory of workers; they compile it if they can."""
    found, size = [], 0
    for parcel in parcels:
        size += len(parcel.blob)
        if size <= MOST_BYTES:
            found.append(parcel)
    return found
