"""What numpy's functions do to dimensions, as tables of rules.

A parameter that takes quantities is marked by ``*`` in a rule. A function without a rule refuses
quantities, so that no unit is ever lost without a word.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np

from .dimension import DIMENSIONLESS, Dimension, DimensionMismatchError
from .operand import (
    Dims,
    Operand,
    common_dimension,
    count_reduced,
    get_dimensions,
    require_dimensionless,
    split,
)

Operands = dict[str, Operand]


class Call(NamedTuple):
    """A call of a numpy function: all its arguments by name, and those that may have units."""

    name: str
    arguments: dict[str, Any]
    operands: Operands

    def common(self, *names: str) -> Dimension:
        """Return the dimension that the named operands (by default all) share."""
        chosen = {name: self.operands[name] for name in names or self.operands if name in self.operands}
        return common_dimension(chosen, lambda: self._task(chosen))

    def _task(self, operands: Operands) -> str:
        return (
            f"calculate {self.name}({', '.join(f'{name}={operand}' for name, operand in operands.items())})"
        )

    def dim(self, name: str) -> Dimension:
        """Return the dimension of one operand; that of plain numbers if it was not given."""
        return self.operands[name].dim if name in self.operands else DIMENSIONLESS


Result = Callable[[Call], Dims]


class Rule(NamedTuple):
    """What a function does to dimensions.

    Attributes
    ----------
    parameters : tuple of str
        Its parameters in order, as far as they matter here.
    result : callable
        From a `Call` to the dimension of the result; refuses dimensions that do not fit.
    run : callable, optional
        What runs in place of the function where its defaults suit plain numbers only.
    """

    parameters: tuple[str, ...]
    result: Result
    run: Callable[..., Any] | None = None


def apply_function(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Dims]:
    """Run a numpy function on plain values.

    Returns
    -------
    tuple
        The plain result and its dimension (see `Dims`).

    Raises
    ------
    DimensionMismatchError
        The dimensions do not fit.
    TypeError
        The function has no rule for quantities.
    """
    name = f"numpy.{func.__name__}"
    rule = RULES.get(func) or _MODULE_RULES.get(func.__module__, _UNKNOWN)
    marked = {parameter.lstrip("*"): parameter for parameter in rule.parameters}
    given = {key: value for key, value in kwargs.items() if key != "out" or func not in RULES}
    names = (*rule.parameters, *("" for _ in args))
    call = Call(name, dict(zip(marked, args, strict=False)) | given, {})
    plain_args = [_take(call, parameter, value) for parameter, value in zip(names, args, strict=False)]
    plain_kwargs = {key: _take(call, marked.get(key, key), value) for key, value in given.items()}
    dims = rule.result(call)
    result = (rule.run or func)(*plain_args, **plain_kwargs)
    out = kwargs.get("out")
    return (result if out is None else _write(name, out, result, dims)), dims


def _take(call: Call, parameter: str, value: Any) -> Any:
    """Strip one argument, noting its dimension where the parameter takes quantities."""
    if value is None or isinstance(value, str | bool | type(np._NoValue)):
        return value
    operand = _split_leniently(value)
    if parameter.startswith("*"):
        call.operands[parameter[1:]] = operand
    elif operand.dim is not DIMENSIONLESS:
        where = f"its argument {parameter!r}" if parameter else "one of its arguments"
        raise TypeError(
            f"{call.name} has no meaning for units in {where}, got {operand}: divide by a unit first"
        )
    return operand.value


def _split_leniently(value: Any) -> Operand:
    """Take apart an argument, which need not be made of numbers (a dtype, a list of slices)."""
    try:
        return split(value)
    except TypeError:
        return Operand(value, DIMENSIONLESS)


def _write(name: str, out: Any, result: Any, dims: Dims) -> Any:
    dim = dims if isinstance(dims, Dimension) else DIMENSIONLESS
    own = get_dimensions(out)
    if own is not dim:
        raise DimensionMismatchError(
            f"{name} cannot write its result into the given array: the result has units of "
            f"{dim.unit_text()}, the array of {own.unit_text()}.",
            dim,
            own,
        )
    np.copyto(np.asarray(out), result)
    return out


# ---- results


def _keep(call: Call) -> Dimension:
    return call.common()


def _plain(call: Call) -> None:
    call.common()


def _ignore(call: Call) -> None:
    return None


def _each(call: Call) -> Dims:
    return tuple(operand.dim for operand in call.operands.values())


def _power(exponent: float) -> Result:
    return lambda call: call.common() ** exponent


def _norm(call: Call) -> Dims:
    return None if call.arguments.get("ord") == 0 else call.common()


def _product(call: Call) -> Dimension:
    dim = DIMENSIONLESS
    for operand in call.operands.values():
        dim = dim * operand.dim
    return dim


def _prod(call: Call) -> Dimension:
    operand = call.operands["a"]
    if call.arguments.get("where", True) is not True:
        require_dimensionless(f"{call.name} with where", operand)
    return operand.dim ** count_reduced(operand.value, call.arguments.get("axis"))


def _dimensionless(call: Call) -> Dimension:
    for operand in call.operands.values():
        require_dimensionless(call.name, operand)
    return DIMENSIONLESS


def _members(*dims: int | None) -> Result:
    """Return a rule for a tuple of results, each a power of the operand's dimension or no quantity."""
    return lambda call: tuple(None if power is None else call.dim("a") ** power for power in dims)


