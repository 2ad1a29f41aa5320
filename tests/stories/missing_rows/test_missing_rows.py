"""Rows that the API deleted leave their tables, or are marked, once a whole listing shows it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import SyncReport, sync, verify
from headrace.config import parse_config
from headrace.core.exceptions import ConfigError, RequestError
from headrace.dlt_source.source import build_source
from tests.support.command_line import headrace as command
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase
DELETE = {"action": "delete", "most": 1}
MARK = {"action": "mark", "most": 1}


def config(server: JsonServer, missing_rows: Any = "delete", **hints: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "missing_rows": missing_rows,
                "endpoint": {"path": "items", "paginator": "single_page"},
                **hints,
            }
        ],
    }


def load(
    server: JsonServer,
    into: Into,
    missing_rows: Any = "delete",
    *,
    allow_missing: bool = False,
    limit_rows: int | None = None,
    **hints: Any,
) -> SyncReport:
    parsed = parse_config(config(server, missing_rows, **hints))
    source = build_source(parsed, limit_rows=limit_rows)
    return sync(into.pipeline(), source, allow_missing=allow_missing)


def shows(server: JsonServer, *keys: int, **values: Any) -> None:
    server.answers([{"id": key, "n": key, **values} for key in keys])


def keys(into: Into, table: str = "items") -> list[int]:
    return [key for (key,) in into.query(f"SELECT id FROM test_data.{table} ORDER BY id")]


UPSERT = {"disposition": "merge", "strategy": "upsert"}


@pytest.mark.parametrize("disposition", ["merge", UPSERT], ids=["delete-insert", "upsert"])
def test_rows_that_are_gone_leave_the_table_and_those_of_their_lists(
    disposition: Any, server: JsonServer, into: Into
) -> None:
    tags = [{"name": "a", "by": [{"who": 1}, {"who": 2}]}]
    shows(server, *range(10), tags=tags)
    load(server, into, write_disposition=disposition)
    shows(server, *range(8), tags=tags)
    report = load(server, into, write_disposition=disposition)

    assert keys(into) == list(range(8))
    assert into.query("SELECT count(*) FROM test_data.items__tags") == [(8,)]
    assert into.query("SELECT count(*) FROM test_data.items__tags__by") == [(16,)]
    (found,) = report.missing_rows
    assert (found.rows, found.of_rows, found.is_refused) == (2, 10, False)
    assert report.figures.of("items").deleted == 2


@pytest.mark.parametrize("disposition", ["merge", UPSERT], ids=["delete-insert", "upsert"])
def test_a_mark_says_since_when_and_goes_when_the_row_comes_back(
    disposition: Any, server: JsonServer, into: Into
) -> None:
    shows(server, 1, 2, 3)
    load(server, into, MARK, write_disposition=disposition)
    before = datetime.now(UTC)
    shows(server, 1)
    assert load(server, into, MARK, write_disposition=disposition).figures.total.marked == 2
    marks = dict(into.query("SELECT id, _headrace_gone FROM test_data.items"))
    assert marks[1] is None
    assert before <= marks[2] == marks[3] <= datetime.now(UTC)

    shows(server, 1, 2)
    assert load(server, into, MARK, write_disposition=disposition).figures.total.marked == 0
    now = dict(into.query("SELECT id, _headrace_gone FROM test_data.items"))
    assert (now[1], now[2], now[3]) == (None, None, marks[3])


def test_a_key_beyond_all_integers_makes_no_claim(server: JsonServer, into: Into) -> None:
    columns = {"n": {"data_type": "bigint"}}
    shows(server, 1, 2, 3)
    load(server, into, DELETE, columns=columns)
    server.answers([{"id": 1, "n": 1}, {"id": 2**70, "n": "many"}])
    report = load(server, into, DELETE, columns=columns)

    assert keys(into) == [1, 2, 3]
    assert report.figures.total.quarantined == 1
    assert "a row was listed whose key cannot be read" in str(report.figures.total.notes)


@pytest.mark.parametrize("written", ["text", "number"])
def test_keys_of_many_digits_in_a_column_of_texts(
    written: str, server: JsonServer, into: Into
) -> None:
    first, second, third = (str(10**20 + each) for each in range(3))
    as_sent = str if written == "text" else int
    hints: dict[str, Any] = {"columns": {"id": {"data_type": "text"}, "n": {"data_type": "bigint"}}}
    server.answers([{"id": as_sent(key), "n": 1} for key in (first, second, third)])
    load(server, into, DELETE, **hints)
    server.answers([{"id": as_sent(first), "n": 1}, {"id": as_sent(second), "n": "many"}])
    report = load(server, into, DELETE, **hints)
    assert report.figures.total.quarantined == 1
    assert into.query("SELECT id FROM test_data.items ORDER BY id") == [(first,), (second,)]


@pytest.mark.parametrize("why", ["quarantine", "filter"])
def test_a_mark_goes_when_its_row_is_listed_though_it_is_not_loaded(
    why: str, server: JsonServer, into: Into
) -> None:
    hints: dict[str, Any] = {"columns": {"n": {"data_type": "bigint"}}}
    if why == "filter":
        hints["processing_steps"] = [{"filter": lambda row: row["n"] != "many"}]
    for listed in ((1, 2, 3), (1,)):
        shows(server, *listed)
        load(server, into, MARK, **hints)
    server.answers([{"id": 1, "n": 1}, {"id": 2, "n": "many"}])
    load(server, into, MARK, **hints)
    marked = into.query("SELECT id FROM test_data.items WHERE _headrace_gone IS NOT NULL")
    assert marked == [(3,)]


def test_verify_takes_marked_rows_for_gone(server: JsonServer, warehouse: Warehouse) -> None:
    shows(server, 1, 2, 3)
    load(server, warehouse, MARK)
    shows(server, 1, 2)
    load(server, warehouse, MARK)
    source = build_source(parse_config(config(server, MARK)))
    (table,) = verify(warehouse.pipeline(), source).tables
    assert table.ok
    assert (table.comparison.stored, len(table.comparison.only_stored)) == (2, 0)

    shows(server, 1, 2, 3)
    report = verify(warehouse.pipeline(), source, repair=True)
    assert list(report.tables[0].comparison.missing) == [3]
    assert warehouse.query("SELECT count(_headrace_gone) FROM test_data.items") == [(0,)]


@pytest.mark.parametrize("action", ["mark", "delete"])
def test_history_and_status_count_them(
    action: str, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(config(server, action) | {"pipeline": {"name": "test"}}))
    shows(server, *range(10))
    assert command("run", str(file), "--destination", warehouse.url).returncode == 0
    shows(server, *range(8))
    assert command("run", str(file), "--destination", warehouse.url).returncode == 0

    counts = "SELECT rows_marked, rows_deleted FROM test_dataset._headrace_runs ORDER BY started_at"
    assert warehouse.query(counts) == [(0, 0), (2, 0) if action == "mark" else (0, 2)]
    told = command("status", str(file), "--destination", warehouse.url).stdout
    done = "marked" if action == "mark" else "deleted"
    assert f"gone from the API, {done} by the last run: 2" in told
    assert ("gone from the API, kept in the table: 2" in told) is (action == "mark")


@pytest.mark.parametrize(
    ("missing_rows", "before", "after", "goes"),
    [
        ("delete", 100, 80, True),
        ("delete", 100, 79, False),
        ("mark", 100, 79, False),
        ({"action": "delete", "most": 0.5}, 100, 50, True),
        ({"action": "delete", "most": 0.29}, 100, 71, True),
        ("delete", 6, 1, True),
        ("delete", 5, 0, False),
        ("delete", 1, 0, False),
        ({"action": "delete", "most": 1}, 5, 0, True),
    ],
)
def test_no_more_than_a_share_goes_without_a_word(
    missing_rows: Any,
    before: int,
    after: int,
    goes: bool,
    server: JsonServer,
    warehouse: Warehouse,
) -> None:
    shows(server, *range(before))
    load(server, warehouse, missing_rows)
    shows(server, *range(after), changed=True)
    (found,) = load(server, warehouse, missing_rows).missing_rows

    assert (found.rows, found.of_rows) == (before - after, before)
    assert found.is_refused is not goes
    assert len(keys(warehouse)) == (after if goes else before)
    if after:
        changed = warehouse.query("SELECT count(*) FROM test_data.items WHERE changed")
        assert changed == [(after,)]
    if not goes and missing_rows == "delete":
        load(server, warehouse, missing_rows, allow_missing=True)
        assert len(keys(warehouse)) == after


def test_the_command_says_what_it_left_and_how_to_allow_it(
    server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(config(server) | {"pipeline": {"name": "test"}}))
    place = ("--destination", warehouse.url)
    shows(server, *range(10))
    assert command("run", str(file), *place).returncode == 0
    server.answers([])
    refused = command("run", str(file), *place)
    assert refused.returncode == 4
    assert (
        "10 rows of the 10 in test_dataset.items are not listed by the API any more: 100%, and "
        "`missing_rows` of `items` allows 20%. None was deleted; what was listed is loaded."
    ) in refused.stderr
    allowed = command("run", str(file), *place, "--allow-missing")
    assert allowed.returncode == 0
    assert "Deleted 10 rows of test_dataset.items: gone from the API." in allowed.stdout
    assert warehouse.query("SELECT count(*) FROM test_dataset.items") == [(0,)]


STAY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "in quarantine": ({"columns": {"n": {"data_type": "bigint"}}}, {"n": "many"}),
    "filtered": (
        {"processing_steps": [{"filter": lambda row: not row.get("hide")}]},
        {"hide": True},
    ),
    "discarded for a type": (
        {
            "columns": {"n": {"data_type": "bigint"}},
            "schema_contract": {"data_type": "discard_row"},
        },
        {"n": "many"},
    ),
    "discarded for a column": ({"schema_contract": {"columns": "discard_row"}}, {"other": 1}),
}


@pytest.mark.parametrize("case", STAY)
def test_a_row_that_is_listed_and_not_loaded_is_not_missing(
    case: str, server: JsonServer, into: Into
) -> None:
    hints, change = STAY[case]
    shows(server, 1, 2, 3, 4)
    load(server, into, DELETE, **hints)
    rows: list[Any] = [{"id": 1, "n": 1}, {"id": 2, "n": 2, **change}]
    server.answers(rows)
    report = load(server, into, DELETE, **hints)

    assert keys(into) == [1, 2]
    assert into.query("SELECT n FROM test_data.items WHERE id = 2") == [(2,)]
    assert report.missing_rows[0].rows == 2
    server.answers(rows[:1])
    load(server, into, DELETE, **hints)
    assert keys(into) == [1]


def test_a_row_that_the_destination_refuses_is_not_missing(
    server: JsonServer, postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "1")
    short = {"code": {"data_type": "text", "precision": 5}}
    shows(server, 1, 2, 3, code="a")
    load(server, postgres, DELETE, columns=short)
    server.answers([{"id": 1, "code": "a"}, {"id": 2, "code": "far too long"}])
    report = load(server, postgres, DELETE, columns=short)
    assert report.figures.total.quarantined == 1
    assert keys(postgres) == [1, 2]


@pytest.mark.parametrize("bad", [None, 7, {"n": 1}, {"id": None}])
def test_a_row_without_a_key_could_be_any_so_that_none_goes(
    bad: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    shows(server, 1, 2, 3)
    load(server, warehouse, DELETE)
    server.answers([{"id": 1, "n": 1}, bad])
    report = load(server, warehouse, DELETE)
    assert keys(warehouse) == [1, 2, 3]
    assert "no row is taken for gone by this load" in report.figures.total.notes[0]


def test_functions_given_in_python_leave_all_rows(server: JsonServer, warehouse: Warehouse) -> None:
    shows(server, 1, 2, 3)
    load(server, warehouse, DELETE)
    shows(server, 1)
    source = build_source(parse_config(config(server, DELETE)))
    source.resources["items"].add_filter(lambda row: row["id"] != 2)
    assert "(`add_map`, `add_filter`" in sync(warehouse.pipeline(), source).figures.total.notes[0]
    assert keys(warehouse) == [1, 2, 3]


def test_a_limit_leaves_all_rows(server: JsonServer, warehouse: Warehouse) -> None:
    shows(server, 1, 2, 3)
    load(server, warehouse, DELETE)
    assert load(server, warehouse, DELETE, limit_rows=1).missing_rows == ()
    assert keys(warehouse) == [1, 2, 3]


IGNORES: dict[str, dict[str, Any]] = {
    "an answer that is passed over": {
        "response_actions": [{"status_code": 404, "action": "ignore"}]
    },
    "a page that the config ends at": {
        "paginator": {"type": "json_link", "next_url_path": "next", "stop_condition": "page == 1"},
        "data_selector": "data",
    },
}


@pytest.mark.parametrize("case", IGNORES)
def test_a_listing_that_the_config_ends_leaves_all_rows(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    endpoint = {"path": "items", "paginator": "single_page", "data_selector": "data"}
    rows = [{"id": 1, "n": 1}, {"id": 2, "n": 2}]
    server.answers({"data": rows, "next": None})
    load(server, warehouse, DELETE, endpoint=endpoint)
    is_ignored = "passed over" in case
    server.answers(Answer({}, 404) if is_ignored else {"data": rows[:1], "next": "/items?page=2"})
    report = load(server, warehouse, DELETE, endpoint={**endpoint, **IGNORES[case]})
    assert keys(warehouse) == [1, 2]
    assert "no row is taken for gone by this load" in " ".join(report.figures.total.notes)


def test_a_stop_condition_that_the_page_confirms_lets_rows_go(
    server: JsonServer, warehouse: Warehouse
) -> None:
    ending = {
        "path": "items",
        "data_selector": "data",
        "paginator": {
            **{"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
            "stop_condition": "not response.get('next', {})",
        },
    }
    for shown in ([1, 2, 3], [1, 3]):
        server.answers({"data": [{"id": each, "n": 1} for each in shown], "next": None})
        report = load(server, warehouse, DELETE, endpoint=ending)
        assert report.figures.total.notes == []
    assert keys(warehouse) == [1, 3]


def test_what_a_killed_sync_left_undone_the_next_one_does(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Also where that one fails: the load says that it has brought all rows."""
    shows(server, 1, 2, 3)
    load(server, warehouse, DELETE)
    shows(server, 1, 2)
    # A run by dlt alone loads, and does no more: as a sync that is killed behind its load.
    warehouse.pipeline().run(build_source(parse_config(config(server, DELETE))))
    assert keys(warehouse) == [1, 2, 3]
    server.answers(Answer({"error": "down"}, 500))
    with pytest.raises(RequestError):
        load(server, warehouse, DELETE)
    assert keys(warehouse) == [1, 2]


