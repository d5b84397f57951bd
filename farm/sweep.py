"""`Sweep`: many runs of the model that a script has declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from ..store.place import PathLike
from . import adapters
from .adapters import Simulation
from .axes import Design, as_design, refuse
from .builds import Builds
from .execute import dry_run, execute, plan
from .keys import array_digest
from .lanes import in_lanes
from .options import Options
from .outputs import Outputs, as_outputs
from .plan import Plan
from .recorded import checked, record_of_inputs, record_of_outputs, recorded_sweep
from .resolve import Resolver
from .space import Space
from .study import Study, check_counts
from .vocabulary import Inputs
from .work import SimulationWork

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client


@final
@dataclass(frozen=True, eq=False)
class Sweep:
    """Runs of one model over values of its parameters.

    The model is what the script has declared when the sweep is made. It is compiled once.

    Parameters
    ----------
    axes : dict or design
        From keys to values. A key is a group's variable (``group.v0``), a TimedArray or the name of a
        constant; the values are a list or an array, with units. A dict makes a grid; `Grid`, `Zip`, `Points`,
        `Random`, `LatinHypercube` and `Sobol`, their products with ``*``, sums with ``+`` and what ``where()``
        leaves of them make others. Values may be arrays, e.g. initial values for each neuron.
    repeats : int
        Runs of each point, with independent random numbers. Several make a dimension ``repeat``.
    seed : int, optional
        Master seed, 0 if not given, so that the same sweep finds its runs again. A run's seed follows from the
        master seed, the values of the run's parameters and its repeat: it stays the same when axes are
        extended or reordered. It stands above ``seed()`` calls of the script.
    simulation : Simulation, optional
        By default, what the script has declared so far.
    name : str, optional
        Under which a store keeps the sweep; another of that name is replaced. By default a sweep with
        other runs has another name.

    Raises
    ------
    SweepError
        Unknown keys, wrong units or shapes, NaN, empty or repeated values, lengths that differ in a `Zip`:
        all that is wrong is told at once, before anything runs.
    """

    axes: Design | Mapping[Any, Any]
    repeats: int = 1
    seed: int | None = None
    simulation: Simulation | None = None
    name: str | None = None
    space: Space = field(init=False, repr=False)

    def __post_init__(self) -> None:
        simulation = self.simulation if self.simulation is not None else adapters.current_simulation()
        seed = 0 if self.seed is None else self.seed
        problems = check_counts(self.repeats, seed)
        resolver = Resolver(Inputs(simulation))
        design = as_design(self.axes)
        space = resolver.space(design, 1 if problems else int(self.repeats))
        refuse("sweep", problems + resolver.problems)
        for name, value in (("simulation", simulation), ("seed", int(seed)), ("space", space)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_store(
        cls, store: PathLike, sweep: str | None = None, simulation: Simulation | None = None
    ) -> Sweep:
        """Return a sweep as a store remembers it: the same runs with the same seeds.

        Parameters
        ----------
        store : path
        sweep : str, optional
            Its name; the latest by default.
        simulation : Simulation, optional
            By default, what the script has declared so far. It must be what the sweep ran.

        Raises
        ------
        StoreError
            No such store or sweep.
        SweepError
            The simulation differs; tells in what.
        """
        mine = simulation if simulation is not None else adapters.current_simulation()
        found = checked(recorded_sweep(store, sweep), mine)
        return cls(found.design, found.repeats, found.seed, mine, found.provenance["name"] or None)

    def __len__(self) -> int:
        """Return the number of runs."""
        return self.space.runs

    def plan(self, outputs: Any = None, store: PathLike | None = None, lanes: int | None = None) -> Plan:
        """Say what `run` would do.

        Parameters
        ----------
        outputs : optional
            As for `run`; needed to look into a store, because a run is known by what is wanted of it.
        store : path, optional
        lanes : int, optional
            As for `run`.

        Returns
        -------
        Plan
            Print it.
        """
        if store is not None and outputs is None:
            refuse(
                "plan", ["store= needs outputs=: what the store has of a run depends on what is wanted of it"]
            )
        simulation = self._simulation()
        wanted = Outputs(()) if outputs is None else as_outputs(outputs, simulation)
        return plan(self._study(wanted, lanes), store)

    def dry_run(self, outputs: Any, time_limit: Any = None) -> Plan:
        """Do one run here, to see that it works, what it costs and what it gives; nothing is kept.

        Parameters
        ----------
        outputs, time_limit
            As for `run`.

        Returns
        -------
        Plan
            With the time and the size that follow from this run.

        Raises
        ------
        Exception
            What goes wrong with the run or its outputs.
        """
        return dry_run(self._study(as_outputs(outputs, self._simulation())), time_limit)

    def run(
        self,
        outputs: Any,
        store: PathLike | None = None,
        client: Client | str | None = None,
        time_limit: Any = None,
        progress: bool | None = None,
        retry_failed: bool = False,
        overwrite: bool = False,
        workers: int | None = None,
        batch_seconds: Any = None,
        priority: int = 0,
        resources: Mapping[str, Any] | None = None,
        deaths: int = 3,
        lanes: int | None = None,
    ) -> xr.Dataset:
        """Do the runs that the store does not have yet, and return all of them.

        A run that fails is recorded with its error and does not stop the others. Completed runs survive
        whatever happens to this process; running the same again does the others.

        Parameters
        ----------
        outputs : dict, list or str
            What is wanted of each run: from names to functions of its results, as in ``{'rate': lambda r:
            r['spikes'].num_spikes/second}``; a function returns a number, an array, a Quantity, or a `Ragged`
            if its length differs from run to run. Or names of monitors and variables to store as they are:
            ``['spikes', 'group.v']``.
        store : path, optional
            Where results are kept and looked for. Without it they stay in memory.
        client : distributed.Client or str, optional
            A cluster, or the address of its scheduler; by default one on this machine for the time of the sweep.
        time_limit : float or Quantity, optional
            Seconds of wall time for one simulation; a run that takes longer has failed.
        progress : bool, optional
            True shows a bar, False says nothing at all; by default there is a bar in terminals and notebooks.
        retry_failed : bool
            Whether runs that failed before are done again.
        overwrite : bool
            Whether to delete a store that is there, whatever is in it.
        workers : int, optional
            Runs at a time on the default cluster; by default as many as there are cores.
        batch_seconds : float, optional
            How long one batch of runs should take: the most that a killed process loses, for each worker. By
            default a hundredth of the sweep, but 1 s to 1 min.
        priority : int
            Of several sweeps on one cluster, runs of the one with the highest come first.
        resources : dict, optional
            What each run needs of its worker: ``{'GPU': 1}``, ``{'memory': '4 GB'}``. No more run at a time than
            a worker has of it.
        deaths : int
            How many workers a run may take with it, while it is the only one on its way, before it counts as failed.
        lanes : int, optional
            How many runs go through the time loop together, side by side in the processor's vector registers: 1, 8,
            16, 32 or 64. By default what suits the model, and 1 for few runs. No result depends on it.

        Returns
        -------
        xarray.Dataset
            Outputs over the axes, with values and units; see `open_results`.

        Raises
        ------
        SweepError
            The outputs or options are wrong; nothing ran.
        CompilerNotFoundError, BuildError
            The model cannot be compiled; nothing ran.
        StoreError
            The store cannot be used; nothing ran.
        SweepCancelledError
            Somebody ended it, by ``spikefarm cancel`` or on the dashboard. What is done is in the store.
        RunsFailedError
            Not one of the runs that were tried first succeeded.
        """
        study = self._study(as_outputs(outputs, self._simulation()), lanes)
        options = Options.of(
            store=store,
            client=client,
            workers=workers,
            time_limit=time_limit,
            batch_seconds=batch_seconds,
            retry_failed=retry_failed,
            overwrite=overwrite,
            progress=progress,
            priority=priority,
            resources=resources,
            deaths=deaths,
        )
        return execute(study, options)

    def _simulation(self) -> Simulation:
        assert self.simulation is not None  # since __post_init__
        return self.simulation

    def _study(self, outputs: Outputs, lanes: int | None = 1) -> Study:
        seed, alone = self.seed, self._simulation()
        simulation, side_by_side = in_lanes(alone, lanes, len(self))
        assert seed is not None
        refuse("sweep", list(self.space.definition(outputs.names).problems(len(self.space), {})))
        seeds = simulation.seed_inputs(seed)
        base = {
            name: array_digest(name, value) for name, value in simulation.base.items() if name not in seeds
        }
        model, numerics, work = (
            simulation.model_hash,
            simulation.numerics,
            SimulationWork(simulation, outputs),
        )
        return Study(
            name=self.name or "",
            subject=simulation.describe(),
            owner=f"model {model}",
            space=self.space,
            work=work,
            base=base,
            context=work.context(outputs.identity()),
            master=seed,
            outputs=outputs.names,
            provenance={
                **simulation.provenance(),
                **record_of_inputs(simulation),
                **record_of_outputs(outputs),
                "model_hash": model,
                "numerics": numerics,
            },
            builds=Builds(lambda: ((simulation,), ())),
            lanes=side_by_side,
        )
