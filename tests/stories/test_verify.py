"""`headrace verify` proves that a table holds what its API lists, and says where it does not."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from headrace import ConfigError, SyncError, VerificationReport, rest_api_source, sync, verify
from headrace.reconciliation import Comparison
from headrace.simulator import Simulator
from tests.servers import Answer, JsonServer
from tests.tables import Row, Warehouse

ROWS: list[Row] = [
    {"id": 1, "name": "a", "at": "2026-01-01T00:00:00Z", "price": 1.1, "on": True},
    {"id": 2, "name": "b", "at": "2026-01-02T02:00:00+02:00", "price": None, "on": None},
    {"id": 3, "name": "c", "at": None, "price": 3.5, "on": False},
]


def config_of(server: JsonServer, **hints: Any) -> dict[str, Any]:
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge", **hints}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{**resource, "endpoint": {"path": "items", "data_selector": "data"}}],
    }


def load(server: JsonServer, warehouse: Warehouse, rows: list[Row], **hints: Any) -> None:
    server.answers({"data": rows})
    sync(warehouse.pipeline(), rest_api_source(config_of(server, **hints)))


def compare(
    server: JsonServer, warehouse: Warehouse, rows: list[Row] | None = None, **hints: Any
) -> Comparison:
    """How the table stands to these rows, or to those that were served before."""
    return report_of(server, warehouse, rows, **hints).tables[0].comparison


def report_of(
    server: JsonServer, warehouse: Warehouse, rows: list[Row] | None = None, **hints: Any
) -> VerificationReport:
    if rows is not None:
        server.answers({"data": rows})
    return verify(warehouse.pipeline(), rest_api_source(config_of(server, **hints)))


def change(warehouse: Warehouse, sql: str) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(sql)


def contents(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def found(comparison: Comparison) -> tuple[list[Any], list[Any], list[Any]]:
    """Keys missing, keys differing, keys that only the table has."""
    return (
        list(comparison.missing),
        list(comparison.differing),
        list(comparison.only_stored),
    )


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


SAME: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "objects": ([{"id": 1, "who": {"name": "a", "home": {"zip": 1}}}, {"id": 2, "who": None}], {}),
    "lists": ([{"id": 1, "tags": ["a", "b"], "n": 1}, {"id": 2, "tags": []}, {"id": 3}], {}),
    "text keys": ([{"id": "12", "v": 1}, {"id": "9", "v": 2}, {"id": "á/%'", "v": None}], {}),
    "text keys declared as numbers": (
        [{"id": "12"}, {"id": 9}],
        {"columns": {"id": {"data_type": "bigint"}}},
    ),
    "kinds that change": ([{"id": 1, "v": 1}, {"id": 2, "v": "two"}, {"id": 3, "v": 2.5}], {}),
    "nothing but nulls": ([{"id": 1, "v": None}, {"id": 2, "v": None}], {}),
    "decimals": (
        [{"id": 1, "d": 0.1}, {"id": 2, "d": "12345678901234567.89"}, {"id": 3, "d": None}],
        {"columns": {"d": {"data_type": "decimal", "precision": 38, "scale": 10}}},
    ),
    "floats": ([{"id": 1, "f": 0.1}, {"id": 2, "f": 1e300}, {"id": 3, "f": 1 / 3}], {}),
    "times with and without a zone": (
        [{"id": 1, "at": "2026-01-02T02:00:00+02:00", "then": "2026-01-02T02:00:00.123456"}],
        {"columns": {"then": {"data_type": "timestamp", "timezone": False}}},
    ),
    "JSON": (
        [{"id": 1, "j": {"a": [1, {"b": None}]}}, {"id": 2, "j": [1, 2]}, {"id": 3, "j": None}],
        {"columns": {"j": {"data_type": "json"}}},
    ),
    "dates and times of day": (
        [{"id": 1, "day": "2026-01-02", "hour": "12:30:00"}],
        {"columns": {"day": {"data_type": "date"}, "hour": {"data_type": "time"}}},
    ),
    "several keys": (
        [{"id": 1, "part": "a", "n": 1}, {"id": 1, "part": "b", "n": 2}],
        {"primary_key": ["id", "part"]},
    ),
    "a key twice in the listing": ([{"id": 1, "n": 1}, {"id": 1, "n": 2}, {"id": 2}], {}),
    "rows replaced as a whole": ([{"id": 1}, {"id": 2}], {"write_disposition": "replace"}),
    "names that are rewritten": ([{"id": 1, "someThing": 1, "Other Thing": 'x"y'}], {}),
    "no rows": ([], {}),
}


@pytest.mark.parametrize("case", SAME)
def test_whatever_the_rows_look_like_what_was_loaded_is_the_same(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    rows, hints = SAME[case]
    load(server, warehouse, rows, **hints)
    report = report_of(server, warehouse, **hints)

    assert report.ok
    assert found(report.tables[0].comparison) == ([], [], [])


DIFFERENT: dict[str, tuple[Row, Row, dict[str, Any], dict[str, tuple[Any, Any]]]] = {
    "a value": ({"v": 1}, {"v": 2}, {}, {"v": (1, 2)}),
    "a value that went": ({"v": 1}, {"v": None}, {}, {"v": (1, None)}),
    "a field that came": ({}, {"v": 1}, {}, {"v": (None, 1)}),
    "a field in an object": ({"o": {"v": 1}}, {"o": {"v": 2}}, {}, {"o__v": (1, 2)}),
    "another kind": ({"v": 1}, {"v": "x"}, {}, {"v": (1, None), "v__v_text": (None, "x")}),
    "the last digit of a float": (
        {"v": 0.1},
        {"v": 0.10000000000000002},
        {},
        {"v": (0.1, 0.10000000000000002)},
    ),
    "the last digit of a decimal": (
        {"v": "1.10"},
        {"v": "1.11"},
        {"columns": {"v": {"data_type": "decimal", "precision": 20, "scale": 2}}},
        {"v": (Decimal("1.10"), Decimal("1.11"))},
    ),
    "JSON": (
        {"v": {"a": 1, "b": 2}},
        {"v": {"b": 2, "a": True}},
        {"columns": {"v": {"data_type": "json"}}},
        {"v": ('{"a":1,"b":2}', '{"a":true,"b":2}')},
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_is_shown_field_by_field(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    before, now, hints, expected = DIFFERENT[case]
    load(server, warehouse, [{"id": 1, **before}, {"id": 2, "same": "x"}], **hints)
    comparison = compare(server, warehouse, [{"id": 1, **now}, {"id": 2, "same": "x"}], **hints)

    assert found(comparison) == ([], [1], [])
    assert comparison.examples == {1: expected}


def test_equal_json_may_be_written_otherwise(server: JsonServer, warehouse: Warehouse) -> None:
    hints: dict[str, Any] = {"columns": {"j": {"data_type": "json"}}}
    load(server, warehouse, [{"id": 1, "j": {"a": 1, "b": [1.0, 100]}}], **hints)
    change(warehouse, """UPDATE test_data.items SET j = '{"b": [1, 1e2], "a": 1}'""")

    assert found(compare(server, warehouse, **hints)) == ([], [], [])


def test_several_keys_come_as_a_tuple(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": 1, "part": part, "n": 1} for part in "abc"]
    load(server, warehouse, rows[:2], primary_key=["id", "part"])
    rows[0]["n"] = 2
    comparison = compare(server, warehouse, rows, primary_key=["id", "part"])

    assert found(comparison) == ([(1, "c")], [(1, "a")], [])
    assert comparison.examples == {(1, "a"): {"n": (1, 2)}}


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


def test_quarantined_rows_are_counted_and_not_missed(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows: list[Row] = [*ROWS, {"id": None}, {"name": "without a key"}]
    load(server, warehouse, rows)
    report = report_of(server, warehouse)

    assert report.ok
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


Ran = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=20_000, seed=7) as running:
        yield running


@pytest.fixture
def executions(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's executions, loaded into executions.duckdb."""
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    assert headrace("run", "executions").returncode == 0


