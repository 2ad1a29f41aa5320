"""Which incrementals keep up with a listing, and which contradict themselves."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator

from headrace.config import load_config, parse_config
from headrace.config.built.source import ResourceConfig
from headrace.config.selection import bound_backfill
from headrace.core.exceptions import ConfigError

KEEPS_UP: dict[str, Any] = {
    "cursor_path": "id",
    "row_order": "desc",
    "settled_when": "status == 'done'",
    "refresh_path": "/items/{id}",
    "touches": ["retryOf"],
    "late_rows": "probe",
}


def config(
    incremental: dict[str, Any], endpoint: dict[str, Any] | None = None, **resource: Any
) -> dict[str, Any]:
    paginator = {"type": "cursor", "cursor_path": "next", "limit": 50}
    return {
        "client": {"base_url": "https://api.example.com"},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "paginator": paginator,
                    **(endpoint or {}),
                    "incremental": incremental,
                },
                **resource,
            }
        ],
    }


def tail_of(document: dict[str, Any]) -> Any:
    resource, *_ = parse_config(document).resources
    assert isinstance(resource, ResourceConfig)
    return resource.tail


def test_a_listing_that_is_kept_up_with() -> None:
    tail = tail_of(config(KEEPS_UP))

    assert str(tail.key) == "id"
    assert tail.primary_key == ("id",)
    assert tail.settled_when.text == "status == 'done'"
    assert (tail.settings.late_rows, tail.settings.limit) == ("probe", 50)
    assert tail.settings.key_is_primary


def test_a_key_that_moves_with_each_change() -> None:
    tail = tail_of(config({"cursor_path": "updated_at", "row_order": "desc"}))

    assert tail.settings.keys_move
    assert tail.settings.late_rows == "none"


def test_a_lookback_in_seconds() -> None:
    tail = tail_of(config({**KEEPS_UP, "late_rows": {"lookback": 600}}))

    assert tail.settings.lookback(knows_hidden=False) == 600.0


def test_the_connector_uses_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXECUTIONS_BASE_URL", "http://localhost")
    monkeypatch.setenv("API_KEY", "k")
    resource, *_ = load_config("executions").resources
    assert isinstance(resource, ResourceConfig)
    tail = resource.tail

    assert tail is not None
    assert tail.settings.probes
    assert tail.touches == ("retryOf",)
    assert tail.refresh_path == "/executions/{id}"
    assert tail.settled_when is not None
    assert tail.settled_when.used_names == ("status", "stoppedAt", "waitTill")


def test_a_page_size_is_no_filter() -> None:
    in_params = {"params": {"limit": 20}, "paginator": {"type": "cursor", "cursor_path": "next"}}
    settings = tail_of(config(KEEPS_UP, in_params)).settings

    assert settings.limit == 20
    assert not settings.has_filter


NEWEST_FIRST = {"cursor_path": "id", "row_order": "desc"}


@pytest.mark.parametrize(
    ("incremental", "endpoint", "is_tail"),
    [
        (NEWEST_FIRST, {}, True),
        (NEWEST_FIRST | {"initial_value": 5}, {}, True),
        (NEWEST_FIRST | {"start_param": "since"}, {}, False),
        (NEWEST_FIRST | {"range_start": "closed"}, {}, False),
        (NEWEST_FIRST, {"params": {"since": "{incremental.start_value}"}}, False),
        (NEWEST_FIRST, {"json": {"since": ["{incremental.last_value}"]}}, False),
        (NEWEST_FIRST | {"row_order": "asc"}, {}, False),
        ({"cursor_path": "id", "initial_value": 5}, {}, False),
    ],
)
def test_where_an_incremental_is_dlts(
    incremental: dict[str, Any], endpoint: dict[str, Any], is_tail: bool
) -> None:
    (resource,) = parse_config(config(incremental, endpoint)).resources
    assert isinstance(resource, ResourceConfig)
    assert (resource.tail is not None, resource.cursor is not None) == (is_tail, not is_tail)


@pytest.mark.parametrize(
    ("document", "path", "told"),
    [
        (
            config(KEEPS_UP, {"params": {"since": "{incremental.start_value}"}}),
            "endpoint.incremental",
            "listed from the top each time",
        ),
        (config(NEWEST_FIRST, write_disposition="append"), "write_disposition", "`range_start"),
        (config({**KEEPS_UP, "row_order": "asc"}), "incremental.row_order", "newest first"),
        (
            config({k: v for k, v in KEEPS_UP.items() if k != "row_order"}),
            "incremental.row_order",
            "row_order: desc",
        ),
        (
            config({k: v for k, v in KEEPS_UP.items() if k != "refresh_path"}),
            "incremental.touches",
            "give `refresh_path`",
        ),
        (
            config(KEEPS_UP, {"params": {"status": "error"}}),
            "incremental.late_rows",
            "rows that the listing's filter leaves out",
        ),
        (
            config({**KEEPS_UP, "start_param": "since"}),
            "incremental.start_param",
            "does not go with",
        ),
        (
            config({**KEEPS_UP, "cursor_path": "updated_at"}),
            "incremental.late_rows",
            "the key is not the primary key",
        ),
        (
            config({**KEEPS_UP, "refresh_path": "/items/{key}"}),
            "incremental.refresh_path",
            "/items/{id}",
        ),
        (
            config({**KEEPS_UP, "refresh_path": "/items"}),
            "incremental.refresh_path",
            "/items/{id}",
        ),
        (config({**KEEPS_UP, "cursor_path": "a[*].b"}), "incremental.cursor_path", "plain path"),
        (config({**KEEPS_UP, "cursor_path": "a = b"}), "incremental.cursor_path", "plain path"),
        (
            config(KEEPS_UP, {"paginator": {"type": "offset", "limit": 10}}),
            "endpoint.incremental",
            "each deletion shifts a row past the client",
        ),
        (
            config(KEEPS_UP, {"paginator": {"type": "page_number"}}),
            "endpoint.incremental",
            "each deletion shifts a row past the client",
        ),
        (config(KEEPS_UP, {"paginator": "auto"}), "endpoint.incremental", "Name the paginator"),
        (config(KEEPS_UP, {"paginator": None}), "endpoint.incremental", "Name the paginator"),
        (
            config(KEEPS_UP, {"paginator": HeaderLinkPaginator()}),
            "endpoint.incremental",
            "a paginator of your own",
        ),
        (
            config(KEEPS_UP, primary_key=["a", "b"]),
            "incremental.refresh_path",
            "a primary key of one column",
        ),
        (config(KEEPS_UP, primary_key=None), "resources[0].primary_key", "name the columns"),
        (
            config(KEEPS_UP, write_disposition="append"),
            "resources[0].write_disposition",
            "needs `write_disposition: merge`",
        ),
        (
            config(KEEPS_UP, write_disposition={"disposition": "merge", "strategy": "scd2"}),
            "resources[0].write_disposition",
            "needs all rows in each load",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_kept_up_with(document: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)

    faults = [fault for fault in caught.value.faults if fault.path.endswith(path)]
    assert any(told in fault.message for fault in faults), str(caught.value)


def test_bounding_the_backfill() -> None:
    bounded = bound_backfill(parse_config(config(KEEPS_UP)), "1200")
    resource, *_ = bounded.resources
    assert isinstance(resource, ResourceConfig)
    assert resource.tail is not None
    assert resource.tail.settings.backfill_until == "1200"

    whole = config(KEEPS_UP)
    del whole["resources"][0]["endpoint"]["incremental"]
    with pytest.raises(ConfigError, match="backfill of no resource can be bounded"):
        bound_backfill(parse_config(whole), "1200")
