"""A look at the results of a sweep that is still on its way: one output over one or two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..keys import Array

MOST_CELLS = 10**6
MOST_POINTS = 120  # along a side of the picture


class PreviewError(ValueError):
    """There is nothing to show, for the reason given."""


def preview(store: str, sweep: str, output: str = "", x: str = "", y: str = "") -> dict[str, Any]:
    """Return the mean of an output over all axes but two.

    Parameters
    ----------
    store, sweep : str
    output, x, y : str
        Which output, and along which dimensions; by default the first output and the longest two.

    Returns
    -------
    dict
        ``outputs`` and ``dims`` to choose from, what was chosen, ``x_values`` and ``y_values`` with their units,
        and ``values``, rows along y, None where there is nothing yet. Long axes are averaged in groups.

    Raises
    ------
    PreviewError
        No output that is a single number, or too many runs.
    """
    from ...store.memory import find_log
    from ...store.results import open_results

    log = find_log(store)
    with open_results(store, sweep) if log is None else log.dataset(sweep) as data:
        dims = [str(dim) for dim in data["status"].dims]
        if data["status"].size > MOST_CELLS:
            raise PreviewError(f"more than {MOST_CELLS} runs are not drawn; use open_results")
        outputs = [
            str(name)
            for name, variable in data.data_vars.items()
            if variable.dims == data["status"].dims
            and variable.dtype.kind in "iuf"
            and name not in ("status", "seed")
        ]
        if not dims:
            raise PreviewError("a single run has no axes to draw along")
        output = output if output in outputs else outputs[0]
        x, y = _axes(dict(data.sizes), dims, x, y)
        along = [dim for dim in (y, x) if dim]
        values = np.asarray(data[output].transpose(*along, ...).values, float)
        values = _mean(values.reshape(*values.shape[: len(along)], -1))
        groups = [-(-n // MOST_POINTS) for n in values.shape]
        for axis, group in enumerate(groups):
            values = _grouped(values, axis, group)
        picture = values if y else values[None, :]
        return {
            "outputs": outputs,
            "dims": dims,
            "output": output,
            "units": str(data[output].attrs.get("units", "")),
            "x": _labels(data, x, groups[-1]),
            "y": _labels(data, y, groups[0]) if y else None,
            "values": [[None if np.isnan(v) else v for v in row] for row in picture.tolist()],
        }


def _axes(sizes: dict[Any, int], dims: list[str], x: str, y: str) -> tuple[str, str]:
    """Return the dimensions to draw along; the second is empty where there is but one."""
    longest = sorted(dims, key=lambda dim: (dim == "repeat", -sizes[dim]))
    x = x if x in dims else next(dim for dim in longest if dim != y)
    others = [dim for dim in longest if dim != x]
    return x, y if y in others else others[0] if others else ""


def _mean(values: Array) -> Array:
    """Average the last axis over what is there."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        found: Array = np.where(there, values, 0).sum(axis=-1) / there.sum(axis=-1)
    return found


def _grouped(values: Array, axis: int, group: int) -> Array:
    if group == 1:
        return values
    moved = np.moveaxis(values, axis, -1)
    missing = -moved.shape[-1] % group
    padded = np.concatenate([moved, np.full((*moved.shape[:-1], missing), np.nan)], axis=-1)
    return np.moveaxis(_mean(padded.reshape(*moved.shape[:-1], -1, group)), -1, axis)


def _labels(data: Any, dim: str, group: int) -> dict[str, Any]:
    """Return what labels a dimension, every so many of its points."""
    named = data.coords.get(dim)
    values = np.arange(data.sizes[dim]) if named is None else named.values
    return {
        "dim": dim,
        "units": "" if named is None else str(named.attrs.get("units", "")),
        "values": values[::group].tolist(),
    }
