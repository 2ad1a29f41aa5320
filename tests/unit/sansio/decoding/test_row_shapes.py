"""Rows that are no objects become ones, and none is lost or mixed on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.decoding import KeyedRows, ListedRows, RowShape, Slicer, new_slicer
from headrace.sansio.rows import SlicedPage

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
ROWS = st.dictionaries(st.sampled_from(["a", "b", "key", "ключ"]), SCALARS, max_size=3)


def slicer_of(shape: RowShape, selector: str | None = None) -> Slicer:
    return new_slicer(None, selector, shape=shape)


def cut(document: Any, shape: RowShape, selector: str | None = None) -> SlicedPage:
    return slicer_of(shape, selector).slice(json.dumps(document).encode(), "application/json")


def rows(page: SlicedPage) -> list[Any]:
    return [json.loads(bytes(row)) for row in page.rows]


def listed(names: str | tuple[str, ...], values: str | None = None) -> ListedRows:
    path = names if isinstance(names, tuple) else JsonPath(names)
    return ListedRows(path, None if values is None else JsonPath(values))


# --- an object of rows --------------------------------------------------------------------------


@given(st.dictionaries(st.text(max_size=3), ROWS, max_size=4))
def test_any_object_of_rows_comes_with_its_keys(members: dict[str, dict[str, Any]]) -> None:
    page = cut({"data": members, "next": 1}, KeyedRows("id"), "data")
    assert rows(page) == [{"id": key, **row} for key, row in members.items()]
    assert page.rest == {"next": 1}


@given(st.dictionaries(st.text(max_size=3), st.lists(SCALARS, max_size=3) | SCALARS, max_size=4))
def test_any_plain_values_come_with_their_keys(members: dict[str, Any]) -> None:
    each = [
        (key, value)
        for key, values in members.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    page = cut({"data": members}, KeyedRows("id", "value"), "data")
    assert rows(page) == [{"id": key, "value": value} for key, value in each]


@pytest.mark.parametrize(
    "text",
    [
        b'{"EUR":{"n":1},"USD":{"n":2},"EUR":{"n":3}}',
        b'{\n  "EUR": {"n": 1},\n  "USD": {"n": 2},\n  "EUR": {"n": 3}\n}',
        b'{"\\u0045UR":{"n":1},"USD":{"n":2},"EUR":{"n":3}}',
    ],
)
@pytest.mark.parametrize("around", [b"%b", b'{"data": %b, "next": 1}'])
def test_a_key_that_is_there_twice_brings_two_rows(text: bytes, around: bytes) -> None:
    selector = "$" if around == b"%b" else "data"
    page = slicer_of(KeyedRows("key"), selector).slice(around % text)
    assert rows(page) == [
        {"key": "EUR", "n": 1},
        {"key": "USD", "n": 2},
        {"key": "EUR", "n": 3},
    ]


MAP = {"data": {"a1": {"name": "x"}, "b2": {"name": "y"}}}
LIST = [{"f1": [{"name": "x"}, {"name": "z"}]}, {"f2": [{"name": "y"}]}]


@pytest.mark.parametrize("selector", ["data", "data.*", "data[*]", "$.data", "$.*.*"])
def test_a_star_over_the_object_changes_nothing(selector: str) -> None:
    assert rows(cut(MAP, KeyedRows("id"), selector)) == [
        {"id": "a1", "name": "x"},
        {"id": "b2", "name": "y"},
    ]


@pytest.mark.parametrize("selector", ["$", "$[*]", "$[*].*", "$[*].*[*]"])
def test_a_list_of_objects_of_rows_is_read_as_one(selector: str) -> None:
    assert rows(cut(LIST, KeyedRows("id"), selector)) == [
        {"id": "f1", "name": "x"},
        {"id": "f1", "name": "z"},
        {"id": "f2", "name": "y"},
    ]


def test_a_row_that_has_the_field_already_is_set_apart_unless_it_is_the_key() -> None:
    members = {"5": {"id": 5}, "6": {"id": "6"}, "7": {"id": 8}, "9": {"n": {"id": 1}}}
    page = cut(members, KeyedRows("id"), "$")
    assert rows(page) == [{"id": 5}, {"id": "6"}, {"id": "9", "n": {"id": 1}}]
    assert [bytes(each.row) for each in page.unreadable] == [b'{"id": 8}']
    assert "it has a field `id` already, with 8, where its key is `7`" in page.unreadable[0].reason


def test_the_field_of_a_row_is_known_however_it_is_written() -> None:
    page = cut({"a": {"ключ": 5}, "b": {"ключ": "b"}}, KeyedRows("ключ"), "$")
    assert rows(page) == [{"ключ": "b"}]
    assert len(page.unreadable) == 1


@pytest.mark.parametrize("empty", [{}, [], None])
def test_nothing_is_no_row(empty: Any) -> None:
    assert rows(cut({"data": empty}, KeyedRows("id"), "data")) == []


def test_a_value_of_another_kind_is_set_apart_and_only_such_ones_are_an_error() -> None:
    page = cut({"a": {"n": 1}, "b": 7, "c": None}, KeyedRows("id"), "$")
    assert rows(page) == [{"id": "a", "n": 1}, {"id": "c"}]
    assert "`rows.value_as` names a field" in page.unreadable[0].reason
    with pytest.raises(PageError, match=r"nothing has that shape\. .* it is a number, no object"):
        cut({"a": 1, "b": 2}, KeyedRows("id"), "$")
    with pytest.raises(PageError, match="it is an object, where a plain value was due"):
        cut({"a": {"n": 1}}, KeyedRows("id", "value"), "$")
    with pytest.raises(PageError, match="an error in the guise of a success"):
        cut({"error": {"code": 5}}, KeyedRows("id"), "$")


def test_plain_values_alone_become_rows() -> None:
    assert rows(cut({"tags": ["x", 1, None]}, KeyedRows(value="tag"), "tags")) == [
        {"tag": "x"},
        {"tag": 1},
        {"tag": None},
    ]


# --- lists with names beside --------------------------------------------------------------------


@given(
    st.lists(st.text(max_size=3), min_size=1, max_size=3, unique=True).flatmap(
        lambda names: st.tuples(
            st.just(names),
            st.lists(
                st.lists(SCALARS, min_size=len(names), max_size=len(names)),
                max_size=4,
            ),
        )
    )
)
def test_any_lists_come_under_their_names(table: tuple[list[str], list[list[Any]]]) -> None:
    names, cells = table
    page = cut({"columns": names, "rows": cells, "next": 1}, listed("columns"), "rows")
    assert rows(page) == [dict(zip(names, row, strict=True)) for row in cells]
    assert page.rest["next"] == 1


@pytest.mark.parametrize(
    ("document", "shape", "selector"),
    [
        ({"columns": ["id", "n"], "rows": [[1, "x"]]}, listed("columns"), None),
        ({"columns": [{"name": "id"}, {"name": "n"}], "rows": [[1, "x"]]}, listed("columns"), None),
        ({"rows": [[1, "x"]]}, listed(("id", "n")), "rows"),
        ([["id", "n"], [1, "x"]], listed("$[0]"), "$"),
        ([["id", "n"], [1, "x"]], listed(("id", "n")), None),
        (
            {
                "schema": {"fields": [{"name": "id"}, {"name": "n"}]},
                "rows": [{"f": [{"v": 1}, {"v": "x"}]}],
            },
            listed("schema.fields[*].name", "f[*].v"),
            "rows",
        ),
        (
            {"meta": {"c": ["id", "n"]}, "data": [{"values": [1, "x"]}]},
            listed("meta.c", "values"),
            "data",
        ),
    ],
    ids=["texts", "objects", "written down", "the first row", "a header", "BigQuery", "inside"],
)
def test_names_and_values_are_found(document: Any, shape: ListedRows, selector: str | None) -> None:
    assert rows(cut(document, shape, selector)) == [{"id": 1, "n": "x"}]


def test_names_of_the_first_page_hold_for_the_later_ones() -> None:
    slicer = slicer_of(listed("columns"))
    assert rows(slicer.slice(b'{"columns": ["id"], "rows": [[1]], "cursor": "x"}')) == [{"id": 1}]
    assert rows(slicer.slice(b'{"rows": [[2]], "cursor": "y"}')) == [{"id": 2}]
    assert rows(slicer.slice(b'{"rows": []}')) == []


def test_a_null_among_the_values_keeps_its_place() -> None:
    page = cut(
        {"rows": [{"f": [{"v": None}, {}, {"v": 3}]}]}, listed(("a", "b", "c"), "f[*].v"), "rows"
    )
    assert rows(page) == [{"a": None, "b": None, "c": 3}]


def test_a_row_of_another_length_is_set_apart() -> None:
    page = cut({"rows": [[1, 2], [3], [4, 5, 6], {"a": 1}]}, listed(("a", "b")), "rows")
    assert rows(page) == [{"a": 1, "b": 2}]
    assert [each.reason for each in page.unreadable] == [
        "it has 1 value, where there are 2 names",
        "it has 3 values, where there are 2 names",
        "it is an object, where a list of 2 values was due",
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"rows": [[1]]}, "`rows.names` is `columns`, but the answer has no names"),
        ({"columns": ["a", "a"], "rows": [[1, 2]]}, "leads to `a` twice"),
        ({"columns": [5], "rows": [[1]]}, "leads to `5`, which is no name"),
        ({"columns": ["a"], "rows": [{"a": 1}]}, "expects rows that are lists, but of this page"),
    ],
)
def test_a_page_without_such_rows_or_names_is_an_error(document: Any, message: str) -> None:
    with pytest.raises(PageError, match=message):
        cut(document, listed("columns"), "rows")
