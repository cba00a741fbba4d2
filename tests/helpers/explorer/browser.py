"""A headless chromium of the system, driven by playwright, which asks nobody but the page that is tested."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from equisweep.sweeps.explore.explorer import Explorer
from equisweep.sweeps.explore.source import Source, source_of_dataset
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from ..project import ROOT

# Where pictures of the pages lie, to be looked at.
PICTURES = ROOT / "build" / "browser"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# On a machine that others use, too.
PATIENCE_MS = 30_000


def chromium() -> str:
    """The browser's program: what CHROMIUM in the environment says, else the system's."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (result := shutil.which(name)):
            return result
    raise FileNotFoundError("no chromium: install Debian's package, or name its program in CHROMIUM")


class Shown:
    """One page that is open: what it asked for, what went wrong in it, and what it has drawn."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked, self.wrong = page, [], []
        self._console = page.context.new_cdp_session(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", self._heard)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "status of 400" not in message.text:
            self.wrong.append(message.text)

    def open(self, url: str) -> "Shown":
        """Go there, and wait for the first picture."""
        self.page.goto(url)
        return self.settled("0")

    @property
    def drawn(self) -> str:
        """How many pictures there were."""
        return self.page.get_attribute("body", "data-drawn") or "0"

    def settled(self, before: str) -> "Shown":
        """Wait until there is another picture than the one of that number, and none under way."""
        other = f'body:not(.busy)[data-drawn]:not([data-drawn="{before}"])'
        self.page.wait_for_selector(other, state="attached")
        return self

    def choose(self, control: str, *values: str) -> "Shown":
        """Choose in a control, and wait for the picture."""
        before = self.drawn
        self.page.select_option(f"#{control}", list(values))
        return self.settled(before)

    def fill(self, control: str, text: str) -> "Shown":
        """Type into a field, and wait for the picture."""
        before = self.drawn
        self.page.fill(f"#{control}", text)
        self.page.press(f"#{control}", "Enter")
        return self.settled(before)

    def press(self, control: str, key: str) -> "Shown":
        """Press a key on a control, such as an arrow on a slider, and wait for the picture."""
        before = self.drawn
        self.page.press(f"#{control}", key)
        return self.settled(before)

    def tick(self, control: str) -> "Shown":
        """Tick or untick a box, and wait for the picture."""
        before = self.drawn
        self.page.click(f"#{control}")
        return self.settled(before)

    def value(self, expression: str) -> Any:
        """What an expression is on the page, its policy notwithstanding."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._console.send("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def error(self) -> str:
        """What the page says that is wrong; empty where nothing is."""
        here = self.page.locator("#error")
        return here.inner_text() if here.is_visible() else ""

    def place(self, panel: int, x: float, y: float) -> tuple[float, float]:
        """Where numbers of the axes stand on the screen."""
        result = self.value(
            f"(() => {{ const all = []; const walk = (one) => {{ if (one.frame) all.push(one);"
            f" for (const child of one.child_views || []) walk(child); }}; walk(EQ.page.shown);"
            f" const plot = all[{panel}], box = plot.canvas_view.el.getBoundingClientRect();"
            f" const {{x_scale, y_scale}} = plot.frame;"
            f" return [box.x + x_scale.compute({x}), box.y + y_scale.compute({y})]; }})()"
        )
        return result[0], result[1]

    def dots(self, colour: str) -> int:
        """How many dots of the picture have about this colour, "#0072b2"."""
        taken = BytesIO(self.page.locator("#plots").screenshot())
        shot = np.asarray(Image.open(taken).convert("RGB"), int)
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        return int((np.abs(shot - wanted).max(axis=-1) <= 24).sum())

    def picture(self, name: str) -> Path:
        """The page as a picture, to be looked at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png")
        return PICTURES / f"{name}.png"


@contextmanager
def browser() -> Iterator[Any]:
    """A chromium with a profile of its own, for the time of a test."""
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def page_of(opened: Any, *sources: Any, address: str = "", model: str | None = None) -> Iterator[Shown]:
    """The page of one cube or two that this process serves; Datasets are called first and second."""
    named = zip(sources, ("first", "second"), strict=False)
    given = [one if isinstance(one, Source) else source_of_dataset(one, name) for one, name in named]
    explorer = Explorer(given, model)
    try:
        with shown_in(opened, explorer.url + address) as shown:
            yield shown
    finally:
        explorer.stop()


@contextmanager
def shown_in(opened: Any, url: str, offline: bool = False) -> Iterator[Shown]:
    """A page that was opened; it must ask nobody else, and nothing may go wrong in it."""
    context = opened.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    context.set_offline(offline)
    try:
        shown = Shown(context.new_page()).open(url)
        yield shown
        home = url.split("#")[0]
        assert [one for one in shown.asked if not one.startswith((home, "data:", "blob:"))] == []
        assert shown.wrong == []
    finally:
        context.close()
