"""Rows that cannot be loaded as they are go to a table of their own, and the others load."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace import RowError, SyncReport, sync
from headrace.config import parse_config
from headrace.destination.direct_merges import UNIQUE_KEYS
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

QUARANTINE = "test_data._headrace_quarantine"
KEY = "canary-0123456789"


def config_of(server: JsonServer, *, strict: bool = False, **hints: Any) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "auth": {"type": "api_key", "name": "key", "api_key": KEY, "location": "query"},
        },
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": {"n": {"data_type": "bigint"}, "day": {"data_type": "date"}},
                "endpoint": {"data_selector": "data", "paginator": "single_page"},
                **hints,
            }
        ],
        "pipeline": {"strict": strict},
    }


def load(
    server: JsonServer, warehouse: Warehouse, *, strict: bool = False, **hints: Any
) -> SyncReport:
    config = parse_config(config_of(server, strict=strict, **hints))
    return sync(warehouse.pipeline(), build_source(config))


BAD_ROWS: dict[str, tuple[Any, str]] = {
    "null": (None, "it is no object"),
    "a list": ([1], "it is no object"),
    "a number": (7, "it is no object"),
    "no key": ({"n": 1}, "it has no value for `id`"),
    "a null key": ({"id": None, "n": 1}, "it has no value for `id`"),
    "text where an integer is declared": ({"id": 5, "n": "x"}, '`n` should be bigint, but is "x"'),
    "a fraction where an integer is declared": ({"id": 5, "n": 1.5}, "`n` should be bigint, but"),
    "a list where an integer is declared": ({"id": 5, "n": [1]}, "`n` should be bigint, but is [1"),
    "seconds beyond any date": ({"id": 5, "day": -7e16}, "`day` should be date, but is -7e+16"),
}


@pytest.mark.parametrize("longest", [200, 101, 100])
def test_of_a_row_longer_than_any_text_the_beginning_is_kept(
    longest: int, server: JsonServer, warehouse: Warehouse
) -> None:
    bad = '{"name":"' + "\N{EURO SIGN}" * 30 + '"}'
    assert len(bad.encode()) == 101
    server.answers(Answer(raw=f'{{"data": [{bad}, {{"id": 1}}]}}'.encode()))
    pipeline = warehouse.pipeline()
    assert pipeline.destination is not None
    pipeline.destination.caps_params["max_text_data_type_length"] = longest
    config = config_of(server)
    assert sync(pipeline, build_source(parse_config(config))).figures.total.loaded_rows == 1

    ((kept, reason),) = warehouse.query(f"SELECT raw_row, reason FROM {QUARANTINE}")
    cut = "(the destination has room for the beginning of the row only)"
    assert (kept == bad, cut not in reason) == (longest > 100, longest > 100)
    assert bad.startswith(kept)
    assert len(kept.encode()) > longest - 4 or kept == bad


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_set_aside_alone(case: str, server: JsonServer, warehouse: Warehouse) -> None:
    bad, reason = BAD_ROWS[case]
    rows = [{"id": number, "n": number} for number in range(10, 1_010)]
    server.answers({"data": [*rows[:500], bad, *rows[500:]]})
    report = load(server, warehouse)

    assert warehouse.query("SELECT count(*), sum(n) FROM test_data.items") == [
        (1_000, sum(row["n"] for row in rows))
    ]
    ((resource, raw_row, why, request, has_time),) = warehouse.query(
        f"SELECT resource, raw_row, reason, request, quarantined_at IS NOT NULL FROM {QUARANTINE}"
    )
    assert (resource, json.loads(raw_row), has_time) == ("items", bad, True)
    assert why.startswith(reason)
    assert request == f"GET {server.base_url}/items?key=***"
    figures = report.figures.of("items")
    assert (figures.rows, figures.loaded_rows, figures.quarantined) == (1_001, 1_000, 1)
    assert report.figures.reasons == {why.split(", but is")[0]: 1}


def test_a_key_that_is_an_object_names_its_columns(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers([{"guid": {"@isPermaLink": False, "#text": "a1"}}])
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{"name": "items", "primary_key": "guid", "write_disposition": "merge"}],
    }
    sync(warehouse.pipeline(), build_source(parse_config(config)))

    ((reason,),) = warehouse.query(f"SELECT reason FROM {QUARANTINE}")
    assert "no value for `guid`" in reason
    assert "; the field is an object, with the columns `guid__ais_perma_link`, `guid__" in reason


UNREADABLE = {
    "NaN": b"NaN",
    "a broken surrogate": b'"\\ud800"',
    "bytes that are no UTF-8": b'"\xff"',
    "too deep for any reader": b"[" * 2_000 + b"]" * 2_000,
    "too deep for dlt": b"[" * 900 + b"]" * 900,
    "objects too deep to be columns": b'{"a": ' * 300 + b"1" + b"}" * 300,
    "an integer beyond 64 bits": b"99999999999999999999",
    "such an integer in a list": b"[99999999999999999999]",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_stops_dlts_own_source_stops_one_row(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    page = b'{"data": [{"id": 1}, {"id": 2, "v": %b}, {"id": 3, "v": null}]}' % UNREADABLE[case]
    server.answers(Answer(raw=page))
    report = load(server, warehouse)

    assert warehouse.query("SELECT id FROM test_data.items ORDER BY id") == [(1,), (3,)]
    ((raw_row,),) = warehouse.query(f"SELECT raw_row FROM {QUARANTINE}")
    assert raw_row.startswith('{"id": 2, "v": ')
    figures = report.figures.of("items")
    assert (figures.rows, figures.loaded_rows, figures.quarantined) == (3, 2, 1)


def test_objects_and_json_in_them_that_are_too_deep_together_stop_one_row(
    server: JsonServer, warehouse: Warehouse
) -> None:
    deep = b'{"a": ' * 60 + b"[" * 198 + b"]" * 198 + b"}" * 60
    server.answers(Answer(raw=b'{"data": [{"id": 1}, {"id": 2, "v": %b}]}' % deep))
    load(server, warehouse, max_table_nesting=60)

    assert warehouse.query("SELECT id FROM test_data.items") == [(1,)]
    reasons = warehouse.query(f"SELECT reason FROM {QUARANTINE}")
    assert reasons == [("it nests deeper than 200 levels",)]


def test_large_integers_load_where_they_are_declared(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": [{"id": 1, "d": 10**20, "t": 10**20, "n": 1}]})
    columns = {
        "d": {"data_type": "decimal", "precision": 38, "scale": 0},
        "t": {"data_type": "text"},
    }
    load(server, warehouse, columns=columns)

    assert warehouse.query("SELECT d, t FROM test_data.items") == [(10**20, str(10**20))]


def test_integers_keep_to_the_bits_of_their_column(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Found before anything is loaded: no load has to fail for it."""
    within = [-32_768, "32767", 5.0, None]
    beyond: list[Any] = [32_768, "-32769", 70_000.0]
    rows: list[dict[str, Any]] = [
        {"id": key, "n": value} for key, value in enumerate(within + beyond)
    ]
    with_lists = [{"id": row["id"] + 10, "n": row["n"], "l": [1]} for row in rows]
    server.answers({"data": [*rows, *with_lists]})
    report = load(server, warehouse, columns={"n": {"data_type": "bigint", "precision": 16}})

    assert report.figures.notes == []
    found = warehouse.query("SELECT id, n FROM test_data.items ORDER BY id")
    numbers = [-32_768, 32_767, 5, None]
    assert found == [(more + key, n) for more in (0, 10) for key, n in enumerate(numbers)]
    reasons = warehouse.query(f"SELECT reason FROM {QUARANTINE}")
    expected = [f"`n` should be an integer of 16 bits, but is {json.dumps(n)}" for n in beyond]
    assert sorted(reason for (reason,) in reasons) == sorted(2 * expected)


