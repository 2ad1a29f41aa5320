"""Pages as paginators see them, made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.sansio.paging import Page, Paginator

URL = "https://api.example.com/v1/items"
FIRST = Request("GET", "/items", params={"status": "done"})


def page(
    document: Any = None,
    rows: int | Sequence[Any] = 1,
    number: int = 1,
    url: str = URL,
    headers: dict[str, str] | None = None,
) -> Page:
    """A page with so many rows, or with these."""
    found = [{"id": f"{number}-{each}"} for each in range(rows)] if isinstance(rows, int) else rows
    raw = [msgspec.Raw(json.dumps(row).encode()) for row in found]
    rest = {} if document is None else document
    body = json.dumps({**rest, "data": found} if isinstance(rest, dict) else rest).encode()
    answer = Response(
        200, Headers(headers or {}), body, ShownRequest.of("GET", url), url, f"{url}?x=1"
    )
    return Page(rest, rest, Headers(headers or {}), len(raw), number, url, raw, answer)


def followed(paginator: Paginator, page: Page, request: Request = FIRST) -> Request:
    """The request behind a page that is not the last one."""
    request_after = paginator.next_request(request, page)
    assert request_after is not None
    return request_after
