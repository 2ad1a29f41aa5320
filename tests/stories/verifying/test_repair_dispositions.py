"""What a repair does depends on how a table is written; where it cannot, it says what can."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import VerificationReport, rest_api_source, verify
from tests.stories.verifying.compared import change, config_of, found, load
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

BEFORE: list[Row] = [{"id": 1, "n": 1}, {"id": 2, "n": 2}, {"id": 3, "n": 3}]
NOW: list[Row] = [{"id": 1, "n": 9}, *BEFORE[1:]]


def repair(server: JsonServer, warehouse: Warehouse, **hints: Any) -> VerificationReport:
    """Repairs a table of the rows as they were, one of them lost, by the rows as they are."""
    load(server, warehouse, BEFORE, **hints)
    change(warehouse, "DELETE FROM test_data.items WHERE id = 2")
    server.answers({"data": NOW})
    return verify(warehouse.pipeline(), rest_api_source(config_of(server, **hints)), repair=True)


def numbers(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query("SELECT id, n FROM test_data.items ORDER BY id, _dlt_load_id")


def test_rows_are_appended_to_a_table_that_is_appended_to(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """As by a run; the newest version of a key is the one that counts."""
    assert repair(server, warehouse, write_disposition="append").ok
    assert numbers(warehouse) == [(1, 1), (1, 9), (2, 2), (3, 3)]


def test_an_upsert(server: JsonServer, warehouse: Warehouse) -> None:
    upsert = {"disposition": "merge", "strategy": "upsert"}

    assert repair(server, warehouse, write_disposition=upsert).ok
    assert numbers(warehouse) == [(1, 9), (2, 2), (3, 3)]


def test_an_insert_only_merge_adds_rows_and_changes_none(
    server: JsonServer, warehouse: Warehouse
) -> None:
    insert_only = {"disposition": "merge", "strategy": "insert-only"}
    report = repair(server, warehouse, write_disposition=insert_only)

    assert not report.ok
    assert numbers(warehouse) == [(1, 1), (2, 2), (3, 3)]
    (table,) = report.tables
    assert table.repair is not None
    assert table.repair.left is not None
    assert found(table.repair.left) == ([], [1], [])


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "replace": ({"write_disposition": "replace"}, "`write_disposition: replace`"),
    "history": (
        {"write_disposition": {"disposition": "merge", "strategy": "scd2"}},
        "the strategy `scd2` needs all rows in each load",
    ),
    "a merge key": ({"merge_key": "n"}, "a merge by `merge_key`"),
    "a scope": (
        {"write_disposition": {"disposition": "merge", "destination_scope": "n > 0"}},
        "`destination_scope`",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_where_a_load_of_some_rows_would_delete_others_nothing_is_loaded(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    hints, told = REFUSED[case]
    report = repair(server, warehouse, **hints)

    assert not report.ok
    (table,) = report.tables
    assert table.repair is not None
    assert told in (table.repair.refusal or "")
    assert "headrace run CONFIG" in (table.repair.refusal or "")
    assert warehouse.query("SELECT count(*) FROM test_data._dlt_loads") == [(1,)]


def test_one_table_is_refused_and_the_other_repaired(
    server: JsonServer, warehouse: Warehouse
) -> None:
    config = config_of(server)
    (items,) = config["resources"]
    config["resources"].append({**items, "name": "others", "write_disposition": "replace"})
    server.answers({"data": BEFORE})
    warehouse.pipeline().run(rest_api_source(config))
    for table in ("items", "others"):
        change(warehouse, f"DELETE FROM test_data.{table} WHERE id = 2")
    report = verify(warehouse.pipeline(), rest_api_source(config), repair=True)

    assert [table.ok for table in report.tables] == [True, False]
    assert numbers(warehouse) == [(1, 1), (2, 2), (3, 3)]


def through_a_function(server: JsonServer, **hints: Any) -> Any:
    source = rest_api_source(config_of(server, **hints))
    source.resources["items"].add_map(lambda row: {**row, "twice": 2 * row["n"]})
    return source


def test_rows_that_pass_through_a_function(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": BEFORE})
    warehouse.pipeline().run(through_a_function(server))
    change(warehouse, "DELETE FROM test_data.items WHERE id = 2")

    assert verify(warehouse.pipeline(), through_a_function(server), repair=True).ok
    assert warehouse.query("SELECT id, twice FROM test_data.items ORDER BY id") == [
        (1, 2),
        (2, 4),
        (3, 6),
    ]


def test_rows_that_pass_through_a_function_are_not_appended(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Which of them are there already is not known, so that some would be there twice."""
    server.answers({"data": BEFORE})
    warehouse.pipeline().run(through_a_function(server, write_disposition="append"))
    change(warehouse, "DELETE FROM test_data.items WHERE id = 2")
    source = through_a_function(server, write_disposition="append")
    (table,) = verify(warehouse.pipeline(), source, repair=True).tables

    assert not table.ok
    assert table.repair is not None
    assert "pass through functions of yours" in (table.repair.refusal or "")
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(2,)]


def test_a_resource_made_in_python(server: JsonServer, warehouse: Warehouse) -> None:
    @dlt.resource(name="made", primary_key="id", write_disposition="merge")
    def made() -> Iterator[Row]:
        yield from BEFORE

    config = {**config_of(server), "resources": [made()]}
    warehouse.pipeline().run(rest_api_source(config))
    change(warehouse, "DELETE FROM test_data.made WHERE id = 2")
    (table,) = verify(warehouse.pipeline(), rest_api_source(config), repair=True).tables

    assert not table.ok
    assert table.repair is not None
    assert "the rows of `made` are made in Python" in (table.repair.refusal or "")


def test_two_resources_fill_one_table(server: JsonServer, warehouse: Warehouse) -> None:
    config = config_of(server)
    (items,) = config["resources"]
    config["resources"].append({**items, "name": "others", "table_name": "items"})
    more = {**items["endpoint"], "path": "more"}
    config["resources"][1]["endpoint"] = more
    server.answers({"data": BEFORE[:2]})
    warehouse.pipeline().run(rest_api_source(config))
    change(warehouse, "DELETE FROM test_data.items WHERE id = 2")

    assert verify(warehouse.pipeline(), rest_api_source(config), repair=True).ok
    assert numbers(warehouse) == [(1, 1), (2, 2)]


def test_tables_in_files(server: JsonServer, tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "test",
        destination=dlt.destinations.filesystem((tmp_path / "lake").as_uri()),
        dataset_name="test_data",
    )
    config = config_of(server, write_disposition="append")
    server.answers({"data": BEFORE})
    pipeline.run(rest_api_source(config))
    server.answers({"data": [*NOW, {"id": 4, "n": 4}]})
    report = verify(pipeline, rest_api_source(config), repair=True)

    assert report.ok
    assert found(report.tables[0].comparison) == ([4], [1], [])
    assert verify(pipeline, rest_api_source(config)).tables[0].comparison.stored == 5
