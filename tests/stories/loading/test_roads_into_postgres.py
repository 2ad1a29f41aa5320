"""The same tables in PostgreSQL whether ADBC copies the rows or psycopg2 takes them as text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace import sync, verify
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase, PostgresServer, fresh_database
from tests.support.servers import JsonServer

Rows = list[dict[str, Any]]
Load = Callable[[PostgresDatabase], set[str | None]]

COLUMNS: dict[str, dict[str, Any]] = {
    "small": {"data_type": "bigint", "precision": 16},
    "medium": {"data_type": "bigint", "precision": 32},
    "large": {"data_type": "bigint"},
    "share": {"data_type": "double"},
    "price": {"data_type": "decimal", "precision": 10, "scale": 2},
    "exact": {"data_type": "decimal"},
    "at": {"data_type": "timestamp"},
    "at_second": {"data_type": "timestamp", "precision": 0},
    "at_milli": {"data_type": "timestamp", "precision": 3},
    "local": {"data_type": "timestamp", "timezone": False},
    "day": {"data_type": "date"},
    "hour": {"data_type": "time"},
    "doc": {"data_type": "json"},
    "code": {"data_type": "text", "precision": 5},
    "raw": {"data_type": "binary"},
    "flag": {"data_type": "bool"},
    "name": {"data_type": "text"},
}
TIMES = [
    "2026-11-23T06:34:39.718Z",
    "2026-11-23T06:34:39.123456+02:00",
    "2026-11-23T06:34:39.1234567Z",
    "2026-11-23T06:34:39.999999Z",
    "1969-12-31T23:59:59.999999Z",
    "1969-12-31T23:59:58.5Z",
    "1900-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "1582-10-10T00:00:00Z",
    "2026-11-23",
    "2026-11-23T06:34:39",
    0,
    -1,
    1_763_879_679,
    1_763_879_679.718,
    "not a time",
    "",
]
ODD: dict[str, list[Any]] = {
    "small": [0, -1, 32767, -32768, 32768, 1.0, 1.5, "7", True],
    "medium": [0, 2**31 - 1, -(2**31), 2**31, "x"],
    "large": [2**63 - 1, -(2**63), 2**63, 1e3, "9"],
    "share": [0, 0.1, 1e300, 5e-324, 1.7976931348623157e308, 2**53 + 1, "1.5"],
    "price": [1, 1.5, "1.50", 1.005, "1.005", "99999999.99", "100000000", -3, "-0.01", "NaN",
              "1e3"],
    "exact": [0.1, "0.123456789", "0.1234567891", "12345678901234567890123456789.123456789",
              "1e28", "1e29", "Infinity", 2**70, 1e-9, 123456789.987654321],
    "at": TIMES,
    "at_second": TIMES,
    "at_milli": TIMES,
    "local": TIMES,
    "day": ["2026-02-28", "2026-02-30", "0001-01-01", "9999-12-31", "1969-12-31",
            "2026-11-23T06:34:39Z", 0, ""],
    "hour": ["06:34:39", "06:34:39.123456", "23:59:59.999999", "00:00:00", "24:00:00",
             "06:34:39.1234567", ""],
    "doc": [{}, [], {"a": [1, {"b": None}]}, [1, "x", None], "text", "", 1.5, True, {"k\0": "v\0"},
            {"n": 1e300, "i": 2**70}, "null", {"ž": "馬 😀"}],
    "code": ["", "abcde", "ž馬😀žž", " ", "a\0bcde"],
    "raw": ["", "aGVsbG8=", "AP8=", "not base64!"],
    "flag": [True, False, "true", 1, 0, ""],
    "name": ["", " ", "NULL", "\\N", "\\.", "a\0b", "\0", '"', "'", ",", "a\nb", "a\r\nb", "\t",
             "\\", "ž 馬 😀 \u2028", "x" * 100_000, 1, 1.5, True],
    # None of these is declared.
    "free_text": ["", "x", "\\N"],
    "free_number": [1, -(2**63), 1.5],
    "free_time": ["2026-11-23T06:34:39.718Z", "1969-12-31T23:59:58.5Z"],
    "free_mix": [1, "x", True, 1.5, {"a": ""}, [1, ""]],
    "free": [{"a": "", "b": {"c": 1}}, {"a": None}],
}  # fmt: skip


def odd_rows(*, lists: bool) -> Rows:
    """A row for each value; with lists, each has one, and goes through dlt's own normalizer."""
    values = [(name, value) for name, values in ODD.items() for value in [*values, None]]
    rows = [{"id": key, name: value} for key, (name, value) in enumerate(values)]
    if lists:
        rows = [
            {
                **row,
                "tags": ["", "a", None],
                "parts": [{"t": "", "n": 1}, {"t": None, "at": row["id"]}],
            }
            for row in rows
        ]
    return rows


