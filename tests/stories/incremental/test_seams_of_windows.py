"""Rows at the ends of windows come once, in whatever form the ends are written."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import HeadraceError, rest_api_source, sync
from tests.stories.incremental.calendar import (
    SMALL,
    Calendar,
    loaded,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def test_a_row_at_the_seam_of_two_windows_comes_once(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": n, "at": f"2026-01-01T{n // 2:02}:{30 * (n % 2):02}:00.000Z"} for n in range(48)
    ]

    def answer(asked: Asked) -> Answer:
        low, high = asked.query["from"], asked.query["to"]
        return Answer([each for each in rows if low <= each["at"] <= high])

    server.handler = answer
    api = Calendar(server, is_closed=True)
    server.handler = answer
    config = api.config(
        "append",
        cursor_path="at",
        step="6h",
        initial_value="2026-01-01T00:00:00.000Z",
        end_value="2026-01-02T00:00:00.000Z",
    )
    sync(warehouse.pipeline(), rest_api_source(config))
    assert [each.query["from"] for each in server.asked[1:]] == [
        each.query["to"] for each in server.asked[:-1]
    ]
    assert loaded(warehouse) == [*range(48)]


def test_a_row_at_the_seam_comes_once_where_a_run_goes_on_behind_a_failure(
    server: JsonServer, warehouse: Warehouse
) -> None:
    times = [f"2026-01-01T{hour:02}:00:00Z" for hour in range(24)]
    is_down = True

    def answer(asked: Asked) -> Answer:
        low, high = asked.query["from"], asked.query["to"]
        if is_down and low == times[12]:
            return Answer({"message": "down"}, 500)
        return Answer([{"id": n, "at": at} for n, at in enumerate(times) if low <= at <= high])

    server.handler = answer
    incremental = {
        "cursor_path": "at",
        "start_param": "from",
        "end_param": "to",
        "initial_value": times[0],
        "end_value": times[-1],
        "step": "6h",
        "range_end": "closed",
    }
    config: Any = {
        "client": {
            "base_url": server.base_url,
            "paginator": "single_page",
            "retry": {"max_attempts": 1},
        },
        "resources": [
            {
                "name": "rows",
                "write_disposition": "append",
                "endpoint": {"path": "rows", "incremental": incremental},
            }
        ],
    }
    with pytest.raises(HeadraceError):
        sync(warehouse.pipeline(), rest_api_source(config), legs=SMALL)
    is_down = False
    sync(warehouse.pipeline(), rest_api_source(config), legs=SMALL)

    found = warehouse.query("SELECT id FROM test_data.rows ORDER BY id")
    assert found == [(number,) for number in range(24)]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("is_closed", [False, True])
def test_an_api_that_heeds_no_end_gives_each_row_once_and_a_note(
    is_closed: bool, way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server, is_closed=is_closed)
    server.handler = lambda asked: Answer(api.rows)
    source = rest_api_source(api.config("append", end_value="2026-04-10"))
    if way == "to dicts":
        source.resources["days"].add_map(lambda row: row)
    report = sync(warehouse.pipeline(), source)
    assert loaded(warehouse) == [*range(100 if is_closed else 99)]
    (note,) = [each for each in report.figures.of("days").notes if "outside" in each]
    # Functions may make other values of those beyond the range, which dlt's own step judges then.
    beyond = 4 if not is_closed and way == "to tables" else 0
    assert note.startswith(f"{3 * (100 if is_closed else 99) + beyond} rows of `days`")


def test_functions_may_make_other_units_of_the_values_that_rows_have(
    server: JsonServer, warehouse: Warehouse
) -> None:
    first = 1_780_272_000
    rows = [{"id": n, "day": first + n * 600} for n in range(288)]

    def answer(asked: Asked) -> Answer:
        low, high = int(asked.query["from"]), int(asked.query["to"])
        return Answer([each for each in rows if low <= each["day"] * 1_000 < high])

    api = Calendar(server)
    server.handler = answer
    config = api.config(
        "append",
        initial_value=first * 1_000,
        end_value=(first + 288 * 600) * 1_000,
        step="12h",
    )
    source = rest_api_source(config)
    source.resources["days"].add_map(lambda row: {**row, "day": row["day"] * 1_000})
    sync(warehouse.pipeline(), source)
    assert loaded(warehouse) == [*range(288)]


@pytest.mark.parametrize("value_format", [None, "%Y%m%d"])
@pytest.mark.parametrize("way", ["to tables", "to dicts"])
def test_the_last_day_that_belongs_to_the_range_counts_to_its_midnight(
    way: str, value_format: str | None, server: JsonServer, warehouse: Warehouse
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": n, "at": f"2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z"} for n in range(240)
    ]

    def answer(asked: Asked) -> Answer:
        low, high = (asked.query[each].replace("-", "") for each in ("from", "to"))
        days = [each["at"][:10].replace("-", "") for each in rows]
        return Answer([row for row, day in zip(rows, days, strict=True) if low <= day <= high])

    api = Calendar(server, is_closed=True)
    server.handler = answer
    config = api.config(
        cursor_path="at", step="3d", end_value="2026-01-10", value_format=value_format
    )
    source = rest_api_source(config)
    if way == "to dicts":
        source.resources["days"].add_map(lambda row: row)
    sync(warehouse.pipeline(), source)
    assert loaded(warehouse) == [*range(240)]