def _first(call: Call) -> Dims:
    return (call.common(),)


def _interp(call: Call) -> Dimension:
    call.common("x", "xp")
    return call.common("fp", "left", "right")


def _integral(call: Call) -> Dimension:
    return call.dim("y") * (call.dim("x") if "x" in call.operands else call.dim("dx"))


def _gradient(call: Call) -> Dims:
    spacings = [operand.dim for name, operand in call.operands.items() if name != "f"] or [DIMENSIONLESS]
    dims = tuple(call.dim("f") / spacing for spacing in spacings)
    return dims[0] if len(dims) == 1 else dims


def _histogram(call: Call) -> Dims:
    edges = _edges(call)
    return (edges**-1 if call.arguments.get("density") else None, edges)


def _edges(call: Call) -> Dimension:
    """Return the dimension of a histogram's edges; a number of bins has none."""
    counted = np.ndim(call.arguments.get("bins", 10)) == 0
    return call.common("a", "range") if counted else call.common("a", "bins", "range")


def _average(call: Call) -> Dims:
    dim = call.dim("a")
    return (dim, call.dim("weights")) if call.arguments.get("returned") else dim


def _where(call: Call) -> Dims:
    return call.common("x", "y") if "x" in call.operands else None


def _fill_value(call: Call) -> Dimension:
    return call.dim("fill_value")


def _solve(call: Call) -> Dimension:
    return call.dim("b") / call.dim("a")


def _determinant(call: Call) -> Dimension:
    operand = call.operands["a"]
    return operand.dim ** int(np.shape(operand.value)[-1])


