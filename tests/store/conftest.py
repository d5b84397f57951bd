from pathlib import Path

import pytest
from spikefarm.store import Layout, RunStore, runstore, write_batch
from spikefarm.store.testing import COLUMNS, make_batch, make_keys, record_line

SMALL = Layout(rows=8, chunk_bytes=64, ragged_span=2**12, ragged_shard=16, ragged_chunk=4)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a lock that somebody holds on purpose."""
    monkeypatch.setattr(runstore, "LOCK_SECONDS", 0.3)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store with columns and no runs, in small slots and chunks."""
    store = RunStore.create_or_open(tmp_path / "x.zarr", "me", {"title": "a test"}, layout=SMALL)
    with store.lock():
        store.declare(COLUMNS)
    return store


@pytest.fixture
def filled(store: RunStore) -> RunStore:
    """A store with 20 runs of a sweep of 24."""
    keys = make_keys(24)
    with store.lock():
        for i, slot in enumerate(store.reserve(3)):
            write_batch(store.path, slot, make_batch(keys[8 * i : min(8 * i + 8, 20)]))
        record_line(store, "line", keys)
    return store