def stored(postgres: PostgresDatabase) -> dict[str, Any]:
    """Each table of the dataset: its columns with their types, and its rows as text."""
    found: dict[str, Any] = {}
    tables = postgres.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'test_data' "
        "AND (table_name LIKE 'items%' OR table_name = '_headrace_quarantine') ORDER BY 1"
    )
    for (table,) in tables:
        columns = postgres.query(
            "SELECT column_name, replace(data_type, 'jsonb', 'json'), is_nullable, "
            "character_maximum_length, numeric_precision, numeric_scale, datetime_precision "
            f"FROM information_schema.columns WHERE table_name = '{table}' "
            "AND table_schema = 'test_data' ORDER BY column_name"
        )
        if table == "_headrace_quarantine":
            columns = [each for each in columns if each[0] in ("resource", "raw_row", "reason")]
        shown = [
            f'"{name}"::jsonb::text' if kind == "json" else f'"{name}"::text'
            for name, kind, *_ in columns
            if not name.startswith("_dlt") or name == "_dlt_list_idx"
        ]
        source = f"test_data.{table} AS t"
        if any(name == "_dlt_parent_id" for name, *_ in columns):
            shown = [f"t.{each}" for each in shown] + ["p.id"]
            source += " JOIN test_data.items AS p ON p._dlt_id = t._dlt_parent_id"
        rows = postgres.query(f"SELECT {', '.join(shown)} FROM {source}")
        found[table] = (columns, sorted(rows, key=repr))
    return found


