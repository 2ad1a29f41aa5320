"""Clocks that go back between loads, or differ: the ids of loads, which are times, mislead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headrace import sync
from headrace.config import parse_config
from headrace.core.exceptions import RequestError
from headrace.dlt_source.source import build_source
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.stories.missing_rows import test_dependent_resources as dependent
from tests.stories.missing_rows import test_kept_up as kept_up
from tests.stories.missing_rows.test_missing_rows import DELETE, config, keys, load, shows
from tests.support.clocks import LoadClock
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

PAGES = {
    "path": "items",
    "paginator": {"type": "offset", "limit": 3, "total_path": None},
    "data_selector": "data",
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> LoadClock:
    made = LoadClock()
    made.set_up(monkeypatch)
    return made


def shows_pages(server: JsonServer, *listed: int) -> None:
    def answer(asked: Any) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"data": [{"id": key, "n": key} for key in listed[offset : offset + 3]]})

    server.handler = answer


@contextmanager
def followed_listing() -> Iterator[KeptListing]:
    """A listing of eight rows, half of which can still change."""
    with KeptListing(page=3) as listing:
        for number in range(1, 9):
            listing.put(kept_up.row(number, "running" if number % 2 else "success"))
        yield listing


def run_by_dlt(server: JsonServer, warehouse: Warehouse, **hints: Any) -> None:
    """Loads, and does no more: as a sync that is killed behind its load."""
    warehouse.pipeline().run(build_source(parse_config(config(server, DELETE, **hints))))


@pytest.mark.parametrize("ahead", [0, 5])
def test_a_load_that_was_killed_before_the_clock_went_back(
    ahead: int, server: JsonServer, warehouse: Warehouse, clock: LoadClock
) -> None:
    clock.ahead = ahead
    shows_pages(server, *range(9))
    load(server, warehouse, DELETE, endpoint=PAGES)
    shows_pages(server, *range(1, 9))
    run_by_dlt(server, warehouse, endpoint=PAGES)
    clock.ahead = 2
    load(server, warehouse, DELETE, endpoint=PAGES)
    assert keys(warehouse) == list(range(1, 9))


def test_what_went_when_the_clock_had_gone_back(
    server: JsonServer, warehouse: Warehouse, clock: LoadClock
) -> None:
    for listed, ahead in ((9, 5), (8, 3), (7, 4), (6, 1), (6, 0), (5, 0)):
        clock.ahead = ahead
        shows_pages(server, *range(listed))
        load(server, warehouse, DELETE, endpoint=PAGES)
        assert keys(warehouse) == list(range(listed))


def test_a_row_in_quarantine_when_the_clock_had_gone_back(
    server: JsonServer, warehouse: Warehouse, clock: LoadClock
) -> None:
    numbers: dict[str, Any] = {"columns": {"n": {"data_type": "bigint"}}}
    for ahead in (5, 3, 3, 1):
        clock.ahead = ahead
        bad = {"id": 2, "n": "many" if ahead < 5 else 2}
        server.answers([{"id": 1, "n": 1}, bad])
        load(server, warehouse, DELETE, **numbers)
        assert keys(warehouse) == [1, 2]


def test_the_share_that_may_go_holds_for_what_both_listings_show(
    server: JsonServer, warehouse: Warehouse, clock: LoadClock
) -> None:
    """Whatever the ids say, the last count before rows go is held to the share too."""
    few = {"action": "delete", "most": 0.2}
    shows_pages(server, *range(30))
    load(server, warehouse, few, endpoint=PAGES)
    clock.ahead = 3
    shows_pages(server, *range(29))
    warehouse.pipeline().run(build_source(parse_config(config(server, few, endpoint=PAGES))))
    clock.ahead = -3
    load(server, warehouse, few, endpoint=PAGES)
    assert keys(warehouse) == list(range(29))


def test_the_state_that_a_new_machine_restores_is_not_the_last_one(
    server: JsonServer, tmp_path: Path, clock: LoadClock
) -> None:
    """It is that of the load with the greatest id, which a clock ahead has given."""
    first, second = Warehouse(tmp_path), Warehouse(tmp_path)
    clock.ahead = 5
    shows(server, 1, 2)
    load(server, first, DELETE)
    clock.ahead = 0
    shows(server, 1, 2, 3)
    load(server, first, DELETE)
    assert keys(first) == [1, 2, 3]
    (tmp_path / "pipelines").rename(tmp_path / "other machine")
    server.answers(Answer({"error": "down"}, 500))
    with pytest.raises(RequestError):
        load(server, second, DELETE)
    assert keys(second) == [1, 2, 3]
    shows(server, 1, 3)
    for _ in range(2):
        load(server, second, DELETE)
    assert keys(second) == [1, 3]


def test_a_row_of_its_own_path_that_came_again_when_the_clock_had_gone_back(
    warehouse: Warehouse, clock: LoadClock
) -> None:
    with followed_listing() as listing:
        clock.ahead = 5
        kept_up.load(listing, warehouse)
        first = next(iter(listing.rows))
        gone = listing.rows.pop(first)
        kept_up.load(listing, warehouse)
        warehouse.pipeline().run(kept_up.source_of(listing, "delete"))
        listing.put(gone)
        clock.ahead = 0
        sync(warehouse.pipeline(), kept_up.source_of(listing, "keep"), list_anew=True)
        kept_up.load(listing, warehouse)
        assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(8,)]


def test_a_row_of_its_own_path_that_went_when_the_clock_had_gone_back(
    warehouse: Warehouse, clock: LoadClock
) -> None:
    with followed_listing() as listing:
        clock.ahead = 5
        kept_up.load(listing, warehouse)
        clock.ahead = 0
        listing.rows.pop(next(iter(listing.rows)))
        kept_up.load(listing, warehouse)
        kept_up.load(listing, warehouse)
        assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(7,)]


def test_what_belongs_to_a_parent_when_the_clock_had_gone_back(
    server: JsonServer, warehouse: Warehouse, clock: LoadClock
) -> None:
    shop = server.handler = dependent.Changing({1: [10, 11], 2: [20]})
    shop.changed = {1: "2026-01-01", 2: "2026-01-01"}
    source = dependent.by_change
    clock.ahead = 5
    warehouse.pipeline().run(source(server, incremental=dependent.BY_CHANGE))
    clock.ahead = 3
    shop.orders, shop.changed[1] = {1: [11, 12], 2: [20]}, "2026-01-02"
    warehouse.pipeline().run(source(server, incremental=dependent.BY_CHANGE))
    clock.ahead = 0
    shop.orders[1], shop.changed[1] = [10, 12, 13], "2026-01-03"
    sync(warehouse.pipeline(), source(server, incremental=dependent.BY_CHANGE))
    assert dependent.pairs(warehouse) == [(1, 10), (1, 12), (1, 13), (2, 20)]
