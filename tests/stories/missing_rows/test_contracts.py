"""Marks in a table whose columns a contract guards."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase


def load(server: JsonServer, into: Into, keys: list[int], **hints: Any) -> None:
    server.answers([{"id": key} for key in keys])
    resource = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"paginator": "single_page"},
        **hints,
    }
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    sync(into.pipeline(), build_source(parse_config(config)))


@pytest.mark.parametrize("mode", ["freeze", "discard_row", "discard_value"])
def test_a_contract_on_columns_lets_marks_be_added_to_a_table_that_is_there(
    mode: str, server: JsonServer, into: Into
) -> None:
    load(server, into, [1, 2, 3])
    for keys in ([1, 2, 3], [1, 2], [1, 2, 3, 4], [1, 4]):
        hints = {"missing_rows": {"action": "mark", "most": 1}}
        load(server, into, keys, schema_contract={"columns": mode}, **hints)
        unmarked = "SELECT id FROM test_data.items WHERE _headrace_gone IS NULL ORDER BY id"
        assert into.query(unmarked) == [(key,) for key in keys]