def by_both_roads(
    load: Load,
    postgres_server: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is stored after the loads: by ADBC, and without its driver."""
    tables = []
    for adbc in (True, False):
        folder = tmp_path / str(adbc)
        monkeypatch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        monkeypatch.setenv("DISABLE_ADBC_DETECTION", str(not adbc).lower())
        with fresh_database(postgres_server, folder) as database:
            formats = load(database)
            assert formats == {"parquet"} if adbc else "parquet" not in formats
            tables.append(stored(database))
    return tables[0], tables[1]


def config(server: JsonServer, **hints: Any) -> dict[str, Any]:
    resource = {
        "name": "items",
        "primary_key": "id",
        "columns": COLUMNS,
        "endpoint": {"paginator": "single_page"},
        **hints,
    }
    return {"client": {"base_url": server.base_url}, "resources": [resource]}


def synced(
    server: JsonServer, postgres: PostgresDatabase, rows: Rows, **hints: Any
) -> set[str | None]:
    """Loads the rows; gives the formats of the files with rows of theirs."""
    server.answers(rows)
    pipeline = postgres.pipeline()
    sync(pipeline, build_source(parse_config(config(server, **hints))))
    assert pipeline.last_trace is not None
    assert pipeline.last_trace.last_load_info is not None
    return {
        job.job_file_info.file_format
        for package in pipeline.last_trace.last_load_info.load_packages
        for job in package.jobs["completed_jobs"]
        if job.job_file_info.table_name.startswith("items")
        and job.job_file_info.file_format not in ("sql", "reference")
    }


@pytest.mark.parametrize("disposition", ["merge", "append", "replace"])
@pytest.mark.parametrize("lists", [False, True], ids=["flat", "lists"])
def test_odd_values_are_the_same(
    disposition: str,
    lists: bool,
    server: JsonServer,
    postgres_server: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = odd_rows(lists=lists)
    more = [{**row, "id": row["id"] + 5, "new": "", "newer": 1.5, "newest": [""]} for row in rows]

    def load(postgres: PostgresDatabase) -> set[str | None]:
        formats = synced(server, postgres, rows, write_disposition=disposition)
        formats |= synced(server, postgres, more, write_disposition=disposition)
        return formats | synced(server, postgres, rows[:50], write_disposition=disposition)

    adbc, text = by_both_roads(load, postgres_server, tmp_path, monkeypatch)

    assert adbc.keys() == text.keys()
    for table, (columns, found) in text.items():
        assert adbc[table][0] == columns, table
        assert [each for each in adbc[table][1] if each not in found] == [], table
        assert adbc[table][1] == found, table


def test_a_binary_of_some_bytes_takes_more_and_fewer(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    rows = [{"id": 1, "raw": "AP8="}, {"id": 2, "raw": "aGVsbG8="}]
    formats = synced(
        server, postgres, rows, columns={"raw": {"data_type": "binary", "precision": 3}}
    )

    assert "parquet" not in formats
    assert postgres.query("SELECT id, raw::text FROM test_data.items ORDER BY id") == [
        (1, r"\x00ff"),
        (2, r"\x68656c6c6f"),
    ]


@pytest.mark.parametrize("is_off", ["true", "false"])
def test_what_no_number_is_arrives_or_is_set_aside(
    is_off: str,
    server: JsonServer,
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without ADBC dlt writes `nan` into a statement, which PostgreSQL takes for a column."""
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", is_off)
    rows = [{"id": key, "share": each} for key, each in enumerate(["NaN", "-inf", 1.5])]
    synced(server, postgres, rows, columns={"share": {"data_type": "double"}})

    found = postgres.query("SELECT id, share::text FROM test_data.items ORDER BY id")
    if is_off == "true":
        assert found == [(2, "1.5")]
        assert postgres.query("SELECT count(*) FROM test_data._headrace_quarantine") == [(2,)]
    else:
        assert found == [(0, "NaN"), (1, "-Infinity"), (2, "1.5")]


@pytest.mark.parametrize("is_off", ["true", "false"])
def test_a_copy_that_fails_names_table_and_column(
    is_off: str,
    server: JsonServer,
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", is_off)
    columns = {"code": {"data_type": "text", "precision": 5}}
    synced(server, postgres, [{"id": 1, "code": "abcdef"}, {"id": 2}], columns=columns)

    assert postgres.query("SELECT id FROM test_data.items") == [(2,)]
    (told,) = (each.getMessage() for each in caplog.records if each.name.startswith("headrace"))
    assert (
        "the table `items` refuses a value for its column `code`: value too long for type "
        "character varying(5). To keep such values, declare `code` under `columns` with a type "
        "that takes them, and have the table made anew with `--full-refresh`"
    ) in told
    assert "libpq" not in told
    assert "abcdef" not in told


@pytest.mark.parametrize("lists", [False, True], ids=["flat", "lists"])
def test_a_table_goes_on_by_the_other_road(
    lists: bool,
    server: JsonServer,
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = {name: hint for name, hint in COLUMNS.items() if name != "raw"}
    rows: Rows = [
        {"id": key, "doc": {"n": key}, "name": "", "at_second": f"2026-11-23T06:34:3{key}.9Z"}
        for key in range(6)
    ]
    for row in rows if lists else ():
        row["tags"] = ["", "a"]
    for place in range(3):
        monkeypatch.setenv("DISABLE_ADBC_DETECTION", str(place % 2 == 1).lower())
        part = rows[place : place + 4]
        formats = synced(server, postgres, part, columns=columns, write_disposition="merge")
        assert ("parquet" in formats) == (place % 2 == 0)

    found = postgres.query(
        "SELECT id, doc, name, extract(second FROM at_second)::int FROM test_data.items ORDER BY id"
    )
    assert found == [(key, {"n": key}, "", 30 + key) for key in range(6)]


@pytest.mark.parametrize("is_off", ["true", "false"])
def test_verify_finds_times_that_were_cut_off_equal(
    is_off: str,
    server: JsonServer,
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISABLE_ADBC_DETECTION", is_off)
    names = ("at", "at_second", "at_milli", "local", "hour")
    rows = [
        {"id": key, name: value, "tags": [1] * (key % 2)}
        for key, (name, value) in enumerate(
            (name, value)
            for name in names
            for value in (("06:34:39.1239",) if name == "hour" else TIMES[:10])
        )
    ]
    columns = COLUMNS | {"hour": {"data_type": "time", "precision": 3}}
    synced(server, postgres, rows, columns=columns, write_disposition="merge")

    source = build_source(parse_config(config(server, columns=columns, write_disposition="merge")))
    (table,) = verify(postgres.pipeline(), source).tables
    assert table.has_all_loadable
    assert len(table.comparison.differing) == 0
