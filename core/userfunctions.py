"""Functions of the script's own in a model's strings: what they take and give, and their implementations."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .expr import Expr, parse
from .functions import FUNCTIONS
from .functions import Function as Builtin
from .units import get_dimensions
from .units.operand import split

#: Targets that code can be written for; generated programs use the first two.
CPP_TARGETS = ("cpp", "cpp_standalone")
TARGETS = (*CPP_TARGETS, "cython", "numpy")
ARGUMENT_TYPES = ("any", "float", "integer", "boolean")
RESULT_TYPES = ("float", "integer", "boolean", "highest")
DEFAULT_FUNCTIONS: Mapping[str, Builtin] = FUNCTIONS


class MissingImplementationError(NotImplementedError):
    """A function has no implementation for the device that is to run it."""


@dataclass(frozen=True)
class Implementation:
    """How one target computes a function.

    Parameters
    ----------
    code : str or callable
        Source text; for ``'numpy'`` a Python function.
    namespace : mapping
        Numbers and arrays that the code reads as ``_namespace`` followed by their name.
    dependencies : mapping
        Functions that the code calls, by the name that it calls them.
    name : str, optional
        What the function is called in the code, if not as in the script.
    """

    code: Any
    namespace: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    discard_units: bool = False


class Implementations(dict[str, Implementation]):
    """Implementations of one function by target."""

    def add_implementation(
        self,
        target: str,
        code: Any,
        namespace: Mapping[str, Any] | None = None,
        dependencies: Mapping[str, Any] | None = None,
        name: str | None = None,
        **compiler: Any,
    ) -> None:
        """Add source code for a target; see `implementation`."""
        if target not in TARGETS:
            raise ValueError(
                f"There is no target named {target!r}; implement functions for {', '.join(TARGETS)}."
            )
        headers = [f"#include {header}" for header in compiler.pop("headers", None) or ()]
        if compiler:
            raise NotImplementedError(
                f"implementation({target!r}): {', '.join(sorted(compiler))} cannot be given; write the code, or "
                "include it by an absolute path, in the string."
            )
        if target != "numpy":
            code = "\n".join([*headers, _source(target, code)])
        values = {key: _namespace_value(key, value) for key, value in (namespace or {}).items()}
        _check_dependencies(dependencies or {})
        self[target] = Implementation(code, values, dict(dependencies or {}), name)

    def add_numpy_implementation(self, wrapped_func: Callable[..., Any], discard_units: bool = False) -> None:
        """Add a Python function that works on arrays."""
        self["numpy"] = Implementation(wrapped_func, discard_units=bool(discard_units))

    def for_cpp(self) -> Implementation | None:
        """The implementation for generated C++."""
        return next((self[target] for target in reversed(CPP_TARGETS) if target in self), None)


def _source(target: str, code: Any) -> str:
    if isinstance(code, Mapping):
        unknown = sorted(set(code) - {"support_code", "hashdefine_code"})
        if unknown:
            raise ValueError(
                f"implementation({target!r}): code blocks are 'support_code' and 'hashdefine_code', not {unknown}."
            )
        code = "\n".join(textwrap.dedent(code.get(key) or "") for key in ("hashdefine_code", "support_code"))
    if not isinstance(code, str):
        raise TypeError(f"implementation({target!r}): the code is {type(code).__name__}; give a string.")
    return textwrap.dedent(code).strip("\n")


def _namespace_value(name: str, value: Any) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "iufb" or array.size == 0:
        raise TypeError(
            f"The namespace value {name!r} of a function is {value!r:.60}; give a number or an array of numbers."
        )
    return value


def _check_dependencies(dependencies: Mapping[str, Any]) -> None:
    for name, value in dependencies.items():
        if not isinstance(value, Function | Builtin):
            raise TypeError(
                f"The dependency {name!r} of a function is {value!r:.60}; give a Function, or one of "
                f"DEFAULT_FUNCTIONS."
            )


class Function:
    """A function that a model's strings can call.

    Parameters
    ----------
    pyfunc : callable or None
        The function in Python, with units. What `check_units` and `declare_types` say of it need not be said
        again.
    sympy_func : object, optional
        Accepted for compatibility and not used: see ``expression``.
    arg_units : list, optional
        Unit of each argument: a unit, 1, ``None`` for any, ``bool``, or the name of another argument whose unit
        it shares.
    arg_names : list of str, optional
        Names of the arguments.
    return_unit : unit, bool or callable, optional
        Unit of the result, or a function of the arguments' dimensions that gives it.
    arg_types : list of {'any', 'float', 'integer', 'boolean'}, optional
        Kind of number of each argument.
    return_type : {'float', 'integer', 'boolean', 'highest'}, optional
        Kind of number of the result; ``'highest'`` is that of the arguments.
    stateless : bool, optional
        ``False`` where the result depends on more than the arguments: the function is then called anew for
        each neuron at each time step, and may draw random numbers.
    auto_vectorise : bool, optional
        The function takes the index of the neuron as another, last argument ``_vectorisation_idx``.
    expression : str, optional
        The function as an expression of its arguments. It needs no implementation then, and integrators look
        into it: a linear expression can be integrated by ``exact``.

    Raises
    ------
    ValueError, TypeError
        If the units are not declared, or contradict one another.
    """

    def __init__(
        self,
        pyfunc: Callable[..., Any] | None,
        sympy_func: Any = None,
        arg_units: Sequence[Any] | None = None,
        arg_names: Sequence[str] | None = None,
        return_unit: Any = None,
        arg_types: Sequence[str] | None = None,
        return_type: str | None = None,
        stateless: bool = True,
        auto_vectorise: bool = False,
        expression: str | None = None,
    ) -> None:
        if pyfunc is None and expression is None:
            raise TypeError("Function: give a Python function, or an expression.")
        attributes: Mapping[str, Any] = getattr(pyfunc, "__dict__", {})
        self.pyfunc = pyfunc
        self.name: str = getattr(pyfunc, "__name__", "function")
        declared = "_arg_units" in attributes
        units = attributes.get("_arg_units") if arg_units is None else arg_units
        if units is None:
            raise ValueError(
                f"The Python function {self.name!r} does not say which units it takes; decorate it with "
                "@check_units(…, result=…), or give arg_units and return_unit."
            )
        self.arg_units = tuple(units)
        self.return_unit = attributes.get("_return_unit") if declared and return_unit is None else return_unit
        self.arg_names = tuple(arg_names or _argument_names(pyfunc, len(self.arg_units)))
        self.arg_types = tuple(arg_types or attributes.get("_arg_types") or ["any"] * len(self.arg_units))
        given_type = return_type or attributes.get("_return_type")
        self.return_type = given_type or ("boolean" if self.return_unit is bool else "float")
        self.stateless, self.auto_vectorise = bool(stateless), bool(auto_vectorise)
        self.expression: Expr | None = None if expression is None else parse(expression)
        self._text = expression
        self.implementations = Implementations()
        self._check()

    def _check(self) -> None:
        count = len(self.arg_units)
        if self.auto_vectorise and self.arg_names[-1:] == ("_vectorisation_idx",):
            self.arg_names = self.arg_names[:-1]
        for what, given in (("arg_names", self.arg_names), ("arg_types", self.arg_types)):
            if len(given) != count:
                raise ValueError(f"{self.name}: {what} has {len(given)} element(s), arg_units has {count}.")
        wrong = sorted(set(self.arg_types) - set(ARGUMENT_TYPES))
        if wrong or self.return_type not in RESULT_TYPES:
            raise ValueError(
                f"{self.name}: {wrong[0] if wrong else self.return_type!r} is no type; arguments are "
                f"{', '.join(ARGUMENT_TYPES)}, a result is {', '.join(RESULT_TYPES)}."
            )
        for unit in self.arg_units:
            if isinstance(unit, str) and unit not in self.arg_names:
                raise ValueError(
                    f"{self.name}: a unit is that of the argument {unit!r}, which does not exist."
                )

    def __call__(self, *args: Any) -> Any:
        if self.pyfunc is not None:
            return self.pyfunc(*args)
        assert self._text is not None
        from . import units
        from .units.unit import units_namespace

        table = {**{n: getattr(units, n) for n in FUNCTIONS if hasattr(units, n)}, **units_namespace()}
        return eval(
            self._text, {"__builtins__": {}}, {**table, **dict(zip(self.arg_names, args, strict=True))}
        )

    def __repr__(self) -> str:
        return f"<Function {self.name}({', '.join(self.arg_names)})>"


def _argument_names(pyfunc: Any, count: int) -> list[str]:
    names = getattr(pyfunc, "_arg_names", None)
    if names is None and pyfunc is not None:
        try:
            names = list(inspect.signature(pyfunc).parameters)
        except (TypeError, ValueError):
            names = None
    return list(names) if names is not None else [f"x{k}" for k in range(count)]


def as_function(func: Callable[..., Any]) -> Function:
    """A function whose units `check_units` declared, always as the same `Function`."""
    made = func.__dict__.get("_function")
    if made is None:
        made = func.__dict__["_function"] = Function(func)
    assert isinstance(made, Function)
    return made


def implementation(
    target: str,
    code: Any = None,
    namespace: Mapping[str, Any] | None = None,
    dependencies: Mapping[str, Any] | None = None,
    discard_units: bool | None = None,
    name: str | None = None,
    **compiler: Any,
) -> Callable[[Any], Function]:
    """Decorate a function (above `check_units`) with an implementation for a target.

    Parameters
    ----------
    target : {'cpp', 'cpp_standalone', 'cython', 'numpy'}
        What the implementation is for; generated programs use ``'cpp'``.
    code : str or dict, optional
        Source code that defines the function, in base SI units. For ``'numpy'`` it is the function itself.
    namespace : dict, optional
        Numbers and arrays that the code reads as ``_namespacename`` (arrays as ``_namespacename[k]``). Their
        values are inputs of the build.
    dependencies : dict, optional
        Functions that the code calls. The language's own need not be named.
    discard_units : bool, optional
        For ``'numpy'``: whether the function works on plain numbers.
    name : str, optional
        What the function is called in the code, if not as in the script.
    headers : list of str, optional
        For C++: what to include, such as ``'<vector>'``.

    Raises
    ------
    ValueError, TypeError, NotImplementedError
        For a target that does not exist, or code that is none.
    """
    if target == "numpy" and code is not None:
        raise TypeError("implementation('numpy') decorates the implementation itself and takes no code.")
    if target != "numpy" and discard_units is not None:
        raise TypeError(f"implementation({target!r}): discard_units is for 'numpy' only.")

    def decorate(func: Any) -> Function:
        made = func if isinstance(func, Function) else Function(func)
        if target == "numpy":
            assert made.pyfunc is not None
            made.implementations.add_numpy_implementation(made.pyfunc, bool(discard_units))
        else:
            made.implementations.add_implementation(target, code, namespace, dependencies, name, **compiler)
        return made

    Implementations().add_implementation(
        target, "" if code is None else code, namespace, dependencies, **compiler
    )
    return decorate


def declare_types(**types: str) -> Callable[[Any], Any]:
    """Decorate a function with the kinds of number that it takes and gives.

    Parameters
    ----------
    **types : str
        For each argument ``'any'``, ``'float'``, ``'integer'`` or ``'boolean'``; for ``result`` ``'float'``,
        ``'integer'``, ``'boolean'`` or ``'highest'``.

    Raises
    ------
    ValueError
        For a type or an argument that does not exist.
    """

    def decorate(func: Any) -> Any:
        original = getattr(func, "_orig_func", func)
        names = list(inspect.signature(original).parameters)
        problems = [f"there is no argument {n!r}" for n in types if n not in (*names, "result")]
        for name, type_ in types.items():
            allowed = RESULT_TYPES if name == "result" else ARGUMENT_TYPES
            if type_ not in allowed:
                problems.append(f"{name}={type_!r} is none of {', '.join(allowed)}")
        if problems:
            raise ValueError(f"declare_types of {original.__name__!r}: {'; '.join(problems)}.")
        func._arg_types = [types.get(name, "any") for name in names]
        func._return_type = types.get("result", "float")
        return func

    return decorate


def result_kind(return_type: str, kinds: Sequence[str]) -> str:
    """``'float'``, ``'int'`` or ``'bool'`` for a type of result, given the kinds of the arguments."""
    if return_type == "highest":
        order = ("bool", "int", "float")
        return max(kinds, key=order.index, default="float")
    return {"integer": "int", "boolean": "bool"}.get(return_type, "float")


def plain_array(value: Any) -> tuple[np.ndarray[Any, Any], Any]:
    """A namespace value in base units, as one of the types that builds know, with its dimension."""
    array = np.asarray(split(value).value if not isinstance(value, np.ndarray) else value)
    kind = array.dtype.kind
    dtype = "float64" if kind == "f" else "bool" if kind == "b" else "int64"
    if array.dtype == np.int32:
        dtype = "int32"
    return np.asarray(array, dtype=dtype), get_dimensions(value)


__all__ = ["DEFAULT_FUNCTIONS", "Function", "declare_types", "implementation"]
