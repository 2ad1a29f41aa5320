"""Makes the picture of the report in the README: python -m tests.stories.reporting.picture."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from headrace import report
from tests.stories.reporting.browsing import a_browser, opened
from tests.stories.reporting.mirrors import troubled_mirror
from tests.support.project import ROOT

PICTURE = ROOT / "docs" / "report.png"
_HEIGHT = 1_750


def main() -> None:
    """Writes it."""
    with TemporaryDirectory() as name, a_browser() as browser:
        folder = Path(name)
        pipeline = troubled_mirror(folder).pipeline()
        made = report(pipeline, folder / "report.html", since="15d")
        with opened(browser, made.path, height=_HEIGHT) as found:
            found.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
