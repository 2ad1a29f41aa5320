"""Guards against listings that would never end, whichever way they go on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.expressions.expression import Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.row_keys import RowKeys

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
        stop_condition: An expression that is true of the last page.
    """

    def __init__(
        self,
        inner: Paginator,
        max_pages: int | None = None,
        stop_condition: Expression | None = None,
    ) -> None:
        self._inner = inner
        self._max_pages = max_pages
        self._stop_condition = stop_condition
        self._is_stopped = False
        self._stopped_before_end = False
        self._empty_pages = 0

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """The paths that the inner paginator looks up."""
        return self._inner.paths

    @property
    def is_numbered(self) -> bool:
        """Whether the inner paginator counts on from page to page."""
        return self._inner.is_numbered

    @property
    def listed_before(self) -> int:
        """The rows that the inner paginator has seen before."""
        return self._inner.listed_before

    @property
    def may_be_past_end(self) -> bool:
        """Whether the inner paginator only looks whether there is another page."""
        return self._inner.may_be_past_end

    @property
    def looks_full(self) -> bool | None:
        """What the inner paginator says of a page that it takes for the only one."""
        return self._inner.looks_full

    @property
    def found_nothing(self) -> bool:
        """Whether the inner paginator found nothing where it looks; not where it was stopped."""
        return self._inner.found_nothing and not self._is_stopped

    @property
    def ended_full(self) -> bool:
        """Whether the inner paginator ended at a full page that names itself."""
        return self._inner.ended_full

    @property
    def stopped_by_user(self) -> bool:
        """Whether the config has ended the listing: by a number, or at a page of its choice."""
        condition = self._stop_condition
        counts = condition is not None and "page" in condition.used_names
        return (self._is_stopped and counts) or self._inner.stopped_by_user

    @property
    def stopped_early(self) -> bool:
        """Whether the config has ended the listing, by any of its keys, before the API has."""
        return self._stopped_before_end or self._inner.stopped_early

    def names_more(self, page: Page) -> bool:
        """What the inner paginator says of a page."""
        return self._inner.names_more(page)

    @property
    def guess(self) -> str | None:
        """What the inner paginator has guessed."""
        return self._inner.guess

    def first_request(self, request: Request) -> Request:
        """The inner paginator's first request."""
        return self._inner.first_request(request)

    def foretold_request(self, request: Request, page: Page) -> Request | None:
        """What the inner paginator foretells, up to the most pages, and not behind an empty one."""
        is_last = self._max_pages is not None and page.number >= self._max_pages
        return None if is_last or self._empty_pages else self._inner.foretold_request(request, page)

    def next_request(self, request: Request, page: Page) -> Request | None:
        """The inner paginator's next request.

        Raises:
            PageError: The inner paginator cannot go on, or a bound is reached.
            ExpressionError: The stop condition failed on this page.
        """
        if self._stops(page):
            return None
        following = self._inner.next_request(request, page)
        self._count(page, goes_on=following is not None)
        return following

    def next_cursor(self, page: Page) -> Any:
        """The inner paginator's next cursor.

        Raises:
            PageError: The inner paginator cannot go on, or a bound is reached.
            ExpressionError: The stop condition failed on this page.
        """
        if self._stops(page):
            return None
        cursor = self._inner.next_cursor(page)
        self._count(page, goes_on=cursor is not None)
        return cursor

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The inner paginator's request for a cursor."""
        return self._inner.at_cursor(request, cursor)

    def _stops(self, page: Page) -> bool:
        self._is_stopped = self._meets_condition(page)
        # One that says what the page says as well leaves nothing off.
        self._stopped_before_end = self._is_stopped and (
            self.stopped_by_user or self._inner.names_more(page)
        )
        return self._is_stopped

    def _meets_condition(self, page: Page) -> bool:
        condition = self._stop_condition
        if condition is None:
            return False
        names = {
            "response": page.rest,
            "headers": page.headers,
            "rows": page.row_count,
            "page": page.number,
        }
        return bool(condition.evaluate(names))

    def _count(self, page: Page, *, goes_on: bool) -> None:
        self._empty_pages = 0 if page.row_count else self._empty_pages + 1
        if not goes_on:
            return
        if self._empty_pages >= MOST_EMPTY_PAGES:
            raise PageError(
                f"{self._empty_pages:,} pages in a row, up to page {page.number:,}, brought no "
                "row, and yet another one is to follow. Check `endpoint.data_selector`, or give "
                "the paginator a way to end: `stop_condition`, or where it knows them "
                "`stop_after_empty_page` and `has_more_path`."
            )
        most = self._max_pages
        if most is not None and page.number >= most:
            raise PageError(
                f"there are more than {most} pages, which `paginator.max_pages` does not allow. "
                "Raise it, or narrow what the endpoint asks for."
            )


