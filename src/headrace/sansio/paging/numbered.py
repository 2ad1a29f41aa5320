"""Pages that are asked for by a number: how many rows to skip, or the number of the page.

They mean what dlt's `OffsetPaginator` and `PageNumberPaginator` mean, which share dlt's
`RangePaginator`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.sansio.paging.envelope import whole_number
from headrace.sansio.paging.guards import RepeatedPageGuard
from headrace.sansio.paging.page import HasMore, Page, Paginator
from headrace.sansio.paging.page_size import is_round
from headrace.sansio.paging.places import Place
from headrace.sansio.paging.totals import counts_pages


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
        looks_past_total: Whether to ask for one more page where a total says that there is none.
    """

    place: Place
    start: int = 0
    step: int = 1
    base: int = 0
    maximum: int | None = None
    total_path: JsonPath | None = None
    stop_after_empty_page: bool = True
    has_more_path: JsonPath | None = None
    looks_past_total: bool = False


@dataclass(slots=True)
class TrustInTotals:
    """What the listings of a resource have shown of the totals that the API tells.

    Args:
        are_of_all_rows: Whether one was seen to be that of a listing, and not of a page.
    """

    are_of_all_rows: bool = False


class NumberedPaginator(Paginator):
    """Counts on from page to page.

    Args:
        numbering: How to count, and when to stop.
        hint: What the user should check when the server sends the same page again.
        trust: What other listings of the resource have shown of its totals.
    """

    def __init__(self, numbering: Numbering, hint: str, trust: TrustInTotals | None) -> None:
        self._numbering = numbering
        self._trust = trust or TrustInTotals()
        self._number = numbering.start
        self._has_more = HasMore(numbering.has_more_path)
        self._repeated_page_guard = RepeatedPageGuard(hint)
        self._total: int | None = None
        self._pages_are_the_total = True
        self._looks_past_total = False
        self._is_bounded = False
        self._rows = 0
        self._listed_before = 0

    @property
    def paths(self) -> tuple[JsonPath, ...]:
        """Where a page says the total, and whether there is more."""
        numbering = self._numbering
        return tuple(path for path in (numbering.total_path, numbering.has_more_path) if path)

    @property
    def is_numbered(self) -> bool:
        """True: a row that is deleted moves all that follow."""
        return True

    @property
    def listed_before(self) -> int:
        """The rows at the beginning of a page that came with the page before it as well."""
        return self._listed_before

    @property
    def may_be_past_end(self) -> bool:
        """Whether the next page is asked for since the total may be that of one page."""
        return self._looks_past_total

    @property
    def stopped_by_user(self) -> bool:
        """Whether the maximum of the config has ended the listing."""
        return self._is_bounded

    def first_request(self, request: Request) -> Request:
        """The request with the number to begin with."""
        return self.at_cursor(request, self._numbering.start)

    def next_cursor(self, page: Page) -> Any:
        """The number of the page after this one, or None at the end.

        Raises:
            PageError: The same rows came again, a path leads to nothing that can be used, or pages
                are missing.
        """
        if self._brings_all_again(page):
            self._trust.are_of_all_rows = True
            self._listed_before = page.row_count
            return None
        self.refuse_repetition(page)
        self._rows += page.item_count
        numbering = self._numbering
        if page.is_bare or (numbering.stop_after_empty_page and page.item_count == 0):
            self._refuse_more_behind_nothing(page)
            self._trust.are_of_all_rows |= self._looks_past_total
            self._refuse_missing_pages(page)
            return None
        number = self._number
        self._number += self._advance(page)
        # Both are asked of each page: a mistake in one shows at the first, not at the last.
        is_within, has_more = self._is_within(page, number), self._has_more.says(page)
        if not (is_within and has_more):
            return None
        self._is_bounded = numbering.maximum is not None and self._number >= numbering.maximum
        return None if self._is_bounded else self._number

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with the number of a page."""
        return self._numbering.place.put(request, cursor)

    def _advance(self, page: Page) -> int:
        """How much the number grows behind a page."""
        return self._numbering.step

    def _is_within(self, page: Page, number: int) -> bool:
        """Whether there are pages behind this one, as far as a total tells."""
        was_last = self._looks_past_total
        self._looks_past_total = False
        total = self._read_total(page)
        self._pages_are_the_total &= total == page.item_count
        if total is None or self._number < total + self._numbering.base:
            return True
        if page.item_count and (was_last or number >= total + self._numbering.base):
            # There are rows behind what it told: it is not the number of all rows.
            return True
        # Some servers tell the rows of each page.
        is_doubtful = self._pages_are_the_total and not self._trust.are_of_all_rows
        is_doubtful |= self._numbering.looks_past_total
        self._looks_past_total = is_doubtful and page.item_count > 0
        return self._looks_past_total

    def _read_total(self, page: Page) -> int | None:
        path = self._numbering.total_path
        if path is None:
            return None
        value = path.first(page.document)
        try:
            self._total = int(value)
        except (TypeError, ValueError, OverflowError):
            found = "nothing" if value is None else f"`{one_line(str(value), 60)}`"
        else:
            return self._total
        if value is None and self._total is not None:
            return self._total
        raise PageError(
            f"page {page.number:,}: `paginator.total_path` (`{path}`) should lead to a whole "
            f"number, but leads to {found}. Where the API tells no total, say `total_path: null`."
        )

    def _brings_all_again(self, page: Page) -> bool:
        """Whether a server that does not page sends all that it has once more.

        Where the page may have been cut, the total may be its own, and the parameter unknown.
        """
        may_clamp = self._numbering.looks_past_total and not self._pages_are_the_total
        if may_clamp and self._looks_past_total:
            # Some servers take a number past the last page for that page.
            return self._repeated_page_guard.is_the_same(page)
        is_all = self._rows == self._total and (self._looks_past_total or self._total == 1)
        is_cut = page.item_count == self._numbering.step > 1 or is_round(page.item_count)
        return is_all and not is_cut and self._repeated_page_guard.is_the_same(page)

    def refuse_repetition(self, page: Page) -> None:
        """Refuses a page that is the one before once more.

        Args:
            page: The page that came.

        Raises:
            PageError: It is.
        """
        self._repeated_page_guard.check(page)

    def _refuse_more_behind_nothing(self, page: Page) -> None:
        path = self._numbering.has_more_path
        if path is not None and path.first(page.document) is True:
            raise PageError(
                f"page {page.number:,} brought no rows, but says that there is more (`{path}`): "
                "the listing is not whole. Where pages without rows lie between others, say "
                "`stop_after_empty_page: false`; else check `paginator.has_more_path`."
            )

    def _refuse_missing_pages(self, page: Page) -> None:
        """Sees whether an empty page is one of those that the API says it has."""


class OffsetPaginator(NumberedPaginator):
    """Asks each page to skip the rows of the pages before.

    A server may give fewer rows than the limit asks for, with more to come. The offset moves by
    what came, so that none is passed over.

    Args:
        numbering: How to count the rows; its step is the limit.
        limit_place: Where the request takes the limit.
        trust: What other listings of the resource have shown of its totals.
    """

    def __init__(
        self, numbering: Numbering, limit_place: Place, trust: TrustInTotals | None = None
    ) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "offset_body_path" if where.body_path else "offset_param"
        super().__init__(
            numbering,
            f"Check `paginator.{key}`: the server seems not to know `{name}`. If it sends all at "
            "once, say `paginator: single_page`.",
            trust,
        )
        self._limit = numbering.step
        self._limit_place = limit_place
        self._short_page: Sequence[msgspec.Raw] = ()
        self._long_page: Sequence[msgspec.Raw] = ()
        self._moves_by_limit = False
        self._moves_by_rows = False

    def at_cursor(self, request: Request, cursor: Any) -> Request:
        """The request with offset and limit."""
        return self._limit_place.put(super().at_cursor(request, cursor), self._limit)

    def refuse_repetition(self, page: Page) -> None:
        """Refuses a page that is the one before once more, unless that one was short."""
        # Behind a short page the offset may have moved only over rows that the server leaves out.
        moved_over_hidden_rows = not self._moves_by_limit and (
            0 < _overlap(self._short_page, page.rows) == page.row_count
        )
        if not moved_over_hidden_rows:
            super().refuse_repetition(page)

    def _advance(self, page: Page) -> int:
        if page.item_count > self._limit:
            return self._advance_behind_long(page)
        self._listed_before = _overlap(self._short_page or self._long_page, page.rows)
        self._long_page = ()
        # A server that leaves rows out after it has cut its pages counts these in the offset too.
        self._moves_by_limit |= self._listed_before > 0 and bool(self._short_page)
        is_short = 0 < page.item_count < self._limit and not self._moves_by_limit
        self._short_page = page.rows if is_short else ()
        return page.item_count if is_short else self._limit

    def _advance_behind_long(self, page: Page) -> int:
        """Moves behind a page of more rows than the limit asks for.

        Where a server gives its pages a least size, they overlap. Where several rows are cut out of
        each item that the server counts, they do not.
        """
        self._listed_before = _overlap(self._long_page, page.rows)
        self._moves_by_rows |= self._listed_before > 0
        self._short_page = ()
        self._long_page = () if self._moves_by_rows else page.rows
        return page.item_count if self._moves_by_rows else self._limit


class PageNumberPaginator(NumberedPaginator):
    """Asks for each page by its number.

    Args:
        numbering: How to count the pages; its step is 1.
        trust: What other listings of the resource have shown of its totals.
    """

    def __init__(self, numbering: Numbering, trust: TrustInTotals | None = None) -> None:
        where = numbering.place
        name = where.body_path or where.param
        key = "page_body_path" if where.body_path else "page_param"
        super().__init__(
            numbering,
            f"Check `paginator.{key}`: the server seems not to know `{name}`. Or it counts from "
            "another number, which `base_page` is for.",
            trust,
        )

    def _refuse_missing_pages(self, page: Page) -> None:
        path, base = self._numbering.total_path, self._numbering.base
        if path is None or not counts_pages(path):
            return
        told, before, read = (
            whole_number(path.first(page.document)),
            self._total,
            self._number - base,
        )
        # Of rows that are deleted meanwhile, a page or so is missing at the end.
        is_of_others = before is not None and told is not None and before > max(told, read) + 1
        total = before if told is None or is_of_others else told
        if total is None or read >= total:
            return
        raise PageError(
            f"page {read + 1:,} of {total:,} (`{path}`) brought no rows: the "
            "listing is not whole. Where pages without rows lie between others, say "
            "`stop_after_empty_page: false`; where that is not the number of pages, say "
            "`total_path: null`."
        )


def _overlap(before: Sequence[msgspec.Raw], rows: Sequence[msgspec.Raw]) -> int:
    """How many rows at the end of a page are those at the beginning of the next one.

    Where rows of a page are alike, nothing tells whether they came again.
    """
    if len(before) <= 1 or not rows:
        return 0
    first = bytes(rows[0])
    texts = [bytes(row) for row in before]
    if first not in texts or len(set(texts)) < len(texts):
        return 0
    length = len(texts) - texts.index(first)
    is_overlap = [bytes(row) for row in rows[:length]] == texts[-length:]
    return length if is_overlap else 0
