"""Libraries that take a while to import, beside whatever else there is to do."""

from __future__ import annotations

import sys
import threading
from importlib import import_module


def load(*names: str) -> threading.Thread | None:
    """Begin to import modules in a thread; None where all are there.

    What needs one of them imports it as ever, and waits for it if need be.
    """
    missing = [name for name in names if name not in sys.modules]
    if not missing:
        return None
    thread = threading.Thread(target=_load, args=(missing,), daemon=True, name="spikefarm-loading")
    thread.start()
    return thread


def _load(names: list[str]) -> None:
    for name in names:
        import_module(name)
