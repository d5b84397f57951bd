"""The store passes its own conformance suite."""

from pathlib import Path
from typing import Any

import xarray as xr
from spikefarm.store import BatchRecords, Layout, Receipt, RunStore, Slot, open_results, write_batch
from spikefarm.store.testing import StoreConformance


class TestZarrStore(StoreConformance):
    def create_or_open(self, path: Path, owner: str, **how: Any) -> RunStore:
        return RunStore.create_or_open(path, owner, layout=Layout(rows=8), **how)

    def write(self, path: Path, slot: Slot, records: BatchRecords) -> Receipt:
        return write_batch(path, slot, records)

    def open_results(self, path: Path, sweep: str | None = None) -> xr.Dataset:
        return open_results(path, sweep)


class TestZarrStoreWithLargeSlots(TestZarrStore):
    def create_or_open(self, path: Path, owner: str, **how: Any) -> RunStore:
        return RunStore.create_or_open(path, owner, **how)
