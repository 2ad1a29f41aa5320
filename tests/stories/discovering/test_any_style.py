"""Styles drawn at random: no config that is found out loads less than all without a word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.core.exceptions import HeadraceError
from tests.support.api_styles.api import SECRET, StyledApi
from tests.support.api_styles.drawn import drawn
from tests.support.api_styles.judging import SECRETS, discovered, judged
from tests.support.servers import JsonServer

STYLES = int(os.environ.get("HEADRACE_STYLES", "15"))
SEED = int(os.environ.get("HEADRACE_STYLE_SEED", "1"))
PARTS = 5


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")


@pytest.mark.parametrize("part", range(PARTS))
def test_none_loads_less_than_all(part: int, tmp_path: Path) -> None:
    with JsonServer() as server, JsonServer() as elsewhere:
        for number in range(part, STYLES, PARTS):
            style = drawn(SEED, number)
            api = StyledApi(style, server, elsewhere.base_url)
            try:
                found = discovered(api)
            except HeadraceError:
                # No listing, as where rows by their keys are none.
                continue
            assert len(server.asked) <= style.asks, style
            result = judged(api, found, tmp_path)
            assert result.verdict not in ("less", "more"), f"{style}: {result.why}\n{found.text}"
            assert SECRET not in found.text, style
            assert elsewhere.asked == [], style
