"""Bounds that hold for each paginator: how many pages, and how many empty ones in a row."""

from __future__ import annotations

from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.page import Page, Paginator

MOST_EMPTY_PAGES = 1_000
"""In a row. A server that filters after it has cut its pages sends some, but hardly so many."""


class BoundedPaginator(Paginator):
    """A paginator that does not go on past its bounds.

    Args:
        inner: knows how to go on.
        max_pages: more than so many pages are an error; any number when None.
    """

    def __init__(self, inner: Paginator, max_pages: int | None = None) -> None:
        self._inner = inner
        self._max_pages = max_pages
        self._empty_pages = 0

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths that the inner one looks up."""
        return self._inner.paths

    @property
    def guess(self) -> str | None:
        """What the inner one has guessed."""
        return self._inner.guess

    def first_request(self, request: Request) -> Request:
        """The inner one's."""
        return self._inner.first_request(request)

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The inner one's.

        Raises:
            PageError: as the inner one, or a bound is reached.
        """
        following = self._inner.next_request(request, page)
        self._count(page, goes_on=following is not None)
        return following

    def next_cursor(self, page: Page) -> Any:
        """The inner one's.

        Raises:
            PageError: as the inner one, or a bound is reached.
        """
        cursor = self._inner.next_cursor(page)
        self._count(page, goes_on=cursor is not None)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The inner one's."""
        return self._inner.at_cursor(request, cursor)

    def _count(self, page: Page, *, goes_on: bool) -> None:
        self._empty_pages = 0 if page.row_count else self._empty_pages + 1
        if not goes_on:
            return
        if self._empty_pages >= MOST_EMPTY_PAGES:
            raise PageError(
                f"{self._empty_pages:,} pages in a row, up to page {page.number:,}, brought no "
                "row, and yet another one is to follow. Check `endpoint.data_selector`, or give "
                "the paginator a way to end: `stop_after_empty_page`, `has_more_path` or "
                "`stop_condition`, where it knows them."
            )
        most = self._max_pages
        if most is not None and page.number >= most:
            raise PageError(
                f"there are more than {most} pages, which `paginator.max_pages` does not allow. "
                "Raise it, or narrow what the endpoint asks for."
            )
