"""Completed runs by key, in one Zarr hierarchy that plain zarr and xarray can read."""

from .batch import write_batch, written_batch
from .compaction import compact
from .completed import Completed
from .integrity import check_store, repair_store
from .layout import ROWS_PER_BATCH, Layout
from .listing import catalogue
from .provenance import read_provenance
from .results import open_results, ragged_to_contiguous
from .runstore import RunStore
from .schema import (
    DONE,
    FAILED,
    MISSING,
    BatchRecords,
    Column,
    LockedError,
    OwnerError,
    Receipt,
    Slot,
    StoreError,
)
from .sweeps import Axis, RecordedSweep, SweepDefinition
