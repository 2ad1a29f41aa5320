"""What can be asked of a single row shows in its links, and in the answer for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.json_path import JsonPath
from headrace.sansio.discovery.children import ChildTry, child_tries, judge_single

Row = dict[str, Any]
API = "https://api.example.com/v2"


def orders(count: int = 5, **links: str) -> list[Row]:
    return [
        {"id": 10 + number, "number": number}
        | {
            name: link.format(id=10 + number, number=number, API=API)
            for name, link in links.items()
        }
        for number in range(count)
    ]


def paths(rows: list[Row], path: str = "/v2/orders", **kept: Any) -> list[str]:
    return [each.path for each in child_tries(rows, path, ["id"], **kept)]


def test_the_single_row_is_below_the_listing() -> None:
    (found,) = child_tries(orders(), "v2/orders", ["id"])
    assert found == ChildTry(
        "v2/orders/{id}", "row", "orders", "id", "the path of the listing and its key"
    )
    assert found.for_row({"id": "a b/c"}) == "v2/orders/a%20b%2Fc"
    assert paths(orders(), "/v2/orders/?page=2") == ["v2/orders/{id}/"]
    assert paths(orders(), "/v2/orders.json") == ["v2/orders/{id}.json"]
    assert child_tries(orders(), "orders", None) == []
    assert child_tries(orders(), "orders", ["id", "number"]) == []
    assert child_tries([], "orders", ["id"]) == []
    assert child_tries(orders(), "/", ["id"]) == []


def test_links_of_rows_lead_to_listings() -> None:
    rows = orders(
        comments_url="{API}/orders/{id}/comments",
        labels_url="{API}/orders/{id}/labels{{/name}}",
        events="/v2/orders/{id}/audit/events/",
        pages="{API}/orders/{number}/pages?full=1",
    )
    found = child_tries(rows, "/v2/orders", ["id"])[1:]
    assert [(each.path, each.name) for each in found] == [
        ("v2/orders/{resources.orders.id}/comments", "comments"),
        ("v2/orders/{resources.orders.id}/labels", "labels"),
        ("v2/orders/{resources.orders.id}/audit/events", "events"),
        ("v2/orders/{resources.orders.number}/pages", "pages"),
    ]
    assert {(each.kind, each.evidence) for each in found} == {("list", "5 rows have a link to it")}
    assert found[0].for_row(rows[0]) == "v2/orders/10/comments"
    assert paths(rows, "orders", resource="sales")[1] == "orders/{resources.sales.id}/comments"


def test_links_that_end_as_the_listing_does() -> None:
    rows = orders(notes="{API}/orders/{id}/notes.json", mine="/v2/orders/{id}/orders.json")
    found = child_tries(rows, f"{API}/orders.json", ["id"])
    assert [(each.path, each.name) for each in found] == [
        (f"{API}/orders/{{id}}.json", "orders"),
        (f"{API}/orders/{{resources.orders.id}}/notes.json", "notes"),
        (f"{API}/orders/{{resources.orders.id}}/orders.json", "orders_orders"),
    ]
    assert found[1].for_row(rows[0]) == f"{API}/orders/10/notes.json"


def test_links_in_objects_and_lists() -> None:
    rows: list[Row] = [
        {
            "id": name,
            "_links": {"lines": {"href": f"/v2/orders/{name}/lines"}},
            "links": [{"rel": "notes", "href": f"{API}/orders/{name}/notes"}],
        }
        for name in ("a", "b")
    ]
    assert paths(rows)[1:] == [
        "v2/orders/{resources.orders.id}/lines",
        "v2/orders/{resources.orders.id}/notes",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "{API}/orders/{id}",
        "{API}/orders/{id}/cancel",
        "{API}/orders/{id}/dismiss",
        "{API}/orders/{id}/status",
        "{API}/orders/7/comments",
        "{API}/customers/{id}/comments",
        "{API}/orders/comments",
        "orders/{id}/comments",
        "see {API}/orders/{id}/comments",
        "{API}/orders/{id}/invoice.pdf",
        "{API}/orders/{id}/comments/{number}",
    ],
)
def test_other_links_lead_to_none(link: str) -> None:
    assert paths(orders(link=link)) == ["v2/orders/{id}"]


def test_a_link_that_few_rows_have_is_none() -> None:
    rows = [*orders(2, link="{API}/orders/{id}/comments"), *orders(4)]
    assert paths(rows) == ["v2/orders/{id}"]


@pytest.mark.parametrize(
    ("document", "selector"),
    [
        ({"id": 7, "name": "x", "more": [1]}, "$"),
        ({"data": {"id": 7, "name": "y"}}, "data"),
        ({"id": 7, "result": {"order": {"id": 7, "name": "x"}}}, "result.order"),
        ([{"id": 7, "name": "x"}], "$[0]"),
        ({"data": [{"id": 7, "name": "x"}]}, "data[0]"),
        ({"a.b": {"id": 7, "name": "x"}}, "'a.b'"),
        ({"id": 8, "name": "x"}, None),
        ({"id": "7", "name": "x"}, None),
        ({"id": 7, "status": "ok"}, None),
        ({"data": [{"id": 7, "name": "x"}, {"id": 8, "name": "x"}]}, None),
        ({"message": "not found"}, None),
        ("x", None),
    ],
)
def test_where_the_row_stands_in_its_own_answer(document: Any, selector: str | None) -> None:
    row = {"id": 7, "name": "x"}
    assert judge_single(row, document, ["id"]) == selector
    if selector is not None:
        assert [each["id"] for each in JsonPath(selector).find(document)] == [7]


def test_without_a_key_no_answer_is_a_row() -> None:
    assert judge_single({"id": 7}, {"id": 7}, []) is None


JSON = st.recursive(
    st.one_of(st.none(), st.integers(0, 2), st.text("ab", max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["id", "name", "data", "a.b"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(JSON)
def test_what_is_selected_is_the_row(document: Any) -> None:
    selector = judge_single({"id": 1, "name": "a"}, document, ["id"])
    if selector is not None:
        (found,) = JsonPath(selector).find(document)
        assert found["id"] == 1
        assert "name" in found