def test_a_later_load_takes_the_word_of_an_earlier_one_back(
    server: JsonServer, warehouse: Warehouse
) -> None:
    for listed in ((1, 2, 3), (1,), (1, 2, 3)):
        shows(server, *listed)
        warehouse.pipeline().run(build_source(parse_config(config(server, DELETE))))
    assert load(server, warehouse, DELETE).missing_rows == ()
    assert keys(warehouse) == [1, 2, 3]


def test_keys_of_several_columns(server: JsonServer, into: Into) -> None:
    hints: dict[str, Any] = {
        "primary_key": ["id", "part"],
        "columns": {"n": {"data_type": "bigint"}},
    }
    server.answers([{"id": 1, "part": p, "n": 1} for p in "abcd"])
    load(server, into, DELETE, **hints)
    server.answers([{"id": 1, "part": "a", "n": 1}, {"id": 1, "part": "b", "n": "x"}])
    load(server, into, DELETE, **hints)
    found = into.query("SELECT part FROM test_data.items ORDER BY part")
    assert found == [("a",), ("b",)]


def test_a_destination_without_sql_is_refused_before_anything_is_asked(
    server: JsonServer, tmp_path: Path
) -> None:
    pipeline = dlt.pipeline(
        "files",
        destination=dlt.destinations.filesystem(str(tmp_path / "files")),
        pipelines_dir=str(tmp_path / "pipelines"),
    )
    source = build_source(parse_config(config(server, table_format="delta")))
    with pytest.raises(ConfigError, match=r"resources\.items\.missing_rows.*by SQL"):
        sync(pipeline, source)
    assert not server.asked


