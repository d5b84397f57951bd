"""What the dashboard's server answers for the page of sweeps.

Import this only in a scheduler: it is a module that cannot help importing tornado at its top, since tornado wants
its class inherited from.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tornado.web import RequestHandler

from ..control import Wish
from ..crew_cluster import TOPIC
from .figures import figures, sweeps
from .preview import preview

PAGE = Path(__file__).with_name("page.html")
HEADER = "X-Spikefarm"  # a page of another site cannot send it without being asked for leave first


def routes(scheduler: Any) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return the handlers of the page, its figures, its pictures and its buttons."""
    shared = {"scheduler": scheduler}
    return [
        (r"/spikefarm", PageHandler, shared),
        (r"/spikefarm/api", FiguresHandler, shared),
        (r"/spikefarm/api/preview", PreviewHandler, shared),
        (r"/spikefarm/api/wish", WishHandler, shared),
    ]


class _Handler(RequestHandler):
    def initialize(self, scheduler: Any) -> None:
        self.scheduler = scheduler

    def set_default_headers(self) -> None:
        self.set_header(
            "Content-Security-Policy", "default-src 'self' 'unsafe-inline'; frame-ancestors 'self'"
        )
        self.set_header("Cache-Control", "no-store")

    def answer(self, facts: Any) -> None:
        """Send JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(facts, default=str))

    def refuse(self, status: int, why: str) -> None:
        """Send why something cannot be done."""
        self.set_status(status)
        self.answer({"error": why})


class PageHandler(_Handler):
    """The page."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(PAGE.read_bytes())


class FiguresHandler(_Handler):
    """All figures of the page."""

    def get(self) -> None:
        """Send them."""
        self.answer(figures(self.scheduler))


class PreviewHandler(_Handler):
    """An output over two axes."""

    async def get(self) -> None:
        """Read it from the store, in a thread: the scheduler has other things to do."""
        sweep = _find(self.scheduler, self.get_query_argument("id", ""))
        if sweep is None:
            return self.refuse(404, "there is no such sweep")
        chosen = [self.get_query_argument(name, "") for name in ("output", "x", "y")]
        try:
            found = await asyncio.to_thread(preview, sweep["store"], sweep["sweep"], *chosen)
        except Exception as error:
            return self.refuse(409, f"no picture yet: {error}")
        return self.answer(found)


class WishHandler(_Handler):
    """What the buttons ask for."""

    def post(self) -> None:
        """Pass it on to the client whose sweep it is."""
        origin = self.request.headers.get("Origin")
        if HEADER not in self.request.headers or (origin and urlsplit(origin).netloc != self.request.host):
            return self.refuse(403, f"only this page may ask for this (header {HEADER})")
        try:
            asked = json.loads(self.request.body)
            wish, sweep = Wish(asked["wish"]), _find(self.scheduler, str(asked["id"]))
        except (ValueError, KeyError, TypeError):
            return self.refuse(400, 'send {"id": ..., "wish": "pause" | "resume" | "cancel"}')
        if sweep is None or sweep["state"] not in ("running", "paused"):
            return self.refuse(404, "no such sweep is on its way")
        self.scheduler.log_event(f"{TOPIC}-{sweep['id']}", {"wish": wish.value})
        return self.answer({"id": sweep["id"], "asked": wish.value})


def _find(scheduler: Any, id: str) -> dict[str, Any] | None:
    return next((sweep for sweep in sweeps(scheduler) if sweep["id"] == id), None)
