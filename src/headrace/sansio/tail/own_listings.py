"""Listings of one kind of rows, which are read before anything else: hidden rows, and open ones.

Why hidden rows come first: a row that was there when the sync began is either hidden while that
listing is read, and in it, or it is shown by the plain listing from then on. Below what was listed
in earlier syncs it is known from the listing of hidden rows that one of them has read, or it came
since, and the plain listing is read again as far down as that.

Some servers take no notice of the params by which that listing is asked for, and answer with the
plain one, or refuse. That is told, and rows are looked for as if there were no such listing.

A first listing may take minutes. A row that was shown when it began, as one that is parked, may be
hidden by the time that its page is read. So the hidden rows are read once more at its end.

A listing of rows that can still change, such as parked ones, only saves requests: each of its pages
brings many of the rows that are due. So it is read where more than a few are left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace.core.exceptions import PageError
from headrace.sansio.tail.bounds import Floor, Lookback
from headrace.sansio.tail.fixed_keys import FixedKeys
from headrace.sansio.tail.ledger import Ledger, OwnWalk, SyncProgress
from headrace.sansio.tail.messages import (
    Answer,
    AnsweredRows,
    CursorRefused,
    Lesson,
    ListedPage,
    OwnListAsk,
    OwnListing,
    OwnListRefused,
)
from headrace.sansio.tail.probing import trusts_hidden
from headrace.sansio.tail.settings import TailSettings

# A server that takes no notice is asked again after so long: it may have been replaced by then.
_ASK_AGAIN_SECONDS = 86_400.0
_MOST_REFUSED = 5
# So many due rows are cheaper to have by a page than one by one.
_MANY_OPEN = 3
_ROWS_OF: dict[OwnListing, str] = {
    "hidden": "rows that the listing hides",
    "open": "rows that can still change",
}


class OwnListings:
    """Reads the listings of one kind of rows in a sync.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        fixed: Reads the rows.
        floor: How far down rows are wanted.
        lookback: How far below the top the plain listing is read again.

    Attributes:
        has_found: Whether rows are due that were found at the end of the first listing.
    """

    def __init__(
        self,
        settings: TailSettings,
        ledger: Ledger,
        sync: SyncProgress,
        fixed: FixedKeys,
        floor: Floor,
        lookback: Lookback,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._fixed = fixed
        self._floor = floor
        self._lookback = lookback
        self._refused = 0
        self._reads_again = False
        self.has_found = False
        self._seen: set[Any] = set()

    def begin(self) -> None:
        """Notes that a sync begins."""
        if self._settings.has_hidden and self._may_ask("hidden"):
            self._sync.own_walk = OwnWalk("hidden")
        else:
            self._begin_open()

    def begin_again(self) -> None:
        """Notes that the plain listing has been read as far down as it should."""
        if self._sync.knows_hidden and self._fixed.leaves_out:
            self._fixed.leaves_out = False
            self._reads_again = True
            self._sync.own_walk = OwnWalk("hidden")

    def _begin_open(self) -> None:
        wants_open = self._settings.has_open and self._may_ask("open")
        if wants_open and len(self._sync.due & self._ledger.open) >= _MANY_OPEN:
            self._sync.own_walk = OwnWalk("open")

    def _may_ask(self, of: OwnListing) -> bool:
        since = self._ledger.unheeded.get(of)
        return since is None or self._sync.started - since >= _ASK_AGAIN_SECONDS

    @property
    def is_under_way(self) -> bool:
        """Whether there is more of them to read, before anything else is asked for."""
        return self._sync.own_walk is not None

    def next_asks(self) -> list[OwnListAsk]:
        """The page to ask for next."""
        walk = self._sync.own_walk
        return [] if walk is None else [OwnListAsk(walk.of, walk.cursor)]

    def learn(
        self,
        ask: OwnListAsk,
        answer: Answer,
        read_keys: Callable[[AnsweredRows], Sequence[Any]],
        at: float,
        now: float,
    ) -> Lesson:
        """Learns from an answer.

        Args:
            ask: What was asked for.
            answer: The answer.
            read_keys: Reads the keys of rows.
            at: When the page was asked for, in seconds since 1970.
            now: When it arrived, in seconds since 1970.

        Raises:
            PageError: The pages lead nowhere.
        """
        sync = self._sync
        if isinstance(answer, OwnListRefused):
            return self._unheeded(ask.of, now, f"the server answers {answer.status}")
        if isinstance(answer, CursorRefused):
            return self._begin_again(ask.of, now)
        if not isinstance(answer, ListedPage):
            raise TypeError(f"a listing cannot answer {type(answer).__name__}")
        rows = answer.rows
        settled = [] if rows.settled is None else list(rows.settled)
        if any(settled):
            which = rows.keys[settled.index(True)]
            why = f"the answer has rows that have settled, as `{which}`"
            return self._unheeded(ask.of, now, why)
        if sync.hidden_asked is None and ask.of == "hidden":
            sync.hidden_asked = at
        keys = read_keys(rows)
        self._check_progress(ask.of, keys, answer.cursor)
        chosen: Sequence[int] = ()
        if keys and self._ledger.kind is not None:
            wanted = self._floor.wanted(keys, rows, self._ledger.kind)
            if self._reads_again:
                self.has_found |= self._fixed.read_own_again(keys, wanted, rows, now)
                wanted = []
            chosen = self._fixed.read_own(
                keys, wanted, rows, at, now, are_hidden=ask.of == "hidden"
            )
        sync.own_walk = None if answer.cursor is None else OwnWalk(ask.of, answer.cursor)
        if answer.cursor is None:
            self._end(ask.of)
        return Lesson(chosen)

    def _end(self, of: OwnListing) -> None:
        ledger, sync = self._ledger, self._sync
        self._seen.clear()
        ledger.unheeded.pop(of, None)
        if of == "open" or self._reads_again:
            return
        sync.knows_hidden = True
        if ledger.heeded is None:
            ledger.heeded = sync.started
        if trusts_hidden(self._settings, ledger):
            # What is hidden no more is on a page, which may show many of them.
            ledger.hidden.difference_update(sync.due)
        self._begin_open()
        self._lookback.begin()

    def _unheeded(self, of: OwnListing, now: float, why: str) -> Lesson:
        ledger = self._ledger
        is_new = of not in ledger.unheeded
        ledger.unheeded[of] = now
        self._sync.own_walk = None
        self._seen.clear()
        if of == "hidden":
            ledger.heeded = self._sync.hidden_asked = None
            self._begin_open()
        if not is_new:
            return Lesson()
        return Lesson(
            warnings=(
                f"the API does not list the {_ROWS_OF[of]} by `incremental.{of}`: {why}. "
                f"{self._otherwise(of)}. It is asked once more a day.",
            )
        )

    def _otherwise(self, of: OwnListing) -> str:
        if of == "open":
            return "They are read as if there were no such key"
        if self._settings.probes:
            return "Keys that the listing passes over are asked for one by one instead"
        return "They are not found before it shows them"

    def _begin_again(self, of: OwnListing, now: float) -> Lesson:
        self._refused += 1
        if self._refused > _MOST_REFUSED:
            return self._unheeded(of, now, f"the server refused {self._refused} of its own cursors")
        self._sync.own_walk = OwnWalk(of)
        self._seen.clear()
        return Lesson()

    def _check_progress(self, of: OwnListing, keys: Sequence[Any], cursor: str | None) -> None:
        new = {*keys, cursor} - self._seen
        if cursor is not None and (cursor not in new or (keys and len(new) == 1)):
            raise PageError(
                f"the listing by `incremental.{of}` goes on without a new row: a page has the "
                "rows, or names the cursor, of one before. Check that key, and "
                "`paginator.cursor_param`."
            )
        self._seen |= new
