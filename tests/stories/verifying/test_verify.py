"""`headrace verify` proves that a table holds what its API lists, and says where it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from headrace import ConfigError, SyncError, rest_api_source, verify
from tests.stories.verifying.compared import (
    ROWS,
    change,
    compare,
    config_of,
    contents,
    found,
    load,
    report_of,
)
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Row, Warehouse


def test_a_fresh_table_holds_what_is_listed(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    report = report_of(server, warehouse)

    assert report.ok
    comparison = report.tables[0].comparison
    assert (comparison.listed, comparison.stored) == (3, 3)
    assert found(comparison) == ([], [], [])


def test_missing_changed_and_pruned_rows(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, [*ROWS, {"id": 4, "name": "pruned since"}])
    change(warehouse, "DELETE FROM test_data.items WHERE id = 1")
    changed = {**ROWS[1], "name": "B", "at": "2026-01-02T00:00:01Z"}
    report = report_of(server, warehouse, [ROWS[0], changed, ROWS[2]])

    assert not report.ok
    comparison = report.tables[0].comparison
    assert found(comparison) == ([1], [2], [4])
    assert comparison.fields == {"name": 1, "at": 1}
    was, now = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)
    assert comparison.examples == {2: {"name": ("b", "B"), "at": (was, now)}}


def test_rows_that_only_the_table_has_are_no_fault(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, ROWS)
    report = report_of(server, warehouse, ROWS[1:])

    assert report.ok
    assert found(report.tables[0].comparison) == ([], [], [1])


def test_a_key_twice_in_a_merged_table_is_a_fault(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    change(warehouse, "INSERT INTO test_data.items FROM test_data.items WHERE id = 2")
    report = report_of(server, warehouse)

    assert not report.ok
    assert list(report.tables[0].comparison.repeated) == [2]


def test_of_appended_versions_the_newest_counts(server: JsonServer, warehouse: Warehouse) -> None:
    for version in (1, 2):
        load(server, warehouse, [{"id": 1, "n": version}], write_disposition="append")
    report = report_of(server, warehouse, write_disposition="append")

    assert report.ok
    assert (report.tables[0].comparison.stored, list(report.tables[0].comparison.repeated)) == (
        2,
        [1],
    )


def test_history_is_not_compared(server: JsonServer, warehouse: Warehouse) -> None:
    history: dict[str, Any] = {"write_disposition": {"disposition": "merge", "strategy": "scd2"}}
    for version in (1, 2):
        load(server, warehouse, [{"id": 1, "n": version}, {"id": 2, "n": 7}], **history)
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(3,)]

    assert report_of(server, warehouse, **history).ok
    comparison = compare(server, warehouse, [{"id": 1, "n": 3}], **history)
    assert found(comparison) == ([], [1], [2])


def test_rows_may_differ_or_be_missing_for_a_reason(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, [{"id": key, "n": 1} for key in range(3)])
    server.answers({"data": [{"id": key, "n": 2} for key in range(6)]})
    asked: list[tuple[str, int]] = []

    def still_open(resource: str, key: int) -> str | None:
        asked.append((resource, key))
        return "open" if key == 1 else None

    report = verify(
        warehouse.pipeline(),
        rest_api_source(config_of(server)),
        may_differ=still_open,
        may_be_missing=lambda resource, key: "came after the last sync" if key > 3 else None,
    )

    comparison = report.tables[0].comparison
    assert found(comparison) == ([3], [0, 2], [])
    assert comparison.excused == {"open": 1, "came after the last sync": 2}
    assert comparison.fields == {"n": 2}
    assert asked == [("items", 0), ("items", 1), ("items", 2)]


def test_rows_that_cannot_be_loaded_are_counted_in_the_verdict(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows: list[Row] = [*ROWS, {"id": None}, {"name": "without a key"}]
    load(server, warehouse, rows)
    report = report_of(server, warehouse)

    assert not report.ok
    assert found(report.tables[0].comparison) == ([], [], [])
    assert report.tables[0].has_all_loadable
    assert report.tables[0].quarantined == 2
    assert warehouse.query("SELECT count(*) FROM test_data._headrace_quarantine") == [(2,)]


def test_nothing_is_loaded_and_no_state_changes(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    load(server, warehouse, ROWS)
    pipeline = warehouse.pipeline()
    tables = warehouse.query("SELECT schema_name, table_name, estimated_size FROM duckdb_tables()")
    before = contents(tmp_path / "pipelines")
    server.answers({"data": [{"id": 1, "new": {"field": [1]}}]})
    verify(pipeline, rest_api_source(config_of(server)))

    assert contents(tmp_path / "pipelines") == before
    assert dlt.pipeline() is pipeline
    assert (
        warehouse.query("SELECT schema_name, table_name, estimated_size FROM duckdb_tables()")
        == tables
    )


def test_on_a_machine_without_the_pipelines_folder(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    """What earlier loads taught of the types comes from the destination."""
    load(server, warehouse, [{"id": 1, "v": 1}])
    load(server, warehouse, [{"id": 1, "v": "x"}, {"id": 2, "v": "2"}])
    elsewhere = dlt.pipeline(
        "test",
        destination=dlt.destinations.duckdb(str(warehouse.file)),
        dataset_name="test_data",
        pipelines_dir=str(tmp_path / "elsewhere"),
    )
    report = verify(elsewhere, rest_api_source(config_of(server)))

    assert report.ok
    assert found(report.tables[0].comparison) == ([], [], [])


def test_a_table_that_is_not_there_misses_all_rows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, ROWS)
    config = config_of(server)
    config["resources"] *= 2
    config["resources"][1] = {**config["resources"][0], "name": "others"}
    report = verify(warehouse.pipeline(), rest_api_source(config))

    assert report.tables[0].ok
    assert found(report.tables[1].comparison) == ([1, 2, 3], [], [])


def test_before_the_first_run(server: JsonServer, warehouse: Warehouse) -> None:
    with pytest.raises(SyncError, match=r"there is no file .*warehouse\.duckdb.*headrace run"):
        report_of(server, warehouse, ROWS)
    assert not warehouse.file.exists()

    with duckdb.connect(str(warehouse.file)):
        pass
    with pytest.raises(SyncError, match=r"dataset `test_data` in duckdb holds nothing .* yet"):
        report_of(server, warehouse, ROWS)
    assert server.asked == []


def test_a_resource_without_a_primary_key(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    server.asked.clear()
    with pytest.raises(ConfigError, match=r"resources\.items: cannot be verified: .*primary_key"):
        report_of(server, warehouse, primary_key=None)
    assert server.asked == []


def test_a_destination_that_cannot_be_read(server: JsonServer, warehouse: Warehouse) -> None:
    warehouse.file.write_text("this is no database")
    with pytest.raises(SyncError, match="cannot be read"):
        report_of(server, warehouse, ROWS)


def test_a_listing_that_fails(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    server.answers(Answer({"message": "quota exceeded"}, 403))
    with pytest.raises(Exception, match="quota exceeded"):
        report_of(server, warehouse)
