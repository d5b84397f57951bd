"""How the page comes onto a cluster's dashboard.

Import this only where distributed is needed, since it wants its class inherited from.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, final

from distributed import SchedulerPlugin

if TYPE_CHECKING:
    from distributed import Client

PATH = "spikefarm"


@final
class PagePlugin(SchedulerPlugin):
    """Adds the page of sweeps to a scheduler's HTTP server; once, however many sweeps there are."""

    name = "spikefarm-page"
    idempotent = True

    async def start(self, scheduler: Any) -> None:
        """Add it."""
        from .handlers import routes

        scheduler.http_application.add_handlers(".*", routes(scheduler))
        link_page(scheduler)


def link_page(scheduler: Any) -> None:
    """Put the page into the navigation of Dask's own pages, should a scheduler have them.

    distributed has no documented way of adding to it, so this rests on the list that its templates are given; where
    that is no more, there is no link.
    """
    stock = sys.modules.get("distributed.dashboard.scheduler")
    if stock is None:  # loading them takes a while; a scheduler that has them has loaded them
        return
    with suppress(Exception):
        pages = stock.template_variables(scheduler)["pages"]
        if PATH not in pages:
            pages.insert(0, PATH)


def add_page(client: Client, dashboard: str) -> str:
    """Add the page of sweeps to a cluster's dashboard and return its address.

    Where the scheduler cannot take it (it has no spikefarm, or takes no plugins), that of the stock page.
    """
    if not dashboard:
        return ""
    try:
        client.register_plugin(PagePlugin())
    except Exception:  # whatever it is, a sweep does not depend on being watched
        return dashboard
    return dashboard.rpartition("/")[0] + "/" + PATH
