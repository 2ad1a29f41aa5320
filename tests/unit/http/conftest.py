"""What the tests of HTTP share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.core.leaps import Leap
from tests.unit.http.token_server import TokenServer


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(params=["plain", "aiohttp"])
def each_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test with each of the client's own transports."""
    if request.param == "aiohttp":
        monkeypatch.setenv("HEADRACE_WITHOUT", Leap.PLAIN_TRANSPORT)


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server
