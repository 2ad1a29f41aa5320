"""Rows made of parts of the listed ones: what is kept, what is made, and what is set apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.each_row import EachRow, Place
from headrace.sansio.decoding import RowMaker

NODES = EachRow(
    ("data", "resultData", "runData"),
    key_as="node",
    index_as="run",
    fields={
        "started": ("startTime",),
        "error_name": ("error", "name"),
        "source": ("source", 0, "previousNode"),
    },
    of_row={"execution_id": ("id",)},
    also=(("status",),),
)
SECRET = "hidden-payload"


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def rows_of(each: EachRow, *listed: Any) -> list[Any]:
    maker = RowMaker(each)
    kept, unreadable = maker.kept([raw(row) for row in listed])
    assert not unreadable
    made, misfits = maker.made(kept)
    assert not misfits
    return [msgspec.json.decode(row) for row in made]


def an_execution(run_data: Any) -> dict[str, Any]:
    return {
        "id": "12",
        "status": "success",
        "data": {"resultData": {"runData": run_data, "lastNodeExecuted": SECRET}, "token": SECRET},
    }


def test_each_run_of_each_node_becomes_a_row() -> None:
    runs = [
        {"startTime": 5, "error": {"name": "E", "stack": SECRET}, "data": {"main": SECRET}},
        {"startTime": 6, "source": [{"previousNode": "A", "previousNodeRun": 0}], "error": None},
    ]
    assert rows_of(NODES, an_execution({"A": [], "B": runs})) == [
        {
            **{"execution_id": "12", "node": "B", "run": 0},
            **{"started": 5, "error_name": "E", "source": None},
        },
        {
            **{"execution_id": "12", "node": "B", "run": 1},
            **{"started": 6, "error_name": None, "source": "A"},
        },
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"id": "1"},
        {"id": "1", "data": None},
        {"id": "1", "data": {"resultData": {}}},
        {"id": "1", "data": {"resultData": {"runData": {}}}},
        {"id": "1", "data": {"resultData": {"runData": []}}},
        {"id": "1", "data": {"resultData": {"runData": {"A": None}}}},
        {"id": "1", "data": SECRET},
        {"id": "1", "data": {"resultData": [SECRET]}},
    ],
)
def test_a_row_without_elements_makes_no_rows(row: dict[str, Any]) -> None:
    assert rows_of(NODES, row) == []


def test_what_is_kept_holds_nothing_that_is_not_wanted() -> None:
    row = an_execution({"A": [{"startTime": 1, "data": SECRET, "error": SECRET}], "B": SECRET})
    maker = RowMaker(NODES)
    kept, _ = maker.kept([raw(row)])
    assert msgspec.json.decode(kept[0]) == {
        "id": "12",
        "status": "success",
        "data": {"resultData": {"runData": {"A": [{"startTime": 1, "error": ""}], "B": ""}}},
    }


def test_bad_elements_are_set_apart_alone_and_without_what_they_hold() -> None:
    maker = RowMaker(NODES)
    row = an_execution({"A": [SECRET, {"startTime": 1, "error": SECRET}, None, [SECRET]]})
    kept, _ = maker.kept([raw(row)])
    made, misfits = maker.made(kept)
    assert [msgspec.json.decode(each)["run"] for each in made] == [1]
    assert [(msgspec.json.decode(each.row), each.reason) for each in misfits] == [
        ({"execution_id": "12", "node": "A", "run": run}, f"it is made of {kind}, no object")
        for run, kind in ((0, "a text"), (2, "null"), (3, "a list"))
    ]


@pytest.mark.parametrize("elements", [SECRET, 7, [{"startTime": 1}]])
def test_a_row_with_something_else_at_the_path_is_set_apart(elements: Any) -> None:
    maker = RowMaker(NODES)
    made, misfits = maker.made(maker.kept([raw(an_execution(elements))])[0])
    assert not made
    assert [bytes(each.row) for each in misfits] == [b'{"execution_id":"12"}']
    assert "`data.resultData.runData` is" in misfits[0].reason
    assert SECRET not in misfits[0].reason


def test_a_row_that_cannot_be_read_leaves_its_plain_fields_alone() -> None:
    found = RowMaker(NODES).stripped(msgspec.Raw(b'{"id": "1", "data": NaN, "x": "hidden"}'))
    assert bytes(found.row) == b'{"execution_id":"1"}'


def test_without_fields_an_element_stays_as_it_is() -> None:
    lines = EachRow(("lines",), index_as="line", of_row={"order_id": ("id",)})
    order = {"id": 3, "lines": [{"sku": "a", "tags": [1]}, {"sku": "b", "order_id": 3}]}
    assert rows_of(lines, order) == [
        {"order_id": 3, "line": 0, "sku": "a", "tags": [1]},
        {"line": 1, "sku": "b", "order_id": 3},
    ]
    maker = RowMaker(lines)
    _, misfits = maker.made([raw({"id": 3, "lines": [{"order_id": 4}]})])
    assert "`order_id` already" in misfits[0].reason


def test_an_element_alone_is_a_list_of_one() -> None:
    lines = EachRow(("lines", "line"), index_as="line", fields={"sku": ("sku",)})
    assert rows_of(lines, {"lines": {"line": {"sku": "a"}}}) == [{"line": 0, "sku": "a"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", 'q"', "id", "é"]), inner, max_size=4)
    ),
    max_leaves=20,
)
STEPS: st.SearchStrategy[str | int] = st.sampled_from(["a", "b", 'q"', "é", 0, -1])
PLACES: st.SearchStrategy[Place] = st.lists(STEPS, min_size=1, max_size=3).map(tuple)
NAMES = st.sampled_from(["one", "50%d", 'th"ree'])


def at(value: Any, place: Place) -> Any:
    for step in place:
        if not isinstance(value, list if isinstance(step, int) else dict):
            return None
        try:
            value = value[step]  # type: ignore[index]
        except (KeyError, IndexError):
            return None
    return value


def expected(each: EachRow, row: Any) -> list[Any] | None:
    """The rows, made the simple way; None where something of the row is at fault."""
    if not isinstance(row, dict):
        return None
    container = at(row, each.path)
    if container is None or (each.key_as is not None and container == []):
        return []
    if not isinstance(container, dict if each.key_as is not None else dict | list):
        return None
    members: Any = container.items() if each.key_as is not None else [(None, container)]
    rows = []
    for key, value in members:
        if value is None and each.key_as is not None:
            continue
        for index, element in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(element, dict):
                return None
            made = {name: at(row, place) for name, place in each.of_row.items()}
            made |= {"key": key} if each.key_as else {}
            made |= {each.index_as: index} if each.index_as else {}
            fields = each.fields or {}
            rows.append(made | {name: at(element, place) for name, place in fields.items()})
    return rows


@given(
    row=st.dictionaries(st.sampled_from(["a", "b", 'q"', "é"]), JSON, max_size=4) | JSON,
    path=st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2).map(tuple),
    key_as=st.none() | st.just("key"),
    index_as=st.none() | st.just("in%dex"),
    fields=st.dictionaries(NAMES, PLACES, min_size=1, max_size=3),
    of_row=st.dictionaries(st.sampled_from(["id", "up"]), PLACES, max_size=2),
)
def test_rows_are_made_as_the_simple_way_makes_them(
    row: Any, path: Place, key_as: str | None, index_as: str | None, fields: Any, of_row: Any
) -> None:
    try:
        each = EachRow(path, key_as, index_as, fields, of_row)
    except ValueError:
        return
    maker = RowMaker(each)
    kept, unreadable = maker.kept([raw(row)])
    assert not unreadable
    made, misfits = maker.made(kept)
    rows = expected(each, row)
    if rows is None:
        assert misfits
    else:
        assert not misfits
        assert [msgspec.json.decode(each) for each in made] == rows
    # What is kept is kept when it is cut again, and makes the same rows as the whole.
    assert maker.kept(kept)[0] == kept
    assert maker.made([raw(row)])[0] == made