def test_pages_are_read_once_more_before_a_row_is_taken_for_gone(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """With each row that is deleted meanwhile, another one moves past the reader."""
    rows = [{"id": key, "n": key} for key in range(9)]
    deleted = {1: 0}

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        page = rows[offset : offset + 3]
        if (key := deleted.pop(len(server.asked), None)) is not None:
            rows[:] = [row for row in rows if row["id"] != key]
        return Answer({"data": page})

    server.handler = answer
    paginator = {"type": "offset", "limit": 3, "total_path": None}
    endpoint = {"path": "items", "data_selector": "data", "paginator": paginator}
    deleted.clear()
    load(server, warehouse, DELETE, endpoint=endpoint)
    server.asked.clear()
    deleted[1] = 0
    report = load(server, warehouse, DELETE, endpoint=endpoint)

    assert keys(warehouse) == [row["id"] for row in rows] == list(range(1, 9))
    # The first listing passed over the row 3, which counts once.
    assert report.figures.of("items").rows == 8
    assert report.figures.of("items").requests == len(server.asked) > 4


@pytest.mark.parametrize("today", [0, 12])
def test_a_listing_that_missed_rows_that_came_again_confirms_none(
    today: int, server: JsonServer, warehouse: Warehouse
) -> None:
    """The API lists half of what it has, or nothing, and is refused; then a row moves meanwhile."""
    everything = [{"id": key, "n": key} for key in range(30)]
    listed = list(everything)
    moves = False

    def answer(asked: Asked) -> Answer:
        nonlocal moves
        offset = int(asked.query["offset"])
        page = listed[offset : offset + 3]
        if moves and offset == 15:
            moves, listed[:] = False, [row for row in listed if row["id"] != 2]
        return Answer({"data": page})

    server.handler = answer
    paginator = {"type": "offset", "limit": 3, "total_path": None}
    endpoint = {"path": "items", "data_selector": "data", "paginator": paginator}
    load(server, warehouse, "delete", endpoint=endpoint)
    listed[:] = everything[:today]
    assert load(server, warehouse, "delete", endpoint=endpoint).missing_rows[0].is_refused
    listed[:], moves = everything, True
    load(server, warehouse, "delete", endpoint=endpoint)
    assert keys(warehouse) == [key for key in range(30) if key != 2]
