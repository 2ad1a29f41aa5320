"""An endpoint that answers all at once."""

from __future__ import annotations

from typing import Any

from headrace.exchange import Request
from headrace.json_path import JsonPath
from headrace.paging.page import Page


class SinglePagePaginator:
    """One request, one page."""

    paths: tuple[JsonPath, ...] = ()

    def first_request(self, request: Request) -> Request:
        """The request as it is."""
        return request

    def next_request(self, request: Request, page: Page) -> Request | None:
        """There is none."""
        return None

    def next_cursor(self, page: Page) -> Any:
        """There is none."""
        return None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request as it is."""
        return request
