"""A value is put into a JSON body where the path says, and nothing else of it changes."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import Place

BODIES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.just("text")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)
STEPS = st.lists(st.one_of(st.sampled_from("ab"), st.integers(-3, 3)), min_size=1, max_size=4)


def put(body: Any, path: str, value: Any = "new") -> Any:
    return Place(body_path=path).put(Request("POST", "/search", json=body), value).json


def written(steps: list[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def leaves(body: Any, above: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    inner = list(body.items() if isinstance(body, dict) else enumerate(body))
    found: dict[tuple[str | int, ...], Any] = {}
    for step, value in inner:
        below = leaves(value, (*above, step)) if isinstance(value, (dict, list)) else {}
        found |= below or {(*above, step): value}
    return found


@given(BODIES, STEPS)
def test_the_value_stands_where_the_path_leads_or_the_path_is_refused(
    body: Any, steps: list[str | int]
) -> None:
    before, path = copy.deepcopy(body), written(steps)
    after = None
    with contextlib.suppress(PageError):
        after = put(body, path)
    assert body == before
    if after is not None:
        assert JsonPath(path).find(after) == ["new"]
        changed = {place for place, value in leaves(after).items() if value == "new"}
        assert len(changed) == 1
        (place,) = changed
        was = leaves(before) if isinstance(before, (dict, list)) else {}
        gone = [each for each in was if each not in leaves(after)]
        # What is gone stood at the place itself, or was the null or emptiness that was filled.
        assert all(each[: len(place)] == place or place[: len(each)] == each for each in gone)


@pytest.mark.parametrize(
    ("body", "path", "sent"),
    [
        (
            {"groups": [{"filters": [{"op": "GT", "value": "0"}]}], "limit": 9},
            "groups[0].filters[0].value",
            {"groups": [{"filters": [{"op": "GT", "value": "new"}]}], "limit": 9},
        ),
        ({"sorts": [{"at": 1}, {"at": 2}]}, "sorts[-1].at", {"sorts": [{"at": 1}, {"at": "new"}]}),
        ({"search_after": [1, "x"]}, "search_after[1]", {"search_after": [1, "new"]}),
        ({"sorts": [{"key": 1}]}, "sorts[1].key", {"sorts": [{"key": 1}, {"key": "new"}]}),
        ([{"jsonrpc": 2}], "[0].params.after", [{"jsonrpc": 2, "params": {"after": "new"}}]),
        (None, "search_after[0]", {"search_after": ["new"]}),
        ({"page.after": "old", "page": {}}, "page.after", {"page.after": "new", "page": {}}),
        ({"q": 1}, "'page.after'", {"q": 1, "page.after": "new"}),
        ({"q": 1}, "$skip", {"q": 1, "$skip": "new"}),
    ],
)  # fmt: skip
def test_a_path_goes_through_lists(body: Any, path: str, sent: Any) -> None:
    assert put(body, path) == sent


@pytest.mark.parametrize(
    ("body", "path", "told"),
    [
        ({"page": "first"}, "page.after", "at `page` in the `json`.*a text, which has no key"),
        ({"page": [1]}, "page.after", "at `page`.*a list, which has no key `after`"),
        ({"a": {"b": True}}, "a.b[0]", r"at `a.b`.*a boolean, which has no place `\[0\]`"),
        ({"a": [{}, 5]}, "a[1].b", r"at `a\[1\]`.*a number, which has no key `b`"),
        ({"a": []}, "a[-1].b", r"a list of 0, which has no place `\[-1\]`"),
        ("text", "a", "as the `json` of the request there is a text, which has no key `a`"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_told_and_not_replaced(body: Any, path: str, told: str) -> None:
    with pytest.raises(PageError, match=told) as caught:
        put(body, path)
    assert str(caught.value).startswith("`paginator.cursor_body_path` is `")
