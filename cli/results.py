"""``spikefarm results STORE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .command import OK, Command, add_json, show, table

SHOWN = 5  # errors


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("store", metavar="STORE", help="path or URL")
    parser.add_argument("--sweep", metavar="NAME", help="another than the latest")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a line a run, single numbers only")
    parser.add_argument("--netcdf", type=Path, metavar="FILE", help="write everything as NetCDF 4")
    add_json(parser)


def _run(options: argparse.Namespace) -> int:
    from ..store.results import open_results

    data = open_results(options.store, options.sweep)
    told: list[str] = []
    if options.csv is not None:
        from ..store.export import to_csv

        left_out = to_csv(data, options.csv)
        told.append(f"wrote {options.csv}" + (f" without {', '.join(left_out)}" if left_out else ""))
    if options.netcdf is not None:
        from ..store.export import to_netcdf

        to_netcdf(data, options.netcdf)
        told.append(f"wrote {options.netcdf}")
    facts = _facts(options.store, data)
    show(facts, options.json, "\n".join(told) if told else _told(facts))
    return OK


def _facts(store: str, data: Any) -> dict[str, Any]:
    """Return what there is to know at a glance, as JSON has it."""
    import numpy as np

    from ..store.runstore import RunStore

    status = data["status"].values
    names = data["status"].attrs["flag_meanings"].split()
    errors = dict.fromkeys(text for text in data["error"].values[status == 2].tolist() if text)
    times = data["wall_time"].values
    outputs = [n for n in data.data_vars if n not in ("status", "error", "seed", "wall_time", "host")]
    return {
        "store": store,
        "sweep": data.attrs["sweep"],
        "sweeps": [sweep.id for sweep in RunStore.open(store).sweeps()],
        "recorded": data.attrs["recorded"],
        "runs": {name: int((status == i).sum()) for i, name in enumerate(names)},
        "seconds_per_run": float(np.nanmean(times)) if np.isfinite(times).any() else None,
        "axes": {str(dim): _axis(data, str(dim)) for dim in data["status"].dims},
        "outputs": {str(name): _output(data[name], str(name)) for name in outputs},
        "errors": list(errors)[:SHOWN],
    }


def _axis(data: Any, dim: str) -> dict[str, Any]:
    along = [c for c in data.coords.values() if c.dims == (dim,)]
    return {
        "length": int(data.sizes[dim]),
        "coordinates": {
            str(c.name): {
                "units": c.attrs.get("units", ""),
                "first": c.values[0].item(),
                "last": c.values[-1].item(),
            }
            for c in along
        },
    }


def _output(variable: Any, name: str) -> dict[str, Any]:
    """Return unit and range of an output; of arrays and ragged ones only what they are."""
    import numpy as np

    kind = "ragged" if variable.dtype == object else f"{variable.dtype} {variable.dims}"
    found: dict[str, Any] = {"kind": kind, "units": variable.attrs.get("units", "")}
    if variable.dtype.kind in "iuf" and variable.size <= 10**7:
        values = np.asarray(variable.values, float)
        if np.isfinite(values).any():
            for how in ("min", "mean", "max"):
                found[how] = float(getattr(np, f"nan{how}")(values))
    return found


def _told(facts: dict[str, Any]) -> str:
    runs = ", ".join(f"{n} {name}" for name, n in facts["runs"].items() if n)
    lines = [f"sweep {facts['sweep']} of {facts['recorded']}: {runs}"]
    others = [name for name in facts["sweeps"] if name != facts["sweep"]]
    if others:
        lines.append(f"other sweeps in the store: {', '.join(others)}")
    axes = [("axis", "length", "from", "to", "units")]
    for dim, axis in facts["axes"].items():
        named = axis["coordinates"] or {dim: {"units": "", "first": 0, "last": axis["length"] - 1}}
        for name, c in named.items():
            axes.append((name, str(axis["length"]), _number(c["first"]), _number(c["last"]), c["units"]))
    outputs = [("output", "min", "mean", "max", "units")]
    for name, o in facts["outputs"].items():
        numbers = [_number(o[k]) for k in ("min", "mean", "max")] if "min" in o else [o["kind"], "", ""]
        outputs.append((name, *numbers, o["units"]))
    lines += ["", table(axes, right=(1, 2, 3)), "", table(outputs, right=(1, 2, 3))]
    if facts["errors"]:
        lines += ["", *(f"failed: {error}" for error in facts["errors"])]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


COMMAND = Command(
    "results",
    "Show what a store has, or export it.",
    "spikefarm results if_curve.zarr\n"
    "spikefarm results if_curve.zarr --csv if_curve.csv\n"
    "spikefarm results if_curve.zarr --sweep coarse --netcdf if_curve.nc",
    _arguments,
    _run,
)
