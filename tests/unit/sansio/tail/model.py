"""A small API with a tail, and a mirror that follows it with a planner."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.core.exceptions import PageError
from headrace.sansio.tail import (
    AnsweredRows,
    CursorRefused,
    FoundRow,
    GoneRow,
    Ledger,
    Lesson,
    ListedPage,
    OwnListAsk,
    OwnListRefused,
    Planner,
    RowAsk,
    RowFailed,
    RowNotThere,
    TailSettings,
    from_state,
    to_state,
)
from headrace.sansio.tail.messages import Answer, Ask, OwnListing


@dataclass(frozen=True)
class Row:
    """A row of the model: `names` is an older row that changes because of it, `made` a time.

    A hidden row is in the listing of hidden rows, unless it is parked.
    """

    id: int
    key: Any
    version: int = 0
    settled: bool = True
    hidden: bool = False
    names: int | None = None
    made: float = 0.0
    parked: bool = False


@dataclass
class Server:
    """Holds rows, and lists those that are not hidden, newest first.

    Args:
        failing: the ids of those whose own path fails.
        hidden_by: how it answers where it is asked for rows of one kind: `listing` gives them,
            `plain` takes no notice, `refusal` refuses.
        starts: What it makes of a filter by key: `heeded` shows the rows below, `at most` the row
            with that key too, `ignored` all of them, `refused` none.
    """

    limit: int
    rows: dict[int, Row] = field(default_factory=dict)
    epoch: int = 0
    requests: list[str] = field(default_factory=list)
    failing: set[int] = field(default_factory=set)
    hidden_by: str = "listing"
    starts: str = "heeded"

    def list(self, cursor: str | None, below: str | None = None) -> ListedPage | CursorRefused:
        """A page of the listing; the cursor names the last row seen."""
        self.requests.append("list")
        rows = [row for row in self.rows.values() if not row.hidden]
        if below is None or self.starts == "ignored":
            return self._page(rows, cursor)
        if self.starts == "refused":
            return CursorRefused()
        bound = int(below) + (self.starts == "at most")
        return self._page([row for row in rows if row.key < bound], cursor)

    def list_own(
        self, of: OwnListing, cursor: str | None
    ) -> ListedPage | CursorRefused | OwnListRefused:
        """A page of the hidden rows that are not parked, or of the open ones that are listed."""
        if self.hidden_by == "plain":
            return self.list(cursor)
        self.requests.append(of)
        if self.hidden_by == "refusal":
            return OwnListRefused(400)
        if of == "open":
            found = [row for row in self.rows.values() if not row.hidden and not row.settled]
        else:
            found = [row for row in self.rows.values() if row.hidden and not row.parked]
        return self._page(found, cursor)

    def _page(self, rows: Iterable[Row], cursor: str | None) -> ListedPage | CursorRefused:
        shown = sorted(rows, key=lambda row: (row.key, row.id), reverse=True)
        if cursor is not None:
            epoch, key, last = json.loads(cursor)
            if epoch != self.epoch:
                return CursorRefused()
            shown = [row for row in shown if (row.key, row.id) < (key, last)]
        page, rest = shown[: self.limit], shown[self.limit :]
        following = json.dumps([self.epoch, page[-1].key, page[-1].id]) if rest else None
        return ListedPage(AnsweredRows(page), following)

    def get(self, number: int) -> Row | None:
        """One row by its path, hidden or not."""
        self.requests.append("row")
        return self.rows.get(number)


@dataclass
class Mirror:
    """A table kept by a planner, with what was last committed to fall back to."""

    settings: TailSettings
    server: Server
    table: dict[int, Row] = field(default_factory=dict)
    gone: list[GoneRow] = field(default_factory=list)
    state: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    as_key: Callable[[Any], Any] = int
    has_instants: bool = False
    clock: float = 1_000_000.0
    on_record: dict[str, int] = field(default_factory=dict)
    at_once: int = 3

    def sync(self, between: Callable[[Sync], None] | None = None) -> Sync:
        """One sync to its end."""
        self.clock += 1
        sync = Sync(self, self.clock)
        while not sync.is_done:
            sync.step()
            if between is not None:
                between(sync)
        sync.commit()
        return sync


class Sync:
    """One sync of a mirror, a request at a time."""

    def __init__(self, mirror: Mirror, started: float) -> None:
        self.mirror = mirror
        self.started = started
        self.before = dict(mirror.server.rows)
        self.loaded: list[int] = []
        self.requests = 0
        self.left: set[int] = set()
        self.asked: list[Ask] = []
        self._start_leg()

    def _start_leg(self) -> None:
        ledger = from_state(self.mirror.state).ledger
        self.planner = Planner(
            self.mirror.settings,
            ledger,
            sync_started=self.started,
            tries=self.mirror.on_record,
        )
        self.leg: dict[int, Row] = {}
        self.gone: list[GoneRow] = []
        self.waiting: list[Ask] = []

    @property
    def is_done(self) -> bool:
        """Nothing is left to ask."""
        return self.planner.is_done

    @property
    def ledger(self) -> Ledger:
        """Of the leg under way."""
        return self.planner.ledger

    def step(self, choice: int = 0) -> None:
        """Makes one of the requests that may be made, or begins the next leg."""
        if self.planner.is_leg_over:
            self.commit()
            return
        clock = self.mirror.clock
        self.waiting += self.planner.asks(clock, most=self.mirror.at_once)
        assert self.waiting, "not done, but nothing to ask"
        ask = self.waiting.pop(choice % len(self.waiting))
        self.requests += 1
        self.asked.append(ask)
        rows, answer = self._answer(ask)
        self._take(rows, self.planner.learn(ask, answer, clock))

    def _answer(self, ask: Ask) -> tuple[list[Row], Answer]:
        server = self.mirror.server
        if isinstance(ask, RowAsk) and int(ask.identity) in server.failing:
            server.requests.append("row")
            return [], RowFailed()
        if isinstance(ask, RowAsk):
            row = server.get(int(ask.identity))
            return ([], RowNotThere()) if row is None else ([row], FoundRow(self.described([row])))
        if isinstance(ask, OwnListAsk):
            page = server.list_own(ask.of, ask.cursor)
        else:
            page = server.list(ask.cursor, ask.below)
        if not isinstance(page, ListedPage):
            return [], page
        rows = list(page.rows.keys)
        return rows, replace(page, rows=self.described(rows))

    def described(self, rows: list[Row]) -> AnsweredRows:
        """What the planner hears of rows."""
        settings = self.mirror.settings
        names: list[tuple[int, Any]] = []
        if settings.has_touches:
            names = [(i, row.names) for i, row in enumerate(rows) if row.names is not None]
        return AnsweredRows(
            keys=[self.mirror.as_key(row.key) for row in rows],
            identities=None if settings.key_is_primary else [row.id for row in rows],
            settled=[row.settled for row in rows] if settings.has_settled_when else None,
            touches=names,
            read_instants=(lambda: [row.made for row in rows])
            if self.mirror.has_instants
            else None,
        )

    def _take(self, rows: list[Row], lesson: Lesson) -> None:
        for index in lesson.load:
            row = rows[index]
            assert row.id not in self.leg, f"row {row.id} is loaded twice in a leg"
            self.leg[row.id] = row
            self.loaded.append(row.id)
        self.gone += lesson.gone
        self.mirror.warnings += lesson.warnings

    def commit(self) -> None:
        """Ends the leg: its rows and its ledger are saved together."""
        mirror = self.mirror
        mirror.table |= self.leg
        mirror.gone += self.gone
        mirror.state = json.loads(json.dumps(to_state(self.planner.ledger)))
        rows = mirror.server.rows.keys() | mirror.server.failing
        self.left = {number for number in rows if self.is_left(number)}
        tries = mirror.on_record
        mirror.on_record = {str(each): tries.get(str(each), 0) + 1 for each in self.left}
        self._start_leg()

    def is_left(self, number: int) -> bool:
        """Whether a row was to be read by its own path, and was not."""
        key = self.planner.key_of(self.mirror.as_key(number))
        return key is not None and self.planner.rows.is_left(key)


def tail(**changes: Any) -> TailSettings:
    """Settings for a listing like that of an executions API, with changes."""
    settings = TailSettings(
        row_order="desc",
        late_rows="probe",
        key_is_primary=True,
        has_settled_when=True,
        has_refresh_path=True,
        has_touches=True,
        has_filter=False,
        limit=3,
    )
    return replace(settings, **changes)


__all__ = ["Mirror", "PageError", "Row", "Server", "Sync", "tail"]
