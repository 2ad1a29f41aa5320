"""The parameters that an answer shows."""

from typing import Any

import pytest

from headrace.core.exchange import Headers
from headrace.sansio.discovery.parameters import (
    offsets_shown,
    pages_shown,
    params_of_token,
    path_in_body,
    sizes_shown,
)
from headrace.sansio.paging import Page

ROWS = 25


def page(rest: Any) -> Page:
    return Page(rest, rest, Headers({}), ROWS, 1, rows_at=("data",))


def test_what_a_page_tells_of_itself_is_asked_for_by_its_name_or_within_its_object() -> None:
    shown = page({"meta": {"pagination": {"page": 1, "pageSize": ROWS, "pageCount": 7}}})
    assert sizes_shown(shown) == ["pageSize", "pagination[pageSize]"]
    assert pages_shown(shown) == ["page", "pagination[page]"]
    assert offsets_shown(shown) == []


def test_a_name_that_is_common_only_within_its_object_is_asked_for_there() -> None:
    shown = page({"meta": {"page": {"number": 1, "size": ROWS}}})
    assert sizes_shown(shown) == ["size", "page[size]"]
    assert pages_shown(shown) == ["page[number]"]


@pytest.mark.parametrize("rest", [{"info": {"page": 1}}, {"page": 1}, {"data": {"page": 1}}])
def test_an_object_that_is_not_about_pages_takes_nothing(rest: Any) -> None:
    assert pages_shown(page(rest)) == ["page"]


def test_a_size_that_the_page_does_not_have_is_none() -> None:
    assert sizes_shown(page({"paging": {"limit": ROWS + 1}})) == []


def test_a_token_goes_back_within_the_object_that_it_came_in() -> None:
    assert params_of_token(["meta", "paging", "nextCursor"])[:3] == [
        "cursor",
        "nextCursor",
        "paging[cursor]",
    ]
    assert "meta[cursor]" not in params_of_token(["meta", "nextCursor"])


def test_in_a_json_body_it_is_a_path() -> None:
    assert path_in_body("page[size]") == "page.size"
    assert path_in_body("limit") == "limit"
