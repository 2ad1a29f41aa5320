"""Answers in CSV, NDJSON and XML: into the same tables as JSON, with all a listing can have."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

from headrace import ConfigError, SyncReport, rest_api_source, sync, verify
from tests.stories.loading.small_listings import refused, run
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

TABLE = "test_data.items"
QUARANTINE = "test_data._headrace_quarantine"
TYPED: dict[str, Any] = {
    "id": {"data_type": "bigint"},
    "price": {"data_type": "decimal", "precision": 10, "scale": 2},
    "at": {"data_type": "timestamp"},
    "on": {"data_type": "bool"},
    "day": {"data_type": "date"},
    "share": {"data_type": "double"},
}
ROWS = [
    {"id": 1, "name": 'a, "b"', "price": "1.50", "at": "2026-01-01T00:00:00Z", "on": True},
    {"id": 2, "name": "c\nd", "price": None, "at": None, "on": None},
    {"id": 3, "name": "", "price": "-3", "at": "2026-01-01T02:00:00+02:00", "on": False},
]
CSV = (
    b"id,name,price,at,on,day,share\r\n"
    b'1,"a, ""b""",1.50,2026-01-01T00:00:00Z,true,2026-01-02,-0.1e-2\r\n'
    b'2,"c\nd",,,,,\r\n3,"",-3,2026-01-01T02:00:00+02:00,False,,7\r\n'
)
JSONL = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)
XML = b"<r><n>3</n>%b</r>" % b"".join(
    b"<i><id>%d</id><name>n</name><price>1.50</price><on>true</on></i>" % n for n in (1, 2, 3)
)
AS_CSV, AS_XML = {"Content-Type": "text/csv"}, {"Content-Type": "application/xml"}


def config(server: JsonServer, paginator: Any = "single_page", **keys: Any) -> Any:
    hints = {key: keys.pop(key) for key in ("columns", "primary_key") if key in keys}
    return {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": TYPED,
                **hints,
                "endpoint": {"path": "items", "paginator": paginator, **keys},
            }
        ],
    }


def load(document: Any, into: Warehouse | PostgresDatabase) -> SyncReport:
    return sync(into.pipeline(), rest_api_source(document))


def test_declared_columns_have_their_types_and_others_are_texts(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=CSV))
    load(config(server, decoder="csv"), warehouse)
    rows = warehouse.query(
        f'SELECT id, name, price, epoch("at"), "on", day::text, share FROM {TABLE}'
    )
    new_year = 1_767_225_600.0
    assert sorted(rows) == [
        (1, 'a, "b"', Decimal("1.50"), new_year, True, "2026-01-02", -0.001),
        (2, "c\nd", None, None, None, None, None),
        (3, "", Decimal("-3.00"), new_year, False, None, 7.0),
    ]


def test_texts_become_numbers_switches_and_times_without_a_look_at_each_row(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(
        Answer(raw=b"id,at,on,share\n1,2026-01-01T00:00:00Z,true,-0.1e-2\n2,,,\n3,,FALSE,7\n")
    )
    report = load(config(server, decoder="csv"), warehouse)
    assert report.figures.of("items").side_rows == 0
    rows = warehouse.query(f'SELECT id, epoch("at"), "on", share FROM {TABLE} ORDER BY id')
    assert rows == [(1, 1_767_225_600.0, True, -0.001), (2, None, None, None), (3, None, False, 7)]


def test_a_text_that_is_no_such_number_or_switch_takes_the_side_road(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=b"id,on,share\n1,Y,1\n2,maybe,2\n3,,x\n4,, 7 \n"))
    report = load(config(server, decoder="csv"), warehouse)
    rows = warehouse.query(f'SELECT id, "on", share FROM {TABLE} ORDER BY id')
    assert rows == [(1, True, 1.0), (4, None, 7.0)]
    assert report.figures.of("items").quarantined == 2


