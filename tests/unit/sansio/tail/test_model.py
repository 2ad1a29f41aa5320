"""Random histories of a small API, followed by syncs that may break off at any request.

More of them than the few that run each time:

    HEADRACE_EXAMPLES=2000 scripts/test tests/unit/sansio/tail/test_model.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from headrace.sansio.tail import OwnListAsk, RowAsk, from_state, to_state
from tests.unit.sansio.tail.model import Mirror, Row, Server, Sync, tail

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
GRACE = 600.0
PICKS = st.integers(0, 1_000)


class Histories(RuleBasedStateMachine):
    """What any listing does, and how a sync may go."""

    server: Server
    mirror: Mirror
    sync: Sync | None = None
    next_id = 0

    def begin(self, limit: int, as_key: Callable[[Any], Any], **changes: Any) -> None:
        self.server = Server(limit)
        changes.setdefault("limit", limit)
        self.mirror = Mirror(tail(**changes), self.server, as_key=as_key)

    def pick(self, pick: int, rows: list[Row]) -> Row | None:
        return rows[pick % len(rows)] if rows else None

    def put(self, row: Row) -> None:
        self.server.rows[row.id] = row

    def change(self, row: Row, **changes: Any) -> None:
        self.put(replace(row, version=row.version + 1, **changes))

    @rule()
    def expire_cursors(self) -> None:
        self.server.epoch += 1

    @precondition(lambda self: self.sync is None)
    @rule()
    def list_anew(self) -> None:
        """The next sync reads the whole listing again; what is loaded stays."""
        anew = from_state(self.mirror.state).ledger.anew(keeps_bound=True)
        self.mirror.state = to_state(anew)

    @precondition(lambda self: self.sync is None)
    @rule()
    def start_sync(self) -> None:
        self.mirror.clock += 1
        self.sync = Sync(self.mirror, self.mirror.clock)

    @precondition(lambda self: self.sync is not None)
    @rule(count=st.integers(1, 6), choice=st.integers(0, 5))
    def go_on(self, count: int, choice: int) -> None:
        assert self.sync is not None
        for _ in range(count):
            if self.sync.is_done:
                self.finish_sync()
                return
            self.sync.step(choice)

    @precondition(lambda self: self.sync is not None)
    @rule()
    def end_leg(self) -> None:
        assert self.sync is not None
        self.sync.commit()

    @precondition(lambda self: self.sync is not None)
    @rule()
    def crash(self) -> None:
        self.sync = None

    @rule(choice=st.integers(0, 5))
    def finish_sync(self, choice: int = 0) -> None:
        """Goes through with the sync under way, or one without a break."""
        if self.sync is None:
            self.start_sync()
        sync = self.sync
        assert sync is not None
        before = len(self.server.requests)
        while not sync.is_done:
            sync.step(choice)
            assert len(self.server.requests) - before < 2_000, "the sync does not end"
        sync.commit()
        self.sync = None
        self.check_promise(sync)

    def check_promise(self, sync: Sync) -> None:
        spans = sync.ledger.coverage.spans
        if not spans:
            return
        for number, row in sync.before.items():
            if number not in self.server.rows or not self.is_promised(row, sync):
                continue
            assert number in self.mirror.table, f"row {row} is missing"
            loaded = self.mirror.table[number]
            assert loaded.version >= row.version, f"{loaded} is older than {row}"

    def is_promised(self, row: Row, sync: Sync) -> bool:
        spans = sync.ledger.coverage.spans
        return bool(spans[-1].low <= row.key <= spans[0].high)


class FixedKeyHistories(Histories):
    """Rows that keep their keys: hidden, open, late, retried in two steps, pruned."""

    def __init__(self) -> None:
        super().__init__()
        self.reserved: dict[int, float] = {}
        self.promised_changes: list[tuple[float, int]] = []

    @initialize(
        limit=st.integers(1, 6), as_key=st.sampled_from([int, str]), count=st.integers(0, 12)
    )
    def start(self, limit: int, as_key: Callable[[Any], Any], count: int) -> None:
        self.begin(limit, as_key)
        for _ in range(count):
            self.new_row()

    def new_row(self, **fields: Any) -> None:
        self.next_id += 1
        self.put(Row(self.next_id, self.next_id, **fields))

    @rule(count=st.integers(1, 8))
    def finished_rows(self, count: int) -> None:
        for _ in range(count):
            self.new_row()

    @rule(is_hidden=st.booleans())
    def running_row(self, is_hidden: bool) -> None:
        self.new_row(settled=False, hidden=is_hidden)

    @rule(pick=PICKS, is_hidden=st.booleans())
    def retry(self, pick: int, is_hidden: bool) -> None:
        named = {row.names for row in self.server.rows.values()}
        rows = [r for r in self.server.rows.values() if r.settled and r.id not in named]
        older = self.pick(pick, rows)
        if older is not None:
            self.new_row(settled=False, hidden=is_hidden, names=older.id)

    @rule(pick=PICKS)
    def finish_row(self, pick: int) -> None:
        row = self.pick(pick, [r for r in self.server.rows.values() if not r.settled])
        if row is None:
            return
        self.change(row, settled=True, hidden=False)
        if row.names is not None:
            self.promised_changes.append((self.mirror.clock + GRACE, row.names))

    @rule(pick=PICKS, is_hidden=st.booleans())
    def change_running_row(self, pick: int, is_hidden: bool) -> None:
        row = self.pick(pick, [r for r in self.server.rows.values() if not r.settled])
        if row is not None:
            self.change(row, hidden=is_hidden)

    @precondition(lambda self: self.promised_changes)
    @rule()
    def second_step(self) -> None:
        _, number = self.promised_changes.pop(0)
        row = self.server.rows.get(number)
        if row is not None:
            self.change(row)

    @rule()
    def reserve(self) -> None:
        self.next_id += 1
        self.reserved[self.next_id] = self.mirror.clock + GRACE

    @precondition(lambda self: self.reserved)
    @rule(pick=PICKS, is_settled=st.booleans())
    def late_row(self, pick: int, is_settled: bool) -> None:
        number = sorted(self.reserved)[pick % len(self.reserved)]
        del self.reserved[number]
        self.put(Row(number, number, settled=is_settled))

    @rule(seconds=st.sampled_from([1.0, 30.0, 300.0, 900.0]))
    def wait(self, seconds: float) -> None:
        """Time passes; what a server does in two steps is done within the grace."""
        self.mirror.clock += seconds
        while any(limit <= self.mirror.clock for limit, _ in self.promised_changes):
            self.second_step()
        self.reserved = {
            number: limit for number, limit in self.reserved.items() if limit > self.mirror.clock
        }

    @rule(pick=PICKS, is_oldest=st.booleans())
    def delete(self, pick: int, is_oldest: bool) -> None:
        # A row that is deleted before it was seen cannot tell which row it changed.
        table = self.mirror.table
        rows = [r for r in self.server.rows.values() if r.names is None or table.get(r.id) == r]
        if len(self.newest_seen() & self.server.rows.keys()) <= 1:
            rows = [r for r in rows if r.id not in self.newest_seen()]
        row = self.pick(0 if is_oldest else pick, sorted(rows, key=lambda row: row.id))
        if row is not None:
            del self.server.rows[row.id]

    def newest_seen(self) -> set[int]:
        """If none of these is there any more, the source counts as reset."""
        return set(self.mirror.state["newest"] if self.mirror.state else ())

    @precondition(lambda self: self.sync is None)
    @rule()
    def quiet_sync(self) -> None:
        """A sync without anything happening meanwhile keeps within its bound of requests."""
        self.start_sync()
        sync = self.sync
        assert sync is not None
        ledger = sync.ledger
        spans = ledger.coverage.spans
        if not spans or ledger.coverage.first_hole() is not None:
            self.finish_sync()
            return
        shown = [row for row in self.server.rows.values() if not row.hidden]
        newer = [row for row in shown if row.key > spans[0].high]
        new, touching = len(newer), sum(row.names is not None for row in newer)
        again = len(ledger.open | ledger.touched.keys())
        has_open, gaps = bool(ledger.open), len(ledger.missing)
        top, names = spans[0].high, [row for row in self.server.rows.values() if row.names]
        self.finish_sync()
        lists = sum(not hasattr(ask, "identity") for ask in sync.asked)
        singles = len(sync.asked) - lists
        reserved = max(sync.ledger.coverage.spans[0].high - top - new, 0)
        if has_open and not self.mirror.settings.has_refresh_path:
            again = ceil(len(shown) / self.server.limit)
        # A page may be the cheapest way to rows that the new ones touch.
        assert lists <= ceil(new / self.server.limit) + 1 + again + touching
        assert singles <= 2 * again + len(names) + gaps + reserved


class FailingPathHistories(FixedKeyHistories):
    """The same where the path of some rows fails: what is not held is on record."""

    @rule(pick=PICKS)
    def break_path(self, pick: int) -> None:
        self.server.failing.add(pick % (self.next_id + 3))

    @rule()
    def mend_paths(self) -> None:
        self.server.failing.clear()

    def is_promised(self, row: Row, sync: Sync) -> bool:
        return super().is_promised(row, sync) and row.id not in sync.left

    def check_promise(self, sync: Sync) -> None:
        super().check_promise(sync)
        assert self.server.failing or not sync.left

    @rule()
    def quiet_sync(self) -> None:
        """The bound of requests is another one where paths fail."""
        self.finish_sync()


class HiddenListingHistories(FixedKeyHistories):
    """The same where the server lists the rows that it hides, for as long as it does."""

    parks = False

    @initialize(
        limit=st.integers(1, 6),
        as_key=st.sampled_from([int, str]),
        count=st.integers(0, 12),
        trust_after=st.sampled_from([0, 3, 100]),
        max_probes=st.sampled_from([3, 200]),
        hidden_by=st.sampled_from(["listing", "listing", "plain", "refusal"]),
        has_open=st.booleans(),
        late_rows=st.sampled_from(["probe", "none"]),
        max_gaps=st.sampled_from([20, 20_000]),
    )
    def start(
        self,
        limit: int,
        as_key: Callable[[Any], Any],
        count: int,
        trust_after: int,
        max_probes: int,
        hidden_by: str,
        has_open: bool,
        late_rows: str,
        max_gaps: int,
    ) -> None:
        if self.parks or hidden_by != "listing":
            trust_after, max_probes, late_rows, max_gaps = 10_000, 200, "probe", 20_000
        self.begin(
            limit,
            as_key,
            has_hidden=True,
            late_rows=late_rows,
            has_open=has_open,
            trust_after=trust_after,
            max_probes=max_probes,
            max_gaps=max_gaps,
        )
        self.mirror.has_instants = True
        self.server.hidden_by = hidden_by
        for _ in range(count):
            self.new_row()

    def put(self, row: Row) -> None:
        made = self.server.rows[row.id].made if row.id in self.server.rows else self.mirror.clock
        super().put(replace(row, made=made, parked=row.parked and row.hidden))

    # So few that all can be asked for where there is no listing of hidden rows.
    @precondition(lambda self: self.mirror.settings.trust_after < 10_000 or self.next_id < 100)
    @rule(count=st.sampled_from([1, 50, 250]))
    def keep_nothing(self, count: int) -> None:
        """Ids of which there never is a row."""
        self.next_id += count if self.mirror.settings.trust_after < 10_000 else min(count, 50)

    @rule(pick=PICKS)
    def park(self, pick: int) -> None:
        rows = [r for r in self.server.rows.values() if not r.settled and self.parks]
        row = self.pick(pick, rows)
        if row is not None:
            self.change(row, hidden=True, parked=True)

    @precondition(lambda self: self.mirror.settings.trust_after == 10_000)
    @rule(hidden_by=st.sampled_from(["listing", "plain", "refusal"]))
    def replace_server(self, hidden_by: str) -> None:
        self.server.hidden_by = hidden_by

    @rule()
    def wait_for_days(self) -> None:
        self.wait(200_000.0)

    def is_promised(self, row: Row, sync: Sync) -> bool:
        """Where hidden rows are not listed, no sync asks for more missing keys than its bound."""
        done, settings = sync.ledger.sync, self.mirror.settings
        assert done is not None
        is_left = not done.knows_hidden and len(done.asked) >= settings.max_probes
        is_later = is_left and row.key in sync.ledger.missing
        return super().is_promised(row, sync) and not is_later

    @rule()
    def quiet_sync(self) -> None:
        """Where the listing of hidden rows is trusted, a sync asks for next to no missing key."""
        if self.sync is not None:
            self.finish_sync()
        is_trusted = from_state(self.mirror.state).ledger.vain >= self.mirror.settings.trust_after
        self.start_sync()
        sync = self.sync
        assert sync is not None
        again = len(sync.ledger.open | sync.ledger.touched.keys())
        names = sum(row.names is not None for row in self.server.rows.values())
        hidden = sum(row.hidden for row in self.server.rows.values())
        self.finish_sync()
        own = [ask.of for ask in sync.asked if isinstance(ask, OwnListAsk)]
        singles = sum(isinstance(ask, RowAsk) for ask in sync.asked)
        if self.server.hidden_by == "listing" and sync.ledger.heeded is not None and is_trusted:
            assert own.count("hidden") <= max(ceil(hidden / self.server.limit), 1)
            assert own.count("open") <= ceil(len(self.server.rows) / self.server.limit)
            assert singles <= 2 * again + names + 4


class ParkedHistories(HiddenListingHistories):
    """The same where some rows are in neither listing: then missing keys are asked for."""

    parks = True


class ListedOnlyHistories(FixedKeyHistories):
    """The same without a path to single rows: open rows are listed again."""

    @initialize(
        limit=st.integers(1, 6), as_key=st.sampled_from([int, str]), count=st.integers(0, 12)
    )
    def start(self, limit: int, as_key: Callable[[Any], Any], count: int) -> None:
        self.begin(limit, as_key, late_rows="none", has_refresh_path=False, has_touches=False)
        for _ in range(count):
            self.new_row()

    def put(self, row: Row) -> None:
        super().put(replace(row, hidden=False))

    @rule()
    def reserve(self) -> None:
        """No row comes late."""

    @rule(pick=PICKS, is_hidden=st.booleans())
    def retry(self, pick: int, is_hidden: bool) -> None:
        """No row changes once it is settled."""


class MovingKeyHistories(Histories):
    """Rows that move to the top as they change; several may have one key."""

    time = 0

    @initialize(limit=st.integers(1, 6), count=st.integers(0, 12))
    def start(self, limit: int, count: int) -> None:
        self.begin(
            limit,
            as_key=int,
            late_rows="none",
            key_is_primary=False,
            has_settled_when=False,
            has_refresh_path=False,
            has_touches=False,
        )
        self.new_rows(count, 1)

    @rule(count=st.integers(1, 6), ticks=st.integers(0, 1))
    def new_rows(self, count: int, ticks: int) -> None:
        self.time += ticks
        for _ in range(count):
            self.next_id += 1
            self.put(Row(self.next_id, self.time))

    @rule(pick=PICKS)
    def move(self, pick: int) -> None:
        self.time += 1
        row = self.pick(pick, list(self.server.rows.values()))
        if row is not None:
            self.change(row, key=self.time)

    @rule(pick=PICKS)
    def join_the_newest(self, pick: int) -> None:
        rows = [row for row in self.server.rows.values() if row.key < self.time]
        row = self.pick(pick, rows)
        if row is not None:
            self.change(row, key=self.time)

    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        row = self.pick(pick, list(self.server.rows.values()))
        if row is not None:
            del self.server.rows[row.id]

    def is_promised(self, row: Row, sync: Sync) -> bool:
        return True


class LookbackHistories(Histories):
    """Settled rows that appear up to some seconds late, found by listing those again."""

    seconds = 600.0

    @initialize(limit=st.integers(1, 6), sort=st.sampled_from(["times", "instants", "checkpoints"]))
    def start(self, limit: int, sort: str) -> None:
        self.begin(
            limit,
            iso_time if sort == "times" else int,
            late_rows=self.seconds,
            has_settled_when=False,
            has_refresh_path=False,
            has_touches=False,
        )
        self.mirror.has_instants = sort == "instants"
        self.has_clock = sort != "checkpoints"
        self.reserved: dict[int, Row] = {}
        self.first_top: int | None = None

    def reserve_row(self) -> Row:
        self.next_id = max(self.next_id + 1, int(self.mirror.clock * 1_000))
        return Row(self.next_id, self.next_id, made=self.mirror.clock)

    @rule(count=st.integers(1, 8))
    def rows(self, count: int) -> None:
        for _ in range(count):
            self.put(self.reserve_row())

    @rule()
    def reserve(self) -> None:
        row = self.reserve_row()
        self.reserved[row.id] = row

    @precondition(lambda self: self.reserved)
    @rule(pick=PICKS)
    def late_row(self, pick: int) -> None:
        self.put(self.reserved.pop(sorted(self.reserved)[pick % len(self.reserved)]))

    @rule(seconds=st.sampled_from([1.0, 200.0, 450.0, 900.0]))
    def wait(self, seconds: float) -> None:
        self.mirror.clock += seconds
        oldest = self.mirror.clock - self.seconds
        self.reserved = {k: row for k, row in self.reserved.items() if row.made > oldest}

    @rule(pick=PICKS)
    def delete(self, pick: int) -> None:
        row = self.pick(pick, list(self.server.rows.values()))
        if row is not None:
            del self.server.rows[row.id]

    def is_promised(self, row: Row, sync: Sync) -> bool:
        """Without times, only rows above the first top of all can be known to be late."""
        points = sync.ledger.checkpoints
        if not self.has_clock and self.first_top is None:
            self.first_top = points[0].key
        return self.has_clock or self.first_top is None or row.key > self.first_top


def iso_time(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1_000, UTC).isoformat()


BUDGET = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestFixedKeys = FixedKeyHistories.TestCase
TestFixedKeys.settings = BUDGET
TestFailingPath = FailingPathHistories.TestCase
TestFailingPath.settings = BUDGET
TestHiddenListing = HiddenListingHistories.TestCase
TestHiddenListing.settings = BUDGET
TestParked = ParkedHistories.TestCase
TestParked.settings = BUDGET
TestListedOnly = ListedOnlyHistories.TestCase
TestListedOnly.settings = BUDGET
TestLookback = LookbackHistories.TestCase
TestLookback.settings = BUDGET
TestMovingKeys = MovingKeyHistories.TestCase
TestMovingKeys.settings = BUDGET


def test_the_last_look_at_the_top_is_taken_again_where_its_cursor_is_refused() -> None:
    """Two rows get the newest key while the listing is read; the page of one is not to be had."""
    history = MovingKeyHistories()
    history.start(limit=3, count=0)
    history.new_rows(count=5, ticks=0)
    history.new_rows(count=2, ticks=1)
    history.start_sync()
    history.go_on(count=2, choice=0)
    for _ in range(2):
        history.join_the_newest(0)
    history.go_on(count=4, choice=0)
    history.expire_cursors()

    history.finish_sync()

    assert sorted(history.mirror.table) == [1, 2, 3, 4, 5, 6, 7]
