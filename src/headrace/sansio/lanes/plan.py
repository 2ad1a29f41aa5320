"""How a listing that is asked for by offset or page number is parted into lanes."""

from __future__ import annotations

from math import ceil

from headrace.core.quick_dataclasses import dataclass

# Longer lanes hold more back until their turn comes, and shorter ones end at a seam more often.
_MOST_PAGES = 32
_MOST_HELD = 32 * 1024 * 1024
# So many lanes, times those at once, are begun while the pages of the first of them are waited for.
_MOST_AHEAD = 2


@dataclass(frozen=True, slots=True)
class PagePlan:
    """The lanes of a listing.

    Args:
        start: The number of the first page: of the rows before it, or its own.
        left_out: How many rows the listing has before that page.
        size: How many rows a page has.
        by_offset: Whether a number is that of the rows before the page.
        overlap: How many rows a page has in common with the one before it, where nothing moves.
        starts: The number at which each lane begins.
        length: How many pages a lane has, the last one fewer.
        at_once: How many pages may be asked for at once.
        ahead: How many lanes may be begun before the pages of the first of them were handed on.
        top: The lowest number that is asked for, where the lanes are a part of the listing that has
            rows above; None where the listing begins with the first page.
    """

    start: int
    left_out: int
    size: int
    by_offset: bool
    overlap: int
    starts: tuple[int, ...]
    length: int
    at_once: int
    ahead: int
    top: int | None = None

    @property
    def first(self) -> int:
        """The lowest number that is asked for."""
        return self.start if self.top is None else self.top

    def after(self, number: int, rows: int) -> int:
        """The number of the page behind another one.

        Args:
            number: The number of that page.
            rows: How many rows it has.
        """
        return number + (max(rows - self.overlap, 1) if self.by_offset else 1)

    def before(self, number: int, pages: int) -> int:
        """The number of a page so far above another one that the two overlap.

        Args:
            number: The number of the other page.
            pages: How many pages further up.
        """
        step = max(self.size - self.overlap, 1) if self.by_offset else 1
        return max(self.first, number - step * pages)

    def is_at_end(self, number: int, rows: int, total: int) -> bool:
        """Whether a page ends where the API says that the listing does.

        Args:
            number: The number of the page.
            rows: How many rows it has.
            total: How many rows the listing has, as the page tells it.
        """
        return self._place(number) + rows >= total

    def _place(self, number: int) -> int:
        before = number - self.start
        return self.left_out + (before if self.by_offset else before * self.size)


def plan_pages(
    *,
    start: int,
    left_out: int,
    size: int,
    total: int,
    at_once: int,
    page_bytes: int,
    by_offset: bool,
    overlaps: bool,
) -> PagePlan | None:
    """Parts a listing into lanes, once its first page has come.

    Args:
        start: The number of the first page.
        left_out: How many rows the listing has before that page.
        size: How many rows it has.
        total: How many rows the listing has.
        at_once: How many pages may be asked for at once.
        page_bytes: The size of the first page, in bytes.
        by_offset: Whether pages are asked for by the number of rows to skip.
        overlaps: Whether each page is to bring the last row of the one before it again. Of pages
            that are asked for by their own number none can.

    Returns:
        None where there is too little to be read at once.
    """
    overlap = 1 if overlaps and by_offset else 0
    step = size - overlap
    rows = total - left_out
    if size < 1 or step < 1 or rows <= size:
        return None
    pages = 1 + ceil((rows - size) / step)
    lanes = min(at_once, pages)
    most = max(1, _MOST_HELD // (max(page_bytes, 1) * lanes))
    # Pages that overlap need no seam, so each may be a lane: then none waits for another one.
    length = 1 if overlap else min(ceil(pages / lanes), _MOST_PAGES, most)
    unit = step if by_offset else 1
    starts = tuple(start + unit * place for place in range(0, pages, length))
    room = _MOST_HELD // (max(page_bytes, 1) * length)
    # At least two: one alone would never see whether it joins the next one.
    ahead = max(2, min(_MOST_AHEAD * at_once, room))
    return PagePlan(start, left_out, size, by_offset, overlap, starts, length, at_once, ahead)
