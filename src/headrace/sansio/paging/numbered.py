"""Pages that are asked for by a number: how many rows to skip, or the number of the page.

They mean what dlt's `OffsetPaginator` and `PageNumberPaginator` mean, which share dlt's
`RangePaginator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import one_line
from headrace.sansio.paging.guards import RepeatedPageGuard
from headrace.sansio.paging.page import Page, Paginator, has_more
from headrace.sansio.paging.places import Place


@dataclass(frozen=True, slots=True)
class Numbering:
    """How to count, and when to stop.

    Args:
        place: Where the request takes the number.
        start: The number to begin with.
        step: How much the number grows from each page to the next.
        base: The number that the API gives its first page; the last page has the number
            `base + total - 1`.
        maximum: The listing ends where the number would reach this; None sets no such end.
        total_path: Where a page says how many rows or pages there are in all; None where no page
            says so.
        stop_after_empty_page: Whether a page without rows is the end.
        has_more_path: Where a page says whether there are more.
    """

    place: Place
    start: int = 0
    step: int = 1
    base: int = 0
    maximum: int | None = None
    total_path: JsonPath | None = None
    stop_after_empty_page: bool = True
    has_more_path: JsonPath | None = None


class NumberedPaginator(Paginator):
    """Counts on from page to page.

    Args:
        numbering: How to count, and when to stop.
        hint: What the user should check when the server sends the same page again.
    """

    def __init__(self, numbering: Numbering, hint: str) -> None:
        self._numbering = numbering
        self._number = numbering.start
        self._repeated_page_guard = RepeatedPageGuard(hint)

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where a page says the total, and whether there is more."""
        numbering = self._numbering
        return tuple(path for path in (numbering.total_path, numbering.has_more_path) if path)

    def first_request(self, request: Request) -> Request:
        """The request with the number to begin with."""
        return self.at_cursor(request, self._numbering.start)

    def next_cursor(self, page: Page) -> Any:
        """The number of the page after this one, or None at the end.

        Raises:
            PageError: The same rows came again, or a path leads to nothing that can be used.
        """
        self._repeated_page_guard.check(page)
        numbering = self._numbering
        if numbering.stop_after_empty_page and page.row_count == 0:
            return None
        self._number += numbering.step
        # Both are asked of each page: a mistake in one shows at the first, not at the last.
        is_within, may_go_on = self._is_within(page), has_more(numbering.has_more_path, page)
        return self._number if is_within and may_go_on else None

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the number of a page."""
        return self._numbering.place.put(request, cursor)

    def _is_within(self, page: Page) -> bool:
        numbering = self._numbering
        total = self._total(page)
        if total is not None and self._number >= total + numbering.base:
            return False
        return numbering.maximum is None or self._number < numbering.maximum

    def _total(self, page: Page) -> int | None:
        path = self._numbering.total_path
        if path is None:
            return None
        value = path.first(page.document)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            found = "nothing" if value is None else f"`{one_line(str(value), 60)}`"
        raise PageError(
            f"page {page.number:,}: `paginator.total_path` (`{path}`) should lead to a whole "
            f"number, but leads to {found}. Where the API tells no total, say `total_path: null`."
        )


class OffsetPaginator(NumberedPaginator):
    """Asks each page to skip the rows of the pages before.

    Args:
        numbering: How to count the rows; its step is the limit.
        limit_place: Where the request takes the limit.
    """

    def __init__(self, numbering: Numbering, limit_place: Place) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "offset_body_path" if where.body_path else "offset_param"
        super().__init__(
            numbering, f"Check `paginator.{key}`: the server seems not to know `{name}`."
        )
        self._limit = numbering.step
        self._limit_place = limit_place

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with offset and limit."""
        return self._limit_place.put(super().at_cursor(request, cursor), self._limit)


class PageNumberPaginator(NumberedPaginator):
    """Asks for each page by its number.

    Args:
        numbering: How to count the pages; its step is 1.
    """

    def __init__(self, numbering: Numbering) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "page_body_path" if where.body_path else "page_param"
        super().__init__(
            numbering,
            f"Check `paginator.{key}`: the server seems not to know `{name}`. Or it counts from "
            "another number, which `base_page` is for.",
        )
