"""An endpoint that answers all at once."""

from __future__ import annotations

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
