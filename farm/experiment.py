"""`@experiment`: any function that declares a model, runs it and returns outputs, as something to sweep over."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, final

import numpy as np

from ..store.place import PathLike
from . import adapters
from .axes import as_list, is_scalar, refuse
from .execute import Options, execute, plan
from .fingerprint import FingerprintError, fingerprint
from .keys import as_words, digest, point_totals, run_seeds
from .plan import Plan
from .space import Space, Steps, coordinates, first_duplicate
from .study import Study, check_counts
from .work import FunctionWork, seeded

if TYPE_CHECKING:
    import xarray as xr
    from distributed import Client

P = ParamSpec("P")
R = TypeVar("R")


def experiment(function: Callable[P, R]) -> Experiment[P, R]:
    """Make a function something to sweep over.

    The function declares a model, calls ``run`` and returns a dict from names to numbers, arrays,
    Quantities, `Ragged` or monitors. It can still be called as it is: it then runs once, in a session that
    nothing else sees, with the random numbers of a sweep's first repeat.

    Parameters
    ----------
    function : callable

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
    signature = inspect.signature(function)
    own = set(inspect.signature(Experiment.sweep).parameters) - {"arguments"}
    taken = [name for name in signature.parameters if name in own]
    if taken:
        raise TypeError(
            f"{function.__name__}{signature}: sweep() has arguments named {', '.join(map(repr, taken))} itself; "
            "rename these of the function"
        )
    return Experiment(function)


@final
class Experiment(Generic[P, R]):
    """A function that can be swept over; made by `experiment`."""

    def __init__(self, function: Callable[P, R]) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, (self.function,)

    def __repr__(self) -> str:
        return f"<experiment {self.function.__qualname__}{inspect.signature(self.function)}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run once, as a sweep with the default seed would in its first repeat."""
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        base = {name: _digest(name, value) for name, value in bound.arguments.items()}
        seed = int(run_seeds(point_totals(base, ()), 0, 1)[0])
        with seeded(seed), adapters.isolated_session(seed, None):
            return self.function(*args, **kwargs)

    def plan(
        self,
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
        return plan(self._study(repeats, seed, name, arguments), store, builds=None, compiled=False)

    def sweep(
        self,
        store: PathLike | None = None,
        repeats: int = 1,
        seed: int | None = None,
        client: Client | None = None,
        time_limit: Any = None,
        progress: bool | None = None,
        retry_failed: bool = False,
        overwrite: bool = False,
        workers: int | None = None,
        batch_seconds: float | None = None,
        name: str | None = None,
        **arguments: Any,
    ) -> xr.Dataset:
        """Call the function for every combination of values, except where the store has the result.

        Parameters
        ----------
        store, repeats, seed, client, time_limit, progress, retry_failed, overwrite, workers, batch_seconds, name
            As for `Sweep` and `Sweep.run`.
        **arguments
            Of the function. A list or an array, with units or without, is an axis; anything else is the same
            in every call. (A list of lists is an axis of lists.)

        Returns
        -------
        xarray.Dataset
            Outputs over the arguments that were lists, in the order given here.

        Raises
        ------
        SweepError
            Unknown, missing, empty or repeated arguments, all told at once; nothing ran.
        """
        study = self._study(repeats, seed, name, arguments)
        options = Options(
            store, client, workers, time_limit, batch_seconds, retry_failed, overwrite, progress
        )
        return execute(study, options)

    def _study(self, repeats: int, seed: int | None, name: str | None, arguments: Mapping[str, Any]) -> Study:
        master = 0 if seed is None else seed
        title = f"experiment {self.function.__qualname__}"
        problems = check_counts(repeats, master) + self._misfits(arguments)
        refuse(title, problems)
        values = {**self._defaults(), **arguments}
        fixed = {n: v for n, v in values.items() if n not in arguments or is_scalar(v)}
        axes = [
            _attempt(problems, n, functools.partial(_axis, n, values[n])) for n in arguments if n not in fixed
        ]
        base = {n: _attempt(problems, n, functools.partial(_digest, n, fixed[n])) for n in fixed}
        identity = _attempt(problems, "function", lambda: fingerprint(self.function))
        space = Space(tuple(axis for axis in axes if axis is not None), int(repeats))
        refuse(title, problems + space.problems())
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
            provenance={**adapters.session_provenance(), "numerics": numerics},
        )

    def _defaults(self) -> dict[str, Any]:
        found = inspect.signature(self.function).parameters.items()
        return {name: p.default for name, p in found if p.default is not p.empty}

    def _misfits(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return which arguments the function does not have or lacks, in words."""
        signature = inspect.signature(self.function)
        told = f"it is {self.function.__name__}{signature}"
        named = {
            n: p
            for n, p in signature.parameters.items()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        free = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        odd = [n for n, p in signature.parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)]
        unknown = [n for n in arguments if n not in named and not free]
        missing = [n for n, p in named.items() if p.default is p.empty and n not in arguments]
        return (
            [f"{n!r} has no name to be given by; {told}, use plain arguments" for n in odd]
            + [f"{n!r} is no argument of the function; {told}" for n in unknown]
            + [f"the argument {n!r} is missing; {told}" for n in missing]
        )


def _attempt(problems: list[str], name: str, action: Callable[[], Any]) -> Any:
    """Return what an action returns; note what it refuses."""
    try:
        return action()
    except (FingerprintError, *adapters.Refusal) as error:
        problems.append(f"{name!r}: {error}")
        return None


def _digest(name: str, value: Any) -> bytes:
    return digest(name.encode(), fingerprint(value))


def _axis(name: str, given: Any) -> Steps:
    """Return the values of one argument as an axis."""
    values = as_list(given)
    words = as_words(_digest(name, value) for value in values)
    twice = first_duplicate(words)
    if twice is not None:
        raise ValueError(
            f"{values[twice[0]]!r:.60} is there twice, at places {twice[0]} and {twice[1]}; give it once"
        )
    plain, unit = values, ""
    if all(np.asarray(v).dtype.kind in "biufc" for v in values):
        parts = [adapters.split(value) for value in values]
        if len({dimension for _, dimension in parts}) == 1:
            plain, unit = [array for array, _ in parts], adapters.unit_text(parts[0][1])
        else:
            raise ValueError("its values have different units; give all of them the same")
    return Steps(name, coordinates(name, name, plain, unit), {name: values}, words)
