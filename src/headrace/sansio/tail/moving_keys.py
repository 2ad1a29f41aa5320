"""Which rows of a page to load where a row that changes gets a new key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.sansio.tail.checked_page import CheckedPage
from headrace.sansio.tail.coverage import Span
from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.ledger import Ledger, SyncProgress

# A key that is so many seconds old is taken as one that no other row can get any more.
_EDGE_SECONDS = 60.0
# How many rows of a leg are remembered, to notice that one comes again.
_LEG_ROWS = 100_000


class MovingKeys:
    """Reads the rows of a listing in which a row that changes moves to the top.

    Several rows may have the same key, and a stretch may begin or end between them. So a key within
    a covered stretch says that its rows are loaded, but at the ends of the stretch the rows
    themselves are remembered.

    Args:
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        may_repeat: Whether a row may be loaded twice in a leg.
    """

    def __init__(self, ledger: Ledger, sync: SyncProgress, *, may_repeat: bool) -> None:
        self._ledger = ledger
        self._sync = sync
        self._may_repeat = may_repeat
        self._loaded: set[Any] | None = set()
        self._ties: set[Any] = set()
        self._ties_key: Key | None = None
        self._first_walk = sync.walk

    def read_page(self, page: CheckedPage) -> Sequence[int] | None:
        """Learns from a page's rows, before it counts as covered.

        Args:
            page: The page, read and checked.

        Returns:
            The indexes of the rows to load, ascending; None where one of them was loaded in this
            leg before, so that the leg has to end first.
        """
        rows = page.rows
        names = rows.keys if rows.identities is None else rows.identities
        chosen = self._choose(page, names)
        loaded = {names[index] for index in chosen}
        if len(loaded) < len(chosen):
            chosen = _first_of_each(chosen, names)
        if self._comes_again(loaded, page):
            return None
        if self._loaded is not None:
            self._loaded |= loaded
            if len(self._loaded) > _LEG_ROWS:
                self._loaded = None
        if page.keys:
            self._keep_ties(page.keys, names)
        return chosen

    def _comes_again(self, loaded: set[Any], page: CheckedPage) -> bool:
        if self._may_repeat or not loaded:
            return False
        if self._loaded is None:
            return page.walk is not self._first_walk
        return not self._loaded.isdisjoint(loaded)

    def _choose(self, page: CheckedPage, names: Sequence[Any]) -> Sequence[int]:
        keys, spans = page.keys, self._ledger.coverage.spans
        if page.end and not any(keys[-1] <= span.high and keys[0] >= span.low for span in spans):
            return range(page.end)
        low = self._sync.listed_low
        return [
            index
            for index, key in enumerate(keys)
            if not self._is_known(key, names[index])
            or (index < page.late_end and (low is None or key < low))
        ]

    def _is_known(self, key: Any, name: Any) -> bool:
        coverage = self._ledger.coverage
        for span in coverage.spans:
            if span.low <= key <= span.high and self._is_known_in(span, key, name):
                return True
        return False

    def _is_known_in(self, span: Span, key: Any, name: Any) -> bool:
        if key == span.high:
            return name in span.edge
        if key > span.low or not self._ledger.coverage.has_hole_under(span):
            return True
        return key == self._ties_key and name in self._ties

    def _keep_ties(self, keys: Sequence[Any], names: Sequence[Any]) -> None:
        """Remembers the rows with the last key of a page: the next page may go on with that key."""
        low = keys[-1]
        if low != self._ties_key:
            self._ties_key, self._ties = low, set()
        for index in range(len(keys) - 1, -1, -1):
            if keys[index] != low:
                break
            self._ties.add(names[index])

    def note_edge(self, span: Span, page: CheckedPage) -> None:
        """Remembers the rows at the top of the span that a page belongs to.

        Args:
            span: The span that the page belongs to.
            page: The page, read and checked.
        """
        rows = page.rows
        names = rows.keys if rows.identities is None else rows.identities
        edge = set()
        for index, key in enumerate(page.keys):
            if key != span.high:
                break
            edge.add(names[index])
        if not edge:
            return
        if not span.edge:
            span.is_firm = self._is_firm(page)
        span.edge = span.edge | edge

    def _is_firm(self, page: CheckedPage) -> bool:
        """Whether no other row can still get the key of the page's first row."""
        if page.rows.instants:
            return page.at - page.rows.instants[0] >= _EDGE_SECONDS
        if self._ledger.kind is KeyKind.TIME:
            return bool(page.at - page.keys[0] / 1e6 >= _EDGE_SECONDS)
        return True


def _first_of_each(chosen: Sequence[int], names: Sequence[Any]) -> list[int]:
    seen: set[Any] = set()
    return [index for index in chosen if not (names[index] in seen or seen.add(names[index]))]  # type: ignore[func-returns-value]
