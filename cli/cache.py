"""``spikefarm cache``."""

from __future__ import annotations

import argparse
import time

from .command import OK, Command, add_json, show


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "size", "clear"))
    add_json(parser)


def _run(options: argparse.Namespace) -> int:
    from ..devices.cpp_standalone.cache import BuildCache

    cache = BuildCache()
    facts: dict[str, object] = {"root": str(cache.root), "limit_bytes": cache.max_bytes}
    if options.action == "clear":
        freed = cache.size()
        facts["removed"] = cache.clear()
        facts["freed_bytes"] = freed - cache.size()
        text = f"removed {facts['removed']} builds from {cache.root}"
    elif options.action == "size":
        facts["bytes"] = cache.size()
        text = f"{_megabytes(cache.size())} of at most {_megabytes(cache.max_bytes)} in {cache.root}"
    else:
        entries = cache.entries()
        facts["entries"] = [
            {"key": entry.key, "path": str(entry.path), "bytes": entry.size, "used": entry.used}
            for entry in entries
        ]
        lines = [f"{_megabytes(e.size):>10}  {_moment(e.used)}  {e.key}" for e in entries]
        text = "\n".join(lines) if lines else f"no builds in {cache.root}"
    show(facts, options.json, text)
    return OK


def _megabytes(count: int) -> str:
    return f"{count / (1 << 20):.1f} MB"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


COMMAND = Command(
    "cache",
    "Show or empty the cache of compiled models.",
    "spikefarm cache size\nspikefarm cache list --json\nspikefarm cache clear",
    _arguments,
    _run,
)
