"""Which rows with lists dlt's normalizer has to take, and that child tables keep up with them."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Rows = list[dict[str, Any]]


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> Any:
    """A database to load into."""
    name = {"duckdb": "warehouse", "postgres": "postgres"}[request.param]
    return request.getfixturevalue(name)


Database = Warehouse | PostgresDatabase


def load(server: JsonServer, database: Database, rows: Rows, **more: Any) -> SyncReport:
    """Loads rows; gives what the sync tells."""
    server.answers(rows)
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge", **more}
    config = {
        "client": {"base_url": server.base_url},
        "resources": [{**resource, "endpoint": {"paginator": "single_page"}}],
    }
    return sync(database.pipeline(), build_source(parse_config(config)))


def tags(database: Database) -> list[tuple[Any, ...]]:
    """The items of `tags`, each with the key of its row and its place."""
    return database.query(
        "SELECT i.id, t._dlt_list_idx, t.value FROM test_data.items__tags t "
        "JOIN test_data.items i ON i._dlt_id = t._dlt_parent_id AND i._dlt_id = t._dlt_root_id "
        "ORDER BY 1, 2"
    )


def test_rows_with_lists_need_no_normalizer(server: JsonServer, database: Database) -> None:
    rows = [
        {"id": n, "tags": ["a", None, "b"], "o": {"lines": [{"sku": "x", "parts": [[1], [2, n]]}]}}
        for n in range(50)
    ]
    report = load(server, database, rows)

    assert report.figures.of("items").side_rows == 0
    assert tags(database)[:3] == [(0, 0, "a"), (0, 1, None), (0, 2, "b")]
    ((count,),) = database.query("SELECT count(*) FROM test_data.items__o__lines__parts__list")
    assert count == 150


def test_a_row_that_comes_again_leaves_no_items_behind(
    server: JsonServer, database: Database
) -> None:
    load(server, database, [{"id": 1, "tags": ["a", "b", "c"]}, {"id": 2, "tags": ["d"]}])
    load(server, database, [{"id": 1, "tags": ["b"]}, {"id": 3, "tags": ["e"]}])
    assert tags(database) == [(1, 0, "b"), (2, 0, "d"), (3, 0, "e")]
    load(server, database, [{"id": 1, "tags": []}, {"id": 2, "tags": None}, {"id": 3}])
    assert database.query("SELECT * FROM test_data.items__tags") == []


@pytest.mark.parametrize("odd", [["x", {"a": 1}], ["y"]])
def test_the_last_of_two_versions_in_one_load_counts(
    server: JsonServer, database: Database, odd: Any
) -> None:
    load(
        server,
        database,
        [
            {"id": 1, "tags": ["first", "version"]},
            {"id": 2, "tags": odd},
            {"id": 2, "tags": ["z"]},
            {"id": 1, "tags": ["last"]},
        ],
    )
    assert tags(database) == [(1, 0, "last"), (2, 0, "z")]


def test_a_row_that_does_not_fit_goes_beside_the_others(
    server: JsonServer, database: Database
) -> None:
    rows: Rows = [{"id": n, "tags": [n, n + 1]} for n in range(20)]
    rows[7]["tags"] = ["x", 1.5]
    report = load(server, database, rows)

    assert report.figures.of("items").side_rows == 1
    found = {(row, place): value for row, place, value in tags(database)}
    assert found[6, 1] == 7
    assert found[7, 0] is None
    assert len(found) == 40
    assert database.query("SELECT value__v_text FROM test_data.items__tags WHERE value IS NULL")


def test_lists_that_begin_with_nulls_keep_their_places(
    server: JsonServer, database: Database
) -> None:
    """Arrow reads `[null, 2]` as `[2, 0]` where it has to find the type itself."""
    load(server, database, [{"id": 1, "tags": [None, 2]}, {"id": 2, "tags": [None]}])
    assert tags(database) == [(1, 0, None), (1, 1, 2), (2, 0, None)]


def test_empty_texts_and_nul_arrive(server: JsonServer, database: Database) -> None:
    load(server, database, [{"id": 1, "tags": ["", "a\0b", "x"]}])
    nul = "a\0b" if isinstance(database, Warehouse) else "ab"
    assert tags(database) == [(1, 0, ""), (1, 1, nul), (1, 2, "x")]


def test_a_contract_is_left_to_the_normalizer(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}]
    report = load(server, warehouse, rows, schema_contract={"tables": "discard_row"})
    assert report.figures.of("items").side_rows == 1
    assert "items__tags" not in warehouse.tables("test_data")


def test_each_disposition(server: JsonServer, database: Database) -> None:
    for disposition, expected in (("append", 4), ("replace", 2)):
        for _ in range(2):
            rows = [{"id": 1, "tags": ["a", "b"]}]
            more = {"name": disposition, "write_disposition": disposition}
            report = load(server, database, rows, **more)
            assert report.figures.of(disposition).side_rows == 0
        ((count,),) = database.query(f'SELECT count(*) FROM test_data."{disposition}__tags"')
        assert count == expected
