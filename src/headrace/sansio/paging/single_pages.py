"""Judges the listings of one resource together, where each has one page, as it seems."""

from __future__ import annotations

_FEW = 3


class SinglePages:
    """The sizes of pages that were taken for the only ones of their listings.

    Of many small listings some have a round number of rows by chance. Pages are cut where several
    have the same and none has more.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets what was seen."""
        self._listings = 0
        self._largest = 0
        self._full = 0
        self._full_times = 0

    def see(self, rows: int, *, looks_full: bool) -> None:
        """Notes a page.

        Args:
            rows: Its number of rows.
            looks_full: Whether servers cut their pages at such a number.
        """
        self._listings += 1
        self._largest = max(self._largest, rows)
        if looks_full and rows >= self._full:
            self._full_times = self._full_times + 1 if rows == self._full else 1
            self._full = rows

    @property
    def suspicion(self) -> str | None:
        """Says that pages may have been cut; None where nothing looks like it."""
        if not self._full or self._full < self._largest:
            return None
        listings = f"{self._full_times:,} of its {self._listings:,} listings"
        have = "has" if self._full_times == 1 else "have"
        return (
            f"{listings} {have} {self._full:,} rows, as many as a page that was cut, and none has "
            "more: say how the API goes on, under `endpoint.paginator`, or `paginator: single_page`"
        )

    @property
    def is_likely(self) -> bool:
        """Whether that is hardly chance: several are alike, or there are no others to compare."""
        return self._full_times > 1 or self._listings <= _FEW
