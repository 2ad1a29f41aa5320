"""An endpoint that answers all at once."""

from __future__ import annotations

from typing import Any

from headrace.core.exchange import Request
from headrace.sansio.paging.page import Page, Paginator


class SinglePagePaginator(Paginator):
    """One request, one page."""

    def next_cursor(self, page: Page) -> Any:
        """There is none."""
        return None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request as it is."""
        return request
