"""Rows that are lists, objects by their keys, or plain values: into tables like any others."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import ConfigError, rest_api_source, sync, verify
from tests.stories.loading.small_listings import config, refused, run
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

TABLE = "test_data.items"
CURSOR = {"type": "cursor", "cursor_path": "cursor"}


def load(document: Any, warehouse: Warehouse) -> None:
    sync(warehouse.pipeline(), rest_api_source(document))


@pytest.mark.parametrize(
    ("answer", "keys", "expected"),
    [
        (
            {"data": {"a1": {"name": "x"}, "b2": {"name": "y"}}},
            {"data_selector": "data", "rows": {"key_as": "id"}},
            {("a1", "x"), ("b2", "y")},
        ),
        (
            {"rates": {"EUR": 1.5, "USD": 2.5}},
            {"data_selector": "rates", "rows": {"key_as": "id", "value_as": "name"}},
            {("EUR", 1.5), ("USD", 2.5)},
        ),
        (
            {"columns": ["id", "name"], "rows": [["1", "x"], ["2", "y"]]},
            {"rows": {"names": "columns"}},
            {("1", "x"), ("2", "y")},
        ),
        (
            {
                "schema": {"fields": [{"name": "id"}, {"name": "name"}]},
                "rows": [{"f": [{"v": "1"}, {"v": "x"}]}, {"f": [{"v": "2"}, {"v": None}]}],
            },
            {"rows": {"names": "schema.fields", "values": "f[*].v"}, "data_selector": "rows"},
            {("1", "x"), ("2", None)},
        ),
    ],
    ids=["keyed", "keyed values", "Datasette", "BigQuery"],
)
def test_check_preview_run_and_verify_read_them(
    server: JsonServer, warehouse: Warehouse, answer: Any, keys: Any, expected: set[Any]
) -> None:
    server.answers(answer)
    document = config(server, "single_page", **keys)
    told = run(document, server, "check")
    assert told.returncode == 0, told.text
    assert "answers with 2 rows" in told.text
    assert run(document, server, "preview").returncode == 0
    load(document, warehouse)
    assert set(warehouse.query(f"SELECT id, name FROM {TABLE}")) == expected
    comparison = verify(warehouse.pipeline(), rest_api_source(document)).tables[0].comparison
    assert (comparison.listed, comparison.stored) == (2, 2)
    assert not comparison.differing


def test_names_that_only_the_first_page_has_hold_for_all(
    server: JsonServer, warehouse: Warehouse
) -> None:
    first = {"columns": [{"name": "id"}, {"name": "n"}], "rows": [[1, "x"]], "cursor": "a"}
    server.answers(first, {"rows": [[2, "y"]], "cursor": "b"}, {"rows": [[3, None]]})
    load(config(server, CURSOR, rows={"names": "columns"}), warehouse)
    rows = warehouse.query(f"SELECT id, n FROM {TABLE} ORDER BY id")
    assert rows == [(1, "x"), (2, "y"), (3, None)]


def test_an_incremental_and_children_go_on_as_with_any_rows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path != "/items":
            return Answer({"rows": [[int(asked.path.rpartition("/")[2])]]})
        since = int(asked.query.get("since", 0))
        listed = {str(n): {"at": n} for n in range(1, 4 if since == 0 else 6) if n >= since}
        return Answer({"data": listed})

    server.handler = answer
    document = config(
        server,
        "single_page",
        data_selector="data",
        rows={"key_as": "id"},
        incremental={"cursor_path": "at", "initial_value": 0, "start_param": "since"},
    )
    child = {"path": "notes/{resources.items.id}", "rows": {"names": ["n"]}}
    document["resources"].append(
        {
            "name": "notes",
            "include_from_parent": ["id"],
            "endpoint": {**child, "data_selector": "rows", "paginator": "single_page"},
        }
    )
    load(document, warehouse)
    load(document, warehouse)
    assert warehouse.query(f'SELECT count(*), max("at") FROM {TABLE}') == [(5, 5)]
    notes = warehouse.query("SELECT DISTINCT n, _items_id FROM test_data.notes")
    assert sorted(notes) == [(n, str(n)) for n in range(1, 6)]


def test_a_row_that_does_not_fit_goes_to_quarantine(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"columns": ["id", "n"], "rows": [[1, 2], [3], {"id": 4}]})
    load(config(server, "single_page", rows={"names": "columns"}), warehouse)
    found = warehouse.query("SELECT raw_row, reason FROM test_data._headrace_quarantine")
    assert sorted(found) == [
        ("[3]", "it has 1 value, where there are 2 names"),
        ('{"id": 4}', "it is an object, where a list of 2 values was due"),
    ]
    assert warehouse.query(f"SELECT id, n FROM {TABLE}") == [(1, 2)]


def test_an_object_of_values_may_be_xml(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers(Answer(raw=b"<rates><EUR>1.5</EUR><USD>2.5</USD></rates>"))
    rows = {"key_as": "id", "value_as": "rate"}
    document = config(server, "single_page", decoder="xml", data_selector="rates", rows=rows)
    load(document, warehouse)
    assert set(warehouse.query(f"SELECT id, rate FROM {TABLE}")) == {("EUR", "1.5"), ("USD", "2.5")}


def test_lines_of_lists_are_named_too(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers(Answer(raw=b'["id", "n"]\n[1, "x"]\n[2, "y"]\n'))
    load(config(server, "single_page", decoder="jsonl", rows={"names": "[0]"}), warehouse)
    assert warehouse.query(f"SELECT id, n FROM {TABLE} ORDER BY id") == [(1, "x"), (2, "y")]


def test_an_error_in_the_guise_of_a_success_is_no_row(server: JsonServer) -> None:
    server.answers({"error": {"code": 5, "message": "quota exceeded"}})
    for selector in ("$", "data"):
        keys = {"data_selector": selector, "rows": {"key_as": "id"}}
        assert "guise of a success" in refused(config(server, "single_page", **keys))


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"rows": {}}, "rows", "says nothing"),
        ({"rows": {"key_as": "id"}}, "rows.key_as", "needs `data_selector`"),
        ({"rows": {"values": "f"}}, "rows", "`values` are named by `names`"),
        ({"rows": {"names": "c", "key_as": "id"}}, "rows", "either `names`"),
        ({"rows": {"key_as": "a", "value_as": "a"}, "data_selector": "$"}, "rows", "two fields"),
        ({"rows": {"names": ["a", "a"]}}, "rows", "a name twice"),
        ({"rows": {"names": "c"}, "decoder": "csv"}, "rows", "names of their columns already"),
        ({"rows": {"nmaes": "c"}}, "rows.nmaes", "did you mean `names`"),
        ({"rows": {"names": 5}}, "rows.names", "expected a JSONPath"),
        ({"rows": []}, "rows", "expected a mapping"),
    ],
)
def test_what_cannot_be_right_is_refused_when_it_is_read(
    server: JsonServer, keys: dict[str, Any], place: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        rest_api_source(config(server, "single_page", **keys))
    assert f"resources[0].endpoint.{place}" in str(caught.value)