def test_postgres_holds_the_same(server: JsonServer, postgres: PostgresDatabase) -> None:
    server.answers(Answer(raw=CSV))
    load(config(server, decoder="csv"), postgres)
    rows = {row["id"]: row for row in postgres.rows(TABLE)}
    assert rows[1]["price"] == Decimal("1.50")
    assert [rows[number]["name"] for number in (1, 2, 3)] == ['a, "b"', "c\nd", ""]
    assert [rows[number]["on"] for number in (1, 2, 3)] == [True, None, False]


@pytest.mark.parametrize(
    ("raw", "keys", "count"),
    [
        (CSV, {"decoder": "csv"}, 3),
        (gzip.compress(CSV), {"decoder": "csv"}, 3),
        (JSONL, {"decoder": "jsonl"}, 3),
        (gzip.compress(JSONL), {"decoder": {"type": "jsonl"}}, 3),
        (XML, {"decoder": "xml"}, 3),
        (gzip.compress(XML), {"decoder": "xml", "data_selector": "r.i"}, 3),
        (b"1;a\n", {"decoder": {"type": "csv", "delimiter": ";", "names": ["id", "name"]}}, 1),
    ],
    ids=["csv", "csv.gz", "jsonl", "jsonl.gz", "xml", "xml.gz", "no header"],
)
def test_check_preview_run_and_verify_read_it(
    server: JsonServer, warehouse: Warehouse, raw: bytes, keys: dict[str, Any], count: int
) -> None:
    server.answers(Answer(raw=raw, headers={"Content-Type": "application/octet-stream"}))
    document = {
        **config(server, **keys),
        "pipeline": {"name": "test", "destination": "duckdb", "dataset": "test_data"},
    }
    told = run(document, server, "check")
    assert told.returncode == 0, told.text
    assert f"answers with {count} row" in told.text
    assert run(document, server, "preview").returncode == 0
    load(document, warehouse)
    assert warehouse.query(f"SELECT count(*) FROM {TABLE}") == [(count,)]
    comparison = verify(warehouse.pipeline(), rest_api_source(document)).tables[0].comparison
    assert (comparison.listed, comparison.stored) == (count, count)
    assert not comparison.missing
    assert not comparison.differing


def test_a_content_type_is_taken_for_the_decoder_with_a_word(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=CSV, headers=AS_CSV))
    report = load(config(server), warehouse)
    word = "the answers are read as CSV, by their Content-Type `text/csv`; write `decoder: csv`"
    assert [note for note in report.figures.of("items").notes if word in note]
    assert warehouse.query(f"SELECT count(*) FROM {TABLE}") == [(3,)]
    told = run(config(server), server, "check")
    assert word in told.text


def pages_of(
    write: Callable[[list[int]], bytes], count: int, **headers: str
) -> Callable[[Asked], Answer]:
    """So many rows, by offset and limit or by page, written by a function."""

    def answer(asked: Asked) -> Answer:
        size = int(asked.query.get("limit", 10))
        at = int(asked.query.get("offset", size * int(asked.query.get("page", 0))))
        return Answer(raw=write(list(range(count))[at : at + size]), headers=headers)

    return answer


def as_csv(numbers: list[int]) -> bytes:
    return b"id,name\n" + b"".join(b"%d,x\n" % number for number in numbers)


def as_jsonl(numbers: list[int]) -> bytes:
    return b"".join(b'{"id": %d, "name": "x"}\n' % number for number in numbers)


@pytest.mark.parametrize(("write", "decoder"), [(as_csv, "csv"), (as_jsonl, "jsonl")])
@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "offset", "limit": 10, "total_path": None},
        {"type": "page_number", "total_path": None},
    ],
)
def test_pages_are_counted_on_to_the_total_of_a_header(
    server: JsonServer,
    warehouse: Warehouse,
    write: Callable[[list[int]], bytes],
    decoder: str,
    paginator: dict[str, Any],
) -> None:
    server.handler = pages_of(write, 25, **{"X-Total-Count": "25"})
    load(config(server, paginator, decoder=decoder), warehouse)
    assert warehouse.query(f"SELECT count(*), sum(id) FROM {TABLE}") == [(25, 300)]
    server.handler = pages_of(write, 25, **{"X-Total-Count": "26"})
    told = refused(config(server, paginator, decoder=decoder))
    assert "ended with 25 rows, but the API tells 26" in told


