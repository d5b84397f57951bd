"""A user's own integrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .equations import Equations
from .integrators import INTEGRATORS, SEPARATOR, UnsupportedEquationsError, method_names
from .integrators.explicit import STOCHASTIC, make_scheme

_registered: dict[str, ExplicitStateUpdater] = {}


class ExplicitStateUpdater:
    """An explicit method of integration, described in text; give it to a group as ``method``.

    Each line of the description sets an intermediate result, the last one ``x_new``, from ``x``, ``t``, ``dt``,
    earlier results, and ``f(state, time)``, where ``dx/dt = f(x, t)``. For equations with noise,
    ``dx/dt = f(x, t) + g(x, t)*xi``, there are also ``g(state, time)`` and ``dW``, a normally distributed number
    of variance ``dt`` drawn at each step. ``x`` stands for all variables at once, so the system may be coupled;
    each variable may have one noise term.

    Parameters
    ----------
    description : str
        For example ``'k = dt*f(x, t)'`` and ``'x_new = x + dt*f(x + k/2, t + dt/2)'`` on two lines.
    stochastic : {None, 'additive', 'multiplicative'}, optional
        The kind of noise that the method is for.
    custom_check : callable, optional
        Called with the equations and a dictionary when a group takes the method; raises
        `UnsupportedEquationsError` or returns ``False`` for equations that it is not for.

    Raises
    ------
    ExpressionError
        Listing everything in the description that is not understood, units included.
    ValueError
        For another kind of noise.

    Examples
    --------
    >>> midpoint = ExplicitStateUpdater('''k = dt*f(x, t)
    ...                                    x_new = x + dt*f(x + k/2, t + dt/2)''')
    """

    def __init__(
        self,
        description: str,
        stochastic: str | None = None,
        custom_check: Callable[[Equations, dict[str, Any]], Any] | None = None,
    ) -> None:
        if stochastic not in STOCHASTIC:
            raise ValueError(
                f"ExplicitStateUpdater: stochastic={stochastic!r}; give 'additive' or 'multiplicative' or nothing."
            )
        self.scheme = make_scheme(description, stochastic)
        self.custom_check = custom_check

    def method(self, equations: Equations) -> str:
        """What a model calls the method.

        Raises
        ------
        UnsupportedEquationsError
            If the custom check refuses the equations.
        """
        if self.custom_check is not None and self.custom_check(equations, {}) is False:
            raise UnsupportedEquationsError(f"{self!r} refuses these equations:\n{equations}")
        return self.scheme.dump()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExplicitStateUpdater) and self.scheme == other.scheme

    def __hash__(self) -> int:
        return hash(self.scheme)

    def __repr__(self) -> str:
        return f"ExplicitStateUpdater({str(self.scheme)!r}, stochastic={self.scheme.stochastic!r})"


class StateUpdateMethod:
    """The methods that ``method=`` knows by name."""

    @staticmethod
    def register(name: str, stateupdater: ExplicitStateUpdater) -> None:
        """Give a method of one's own a name.

        Raises
        ------
        ValueError
            If the name is taken.
        TypeError
            If it is no `ExplicitStateUpdater`.
        """
        if not isinstance(stateupdater, ExplicitStateUpdater):
            raise TypeError(f"register({name!r}): {stateupdater!r:.60} must be an ExplicitStateUpdater.")
        if (
            not isinstance(name, str)
            or name in (*method_names(), "auto")
            or _registered.get(name, stateupdater) != (stateupdater)
        ):
            raise ValueError(f"register({name!r}): the name is taken, or is none; choose another one.")
        _registered[name] = stateupdater


def named_method(method: Any, equations: Equations, options: Mapping[str, Any] | None = None) -> str | None:
    """The text that stands for the ``method`` of a group in a model; ``None`` for the automatic choice.

    Parameters
    ----------
    method : str, ExplicitStateUpdater, integrator, callable, or list or tuple of them
        What the group was given. A function gets the equations and returns any of the others. Of several, the
        first that fits the equations will be taken.
    options : mapping, optional
        ``simplify`` is known, and has no effect: nothing is solved symbolically.

    Raises
    ------
    ValueError
        For a name that no method has.
    TypeError
        For what is neither name nor method, and for other options.
    """
    unknown = sorted(set(options or {}) - {"simplify"})
    if unknown:
        raise TypeError(
            f"method_options: {', '.join(map(repr, unknown))} is no option of an integrator; there is 'simplify'."
        )
    if isinstance(method, list | tuple):
        if not method:
            raise ValueError("method=[] names no integrator; leave it out for the automatic choice.")
        return SEPARATOR.join(_one_method(each, equations) for each in method)
    return None if method is None else _one_method(method, equations)


def _one_method(method: Any, equations: Equations) -> str:
    known = {name.lower(): value for name, value in _registered.items()}
    if isinstance(method, str) and method.lower() in known:
        method = known[method.lower()]
    if isinstance(method, ExplicitStateUpdater):
        return method.method(equations)
    if any(method is integrator for integrator in INTEGRATORS):
        return str(method.names[0])
    if isinstance(method, str) and method.lower() in method_names():
        return method.lower()
    if callable(method) and not isinstance(method, type):
        chosen = method(equations)
        if isinstance(chosen, str | ExplicitStateUpdater) or any(chosen is one for one in INTEGRATORS):
            return _one_method(chosen, equations)
        raise TypeError(
            f"method={method!r:.60} returned {chosen!r:.60}; a function returns the name of an integrator or an "
            "ExplicitStateUpdater, which describes a step in text."
        )
    names = ", ".join((*method_names(), *_registered))
    kind = (
        "an integrator"
        if isinstance(method, str)
        else "the name of an integrator, nor an ExplicitStateUpdater"
    )
    raise ValueError(f"method={method!r:.80} is not {kind}; choose one of {names}, or leave it out.")


__all__ = ["ExplicitStateUpdater", "StateUpdateMethod", "UnsupportedEquationsError"]
