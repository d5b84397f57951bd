"""The command ``spikefarm``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One subcommand: its name, a line of help, how it declares its arguments, and what it does.

    `run` returns the exit status.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 on failure, 2 on wrong usage."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spikefarm", description="Spiking-neuron models, compiled once and run thousands of times."
    )
    parser.add_argument("--version", action="version", version=f"spikefarm {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        subparser = commands.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("spikefarm")


# --- spikefarm cache ------------------------------------------------------------------------------------


def _cache_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "size", "clear"))
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def _cache(options: argparse.Namespace) -> int:
    from .devices.cpp_standalone.cache import BuildCache

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
    print(json.dumps(facts, indent=2) if options.json else text)
    return 0


def _megabytes(count: int) -> str:
    return f"{count / (1 << 20):.1f} MB"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


_COMMANDS = (Command("cache", "Show or empty the cache of compiled models.", _cache_arguments, _cache),)
