"""Rows made of parts of the listed ones: of the lines of each order, one table of lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace import ConfigError, rest_api_source, sync, verify
from tests.stories.loading.small_listings import config, refused, run
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

HIDDEN = "a-body-that-nobody-may-see"
EACH = {
    "path": "lines",
    "index_as": "line",
    "fields": {"sku": "sku", "price": "price.amount"},
    "of_row": {"order_id": "id"},
}
KEY = ["order_id", "line"]


def order(number: int, *lines: Any) -> dict[str, Any]:
    return {"id": number, "notes": HIDDEN, "lines": list(lines)}


def line(sku: str, price: float = 1.5) -> dict[str, Any]:
    return {"sku": sku, "price": {"amount": price, "note": HIDDEN}, "picture": HIDDEN}


def lines_of(server: JsonServer, paginator: Any = "single_page", **each: Any) -> Any:
    document = config(server, paginator, data_selector="orders", rows={"each": {**EACH, **each}})
    document["resources"][0]["primary_key"] = KEY
    return document


def everything_under(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_check_preview_run_and_verify_make_them(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"orders": [order(1, line("a"), line("b")), order(2), order(3, line("c", 2))]})
    document = lines_of(server)
    for command in ("check", "preview", "run"):
        told = run(document, server, command)
        assert told.returncode == 0, told.text
        assert HIDDEN not in told.text
    assert "of the listed rows were left out" in told.text
    report = sync(warehouse.pipeline(), rest_api_source(document))
    assert set(warehouse.query("SELECT order_id, line, sku, price FROM test_data.items")) == {
        (1, 0, "a", 1.5),
        (1, 1, "b", 1.5),
        (3, 0, "c", 2.0),
    }
    figures = report.figures.of("items")
    assert (figures.rows, figures.loaded_rows) == (3, 3)
    assert figures.left_out_bytes > 6 * len(HIDDEN)
    assert verify(warehouse.pipeline(), rest_api_source(document)).ok
    warehouse.query("DELETE FROM test_data.items WHERE order_id = 3")
    assert not verify(warehouse.pipeline(), rest_api_source(document)).ok


def test_pages_are_counted_by_their_listed_rows(server: JsonServer, warehouse: Warehouse) -> None:
    # No order of the second page has lines, and all have the same fields.
    orders = [order(number, *([line("a")] * (number % 4 < 2))) for number in range(8)]

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"orders": orders[offset : offset + 2], "total": len(orders)})

    server.handler = answer
    sync(warehouse.pipeline(), rest_api_source(lines_of(server, {"type": "offset", "limit": 2})))
    assert warehouse.query("SELECT order_id FROM test_data.items ORDER BY 1") == [
        (0,),
        (1,),
        (4,),
        (5,),
    ]


def test_a_bad_element_goes_to_quarantine_alone(
    server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    good = json.dumps(order(1, line("a"), HIDDEN, line("b")))
    broken = f'{{"id": 2, "lines": [{{"sku": NaN, "x": "{HIDDEN}"}}]}}'
    server.answers(Answer(raw=f'{{"orders": [{good}, {broken}]}}'.encode()))
    sync(warehouse.pipeline(), rest_api_source(lines_of(server)))
    assert warehouse.query("SELECT line FROM test_data.items ORDER BY 1") == [(0,), (2,)]
    found = warehouse.query("SELECT raw_row, reason FROM test_data._headrace_quarantine ORDER BY 1")
    assert [(json.loads(row), reason) for row, reason in found] == [
        ({"order_id": 1, "line": 1}, "it is made of a text, no object"),
        ({"order_id": 2}, "it cannot be read as JSON in UTF-8"),
    ]
    assert HIDDEN.encode() not in everything_under(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"orders": [{{"id": 1, "lines": [{{"sku": "{HIDDEN}',
        f'{{"orders": [1 2 "{HIDDEN}"]}}',
        f'{{"order": "{HIDDEN}"}}',
        f'[{{"note": "{HIDDEN}"}}, NaN',
    ],
)
def test_an_error_shows_nothing_of_an_answer(server: JsonServer, raw: str) -> None:
    server.answers(Answer(raw=raw.encode()))
    told = refused(lines_of(server))
    assert "items" in told
    assert HIDDEN not in told


def test_a_path_that_leads_nowhere_is_told(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers({"orders": [order(1, line("a"))]})
    report = sync(warehouse.pipeline(), rest_api_source(lines_of(server, path="rows")))
    assert any("`rows.each.path` (`rows`)" in note for note in report.figures.total.notes)


def test_without_fields_the_elements_come_as_they_are(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"orders": [order(1, {"sku": "a", "size": {"width": 2}}, {"sku": "b"})]})
    document = lines_of(server, fields=None)
    sync(warehouse.pipeline(), rest_api_source(document))
    found = warehouse.query("SELECT order_id, line, sku, size__width FROM test_data.items")
    assert set(found) == {(1, 0, "a", 2), (1, 1, "b", None)}


def test_each_row_of_a_parent_may_have_a_listing_of_them(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/customers":
            return Answer([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
        number = int(asked.path.split("/")[2])
        return Answer({"orders": [order(number, *[line("x")] * number)]})

    server.handler = answer
    document = lines_of(server)
    lines = document["resources"][0]
    lines["endpoint"]["path"] = "customers/{resources.customers.id}/orders"
    lines["include_from_parent"] = ["name"]
    document["resources"].insert(0, {"name": "customers", "endpoint": {"path": "customers"}})
    report = sync(warehouse.pipeline(), rest_api_source(document))
    found = warehouse.query("SELECT order_id, line, _customers_name FROM test_data.items")
    assert sorted(found) == [(1, 0, "a"), (2, 0, "b"), (2, 1, "b")]
    assert not any("rows.each" in note for note in report.figures.total.notes)


def test_an_incremental_goes_by_what_the_made_rows_have(
    server: JsonServer, warehouse: Warehouse
) -> None:
    orders = [order(number, line("a"), line("b")) for number in range(1, 4)]
    server.handler = lambda asked: Answer(
        {"orders": [each for each in orders if each["id"] >= int(asked.query["since"])]}
    )
    document = lines_of(server)
    document["resources"][0]["endpoint"]["incremental"] = {
        **{"cursor_path": "order_id", "start_param": "since", "initial_value": 2}
    }
    for _ in range(2):
        sync(warehouse.pipeline(), rest_api_source(document))
        orders.append(order(4, line("c")))
    assert [asked.query["since"] for asked in server.asked] == ["2", "3"]
    found = warehouse.query("SELECT order_id, count(*) FROM test_data.items GROUP BY 1 ORDER BY 1")
    assert found == [(2, 2), (3, 2), (4, 1)]


@pytest.mark.parametrize(
    ("each", "keys", "told"),
    [
        ({"fields": {"line": "sku"}}, {}, "`line` is given twice"),
        ({"path": "lines[*]"}, {}, "`lines[*]` must lead from a field to one place"),
        ({"fields": {"sku": "$"}}, {}, "`$` must lead from a field to one place"),
        ({"fields": {"a": "b.c", "d": "b[0]"}}, {}, "cannot be an object and a list"),
        ({"of_row": {"order_id": "lines[0].id"}}, {}, "what lies within `path` is of an element"),
        ({}, {"primary_key": ["order_id", "place"]}, "names `place`, but `rows.each` makes"),
        ({}, {"missing_rows": "mark"}, "cannot go with `rows.each`"),
    ],
)
def test_what_cannot_be_made_is_an_error_in_the_config(
    server: JsonServer, each: Any, keys: Any, told: str
) -> None:
    document = lines_of(server, **each)
    document["resources"][0] |= keys
    with pytest.raises(ConfigError) as caught:
        rest_api_source(document)
    assert told in str(caught.value)