class ReferenceGuard:
    """Follows cursors and links, and ends a listing or fails where they lead to what came before.

    A page may name the very cursor or link that it was asked for by. Some servers name it on their
    last page (Solr's `cursorMark`), others on every page (a scroll of Elasticsearch): it is asked
    for once more, and where nothing new comes the listing has ended. The same rows from another
    cursor are a server that does not know the parameter.

    Args:
        named: What a page names, in words that can stand after "page 2 names", for example
            "a cursor at `next`".
        hint: What the user should check when a page names the same again.
        keys: Reads the keys of rows; None where no primary key is known.

    Attributes:
        listed_before: How many rows of the last page came twice.
        ended_full: Whether the listing ended with a page as long as the others, so that it may be
            one that leads nowhere.
    """

    def __init__(self, named: str, hint: str, keys: RowKeys | None = None) -> None:
        self._named = named
        self._hint = hint
        self._keys = keys
        self._seen: set[bytes] = set()
        self._asked: str | None = None
        self._before: Sequence[msgspec.Raw] = ()
        self._was_own = False
        self._most_rows = 0
        self.listed_before = 0
        self.ended_full = False

    def asked_by(self, reference: Any) -> None:
        """Notes what the first page is asked for by.

        Args:
            reference: The cursor or link, as JSON; None for none.
        """
        if not self._seen:
            self._asked = None if reference is None else _text(reference)

    def is_new(self, reference: Any) -> bool:
        """Whether the page under way was not asked for by it, nor was any before.

        Args:
            reference: The cursor or link, as JSON.
        """
        text = _text(reference)
        return text != self._asked and _mark(text) not in self._seen

    def leads_on(self, reference: Any, page: Page) -> bool:
        """Whether the listing goes on with what a page names.

        Args:
            reference: The cursor or link, as JSON.
            page: The page that named it.

        Returns:
            False where the page named what it was asked for by, and brought nothing new. Its rows
            are then counted in `listed_before`.

        Raises:
            PageError: It leads in a circle.
        """
        text = _text(reference)
        mark = _mark(text)
        is_own, was_own = text == self._asked, self._was_own
        is_new = not is_own and mark not in self._seen
        is_repeated = not is_new and bool(page.rows) and self._holds_before(page.rows)
        self.listed_before = 0
        self._before, self._asked, self._was_own = page.rows, text, is_own
        if is_own and not page.row_count:
            return False
        if is_own and is_repeated and was_own:
            self.listed_before = page.row_count
            self.ended_full = page.row_count >= self._most_rows
            return False
        self._most_rows = max(self._most_rows, 0 if is_own else page.row_count)
        may_ask_again = is_own and not is_repeated and (not was_own or self._keys is not None)
        if mark in self._seen and not may_ask_again:
            raise PageError(
                f"page {page.number:,} names {self._named} that was followed before: the listing "
                f"would never end. {self._hint}"
            )
        self._seen.add(mark)
        return True

    def _holds_before(self, rows: Sequence[msgspec.Raw]) -> bool:
        """Whether rows are those of the page before, also where a field of them has changed."""
        if rows == self._before:
            return True
        if self._keys is None or len(rows) != len(self._before):
            return False
        keys = self._keys.of(rows)
        return keys is not None and keys == self._keys.of(self._before)


def _text(reference: Any) -> str:
    """The same for a cursor as JSON has it and as a query parameter takes it."""
    return reference if isinstance(reference, str) else repr(reference)


def _mark(text: str) -> bytes:
    """All pages of a long listing are remembered, and a digest is smaller than most URLs."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


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

    def is_the_same(self, page: Page) -> bool:
        """Whether a page brings the rows of the page before.

        Args:
            page: The page that came.
        """
        return bool(page.rows) and page.rows == self._before

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
        is_same = self.is_the_same(page)
        self._before = page.rows
        self._alike = self._alike + 1 if is_same else 1
        if self._alike > MOST_ALIKE or (is_same and _all_differ(page.rows)):
            raise PageError(
                f"page {page.number:,} brought the same rows as the page before: the listing "
                f"would never end, or hold them twice. {self._hint}"
            )


def _all_differ(rows: Sequence[msgspec.Raw]) -> bool:
    return len(rows) > 1 and len({bytes(row) for row in rows}) == len(rows)
