"""`rows.without`: fields that are left out are in no table, quarantine, log or file."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from headrace import rest_api_source, sync, verify
from headrace.config import parse_config
from headrace.dlt_source.sample import take_sample
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

SECRET = "hidden-payload"
PINNED = {"pinData": {"Webhook": [{"json": {"token": SECRET}}]}}
TAIL = {
    "cursor_path": "id",
    "row_order": "desc",
    "settled_when": "done",
    "refresh_path": "/items/{id}",
}


def config(base_url: str, **endpoint: Any) -> Any:
    return {
        "client": {"base_url": base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": {"id": {"data_type": "bigint"}},
                "endpoint": {
                    "path": "items",
                    "data_selector": "data",
                    "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "at"},
                    "rows": {"without": ["pinData", "meta"]},
                    **endpoint,
                },
            }
        ],
    }


def everything_in(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


@pytest.mark.parametrize("incremental", [None, TAIL], ids=["all", "kept up with"])
def test_they_are_nowhere(
    incremental: Any,
    server: JsonServer,
    warehouse: Warehouse,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 4, "done": False, "name": "d", **PINNED},
        {"id": "no number", "done": True, "name": "x", **PINNED},
        {"id": 2, "done": True, "name": "b", "meta": {"a": 1}, "tags": [{"a": 1}], **PINNED},
        {"id": 1, "done": True, "name": "a"},
    ]
    if incremental is not None:
        del rows[1]

    def answer(asked: Asked) -> Answer:
        if asked.path != "/items":
            found = [row for row in rows if asked.path.endswith(f"/{row['id']}")]
            return Answer(found[0]) if found else Answer({}, 404)
        return Answer({"data": rows, "next": None})

    server.handler = answer
    document = config(server.base_url, **({"incremental": incremental} if incremental else {}))
    with caplog.at_level(logging.DEBUG, logger="headrace"):
        for _ in range(2):
            report = sync(warehouse.pipeline(), rest_api_source(json.loads(json.dumps(document))))
    found = verify(warehouse.pipeline(), rest_api_source(json.loads(json.dumps(document))))
    parsed = parse_config(json.loads(json.dumps(document)))
    if incremental is not None:
        sample = take_sample(parsed, parsed.resources[0], 3)  # type: ignore[arg-type]
        assert sample.columns == ["id", "done", "name", "tags"]
        assert found.ok

    loaded = warehouse.query("SELECT id, done, name FROM test_data.items ORDER BY id")
    assert loaded == [(1, True, "a"), (2, True, "b"), (4, False, "d")]
    assert report.figures.total.left_out_bytes > 0
    assert not {"pin_data", "meta"} & set(warehouse.columns("test_data.items"))
    assert ("_headrace_quarantine" in warehouse.tables("test_data")) is (incremental is None)
    assert SECRET.encode() not in everything_in(tmp_path)
    assert SECRET not in caplog.text


def test_an_error_shows_nothing_of_them(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"rows": [{"id": 1, **PINNED}]})
    with pytest.raises(Exception, match="no `data`") as failure:
        sync(warehouse.pipeline(), rest_api_source(config(server.base_url)))
    assert SECRET not in str(failure.value)