@pytest.mark.parametrize(
    ("digits", "loaded"),
    [
        ("0.12345678901234567891", "0.12345678901234567891"),
        ("99999999999999999.99", "99999999999999999.99000000000000000000"),
        ('"7.5"', "7.50000000000000000000"),
        ('"0.123456789012345678905"', "0.12345678901234567891"),
        ("0", "0.00000000000000000000"),
        ("0.123456789012345678905", "0.12345678901234567891"),
        ("-3", "-3.00000000000000000000"),
    ],
)
def test_decimals_keep_every_digit_that_their_column_has(
    digits: str, loaded: str, server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=b'{"data": [{"id": 1, "d": %b, "f": 1.5}]}' % digits.encode()))
    columns = {"d": {"data_type": "decimal", "precision": 38, "scale": 20}}
    load(server, warehouse, columns=columns)

    assert warehouse.query("SELECT CAST(d AS text), f FROM test_data.items") == [(loaded, 1.5)]


def test_a_decimal_with_too_many_digits_goes_to_quarantine(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": [{"id": 1, "d": 12.5}, {"id": 2, "d": 1e30}]})
    columns = {"d": {"data_type": "decimal", "precision": 20, "scale": 2}}
    load(server, warehouse, columns=columns)

    assert warehouse.query("SELECT id FROM test_data.items") == [(1,)]
    assert warehouse.query(f"SELECT reason FROM {QUARANTINE}") == [
        ("`d` has more digits than its column",)
    ]


def test_epochs_of_either_unit_become_times(server: JsonServer, warehouse: Warehouse) -> None:
    """On both roads, and mixed with times written out."""
    seconds, text = 1795415679, "2026-11-23T06:34:39Z"
    at = [seconds, seconds * 1_000, text, seconds, seconds * 1_000, text]
    rows = [{"id": key, "at": value, "l": [key] if key > 2 else []} for key, value in enumerate(at)]
    server.answers({"data": rows})
    load(server, warehouse, columns={"at": {"data_type": "timestamp"}})

    times = warehouse.query('SELECT epoch("at") FROM test_data.items')
    assert times == [(float(seconds),)] * 6


def test_an_epoch_beyond_the_calendar_keeps_its_digits(
    server: JsonServer, warehouse: Warehouse
) -> None:
    beyond = 2251799813685248
    server.answers({"data": [{"id": 1, "at": "2026-11-23T06:34:39Z"}, {"id": 2, "at": beyond}]})
    load(server, warehouse)

    found = warehouse.query("SELECT id, at__v_bigint FROM test_data.items ORDER BY id")
    assert found == [(1, None), (2, beyond)]


def test_strict_loads_nothing(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"data": [{"id": 1}, {"id": 2, "n": "x"}]})

    with pytest.raises(RowError, match="`n` should be bigint") as failure:
        load(server, warehouse, strict=True)

    assert KEY not in str(failure.value)
    assert not warehouse.file.exists() or warehouse.tables("test_data") == set()
    server.answers({"data": [{"id": 1}]})
    load(server, warehouse, strict=True)
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(1,)]