def headrace(*arguments: str) -> Ran:
    return subprocess.run(
        [sys.executable, "-m", "headrace", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("executions")
def test_verify_20_000_rows_on_the_command_line(tmp_path: Path) -> None:
    before = contents(tmp_path / "dlt")
    ran = headrace("verify", "executions")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Listed 20,000 rows (80 pages) with 80 requests in " in ran.stdout
    assert "The tables hold what the API lists." in ran.stdout
    assert contents(tmp_path / "dlt") == before

    with duckdb.connect("executions.duckdb") as connection:
        connection.execute("DELETE FROM executions_dataset.executions WHERE id % 400 = 0")
        connection.execute("UPDATE executions_dataset.executions SET mode = 'x' WHERE id = 7")
        connection.execute("UPDATE executions_dataset.executions SET id = 30001 WHERE id = 1")
    ran = headrace("verify", "executions", "--examples", "2")

    assert (ran.returncode, ran.stderr) == (1, "")
    assert "executions: 51 rows missing in the table:\n  1, 400\n  and 49 more\n" in ran.stdout
    assert "executions: 1 row differing: mode in 1\n" in ran.stdout
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("7 "))
    assert line.split()[:3] == ["7", "mode", '"x"']
    assert "1 row only in the table, no fault: the API lists them no more:\n  30001" in ran.stdout


@pytest.mark.usefixtures("executions")
def test_another_dataset_on_the_command_line() -> None:
    ran = headrace("verify", "executions", "--dataset", "nope")

    assert ran.returncode == 1
    assert "dataset `nope` in duckdb holds nothing of this source yet." in ran.stderr
    assert "headrace run CONFIG" in ran.stderr


def test_wrong_calls_end_with_2(server: JsonServer) -> None:
    Path("shop.json").write_text(json.dumps(config_of(server, primary_key=None)))

    ran = headrace("verify", "shop.json")
    assert ran.returncode == 2
    assert "it has no `primary_key` to find a row again by" in ran.stderr
    assert headrace("verify", "shop.json", "--resource", "x").returncode == 2


def test_secrets_in_rows_are_masked(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "c4nary/k3y+value")
    config = config_of(server)
    config["resources"][0]["endpoint"]["params"] = {"access_token": "${SHOP_KEY}"}
    config["pipeline"] = {"strict": True}
    Path("shop.json").write_text(json.dumps(config))
    server.answers({"data": [{"id": "1", "link": "old"}]})
    assert headrace("run", "shop.json").returncode == 0
    link = "https://x/?key=c4nary/k3y+value"
    rows = [{"id": "1", "link": link}, {"id": link}, {"id": None, "link": link}]
    server.answers({"data": rows})
    ran = headrace("verify", "shop.json")

    assert ran.returncode == 1
    assert "c4nary" not in ran.stdout + ran.stderr
    assert '"https://x/?key=***"' in ran.stdout
    assert "1 row of the listing cannot be loaded as they are" in ran.stdout
