"""Listings that are asked for one page, though there may be more."""

from __future__ import annotations

from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.page import HasMore, Page, Paginator


class OnePageOfMany(Paginator):
    """Makes one request, and takes its answer for all only where the answer says so.

    Args:
        has_more_path: Where the page says whether there are more.
        advice: What to do where it says so, in words that can stand behind that.
    """

    def __init__(self, has_more_path: JsonPath, advice: str) -> None:
        self._path = has_more_path
        self._advice = advice

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the page says whether there are more."""
        return (self._path,)

    def next_cursor(self, page: Page) -> Any:
        """None: there is no other page.

        Raises:
            PageError: There is one, or the path leads to no boolean.
        """
        if HasMore(self._path).says(page):
            raise PageError(f"the page says that there are more (`{self._path}`), {self._advice}")

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request as it is."""
        return request
