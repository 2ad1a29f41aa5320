"""Lanes and stretches by keys that are times, written with as many digits as each of them has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.sansio.tail import CursorRefused, ListedPage, Planner, from_state, to_state
from headrace.sansio.tail.key_starts import KeyStarts
from headrace.sansio.tail.keys import KeyKind, read_key
from headrace.sansio.tail.merging import merged
from headrace.sansio.tail.settings import KeyLaneSettings
from headrace.sansio.tail.within import Within
from tests.unit.sansio.tail.model import Mirror, Row, Server, Sync, tail

BEGIN = 1_750_000_000_000


def time_of(number: int) -> int:
    """Most times are whole seconds, as the newest are, and so are written without a fraction."""
    if number >= 150:
        return BEGIN + number * 1_000
    return BEGIN + number * 1_000 - 500 * (number % 3 == 0) - 1_000 * (number % 3 == 1)


def written(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1_000, UTC).isoformat()


class TimedServer(Server):
    """Lists the rows before a time."""

    def list(self, cursor: str | None, below: str | None = None) -> ListedPage | CursorRefused:
        micros = None if below is None else read_key(below, KeyKind.TIME)
        return super().list(cursor, None if micros is None else str(-(-micros // 1_000)))


def timed_mirror(rows: int, limit: int, lanes: KeyLaneSettings) -> Mirror:
    server = TimedServer(limit)
    for number in range(rows):
        key = time_of(number)
        server.rows[key] = Row(key, key)
    listed_only = {"late_rows": "none", "has_refresh_path": False, "has_touches": False}
    settings = tail(limit=limit, lanes=lanes, **listed_only)
    return Mirror(settings, server, as_key=written)


@pytest.mark.parametrize("limit", [2, 3, 7])
def test_no_row_is_passed_over_between_two_pages(limit: int) -> None:
    lanes = KeyLaneSettings(4, rows=40, least_rows=5, after=3)
    mirror = timed_mirror(200, limit, lanes)
    mirror.at_once = 4

    mirror.sync()

    assert not mirror.warnings
    assert sorted(mirror.table) == sorted(mirror.server.rows)


class StretchSync(Sync):
    """The reading of one stretch."""

    def __init__(self, mirror: Mirror, within: Within) -> None:
        self.within = within
        super().__init__(mirror, mirror.clock)

    def _start_leg(self) -> None:
        ledger = from_state(to_state(self.within.ledger())).ledger
        self.planner = Planner(
            tail(late_rows="none", has_refresh_path=False, has_touches=False),
            ledger,
            sync_started=self.started,
            is_one_leg=True,
            within=self.within,
        )
        self.leg, self.gone, self.waiting = {}, [], []


@pytest.mark.parametrize("example", [time_of(1), time_of(3)], ids=["seconds", "with a fraction"])
def test_stretches_have_each_row_once(example: int) -> None:
    lanes = KeyLaneSettings(1)
    mirror = timed_mirror(200, 7, lanes)
    starts = KeyStarts(lanes, KeyKind.TIME, written(example))
    edges = [read_key(written(time_of(number) + 20), KeyKind.TIME) for number in (150, 100)]
    states: list[Any] = []
    for high, low in zip([None, *edges], [*edges, None], strict=True):
        sync = StretchSync(mirror, Within(high, low, starts))
        while not sync.is_done:
            sync.step()
        assert mirror.table.keys().isdisjoint(sync.leg)
        mirror.table |= sync.leg
        states.append(to_state(sync.within.told(sync.planner.ledger, None, 0.0)))
    ledger = merged([from_state(state).ledger for state in states], mirror.settings)

    assert sorted(mirror.table) == sorted(mirror.server.rows)
    assert len(ledger.coverage.spans) == 1
    assert ledger.coverage.has_ended
