"""Where a value of a row, or a row, does not get into its table as it came, the sync says so."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, rest_api_source, sync
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Row = dict[str, Any]


def config(server: JsonServer, **hints: Any) -> Any:
    resource = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"data_selector": "$", "paginator": "single_page"},
    }
    return {"client": {"base_url": server.base_url}, "resources": [resource | hints]}


def load(server: JsonServer, warehouse: Warehouse, rows: list[Row], **hints: Any) -> SyncReport:
    server.answers(rows)
    return sync(warehouse.pipeline(), rest_api_source(config(server, **hints)))


def notes(report: SyncReport) -> list[str]:
    return report.figures.of("items").notes


# The row, the fields that meet in it, where they meet, and the table.
MEETING: dict[str, tuple[Row, str, str, str]] = {
    "in another case": ({"userId": 1, "UserID": 2}, "`userId` and `UserID`", "user_id", "items"),
    "a sign": ({"a-b": 1, "a_b": 2}, "`a-b` and `a_b`", "a_b", "items"),
    "signs alone": ({"é": 1, "è": 2}, "`é` and `è`", "x", "items"),
    "the separator": (
        {"user__name": "a", "user": {"name": "b"}},
        "`user__name` and `user.name`",
        "user__name",
        "items",
    ),
    "objects": (
        {"userInfo": {"a": 1}, "user_info": {"a": 2}},
        "`user_info.a` and `userInfo.a`",
        "user_info__a",
        "items",
    ),
    "null takes the place": (
        {"fooBar": 1, "foo_bar": None},
        "`fooBar` and `foo_bar`",
        "foo_bar",
        "items",
    ),
    "lists": ({"fooBar": [1], "foo_bar": [2]}, "`fooBar` and `foo_bar`", "foo_bar", "items"),
    "in a list": (
        {"k": [{"x": 1}, {"fooBar": 1, "foo_bar": 2}]},
        "`fooBar` and `foo_bar`",
        "foo_bar",
        "items__k",
    ),
    "lists in lists": ({"k": [[{"A": 1, "a": 2}]]}, "`A` and `a`", "a", "items__k__list"),
}


@pytest.mark.parametrize("case", MEETING)
def test_fields_that_meet_in_a_row_are_told_once(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    row, fields, name, table = MEETING[case]
    report = load(server, warehouse, [{"id": 1, "plain": 1}, {"id": 2, **row}, {"id": 3, **row}])

    assert notes(report) == [
        f"rows of `{table}` have two fields for one place, {fields} for `{name}`, and only one of "
        "the values is loaded. To keep both, rename a field by a function among the "
        "`processing_steps`"
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": 1, "fooBar": 1}, {"id": 2, "foo_bar": 2}],
        [{"id": 1, "fooBar": 1, "foo_bar": 1}, {"id": 2, "foo_bar": 2}],
        [{"id": 1, "fooBar": None, "foo_bar": 2}],
        [{"id": 1, "user.name": 1, "user": {"name": 2}}],
        [{"id": 1, "fooBar": [1], "foo_bar": 2}],
        [{"id": 1, "k": [{"fooBar": 1}, {"foo_bar": 2}]}],
    ],
    ids=str,
)
def test_fields_of_one_name_without_a_loss_are_not_told(
    rows: list[Row], server: JsonServer, warehouse: Warehouse
) -> None:
    assert not notes(load(server, warehouse, rows))


def test_different_rows_with_one_key_are_told(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": key // 2, "shop": key, "of": {"a": key}} for key in range(2, 8)]
    report = load(server, warehouse, rows)

    assert report.figures.of("items").replaced == 3
    assert notes(report) == [
        "3 keys of `items` came more than once in this load with different rows, of which the last "
        "one stays; such as `id` = 1. Unless the API changed these rows while they were listed, "
        "`id` does not tell them apart: `primary_key` needs all fields that do"
    ]
    assert warehouse.query("SELECT notes FROM test_data._headrace_runs") == [
        (notes(report)[0],),
    ]


def test_rows_of_a_step_with_one_key_are_told(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": 1, "n": 1}, {"id": 2, "n": 1}]
    steps = [{"map": lambda row: {**row, "id": 7}}]
    report = load(server, warehouse, rows, processing_steps=steps)

    assert (report.figures.of("items").loaded_rows, report.figures.of("items").replaced) == (1, 1)
    assert not notes(report), "both are the same but for their ids"


@pytest.mark.parametrize(
    ("rows", "hints"),
    [
        ([{"id": 1, "n": 1}, {"id": 2, "n": 2}, {"id": 1, "n": 1}], {}),
        ([{"id": 1, "n": 1}, {"id": 1, "n": 2}], {"columns": {"n": {"dedup_sort": "desc"}}}),
        ([{"id": 1, "n": 1}, {"id": 1, "n": 2}], {"primary_key": ["id", "n"]}),
        ([{"id": 1, "n": 1}, {"id": 1, "n": 2}], {"write_disposition": "append"}),
    ],
    ids=["exact repeats", "versions in an order of the user's", "a whole key", "appended"],
)
def test_repeats_and_versions_are_not_told(
    rows: list[Row], hints: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    assert not notes(load(server, warehouse, rows, **hints))


def test_a_cut_text_is_told(server: JsonServer, postgres: PostgresDatabase) -> None:
    for rows in ([{"id": 1, "t": "a\0b"}], [{"id": 2, "t": "c", "l": ["d\0"]}]):
        server.answers(rows)
        report = sync(postgres.pipeline(), rest_api_source(config(server)))

        assert [note.partition(":")[0] for note in notes(report)] == [
            "texts of `items` come with the character U+0000, which no text of the destination can "
            "hold"
        ]


def test_long_names_keep_apart_in_postgres(server: JsonServer, postgres: PostgresDatabase) -> None:
    long = "a" * 70
    server.answers([{"id": 1, f"{long}1": 1, f"{long}2": 2, "b" * 40: {"c" * 40: 3, "C" * 41: 4}}])
    report = sync(postgres.pipeline(), rest_api_source(config(server)))

    (row,) = postgres.rows("test_data.items")
    assert sorted(row.values()) == [1, 1, 2, 3, 4]
    assert not notes(report)


KEYS: list[Any] = [
    {"primary_key": "info.run_id"},
    {"primary_key": ["v", "info.run_id"]},
    {"primary_key": None, "merge_key": "info.run_id"},
]


@pytest.mark.parametrize("hints", KEYS, ids=str)
def test_a_key_within_an_object_is_suggested(
    hints: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    report = load(server, warehouse, [{"v": 1, "info": {"run_id": 5}}] * 2, **hints)

    assert report.figures.reasons == {
        "it has no value for `info_run_id`, which is a key of the table or declared `nullable: "
        "false`: for the field `info.run_id` write `info__run_id`": 2
    }


def test_a_key_within_an_object_is_understood_by_its_column(
    server: JsonServer, warehouse: Warehouse
) -> None:
    rows = [{"info": {"run_id": 5}}, {"info": {"run_id": 6}}, {"info": {"run_id": 5}}]
    load(server, warehouse, rows, primary_key="info__run_id")

    assert warehouse.query("SELECT info__run_id FROM test_data.items ORDER BY 1") == [(5,), (6,)]


@pytest.mark.parametrize(
    "hint", [{"data_type": "text"}, {"unique": True}, {"nullable": True}], ids=str
)
def test_a_column_within_an_object_is_suggested(
    hint: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    row = {"id": 1, "info": {"runId": 5}}
    report = load(server, warehouse, [row], columns={"info.runId": hint})

    assert notes(report) == [
        "`columns` of `items` has `info.runId`, which is the column `info_run_id` and gets no "
        "value: the field goes to the column `info__run_id`, so write `info__run_id`"
    ]


def test_a_field_with_a_dot_in_its_name_is_declared_by_it(
    server: JsonServer, warehouse: Warehouse
) -> None:
    row = {"id": 1, "info.runId": 5, "info": {"runId": 6}}
    report = load(server, warehouse, [row], columns={"info.runId": {"data_type": "text"}})

    assert not notes(report)
    assert warehouse.rows("test_data.items") == [{"id": 1, "info_run_id": "5", "info__run_id": 6}]
