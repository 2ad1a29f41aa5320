"""Notices a server that sends the same page again, whatever page it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.core.exceptions import PageError
from headrace.sansio.paging.page import Page

MOST_ALIKE = 1_000
"""Pages in a row that may be alike where their rows have nothing to be told apart by."""


class RepeatedRows:
    """The rows of the page before.

    Args:
        hint: what to check when they come again.
    """

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._before: Sequence[msgspec.Raw] = ()
        self._alike = 1

    def refuse(self, page: Page) -> None:
        """Compares a page with the one before.

        Rows that all differ from each other have something that tells them apart, so the same
        again are a page that came twice. Where rows are alike within a page, as in a series of
        zeros, pages may be alike as well: there many in a row are wanted to be sure.

        Args:
            page: that came.

        Raises:
            PageError: it is the same page once more.
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
