"""A parent that is loaded in legs: what depends on it begins at one value in all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace import HeadraceError, rest_api_source, sync
from headrace.reading.keep_up.legs import LegSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

DAYS = 20
FIRST = datetime.now(UTC).date() - timedelta(days=DAYS)
# A leg after each window.
SMALL = LegSettings(most_bytes=1)


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def config_of(server: JsonServer, **incremental: Any) -> dict[str, Any]:
    days: list[dict[str, Any]] = [{"id": number, "day": day(number)} for number in range(DAYS)]

    def answer(asked: Asked) -> Answer:
        low, high = asked.query["from"], asked.query.get("to", "9")
        rows = [each for each in days if low <= each["day"] < high]
        if asked.path == "/days":
            return Answer(rows)
        of = asked.path.split("/")[2]
        return Answer([{**each, "id": f"{of}-{each['id']}"} for each in rows])

    server.handler = answer
    windows = {"end_param": "to", "step": "7d", "range_end": "open"}
    by_day = {"cursor_path": "day", "start_param": "from", "initial_value": day(0)}
    notes = {"path": "days/{resources.days.id}/notes", "incremental": by_day | incremental}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resource_defaults": {"primary_key": "id", "write_disposition": "append"},
        "resources": [
            {"name": "days", "endpoint": {"incremental": by_day | windows}},
            {"name": "notes", "endpoint": notes},
        ],
    }


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize(
    "windows",
    [{}, {"end_param": "to", "step": "5d", "range_end": "open"}],
    ids=["at once", "in windows"],
)
def test_all_legs_begin_at_the_same_value(
    windows: dict[str, Any], way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    config = config_of(server, **windows)
    for _ in range(2):
        source = rest_api_source(config)
        if way == "to dicts":
            source.resources["notes"].add_map(lambda row: row)
        report = sync(warehouse.pipeline(), source, legs=SMALL)
        assert report.is_complete
    loads = warehouse.query("SELECT count(DISTINCT _dlt_load_id) FROM test_data.days")
    assert loads == [(3,)]
    found = warehouse.query("SELECT count(*), count(DISTINCT id) FROM test_data.notes")
    assert found == [(DAYS * DAYS, DAYS * DAYS)]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("legs", [SMALL, LegSettings()], ids=["small legs", "one leg"])
@pytest.mark.parametrize(
    "windows",
    [{}, {"end_param": "to", "step": "5d", "range_end": "open"}],
    ids=["at once", "in windows"],
)
def test_a_sync_that_ends_before_the_last_leg_leaves_the_cursor_where_it_was(
    windows: dict[str, Any],
    legs: LegSettings,
    way: str,
    server: JsonServer,
    warehouse: Warehouse,
) -> None:
    config = config_of(server, **windows)
    answer = server.handler

    def refuses(asked: Asked) -> Answer:
        if asked.path == "/days" and asked.query["from"] == day(14):
            return Answer({"message": "out of order"}, 400)
        return answer(asked)

    server.handler = refuses
    counts = []
    for _ in range(4):
        source = rest_api_source(config)
        if way == "to dicts":
            source.resources["notes"].add_map(lambda row: row)
        try:
            sync(warehouse.pipeline(), source, legs=legs)
        except HeadraceError:
            server.handler = answer
        server.asked.clear()
        (count,) = warehouse.query("SELECT count(*), count(DISTINCT id) FROM test_data.notes")
        counts.append(count)
    assert counts[0] == (14 * DAYS, 14 * DAYS)
    assert counts[1:] == 3 * [(DAYS * DAYS, DAYS * DAYS)]
    cursors = warehouse.pipeline().state["sources"]["rest_api"]["resources"]["notes"]
    assert cursors["incremental"]["day"]["last_value"] == day(DAYS - 1)
