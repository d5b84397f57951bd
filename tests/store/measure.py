"""Speed and size of the store, for people: ``python tests/store/measure.py [folder]``. Asserts nothing."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from spikefarm.store import (
    Axis,
    BatchRecords,
    Column,
    RunStore,
    SweepDefinition,
    open_results,
    write_batch,
)

rng = np.random.default_rng(0)
f8 = np.dtype("f8")


def timed(what: str, action: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = action()
    print(f"    {what:42s} {time.perf_counter() - start:8.3f} s")
    return result


def batches(n: int, size: int, columns: tuple[Column, ...]) -> list[BatchRecords]:
    """Return one batch of each size that is needed; only keys differ between batches of a sweep."""
    fixed = {c.name: rng.normal(size=(size, *c.shape)).cumsum(-1) for c in columns if not c.ragged}
    ragged = {
        c.name: [np.sort(rng.random(rng.poisson(200))) for _ in range(size)] for c in columns if c.ragged
    }
    sizes = [min(size, n - start) for start in range(0, n, size)]
    return [
        BatchRecords(
            rng.integers(0, 256, (m, 32), np.uint8),
            np.ones(m, np.uint8),
            rng.integers(0, 2**63, m, np.uint64),
            rng.random(m),
            [""] * m,
            {name: values[:m] for name, values in fixed.items()},
            {name: values[:m] for name, values in ragged.items()},
        )
        for m in sizes
    ]


def measure(folder: Path, title: str, n: int, size: int, columns: tuple[Column, ...]) -> None:
    print(f"{title}: {n} runs, batches of {size}")
    path = folder / f"{n}-{size}-{len(columns)}.zarr"
    store = RunStore.create_or_open(path, "measure")
    work = batches(n, size, columns)
    keys = np.concatenate([batch.keys for batch in work])
    axes = tuple(Axis(name, name, np.arange(n // 100 if name == "x" else 100.0)) for name in ("x", "repeat"))
    definition = SweepDefinition({"x": n // 100, "repeat": 100}, axes, tuple(c.name for c in columns))
    with store.lock():
        store.declare(columns)
        slots = timed("reserve", lambda: store.reserve(len(work)))
        start = time.perf_counter()
        for slot, batch in zip(slots, work, strict=True):
            write_batch(path, slot, batch)
        seconds = time.perf_counter() - start
        print(f"    {'write':42s} {seconds:8.3f} s = {n / seconds:,.0f} runs/s")
        timed("record_sweep", lambda: store.record_sweep("s", definition, keys))
        files = [p for p in path.rglob("*") if p.is_file()]
        size_mb = sum(p.stat().st_size for p in files) / 1e6
        print(f"    {'files, MB':42s} {len(files):8d}, {size_mb:.1f}")
        timed("completed", store.completed)
        found = timed("open_results", lambda: open_results(path))
        for column in columns:
            timed(f"read all of {column.name}", lambda name=column.name: found[name].load())
        timed("read one run of each", lambda: open_results(path).isel(x=n // 200, repeat=7).load())
        timed("publish", store.publish)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        scalar, trace = Column("rate", f8), Column("trace", f8, (1000,))
        spikes = Column("spikes", f8, ragged=True)
        for size in (256, 1024):
            measure(Path(name), "scalar + 1000 + ragged", 10_000, size, (scalar, trace, spikes))
            measure(Path(name), "scalar", 100_000, size, (scalar,))
            measure(Path(name), "2 scalars + ragged", 100_000, size, (scalar, Column("cv", f8), spikes))
        measure(Path(name), "scalar", 1_000_000, 1024, (scalar,))
