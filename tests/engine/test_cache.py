"""The cache of builds: made once, whole or not at all, checked, limited."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from spikefarm.devices.cpp_standalone import cache as module
from spikefarm.devices.cpp_standalone.cache import BuildCache, CacheError


@pytest.fixture
def cache(tmp_path):
    return BuildCache(tmp_path / "cache")


def fill_with(text, name="model.so"):
    def fill(folder):
        (folder / name).write_text(text)

    return fill


def forbidden(folder):
    raise AssertionError("made again")


def files_below(root):
    return sorted(path.name for path in root.rglob("*") if path.is_file() and path.suffix != ".lock")


def use(cache, key, seconds_ago):
    moment = time.time() - seconds_ago
    os.utime(cache.root / "builds" / key / ".used", (moment, moment))


def run_python(code, *arguments):
    command = [sys.executable, "-c", "from pathlib import Path\nimport os, sys, time\n" + CODE + code]
    return subprocess.Popen([*command, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


CODE = """
from spikefarm.devices.cpp_standalone.cache import BuildCache
cache = BuildCache(Path(sys.argv[1]))
"""


def test_many_threads_may_begin_with_no_folder_at_all(tmp_path):
    for turn in range(30):
        start = threading.Barrier(8)

        def make(k, root=tmp_path / str(turn), start=start):
            start.wait()
            return BuildCache(root).make(f"key{k}", fill_with("code"))

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(make, range(8)))) == 8


def test_an_entry_is_made_once(cache):
    assert cache.get("k") is None
    path = cache.make("k", fill_with("code"))
    assert (path / "model.so").read_text() == "code"
    assert cache.make("k", forbidden) == path == cache.get("k")
    assert BuildCache(cache.root).get("k") == path
    assert [entry.key for entry in cache.entries()] == ["k"]
    assert cache.size() == 4


def test_what_fails_leaves_nothing(cache):
    def fill(folder):
        (folder / "half").write_text("x")
        raise ZeroDivisionError("on the way")

    with pytest.raises(ZeroDivisionError, match="on the way"):
        cache.make("k", fill)
    assert files_below(cache.root) == []
    assert cache.get("k") is None
    assert cache.make("k", fill_with("now")).exists()


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".hidden", "a b", "x" * 300])
def test_a_key_is_a_plain_name(cache, key):
    with pytest.raises(ValueError, match="cannot be the key"):
        cache.get(key)


def test_processes_that_want_the_same_build_make_it_once(cache, tmp_path):
    log = tmp_path / "log"
    code = """
def fill(folder):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    (folder / "model.so").write_text(str(os.getpid()))
print((cache.make("k", fill) / "model.so").read_text())
"""
    processes = [run_python(code, cache.root, log) for _ in range(3)]
    results = {process.communicate(timeout=60)[0] for process in processes}
    assert log.read_text() == "made\n"
    assert len(results) == 1
    assert all(process.returncode == 0 for process in processes)


def test_a_killed_builder_leaves_nothing_that_counts(cache):
    code = """
def fill(folder):
    (folder / "model.so").write_text("half")
    os.kill(os.getpid(), 9)
cache.make("k", fill)
"""
    process = run_python(code, cache.root)
    process.communicate(timeout=60)
    assert process.returncode == -9
    assert files_below(cache.root) == ["model.so"]
    assert cache.get("k") is None
    assert cache.entries() == []
    assert (cache.make("k", fill_with("whole")) / "model.so").read_text() == "whole"
    assert files_below(cache.root) == [".used", "files.json", "model.so"]


def test_old_leftovers_of_other_keys_are_swept(cache):
    cache.make("k", fill_with("x"))
    for name, age in (("old@1-a", 7200), ("young@1-a", 10)):
        leftover = cache.root / "building" / name
        leftover.mkdir()
        os.utime(leftover, (time.time() - age,) * 2)
    cache.make("other", fill_with("x"))
    assert [path.name for path in (cache.root / "building").iterdir()] == ["young@1-a"]


@pytest.mark.parametrize("damage", ["shorter", "same length", "missing", "no record", "bad record"])
def test_a_damaged_entry_is_noticed_and_made_again(cache, damage):
    path = cache.make("k", fill_with("code"))
    module._verified.clear()  # as another process would find it
    if damage == "shorter":
        (path / "model.so").write_text("cod")
    elif damage == "same length":
        (path / "model.so").write_text("codf")
    elif damage == "missing":
        (path / "model.so").unlink()
    elif damage == "no record":
        (path / "files.json").unlink()
    else:
        (path / "files.json").write_text("[1, 2")
    assert cache.get("k") is None
    assert (cache.make("k", fill_with("code")) / "model.so").read_text() == "code"
    assert cache.get("k") == path


def test_a_size_that_changes_is_noticed_in_the_same_process(cache):
    path = cache.make("k", fill_with("code"))
    (path / "model.so").write_text("longer code")
    assert cache.get("k") is None


def test_the_least_recently_used_go_first(tmp_path):
    cache = BuildCache(tmp_path, max_bytes=250)
    for number, key in enumerate("abc"):
        cache.make(key, fill_with("x" * 100))
        use(cache, key, 1000 - number)
    assert [entry.key for entry in cache.entries()] == ["c", "b"]
    use(cache, "b", 5)
    cache.make("d", fill_with("x" * 100))
    assert [entry.key for entry in cache.entries()] == ["d", "b"]


def test_what_was_just_made_stays_however_large(tmp_path):
    cache = BuildCache(tmp_path, max_bytes=10)
    assert cache.make("a", fill_with("x" * 100)).exists()
    assert cache.make("b", fill_with("x" * 100)).exists()
    assert [entry.key for entry in cache.entries()] == ["b"]


def test_what_is_locked_is_neither_evicted_nor_cleared(tmp_path):
    cache = BuildCache(tmp_path, max_bytes=10)
    cache.make("a", fill_with("x" * 100))
    with cache._lock("a"):
        cache.make("b", fill_with("x" * 100))
        assert {entry.key for entry in cache.entries()} == {"a", "b"}
        assert cache.clear() == 1
    assert [entry.key for entry in cache.entries()] == ["a"]
    assert cache.clear() == 1
    assert cache.size() == 0


def test_use_is_noted_at_most_once_a_minute(cache):
    path = cache.make("k", fill_with("x"))
    cache.get("k")
    use(cache, "k", 500)
    cache.get("k")
    assert time.time() - cache.entries()[0].used > 400
    module._touched.clear()
    cache.get("k")
    assert time.time() - cache.entries()[0].used < 100
    (path / ".used").unlink()
    module._touched.clear()
    assert cache.get("k") == path


def test_where_nothing_can_be_written_the_remedy_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match=r"cannot be written.*SPIKEFARM_CACHE_DIR"):
        BuildCache(tmp_path / "file" / "cache").make("k", forbidden)


def test_the_environment_names_place_and_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("SPIKEFARM_CACHE_MB", "3")
    assert BuildCache().root == tmp_path / "here"
    assert BuildCache().max_bytes == 3 << 20
    monkeypatch.delenv("SPIKEFARM_CACHE_DIR")
    assert BuildCache().root.name == "spikefarm"
    monkeypatch.setenv("SPIKEFARM_CACHE_MB", "plenty")
    with pytest.raises(CacheError, match="SPIKEFARM_CACHE_MB is 'plenty'"):
        BuildCache()
