"""How many rows are to be read, as the pages of a listing tell it."""

from __future__ import annotations

from typing import Protocol

from headrace.config.built.lanes import PageLanesSettings
from headrace.reading.listing_pass import ListingPass
from headrace.sansio.paging import Page
from headrace.sansio.paging.envelope import whole_number
from headrace.sansio.paging.totals import counts_pages


class Totals(Protocol):
    """Tells how many rows are to be read, as each page says it."""

    @property
    def may_be_too_low(self) -> bool:
        """Whether there may be more rows behind them, so that an empty page is the end."""
        ...

    def on(self, page: Page) -> int | None:
        """The total on a page behind the first one; None where it tells none."""
        ...


class TotalsOfListing:
    """Tells how many rows a listing has, as each of its pages says it.

    Args:
        walk: The pass through the listing.
        settings: The lanes.
        size: How many rows the first page has.
        must_be_proven: Whether it must be known that all rows came, whatever the totals say.
    """

    def __init__(
        self,
        walk: ListingPass,
        settings: PageLanesSettings,
        size: int,
        *,
        must_be_proven: bool,
    ) -> None:
        self._must_be_proven = must_be_proven
        self._account = walk.account
        self._settings = settings
        self._size = size
        path = settings.total_path
        self._counts_pages = not settings.by_offset and path is not None and counts_pages(path)
        self.left_out = settings.left_out * (1 if settings.by_offset else size)

    @property
    def may_be_too_low(self) -> bool:
        """Whether the listing may go on behind them, so that an empty page is its end."""
        settings = self._settings
        if self._must_be_proven:
            return True
        return not self._counts_pages and (not settings.by_offset or settings.total_path is None)

    def on_first(self, page: Page) -> int | None:
        """The total on the first page; None where it tells none."""
        if self._counts_pages:
            return self.on(page)
        total = self._account.total
        if total is None or _tells_pages(self._settings, total, self._size):
            self._counts_pages = not self._settings.by_offset
            return self.on(page) if self._counts_pages else None
        return total

    def on(self, page: Page) -> int | None:
        """The total on a page behind the first one."""
        if not self._counts_pages:
            return self._account.total_on(page)
        path = self._settings.total_path
        pages = None if path is None else whole_number(path.first(page.document))
        # A page that is full, and is not the last one, ends before the last one's first row.
        return None if not pages else (pages - 1) * self._size + 1


def _tells_pages(settings: PageLanesSettings, total: int, size: int) -> bool:
    """Whether a total can only be that of the pages: the first one has more rows.

    Args:
        settings: The lanes.
        total: The number.
        size: How many rows the first page has.
    """
    return not settings.by_offset and total < size
