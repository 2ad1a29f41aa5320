"""Which rows of the pages of a stretch are its own, by their keys."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from headrace.core.quick_dataclasses import dataclass
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.asked_pages import keys_of
from headrace.reading.lanes.page_totals import TotalsOfListing
from headrace.reading.stretches.stretch import PageStretch
from headrace.sansio.paging import Page, RowKeys


class StretchCut:
    """Cuts the pages of a stretch to its own rows.

    Args:
        keys: Reads the keys of rows.
        stretch: The stretch.

    Attributes:
        has_ended: Whether a row of the next stretch has come.
    """

    def __init__(self, keys: RowKeys, stretch: PageStretch) -> None:
        self._keys = keys
        self._begins, self._ends = _as_keys(stretch.begins), _as_keys(stretch.ends)
        self._above = _as_keys(stretch.above)
        self._shown = self._above.union(_as_keys(stretch.begins[:1]))
        self._has_begun = not stretch.begins
        self.has_ended = False

    def begins_at(self, page: Page) -> int | None:
        """The place of the first row of the stretch in a page; None where none is of it."""
        return self._first_of(self._begins, keys_of(self._keys, page.rows))

    def shows_beginning(self, page: Page) -> bool:
        """Whether a page has the row with which the stretch was to begin, or one above it."""
        return not self._shown.isdisjoint(keys_of(self._keys, page.rows))

    def has_end(self, page: Page) -> bool:
        """Whether a page has a row with which the next stretch begins."""
        return self._first_of(self._ends, keys_of(self._keys, page.rows)) is not None

    def page(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows of the stretch.

        Args:
            page: The next page, in the order of the listing.
        """
        found = keys_of(self._keys, page.rows)
        first: int | None = 0
        if not self._has_begun:
            first = self._first_of(self._begins, found)
            if first is None:
                above = [place + 1 for place, key in enumerate(found) if key in self._above]
                first = above[-1] if above else 0
            self._has_begun = True
        last = self._first_of(self._ends, found)
        self.has_ended = last is not None
        return replace(page, rows=page.rows[first:last])

    @staticmethod
    def _first_of(wanted: frozenset[bytes], found: Sequence[bytes]) -> int | None:
        return next((place for place, key in enumerate(found) if key in wanted), None)


class GivenRows:
    """Leaves out the rows that an earlier pass through a stretch has brought.

    Args:
        keys: Reads the keys of rows.

    Attributes:
        may_come_again: Whether there was an earlier pass.
    """

    def __init__(self, keys: RowKeys) -> None:
        self._keys = keys
        self._marks = array("q")
        self._known: set[int] = set()
        self.may_come_again = False

    def without(self, page: FetchedPage) -> FetchedPage:
        """The page without those rows.

        Args:
            page: The next page.
        """
        marks = [hash(key) for key in keys_of(self._keys, page.rows)]
        if self.may_come_again:
            self._known.update(self._marks)
            page = replace(
                page,
                rows=[
                    row
                    for row, mark in zip(page.rows, marks, strict=True)
                    if mark not in self._known
                ],
            )
            self._marks = array("q")
        self._marks.extend(marks)
        return page


@dataclass(frozen=True, slots=True)
class TotalsOfStretch:
    """Tells where a stretch ends, as if the listing ended there.

    Args:
        cut: Knows the rows at its end.
        of_listing: Tells how many rows the listing has.
    """

    cut: StretchCut
    of_listing: TotalsOfListing

    @property
    def may_be_too_low(self) -> bool:
        """Whether there may be more rows behind them, so that an empty page is the end."""
        return self.of_listing.may_be_too_low

    def on(self, page: Page) -> int | None:
        """The total on a page: none are behind the one that has a row of the next stretch."""
        total = self.of_listing.on(page)
        return 0 if self.cut.has_end(page) else total


def _as_keys(texts: Sequence[str]) -> frozenset[bytes]:
    return frozenset(each.encode("latin-1") for each in texts)
