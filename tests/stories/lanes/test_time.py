"""Windows of time are read at once, and end up as if one reader had gone through them."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import headrace
from headrace import HeadraceError, rest_api_source, sync
from headrace.config import ResourceConfig, parse_config
from headrace.dlt_source.sample import take_sample
from tests.stories.incremental.calendar import SMALL, Calendar
from tests.stories.incremental.changing_items import cursors_of
from tests.stories.lanes.timed_items import FIRST, TimedItems, config, lows
from tests.support.crashing import Gate, Machine, Moment
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

OPEN: dict[str, Any] = {"end_value": None}


def loaded(warehouse: Warehouse) -> list[tuple[int, str]]:
    return warehouse.query(
        "SELECT id, strftime(\"at\", '%Y-%m-%d %H') FROM test_data.items ORDER BY 1"
    )


def recent(api: TimedItems, days: int = 4) -> str:
    """Has the items lie in the last days; gives the time at which the first one was changed."""
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    shift = began - FIRST
    api.rows = {n: at + shift for n, at in api.rows.items() if at + shift < datetime.now(UTC)}
    return f"{began:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(("at_once", "concurrency", "most"), [(3, 8, 3), (None, 2, 2), (9, 4, 4)])
def test_so_many_windows_are_read_at_once_and_never_more(
    at_once: int | None, concurrency: int, most: int, server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server)
    api.wait_for(most)
    document = config(server, lanes_at_once=at_once)
    document["client"]["concurrency"] = concurrency
    report = sync(warehouse.pipeline(), rest_api_source(document))
    assert len(loaded(warehouse)) == 60
    assert api.most_at_once == most
    # Five days of twelve items, in pages of four.
    assert len(server.asked) == report.figures.of("items").requests == 15
    assert Counter(lows(server)) == {f"2026-01-0{day}": 3 for day in range(1, 6)}


def test_the_state_stands_as_if_one_reader_had_gone_through(
    server: JsonServer, tmp_path: Path
) -> None:
    api = TimedItems(server, 48)
    initial = recent(api)
    states = []
    for name, is_laned in (("one", False), ("lanes", True)):
        warehouse = Warehouse(tmp_path / f"{name}.duckdb")
        document = config(server, is_laned=is_laned, initial_value=initial, **OPEN)
        sync(warehouse.pipeline(), rest_api_source(document), legs=SMALL)
        pipeline = warehouse.pipeline()
        states.append(cursors_of(pipeline))
        server.asked.clear()
        sync(pipeline, rest_api_source(document))
        # The next sync begins at the newest item, however it was read.
        assert server.asked[0].query["from"] == f"{max(api.rows.values()):%Y-%m-%dT%H:%M:%SZ}"
    assert states[0] == states[1]


def test_an_item_that_changes_meanwhile_comes_with_the_same_sync(
    server: JsonServer, tmp_path: Path
) -> None:
    found = {}
    for is_laned in (True, False):
        api = TimedItems(server, 48)
        initial = recent(api)
        first = api.rows[0]

        def change(asked: Asked, api: TimedItems = api) -> Answer | None:
            # It leaves the first window before that is read, for a time behind the last one.
            api.rows[0] = max(api.rows[0], datetime.now(UTC).replace(microsecond=0))
            return None

        api.before_answer = change
        warehouse = Warehouse(tmp_path / f"{is_laned}.duckdb")
        document = config(server, is_laned=is_laned, initial_value=initial, **OPEN)
        sync(warehouse.pipeline(), rest_api_source(document))
        found[is_laned] = [at for n, at in loaded(warehouse) if n == 0]
        # What came behind the windows does not move the state on.
        (cursor,) = cursors_of(warehouse.pipeline())["items"].values()
        assert (
            cursor["last_value"]
            == f"{max(at for n, at in api.rows.items() if n):%Y-%m-%dT%H:%M:%SZ}"
        )
        assert all(at > f"{first:%Y-%m-%d %H}" for at in found[is_laned])
    assert len(found[True]) == 1
    # One reader has it with the next sync.
    assert found[False] == []


def test_what_has_just_changed_is_looked_at_once_more_and_no_further(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server, 48)
    document = config(server, initial_value=recent(api), **OPEN)
    sync(warehouse.pipeline(), rest_api_source(document))
    windows = len(set(lows(server)))
    asked = server.asked[-1].query
    low, high = (datetime.fromisoformat(asked[end]) for end in ("from", "to"))
    # An hour before the sync began, and two hours ahead.
    assert abs((high - low).total_seconds() - 3 * 3_600) < 120
    server.asked.clear()
    sync(warehouse.pipeline(), rest_api_source(document))
    assert windows >= 4
    assert len(server.asked) == 2


def test_an_item_that_has_not_changed_comes_once_to_what_depends_on_it(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server, 48)
    document = config(server, initial_value=recent(api), **OPEN)
    # Five of them a moment ago, more than fit on a page.
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    for n in range(5):
        api.rows[n] = moment
    document["resources"].append(
        {
            "name": "parts",
            "write_disposition": "append",
            "endpoint": {
                "path": "parts/{resources.items.id}",
                "data_selector": "$",
                "paginator": "single_page",
            },
        }
    )
    listed = server.handler

    def with_parts(asked: Asked) -> Answer:
        if not asked.path.startswith("/parts/"):
            return listed(asked)
        api.at_once -= 1
        return Answer({"id": int(asked.path.removeprefix("/parts/"))})

    server.handler = with_parts
    report = sync(warehouse.pipeline(), rest_api_source(document))
    assert warehouse.query("SELECT count(*), count(DISTINCT id) FROM test_data.parts") == [
        (len(api.rows), len(api.rows))
    ]
    assert report.figures.of("items").known >= 5


def test_what_a_window_should_not_have_shown_comes_with_the_look_behind_them(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server, 48)
    initial = recent(api)
    # The API shows it in each window, whatever its end is.
    api.rows[99] = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
    listed = server.handler

    def with_the_last(asked: Asked) -> Answer:
        answer = listed(asked)
        row = {"id": 99, "at": f"{api.rows[99]:%Y-%m-%dT%H:%M:%SZ}"}
        if answer.body["next"] is None and row not in answer.body["data"]:
            answer.body["data"].append(row)
        return answer

    server.handler = with_the_last
    document = config(server, initial_value=initial, **OPEN)
    sync(warehouse.pipeline(), rest_api_source(document))
    assert 99 in dict(loaded(warehouse))


def test_an_api_that_takes_no_end_ahead_is_told_of(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server, 48)

    def refuse_ahead(asked: Asked) -> Answer | None:
        is_ahead = datetime.fromisoformat(asked.query["to"]) > datetime.now(UTC)
        return Answer({"message": "`to` lies ahead"}, 400) if is_ahead else None

    api.before_answer = refuse_ahead
    document = config(server, initial_value=recent(api), **OPEN)
    with pytest.raises(HeadraceError, match=r"leave `endpoint\.lanes` out"):
        sync(warehouse.pipeline(), rest_api_source(document))
    # The windows themselves are kept.
    assert len(loaded(warehouse)) == len(api.rows)


@pytest.mark.parametrize("moment", [Moment("request", 7), Moment("job committed", 3)])
def test_windows_that_were_committed_are_not_asked_for_again(
    moment: Moment, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    api = Calendar(server)
    with Gate() as gate:
        gate.leads_to(server.base_url)
        document = api.config("merge", step="10d")
        document["client"]["base_url"] = gate.base_url
        document["pipeline"] = {"name": "test", "dataset": "test_data", "leg_bytes": 1}
        document["resources"][0]["endpoint"]["lanes"] = {"by": "time", "at_once": 3}
        (tmp_path / "days.json").write_text(json.dumps(document))
        arguments = ["run", str(tmp_path / "days.json"), "--destination", warehouse.url]
        machine = Machine(tmp_path, arguments, {})
        assert machine.run(gate, moment).was_killed
        done = warehouse.query(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'days'"
        )
        committed = 0
        if done == [(1,)]:
            ((committed,),) = warehouse.query("SELECT count(*) FROM test_data.days")
        before = len(server.asked)
        again = machine.run(gate)
    assert again.code == 0, again.told
    assert min(api.asked[before:])[0] >= api.row(committed)["day"]
    # Ten windows; what was read and not committed comes again.
    assert len(server.asked) <= 10 + before - committed // 10
    days = warehouse.query("SELECT id FROM test_data.days ORDER BY 1")
    assert days == [(number,) for number in range(100)]


def test_an_answer_that_says_to_slow_down_slows_all_lanes(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server)
    api.wait_for(3)
    arrived: list[float] = []
    refused: list[float] = []

    def refuse_one(asked: Asked) -> Answer | None:
        arrived.append(time.monotonic())
        if len(arrived) != 6:
            return None
        refused.append(time.monotonic())
        return Answer({"message": "slow down"}, 429, {"Retry-After": "2"})

    api.before_answer = refuse_one
    document = config(server)
    document["client"]["retry"] = {"max_attempts": 3}
    report = sync(warehouse.pipeline(), rest_api_source(document))
    assert len(loaded(warehouse)) == 60
    assert report.figures.of("items").retries == 1
    # The two that were under way may still arrive.
    meanwhile = [at for at in arrived[6:] if at < refused[0] + 1.5]
    assert len(meanwhile) <= 2


def test_verify_reads_in_lanes_and_what_it_reads_is_right(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server)
    sync(warehouse.pipeline(), rest_api_source(config(server)))
    api.wait_for(3)
    report = headrace.verify(warehouse.pipeline(), rest_api_source(config(server)))
    assert report.ok
    assert api.most_at_once == 3
    warehouse.query("DELETE FROM test_data.items WHERE id = 7")
    found = headrace.verify(warehouse.pipeline(), rest_api_source(config(server)))
    assert list(found.tables[0].comparison.missing) == [7]


def test_functions_and_limits_have_one_reader(server: JsonServer, warehouse: Warehouse) -> None:
    api = TimedItems(server)
    source = rest_api_source(config(server))
    source.resources["items"].add_map(lambda row: row)
    report = sync(warehouse.pipeline(), source)
    assert api.most_at_once == 1
    assert len(loaded(warehouse)) == 60
    assert any("one after the other" in note for note in report.figures.of("items").notes)
    with headrace.read(config(server), "items") as reader:
        assert sum(batch.num_rows for batch in reader) == 60
    assert api.most_at_once == 1
    parsed = parse_config(config(server))
    resource = parsed.resources[0]
    assert isinstance(resource, ResourceConfig)
    server.asked.clear()
    assert len(take_sample(parsed, resource, 3).rows) == 3
    assert len(server.asked) == 1


def test_a_load_that_does_not_merge_has_one_reader(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server)
    source = rest_api_source(config(server))
    source.resources["items"].apply_hints(write_disposition="append")
    report = sync(warehouse.pipeline(), source)
    assert api.most_at_once == 1
    assert len(loaded(warehouse)) == 60
    assert any("not merged" in note for note in report.figures.of("items").notes)


@pytest.mark.parametrize("disposition", ["append", "replace"])
def test_times_that_never_change_need_no_second_look(
    disposition: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server, 48)
    document = config(server, initial_value=recent(api), lanes_unchanging=True, **OPEN)
    document["resources"][0]["write_disposition"] = disposition
    sync(warehouse.pipeline(), rest_api_source(document), legs=SMALL)
    assert len(loaded(warehouse)) == len(api.rows)
    # No window comes twice, nor is there a look behind them.
    assert max(Counter(lows(server)).values()) <= 3


def test_a_window_that_is_too_large_is_halved_in_its_lane(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = TimedItems(server)

    def refuse_long(asked: Asked) -> Answer | None:
        low, high = (datetime.fromisoformat(asked.query[end]) for end in ("from", "to"))
        is_long = high - low > timedelta(hours=12)
        return Answer({"message": "at most 12 hours"}, 400) if is_long else None

    api.before_answer = refuse_long
    report = sync(warehouse.pipeline(), rest_api_source(config(server)))
    assert len(loaded(warehouse)) == 60
    # No more lanes than three can have asked for a whole day before the first one was refused.
    refused = len(server.asked) - report.figures.of("items").requests
    assert 1 <= refused <= 3
