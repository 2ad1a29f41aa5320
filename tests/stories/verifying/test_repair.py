"""`verify(repair=True)` loads what a table lacks out of the one listing that showed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import LegSettings, SyncError, VerificationReport, rest_api_source, verify
from headrace.syncing.lock import held
from tests.stories.verifying.compared import ROWS, change, config_of, found, load, report_of
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

SMALL_LEGS = LegSettings(most_bytes=200, least_seconds=3600)


def repair(
    server: JsonServer, warehouse: Warehouse, rows: list[Row] | None = None, **hints: Any
) -> VerificationReport:
    """Repairs the table by these rows, or by those that were served before."""
    if rows is not None:
        server.answers({"data": rows})
    return verify(warehouse.pipeline(), rest_api_source(config_of(server, **hints)), repair=True)


def left(report: VerificationReport) -> tuple[list[Any], list[Any]]:
    """Keys still missing, and keys still differing."""
    repaired = report.tables[0].repair
    assert repaired is not None
    assert repaired.left is not None
    return list(repaired.left.missing), list(repaired.left.differing)


def test_missing_and_differing_rows_are_loaded_out_of_one_listing(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, [*ROWS, {"id": 4, "name": "pruned since"}])
    expected = warehouse.rows("test_data.items")
    change(warehouse, "DELETE FROM test_data.items WHERE id = 1")
    change(warehouse, "UPDATE test_data.items SET name = 'x', price = 7 WHERE id = 2")
    server.asked.clear()
    report = repair(server, warehouse, ROWS)

    assert len(server.asked) == 1
    assert report.ok
    assert found(report.tables[0].comparison) == ([1], [2], [4])
    assert left(report) == ([], [])
    assert report.repaired is not None
    assert report.repaired.of("items").loaded_rows == 2
    assert warehouse.rows("test_data.items") == expected
    assert report_of(server, warehouse).ok


def test_rows_that_are_right_are_not_loaded_again(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    change(warehouse, "UPDATE test_data.items SET name = 'x' WHERE id = 2")
    untouched = "SELECT _dlt_id, _dlt_load_id FROM test_data.items WHERE id <> 2 ORDER BY id"
    before = warehouse.query(untouched)
    repair(server, warehouse)

    assert warehouse.query(untouched) == before


def test_a_table_without_faults_is_left_alone(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    report = repair(server, warehouse)

    assert report.ok
    assert report.repaired is None
    assert report.tables[0].repair is None
    assert warehouse.query("SELECT count(*) FROM test_data._dlt_loads") == [(1,)]


def test_a_repaired_row_has_ids_as_any_other(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    change(warehouse, "DELETE FROM test_data.items WHERE id = 1")
    repair(server, warehouse)

    assert warehouse.query(
        "SELECT count(DISTINCT _dlt_id), count(*) FROM test_data.items JOIN test_data._dlt_loads "
        "ON _dlt_load_id = load_id"
    ) == [(3, 3)]


def test_keys_that_are_there_twice(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, [*ROWS, {"id": 4, "name": "pruned since"}])
    change(warehouse, "INSERT INTO test_data.items FROM test_data.items WHERE id = 2")

    assert repair(server, warehouse, ROWS).ok
    assert [row["id"] for row in warehouse.rows("test_data.items")] == [1, 2, 3, 4]


def test_a_key_twice_that_is_listed_no_more_stays_a_fault(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, [*ROWS, {"id": 4, "name": "pruned since"}])
    change(warehouse, "INSERT INTO test_data.items FROM test_data.items WHERE id = 4")
    report = repair(server, warehouse, ROWS)

    assert not report.ok
    (table,) = report.tables
    assert table.repair is not None
    assert table.repair.left is not None
    assert list(table.repair.left.repeated) == [4]


LISTS: list[Row] = [
    {"id": 1, "tags": ["a", "b"], "parts": [{"n": 1, "sub": [1, 2]}]},
    {"id": 2, "tags": ["c"], "parts": []},
    {"id": 3, "n": 1},
]
CHILDREN = {
    "items__tags": "SELECT id, value FROM test_data.items AS i JOIN test_data.items__tags AS t "
    "ON t._dlt_parent_id = i._dlt_id ORDER BY ALL",
    "items__parts__sub": "SELECT id, p.n, value FROM test_data.items AS i JOIN "
    "test_data.items__parts AS p ON p._dlt_parent_id = i._dlt_id JOIN test_data.items__parts__sub "
    "AS s ON s._dlt_parent_id = p._dlt_id ORDER BY ALL",
}


def test_lists_in_repaired_rows_become_child_tables(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, LISTS)
    change(warehouse, "UPDATE test_data.items SET n = 9")
    now = [{**LISTS[0], "tags": ["z"], "n": 1}, {**LISTS[1], "n": 2}, LISTS[2]]
    report = repair(server, warehouse, now)

    assert report.ok
    assert warehouse.query(CHILDREN["items__tags"]) == [(1, "z"), (2, "c")]
    assert warehouse.query(CHILDREN["items__parts__sub"]) == [(1, 1, 1), (1, 1, 2)]
    assert warehouse.query("SELECT count(*) FROM test_data.items__tags") == [(2,)]


VALUES: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "kinds that change": ([{"id": 1, "v": 1}, {"id": 2, "v": "two"}, {"id": 3, "v": 2.5}], {}),
    "objects": ([{"id": 1, "who": {"name": "a", "home": {"zip": 1}}}, {"id": 2, "who": None}], {}),
    "JSON": (
        [{"id": 1, "j": {"a": [1, {"b": None}]}}, {"id": 2, "j": [1, 2]}],
        {"columns": {"j": {"data_type": "json"}}},
    ),
    "decimals": (
        [{"id": 1, "d": "12345678901234567.89"}, {"id": 2, "d": None}],
        {"columns": {"d": {"data_type": "decimal", "precision": 38, "scale": 10}}},
    ),
    "times": (
        [{"id": 1, "at": "2026-01-02T02:00:00+02:00", "then": "2026-01-02T02:00:00.123456"}],
        {"columns": {"then": {"data_type": "timestamp", "timezone": False}}},
    ),
    "times as keys": (
        [{"id": "2026-01-02T02:00:00.5Z", "v": 1}, {"id": "2026-01-02T03:00:00Z", "v": 2}],
        {},
    ),
    "text keys": ([{"id": "12", "v": 1}, {"id": "á/%'", "v": None}], {}),
    "several keys": (
        [{"id": 1, "part": "a", "n": 1}, {"id": 1, "part": "b", "n": 2}],
        {"primary_key": ["id", "part"]},
    ),
    "a key twice in the listing": ([{"id": 1, "n": 1}, {"id": 1, "n": 2}, {"id": 2}], {}),
    "names that are rewritten": ([{"id": 1, "someThing": 1, "Other Thing": 'x"y'}], {}),
}


@pytest.mark.parametrize("case", VALUES)
def test_what_a_repair_loads_is_what_a_sync_would_load(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    rows, hints = VALUES[case]
    load(server, warehouse, rows, **hints)
    expected = warehouse.rows("test_data.items")
    columns = warehouse.columns("test_data.items")
    change(warehouse, "DELETE FROM test_data.items")

    assert repair(server, warehouse, **hints).ok
    assert warehouse.rows("test_data.items") == expected
    assert warehouse.columns("test_data.items") == columns


def test_a_new_field_becomes_a_column(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    report = repair(server, warehouse, [{**ROWS[0], "color": "red"}, *ROWS[1:]])

    assert report.ok
    assert warehouse.query("SELECT color FROM test_data.items ORDER BY id") == [
        ("red",),
        (None,),
        (None,),
    ]


def test_what_the_schema_contract_leaves_out_stays_out(
    server: JsonServer, warehouse: Warehouse
) -> None:
    contract = {"schema_contract": {"columns": "discard_value"}}
    load(server, warehouse, ROWS, **contract)
    changed = [{**ROWS[0], "name": "A", "color": "red"}, *ROWS[1:]]

    assert repair(server, warehouse, changed, **contract).ok
    assert "color" not in warehouse.columns("test_data.items")
    assert warehouse.rows("test_data.items")[0]["name"] == "A"


def test_rows_without_ids_of_their_own(server: JsonServer, warehouse: Warehouse) -> None:
    def source() -> Any:
        contract = {"schema_contract": {"columns": "freeze"}}
        return rest_api_source({**config_of(server, **contract), "pipeline": {"row_ids": False}})

    server.answers({"data": ROWS})
    warehouse.pipeline().run(source())
    expected = warehouse.rows("test_data.items")
    change(warehouse, "DELETE FROM test_data.items WHERE id = 1")
    change(warehouse, "UPDATE test_data.items SET name = 'x' WHERE id = 2")

    report = verify(warehouse.pipeline(), source(), repair=True)

    assert report.ok
    assert report.repaired is not None
    assert report.repaired.of("items").loaded_rows == 2
    assert warehouse.rows("test_data.items", without_ids=False) == expected


def test_a_repair_of_many_rows_is_loaded_piece_by_piece(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = [{"id": key, "text": "x" * 20} for key in range(9_000)]
    load(server, warehouse, rows)
    change(warehouse, "DELETE FROM test_data.items WHERE id > 0")
    source = rest_api_source(config_of(server))
    report = verify(warehouse.pipeline(), source, repair=True, legs=SMALL_LEGS)

    assert report.ok
    assert warehouse.rows("test_data.items") == rows
    ((loads,),) = warehouse.query("SELECT count(*) FROM test_data._dlt_loads")
    assert loads > 3


def test_rows_that_may_differ_for_a_reason_are_left_as_they_are(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, [{"id": key, "n": 1} for key in range(2)])
    server.answers({"data": [{"id": key, "n": 2} for key in range(2)]})
    report = verify(
        warehouse.pipeline(),
        rest_api_source(config_of(server)),
        repair=True,
        may_differ=lambda resource, key: "known" if key == 1 else None,
    )

    assert report.ok
    assert warehouse.query("SELECT n FROM test_data.items ORDER BY id") == [(2,), (1,)]


def test_on_a_machine_without_the_pipelines_folder(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    """What earlier loads taught of the types comes from the destination."""
    load(server, warehouse, [{"id": 1, "v": 1}])
    load(server, warehouse, [{"id": 1, "v": "x"}, {"id": 2, "v": "2"}])
    expected = warehouse.rows("test_data.items")
    change(warehouse, "DELETE FROM test_data.items")
    elsewhere = dlt.pipeline(
        "test",
        destination=dlt.destinations.duckdb(str(warehouse.file)),
        dataset_name="test_data",
        pipelines_dir=str(tmp_path / "elsewhere"),
    )

    assert verify(elsewhere, rest_api_source(config_of(server)), repair=True).ok
    assert warehouse.rows("test_data.items") == expected


def test_a_sync_that_is_under_way_is_not_disturbed(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, ROWS)
    server.asked.clear()
    with held(warehouse.pipeline()), pytest.raises(SyncError, match="being synced by process"):
        repair(server, warehouse)
    assert server.asked == []


def test_no_sync_begins_before_the_repair_has_ended(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """What it loaded would be newer than the listing, and be overwritten."""
    load(server, warehouse, ROWS)
    change(warehouse, "DELETE FROM test_data.items WHERE id = 1")
    source, pipeline = rest_api_source(config_of(server)), warehouse.pipeline()
    refused: list[Row] = []

    def sync_meanwhile(row: Row) -> Row:
        with pytest.raises(SyncError, match="being synced"), held(pipeline):
            pass
        refused.append(row)
        return row

    source.resources["items"].add_map(sync_meanwhile)
    assert verify(pipeline, source, repair=True).ok
    assert len(refused) == 6  # Three rows, once listed and once loaded.
