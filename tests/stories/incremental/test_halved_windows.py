"""A window that the API refuses as too large is asked for in halves."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import ConfigError, HeadraceError, rest_api_source, sync
from headrace.config import ResourceConfig, parse_config
from headrace.dlt_source.sample import take_sample
from headrace.dlt_source.source import build_source
from tests.stories.incremental.calendar import (
    Calendar,
    Refuses,
    loaded,
    too_many,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


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


def test_halve_needs_a_window(api: Calendar) -> None:
    config = api.config(step=None)
    action = {"status_code": 400, "action": "halve"}
    config["resources"][0]["endpoint"]["response_actions"] = [action]
    with pytest.raises(ConfigError, match=r"incremental\.step"):
        rest_api_source(config)
