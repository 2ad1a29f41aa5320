"""Rows that PostgreSQL, or one of its drivers, does not take as they are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import dlt
import pytest

from headrace import SyncReport, sync
from headrace.config import load_config, parse_config
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer

TABLE = "test_data.items"
QUARANTINE = "test_data._headrace_quarantine"


@pytest.fixture(autouse=True, params=["adbc", "psycopg2"])
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the ADBC driver and without it, which `dlt[postgres]` alone does not bring."""
    if request.param == "psycopg2":
        monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    return str(request.param)


def load(
    server: JsonServer,
    postgres: PostgresDatabase,
    rows: list[dict[str, Any]],
    columns: dict[str, str] | None = None,
    **hints: Any,
) -> SyncReport:
    server.answers(rows)
    resource = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "columns": {name: {"data_type": kind} for name, kind in (columns or {}).items()},
        "endpoint": {"paginator": "single_page"},
        **hints,
    }
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    return sync(postgres.pipeline(), build_source(parse_config(config)))


def test_a_nul_is_left_out_of_texts(server: JsonServer, postgres: PostgresDatabase) -> None:
    rows = [
        {"id": 1, "t": "a\0b", "whole": {"k\0": "c\0d"}},
        {"id": 2, "t": "a\0b", "of": {"t": "\0"}, "tags": ["e\0f", {"t": "g\0"}]},
        {"id": 3, "t": "x"},
    ]
    for _ in range(2):
        load(server, postgres, rows, {"whole": "json"})

    assert postgres.query(f"SELECT id, t, whole, of__t FROM {TABLE} ORDER BY id") == [
        (1, "ab", {"k": "cd"}, None),
        (2, "ab", None, ""),
        (3, "x", None, None),
    ]
    tags = postgres.query(f"SELECT value, t FROM {TABLE}__tags ORDER BY _dlt_list_idx")
    assert tags == [("ef", None), (None, "g")]


