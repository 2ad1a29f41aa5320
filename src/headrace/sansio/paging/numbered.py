"""What the paginators share that ask for pages by a number which they count themselves.

Meaning as dlt's `RangePaginator`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import one_line
from headrace.sansio.paging.has_more import has_more
from headrace.sansio.paging.page import Page, Paginator
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.repeated_rows import RepeatedRows


@dataclass(frozen=True, slots=True)
class Numbering:
    """How to count, and when to stop.

    Args:
        place: in the request, that takes the number.
        start: number of the first page asked for.
        step: from each page to the next.
        base: number of the API's first page; the last one is as many behind it as there are.
        maximum: end where the number would reach it; None for no such end.
        total_path: where a page says how many there are in all; None where none does.
        stop_after_empty_page: end at a page without rows.
        has_more_path: where a page says whether there are more.
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
        numbering: how.
        hint: what to check when the server sends the same page again.
    """

    def __init__(self, numbering: Numbering, hint: str) -> None:
        self._numbering = numbering
        self._number = numbering.start
        self._repeated = RepeatedRows(hint)

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where the total is, and whether there is more."""
        numbering = self._numbering
        return tuple(path for path in (numbering.total_path, numbering.has_more_path) if path)

    def first_request(self, request: Request) -> Request:
        """The request for the page to begin with."""
        return self.at_cursor(request, self._numbering.start)

    def next_cursor(self, page: Page) -> Any:
        """The number of the page after this one, None at the end.

        Raises:
            PageError: the same rows came again, or a path leads to nothing of use.
        """
        self._repeated.refuse(page)
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
