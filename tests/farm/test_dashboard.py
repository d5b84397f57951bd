"""The page of sweeps: its figures, its pictures, its buttons, and what a browser makes of it."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from farm_fake import CRASHES, FakeSimulation, rate
from spikefarm import NeuronGroup, defaultclock, run
from spikefarm.core.units import ms, volt
from spikefarm.farm import Grid, Points, Sweep, SweepCancelledError, experiment, live, run_tasks
from spikefarm.farm.control import Wish, ask
from spikefarm.farm.dashboard.figures import KEPT, figures
from spikefarm.farm.dashboard.preview import MOST_POINTS, PreviewError, preview
from spikefarm.farm.tasks import DataManager

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def n_spikes(results: Any) -> int:
    return results["spikes"].num_spikes


OUTPUTS = {"rate": rate, "n": n_spikes, "spikes": "spikes"}


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)
    return found


class Going:
    """A sweep of some seconds with a failure in it, and its page."""

    def __init__(self, simulation: FakeSimulation, store: Path, client: Any) -> None:
        self.store, self.ended = store, []
        axes = {"v0": np.arange(CRASHES, CRASHES + 8) * volt, "tau": np.arange(5, 10) * ms}
        self.sweep = Sweep(axes, repeats=9, simulation=replace(simulation, pause=0.05), name="curve")
        self.thread = threading.Thread(target=self.run, args=(client,))
        self.page = (
            f"http://127.0.0.1:{client.scheduler_info(n_workers=0)['services']['dashboard']}/spikefarm"
        )

    def run(self, client: Any) -> None:
        try:
            data = self.sweep.run(OUTPUTS, self.store, client=client, progress=False, batch_seconds=0.2)
            self.ended.append(data.attrs["simulated"])
        except SweepCancelledError as error:
            self.ended.append(error)

    def figures(self) -> dict[str, Any]:
        """What the page tells of this sweep."""
        try:
            told = get(self.page + "/api")["sweeps"]
        except urllib.error.HTTPError:
            return {}  # the page is not there yet
        return next((s for s in told if s["store"] == str(self.store)), {})


@pytest.fixture
def going(simulation: FakeSimulation, tmp_path: Path, client: Any) -> Iterator[Going]:
    made = Going(simulation, tmp_path / "s.zarr", client)
    made.thread.start()
    try:
        wait_for(lambda: made.figures().get("done", 0) > 4)
        yield made
    finally:
        ask(made.store, Wish.CANCEL)
        made.thread.join(60)


def get(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(url, data, headers or {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def refused(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url, data, headers)
    return caught.value.code, json.loads(caught.value.read())["error"]


# -- figures ------------------------------------------------------------


def test_figures_of_sweeps_and_workers(going: Going) -> None:
    told = wait_for(lambda: (f := going.figures()).get("failed") and f)
    assert (told["sweep"], told["total"], told["cached"], told["state"]) == ("curve", 360, 0, "running")
    assert told["errors"] == ["SimulationCrashError: the simulation died of signal 11"]
    assert told["rate"] > 0
    assert told["eta"] > 0
    runs = wait_for(lambda: [run for w in get(going.page + "/api")["workers"] for run in w["runs"]])
    assert {run["sweep"] for run in runs} == {"curve"}
    assert all(0 <= run["run"] < 360 and run["fraction"] in (None, 0.5) for run in runs)


def test_how_far_a_task_is(client: Any, tmp_path: Path) -> None:
    def slow(x: int, report: Any) -> int:
        for i in range(30):
            report(0, i / 30)
            time.sleep(0.1)
        return x

    thread = threading.Thread(
        target=run_tasks,
        args=(DataManager(tmp_path / "t.zarr"), slow, [1]),
        kwargs={"client": client, "progress": False},
    )
    thread.start()
    page = f"http://127.0.0.1:{client.scheduler_info(n_workers=0)['services']['dashboard']}/spikefarm/api"

    def fractions() -> list[float]:
        try:
            return [run["fraction"] for w in get(page)["workers"] for run in w["runs"] if run["fraction"]]
        except urllib.error.HTTPError:
            return []

    assert 0 < wait_for(fractions)[0] < 1
    thread.join()


def test_what_is_over_is_kept_for_a_while() -> None:
    class Scheduler:
        workers: dict[str, Any] = {}

        def get_events(self, topic: str) -> list[Any]:
            now = time.time()
            about = {"token": "t", "sweep": "s", "updated": now}
            old = [(0, {**about, "id": str(i), "state": "finished", "started": i}) for i in range(30)]
            silent = {**about, "id": "silent", "state": "running", "started": 1, "updated": now - 100}
            return [*old, (0, silent), (0, {**about, "id": "going", "state": "paused", "started": 0})]

    told = figures(Scheduler())["sweeps"]
    assert [s["id"] for s in told[:3]] == ["going", "29", "28"]
    assert len(told) == KEPT + 1
    assert "silent" not in {s["id"] for s in told if s["state"] == "running"}


def test_how_far_a_run_of_an_experiment_is(client: Any) -> None:
    @experiment
    def slow(drive: Any) -> dict[str, Any]:
        group = NeuronGroup(20_000, "dv/dt = (drive*rand() - v)/(10*ms) : 1", method="euler")
        run(20_000 * defaultclock.dt)
        return {"v": group.v[0]}

    thread = threading.Thread(target=lambda: slow.sweep(drive=[1.0], client=client, progress=False))
    thread.start()
    seen = wait_for(lambda: [c["fraction"] for c in live.snapshot() if c["fraction"] is not None])
    assert 0 <= seen[0] < 1
    thread.join()


# -- buttons ------------------------------------------------------------


def test_buttons_are_for_this_page_only(going: Going) -> None:
    url, id = going.page + "/api/wish", going.figures()["id"]
    wish = json.dumps({"id": id, "wish": "cancel"}).encode()
    own = {"X-Spikefarm": "page"}
    assert refused(url, wish) == (403, "only this page may ask for this (header X-Spikefarm)")
    assert refused(url, wish, {**own, "Origin": "http://elsewhere.example"})[0] == 403
    for body in (b"{", b"[]", b'{"id": "x"}', json.dumps({"id": id, "wish": "explode"}).encode()):
        assert refused(url, body, own) == (400, 'send {"id": ..., "wish": "pause" | "resume" | "cancel"}')
    assert refused(url, b'{"id": "x", "wish": "pause"}', own) == (404, "no such sweep is on its way")
    assert going.figures()["state"] == "running"
    assert get(url, json.dumps({"id": id, "wish": "pause"}).encode(), own) == {"id": id, "asked": "pause"}
    wait_for(lambda: going.figures()["state"] == "paused")
    get(url, wish, own)
    wait_for(lambda: going.ended)
    assert isinstance(going.ended[0], SweepCancelledError)
    assert going.figures()["state"] == "cancelled"


# -- pictures ------------------------------------------------------------


@pytest.fixture
def done(client: Any, simulation: FakeSimulation, tmp_path: Path) -> Callable[..., str]:
    def done(design: Any, repeats: int = 1) -> str:
        sweep = Sweep(design, repeats, simulation=simulation, name="it")
        sweep.run(OUTPUTS, tmp_path / "s.zarr", client=client, progress=False)
        return str(tmp_path / "s.zarr")

    return done


def test_a_picture_is_the_mean_over_the_other_axes(done: Any) -> None:
    store = done({"v0": [1, 2, 3] * volt, "tau": [5, 10] * ms}, 4)
    told = preview(store, "it")
    assert (told["outputs"], told["dims"]) == (["rate", "n", "wall_time"], ["v0", "tau", "repeat"])
    assert (told["output"], told["units"]) == ("rate", "hertz")
    assert told["x"] == {"dim": "v0", "units": "volt", "values": [1, 2, 3]}
    assert told["y"] == {"dim": "tau", "units": "second", "values": [0.005, 0.01]}
    np.testing.assert_array_equal(np.floor(told["values"]), [[200, 400, 600], [100, 200, 300]])
    turned = preview(store, "it", "rate", "tau", "repeat")
    assert (turned["x"]["dim"], turned["y"]["dim"], np.shape(turned["values"])) == ("tau", "repeat", (4, 2))
    assert preview(store, "it", "nothing", "tau", "tau")["y"]["dim"] == "v0"


def test_pictures_with_holes_and_of_one_axis(done: Any) -> None:
    holes = Grid({"v0": [1, 2] * volt, "tau": [5, 10] * ms}).exclude(
        lambda v0, tau: v0 * tau > 15 * volt * ms
    )
    values = preview(done(holes), "it")["values"]
    assert [[v is None for v in row] for row in values] == [[False, False], [False, True]]
    line = preview(done(Points([{"v0": 1 * volt}, {"v0": 2 * volt, "tau": 5 * ms}])), "it")
    assert (line["y"], line["x"]["dim"], line["x"]["values"], np.shape(line["values"])) == (
        None,
        "point",
        [0, 1],
        (1, 2),
    )


def test_long_axes_are_drawn_in_groups(done: Any) -> None:
    told = preview(done({"v0": np.arange(20, 20 + 2 * MOST_POINTS + 1) * volt}), "it")
    assert len(told["values"][0]) == len(told["x"]["values"]) == -(-(2 * MOST_POINTS + 1) // 3)
    assert told["x"]["values"][1] == 23
    assert np.floor(told["values"][0][0]) == 2100
    assert np.floor(told["values"][0][-1]) in (25950, 25900, 26000)


def test_there_may_be_nothing_to_draw(done: Any) -> None:
    with pytest.raises(PreviewError, match="a single run has no axes"):
        preview(done({}), "it")


def test_pictures_over_http(going: Going) -> None:
    url = f"{going.page}/api/preview?id={going.figures()['id']}&output=rate&x=tau"
    told = wait_for(lambda: get(url))
    assert told["x"]["dim"] == "tau"
    assert refused(f"{going.page}/api/preview?id=unknown") == (404, "there is no such sweep")


def test_dasks_own_pages_lead_to_this_one(going: Going) -> None:
    with urllib.request.urlopen(going.page.replace("/spikefarm", "/status"), timeout=60) as answer:
        page = answer.read().decode()
    assert page.count('<a href="spikefarm">Spikefarm</a>') == 1


# -- in a browser ------------------------------------------------------------


def test_a_person_sees_and_steers_it(going: Going, tmp_path: Path) -> None:
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as browsers:
        path = CHROMIUM or browsers.chromium.executable_path  # of the system, or playwright's own
        if not Path(path).exists():
            pytest.skip("no Chromium is installed: apt-get install chromium, or playwright install chromium")
        browser = browsers.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1240, "height": 1000})
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(going.page)
        card = page.locator(".card").filter(has_text=str(going.store))
        card.locator("h2").wait_for()
        playwright.expect(card.locator("h2")).to_have_text("curve")
        playwright.expect(card.locator(".errors")).to_contain_text("the simulation died of signal 11")
        playwright.expect(page.locator("#workers")).to_contain_text("curve #")
        playwright.expect(card.locator("select").nth(0)).to_have_value("rate", timeout=15000)
        card.locator("select").nth(1).select_option("tau")
        playwright.expect(card.locator("select").nth(2)).to_have_value("v0", timeout=15000)
        pixels = "c => new Set(c.getContext('2d').getImageData(95, 20, 810, 270).data).size"
        assert card.locator("canvas").evaluate(pixels) > 8  # colours
        card.get_by_role("button", name="Pause").click()
        playwright.expect(card.locator(".badge")).to_have_text("paused")
        playwright.expect(card.get_by_role("button", name="Pause")).to_be_disabled()
        page.screenshot(path=os.environ.get("SPIKEFARM_SCREENSHOT", str(tmp_path / "page.png")))
        card.get_by_role("button", name="Resume").click()
        playwright.expect(card.locator(".badge")).to_have_text("running")
        card.get_by_role("button", name="Cancel").click()
        playwright.expect(card.locator(".badge")).to_have_text("cancelled")
        assert problems == []
        browser.close()
    wait_for(lambda: going.ended)
    assert isinstance(going.ended[0], SweepCancelledError)


def test_the_page_has_text_only_as_text(going: Going) -> None:
    with urllib.request.urlopen(going.page, timeout=20) as answer:
        page = answer.read().decode()
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "innerHTML" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
