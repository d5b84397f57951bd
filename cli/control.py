"""``spikefarm pause``, ``resume`` and ``cancel``."""

from __future__ import annotations

import argparse
from functools import partial

from .command import OK, Command, add_json, fail, show
from .status import add_stores, stores_of


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_stores(parser)
    parser.add_argument("--sweep", metavar="NAME", help="only this sweep or session, as status shows it")
    add_json(parser)


def _run(wish: str, options: argparse.Namespace) -> int:
    from ..farm.control import Wish, ask

    asked = [status for store in stores_of(options) for status in ask(store, Wish(wish), options.sweep)]
    if not asked:
        return fail("no such sweep is on its way; `spikefarm status` shows those that are")
    facts = [
        {"id": status.id, "sweep": status.sweep, "store": status.store, "asked": wish} for status in asked
    ]
    show(facts, options.json, "\n".join(f"asked {s.sweep} ({s.id}) in {s.store} to {wish}" for s in asked))
    return OK


def _command(name: str, help: str) -> Command:
    examples = f"spikefarm {name} if_curve.zarr\nspikefarm {name} --sweep 3f9a1c0b"
    return Command(name, help, examples, _arguments, partial(_run, name))


COMMANDS = (
    _command("pause", "Let the runs on their way end and send no others until resume."),
    _command("resume", "Let a paused sweep go on."),
    _command("cancel", "End a sweep; what is done stays in its store."),
)
