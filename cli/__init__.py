"""The command ``spikefarm``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from . import cache, control, doctor, explain, results, run, status, submit
from .command import EXIT_CODES, FAILED, INTERRUPTED, USAGE

COMMANDS = (
    run.COMMAND,
    submit.COMMAND,
    status.COMMAND,
    *control.COMMANDS,
    results.COMMAND,
    cache.COMMAND,
    explain.COMMAND,
    doctor.COMMAND,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status (see `EXIT_CODES`)."""
    options = _parser().parse_args(arguments)
    action: Callable[[argparse.Namespace], int] = options.run
    try:
        return action(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has seen enough
        sys.stderr.close()
        return FAILED
    except (RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spikefarm",
        description="Spiking-neuron models, compiled once and run thousands of times.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"spikefarm {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        examples = "\n".join(f"  {line}" for line in command.examples.splitlines())
        subparser = commands.add_parser(
            command.name,
            help=command.help,
            description=command.help,
            epilog=f"examples:\n{examples}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("spikefarm")
