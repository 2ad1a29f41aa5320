"""The planner: which requests an incremental sync makes, and what it learns from the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.exceptions import PageError, StateError
from headrace.sansio.tail.bounds import Floor, Lookback
from headrace.sansio.tail.checked_page import CheckedPage
from headrace.sansio.tail.fitness import refuse_disorder, refuse_unfit_kind, shown
from headrace.sansio.tail.fixed_keys import FixedKeys
from headrace.sansio.tail.keys import (
    Key,
    KeyKind,
    first_below,
    kind_of,
    read_key,
    read_keys,
)
from headrace.sansio.tail.ledger import Ledger, SyncProgress, Walk
from headrace.sansio.tail.messages import (
    Answer,
    AnsweredRows,
    Ask,
    CursorRefused,
    FoundRow,
    GoneRow,
    Lesson,
    ListAsk,
    ListedPage,
    OwnListAsk,
    RowAsk,
    RowFailed,
    RowNotThere,
)
from headrace.sansio.tail.moving_keys import MovingKeys
from headrace.sansio.tail.newest import note_newest
from headrace.sansio.tail.own_listings import OwnListings
from headrace.sansio.tail.refreshing import RowRefresher
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.walker import Walker
from headrace.sansio.tail.within import Within


class Planner:
    """Plans the requests of one sync, or of one leg of it.

    Args:
        settings: What the config says of the listing; its `problems` are empty.
        ledger: What was known before; it is changed in place.
        sync_started: When the sync began, in seconds since 1970; the same in each of its legs, and
            never the same in two syncs.
        may_repeat: Whether the caller copes with a row that is loaded twice in a leg.
        is_one_leg: Whether all of the sync is one leg, and no row may come twice in it: one that
            should come again is left for the next sync. Rows whose keys move come all the same.
        tries: In how many syncs the requests for rows have failed, by the key as text.
        within: The part of the listing that is read on its own; None for all of it.

    Raises:
        StateError: The ledger belongs to a listing with another sort of key.
        ConfigError: The settings do not suit the keys.
    """

    def __init__(
        self,
        settings: TailSettings,
        ledger: Ledger,
        *,
        sync_started: float,
        may_repeat: bool = False,
        is_one_leg: bool = False,
        tries: Mapping[str, int] | None = None,
        within: Within | None = None,
    ) -> None:
        self._warnings: list[str] = []
        if ledger.keys_move not in (None, settings.keys_move):
            if ledger.coverage.spans:
                raise StateError(
                    "what is known of the listing was saved with another key: whether the key is "
                    "the primary key has changed since. Set it back, or have everything listed "
                    "again, which keeps all rows of the table: headrace run CONFIG --list-anew."
                )
            self._warnings = _forget_keys(ledger)
        if ledger.kind is not None:
            refuse_unfit_kind(settings, ledger.kind)
        ledger.keys_move = settings.keys_move
        self._settings = settings
        self._ledger = ledger
        self._within = within
        self._sync, is_new = _progress_of(ledger, sync_started)
        if within is not None:
            self._sync.walk = within.walk(ledger.coverage)
        keys = {self.key_of(text): count for text, count in (tries or {}).items()}
        failed = {key: count for key, count in keys.items() if key is not None}
        self._refresher = RowRefresher(settings, ledger, self._sync, failed)
        self._lookback = Lookback(settings, ledger, self._sync)
        self._floor = Floor(settings, ledger, within)
        once = is_one_leg and settings.has_hidden
        self._fixed = FixedKeys(settings, ledger, self._sync, self._refresher, within, once=once)
        self._own = OwnListings(
            settings, ledger, self._sync, self._fixed, self._floor, self._lookback
        )
        if is_new:
            self._own.begin()
            self._lookback.begin()
        self._walker = Walker(settings, ledger, self._sync, self._refresher, self._lookback, within)
        self._warnings += self._walker.settle()
        self._may_repeat = may_repeat or is_one_leg
        self._moving = MovingKeys(ledger, self._sync, may_repeat=self._may_repeat)
        self._pending: dict[Ask, float] = {}
        self._is_leg_over = False

    @property
    def ledger(self) -> Ledger:
        """What is known now; it has to be saved together with the rows that were to be loaded."""
        return self._ledger

    def key_of(self, text: str) -> Key | None:
        """Reads a key that was kept as text; None where the listing has no such keys.

        Args:
            text: The key as the API writes it.
        """
        return None if self._ledger.kind is None else read_key(text, self._ledger.kind)

    @property
    def rows(self) -> RowRefresher:
        """Which rows are read again, and what became of the requests for them."""
        return self._refresher

    @property
    def is_leg_over(self) -> bool:
        """Whether the next row was loaded in this leg before: commit, then make a new planner."""
        return self._is_leg_over

    @property
    def is_done(self) -> bool:
        """Whether the sync needs no more requests."""
        if self._is_leg_over or self._pending or self._sync.walk is not None:
            return False
        if self._own.is_under_way:
            return False
        return not self._refresher.wants_rows

    def asks(self, now: float, most: int = 1000) -> list[Ask]:
        """The requests that may be made now, at the same time.

        Args:
            now: The time, in seconds since 1970.
            most: How many requests at most.

        Returns:
            Requests that were not handed out before, or have been answered since.
        """
        if self._is_leg_over or most < 1:
            return []
        if self._own.is_under_way:
            return self._asks_for_own(now)
        asks: list[Ask] = []
        room = self._walker.lanes.at_once - sum(isinstance(ask, ListAsk) for ask in self._pending)
        if room > 0:
            pages = [ask for ask in self._walker.next_asks() if ask not in self._pending]
            asks += pages[: min(room, most)]
        pending = {ask.key for ask in self._pending if isinstance(ask, RowAsk)}
        if self._sync.walk is None or self._walker.low is not None:
            asks += self._refresher.row_asks(self._walker.low, pending, most - len(asks), now)
        self._pending.update(dict.fromkeys(asks, now))
        return asks

    def _asks_for_own(self, now: float) -> list[Ask]:
        if self._pending:
            return []
        asks: list[Ask] = list(self._own.next_asks())
        self._pending.update(dict.fromkeys(asks, now))
        return asks

    def learn(self, ask: Ask, answer: Answer, now: float) -> Lesson:
        """Learns from an answer.

        Args:
            ask: The request that was answered.
            answer: The answer to it.
            now: The time, in seconds since 1970.

        Returns:
            Which rows of the answer to load, and what is now known to be gone.

        Raises:
            PageError: The answer cannot belong to this listing; the leg has to be dropped.
            ConfigError: The settings do not suit the listing.
        """
        at = self._pending.pop(ask, now)
        if isinstance(ask, OwnListAsk):
            lesson = self._own.learn(ask, answer, self._read_keys, at, now)
            self._refresher.listed_past()
            # A page may have brought the rows that were found, before they were hidden.
            self._is_leg_over = (
                self._own.has_found and not self._own.is_under_way and not self._may_repeat
            )
        elif isinstance(ask, ListAsk):
            lesson = self._learn_list(ask, answer, at, now)
            if self._sync.walk is None:
                self._own.begin_again()
        else:
            lesson = self._learn_row(ask, answer, at, now)
        if self._warnings:
            lesson = Lesson(lesson.load, lesson.gone, (*self._warnings, *lesson.warnings))
            self._warnings = []
        return lesson

    def _learn_list(self, ask: ListAsk, answer: Answer, at: float, now: float) -> Lesson:
        walk = self._walker.walk_of(ask)
        if walk is None:
            # The rows were to be read by a lane that has ended since.
            return Lesson()
        if isinstance(answer, CursorRefused):
            if ask.cursor is None and ask.below is None:
                raise PageError(
                    "the server refused a cursor where none was sent: it does not accept the "
                    "listing's first request. Check `endpoint.params` and `paginator`."
                )
            self._warnings += self._walker.refused(walk, ask)
            self._warnings += self._walker.settle()
            self._refresher.listed_past()
            return Lesson()
        if not isinstance(answer, ListedPage):
            raise TypeError(f"a listing cannot answer {type(answer).__name__}")
        if answer.cursor is not None and answer.cursor == ask.cursor:
            raise PageError(
                f"a page names the cursor that it was asked for with (`{ask.cursor}`), which was "
                "followed before: the listing would never end. Check `paginator.cursor_param`."
            )
        highest = self._walker.highest(walk, ask)
        return self._learn_page(walk, answer, highest, at, now)

    def _learn_page(
        self, walk: Walk, listed: ListedPage, highest: Key | None, at: float, now: float
    ) -> Lesson:
        keys = self._read_keys(listed.rows)
        if walk.is_start and not self._walker.lanes.begins(walk, keys, highest, listed.cursor):
            self._warnings += self._walker.settle()
            return Lesson()
        page = self._checked(walk, keys, listed, highest, at, now)
        is_main, is_one_moment = walk is self._sync.walk, walk.low is None and walk.cursor is None
        is_top = page.walk.low is None
        if is_top and not page.keys and page.has_end and self._ledger.coverage.spans:
            self._warnings.append(
                "the listing is empty, though it showed rows before: nothing was changed. If its "
                "rows are meant to be gone, this is fine; otherwise check the credentials."
            )
        chosen: Sequence[int] = ()
        if self._settings.keys_move:
            of_leg = self._moving.read_page(page)
            if of_leg is None:
                self._is_leg_over = True
                return Lesson()
            chosen = of_leg
        elif page.keys or not is_top:
            chosen, warnings = self._fixed.read_page(page)
            self._warnings += warnings
        span = self._walker.advance(page, listed.cursor, len(chosen))
        if span is not None and self._settings.keys_move:
            self._moving.note_edge(span, page)
        gone = self._gone_from_list(page) if is_main else ()
        if is_main:
            self._end_page(page, is_one_moment=is_one_moment)
        self._warnings += self._walker.settle()
        self._refresher.listed_past()
        too_many = self._refresher.bound_open_rows()
        return Lesson(chosen, gone, () if too_many is None else (too_many,))

    def _end_page(self, page: CheckedPage, *, is_one_moment: bool) -> None:
        """Decides whether the look back is over, and whether the top is looked at again."""
        if self._sync.looks_back and page.late_end < page.end:
            self._sync.looks_back = False
        # One page shows one moment, and a chain of pages shows many: a row that changes meanwhile
        # moves to the top, away from a page that is still to come. So only a chain of one page
        # needs no look at the top again.
        self._sync.needs_look = self._settings.keys_move and not is_one_moment

    def _gone_from_list(self, page: CheckedPage) -> tuple[GoneRow, ...]:
        """The open rows that are gone, where only the listing can tell: it passed their keys."""
        if self._settings.has_refresh_path or not self._sync.due or self._sync.has_stopped:
            return ()
        low = page.keys[-1] if page.keys and not page.has_end else None
        return tuple(self._refresher.not_listed(low, page.at))

    def _checked(
        self,
        walk: Walk,
        keys: list[Any],
        listed: ListedPage,
        highest: Key | None,
        at: float,
        now: float,
    ) -> CheckedPage:
        rows = listed.rows
        kind = self._ledger.kind
        if not keys or kind is None:
            return CheckedPage(keys, rows, 0, 0, listed.cursor is None, walk, at, now)
        refuse_disorder(keys, rows.keys, highest, strict=not self._settings.keys_move)
        if walk.low is None:
            self._see_top(keys, rows, at, now)
        end = self._floor.cut(keys, rows, kind)
        has_end = listed.cursor is None or end < len(keys)
        start = 0
        if walk.low is not None and not self._settings.keys_move:
            start = first_below(keys, walk.low, 0, end)
        if self._within is not None:
            self._within.see(keys, start, end)
        if end < len(keys):
            keys = keys[:end]
        late_end = min(self._lookback.cut(keys, rows), end)
        return CheckedPage(keys, rows, start, late_end, has_end, walk, at, now)

    def _read_keys(self, rows: AnsweredRows) -> list[Any]:
        ledger = self._ledger
        if not rows.keys:
            return []
        if ledger.kind is not None and ledger.coverage.spans:
            return read_keys(rows.keys, ledger.kind)
        kind = kind_of(rows.keys)
        if ledger.kind not in (None, kind):
            self._warnings += _forget_keys(ledger)
        refuse_unfit_kind(self._settings, kind)
        self._floor.check(kind, rows)
        self._ledger.kind = kind
        return read_keys(rows.keys, kind)

    def _see_top(self, keys: list[Any], rows: AnsweredRows, at: float, now: float) -> None:
        warning = self._lookback.see_top(keys, rows, at, now)
        if warning is not None:
            self._warnings.append(warning)
        if self._ledger.kind is not KeyKind.INTEGER or self._settings.keys_move:
            return
        note_newest(self._ledger, keys)

    def _learn_row(self, ask: RowAsk, answer: Answer, at: float, now: float) -> Lesson:
        if isinstance(answer, RowFailed):
            self._refresher.failed_at(ask.key)
            if self._sync.walk is None:
                self._warnings += self._walker.settle()
            return Lesson()
        self._refresher.failed.answered()
        if isinstance(answer, RowNotThere):
            return Lesson((), tuple(self._refresher.missed(ask.key, at)))
        if not isinstance(answer, FoundRow):
            raise TypeError(f"a row cannot answer {type(answer).__name__}")
        kind, raw = self._ledger.kind, answer.rows.keys
        if kind is None or len(raw) != 1 or read_key(raw[0], kind) != ask.key:
            found = f"row `{shown(raw[0])}`" if len(raw) == 1 else f"{len(raw)} rows"
            raise PageError(
                f"row `{shown(ask.identity)}` was asked for, but {found} came. Check "
                "`incremental.refresh_path` and `incremental.refresh_selector`."
            )
        chosen = self._fixed.read_row(ask.key, answer.rows, at, now)
        too_many = self._refresher.bound_open_rows()
        return Lesson(chosen, (), () if too_many is None else (too_many,))


def _progress_of(ledger: Ledger, started: float) -> tuple[SyncProgress, bool]:
    """The progress of a sync, and whether the sync begins with this planner."""
    if ledger.sync is not None and ledger.sync.started == started:
        return ledger.sync, False
    ledger.sync = SyncProgress(started, due={*ledger.open, *ledger.touched})
    for span in ledger.coverage.spans:
        if not span.is_firm:
            span.edge = frozenset()
    return ledger.sync, True


def _forget_keys(ledger: Ledger) -> list[str]:
    """Forgets what is known by the keys that the listing had before; says what that costs."""
    followed = len(ledger.open)
    ledger.forget_keys()
    if not followed:
        return []
    return [
        f"the listing has other keys than before: the rows that could still change ({followed:,}) "
        "are looked at again only where the listing shows them."
    ]
