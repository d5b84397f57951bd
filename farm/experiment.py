"""`@experiment`: any function that declares a model, runs it and returns outputs, as something to sweep over."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, final, overload

from ..store.place import PathLike
from . import adapters
from .axes import Design, Grid, as_design, is_scalar, refuse
from .builds import structural_builds
from .calls import FunctionWork, seeded
from .execute import dry_run, execute, plan
from .fingerprint import FingerprintError, fingerprint
from .keys import digest, point_totals, run_seeds
from .options import Options
from .plan import Plan
from .recorded import source_of
from .resolve import Resolver
from .study import Study, check_counts
from .vocabulary import Arguments, argument_digest

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

P = ParamSpec("P")
R = TypeVar("R")


@overload
def experiment(function: Callable[P, R]) -> Experiment[P, R]: ...


@overload
def experiment(*, structural: Sequence[str] | None) -> Callable[[Callable[P, R]], Experiment[P, R]]: ...


def experiment(function: Any = None, *, structural: Sequence[str] | None = None) -> Any:
    """Make a function something to sweep over.

    The function declares a model, calls ``run`` and returns a dict from names to numbers, arrays,
    Quantities, `Ragged` or monitors. It can still be called as it is: it then runs once, in a session that
    nothing else sees, with the random numbers of a sweep's first repeat.

    Parameters
    ----------
    function : callable
    structural : sequence of str
        Arguments whose values make another model: a number of neurons, an equation, a method. Their builds are
        counted by `Experiment.plan`, compiled side by side before the runs and sent to other machines; for that
        the function is called up to where it first wants results. ``[]`` says that no argument does, so that
        there is one build. Without it, each machine compiles what a run needs, and needs a compiler.

    Returns
    -------
    Experiment

    Raises
    ------
    TypeError
        The function has an argument that is named as one of `Experiment.sweep`.

    Examples
    --------
    >>> @experiment
    ... def if_curve(v0, tau=10*ms):
    ...     group = NeuronGroup(1, 'dv/dt = (v0 - v)/tau : volt', threshold='v > 10*mV', reset='v = 0*mV')
    ...     spikes = SpikeMonitor(group)
    ...     run(1*second)
    ...     return {'rate': spikes.num_spikes/second}
    >>> data = if_curve.sweep(v0=linspace(0, 20, 200)*mV, store='if_curve.zarr')
    """
    if function is None:
        return functools.partial(experiment, structural=structural)
    names = None if structural is None else as_names(structural)
    signature = inspect.signature(function)
    unknown = [name for name in names or () if name not in signature.parameters]
    if unknown:
        raise TypeError(
            f"structural={structural!r}: {', '.join(map(repr, unknown))} is no argument of "
            f"{function.__name__}{signature}"
        )
    own = set(inspect.signature(Experiment.sweep).parameters) - {"arguments"}
    taken = [name for name in signature.parameters if name in own]
    if taken:
        raise TypeError(
            f"{function.__name__}{signature}: sweep() has arguments named {', '.join(map(repr, taken))} itself; "
            "rename these of the function"
        )
    return Experiment(function, names)


@final
class Experiment(Generic[P, R]):
    """A function that can be swept over; made by `experiment`."""

    def __init__(self, function: Callable[P, R], structural: Sequence[str] | None = None) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.structural = None if structural is None else as_names(structural)

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, (self.function, self.structural)

    def __repr__(self) -> str:
        return f"<experiment {self.function.__qualname__}{inspect.signature(self.function)}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run once, as a sweep with the default seed would in its first repeat."""
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        base = {name: argument_digest(name, value) for name, value in bound.arguments.items()}
        seed = int(run_seeds(point_totals(base, ()), 0, 1)[0])
        with seeded(seed), adapters.isolated_session(seed):
            return self.function(*args, **kwargs)

    def plan(
        self,
        design: Design | Mapping[str, Any] | None = None,
        store: PathLike | None = None,
        repeats: int = 1,
        seed: int | None = None,
        name: str | None = None,
        **arguments: Any,
    ) -> Plan:
        """Say what `sweep` would do; parameters as there.

        Returns
        -------
        Plan
            Print it.
        """
        study = self._study(repeats, seed, name, design, arguments)
        return plan(study, store)

    def dry_run(
        self,
        design: Design | Mapping[str, Any] | None = None,
        repeats: int = 1,
        seed: int | None = None,
        time_limit: Any = None,
        **arguments: Any,
    ) -> Plan:
        """Do one run here, to see that it works, what it costs and what it gives; nothing is kept.

        Returns
        -------
        Plan
            With the time and the size that follow from this run.
        """
        return dry_run(self._study(repeats, seed, None, design, arguments), time_limit)

    def sweep(
        self,
        design: Design | Mapping[str, Any] | None = None,
        store: PathLike | None = None,
        repeats: int = 1,
        seed: int | None = None,
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
        name: str | None = None,
        **arguments: Any,
    ) -> xr.Dataset:
        """Call the function for every combination of values, except where the store has the result.

        Parameters
        ----------
        design : design or dict, optional
            Points over arguments by name: ``Zip({'v0': ..., 'tau': ...})``, samples, sums and so on.
        store, repeats, seed, client, time_limit, progress, retry_failed, overwrite, workers, batch_seconds, \
        priority, resources, deaths, name
            As for `Sweep` and `Sweep.run`. A time limit is for the simulation; the rest of the function, compiling
            included, may take a minute more before it is ended.
        **arguments
            Of the function. A list or an array, with units or without, is an axis, multiplied with the
            design; anything else is the same in every call. (A list of lists is an axis of lists.)

        Returns
        -------
        xarray.Dataset
            Outputs over the arguments that were lists, in the order given here.

        Raises
        ------
        SweepError
            Unknown, missing, empty or repeated arguments, all told at once; nothing ran.
        """
        study = self._study(repeats, seed, name, design, arguments)
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

    def _study(
        self,
        repeats: int,
        seed: int | None,
        name: str | None,
        design: Design | Mapping[str, Any] | None,
        arguments: Mapping[str, Any],
    ) -> Study:
        master = 0 if seed is None else seed
        title = f"experiment {self.function.__qualname__}"
        axes = as_design({} if design is None else design)
        varied = {*axes.varied()} | {n for n, value in arguments.items() if not is_scalar(value)}
        problems = check_counts(repeats, master) + self._misfits({*varied, *arguments})
        problems += [
            f"{n!r} is given twice, by the design and by itself" for n in arguments if n in {*axes.varied()}
        ]
        refuse(title, problems)
        fixed = {n: v for n, v in {**self._defaults(), **arguments}.items() if n not in varied}
        resolver = Resolver(self._vocabulary(fixed), problems)
        lists = Grid({n: value for n, value in arguments.items() if n in varied})
        space = resolver.space(axes * lists, int(repeats))
        base = {n: _attempt(problems, n, functools.partial(argument_digest, n, fixed[n])) for n in fixed}
        identity = _attempt(problems, "function", lambda: fingerprint(self.function))
        refuse(title, problems)
        numerics = adapters.session_numerics()
        return Study(
            name=name or "",
            subject=repr(self)[1:-1],
            owner=title,
            space=space,
            work=FunctionWork(self.function, fixed),
            base=base,
            context=digest(b"experiment 1", identity, numerics.encode()),
            master=int(master),
            outputs=(),
            provenance={
                **adapters.session_provenance(),
                "numerics": numerics,
                "function": source_of(self.function),
                "arguments": {n: repr(value)[:1000] for n, value in fixed.items()},
            },
            builds=structural_builds(self.function, self.structural, fixed, space)
            if self.structural is not None
            else None,
        )

    def _defaults(self) -> dict[str, Any]:
        found = inspect.signature(self.function).parameters.items()
        return {name: p.default for name, p in found if p.default is not p.empty}

    def _told(self) -> str:
        return f"it is {self.function.__name__}{inspect.signature(self.function)}"

    def _vocabulary(self, fixed: Mapping[str, Any]) -> Arguments:
        parameters = inspect.signature(self.function).parameters
        free = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        return Arguments(self._told(), tuple(parameters), free, {**self._defaults(), **fixed})

    def _misfits(self, given: set[str]) -> list[str]:
        """Return which arguments the function does not have or lacks, in words."""
        signature, told = inspect.signature(self.function), self._told()
        named = {
            n: p
            for n, p in signature.parameters.items()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        free = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        odd = [n for n, p in signature.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
        unknown = [n for n in sorted(given, key=str) if n not in named and not free]
        missing = [n for n, p in named.items() if p.default is p.empty and n not in given]
        return (
            [f"{n!r} has no name to be given by; {told}, use plain arguments" for n in odd]
            + [f"{n!r} is no argument of the function; {told}" for n in unknown]
            + [f"the argument {n!r} is missing; {told}" for n in missing]
        )


def as_names(given: Sequence[str]) -> tuple[str, ...]:
    """Return several names, where one alone may have been given."""
    return (given,) if isinstance(given, str) else tuple(given)


def _attempt(problems: list[str], name: str, action: Callable[[], Any]) -> Any:
    """Return what an action returns; note what it refuses."""
    try:
        return action()
    except (FingerprintError, *adapters.Refusal) as error:
        problems.append(f"{name!r}: {error}")
        return None
