"""A clock that is set back between syncs: dlt tells loads, and their states, by the time."""

from __future__ import annotations

import pytest

from headrace import rest_api_source, sync
from tests.support.clocks import LoadClock
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def test_rows_are_appended_once(
    server: JsonServer, into: Warehouse | PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, rows = LoadClock(ahead=5), 0
    clock.set_up(monkeypatch)

    def answer(asked: Asked) -> Answer:
        since = int(asked.query.get("since", 0))
        listed = [{"id": key} for key in range(rows, since, -1)]
        return Answer(listed)

    server.handler = answer
    since = {"cursor_path": "id", "start_param": "since", "initial_value": 0}
    endpoint = {"path": "items", "paginator": "single_page", "incremental": since}
    resource = {"name": "items", "write_disposition": "append", "endpoint": endpoint}
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    for ahead in (5, 0, 0, 1, -2):
        clock.ahead, rows = ahead, rows + 2
        report = sync(into.pipeline(), rest_api_source(config))
        assert not report.figures.notes
        found = into.query("SELECT id FROM test_data.items ORDER BY id")
        assert found == [(key,) for key in range(1, rows + 1)]
