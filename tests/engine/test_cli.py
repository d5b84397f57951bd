"""The command ``spikefarm``."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from spikefarm.cli import main
from spikefarm.devices.cpp_standalone.cache import BuildCache


@pytest.fixture
def filled(tmp_path, monkeypatch):
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path / "cache"))
    cache = BuildCache()
    for key, size in (("one", 1 << 20), ("two", 3 << 20)):
        cache.make(key, lambda folder, size=size: (folder / "model.so").write_bytes(b"x" * size))
    return cache


def test_cache_list(filled, capsys):
    assert main(["cache", "list"]) == 0
    lines = sorted(capsys.readouterr().out.splitlines())
    assert len(lines) == 2
    assert re.fullmatch(r" +1\.0 MB  \d{4}-\d\d-\d\d \d\d:\d\d  one", lines[0])


def test_cache_list_as_json(filled, capsys):
    assert main(["cache", "list", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["root"] == str(filled.root)
    assert facts["limit_bytes"] == 1 << 30
    assert {entry["key"]: entry["bytes"] for entry in facts["entries"]} == {"one": 1 << 20, "two": 3 << 20}


def test_cache_size_and_clear(filled, capsys):
    assert main(["cache", "size"]) == 0
    assert capsys.readouterr().out == f"4.0 MB of at most 1024.0 MB in {filled.root}\n"
    assert main(["cache", "clear", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["removed"], facts["freed_bytes"]) == (2, 4 << 20)
    assert main(["cache", "list"]) == 0
    assert capsys.readouterr().out == f"no builds in {filled.root}\n"


def test_a_cache_that_was_never_used(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SPIKEFARM_CACHE_DIR", str(tmp_path / "none"))
    for action in ("list", "size", "clear"):
        assert main(["cache", action]) == 0
    assert not (tmp_path / "none").exists()


def test_a_setting_that_makes_no_sense(filled, monkeypatch, capsys):
    monkeypatch.setenv("SPIKEFARM_CACHE_MB", "-3")
    assert main(["cache", "size"]) == 1
    assert capsys.readouterr().err.startswith("error: SPIKEFARM_CACHE_MB is '-3'")


@pytest.mark.parametrize("arguments", [[], ["cache"], ["cache", "burn"], ["nonesuch"]])
def test_wrong_usage_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: spikefarm" in capsys.readouterr().err


def test_the_module_can_be_run(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert re.fullmatch(r"spikefarm \d+\.\d+\.\d+\S*\n", printed)
    command = [sys.executable, "-m", "spikefarm", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == printed
