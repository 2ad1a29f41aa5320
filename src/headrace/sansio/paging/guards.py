"""Guards against listings that would never end, whichever way they go on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.page import Page, Paginator

MOST_EMPTY_PAGES = 1_000
"""So many empty pages in a row are an error.

A server that filters after it has cut its pages sends some, but hardly so many.
"""

MOST_ALIKE = 1_000
"""So many pages in a row may be alike where nothing tells their rows apart."""


class BoundedPaginator(Paginator):
    """A paginator that does not go on past a number of pages, nor past many empty ones.

    Args:
        inner: The paginator that knows how to go on.
        max_pages: More pages than this are an error; None allows any number.
    """

    def __init__(self, inner: Paginator, max_pages: int | None = None) -> None:
        self._inner = inner
        self._max_pages = max_pages
        self._empty_pages = 0

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths that the inner paginator looks up."""
        return self._inner.paths

    @property
    def guess(self) -> str | None:
        """What the inner paginator has guessed."""
        return self._inner.guess

    def first_request(self, request: Request) -> Request:
        """The inner paginator's first request."""
        return self._inner.first_request(request)

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The inner paginator's next request.

        Raises:
            PageError: The inner paginator cannot go on, or a bound is reached.
        """
        following = self._inner.next_request(request, page)
        self._count(page, goes_on=following is not None)
        return following

    def next_cursor(self, page: Page) -> Any:
        """The inner paginator's next cursor.

        Raises:
            PageError: The inner paginator cannot go on, or a bound is reached.
        """
        cursor = self._inner.next_cursor(page)
        self._count(page, goes_on=cursor is not None)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The inner paginator's request for a cursor."""
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


class LoopGuard:
    """Refuses to follow a cursor or link twice in one pass through a listing.

    Args:
        named: What a page names, in words that can stand after "page 2 names", for example
            "a cursor at `next`".
        hint: What the user should check when a page names the same again.
    """

    def __init__(self, named: str, hint: str) -> None:
        self._named = named
        self._hint = hint
        self._seen: set[bytes] = set()

    def follow(self, cursor: Any, page: Page) -> None:
        """Notes which cursor or link is followed next.

        Args:
            cursor: The cursor or link, as JSON.
            page: The page that named it.

        Raises:
            PageError: It was followed before.
        """
        # All pages of a long listing are remembered, and a digest is smaller than most URLs.
        text = repr(cursor).encode("utf-8", "surrogatepass")
        mark = hashlib.blake2b(text, digest_size=16).digest()
        if mark in self._seen:
            raise PageError(
                f"page {page.number:,} names {self._named} that was followed before: the listing "
                f"would never end. {self._hint}"
            )
        self._seen.add(mark)


class RepeatedPageGuard:
    """Notices a server that sends the same page again, whatever page it is asked for.

    Many servers answer a query parameter that they do not know with the first page.

    Args:
        hint: What the user should check when a page comes again.
    """

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._before: Sequence[msgspec.Raw] = ()
        self._alike = 1

    def check(self, page: Page) -> None:
        """Compares a page with the one before.

        Where all rows of a page differ, something tells rows apart, so the same rows again are a
        page that came twice. Where rows are alike within a page, as in a series of zeros, honest
        pages may be alike as well: there only many in a row prove a repetition.

        Args:
            page: The page that came.

        Raises:
            PageError: It is the page before once more.
        """
        is_same = bool(page.rows) and page.rows == self._before
        self._before = page.rows
        self._alike = self._alike + 1 if is_same else 1
        if self._alike > MOST_ALIKE or (is_same and _all_differ(page.rows)):
            raise PageError(
                f"page {page.number:,} brought the same rows as the page before: the listing "
                f"would never end, or hold them twice. {self._hint}"
            )


def _all_differ(rows: Sequence[msgspec.Raw]) -> bool:
    return len(rows) > 1 and len({bytes(row) for row in rows}) == len(rows)
