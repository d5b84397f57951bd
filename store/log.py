"""Completed runs by key, as those who do a sweep see them, wherever they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .completed import Completed
from .layout import Layout
from .place import Place
from .schema import NO_ATTRS, Array, Column, Slot
from .sweeps import RecordedSweep, SweepDefinition
from .target import Target
from .writers import Claims

if TYPE_CHECKING:
    import xarray as xr


class RunLog(Protocol):
    """Completed runs by key. See `RunStore` for what the methods do and raise."""

    @property
    def place(self) -> Place | None:
        """Where others find it; None where nobody does."""

    @property
    def path(self) -> Any:
        """What people call it."""

    @property
    def layout(self) -> Layout:
        """Sizes."""

    @property
    def target(self) -> Target:
        """Where workers put batches."""

    def claims(self, purpose: str) -> Claims:
        """Return what keeps others from doing the same runs."""

    def lock(self, timeout: float | None = None) -> AbstractContextManager[None]:
        """Be the one client that changes what it consists of."""

    def columns(self) -> dict[str, Column]:
        """Return the columns declared so far, by name."""

    def declare(self, columns: Sequence[Column]) -> None:
        """Make sure that it has these columns."""

    def reserve(self, n_batches: int) -> list[Slot]:
        """Hand out slots, one a batch, that nobody ever had before."""

    def release(self, slots: Sequence[Slot]) -> None:
        """Give back slots that no worker was ever given."""

    def written(self) -> list[int]:
        """Return the slots that have a batch."""

    def completed(self, slots: Sequence[int] | None = None) -> Completed:
        """Return which runs there are, or in some slots, sorted."""

    def find(
        self, keys: Array, slots: Sequence[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return row and status of each of some runs, -1 and missing where there is none."""

    def record_sweep(
        self,
        sweep_id: str,
        definition: SweepDefinition,
        keys: Array,
        provenance: Mapping[str, Any] = NO_ATTRS,
    ) -> None:
        """Say which runs make up a sweep."""

    def sweeps(self) -> list[RecordedSweep]:
        """Return the sweeps recorded so far, the latest last."""

    def dataset(self, sweep_id: str) -> xr.Dataset:
        """Return a sweep as a labelled data set; see `open_results`."""
