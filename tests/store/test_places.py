"""Stores in a bucket of an S3-compatible server on loopback, and under other URLs."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from spikefarm.store import (
    BatchRecords,
    Layout,
    Receipt,
    RunStore,
    Slot,
    StoreError,
    open_results,
    write_batch,
)
from spikefarm.store import lease as store_lease
from spikefarm.store.place import place_of
from spikefarm.store.remote import RemotePlace, WeakLockWarning, objects
from spikefarm.store.schema import LockedError
from spikefarm.store.testing import COLUMNS, StoreConformance, check_cells, make_batch, make_keys, record_line
from spikefarm.store.writers import Writer

pytest.importorskip("obstore")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of its own, reached with what is in the environment."""
    import boto3

    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": server,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"bucket{np.random.default_rng().integers(10**12)}"
    boto3.client("s3", endpoint_url=server, region_name="us-east-1").create_bucket(Bucket=name)
    return f"s3://{name}"


class RemoteConformance(StoreConformance):
    url: str

    def at(self, path: Path) -> Any:
        return f"{self.url}/{path.parent.name}/{path.name}"

    def create_or_open(self, path: Path, owner: str, **how: Any) -> RunStore:
        return RunStore.create_or_open(self.at(path), owner, layout=Layout(rows=8), **how)

    def write(self, path: Path, slot: Slot, records: BatchRecords) -> Receipt:
        return write_batch(self.at(path), slot, records)

    def open_results(self, path: Path, sweep: str | None = None) -> xr.Dataset:
        return open_results(self.at(path), sweep)


class TestBucket(RemoteConformance):
    @pytest.fixture(autouse=True)
    def in_bucket(self, bucket: str) -> None:
        self.url = bucket


def test_a_lock_that_is_not_safe_is_told_once(tmp_path: Path) -> None:
    found = objects(f"local://{tmp_path}/x.zarr.lock", "{}")
    with pytest.warns(
        WeakLockWarning, match=r"the store local://.*x\.zarr is reached .* let one client at a time"
    ):
        assert found.create("", b"first")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not found.create("", b"second")


class TestFsspec(RemoteConformance):
    """Through fsspec, whose file system in memory needs no server."""

    @pytest.fixture(autouse=True)
    def in_memory(self, tmp_path: Path) -> None:
        self.url = f"memory://{tmp_path.name}"


def test_publishing_and_reading_without_us(bucket: str) -> None:
    import zarr.storage
    from obstore.store import from_url

    keys = make_keys(6)
    store = RunStore.create_or_open(f"{bucket}/a/x.zarr", "me", layout=Layout(rows=8))
    with store.lock():
        store.declare(COLUMNS)
        write_batch(store.path, store.reserve(1)[0], make_batch(keys))
        record_line(store, "s", keys)
        for _ in range(2):
            store.publish()
    plain = xr.open_zarr(zarr.storage.ObjectStore(from_url(store.path), read_only=True), group="results")
    np.testing.assert_array_equal(plain.rate, open_results(store.path).rate)
    assert store.path == f"{bucket}/a/x.zarr"
    assert place_of(store.path).names() == ["ragged", "results", "runs", "sweeps", "zarr.json"]


def test_options_travel_and_stay_secret(bucket: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ENDPOINT",
        "AWS_ALLOW_HTTP",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name)
    place = RemotePlace.of(
        f"{bucket}/x.zarr",
        access_key_id="key",
        secret_access_key="secret",
        endpoint=server,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    place = pickle.loads(pickle.dumps(place))
    assert "secret" not in repr(place)
    store = RunStore.create_or_open(place, "me")
    assert RunStore.open(place) == store
    assert str(store.place) == f"{bucket}/x.zarr"


def test_one_of_several_gets_the_lock(bucket: str) -> None:
    store = RunStore.create_or_open(f"{bucket}/x.zarr", "me")
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        with RunStore.open(store.path).lock(timeout=30):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.02)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)
    assert place_of(f"{bucket}/x.zarr.lock").read("") is None


def test_the_lock_of_a_dead_client_is_taken_over(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore.create_or_open(f"{bucket}/x.zarr", "me")
    dead = place_of(f"{bucket}/x.zarr.lock")
    assert isinstance(dead, RemotePlace)
    assert dead.create(b'{"token": "dead", "holder": "process 1 on mars", "beat": 7}')
    with pytest.raises(LockedError, match="being written to by process 1 on mars"), store.lock(timeout=0.3):
        pass
    monkeypatch.setattr(store_lease, "STALE_SECONDS", 0.2)
    with store.lock(timeout=10):
        assert dead.read("") != b""
    assert dead.read("") is None


def test_writers_meet_in_a_bucket(bucket: str) -> None:
    store = RunStore.create_or_open(f"{bucket}/x.zarr", "me").place
    keys = make_keys(3)
    with Writer(store) as mine, Writer(store) as other:
        claim = other.claim(keys)
        np.testing.assert_array_equal(mine.claimed_elsewhere(), keys)
        other.give_back(claim)
        assert len(mine.claimed_elsewhere()) == 0
    assert not store.beside(".writers").exists()


def test_a_replaced_store_refuses_old_slots(bucket: str) -> None:
    path = f"{bucket}/x.zarr"
    keys = make_keys(2)

    def make(**how: Any) -> tuple[RunStore, Slot]:
        store = RunStore.create_or_open(path, "me", layout=Layout(rows=8), **how)
        with store.lock():
            store.declare(COLUMNS)
            return store, store.reserve(1)[0]

    store, old = make()
    write_batch(path, old, make_batch(keys))
    store, _ = make(overwrite=True)
    with pytest.raises(StoreError, match="was given by another store"):
        write_batch(path, old, make_batch(keys))
    assert len(store.completed()) == 0
    with store.lock():
        record_line(store, "s", keys)
    check_cells(open_results(path), keys, np.zeros(2, bool))


def test_urls_that_lead_nowhere(bucket: str) -> None:
    with pytest.raises(StoreError, match=r"there is no store at s3://.*/none\.zarr"):
        open_results(f"{bucket}/none.zarr")
    with pytest.raises(StoreError, match=r"names no store: give one in the bucket, such as .*/x\.zarr"):
        open_results(bucket)
    with pytest.raises(StoreError, match=r"cannot use the store nowhere://x/y: .*pip install"):
        open_results("nowhere://x/y")
    assert place_of("file:///tmp/x.zarr") == place_of("/tmp/x.zarr")
