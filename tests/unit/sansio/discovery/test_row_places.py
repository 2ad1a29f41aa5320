"""Where the rows of an answer are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.json_path import JsonPath
from headrace.sansio.discovery.row_places import row_places

ORDERS = [{"id": number, "total": 5} for number in range(30)]
USERS = [{"id": number, "email": "a@b.c", "name": "n"} for number in range(4)]

DOCUMENTS: dict[str, tuple[Any, str]] = {
    "the answer is the list": (ORDERS, "$"),
    "under a usual name": ({"data": ORDERS, "meta": {"total": 30}}, "data"),
    "under the name that was asked for": ({"orders": ORDERS, "users": USERS}, "orders"),
    "the other list first": ({"users": USERS, "orders": ORDERS}, "orders"),
    "beside lookups": ({"included": USERS * 20, "data": ORDERS}, "data"),
    "deeper": ({"response": {"result": {"items": ORDERS}}}, "response.result.items"),
    "beside names of columns": ({"columns": [{"name": "id"}], "rows": ORDERS}, "rows"),
    "by their keys": ({"data": {str(row["id"]): row for row in ORDERS}}, "data"),
    "of GraphQL": ({"data": {"orders": {"nodes": ORDERS}}}, "data.orders.nodes"),
    "an empty list": ({"data": [], "links": []}, "data"),
    "a key with a dot": ({"odata.value": ORDERS, "odata.count": 30}, "odata.value"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_rows_are_found(name: str) -> None:
    document, selector = DOCUMENTS[name]

    best = row_places(document, "orders")[0]

    assert best.selector.strip("'\"") == selector
    assert best.count in (0, 30)


def test_rows_by_their_keys_get_a_field_that_they_do_not_have() -> None:
    by_name = {f"a{number}": {"id": number, "key": 1} for number in range(5)}
    assert row_places({"data": by_name})[0].rows == {"key_as": "name"}


def test_the_parts_of_one_object_are_no_rows() -> None:
    one = {"id": 7, "owner": {"login": "a", "id": 2}, "licence": {"spdx": "MIT", "url": "u"}}
    assert row_places(one) == []


def test_lists_below_one_of_names_are_rows() -> None:
    (best,) = row_places({"rows": [["id", "name"], [1, "a"], [2, "b"]]})
    assert (best.rows, best.count) == ({"names": "rows[0]"}, 2)


def test_plain_values_are_rows_of_one_field() -> None:
    assert row_places(["EUR", "USD"])[0].rows == {"value_as": "value"}


plain = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
answers = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(min_size=1, max_size=6), inner)
    ),
    max_leaves=20,
)


@given(answers)
def test_the_selector_of_each_place_leads_there(document: Any) -> None:
    for place in row_places(document):
        found = JsonPath(place.selector).first(document)
        assert isinstance(found, list | dict)
        assert place.count <= len(found)
