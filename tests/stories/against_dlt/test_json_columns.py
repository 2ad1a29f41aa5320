"""A column that is declared as JSON keeps whatever dlt's own source keeps there, and more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source

from headrace import SyncReport, rest_api_source, sync
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

KEPT = [
    "{}",
    "[]",
    "null",
    '{"a": {"b": [1, "x", null, true, 1.5, {}]}}',
    '[{"a": 1}, [2], "x"]',
    f'{{"n": {2**63}, "least": {-(2**63)}}}',
    f'[[{2**64 - 1}], {{"n": {2**63 + 1}}}]',
    "5",
    "1.5",
    "false",
    '"x"',
    '""',
    '"2026-11-23T06:34:39Z"',
    '"[1"',
    '"{\\"a\\": 1}"',
    '"5"',
    '"null"',
    # dlt takes such a sign, in texts that it has written itself, for a mark of a type.
    '{"t": "\\uf026x"}',
]
# By the value, why a row that has it cannot be loaded.
REFUSED = {
    f'{{"n": {2**64}}}': "holds an integer beyond 64 bits, for which dlt's files have no room",
    f"[{-(2**63) - 1}]": "holds an integer beyond 64 bits, for which dlt's files have no room",
    f'"{{\\"n\\": {2**64}}}"': "holds an integer beyond 64 bits",
    '{"n": 1e999}': "is or holds a number beyond any double; send it as text",
    '"\\"x\\""': "is a text that is the JSON of a text, which no column of JSON takes; declare it",
}


def serve(server: JsonServer, values: list[str]) -> Any:
    """Serves a row for each value, flat and beside a list, as `p`."""
    rows = []
    for number, value in enumerate(values):
        rows += [
            f'{{"id": {number}, "p": {value}}}',
            f'{{"id": {-1 - number}, "p": {value}, "l": [1]}}',
        ]
    server.handler = lambda _: Answer(raw=f"[{', '.join(rows)}]".encode())
    return {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": {"p": {"data_type": "json"}},
                "endpoint": {"data_selector": "$", "paginator": "single_page"},
            }
        ],
    }


def test_what_dlt_keeps_is_kept_in_the_same_columns(
    server: JsonServer, warehouse: Warehouse
) -> None:
    config = serve(server, KEPT)
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(config))

    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_postgres_keeps_the_same(server: JsonServer, postgres: PostgresDatabase) -> None:
    # Of a text that is a number dlt's own source makes no JSON that PostgreSQL takes.
    config = serve(server, [value for value in KEPT if value != '"5"'])
    for name, make_source in (("theirs", dlt_rest_api_source), ("ours", rest_api_source)):
        postgres.pipeline(name).run(make_source(config))

    found = {name: postgres.rows(f"{name}_data.items") for name in ("ours", "theirs")}
    assert found["ours"] == found["theirs"]
    assert {"n": 2**63, "least": -(2**63)} in [row["p"] for row in found["ours"]]


def test_what_no_column_of_json_keeps_is_set_aside_with_a_remedy(
    server: JsonServer, warehouse: Warehouse
) -> None:
    report = load(server, warehouse, [*REFUSED, "{}"])

    reasons = dict(warehouse.query("SELECT raw_row, reason FROM test_data._headrace_quarantine"))
    assert len(reasons) == 2 * len(REFUSED) == report.figures.total.quarantined
    for number, reason in enumerate(REFUSED.values()):
        found = [
            why for row, why in reasons.items() if json.loads(row)["id"] in (number, -1 - number)
        ]
        assert all(why.startswith(f"`p` {reason}") for why in found)


def test_an_integer_beyond_64_bits_in_place_of_json_is_kept(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, [str(2**63), str(10**25), "{}"])

    found = warehouse.query("SELECT p__v_decimal FROM test_data.items ORDER BY id")
    assert [value for (value,) in found] == [None, 10**25, 2**63, 2**63, 10**25, None]


def test_lists_that_stay_json_undeclared_keep_large_integers(
    server: JsonServer, warehouse: Warehouse
) -> None:
    config = serve(server, [f"[{2**63}]", "[1]"])
    config["resources"][0] |= {"columns": {}, "max_table_nesting": 0}
    report = sync(warehouse.pipeline(), rest_api_source(config))

    assert not report.figures.reasons
    found = warehouse.query("SELECT p FROM test_data.items WHERE id = 0")
    assert found == [(f"[{2**63}]",)]


def load(server: JsonServer, warehouse: Warehouse, values: list[str]) -> SyncReport:
    return sync(warehouse.pipeline(), rest_api_source(serve(server, values)))
