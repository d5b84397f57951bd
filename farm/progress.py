"""How far a sweep is: a bar in terminals and notebooks, nothing elsewhere unless asked for."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, final


def wanted(progress: bool | None) -> bool:
    """Whether to show a bar: as asked, else where somebody watches (a terminal or a notebook)."""
    if progress is not None:
        return progress
    return "ipykernel" in sys.modules or sys.stderr.isatty()


@final
class Progress:
    """A bar over runs.

    Parameters
    ----------
    total : int
        All runs of the sweep.
    done : int
        Runs that were in the store already.
    show : bool
    """

    def __init__(self, total: int, done: int, show: bool) -> None:
        self.total, self.done, self.failed, self.show = total, done, 0, show
        self.bar: Any = None

    def __enter__(self) -> Progress:
        if self.show:
            from tqdm.auto import tqdm

            self.bar = tqdm(
                total=self.total, initial=self.done, unit="run", smoothing=0.1, dynamic_ncols=True
            )
        return self

    def update(self, done: int, failed: int) -> None:
        """Count runs that have just ended."""
        self.done += done + failed
        self.failed += failed
        if self.bar is not None:
            if self.failed:
                self.bar.set_postfix_str(f"{self.failed} failed", refresh=False)
            self.bar.update(done + failed)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()
