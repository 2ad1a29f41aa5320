"""A real browser that opens a page and notes what goes wrong."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.support.project import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Theme = Literal["light", "dark"]
_LONGEST = 60.0
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Opened:
    """A page, and what came of it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """What stands there, with plain spaces."""
        return self.page.inner_text(selector).replace("\u202f", " ")

    def value(self, tile: str) -> str:
        """The figure of a tile."""
        return self.text(f"#{tile} .value")

    def column(self, number: int) -> list[str]:
        """What a column of the table of workflows shows, from the top."""
        cells = self.page.locator(f"#workflows tbody tr:not(.folded) td:nth-child({number})")
        return [each.replace("\u202f", " ") for each in cells.all_inner_texts()]

    def until(self, what: Callable[[], bool]) -> None:
        """Waits until something is so; the page's policy forbids that it is asked inside."""
        end = time.monotonic() + _LONGEST
        while not self._is_so(what):
            assert time.monotonic() < end, "it does not come"
            self.page.wait_for_timeout(20)

    @staticmethod
    def _is_so(what: Callable[[], bool]) -> bool:
        try:
            return what()
        except Error as error:
            # It is just being loaded again.
            if "context was destroyed" in error.message:
                return False
            raise

    def violations(self) -> list[str]:
        """What axe-core finds, with where."""
        found = Axe().run(self.page, options={"runOnly": _LEVELS}).response["violations"]
        return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width

    def shoot(self, name: str) -> None:
        """Keeps a picture of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "The tests need Chromium. Install it: sudo apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    place: Path | str,
    *,
    width: int = 1280,
    height: int = 900,
    theme: Theme = "light",
) -> Iterator[Opened]:
    """A page of its own, for a file without a network, or for an address."""
    is_file = isinstance(place, Path)
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, offline=is_file
    )
    found = Opened(context.new_page())
    found.page.on("console", lambda message: found.complaints.append(message.text))
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    found.page.on("request", lambda request: found.requests.append(request.url))
    found.page.goto(place.as_uri() if isinstance(place, Path) else place)
    yield found
    context.close()