def test_a_nul_in_the_name_of_a_field_that_is_refused(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    for _ in range(2):
        load(server, postgres, [{"id": 1, "a\0b": 2**64}, {"id": 2}])

    assert postgres.query(f"SELECT id FROM {TABLE}") == [(2,)]
    ((reason,),) = postgres.query(f"SELECT reason FROM {QUARANTINE}")
    assert reason.startswith(r"`a\u0000b` is an integer beyond 64 bits")


def test_wei_has_more_digits_than_arrow(server: JsonServer, postgres: PostgresDatabase) -> None:
    numbers = {1: 5, 2: "7.25", 3: 10**17, 4: 1.5, 5: "9" * 70}
    rows = [{"id": key, "n": n, "l": [1] * (key % 2)} for key, n in numbers.items()]
    for _ in range(2):
        load(server, postgres, rows, {"n": "wei"})

    assert postgres.query(f"SELECT id, n FROM {TABLE} ORDER BY id") == [
        (key, Decimal(str(n))) for key, n in numbers.items()
    ]


WIDE = {f"c{number}": number for number in range(1_700)}


@pytest.mark.parametrize(
    ("wide", "place"),
    [(WIDE, 0), (WIDE, 150), ({"rows": [{"in": WIDE}]}, 150)],
    ids=["first", "within", "list"],
)
def test_a_row_with_too_many_columns_is_set_aside_alone(
    wide: dict[str, Any], place: int, server: JsonServer, postgres: PostgresDatabase
) -> None:
    rows = [{"id": number, f"n{number % 3}": number} for number in range(1, 301)]
    rows[place:place] = [{"id": 5_000, **wide}]
    for late in ("later", "last"):
        report = load(server, postgres, [*rows, {"id": 7_000, late: 1}])

        assert report.figures.of("items").quarantined == 1
    found = postgres.query(f"SELECT count(*), max(id), sum(later), sum(last) FROM {TABLE}")
    assert found == [(301, 7_000, None, 1)]
    ((reason,),) = postgres.query(f"SELECT reason FROM {QUARANTINE}")
    assert "more than the 1,600 columns that the destination takes" in reason


def test_a_table_that_is_full_takes_the_rows_that_bring_nothing_new(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    full = [{"id": number, f"n{number}": 1} for number in range(1_594)]
    load(server, postgres, full)
    report = load(server, postgres, [{"id": 1, "n5": 5}, {"id": 2, "n6": [6]}, {"id": 3, "x": 1}])

    assert report.figures.of("items").quarantined == 1
    assert postgres.query(f"SELECT id, n5 FROM {TABLE} WHERE id IN (1, 3) ORDER BY id") == [
        (1, 5),
        (3, None),
    ]


@pytest.mark.parametrize("columns", [{}, {"t": "text"}])
def test_an_empty_text_is_no_null(
    columns: dict[str, str], server: JsonServer, postgres: PostgresDatabase
) -> None:
    flat: list[dict[str, Any]] = [
        {"id": 1, "t": ""},
        {"id": 2, "t": None},
        {"id": 3, "t": "x"},
        {"id": 4},
    ]
    load(server, postgres, flat, columns)
    load(server, postgres, [*flat, {"id": 5, "t": "", "list": [""]}], columns)
    load(server, postgres, flat, columns)

    assert postgres.query(f"SELECT id, t FROM {TABLE} ORDER BY id") == [
        (1, ""),
        (2, None),
        (3, "x"),
        (4, None),
        (5, ""),
    ]


def test_the_last_version_of_a_key_wins_whatever_its_texts(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    versions = ["a", "", "b", "", "c"]
    load(server, postgres, [{"id": 1, "t": each} for each in versions])
    load(server, postgres, [{"id": 2, "t": each} for each in versions[:4]])

    assert postgres.query(f"SELECT id, t FROM {TABLE} ORDER BY id") == [(1, "c"), (2, "")]


def test_declared_columns_wait_for_rows_of_any_kind(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    columns = {"id": "bigint", "price": "decimal"}
    load(server, postgres, [], columns)
    assert postgres.columns(TABLE)["price"] == ("numeric", True)

    load(server, postgres, [{"id": 1, "price": 1.5}, {"id": 2, "price": 2}], columns)
    load(server, postgres, [], columns)
    load(server, postgres, [{"id": 3, "list": [1]}], columns)
    assert postgres.query(f"SELECT id, price FROM {TABLE} ORDER BY id") == [
        (1, Decimal("1.5")),
        (2, Decimal(2)),
        (3, None),
    ]


def test_both_tables_of_the_connector_load(postgres: PostgresDatabase) -> None:
    with Simulator(rows=50, seed=7) as simulator:
        settings = {"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}
        config = load_config("executions", (), lookup=settings.get)
        source = build_source(config).with_resources("executions", "workflows")
        for _ in range(2):
            sync(postgres.pipeline(), source)

    counts = "SELECT (SELECT count(*) FROM test_data.executions), count(*) FROM test_data.workflows"
    assert postgres.query(counts) == [(50, 12)]


def test_a_table_of_dlts_own_source_goes_on(server: JsonServer, postgres: PostgresDatabase) -> None:
    own = dlt.resource(
        [{"id": 1, "doc": {"a": [1]}, "n": 1}],
        name="items",
        primary_key="id",
        write_disposition="merge",
        columns={"doc": {"data_type": "json"}},
    )
    postgres.pipeline().run(own)
    load(server, postgres, [{"id": 2, "doc": {"a": [2]}, "n": 2}, {"id": 3}], {"doc": "json"})

    assert postgres.query(f"SELECT id, doc, n FROM {TABLE} ORDER BY id") == [
        (1, {"a": [1]}, 1),
        (2, {"a": [2]}, 2),
        (3, None, None),
    ]


@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_no_bits_of_a_fraction_become_an_integer(
    disposition: str, server: JsonServer, postgres: PostgresDatabase
) -> None:
    whole = dlt.resource([{"id": 1, "n": 1}], name="items")
    dlt.pipeline(
        "other", destination=dlt.destinations.postgres(postgres.url), dataset_name="test_data"
    ).run(whole)
    load(
        server, postgres, [{"id": 2, "n": 1.0}, {"id": 3, "n": 7.25}], write_disposition=disposition
    )

    found = postgres.query(f"SELECT id, n, n__v_double FROM {TABLE} ORDER BY id")
    assert found == [(1, 1, None), (2, 1, None), (3, None, 7.25)]


def test_a_full_refresh_loads_in_the_format_of_a_first_load(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    formats = []
    for value in (1, 1.5):
        config = {
            "client": {"base_url": server.base_url},
            "resources": [{"name": "items", "endpoint": {"paginator": "single_page"}}],
        }
        server.answers([{"id": 1, "n": value}])
        pipeline = postgres.pipeline()
        sync(pipeline, build_source(parse_config(config)), full_refresh=True)
        trace = pipeline.last_trace
        assert trace is not None
        assert trace.last_load_info is not None
        packages = trace.last_load_info.load_packages
        jobs = [job.job_file_info for each in packages for job in each.jobs["completed_jobs"]]
        formats.append({job.file_format for job in jobs if job.table_name == "items"})

        assert postgres.query(f"SELECT n FROM {TABLE}") == [(value,)]

    assert formats[0] == formats[1]


def test_a_replaced_table_loses_its_rows_with_the_api(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    states: list[list[dict[str, Any]]] = [[{"id": 1, "list": [1]}], [], [{"id": 2}], []]
    for rows in states:
        load(server, postgres, rows, write_disposition="replace")
        assert postgres.query(f"SELECT id FROM {TABLE}") == [(row["id"],) for row in rows]


@pytest.mark.parametrize("kind", ["data_type", "columns"])
def test_a_contract_may_discard_all_rows_of_a_batch(
    kind: str, server: JsonServer, postgres: PostgresDatabase
) -> None:
    """Dlt then writes a file without rows, which the driver that copies Parquet refuses."""
    discards = {"columns": {"n": "bigint"}, "schema_contract": {kind: "discard_row"}}
    left_out = {"id": 2, "n": "many"} if kind == "data_type" else {"id": 2, "new": 1}
    load(server, postgres, [{"id": 1, "n": 1, "t": "", "tags": [1]}], **discards)
    for more in ({}, {"tags": [2]}, {"t": ""}):
        report = load(server, postgres, [left_out | more], **discards)
        assert report.figures.total.discarded == 1
    load(server, postgres, [left_out, {"id": 3, "n": 3, "t": ""}], **discards)

    assert postgres.query(f"SELECT id, n, t FROM {TABLE} ORDER BY id") == [(1, 1, ""), (3, 3, "")]
    assert postgres.query(f"SELECT value FROM {TABLE}__tags") == [(1,)]
