"""Remembers what a listing has followed, so that none goes round in a circle."""

from __future__ import annotations

import hashlib
from typing import Any

from headrace.core.exceptions import PageError
from headrace.sansio.paging.page import Page


class Followed:
    """The cursors or links of one pass through a listing.

    Args:
        named: what a page names, in words that go behind "page 2 names".
        hint: what to check when it names the same again.
    """

    def __init__(self, named: str, hint: str) -> None:
        self._named = named
        self._hint = hint
        self._seen: set[bytes] = set()

    def add(self, cursor: Any, page: Page) -> None:
        """Notes what is followed next.

        Args:
            cursor: or link.
            page: that named it.

        Raises:
            PageError: it was followed before.
        """
        # Of all pages of a long listing: a digest is smaller than most URLs.
        text = repr(cursor).encode("utf-8", "surrogatepass")
        mark = hashlib.blake2b(text, digest_size=16).digest()
        if mark in self._seen:
            raise PageError(
                f"page {page.number:,} names {self._named} that was followed before: the listing "
                f"would never end. {self._hint}"
            )
        self._seen.add(mark)
