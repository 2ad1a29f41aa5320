"""The examples of the documentation, for tests that run them as they stand."""

from __future__ import annotations

import re

from tests.support.project import ROOT


def code_blocks(page: str, language: str) -> list[str]:
    """The examples of a page in one language.

    Args:
        page: The name of the page in `docs/`.
        language: What stands behind the three backticks.
    """
    text = (ROOT / "docs" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
