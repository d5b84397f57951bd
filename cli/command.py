"""What a subcommand is, and how they talk: in sentences to people, in plain lines and JSON to programs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

OK, FAILED, USAGE, CANCELLED, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = """\
exit status: 0 all went well, 1 something failed, 2 wrong usage, 3 a sweep was cancelled, 130 interrupted"""


@dataclass(frozen=True)
class Command:
    """One subcommand: its name, a line of help, examples, how it declares its arguments, and what it does.

    `run` returns the exit status.
    """

    name: str
    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return rows with their columns aligned, those in `right` to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []

    def cell(i: int, text: str) -> str:
        return text.rjust(widths[i]) if i in right else text.ljust(widths[i])

    return "\n".join("  ".join(cell(i, text) for i, text in enumerate(row)).rstrip() for row in rows)


def show(facts: Any, as_json: bool, text: str) -> None:
    """Print facts as JSON, or the text about them."""
    print(json.dumps(facts, indent=2, default=str) if as_json else text)


def fail(message: str) -> int:
    """Say what went wrong and return the exit status."""
    print(f"error: {message}", file=sys.stderr)
    return FAILED


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
