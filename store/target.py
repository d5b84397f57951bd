"""Where the workers of a sweep put what they have done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from .batch import write_batch, written_batch
from .place import Place
from .schema import Array, BatchRecords, Slot


class Target(ABC):
    """Where workers put batches. Picklable: it travels with each."""

    @abstractmethod
    def write(self, slot: Slot, records: BatchRecords) -> None:
        """Keep a batch of runs, all or nothing; see `write_batch`."""

    @abstractmethod
    def written(self, slot: Slot, keys: Array) -> BatchRecords | None:
        """Return what a slot says of a batch that was written to the end; see `written_batch`."""


@final
@dataclass(frozen=True)
class PlaceTarget(Target):
    """A store in a folder or under a URL."""

    place: Place

    def write(self, slot: Slot, records: BatchRecords) -> None:
        """Write a batch."""
        write_batch(self.place, slot, records)

    def written(self, slot: Slot, keys: Array) -> BatchRecords | None:
        """Return what the log has of a batch."""
        return written_batch(self.place, slot, keys)