def test_secrets_that_a_server_sends_back_are_masked(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": [{"n": 1, "you_sent": KEY}]})
    load(server, warehouse)

    assert warehouse.query(f"SELECT raw_row FROM {QUARANTINE}") == [
        ('{"n": 1, "you_sent": "***"}',)
    ]


def test_quarantine_grows_while_the_table_is_replaced(
    server: JsonServer, warehouse: Warehouse
) -> None:
    for number in (1, 2):
        server.answers({"data": [{"id": number}, number]})
        load(server, warehouse, write_disposition="replace")

    assert warehouse.query("SELECT id FROM test_data.items") == [(2,)]
    assert warehouse.query(f"SELECT count(*) FROM {QUARANTINE}") == [(2,)]


def test_of_a_key_twice_in_a_load_the_last_version_counts(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Over both roads, and in any order of them."""
    rows: list[dict[str, Any]] = [
        {"id": 1, "n": 1, "l": [1]},
        {"id": 2, "n": 1},
        {"id": 1, "n": 2},
        {"id": 2, "n": 2, "l": [2, 3]},
        {"id": 3, "n": 1},
        {"id": 3, "n": 2},
        {"id": 3, "n": 3},
    ]
    server.answers({"data": rows})
    load(server, warehouse)

    assert warehouse.query("SELECT id, n FROM test_data.items ORDER BY id") == [
        (1, 2),
        (2, 2),
        (3, 3),
    ]
    assert warehouse.query(
        "SELECT i.id, l.value FROM test_data.items__l l "
        "JOIN test_data.items i ON i._dlt_id = l._dlt_parent_id ORDER BY 2"
    ) == [(2, 2), (2, 3)]


def test_a_large_load_in_order_is_merged_without_looking_for_twins(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": [{"id": number} for number in range(60_000)]})
    load(server, warehouse)
    tables: Any = warehouse.pipeline().default_schema.tables
    assert tables["items"][UNIQUE_KEYS] is True

    # What comes later is looked at again.
    server.answers({"data": [{"id": 7, "n": 1}, {"id": 7, "n": 2}, {"id": 7, "n": 3}]})
    load(server, warehouse)
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(60_000,)]
    assert warehouse.query("SELECT n FROM test_data.items WHERE id = 7") == [(3,)]
