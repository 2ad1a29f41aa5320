"""The suite says so where a connector or its server does not do what it should, and where."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headrace.core.exceptions import ConfigError
from headrace.testing import ConnectorFailed, ConnectorServer, check_connector
from tests.support.servers import Answer, Asked, JsonServer

KEY = "key-of-the-items"
PAGE = 3


@dataclass
class Items:
    """Seven items in pages of three, and one of their own; what is wrong with them is set.

    Attributes:
        rows: The rows.
        wants_key: Whether another key is refused.
        change: What happens to the rows in front of each request, by its number from 1.
    """

    rows: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": each, "name": f"item {each}", "at": f"2026-03-{each:02}T09:00:00Z", "n": each}
            for each in range(1, 8)
        ]
    )
    wants_key: bool = True
    change: Callable[[Items, int], None] = lambda items, number: None
    asked: int = 0

    def __call__(self, asked: Asked) -> Answer:
        self.asked += 1
        self.change(self, self.asked)
        if self.wants_key and asked.headers.get("X-API-KEY") != KEY:
            return Answer({"message": "Unauthorized"}, 401)
        if asked.path != "/api/items":
            return Answer({"message": "Not Found"}, 404)
        begin = int(asked.query.get("after", 0))
        following = begin + PAGE if begin + PAGE < len(self.rows) else None
        return Answer({"data": self.rows[begin : begin + PAGE], "next": following})


def connector(**resource: Any) -> dict[str, Any]:
    endpoint = {
        "path": "items",
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
        **resource.pop("endpoint", {}),
    }
    columns = {"id": {"data_type": "bigint"}, "n": {"data_type": "bigint"}}
    return {
        "client": {
            "base_url": "${ITEMS_URL}",
            "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "${ITEMS_KEY}"},
        },
        "resources": [
            {
                **{"name": "items", "primary_key": "id", "write_disposition": "merge"},
                **{"columns": columns, "endpoint": endpoint, **resource},
            }
        ],
    }


def checked(
    server: JsonServer, tmp_path: Path, items: Items, document: dict[str, Any], **known: Any
) -> Any:
    server.handler = items
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document))
    folder = tmp_path / "loaded"
    folder.mkdir()
    settings = {"ITEMS_KEY": KEY}
    tried = ConnectorServer(f"{server.base_url}/api", settings, **known)
    return check_connector(file, tried, folder=folder)


def failures(
    server: JsonServer, tmp_path: Path, items: Items, document: dict[str, Any], **known: Any
) -> dict[str, str]:
    """What the suite says of each check that fails."""
    with pytest.raises(ConnectorFailed) as failed:
        checked(server, tmp_path, items, document, **known)
    text = str(failed.value)
    assert "mine.json` fails" in text
    assert all(str(each) in text for each in failed.value.checks.failures)
    return {each.check: each.told for each in failed.value.checks.failures}


def test_a_connector_that_does_what_it_should_passes(server: JsonServer, tmp_path: Path) -> None:
    checks = checked(server, tmp_path, Items(), connector())
    assert checks.ok
    told = {each.check: (each.outcome, each.told) for each in checks.results}
    assert told["exactness"] == ("passed", "rows as shown: 7")
    assert told["report"] == ("left out", "the connector names no `pipeline.views`")
    assert [each.check for each in checks.results].count("resume") == 4
    assert told["resume"][1] == "the process was killed at request 2, and the next sync went on"
    assert "exactness of `items`: passed" in str(checks)
    assert "ITEMS_KEY" not in str(checks)


def test_a_row_is_missing_one_is_not_there_and_one_differs(
    server: JsonServer, tmp_path: Path
) -> None:
    items = Items()
    whole = [{**row, "n": 40 if row["id"] == 4 else row["n"]} for row in items.rows[:-1]]
    # The server drops a row of page two.
    del items.rows[4]
    found = failures(server, tmp_path, items, connector(), truth=lambda resource: whole)
    assert set(found) == {"exactness"}
    assert "the row 5 is missing, which the API shows" in found["exactness"]
    assert "the row 7 is there, which the API does not show" in found["exactness"]
    assert "the row 4 has 4 as `n`, and the API shows 40" in found["exactness"]


def test_a_second_sync_that_doubles(server: JsonServer, tmp_path: Path) -> None:
    found = failures(server, tmp_path, Items(), connector(write_disposition="append"))
    assert found["second sync"] == "the table `items` has 14 rows in place of 7"
    assert set(found) <= {"second sync", "resume", "verify"}


def test_a_table_without_a_key_that_doubles(server: JsonServer, tmp_path: Path) -> None:
    document = connector(write_disposition="append")
    del document["resources"][0]["primary_key"]
    found = failures(server, tmp_path, Items(), document)
    assert "second sync" in found


def test_rows_that_come_meanwhile(server: JsonServer, tmp_path: Path) -> None:
    def come(items: Items, number: int) -> None:
        if number == 5:
            items.rows.append({"id": 8, "name": "late", "at": "2026-03-08T09:00:00Z", "n": 8})

    found = failures(server, tmp_path, Items(change=come), connector())
    assert found["second sync"] == "the table `items` has 8 rows in place of 7"


def test_a_row_in_quarantine_and_a_key_that_comes_back_in_another(
    server: JsonServer, tmp_path: Path
) -> None:
    items = Items()
    items.rows[2]["name"] = f"asked with {KEY}"
    items.rows[3]["id"] = "four"
    found = failures(server, tmp_path, items, connector())
    assert found["first sync"] == "1 rows went to quarantine"
    assert "the row four is missing" in found["exactness"]
    assert "a secret is in the tables or the state of `resumed-1`" in found["secrets"]


def test_a_key_that_is_not_looked_at(server: JsonServer, tmp_path: Path) -> None:
    found = failures(server, tmp_path, Items(wants_key=False), connector())
    assert found == {"wrong key": "the sync succeeds"}
    (tmp_path / "more").mkdir()
    items = Items(wants_key=False)
    assert checked(server, tmp_path / "more", items, connector(), wants_key=False).ok


def test_what_the_server_does_not_have(server: JsonServer, tmp_path: Path) -> None:
    skips = [{"status_code": 404, "action": "skip"}]
    endpoint = {"path": "parts", "response_actions": skips}
    found = failures(server, tmp_path, Items(), connector(endpoint=endpoint))
    assert found["first sync"].startswith("`items` is passed over: GET http://127.0.0.1")
    (tmp_path / "more").mkdir()
    checks = checked(
        server, tmp_path / "more", Items(), connector(endpoint=endpoint), lacks=["items"]
    )
    assert checks.ok


def test_what_the_server_has_after_all(server: JsonServer, tmp_path: Path) -> None:
    found = failures(server, tmp_path, Items(), connector(), lacks=["items"])
    assert found == {"first sync": "the server has it, though it is said to lack it"}


def test_a_failure_that_is_passed_over_in_silence(server: JsonServer, tmp_path: Path) -> None:
    ignoring = {"response_actions": [{"status_code": 503, "action": "ignore"}]}
    found = failures(server, tmp_path, Items(), connector(endpoint=ignoring))
    silent = "request 3 failed, the sync says nothing of it, and the table `items` has 6 rows"
    assert silent in found["resume"]


def test_a_first_sync_that_fails(server: JsonServer, tmp_path: Path) -> None:
    found = failures(server, tmp_path, Items(), connector(endpoint={"path": "nothing"}))
    assert "404 Not Found" in found["first sync"]
    assert set(found) <= {"first sync", "wrong key"}


def test_too_many_requests_where_nothing_has_changed(server: JsonServer, tmp_path: Path) -> None:
    items = Items(rows=list(reversed(Items().rows)))
    following = {"incremental": {"cursor_path": "id", "row_order": "desc", "settled_when": "true"}}
    document = connector(endpoint=following)
    document["resources"][0]["endpoint"]["incremental"]["settled_when"] = "n > 0"
    found = failures(server, tmp_path, items, document, idle_requests=0)
    assert found == {"second sync": "1 requests, and 0 are allowed"}


def test_a_report_of_a_table_that_is_not_there(server: JsonServer, tmp_path: Path) -> None:
    document = {**connector(), "pipeline": {"views": {"executions": "runs"}}}
    found = failures(server, tmp_path, Items(), document)
    assert set(found) == {"report"}
    assert "there is no table `runs`" in found["report"]


def test_a_setting_that_is_missing(server: JsonServer, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(connector()))
    with pytest.raises(ConfigError, match="ITEMS_KEY"):
        check_connector(file, server.base_url)


def test_links_to_the_server_lead_through_the_suite(server: JsonServer, tmp_path: Path) -> None:
    """Orders by absolute links, packed, with lists in them; and what belongs to each."""
    orders = [
        {"id": each, "lines": [{"sku": f"s{each}", "n": n} for n in range(each % 3)], "by": None}
        for each in range(1, 6)
    ]

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("X-API-KEY") != KEY:
            return Answer({"message": "Unauthorized"}, 401)
        parts = asked.path.split("/")
        if len(parts) == 5:
            notes = [{"id": each, "text": f"note {each}"} for each in range(int(parts[3]) % 3)]
            return Answer({"data": notes, "next": None})
        begin = int(asked.query.get("from", 0))
        more = f"{server.base_url}/api/orders?from={begin + 2}" if begin < 4 else None
        body = json.dumps({"data": orders[begin : begin + 2], "next": more}).encode()
        return Answer(raw=gzip.compress(body), headers={"Content-Encoding": "gzip"})

    document = connector()
    document["client"]["paginator"] = {"type": "json_link", "next_url_path": "next"}
    merged = {"write_disposition": "merge", "missing_rows": "delete"}
    document["resources"] = [
        {"name": "orders", "primary_key": "id", **merged, "endpoint": {"data_selector": "data"}},
        {
            **{"name": "notes", "primary_key": ["_orders_id", "id"], **merged},
            "include_from_parent": ["id"],
            "endpoint": {"path": "orders/{resources.orders.id}/notes", "data_selector": "data"},
        },
    ]
    file, folder = tmp_path / "mine.json", tmp_path / "loaded"
    file.write_text(json.dumps(document))
    folder.mkdir()
    server.handler = answer
    tried = ConnectorServer(f"{server.base_url}/api", {"ITEMS_KEY": KEY})
    checks = check_connector(file, tried, folder=folder)
    told = {each.resource: each.told for each in checks.results if each.check == "exactness"}
    assert told == {"orders": "rows as shown: 5", "notes": "rows as shown: 6"}
