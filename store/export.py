"""A sweep as files for other programs: a table of comma-separated values, or NetCDF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .results import ragged_to_contiguous
from .schema import StoreError

if TYPE_CHECKING:
    import xarray as xr

TEXT = ("error", "host")


def to_csv(dataset: xr.Dataset, path: Path) -> list[str]:
    """Write one line a run: its parameters, single numbers among its outputs, status, error, seed, time.

    Returns
    -------
    list of str
        Outputs that are not single numbers and were left out.
    """
    status = dataset["status"]
    left_out = [
        str(name)
        for name, variable in dataset.data_vars.items()
        if variable.dims != status.dims or (variable.dtype == object and name not in TEXT)
    ]
    beside = [str(n) for n, c in dataset.coords.items() if not set(c.dims) <= set(status.dims)]
    frame = dataset.drop_vars([*left_out, *beside]).to_dataframe(
        dim_order=list(map(str, status.dims)) or None
    )
    frame = frame.reset_index() if status.dims else frame
    frame.to_csv(path, index=False)
    return left_out


def to_netcdf(dataset: xr.Dataset, path: Path) -> None:
    """Write everything, ragged outputs as flat arrays with `_start` and `_size` over the axes.

    Raises
    ------
    StoreError
        No library is installed that writes NetCDF 4.
    """
    engine = _engine()
    for name, output in dataset.data_vars.items():
        if output.dtype == object and name not in TEXT:
            dataset = flattened(dataset, str(name))
    dataset = dataset.load()
    dataset = dataset.assign({name: dataset[name].astype(str) for name in TEXT if name in dataset})
    dataset.attrs = {str(name): _attribute(value) for name, value in dataset.attrs.items()}
    for name in dataset.variables:
        variable = dataset.variables[name]
        variable.attrs = {str(key): _attribute(value) for key, value in variable.attrs.items()}
    dataset.to_netcdf(path, engine=engine)  # type: ignore[call-overload]


def flattened(dataset: xr.Dataset, name: str) -> xr.Dataset:
    """Put a ragged output as one flat array, with where each run's values start and how many there are."""
    ragged = dataset[name]
    values, offsets = ragged_to_contiguous(ragged)
    shape = ragged.shape
    about = {"long_name": f"first value of a run in {name}"}
    count = {"long_name": f"number of values of a run in {name}", "sample_dimension": f"{name}_value"}
    return dataset.drop_vars(name).assign(
        {
            name: ((f"{name}_value",), values, ragged.attrs),
            f"{name}_start": (ragged.dims, offsets[:-1].reshape(shape), about),
            f"{name}_size": (ragged.dims, np.diff(offsets).reshape(shape), count),
        }
    )


def _engine() -> str:
    from importlib.util import find_spec

    for module, engine in (("netCDF4", "netcdf4"), ("h5netcdf", "h5netcdf")):
        if find_spec(module) is not None:
            return engine
    raise StoreError(
        "writing NetCDF needs h5netcdf or netCDF4, and neither is installed: pip install h5netcdf"
    )


def _attribute(value: Any) -> Any:
    """Return what NetCDF can hold of an attribute: numbers, text and arrays of them, else JSON."""
    if isinstance(value, str | int | float | np.generic | np.ndarray) and not isinstance(value, bool):
        return value
    return json.dumps(value)