def _without_atol(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let the absolute tolerance be zero by default: numpy's 1e-8 means nothing for nanoamperes."""

    def run(a: Any, b: Any, rtol: float = 1e-5, atol: Any = 0.0, equal_nan: bool = False) -> Any:
        return func(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)

    return run


_UNKNOWN: Final = Rule((), _ignore)
#: numpy loads these modules late; all their functions keep the unit.
_MODULE_RULES: Final = {"numpy.fft": Rule(("*a",), _keep)}

_TABLE: Final[tuple[tuple[Result, str, str], ...]] = (
    # result, parameters (those that take quantities marked), functions
    (_keep, "*a axis dtype out keepdims *initial", "sum min max amin amax nansum nanmin nanmax"),
    (_keep, "*a",
     "mean median ptp cumsum cumulative_sum nanmean nanmedian nanstd nancumsum std percentile quantile "
     "nanpercentile nanquantile sort sort_complex diagonal ravel reshape transpose matrix_transpose "
     "swapaxes moveaxis rollaxis squeeze expand_dims flip fliplr flipud rot90 roll repeat tile resize "
     "take delete broadcast_to trace around round fix real imag conj real_if_close copy partition diag "
     "diagflat tril triu atleast_1d atleast_2d atleast_3d take_along_axis unstack trim_zeros array_split "
     "split hsplit vsplit dsplit linalg.svdvals linalg.eigvals linalg.eigvalsh empty_like zeros_like "
     "lib.stride_tricks.sliding_window_view"),
    (_norm, "*a ord", "linalg.norm linalg.matrix_norm linalg.vector_norm"),
    (_keep, "condition *a", "compress extract"),
    (_keep, "*a copy *nan *posinf *neginf", "nan_to_num"),
    (_keep, "*a *to_end *to_begin", "ediff1d"),
    (_keep, "*a n axis *prepend *append", "diff"),
    (_keep, "*a *a_min *a_max out *min *max", "clip"),
    (_keep, "*arrays", "concatenate stack hstack vstack dstack column_stack row_stack block"),
    (_keep, "*arr *values", "append"),
    (_keep, "*arr obj *values", "insert"),
    (_keep, "*array pad_width mode *constant_values *end_values", "pad"),
    (_keep, "*start *stop", "linspace geomspace"),
    (_keep, "*a *b", "union1d intersect1d setdiff1d setxor1d"),
    (_keep, "condlist *choicelist *default", "select"),
    (_keep, "a *choices", "choose"),
    (_each, "*a *b *c *d", "meshgrid broadcast_arrays"),
    (_where, "*condition *x *y", "where"),
    (_first, "*a", "unique unique_values unique_counts unique_inverse unique_all"),
    (_ignore, "*a *b",
     "argmax argmin nanargmax nanargmin argsort argpartition argwhere nonzero flatnonzero count_nonzero "
     "any all shape ndim size isreal iscomplex isrealobj iscomplexobj isposinf isneginf "
     "linalg.matrix_rank linalg.cond corrcoef angle lexsort ones_like may_share_memory shares_memory"),
    (_plain, "*a *v", "searchsorted digitize isin in1d array_equal array_equiv"),
    (_power(2), "*a *b", "var nanvar cov"),
    (_prod, "*a axis", "prod"),
    (_product, "*a *b",
     "dot vdot inner outer tensordot kron convolve correlate cross linalg.cross linalg.outer "
     "linalg.tensordot linalg.matmul linalg.vecdot"),
    (_product, "subscripts *a *b *c *d", "einsum"),
    (_average, "*a axis *weights returned", "average"),
    (_dimensionless, "*a *b *c",
     "nanprod cumprod nancumprod cumulative_prod sinc i0 logspace poly roots vander unwrap packbits "
     "unpackbits bincount polyfit polyval"),
    (_fill_value, "*a *fill_value", "full_like"),
    (_interp, "*x *xp *fp *left *right", "interp"),
    (_integral, "*y *x *dx", "trapezoid trapz"),
    (_gradient, "*f *first *second *third", "gradient"),
    (_histogram, "*a *bins *range density", "histogram"),
    (_edges, "*a *bins *range", "histogram_bin_edges"),
    (_power(-1), "*a", "linalg.inv linalg.pinv"),
    (_power(0.5), "*a", "linalg.cholesky"),
    (_determinant, "*a", "linalg.det"),
    (_solve, "*a *b", "linalg.solve"),
    (_members(1, 0), "*a", "linalg.eig linalg.eigh"),
)  # fmt: skip


def _find(name: str) -> Callable[..., Any] | None:
    """Return a function of numpy by its dotted name; None where this version has none."""
    found: Any = np
    for part in name.split("."):
        found = vars(found).get(part)
        if found is None:
            return None
    return cast("Callable[..., Any]", found)


RULES: Final[dict[Any, Rule]] = {
    _find(name): Rule(tuple(parameters.split()), result)
    for result, parameters, names in _TABLE
    for name in names.split()
} | {
    np.isclose: Rule(("*a", "*b", "rtol", "*atol"), _plain, run=_without_atol(np.isclose)),
    np.allclose: Rule(("*a", "*b", "rtol", "*atol"), _plain, run=_without_atol(np.allclose)),
    np.copyto: Rule(("*dst", "*src"), _plain),
    np.put: Rule(("*a", "ind", "*v"), _plain),
    np.place: Rule(("*arr", "mask", "*vals"), _plain),
    np.putmask: Rule(("*a", "mask", "*values"), _plain),
    np.fill_diagonal: Rule(("*a", "*val"), _plain),
}
RULES.pop(None, None)
