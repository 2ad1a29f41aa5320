"""An API that wants both ends of a range, and takes none that is too large, is asked in windows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from headrace import ConfigError, HeadraceError, rest_api_source, sync, verify
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.stories.incremental.calendar import (
    FIRST,
    SMALL,
    Calendar,
    loaded,
    windows_in_state,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


@pytest.mark.parametrize("disposition", ["merge", "append", "replace"])
@pytest.mark.parametrize("is_closed", [False, True])
def test_the_range_is_asked_for_in_windows_that_the_server_takes(
    is_closed: bool, disposition: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, is_closed=is_closed)
    source = rest_api_source(api.config(disposition))
    sync(warehouse.pipeline(), source, legs=SMALL)
    last = 101 if is_closed else 100
    assert loaded(warehouse) == [*range(min(last, 100))]
    assert len(api.asked) == 4
    assert api.asked[0] == ("2026-01-01", "2026-01-31" if is_closed else "2026-02-01")
    assert api.asked[-1][1] == "2026-04-11"


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_without_an_end_the_next_sync_begins_where_this_one_ended(
    way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    today = datetime.now(UTC).date()
    api = Calendar(server, days=(today - FIRST).days + 1)
    for _ in range(2):
        server.asked.clear()
        source = rest_api_source(api.config("append", end_value=None))
        if way == "to dicts":
            source.resources["days"].add_map(lambda row: row)
        sync(warehouse.pipeline(), source)
    # Today's rows are asked for again, as more of them may come.
    assert api.asked == [(today.isoformat(), (today + timedelta(days=1)).isoformat())]
    assert loaded(warehouse) == [*range(len(api.rows))]


def test_days_without_rows_are_not_asked_for_for_ever(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, days=3)
    first = (datetime.now(UTC).date() - timedelta(days=200)).isoformat()
    counts = []
    for _ in range(2):
        server.asked.clear()
        config = api.config(end_value=None, initial_value=first, step="10d")
        sync(warehouse.pipeline(), rest_api_source(config))
        counts.append(len(api.asked))
    # What has passed within a window's length is looked at again.
    assert counts == [21, 2]
    late = (datetime.now(UTC).date() - timedelta(days=9)).isoformat()
    api.rows.append({"id": 1_000, "day": late})
    sync(warehouse.pipeline(), rest_api_source(config))
    assert loaded(warehouse) == [1_000]


@pytest.mark.parametrize("form", ["{:%Y-%m-%d}", "{:%Y-%m-%dT%H:%M:%SZ}"])
def test_a_range_that_is_yet_to_come_asks_for_nothing_with_a_word(
    form: str, api: Calendar, warehouse: Warehouse
) -> None:
    first = form.format(datetime.now(UTC) + timedelta(days=40))
    source = rest_api_source(api.config(end_value=None, initial_value=first, step="1d"))
    (note,) = sync(warehouse.pipeline(), source).figures.of("days").notes
    assert "yet to come" in note
    assert api.asked == []


@pytest.mark.parametrize("way", ["alone", "shared", "per parent"])
def test_a_clock_that_is_fast_beside_that_of_the_api_passes_over_no_row(
    way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    behind = datetime.now(UTC) - timedelta(hours=5)
    rows: list[dict[str, Any]] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": 1}])
        low, high = asked.query["from"], asked.query["to"]
        headers = {"Date": format_datetime(behind, usegmt=True)}
        return Answer([each for each in rows if low <= each["day"] < high], headers=headers)

    api = Calendar(server)
    server.handler = answer
    first = behind - timedelta(hours=20)
    config = api.config(
        end_value=None, initial_value=f"{first:%Y-%m-%dT%H:%M:%SZ}", step="2h", cursor_path="day"
    )
    if way != "alone":
        (days,) = config["resources"]
        days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
        days["endpoint"]["incremental"]["per_parent"] = way == "per parent"
        config["resources"].insert(0, {"name": "shops", "primary_key": "id"})
    counts = []
    for _ in range(2):
        server.asked.clear()
        sync(warehouse.pipeline(), rest_api_source(config))
        counts.append(len([each for each in server.asked if each.path != "/shops"]))
    # From two hours behind the present of the API, up to that of this machine.
    assert counts == [13, 4]
    rows.append({"id": 1, "day": f"{behind + timedelta(seconds=10):%Y-%m-%dT%H:%M:%SZ}"})
    sync(warehouse.pipeline(), rest_api_source(config))
    assert loaded(warehouse) == [1]


def test_a_lag_looks_back_behind_what_was_listed(server: JsonServer, warehouse: Warehouse) -> None:
    api = Calendar(server, days=0)
    first = datetime.now(UTC).date() - timedelta(days=50)
    config = api.config(end_value=None, initial_value=first.isoformat(), step="10d", lag=20)
    sync(warehouse.pipeline(), rest_api_source(config))
    server.asked.clear()
    sync(warehouse.pipeline(), rest_api_source(config))
    assert api.asked[0][0] == (datetime.now(UTC).date() - timedelta(days=30)).isoformat()


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_windows_before_one_that_fails_are_kept(
    disposition: str, is_closed: bool, way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, is_closed=is_closed)

    def run(disposition: str) -> None:
        source = rest_api_source(api.config(disposition))
        if way == "to dicts":
            source.resources["days"].add_map(lambda row: row)
        sync(warehouse.pipeline(), source, legs=SMALL)

    api.refuses = lambda asked, rows: (
        Answer({"message": "out of order"}, 400) if asked.query["from"] > "2026-03" else None
    )
    for _ in range(2):
        with pytest.raises(HeadraceError, match="out of order"):
            run(disposition)
        assert loaded(warehouse) == [*range(62)]
    api.refuses = lambda asked, rows: None
    api.server.asked.clear()
    run(disposition)
    assert loaded(warehouse) == [*range(100)]
    assert api.asked[0][0] == "2026-03-04"
    assert not windows_in_state(warehouse)
    # As in dlt, a range with an end is loaded whole by each run.
    api.server.asked.clear()
    run("merge")
    assert len(api.asked) == 4


def test_what_was_begun_of_another_range_counts_for_nothing(
    api: Calendar, warehouse: Warehouse
) -> None:
    api.refuses = lambda asked, rows: (
        Answer({"message": "out of order"}, 400) if asked.query["from"] > "2026-03" else None
    )
    with pytest.raises(HeadraceError):
        sync(warehouse.pipeline(), rest_api_source(api.config()))
    api.refuses = lambda asked, rows: None
    api.server.asked.clear()
    sync(warehouse.pipeline(), rest_api_source(api.config(end_value="2026-04-01")))
    assert api.asked[0][0] == "2026-01-01"
    assert loaded(warehouse) == [*range(90)]


def test_what_was_begun_by_another_request_counts_for_nothing(
    api: Calendar, warehouse: Warehouse
) -> None:
    api.refuses = lambda asked, rows: (
        Answer({"message": "out of order"}, 400) if asked.query["from"] > "2026-03" else None
    )
    with pytest.raises(HeadraceError):
        sync(warehouse.pipeline(), rest_api_source(api.config()))
    api.refuses = lambda asked, rows: None
    api.server.asked.clear()
    config = api.config()
    config["resources"][0]["endpoint"]["params"] = {"kind": "b"}
    report = sync(warehouse.pipeline(), rest_api_source(config))
    assert api.asked[0][0] == "2026-01-01"
    (note,) = report.figures.of("days").notes
    assert "up to 2026-03-04 by another request" in note


def test_a_table_that_is_replaced_is_replaced_whole_or_not_at_all(
    api: Calendar, warehouse: Warehouse
) -> None:
    config = api.config("replace")
    sync(warehouse.pipeline(), rest_api_source(config), legs=SMALL)
    api.refuses = lambda asked, rows: (
        Answer({"message": "out of order"}, 400) if asked.query["from"] > "2026-03" else None
    )
    with pytest.raises(HeadraceError, match="out of order"):
        sync(warehouse.pipeline(), rest_api_source(config), legs=SMALL)
    assert loaded(warehouse) == [*range(100)]


def test_values_go_into_placeholders_in_the_form_of_the_api(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, days=0)
    server.handler = lambda asked: Answer([])
    config = api.config(
        start_param=None, end_param=None, value_format="%d/%m/%Y", end_value="2026-01-03", step="1d"
    )
    config["resources"][0]["endpoint"] |= {
        "method": "POST",
        "json": {"between": ["{incremental.start_value}", "{incremental.end_value}"]},
    }
    sync(warehouse.pipeline(), rest_api_source(config))
    assert [json.loads(each.body) for each in server.asked] == [
        {"between": ["01/01/2026", "02/01/2026"]},
        {"between": ["02/01/2026", "03/01/2026"]},
    ]


def test_ids_are_asked_for_in_windows_of_a_number(server: JsonServer, warehouse: Warehouse) -> None:
    def answer(asked: Asked) -> Answer:
        low, high = int(asked.query["from"]), int(asked.query["to"])
        return Answer([{"id": number} for number in range(low, min(high, 994) + 1)])

    api = Calendar(server, is_closed=True)
    server.handler = answer
    config = api.config("append", cursor_path="id", step=250, initial_value=1, end_value=1_000)
    sync(warehouse.pipeline(), rest_api_source(config), legs=SMALL)
    assert api.asked == [("1", "250"), ("251", "500"), ("501", "750"), ("751", "1000")]
    assert loaded(warehouse) == [*range(1, 995)]


def test_verify_lists_all_windows_from_the_first(server: JsonServer, warehouse: Warehouse) -> None:
    api = Calendar(server)
    config = api.config()
    sync(warehouse.pipeline(), rest_api_source(config))
    del api.rows[50]
    api.rows[10]["note"] = "changed"
    (found,) = verify(warehouse.pipeline(), rest_api_source(config)).tables
    comparison = found.comparison
    assert [*comparison.differing] == [10]
    assert [*comparison.only_stored] == [50]


@pytest.mark.parametrize(
    ("incremental", "key", "told"),
    [
        ({"range_end": None}, "incremental.step", "`open` where the API leaves out"),
        ({"initial_value": None, "end_value": None}, "incremental.step", "`initial_value`"),
        ({"end_param": None}, "incremental.step", "{incremental.end_value}"),
        ({"start_param": None}, "incremental.step", "{incremental.start_value}"),
        ({"step": "1month"}, "incremental.step", "months and years differ"),
        ({"step": 0}, "incremental.step", "above 0"),
        ({"step": "6h"}, "incremental.step", "whole days"),
        ({"step": 10}, "incremental.step", "a duration"),
        ({"smallest_step": "40d"}, "incremental.smallest_step", "larger than `step`"),
        ({"row_order": "desc"}, "incremental.row_order", "leave it out"),
        ({"row_order": "asc"}, "incremental.row_order", "leave it out"),
        ({"last_value_func": "min"}, "incremental.last_value_func", "leave it out"),
        ({"step": None, "most_rows": 5}, "incremental.most_rows", "needs a `step`"),
        (
            {"step": 5, "initial_value": 1, "end_value": None},
            "incremental.step",
            "give an `end_value`",
        ),
    ],
)
def test_what_cannot_tile_is_refused_when_the_config_is_read(
    incremental: dict[str, Any], key: str, told: str, api: Calendar
) -> None:
    with pytest.raises(ConfigError) as refused:
        rest_api_source(api.config(**incremental))
    faults = {each.path.partition("endpoint.")[2]: each.message for each in refused.value.faults}
    assert told in faults[key]


def test_a_limit_looks_at_the_beginning_and_remembers_nothing(
    api: Calendar, warehouse: Warehouse
) -> None:
    config = parse_config(api.config(end_value=None))
    sync(warehouse.pipeline(), build_source(config, limit_rows=40))
    assert loaded(warehouse) == [*range(40)]
    assert len(api.asked) == 2
    assert not windows_in_state(warehouse)


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_a_source_that_runs_again_asks_for_the_same_days(
    way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, is_closed=True)
    source = rest_api_source(api.config(end_value="2026-02-20"))
    if way == "to dicts":
        source.resources["days"].add_map(lambda row: row)
    for _ in range(3):
        server.asked.clear()
        sync(warehouse.pipeline(), source, legs=SMALL)
        assert api.asked == [("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-20")]
    assert loaded(warehouse) == [*range(51)]


def test_a_plain_pipeline_run_loads_all_windows(api: Calendar, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(rest_api_source(api.config()))
    assert loaded(warehouse) == [*range(100)]
    assert [row["id"] for row in rest_api_source(api.config()).resources["days"]] == [*range(100)]
