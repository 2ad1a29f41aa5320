"""Single rows whose requests fail, in one sync.

Such a row stays what it is, open, touched or missing, so the next sync asks for it again. In this
one the listing is read for it once more, if a few pages show it. Where requests fail one after the
other, no more rows are asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headrace.sansio.tail.keys import Key, position
from headrace.sansio.tail.ledger import Ledger, Miss

# So many failures one after the other say that the path is broken, and not a row.
_FEW_IN_A_ROW = 3
# How far the listing is read again for rows that cannot be had alone, in each sync.
_MOST_PAGES_AGAIN = 20


class FailedRows:
    """What a sync knows of requests for single rows that failed.

    Args:
        ledger: What is known of the listing; it is changed in place.
        tries: In how many syncs the requests for rows have failed, by the key.

    Attributes:
        keys: The keys of the rows whose requests failed, and which have not come otherwise since.
    """

    def __init__(self, ledger: Ledger, tries: Mapping[Key, int] | None = None) -> None:
        self._ledger = ledger
        self._tries = tries or {}
        self.keys: set[Key] = set()
        self._in_a_row = 0
        self._pages_again: int | None = None
        self._missed: list[tuple[Key, bool, Miss]] = []

    @property
    def have_ended_asking(self) -> bool:
        """Whether no more rows are asked for alone in this sync, as such requests fail."""
        return self._in_a_row >= _FEW_IN_A_ROW

    def add(self, key: Key) -> None:
        """Notes that the request for a row failed."""
        self.keys.add(key)
        self._in_a_row += 1

    def answered(self) -> None:
        """Notes that the request for a row was answered, whether it is there or not."""
        self._in_a_row = 0

    def arrived(self, keys: Iterable[Key]) -> None:
        """Notes that rows are loaded, however they came."""
        if self.keys:
            self.keys.difference_update(keys)

    def in_order(self, keys: Iterable[Key]) -> list[Key]:
        """Sorts keys: the last ones, asked for first, failed least often and are the newest.

        Args:
            keys: The keys, without those whose requests failed.
        """
        found: list[Key] = sorted(keys)
        if self._tries:
            found.sort(key=lambda key: -self._tries.get(key, 0))
        return found

    # The listing in place of requests for single rows

    def begin_listing_again(self, due: Iterator[Key], top: Key, width: int) -> bool:
        """Whether to list again from the top, once, for due rows that cannot be had alone.

        Args:
            due: The due keys, newest first.
            top: The newest key.
            width: How far apart the first and the last key of a page are, as positions.
        """
        if self._pages_again is not None or not (self.keys or self.have_ended_asking):
            return False
        if not self._are_within(_MOST_PAGES_AGAIN, due, top, width):
            return False
        self._pages_again = _MOST_PAGES_AGAIN
        return True

    def are_worth_listing(self, due: Iterator[Key], low: Key, width: int) -> bool:
        """Whether to list on for due rows that cannot be had alone; counts the pages of that.

        Args:
            due: The due keys below the last one that was listed, newest first.
            low: The last key that was listed.
            width: How far apart the first and the last key of a page are, as positions.
        """
        if self._pages_again is None:
            return False
        self._pages_again -= 1
        return self._are_within(self._pages_again, due, low, width)

    def _are_within(self, pages: int, due: Iterator[Key], low: Key, width: int) -> bool:
        for key in due:
            if key in self._ledger.hidden or not (key in self.keys or self.have_ended_asking):
                continue
            return -((position(key) - position(low)) // width) <= pages
        return False

    # Rows that were not there, by a path that may be a wrong one

    def missed(self, key: Key, miss: Miss, *, is_gone: bool) -> None:
        """Notes that an open row was not there.

        Args:
            key: Its key.
            miss: When it was missed first.
            is_gone: Whether it is taken for gone.
        """
        self._missed.append((key, is_gone, miss))

    def take_back_misses(self) -> list[Key]:
        """Takes back that open rows were not there: the path that said so may be a wrong one.

        Returns:
            The keys of these rows.
        """
        keys = [key for key, _, _ in self._missed]
        self.keys.update(keys)
        for key, is_gone, miss in self._missed:
            if is_gone:
                self._ledger.open.add(key)
                self._ledger.misses[key] = miss
            else:
                self._ledger.misses.pop(key, None)
        self._missed.clear()
        return keys

    def keep_misses(self) -> None:
        """Notes that the path is right, so that rows which were not there are not there."""
        self._missed.clear()