def test_a_header_names_the_next_page(server: JsonServer, warehouse: Warehouse) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("cursor", 0))
        headers = {"X-Next": str(at + 2)} if at < 4 else {}
        return Answer(raw=as_csv([at, at + 1]), headers=headers)

    server.handler = answer
    paginator = {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "cursor"}
    load(config(server, paginator, decoder="csv"), warehouse)
    assert warehouse.query(f"SELECT count(*) FROM {TABLE}") == [(6,)]


def test_a_cursor_leads_through_the_envelope_of_xml(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("after", 0))
        following = b'<meta next="%d"/>' % (at + 1) if at < 3 else b"<meta/>"
        return Answer(raw=b"<r>%b<i><id>%d</id></i></r>" % (following, at))

    server.handler = answer
    paginator = {"type": "cursor", "cursor_path": "r.meta.'@next'", "cursor_param": "after"}
    load(config(server, paginator, decoder="xml", data_selector="r.i"), warehouse)
    assert warehouse.query(f"SELECT count(*) FROM {TABLE}") == [(4,)]


def test_a_broken_line_goes_to_quarantine_with_its_reason_and_request(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(Answer(raw=b'id,name\n1,a\n2,b,c\n3,"d\n4,e\nx,f\n5,g\n'))
    report = load(config(server, decoder="csv", columns={"id": TYPED["id"]}), warehouse)
    assert warehouse.query(f"SELECT id FROM {TABLE} ORDER BY id") == [(1,), (4,), (5,)]
    found = warehouse.query(f"SELECT raw_row, reason, request FROM {QUARANTINE}")
    reasons = {row: reason for row, reason, _ in found}
    assert "there are 3 cells, where there are 2 columns" in reasons["2,b,c"]
    assert "a quote in it is not closed" in reasons['3,"d']
    assert '`id` should be bigint, but is "x"' in reasons['{"id":"x","name":"f"}']
    assert {request for *_, request in found} == {f"GET {server.base_url}/items"}
    assert report.figures.of("items").quarantined == 3
    told = run(config(server, decoder="csv"), server, "preview")
    assert "a row would go to quarantine: its line of CSV cannot be read: a quote" in told.text


def test_lists_of_xml_go_to_a_table_of_their_own(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers(Answer(raw=b"<r><i><id>1</id><t>x</t></i><i><id>2</id><t>y</t><t>z</t></i></r>"))
    decoder = {"type": "xml", "lists": ["t"]}
    load(config(server, decoder=decoder, data_selector="r.i"), warehouse)
    values = warehouse.query("SELECT value FROM test_data.items__t ORDER BY value")
    assert values == [("x",), ("y",), ("z",)]
    assert "t" not in warehouse.columns(TABLE)


def test_numbers_as_texts_carry_an_incremental(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers(Answer(raw=as_csv([8, 9, 10, 11])))
    incremental = {"cursor_path": "id", "initial_value": 0, "start_param": "since"}
    document = config(server, decoder="csv", incremental=incremental)
    load(document, warehouse)
    server.answers(Answer(raw=as_csv([11, 12, 100])))
    load(document, warehouse)
    assert server.asked[-1].query["since"] == "11"
    assert warehouse.query(f"SELECT count(*), max(id) FROM {TABLE}") == [(6, 100)]


def test_functions_still_see_the_answer_as_it_came(server: JsonServer) -> None:
    seen: list[bytes] = []

    def look(response: Any) -> None:
        seen.append(response.content)

    server.answers(Answer(raw=CSV, headers=AS_CSV))
    document = config(server, response_actions=[{"status_code": 200, "action": look}])
    assert len(list(rest_api_source(document).resources["items"])) == 3
    assert seen == [CSV]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (Answer({"error": "quota exceeded"}), "the answer is JSON where CSV was due"),
        (Answer(raw=b"<html>Log in</html>"), "the answer is HTML or XML where CSV was due"),
        (Answer(raw=b"Too many requests"), "the answer begins with `Too many requests`"),
        (Answer(raw=b"5,x\n6,y\n"), "where an earlier one begins with the columns `id, name`"),
    ],
)
def test_another_page_among_those_of_csv_is_an_error(
    server: JsonServer, page: Answer, message: str
) -> None:
    server.answers(Answer(raw=as_csv(list(range(10)))), page)
    paginator = {"type": "page_number", "total_path": None}
    told = refused(config(server, paginator, decoder="csv"))
    assert message in told
    assert "page=1" in told


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"decoder": "tsv"}, "decoder", "`tsv` is not known"),
        ({"decoder": {"delimiter": ";"}}, "decoder", "has no `type`"),
        ({"decoder": {"type": "csv", "delimiter": "::"}}, "decoder.delimiter", "one character"),
        ({"decoder": {"type": "csv", "quote": ","}}, "decoder", "must be characters that differ"),
        ({"decoder": {"type": "csv", "header": False}}, "decoder", "needs `names`"),
        ({"decoder": {"type": "csv", "names": ["a", "a"]}}, "decoder", "a name twice"),
        ({"decoder": {"type": "csv", "encoding": "x"}}, "decoder.encoding", "no encoding of text"),
        ({"decoder": "csv", "data_selector": "data"}, "data_selector", "is its rows"),
        ({"decoder": "csv", "total": "meta.total"}, "total", "nothing beside their rows"),
        (
            {"decoder": "jsonl", "paginator": {"type": "cursor", "cursor_path": "next"}},
            "paginator.cursor_path",
            "nothing beside their rows, so there is no `next`",
        ),
        ({"decoder": "csv", "paginator": "json_link"}, "paginator.next_url_path", "no `next`"),
        ({"decoder": "csv", "paginator": "page_number"}, "paginator.total_path", "no `total`"),
    ],
)
def test_what_cannot_be_right_is_refused_when_it_is_read(
    server: JsonServer, keys: dict[str, Any], place: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        rest_api_source(config(server, **keys))
    assert f"resources[0].endpoint.{place}" in str(caught.value)


def test_a_paginator_of_dlts_and_a_dependent_resource_go_on_as_with_json(
    server: JsonServer, warehouse: Warehouse
) -> None:
    pages = pages_of(as_csv, 25)

    def answer(asked: Asked) -> Answer:
        if asked.path == "/items":
            return pages(asked)
        number = asked.path.rpartition("/")[2].encode()
        return Answer(raw=b"<note><n>%b</n></note>" % number, headers=AS_XML)

    server.handler = answer
    paginator = OffsetPaginator(limit=10, total_path=None)
    document = config(server, paginator, decoder="csv")
    document["resources"].append(
        {
            "name": "notes",
            "include_from_parent": ["id"],
            "endpoint": {"path": "notes/{resources.items.id}", "paginator": "single_page"},
        }
    )
    report = load(document, warehouse)
    assert warehouse.query(f"SELECT count(*), sum(id) FROM {TABLE}") == [(25, 300)]
    notes = warehouse.query("SELECT n, _items_id FROM test_data.notes")
    assert sorted(notes, key=lambda note: int(note[0])) == [(str(n), str(n)) for n in range(25)]
    # One word for all listings.
    assert len(report.figures.of("notes").notes) == 1


def test_single_rows_of_a_listing_in_csv_may_be_json(
    server: JsonServer, warehouse: Warehouse
) -> None:
    done = False

    def answer(asked: Asked) -> Answer:
        if asked.path != "/items":
            return Answer({"id": "2", "status": "done"})
        status = b"done" if done else b"running"
        return Answer(raw=b"id,status\n3,done\n2,%b\n1,done\n" % status)

    server.handler = answer
    tail = {
        "cursor_path": "id",
        "row_order": "desc",
        "settled_when": "status == 'done'",
        "refresh_path": "items/{id}",
        "late_rows": "none",
    }
    document = config(server, decoder="csv", incremental=tail, columns={})
    load(document, warehouse)
    done = True
    load(document, warehouse)
    rows = warehouse.query(f"SELECT id, status FROM {TABLE} ORDER BY id")
    assert rows == [("1", "done"), ("2", "done"), ("3", "done")]
