"""An API that wants both ends of a range, and takes none that is too large, is asked in windows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from headrace import ConfigError, HeadraceError, rest_api_source, sync, verify
from headrace.config import ResourceConfig, parse_config
from headrace.dlt_source.sample import take_sample
from headrace.dlt_source.source import build_source
from headrace.reading.keep_up.legs import LegSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

FIRST = date(2026, 1, 1)
# A leg after each window.
SMALL = LegSettings(most_bytes=1)
Refuses = Callable[[Asked, list[Any]], Answer | None]


class Calendar:
    """An API with a row for each day, which lists those between two days.

    Args:
        server: What serves it.
        days: How many days there are, from the first on.
        is_closed: Whether the last day that is asked for is among them.
        most_days: How many days may be asked for at once.
    """

    def __init__(
        self, server: JsonServer, days: int = 100, *, is_closed: bool = False, most_days: int = 31
    ) -> None:
        self.rows = [self.row(number) for number in range(days)]
        self.is_closed = is_closed
        self.most_days = most_days
        self.refuses: Refuses = lambda asked, rows: None
        self.server = server
        server.handler = self._answer

    @staticmethod
    def row(number: int) -> dict[str, Any]:
        return {"id": number, "day": (FIRST + timedelta(days=number)).isoformat()}

    def _answer(self, asked: Asked) -> Answer:
        if "from" not in asked.query or "to" not in asked.query:
            return Answer({"message": "from and to are required"}, 400)
        low, high = asked.query["from"], asked.query["to"]
        length = (date.fromisoformat(high) - date.fromisoformat(low)).days + self.is_closed
        if length > self.most_days:
            return Answer({"message": f"at most {self.most_days} days"}, 400)
        rows = [
            each
            for each in self.rows
            if low <= each["day"]
            and (each["day"] <= high if self.is_closed else each["day"] < high)
        ]
        return self.refuses(asked, rows) or Answer(rows)

    def config(self, disposition: Any = "merge", **incremental: Any) -> dict[str, Any]:
        return {
            "client": {"base_url": self.server.base_url, "paginator": "single_page"},
            "resources": [
                {
                    "name": "days",
                    "primary_key": "id",
                    "write_disposition": disposition,
                    "endpoint": {
                        "path": "days",
                        "incremental": {
                            "cursor_path": "day",
                            "start_param": "from",
                            "end_param": "to",
                            "initial_value": FIRST.isoformat(),
                            "end_value": (FIRST + timedelta(days=100)).isoformat(),
                            "step": "31d",
                            "range_end": "closed" if self.is_closed else "open",
                            **incremental,
                        },
                    },
                }
            ],
        }

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(each.query["from"], each.query["to"]) for each in self.server.asked]


@pytest.fixture
def api(server: JsonServer) -> Calendar:
    return Calendar(server)


def loaded(warehouse: Warehouse, table: str = "days") -> list[int]:
    return [number for (number,) in warehouse.query(f"SELECT id FROM test_data.{table} ORDER BY 1")]


def windows_in_state(warehouse: Warehouse) -> Any:
    state = warehouse.pipeline().state["sources"]["rest_api"]["resources"]["days"]
    windows = state.get("windows")
    assert windows != {}
    return windows and windows["day"]


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


def too_many(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer({"message": "Too many results"}, 422) if len(rows) > 5 else None


def too_large(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer(None, 413) if len(rows) > 5 else None


def in_a_page(asked: Asked, rows: list[Any]) -> Answer | None:
    answer = {"error": "the result set is too large"} if len(rows) > 5 else {"items": rows}
    return Answer(answer)


def falls_short(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer({"total": len(rows), "items": rows[:5]})


def in_its_own_words(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer({"message": "E1017"}, 400) if len(rows) > 5 else None


def is_cut(asked: Asked, rows: list[Any]) -> Answer | None:
    return Answer(rows[:6])


@pytest.mark.parametrize("disposition", ["merge", "append"])
@pytest.mark.parametrize(
    ("refuses", "endpoint", "incremental"),
    [
        (too_many, {}, {}),
        (too_large, {}, {}),
        (in_a_page, {"data_selector": "items"}, {}),
        (falls_short, {"data_selector": "items"}, {}),
        (
            in_its_own_words,
            {"response_actions": [{"content": "E1017", "action": "halve"}]},
            {},
        ),
        (is_cut, {}, {"most_rows": 6}),
    ],
    ids=["too many", "413", "200", "below its total", "an action", "most_rows"],
)
def test_a_window_that_is_too_large_is_halved(
    refuses: Refuses,
    endpoint: Any,
    incremental: Any,
    disposition: str,
    api: Calendar,
    warehouse: Warehouse,
) -> None:
    api.refuses = refuses
    config = api.config(disposition, **incremental)
    config["resources"][0]["endpoint"].update(endpoint)
    sync(warehouse.pipeline(), rest_api_source(config))
    assert loaded(warehouse) == [*range(100)]
    # 31, 16, 8, 4 and then as small for the next ones.
    assert api.asked[:4] == [
        ("2026-01-01", "2026-02-01"),
        ("2026-01-01", "2026-01-17"),
        ("2026-01-01", "2026-01-09"),
        ("2026-01-01", "2026-01-05"),
    ]
    assert len(api.asked) < 40


def test_down_to_the_smallest_then_the_server_has_the_last_word(
    api: Calendar, warehouse: Warehouse
) -> None:
    api.refuses = lambda asked, rows: Answer({"message": "too many results"}, 400)
    with pytest.raises(HeadraceError, match="too many results") as failed:
        sync(warehouse.pipeline(), rest_api_source(api.config(smallest_step="4d")))
    assert "2026-01-01 to 2026-01-05" in str(failed.value)
    assert "smallest_step" in str(failed.value)
    assert len(api.asked) == 4


def deep_pages_refused(server: JsonServer) -> dict[str, Any]:
    """The config of an API that shows ten days a page, and no third page."""
    api = Calendar(server)

    def paged(asked: Asked, rows: list[Any]) -> Answer | None:
        offset = int(asked.query.get("offset", 0))
        if offset >= 20:
            return Answer({"message": "Result window is too large"}, 400)
        return Answer({"items": rows[offset : offset + 10], "total": len(rows)})

    api.refuses = paged
    config = api.config("append")
    config["resources"][0]["endpoint"] |= {
        "data_selector": "items",
        "paginator": {"type": "offset", "limit": 10, "total_path": "total"},
    }
    return config


def test_pages_that_came_before_a_window_is_refused_do_not_come_twice(
    server: JsonServer, warehouse: Warehouse
) -> None:
    config = deep_pages_refused(server)
    report = sync(warehouse.pipeline(), rest_api_source(config))
    assert loaded(warehouse) == [*range(100)]
    assert report.figures.of("days").rows == 100


@pytest.mark.parametrize(("rows", "requests"), [(10, 1), (15, 2), (25, 6)])
def test_a_look_at_some_rows_halves_a_window_as_a_sync_does(
    rows: int, requests: int, server: JsonServer, warehouse: Warehouse
) -> None:
    config = parse_config(deep_pages_refused(server))
    sync(warehouse.pipeline(), build_source(config, limit_rows=rows))
    assert loaded(warehouse) == [*range(rows)]
    # No page more than it takes.
    assert len(server.asked) == requests
    server.asked.clear()
    (days,) = config.resources
    assert isinstance(days, ResourceConfig)
    sample = take_sample(config, days, count=rows)
    assert [each["id"] for each in sample.rows] == [*range(rows)]
    assert len(server.asked) == requests


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


def test_each_row_of_a_parent_goes_through_the_windows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server)
    listed = server.handler

    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": number} for number in range(3)])
        return listed(asked)

    server.handler = answer
    api.refuses = too_many
    config = api.config()
    (days,) = config["resources"]
    days |= {"include_from_parent": ["id"], "primary_key": ["_shops_id", "id"]}
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    config["resources"].insert(0, {"name": "shops", "primary_key": "id"})
    sync(warehouse.pipeline(), rest_api_source(config))
    found = warehouse.query("SELECT _shops_id, count(*) FROM test_data.days GROUP BY 1 ORDER BY 1")
    assert found == [(0, 100), (1, 100), (2, 100)]


@pytest.mark.parametrize("per_parent", [False, True])
def test_empty_windows_of_a_parents_rows_are_asked_for_once(
    per_parent: bool, server: JsonServer, warehouse: Warehouse
) -> None:
    first = (datetime.now(UTC).date() - timedelta(days=50)).isoformat()
    counts: list[list[int]] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": number} for number in range(2)])
        if asked.path == "/shops/1/days" and not counts:
            return Answer({"message": "no"}, 500)
        return Answer([])

    api = Calendar(server)
    server.handler = answer
    config = api.config(end_value=None, initial_value=first, step="10d", per_parent=per_parent)
    config["client"]["retry"] = {"max_attempts": 1}
    (days,) = config["resources"]
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    config["resources"].insert(0, {"name": "shops", "primary_key": "id"})
    for _ in range(3):
        server.asked.clear()
        sync(warehouse.pipeline(), rest_api_source(config))
        paths = [each.path for each in server.asked]
        counts.append([paths.count(f"/shops/{number}/days") for number in range(2)])
    # The listing that failed begins again where it began.
    assert counts == [[6, 1], [2, 6], [2, 2]]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("per_parent", [False, True])
def test_the_windows_of_all_pages_of_a_parent_begin_at_the_same_value(
    per_parent: bool, way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    first = datetime.now(UTC).date() - timedelta(days=40)
    api = Calendar(server, is_closed=True)
    api.rows = [{"id": n, "day": (first + timedelta(days=n)).isoformat()} for n in range(10)]
    listed = server.handler

    def answer(asked: Asked) -> Answer:
        if asked.path != "/shops":
            return listed(asked)
        page = int(asked.query.get("page", 1))
        return Answer({"items": [{"id": page}], "next": page + 1 if page < 4 else None})

    server.handler = answer
    config = api.config(
        "append",
        initial_value=first.isoformat(),
        end_value=None,
        step="5d",
        per_parent=per_parent,
    )
    (days,) = config["resources"]
    days |= {"include_from_parent": ["id"], "primary_key": ["_shops_id", "id"]}
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
    shops = {"data_selector": "items", "paginator": paginator}
    config["resources"].insert(0, {"name": "shops", "primary_key": "id", "endpoint": shops})
    counts = []
    for _ in range(2):
        server.asked.clear()
        source = rest_api_source(config)
        if way == "to dicts":
            source.resources["days"].add_map(lambda row: row)
        sync(warehouse.pipeline(), source)
        counts.append(len([each for each in server.asked if each.path != "/shops"]))
    # The empty windows are asked for once.
    assert counts == [4 * 9, 4 * 2]
    found = warehouse.query("SELECT _shops_id, count(*) FROM test_data.days GROUP BY 1 ORDER BY 1")
    assert found == [(number, 10) for number in range(1, 5)]


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


def test_halve_needs_a_window(api: Calendar) -> None:
    config = api.config(step=None)
    action = {"status_code": 400, "action": "halve"}
    config["resources"][0]["endpoint"]["response_actions"] = [action]
    with pytest.raises(ConfigError, match=r"incremental\.step"):
        rest_api_source(config)


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
