"""Asking the sample API over HTTP, without any of Headrace's own client code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from headrace.simulator import Simulator


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


def ask(simulator: Simulator, path: str, **query: str | int) -> Answer:
    """GET with the right key."""
    return send(simulator, path, headers={"X-API-KEY": simulator.api_key}, query=query)


def send(
    simulator: Simulator,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str],
    query: Mapping[str, str | int] | None = None,
) -> Answer:
    parts = urlsplit(simulator.base_url)
    assert parts.hostname is not None
    connection = HTTPConnection(parts.hostname, parts.port, timeout=30)
    target = parts.path + path + (f"?{urlencode(query)}" if query else "")
    try:
        connection.request(method, target, headers=headers)
        response = connection.getresponse()
        text = response.read()
        body = json.loads(text) if text else None
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
    finally:
        connection.close()


def listing(simulator: Simulator, path: str, **query: str | int) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each page, following the cursor to the end."""
    cursor: dict[str, str] = {}
    while True:
        answer = ask(simulator, path, **query, **cursor)
        assert answer.status == 200, answer.body
        assert list(answer.body) == ["data", "nextCursor"]
        yield answer.body["data"]
        if answer.body["nextCursor"] is None:
            return
        cursor = {"cursor": answer.body["nextCursor"]}


def all_rows(simulator: Simulator, path: str, **query: str | int) -> list[dict[str, Any]]:
    return [row for page in listing(simulator, path, **query) for row in page]
