"""Rows whose values have no place: found before the load, flat and beside a list alike."""

from __future__ import annotations

import json
from typing import Any

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

EARLY, LATE = '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-12:00"'
NOW = '"2026-11-23T06:34:39Z"'
IN_UTC = "should be timestamp within the years 1 to 9999 in UTC, but is"
BEYOND = "is an integer beyond 64 bits; declare it as decimal or text"
OWN = "is the name of a column that dlt fills itself"
DIGITS = "18446744073709551615"
# What each row holds beside its key, and by the place of each row that is refused, why.
CASES: dict[str, tuple[list[str], dict[int, str]]] = {
    "time_early": ([f'"at": {NOW}', f'"at": {EARLY}'], {1: f"`at` {IN_UTC} {EARLY}"}),
    "time_first": ([f'"at": {LATE}', f'"at": {NOW}'], {0: f"`at` {IN_UTC} {LATE}"}),
    "time_at_edge": ([f'"at": {NOW}', '"at": "0001-01-01T00:00:00Z"'], {}),
    "year_0": ([f'"at": {NOW}', '"at": "0000-01-01T00:00:00Z"'], {}),
    "time_in_list": (
        [f'"l": [{{"at": {NOW}}}]', f'"l": [{{"at": {NOW}}}, {{"at": {EARLY}}}]'],
        {1: f"`at` of the table `time_in_list__l` {IN_UTC} {EARLY}"},
    ),
    "integer": (["", '"n": 377', '"n": "5"', f'"n": {2**63}'], {3: f"`n` {BEYOND}"}),
    "in_object": (
        ['"p": {}', '"p": {"n": 377}', '"p": {"n": "5"}', f'"p": {{"n": {2**63}}}'],
        {3: f"`p.n` {BEYOND}"},
    ),
    "digits": (
        ['"n": 5', f'"n": "{DIGITS}"', '"n": 1e19'],
        {1: f"`n` {BEYOND}", 2: f"`n` {BEYOND}"},
    ),
    "digits_in_list": (
        [f'"l": [5, "{DIGITS}"]', '"l": [6]', '"l": ["7"]'],
        {0: f"`value` of the table `digits_in_list__l` {BEYOND}"},
    ),
    "variants": (
        [f'"l": [5, {NOW}]', '"l": ["x"]'],
        {1: "`value` of the table `variants__l` should be bigint or timestamp"},
    ),
    "parent_id": (['"_dlt_parent_id": "x"', ""], {0: f"`_dlt_parent_id` {OWN}"}),
    "no_parent_id": (['"_dlt_parent_id": null', '"n": 1'], {}),
    "row_id": (['"_dltId": "x"', '"_dlt_load_id": 1', ""], {0: f"`_dltId` {OWN}", 1: "`_dlt_load"}),
    "nameless": (
        ['"__": [1]', '"__": 1', ""],
        {0: "it has a list by whose name nothing is left", 1: "it has a key of which nothing"},
    ),
    "list_index": (
        ['"l": [{"_dlt_list_idx": 7}]', '"l": [{"a": 1}]'],
        {0: f"`l._dlt_list_idx` {OWN}"},
    ),
}


def rows_of(name: str) -> list[str]:
    """Each row of a case flat, and once more beside a list."""
    members, _ = CASES[name.removesuffix("_and_list")]
    keyed = [", ".join(filter(None, [f'"id": {key}', text])) for key, text in enumerate(members)]
    beside = ', "list": [1]' if name.endswith("_and_list") else ""
    return [f"{{{row}{beside}}}" for row in keyed]


def answer(asked: Asked) -> Answer:
    return Answer(raw=f"[{', '.join(rows_of(asked.path.strip('/')))}]".encode())


def load(server: JsonServer, warehouse: Warehouse) -> SyncReport:
    server.handler = answer
    config: dict[str, Any] = {
        "client": {"base_url": server.base_url},
        "resource_defaults": {
            "write_disposition": "replace",
            "endpoint": {"paginator": "single_page"},
        },
        "resources": [name + more for name in CASES for more in ("", "_and_list")],
    }
    return sync(warehouse.pipeline(), build_source(parse_config(config)))


def test_such_a_row_is_set_aside_alone(server: JsonServer, warehouse: Warehouse) -> None:
    for _ in range(2):
        report = load(server, warehouse)
        assert report.figures.notes == [], "no load had to fail for it"
        for name, (members, refused) in CASES.items():
            for table in (name, f"{name}_and_list"):
                found = warehouse.query(f"SELECT id FROM test_data.{table} ORDER BY id")
                assert found == [(key,) for key in range(len(members)) if key not in refused]
                reasons = warehouse.query(
                    "SELECT raw_row, reason FROM test_data._headrace_quarantine "
                    f"WHERE resource = '{table}' ORDER BY quarantined_at, raw_row"
                )
                assert len(reasons) == len(refused)
                for raw_row, reason in reasons:
                    expected = refused[json.loads(raw_row)["id"]].replace(f"`{name}_", f"`{table}_")
                    assert reason.startswith(expected), reason

    for more in ("", "_and_list"):
        numbers = warehouse.query(f"SELECT n FROM test_data.integer{more} ORDER BY id")
        assert numbers == [(None,), (377,), (5,)]
        texts = warehouse.query(f"SELECT at__v_text FROM test_data.year_0{more} ORDER BY id")
        assert texts == [(None,), ("0000-01-01T00:00:00Z",)]


def test_a_refused_row_leaves_no_column(server: JsonServer, warehouse: Warehouse) -> None:
    bad = f'{{"id": 1, "new": 1, "l": [{{"new": 1, "m": [1]}}, {{"at": {EARLY}, "n": {2**64}}}]}}'
    good = '{"id": 2, "l": [{"at": "x"}, {"new": "y"}]}'
    server.answers(Answer(raw=f"[{bad}, {good}]".encode()))
    endpoint = {"paginator": "single_page"}
    config = {
        "client": {"base_url": server.base_url},
        "resources": [{"name": "items", "primary_key": "id", "endpoint": endpoint}],
    }
    report = sync(warehouse.pipeline(), build_source(parse_config(config)))

    assert report.figures.of("items").quarantined == 1
    assert "new" not in warehouse.columns("test_data.items")
    kinds = {name: kind for name, (kind, _) in warehouse.columns("test_data.items__l").items()}
    assert (kinds["at"], kinds["new"]) == ("VARCHAR", "VARCHAR")
    assert "items__l__m" not in warehouse.tables("test_data")


def test_a_list_whose_table_no_file_can_be_named_by(
    server: JsonServer, warehouse: Warehouse
) -> None:
    long = "x" * 300
    rows = [{"id": 1, long: [1]}, {"id": 2, "l": [[[1]]]}, {"id": 3, long: 1}]
    server.answers(Answer(raw=json.dumps(rows).encode()))
    config = {
        "client": {"base_url": server.base_url},
        "resources": [{"name": "items", "endpoint": {"paginator": "single_page"}}],
    }
    report = sync(warehouse.pipeline(), build_source(parse_config(config)))

    assert report.figures.notes == []
    ((reason,),) = warehouse.query("SELECT reason FROM test_data._headrace_quarantine")
    assert reason.startswith("its lists lead to a child table with a name of 307 characters")
    assert warehouse.query("SELECT id FROM test_data.items ORDER BY id") == [(2,), (3,)]
