"""In whatever style an API lists its rows: all of them are loaded, or what is unknown is said."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from headrace.config import config_json_schema
from headrace.discovery.results import Discovery
from tests.stories.discovering.styles import STYLES
from tests.support.api_styles.api import SECRET, StyledApi
from tests.support.api_styles.judging import SECRETS, compared, discovered, judged
from tests.support.api_styles.style import Style
from tests.support.command_line import headrace
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

MOST_REQUESTS = 25
MEDIAN = 12
LOADED = ("a link header", "a cursor", "pages from 0", "ids that come twice", "no key")


@pytest.fixture(scope="module")
def server() -> Iterator[JsonServer]:
    with JsonServer() as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[JsonServer]:
    with JsonServer() as running:
        yield running


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")


@cache
def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(config_json_schema())


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_it_loads_all_or_says_what_is_unknown(
    style: Style, server: JsonServer, elsewhere: JsonServer, tmp_path: Path
) -> None:
    api = StyledApi(style, server, elsewhere.base_url)
    found = discovered(api)

    assert len(server.asked) <= style.asks
    assert elsewhere.asked == []
    assert SECRET not in shown(found)
    schema().validate(found.config)

    verdict = judged(api, found, tmp_path)
    assert elsewhere.asked == []
    allowed = {
        "exact": ("exact",),
        "unknown": ("unknown", "failed"),
        "never less": ("exact", "unknown", "failed", "set aside"),
    }
    assert verdict.verdict in allowed[style.expects], f"{verdict.why}\n{found.text}"
    if verdict.verdict == "unknown":
        assert any(each.verdict == "unknown" for each in found.evidence)
        assert "unknown" in found.text


def test_it_asks_seldom() -> None:
    # As many as each may take are held above.
    assert statistics.median(style.asks for style in STYLES) <= MEDIAN
    assert max(style.asks for style in STYLES) <= MOST_REQUESTS


@pytest.mark.parametrize("name", LOADED)
def test_a_load_has_all_rows(
    name: str, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    api = StyledApi(next(style for style in STYLES if style.name == name), server)
    path = tmp_path / "found.yaml"
    path.write_text(discovered(api).text)

    for _ in range(2):
        ran = headrace("run", str(path), "--destination", warehouse.url)
        assert ran.returncode == 0, ran.stderr
        rows = warehouse.rows("items_dataset.items", order="name")
        assert compared(api, rows).verdict == "exact", compared(api, rows).why


def shown(found: Discovery) -> str:
    """All that a user sees of what was found out."""
    evidence = [(each.path, each.text, each.value) for each in found.evidence]
    return found.text + json.dumps(found.config) + repr(evidence) + repr(found.requests)
